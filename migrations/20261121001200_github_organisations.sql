-- Whose people at GitHub join an organisation by themselves, and what a membership that came by some way opens to.

-- Organisations at GitHub that belong to an organisation here.
create table organisation_github (
    organisation_id uuid not null references organisation,
    -- Short name of the operator's provider.
    provider text not null,
    login text not null,
    -- The admin who says so: what they own there proves it, and nobody else's word.
    asked_by uuid not null references account,
    -- Its number, which stays when its name is given to somebody else, once it is shown.
    number bigint,
    shown_at timestamptz,
    -- Its teams as they were when it was last looked at: number and name of each.
    teams jsonb not null default '[]',
    primary key (organisation_id, provider, login),
    unique (organisation_id, provider, number),
    check ((number is null) = (shown_at is null))
);
alter table organisation_github enable row level security;
alter table organisation_github force row level security;
create policy owner_all on organisation_github to innkeeper_owner using (true) with check (true);
create policy worker_all on organisation_github to innkeeper_worker using (true) with check (true);
create policy web_own on organisation_github to innkeeper_web using (organisation_id = any
    (nullif(current_setting('innkeeper.organisations', true), '')::uuid[]));
grant select, insert, update, delete on organisation_github to innkeeper_web;
grant select on organisation_github to innkeeper_worker;

-- A group is one of who vouches: the organisation's own way, or an operator's provider.
alter table organisation_group add provider text;
update organisation_group g set provider = i.provider
    from organisation_identity i where i.organisation_id = g.organisation_id;
alter table organisation_group alter provider set not null,
    drop constraint organisation_group_pkey, add primary key (organisation_id, provider, name);
create index on organisation_group (provider, name);

-- Who joined by a way shows by it again, day by day, that they still belong: by the very one that said so, since somebody
-- else may have added another of the same provider to the account.
alter table member add vouched_at timestamptz,
    add identity_id uuid references identity on delete cascade;
update member m set vouched_at = now(), identity_id = (select i.id from identity i
        where i.account_id = m.account_id and i.provider = m.provider order by i.used_at desc limit 1)
    where provider is not null;
alter table member add check ((provider is null) = (vouched_at is null)), add check (provider is not null or identity_id is null);
create index on member (identity_id) where identity_id is not null;

-- Other ways can be closed without an own one, as long as some stay open.
alter table organisation_identity drop constraint organisation_identity_check2,
    add check (enforced_at is null or kind is not null or open_ways <> '{}');

alter table authorization_request drop constraint authorization_request_purpose_check,
    add check (purpose in ('sign_in', 'link', 'fresh', 'trial', 'own'));

-- The organisations that open to an account which came by this way. An organisation's own way opens that organisation and
-- no other, since its admins decide whom it vouches for. A membership that came by a way opens to it alone, and for a day
-- since it last said so: whoever belongs no more keeps nothing by coming another way.
drop function organisations_open(uuid, text);
create function organisations_open(account uuid, way text, identity uuid) returns uuid[]
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$
        select coalesce(array_agg(m.organisation_id), '{}') from public.member m
        left join public.organisation_identity i on i.organisation_id = m.organisation_id
        where m.account_id = account
            and (m.provider is null
                or m.provider = way and m.identity_id = identity and m.vouched_at > now() - interval '1 day')
            and case when starts_with(way, 'org-') then coalesce(way = i.provider and i.kind is not null, false)
                else i.enforced_at is null or way = any (i.open_ways) end
    $$;

-- The organisations of an account that stay closed to this way, the ways that open them to this account, where it matters,
-- and what their people call their own one.
drop function organisations_closed(uuid, text);
create function organisations_closed(account uuid, way text, identity uuid) returns table (name text, ways text[], label text)
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$
        select o.name,
            case when i.enforced_at is not null then array(
                    select open from unnest(i.open_ways || case when i.kind is null then '{}' else array[i.provider] end) open
                    where m.provider is null or open = m.provider)
                when m.provider is not null then array[m.provider] else '{}' end,
            i.label
        from public.member m
        join public.organisation o on o.id = m.organisation_id
        left join public.organisation_identity i on i.organisation_id = m.organisation_id
        where m.account_id = account and m.organisation_id <> all (public.organisations_open(account, way, identity))
        order by o.name, o.id
    $$;

-- The way in of the organisation that has shown to have this mail domain, where it lets nobody in by another.
create or replace function way_of_domain(wanted text) returns table (provider text, label text)
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$
        select i.provider, i.label from public.organisation_domain d
        join public.organisation_identity i on i.organisation_id = d.organisation_id
        where d.domain = wanted and d.proven_at is not null and i.enforced_at is not null and i.kind is not null
    $$;

-- Where a group of these makes somebody something by this way, and where a way in made its person a member.
create function organisations_by(identity uuid, way text, groups text[]) returns setof uuid
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$
        select g.organisation_id from public.organisation_group g where g.provider = way and g.name = any (groups)
        union
        select m.organisation_id from public.member m where m.identity_id = identity
        order by 1
    $$;

-- An organisation that keeps this way out of itself, although an admin's word made the account a member: whoever comes by
-- such a way must not make themselves another one that is let in.
create function organisation_shut(account uuid, way text) returns text
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$
        select o.name from public.member m
        join public.organisation o on o.id = m.organisation_id
        join public.organisation_identity i on i.organisation_id = m.organisation_id
        where m.account_id = account and m.provider is null and i.enforced_at is not null
            and way <> all (i.open_ways || i.provider)
        order by o.id limit 1
    $$;

-- An organisation of the account's, or this one, that nobody could look after any more: of the admins whom no group
-- made so, none has a way in that it lets in. Who is admin by a group may be none tomorrow.
create function organisation_stranded(account uuid, one uuid) returns text
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$
        select o.name from public.organisation o
        left join public.organisation_identity i on i.organisation_id = o.id
        where o.id = any (case when one is null then array(select m.organisation_id from public.member m
                where m.account_id = account) else array[one] end)
            and not exists (
            select from public.member m join public.identity w on w.account_id = m.account_id
            where m.organisation_id = o.id and m.role = 'admin' and m.provider is null
                and (i.enforced_at is null
                    or w.provider = any (i.open_ways || case when i.kind is null then '{}' else array[i.provider] end)))
        order by o.id limit 1
    $$;

revoke all on function organisations_open(uuid, text, uuid), organisations_closed(uuid, text, uuid),
    organisations_by(uuid, text, text[]), organisation_shut(uuid, text), organisation_stranded(uuid, uuid) from public;
grant execute on function organisations_open(uuid, text, uuid), organisations_closed(uuid, text, uuid),
    organisations_by(uuid, text, text[]), organisation_shut(uuid, text), organisation_stranded(uuid, uuid) to innkeeper_web;
-- Whose way has said nothing for a month is no member any more.
grant update, delete on member to innkeeper_worker;
create index on member (vouched_at) where vouched_at is not null;
