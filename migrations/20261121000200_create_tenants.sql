-- Organisations, their tenants, and where these live. Tenant-owned rows are under row-level security: the web role
-- sees the organisations named in the transaction's setting innkeeper.organisations, the worker sees all.

create table plan (
    name text not null,
    version integer not null,
    label text not null,
    summary text not null,
    self_service boolean not null,
    limits jsonb not null,
    published_at timestamptz not null default now(),
    primary key (name, version)
);

insert into plan (name, version, label, summary, self_service, limits) values
('starter', 1, 'Starter', 'For one application and its first users.', true,
 '{"connections": 50, "role_connections": {"owner": 5, "app": 35, "readonly": 10}, "work_mem_mb": 4,
   "effective_cache_size_mb": 256, "storage_gb": 10, "temp_file_limit_gb": 1, "idle_in_transaction_minutes": 10}'),
('professional', 1, 'Professional', 'For production with many connections.', true,
 '{"connections": 100, "role_connections": {"owner": 5, "app": 85, "readonly": 10}, "work_mem_mb": 8,
   "effective_cache_size_mb": 1024, "storage_gb": 50, "temp_file_limit_gb": 4, "idle_in_transaction_minutes": 10}');

create table server (
    id uuid primary key,
    name text not null unique,
    region text not null,
    region_label text not null,
    host text not null,
    port integer not null,
    major integer not null,
    max_tenants integer not null default 1000 check (max_tenants >= 0),
    -- Connections promised to tenants in all, for each connection the server has.
    connection_overcommit integer not null default 40 check (connection_overcommit > 0),
    -- Connections tenants can share, as last read from the server.
    connections integer not null,
    -- What all its databases together take, as last read, and the most they may take; none: no limit.
    used_bytes bigint not null default 0,
    max_gb integer check (max_gb > 0),
    draining boolean not null default false,
    checked_at timestamptz not null default now()
);

create table organisation (
    id uuid primary key,
    name text not null,
    created_at timestamptz not null default now()
);

create table member (
    organisation_id uuid not null references organisation,
    account_id uuid not null references account,
    role text not null check (role in ('admin', 'developer', 'auditor', 'billing')),
    created_at timestamptz not null default now(),
    primary key (organisation_id, account_id)
);
create index on member (account_id);

-- What a person fills in over the wizard's pages; once accepted it names its tenant, so that a second press finds it.
create table request (
    id uuid primary key,
    account_id uuid not null references account,
    values jsonb not null check (octet_length(values::text) <= 16384),
    -- Counts the changes, so that what is accepted is what the page showed.
    version integer not null default 1,
    tenant_name text unique,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index request_one_draft on request (account_id) where tenant_name is null;

create table tenant (
    id uuid primary key,
    organisation_id uuid not null references organisation,
    -- Database, prefix of the roles, and path of the pages.
    name text not null unique check (name ~ '^[a-z][a-z0-9_]{0,19}_[a-z2-9]{6}$'),
    wish text not null,
    state text not null check (state in ('requested', 'awaiting_approval', 'declined', 'provisioning', 'active',
        'suspended', 'failed', 'destroying', 'destroyed')),
    plan_name text not null,
    plan_version integer not null,
    region text not null,
    server_id uuid references server,
    requested_by uuid not null references account,
    extensions text[] not null,
    -- The customer's own tick: any address may try to sign in.
    anywhere boolean not null,
    created_at timestamptz not null default now(),
    ready_at timestamptz,
    first_connected_at timestamptz,
    first_connected_role text,
    first_connected_from inet,
    foreign key (plan_name, plan_version) references plan (name, version)
);
create unique index tenant_wish on tenant (organisation_id, wish) where state <> 'destroyed';
create index on tenant (server_id);
create index on tenant (organisation_id, created_at desc, id);

create table allowlist_entry (
    tenant_id uuid not null references tenant,
    organisation_id uuid not null references organisation,
    range cidr not null check (masklen(range) > 0),
    note text not null default '',
    created_by uuid not null references account,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    primary key (tenant_id, range)
);

-- What a tenant takes of a server from the moment it was promised.
create table reservation (
    tenant_id uuid primary key references tenant,
    organisation_id uuid not null references organisation,
    server_id uuid not null references server,
    connections integer not null,
    created_at timestamptz not null default now()
);
create index on reservation (server_id);

-- How full the servers are, in sums: the web role sees its own reservations only, yet has to say where there is room.
create function server_load() returns table (server_id uuid, tenants bigint, connections bigint)
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$ select server_id, count(*), sum(connections)::bigint from public.reservation group by server_id $$;
revoke all on function server_load() from public;
grant execute on function server_load() to innkeeper_web, innkeeper_worker;

-- The tenants whose lines belong into the server's pg_hba.conf.
create table hba_rule (
    tenant_id uuid primary key references tenant,
    organisation_id uuid not null references organisation,
    server_id uuid not null references server,
    -- The address of the portal that proves just now that signing in works: it is let in meanwhile. Portals on other
    -- machines, which may write the file at the same time, have other addresses.
    probe inet
);
create index on hba_rule (server_id);

-- Secrets, sealed. The purpose is part of what seals them.
create table sealed_secret (
    tenant_id uuid not null references tenant,
    organisation_id uuid not null references organisation,
    purpose text not null,
    key_id text not null,
    sealed bytea not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, purpose)
);

