-- Durable work: runs and their steps, mails on their way, and the audit log.

create sequence lease_token;

create table run (
    id uuid primary key,
    organisation_id uuid not null references organisation,
    tenant_id uuid not null references tenant,
    kind text not null,
    support_number text not null unique,
    state text not null default 'running' check (state in ('running', 'unwinding', 'done', 'failed', 'stuck')),
    -- The step that is next, or being undone.
    cursor integer not null default 0,
    input jsonb not null default '{}',
    -- Tries of the step at the cursor.
    attempts integer not null default 0,
    schedule_at timestamptz not null default now(),
    deadline_at timestamptz not null,
    lease_until timestamptz,
    lease_token bigint,
    created_at timestamptz not null default now(),
    finished_at timestamptz,
    -- Why it failed: what happened, in words for the person who waits.
    failure text
);
create index run_due on run (schedule_at) where state in ('running', 'unwinding');
create index on run (tenant_id, created_at desc, id);
-- One thing at a time happens to a tenant.
create unique index run_one_live on run (tenant_id) where state in ('running', 'unwinding', 'stuck');

create table step (
    run_id uuid not null references run,
    organisation_id uuid not null references organisation,
    position integer not null,
    name text not null,
    state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed', 'undoing', 'undone')),
    attempts integer not null default 0,
    intent_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    -- What it did, for people; never a secret.
    output text,
    error text,
    primary key (run_id, position)
);

create table outbox (
    id uuid primary key,
    message_id text not null unique,
    kind text not null,
    recipient text not null,
    state text not null default 'waiting' check (state in ('waiting', 'sent', 'failed')),
    -- The message, sealed: it may hold a link that opens a door. Gone once it was sent.
    key_id text,
    sealed bytea,
    attempts integer not null default 0,
    next_try_at timestamptz not null default now(),
    give_up_at timestamptz not null,
    error text,
    created_at timestamptz not null default now(),
    sent_at timestamptz
);
create index outbox_waiting on outbox (next_try_at) where state = 'waiting';

create table audit_event (
    position bigint generated always as identity primary key,
    id uuid not null unique,
    at timestamptz not null default now(),
    organisation_id uuid,
    tenant_id uuid,
    -- Who: a person, or the portal itself.
    actor_kind text not null check (actor_kind in ('account', 'staff', 'system', 'anonymous')),
    actor_id uuid,
    actor text not null,
    action text not null,
    subject text not null,
    address inet,
    detail jsonb not null default '{}',
    -- Filled afterwards by the one sealer, in the order of position.
    previous_hash bytea,
    hash bytea
);
create index on audit_event (tenant_id, position desc);
create index on audit_event (organisation_id, position desc);

create function audit_is_append_only() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.hash is null
        and to_jsonb(new) - 'hash' - 'previous_hash' = to_jsonb(old) - 'hash' - 'previous_hash' then
        return new;
    end if;
    raise exception 'the audit log is append-only';
end $$;
create trigger append_only before update or delete on audit_event
    for each row execute function audit_is_append_only();
create trigger append_only_whole before truncate on audit_event
    for each statement execute function audit_is_append_only();

do $$
declare
    owned text;
begin
    foreach owned in array array['run', 'step', 'audit_event'] loop
        execute format('alter table %I enable row level security', owned);
        execute format('alter table %I force row level security', owned);
        execute format('create policy owner_all on %I to innkeeper_owner using (true) with check (true)', owned);
        execute format('create policy worker_all on %I to innkeeper_worker using (true) with check (true)', owned);
        execute format('create policy web_own on %I to innkeeper_web using (organisation_id = any '
            '(nullif(current_setting(''innkeeper.organisations'', true), '''')::uuid[]))', owned);
    end loop;
end $$;
-- What happens before there is an organisation (sign-ins) is recorded as well.
create policy web_records on audit_event for insert to innkeeper_web with check (organisation_id is null);

grant usage on sequence lease_token to innkeeper_worker;
grant select, insert on run, step to innkeeper_web;
grant select, insert, update on run, step to innkeeper_worker;
grant insert on outbox to innkeeper_web;
grant select, insert, update on outbox to innkeeper_worker;
grant select, insert on audit_event to innkeeper_web, innkeeper_worker;
