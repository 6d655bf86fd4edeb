-- Rotation of the master key (`innkeeper key rotate`): what is sealed under which key, and the keys under which nothing
-- may be sealed any more.

-- A key that was taken out of the key file. Its id is no secret.
create table retired_master_key (
    id text primary key,
    retired_at timestamptz not null default now()
);
grant select on retired_master_key to innkeeper_worker;

-- Everything that is sealed. A table that gets such columns has to be added here, and a trigger to it below.
create view sealed_record as
    select 'sealed_secret' as place, tenant_id as id, purpose, key_id, sealed from sealed_secret
    union all select 'outbox', id, '', key_id, sealed from outbox where sealed is not null
    union all select 'authorization_request', id, '', key_id, sealed from authorization_request
    union all select 'organisation_identity', organisation_id, '', key_id, sealed from organisation_identity
        where sealed is not null;
grant select on sealed_record to innkeeper_worker;
grant update (key_id, sealed) on authorization_request, organisation_identity to innkeeper_worker;

-- A portal that reads an old copy of the key file must not seal what nobody could open.
create function refuse_retired_master_key() returns trigger
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
    as $$
    begin
        if exists (select from public.retired_master_key where id = new.key_id) then
            raise exception 'master key % is retired: this portal reads an old copy of INNKEEPER_MASTER_KEY_FILE', new.key_id;
        end if;
        return new;
    end $$;

do $$
declare
    sealing text;
begin
    foreach sealing in array array['sealed_secret', 'outbox', 'authorization_request', 'organisation_identity'] loop
        execute format('create trigger refuse_retired_master_key before insert or update of key_id on %I '
            'for each row when (new.key_id is not null) execute function refuse_retired_master_key()', sealing);
    end loop;
end $$;

-- Retires a key if nothing is sealed under it, and says how much still is. Writers are kept out meanwhile: one that comes
-- later meets the trigger.
create function retire_master_key(old text) returns bigint
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
    as $$
    declare
        sealed bigint;
    begin
        lock table public.sealed_secret, public.outbox, public.authorization_request, public.organisation_identity
            in share row exclusive mode;
        select count(*) into sealed from public.sealed_record r where r.key_id = old;
        if sealed = 0 then
            insert into public.retired_master_key (id) values (old) on conflict do nothing;
        end if;
        return sealed;
    end $$;

revoke all on function refuse_retired_master_key(), retire_master_key(text) from public;
grant execute on function retire_master_key(text) to innkeeper_worker;
