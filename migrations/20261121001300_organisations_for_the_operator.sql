-- What the operator and staff do about organisations' own ways in.

-- The operator opens all ways again to an organisation that has shut itself out.
grant update (enforced_at, open_ways) on organisation_identity to innkeeper_worker;

-- The domains that are some organisation's, for staff, with this pattern in them or in its name. Pages ask only for staff.
create function domains_proven(pattern text, behind text, most bigint)
    returns table (organisation_id uuid, name text, domain text, proven_at timestamptz, proven_by text)
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$
        select d.organisation_id, o.name, d.domain, d.proven_at, d.proven_by
        from public.organisation_domain d join public.organisation o on o.id = d.organisation_id
        where d.proven_at is not null and (d.domain ilike pattern or o.name ilike pattern)
            and (behind is null or d.domain > behind)
        order by d.domain limit most
    $$;

-- How many these are in all.
create function domains_proven_total(pattern text) returns bigint
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$
        select count(*) from public.organisation_domain d join public.organisation o on o.id = d.organisation_id
        where d.proven_at is not null and (d.domain ilike pattern or o.name ilike pattern)
    $$;

revoke all on function domains_proven(text, text, bigint), domains_proven_total(text) from public;
grant execute on function domains_proven(text, text, bigint), domains_proven_total(text) to innkeeper_web;
