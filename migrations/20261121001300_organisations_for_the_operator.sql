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

-- A domain that has changed hands: ends another organisation's proof by DNS, where DNS holds a text of `asking` now and none
-- of that one's, and says whose it was. What staff has decided stays.
create function domain_moves(asking uuid, wanted text, tokens text[]) returns uuid
    language sql volatile security definer set search_path = pg_catalog, public, pg_temp
    as $$
        update public.organisation_domain theirs set proven_at = null, proven_by = null
        from public.organisation_domain ours
        where asking = any (nullif(current_setting('innkeeper.organisations', true), '')::uuid[])
            and ours.organisation_id = asking and ours.domain = wanted and ours.token = any (tokens)
            and theirs.organisation_id <> asking and theirs.domain = wanted and theirs.proven_by = 'dns'
            and theirs.token <> all (tokens)
        returning theirs.organisation_id
    $$;

revoke all on function domain_moves(uuid, text, text[]) from public;
grant execute on function domain_moves(uuid, text, text[]) to innkeeper_web;
