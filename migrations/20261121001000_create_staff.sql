-- The operator's people. No invite and no provider of a customer writes here: only a group of one of the operator's own
-- providers, or a link that whoever has the machine has made.

create table staff (
    account_id uuid not null references account,
    role text not null check (role in ('approver', 'operator', 'viewer')),
    -- The provider whose group it is; null for a link.
    provider text,
    -- The way in that it came by. It holds in no session of another one: whoever can add a way in to the account, by its
    -- mailbox or by a customer's provider, does not get it by that.
    identity_id uuid references identity on delete cascade,
    created_at timestamptz not null default now(),
    unique nulls not distinct (account_id, provider, identity_id)
);
create index on staff (identity_id);

-- A link by which one person becomes staff, once. Its token is kept as a hash.
create table staff_claim (
    id uuid primary key,
    token_hash bytea not null unique,
    role text not null check (role in ('approver', 'operator', 'viewer')),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz,
    used_by uuid references account
);

-- A mailbox is proven to sign in, or to have it as one more way in of who is signed in already.
alter table challenge
    add purpose text not null default 'sign_in' check (purpose in ('sign_in', 'link')),
    add account_id uuid references account,
    add check ((purpose = 'link') = (account_id is not null));

-- Pages use links and never make one.
grant select, insert, update, delete on staff to innkeeper_web;
grant select, update on staff_claim to innkeeper_web;
grant select, delete on staff to innkeeper_worker;
grant select, insert, delete on staff_claim to innkeeper_worker;
