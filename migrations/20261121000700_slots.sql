-- Databases that stand ready, so that a tenant need not wait for one to be made.

alter table server
    -- How many are kept ready for each wanted set of extensions; 0: none.
    add column ready_slots integer not null default 2 check (ready_slots between 0 and 100);

create table slot (
    id uuid primary key,
    server_id uuid not null references server,
    -- Drawn like a tenant's and never used again: the name of the database and the prefix of its roles until it is claimed.
    name text not null unique check (name ~ '^slot_[a-z2-9]{6}$'),
    extensions text[] not null,
    -- What it was made from; only portals that make the same claim it.
    layout text not null,
    -- trash: whatever is left under its name is removed, then the row.
    state text not null check (state in ('making', 'ready', 'claimed', 'trash')),
    -- Who claimed it.
    tenant_id uuid unique references tenant,
    made_at timestamptz not null default now(),
    -- How long whoever makes or removes it has for that.
    busy_until timestamptz,
    check ((state = 'claimed') = (tenant_id is not null))
);
create index on slot (server_id, state);

grant select, insert, update, delete on slot to innkeeper_worker;
