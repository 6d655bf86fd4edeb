-- Which kinds of run can be live at the same time for one tenant: a pair in either order. All others exclude each other.
create table concurrent_run_kinds (
    kind text not null,
    other text not null,
    primary key (kind, other)
);
grant select on concurrent_run_kinds to innkeeper_web, innkeeper_worker;

create function exclude_runs() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
    -- Of two that begin at once, the second waits for the first one's transaction and then sees its run.
    perform from public.tenant t where t.id = new.tenant_id for no key update;
    if exists (
        select from public.live_run r where r.tenant_id = new.tenant_id and r.id <> new.id and not exists (
            select from public.concurrent_run_kinds c where (c.kind, c.other) in ((new.kind, r.kind), (r.kind, new.kind))
        )
    ) then
        raise exception 'another run of this tenant is live' using errcode = 'unique_violation', constraint = 'run_excluded';
    end if;
    return new;
end $$;
create trigger exclude_runs before insert on run for each row
    when (new.state in ('running', 'unwinding', 'stuck')) execute function exclude_runs();
create trigger exclude_revived_runs before update of state on run for each row
    when (new.state in ('running', 'unwinding', 'stuck') and old.state not in ('running', 'unwinding', 'stuck'))
    execute function exclude_runs();

drop index run_one_live;
-- Those that are alive are looked for by tenant.
create index run_live on run (tenant_id) where state in ('running', 'unwinding', 'stuck');
