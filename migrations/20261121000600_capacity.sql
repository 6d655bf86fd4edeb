-- Room on a server in four figures, reserved when a request is accepted: the pages reserve, the workers check again.

alter table server
    -- GB of the plans promised to tenants in all, for each GB that its databases may take.
    add column storage_overcommit integer not null default 100 check (storage_overcommit > 0),
    -- Memory of the machine for PostgreSQL, in MB, where the operator says so; and as last read by a portal on the
    -- same machine. Neither: no limit.
    add column memory_mb integer check (memory_mb > 0),
    add column machine_memory_mb integer,
    -- What all tenants' connections could take in all, for each MB of memory that is left for connections.
    add column memory_overcommit integer not null default 40 check (memory_overcommit > 0),
    add column shared_buffers_mb integer not null default 0,
    -- Free on the disk of its data, as last read by a portal on the same machine; none: it cannot be seen from here.
    add column free_bytes bigint;

alter table reservation
    add column storage_gb integer,
    add column memory_mb integer;
-- What innkeeper_domain::capacity::Claim says of the plan.
update reservation r set
    storage_gb = (p.limits ->> 'storage_gb')::integer,
    memory_mb = r.connections * ((p.limits ->> 'work_mem_mb')::integer + 10)
from tenant t join plan p on p.name = t.plan_name and p.version = t.plan_version
where t.id = r.tenant_id;
alter table reservation
    alter column storage_gb set not null,
    alter column memory_mb set not null,
    add check (connections > 0 and storage_gb >= 0 and memory_mb >= 0);
-- A portal of the version before this one, which may go on for a while beside a newer one, does not name them.
create function fill_reservation() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
    if new.storage_gb is null or new.memory_mb is null then
        select (p.limits ->> 'storage_gb')::integer, new.connections * ((p.limits ->> 'work_mem_mb')::integer + 10)
            into new.storage_gb, new.memory_mb
            from public.tenant t join public.plan p on p.name = t.plan_name and p.version = t.plan_version
            where t.id = new.tenant_id;
    end if;
    return new;
end $$;
create trigger fill_reservation before insert on reservation for each row execute function fill_reservation();

drop function server_load();
create function server_load()
    returns table (server_id uuid, tenants bigint, connections bigint, storage_gb bigint, memory_mb bigint)
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$ select server_id, count(*), sum(connections)::bigint, sum(storage_gb)::bigint, sum(memory_mb)::bigint
          from public.reservation group by server_id $$;
-- Those who reserve on one server do it one after the other. The web role may not change a server, so it may not lock
-- its row by itself.
create function lock_server(id uuid) returns boolean
    language sql volatile security definer set search_path = pg_catalog, public, pg_temp
    as $$ select true from public.server s where s.id = $1 for no key update $$;
revoke all on function server_load(), lock_server(uuid) from public;
grant execute on function server_load(), lock_server(uuid) to innkeeper_web, innkeeper_worker;

-- For tenants of its own organisations, by the policy web_own.
grant insert, update on reservation to innkeeper_web;