create table handoff (
    id uuid primary key,
    organisation_id uuid not null references organisation,
    tenant_id uuid not null references tenant,
    state text not null check (state in ('sealed', 'open', 'confirmed', 'lapsed', 'expired', 'revoked')),
    addressed_to uuid not null references account,
    created_at timestamptz not null default now(),
    sealed_until timestamptz not null,
    opened_at timestamptz,
    open_until timestamptz,
    opened_in uuid,
    opened_from inet,
    closed_at timestamptz
);
create unique index handoff_one_live on handoff (tenant_id) where state in ('sealed', 'open');
create index on handoff (tenant_id, created_at desc);

do $$
declare
    owned text;
begin
    foreach owned in array array['tenant', 'allowlist_entry', 'reservation', 'hba_rule', 'sealed_secret', 'handoff'] loop
        execute format('alter table %I enable row level security', owned);
        execute format('alter table %I force row level security', owned);
        execute format('create policy owner_all on %I to innkeeper_owner using (true) with check (true)', owned);
        execute format('create policy worker_all on %I to innkeeper_worker using (true) with check (true)', owned);
        -- After a transaction the setting is '', not null: hence the nullif.
        execute format('create policy web_own on %I to innkeeper_web using (organisation_id = any '
            '(nullif(current_setting(''innkeeper.organisations'', true), '''')::uuid[]))', owned);
    end loop;
end $$;

alter table organisation enable row level security;
alter table organisation force row level security;
create policy owner_all on organisation to innkeeper_owner using (true) with check (true);
create policy worker_all on organisation to innkeeper_worker using (true) with check (true);
create policy web_own on organisation to innkeeper_web
    using (id = any (nullif(current_setting('innkeeper.organisations', true), '')::uuid[]));

alter table member enable row level security;
alter table member force row level security;
create policy owner_all on member to innkeeper_owner using (true) with check (true);
create policy worker_all on member to innkeeper_worker using (true) with check (true);
create policy web_own on member to innkeeper_web
    using (organisation_id = any (nullif(current_setting('innkeeper.organisations', true), '')::uuid[])
        or account_id = nullif(current_setting('innkeeper.account', true), '')::uuid)
    with check (organisation_id = any (nullif(current_setting('innkeeper.organisations', true), '')::uuid[]));

alter table request enable row level security;
alter table request force row level security;
create policy owner_all on request to innkeeper_owner using (true) with check (true);
create policy worker_all on request to innkeeper_worker using (true) with check (true);
create policy web_own on request to innkeeper_web
    using (account_id = nullif(current_setting('innkeeper.account', true), '')::uuid);

grant select on plan, server to innkeeper_web, innkeeper_worker;
grant insert, update on server to innkeeper_worker;
grant select, insert on organisation, member to innkeeper_web;
grant select on organisation, member, request to innkeeper_worker;
grant select, insert, update on request to innkeeper_web;
grant select, insert, update on tenant to innkeeper_web;
grant select, insert on allowlist_entry to innkeeper_web;
grant select, delete on sealed_secret to innkeeper_web;
grant select, update on handoff to innkeeper_web;
grant select on hba_rule, reservation to innkeeper_web;
grant select, update on tenant to innkeeper_worker;
grant select on allowlist_entry to innkeeper_worker;
grant select, insert, update, delete on reservation, hba_rule, sealed_secret to innkeeper_worker;
grant select, insert, update on handoff to innkeeper_worker;
