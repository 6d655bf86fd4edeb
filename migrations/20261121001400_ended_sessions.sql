-- Sessions of tenants that the platform ended, for the tenants' people. Counted by the hour: a client that is ended comes
-- back at once, maybe.
create table ended_session (
    tenant_id uuid not null references tenant,
    organisation_id uuid not null references organisation,
    role text not null check (role in ('owner', 'app', 'readonly')),
    reason text not null check (reason in ('catalog_lock', 'foreign_lock', 'lock_count', 'server_locks')),
    hour timestamptz not null,
    sessions bigint not null,
    last_at timestamptz not null,
    primary key (tenant_id, hour, role, reason)
);
create index on ended_session (hour);

alter table ended_session enable row level security;
alter table ended_session force row level security;
create policy owner_all on ended_session to innkeeper_owner using (true) with check (true);
create policy worker_all on ended_session to innkeeper_worker using (true) with check (true);
create policy web_own on ended_session to innkeeper_web
    using (organisation_id = any (nullif(current_setting('innkeeper.organisations', true), '')::uuid[]));

grant select on ended_session to innkeeper_web;
grant select, insert, update, delete on ended_session to innkeeper_worker;

-- When a tenant was found above its plan's storage and made read-only by default; when its admins were last told by mail.
alter table tenant add column storage_full_at timestamptz, add column storage_told_at timestamptz;
