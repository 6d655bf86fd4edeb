-- Suspending, removing and giving back; final backups; changing plans.

alter table tenant
    -- What the tenant was before its removal was asked for: what giving it back leads to.
    add column state_before text check (state_before in ('active', 'suspended')),
    -- When it is removed for good.
    add column removal_at timestamptz;
create index tenant_removal on tenant (removal_at) where removal_at is not null;

create table backup (
    id uuid primary key,
    tenant_id uuid not null references tenant,
    organisation_id uuid not null references organisation,
    -- The run that takes it; each of its tries has a row.
    run_id uuid not null references run,
    kind text not null check (kind in ('final')),
    created_at timestamptz not null default now(),
    -- Of the encrypted file; none as long as it is being taken.
    bytes bigint,
    sha256 bytea,
    -- Entries of its table of contents, counted when it was read back whole.
    entries bigint,
    read_back_at timestamptz,
    kept_until timestamptz
);
create index on backup (tenant_id, created_at desc, id);
create index backup_over on backup (kept_until) where kept_until is not null;

alter table backup enable row level security;
alter table backup force row level security;
create policy owner_all on backup to innkeeper_owner using (true) with check (true);
create policy worker_all on backup to innkeeper_worker using (true) with check (true);
create policy web_own on backup to innkeeper_web using (organisation_id = any
    (nullif(current_setting('innkeeper.organisations', true), '')::uuid[]));

grant select on backup to innkeeper_web;
grant select, insert, update, delete on backup to innkeeper_worker;
-- A person can let a stuck run go on, and turn one back.
grant update (state, attempts, failure, schedule_at, finished_at, deadline_at, lease_token, lease_until) on run
    to innkeeper_web;
grant usage on sequence lease_token to innkeeper_web;
-- But only a destruction, and nobody removes a tenant or the key of a backup from a page. The owner is a member of the
-- web role, so that its policies hold for the owner as well: hence the user's name.
create policy web_turns_destructions on run as restrictive for update to innkeeper_web
    using (current_user <> 'innkeeper_web' or kind = 'destroy');
create policy web_removes_nothing on run as restrictive for insert to innkeeper_web
    with check (current_user <> 'innkeeper_web' or kind <> 'remove');
create policy web_keeps_backup_keys on sealed_secret as restrictive for delete to innkeeper_web
    using (current_user <> 'innkeeper_web' or purpose not like 'backup key %');
