-- The address of an organisation's pages, `/o/<slug>`: drawn from its name, of one organisation only, changed by its admins.

alter table organisation add slug text;

-- Addresses that organisations had before. One leads to its organisation's present address until its time is over, and is no
-- other's meanwhile.
create table organisation_former_slug (
    slug text primary key,
    organisation_id uuid not null references organisation,
    until timestamptz not null
);
create index on organisation_former_slug (organisation_id);
alter table organisation_former_slug enable row level security;
alter table organisation_former_slug force row level security;
create policy owner_all on organisation_former_slug to innkeeper_owner using (true) with check (true);
create policy worker_all on organisation_former_slug to innkeeper_worker using (true) with check (true);
create policy web_own on organisation_former_slug to innkeeper_web
    using (organisation_id = any (nullif(current_setting('innkeeper.organisations', true), '')::uuid[]));
-- Only the trigger below writes here: a page that could would hold addresses for ever.
grant select on organisation_former_slug to innkeeper_web, innkeeper_worker;

-- The organisations that are there already, the oldest first: it gets the bare name, later ones a number behind it.
do $$
declare
    one record;
    base text;
    wanted text;
    number integer;
begin
    for one in select id, name from organisation order by created_at, id loop
        -- Letters lose their accents first: in the C locale lower() knows no others than a to z.
        base := lower(regexp_replace(normalize(replace(one.name, 'ß', 'ss'), nfkd), '[\u0300-\u036f]', '', 'g'));
        base := trim(both '-' from left(trim(both '-' from regexp_replace(base, '[^a-z0-9]+', '-', 'g')), 34));
        if length(base) < 3 then
            base := trim(both '-' from 'org-' || base);
        end if;
        wanted := base;
        number := 1;
        while wanted in ('account', 'admin', 'api', 'help', 'new', 'organisation', 'organisations', 'org', 'settings', 'sign-in',
                'sign-up', 'staff', 'support', 'system')
            or exists (select from organisation where slug = wanted)
        loop
            number := number + 1;
            wanted := base || '-' || number;
        end loop;
        update organisation set slug = wanted where id = one.id;
    end loop;
end $$;

-- The default is for a portal of an earlier version that is still at work beside this one.
alter table organisation
    alter slug set default 'org-' || left(replace(gen_random_uuid()::text, '-', ''), 12),
    alter slug set not null,
    add constraint organisation_slug_key unique (slug),
    add check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) between 3 and 40);
grant update (slug) on organisation to innkeeper_web;

-- Keeps an address that was another organisation's lately from this one, in the words of the unique index; and keeps the one
-- that is given up. After the row, not before: whoever gives up the same address at this moment holds it in the index until
-- they are done, and only what is read then shows that it is kept.
create function keep_former_slug() returns trigger
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
    as $$
    begin
        if exists (select from public.organisation_former_slug f
            where f.slug = new.slug and f.organisation_id <> new.id and f.until > now())
        then
            raise unique_violation using message = 'the slug was another organisation''s lately',
                constraint = 'organisation_slug_key';
        end if;
        delete from public.organisation_former_slug where slug = new.slug;
        if tg_op = 'UPDATE' and old.slug <> new.slug then
            insert into public.organisation_former_slug (slug, organisation_id, until)
                values (old.slug, old.id, now() + interval '90 days')
                on conflict (slug) do update set organisation_id = excluded.organisation_id, until = excluded.until;
        end if;
        return null;
    end $$;
create trigger keep_former_slug after insert or update of slug on organisation
    for each row execute function keep_former_slug();
revoke all on function keep_former_slug() from public;
