-- How the people of an organisation come in: their own issuer, which mail domains are theirs, and whom a group makes what.

create table organisation_identity (
    organisation_id uuid primary key references organisation,
    -- Short name of the organisation's own way in. It stays when the issuer is taken away and another one comes.
    provider text not null unique check (provider ~ '^org-[a-z2-9]{10}$'),
    -- The issuer, as long as there is one.
    kind text check (kind in ('oidc', 'authentik', 'entra')),
    label text,
    issuer text,
    client_id text,
    groups_claim text,
    -- The client's secret; the key's id names what it is sealed with.
    key_id text,
    sealed bytea,
    -- Counts the changes: what was tried is what is enforced.
    version integer not null default 1,
    -- Since when the organisation's databases open to the ways below only.
    enforced_at timestamptz,
    -- Ways besides its own that stay open then.
    open_ways text[] not null default '{}',
    check (num_nulls(kind, label, issuer, client_id, groups_claim) in (0, 5)),
    check ((key_id is null) = (sealed is null)),
    check (enforced_at is null or kind is not null)
);

-- Whom a group of the organisation's own issuer makes what; `*` are all whom it vouches for.
create table organisation_group (
    organisation_id uuid not null references organisation,
    name text not null check (length(name) between 1 and 200),
    role text not null check (role in ('admin', 'developer', 'auditor', 'billing')),
    primary key (organisation_id, name)
);

-- The mail domains for which the organisation may speak.
create table organisation_domain (
    organisation_id uuid not null references organisation,
    domain text not null,
    -- What its DNS has to say. No secret: it proves something only where it is published.
    token text not null,
    asked_at timestamptz not null default now(),
    proven_at timestamptz,
    proven_by text check (proven_by in ('dns', 'staff')),
    -- Since when staff is asked to decide.
    staff_asked_at timestamptz,
    primary key (organisation_id, domain),
    check ((proven_at is null) = (proven_by is null))
);
create unique index organisation_domain_proven on organisation_domain (domain) where proven_at is not null;

-- The latest try of the way in by each admin: what was said, claim by claim, and what would come of it.
create table organisation_trial (
    organisation_id uuid not null references organisation,
    account_id uuid not null references account,
    version integer not null,
    tried_at timestamptz not null default now(),
    -- Why they would not be let in; none if they would.
    refusal text,
    found text,
    -- What they would be.
    role text,
    -- Who the issuer says they are.
    issuer text,
    subject text,
    said jsonb not null,
    primary key (organisation_id, account_id)
);

-- The way by which somebody joined by themselves: they leave by it, too.
alter table member add provider text;

alter table authorization_request drop constraint authorization_request_purpose_check,
    add check (purpose in ('sign_in', 'link', 'fresh', 'trial'));

do $$
declare
    owned text;
begin
    foreach owned in array array['organisation_identity', 'organisation_group', 'organisation_domain', 'organisation_trial'] loop
        execute format('alter table %I enable row level security', owned);
        execute format('alter table %I force row level security', owned);
        execute format('create policy owner_all on %I to innkeeper_owner using (true) with check (true)', owned);
        execute format('create policy worker_all on %I to innkeeper_worker using (true) with check (true)', owned);
        execute format('create policy web_own on %I to innkeeper_web using (organisation_id = any '
            '(nullif(current_setting(''innkeeper.organisations'', true), '''')::uuid[]))', owned);
        execute format('grant select, insert, update, delete on %I to innkeeper_web', owned);
        execute format('grant select on %I to innkeeper_worker', owned);
    end loop;
end $$;
grant update, delete on member to innkeeper_web;

-- Whose way in it is: known before anybody is signed in.
create function organisation_of_way(way text) returns uuid
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$ select organisation_id from public.organisation_identity where provider = way and kind is not null $$;

-- The organisations that open to an account which came by this way. An organisation's own way opens that organisation and
-- no other, since its admins decide whom it vouches for.
create function organisations_open(account uuid, way text) returns uuid[]
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$
        select coalesce(array_agg(m.organisation_id), '{}') from public.member m
        left join public.organisation_identity i on i.organisation_id = m.organisation_id
        where m.account_id = account
            and case when starts_with(way, 'org-') then coalesce(way = i.provider, false)
                else i.enforced_at is null or way = any (i.open_ways) end
    $$;

-- The organisations of an account that stay closed to this way, and the way that opens them, where it is their own only.
create function organisations_closed(account uuid, way text)
    returns table (name text, provider text, label text)
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$
        select o.name, case when i.enforced_at is not null then i.provider end,
            case when i.enforced_at is not null then i.label end
        from public.member m
        join public.organisation o on o.id = m.organisation_id
        left join public.organisation_identity i on i.organisation_id = m.organisation_id
        where m.account_id = account and m.organisation_id <> all (public.organisations_open(account, way))
        order by o.name
    $$;

-- The way in of the organisation that has shown to have this mail domain, where it lets nobody in by another.
create function way_of_domain(wanted text) returns table (provider text, label text)
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$
        select i.provider, i.label from public.organisation_domain d
        join public.organisation_identity i on i.organisation_id = d.organisation_id
        where d.domain = wanted and d.proven_at is not null and i.enforced_at is not null
    $$;

-- The domains on which staff has to decide, those that wait longest first. Pages ask only for staff.
create function domains_waiting(most bigint)
    returns table (organisation_id uuid, name text, domain text, asked_at timestamptz, admins text[], total bigint)
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$
        select d.organisation_id, o.name, d.domain, d.staff_asked_at,
            array(select a.email from public.member m join public.account a on a.id = m.account_id
                where m.organisation_id = d.organisation_id and m.role = 'admin' order by a.email_key limit 5),
            count(*) over ()
        from public.organisation_domain d join public.organisation o on o.id = d.organisation_id
        where d.staff_asked_at is not null and d.proven_at is null
        order by d.staff_asked_at, d.organisation_id, d.domain limit most
    $$;

-- Who is no member any more is signed out of what came by the organisation's own way.
create function sign_out_left() returns trigger
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
    as $$
    begin
        delete from public.session s using public.organisation_identity i
            where i.organisation_id = old.organisation_id and s.account_id = old.account_id and s.provider = i.provider;
        return null;
    end $$;
create trigger member_left after delete on member for each row execute function sign_out_left();

revoke all on function organisation_of_way(text), organisations_open(uuid, text), organisations_closed(uuid, text),
    way_of_domain(text), domains_waiting(bigint), sign_out_left() from public;
grant execute on function organisation_of_way(text), organisations_open(uuid, text), organisations_closed(uuid, text),
    way_of_domain(text), domains_waiting(bigint) to innkeeper_web;
