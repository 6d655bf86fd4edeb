-- The ways in of an account: mailboxes, and who vouches for the person. Who somebody is to a provider is a name there
-- that never changes; an address is only where to write to.

create table identity (
    id uuid primary key,
    account_id uuid not null references account,
    -- The short name of the provider; `mail` for a mailbox.
    provider text not null,
    -- Who vouches; `mail` for a mailbox.
    issuer text not null,
    -- What they call the person; for a mailbox its comparable form.
    subject text not null,
    name text,
    address text,
    created_at timestamptz not null default now(),
    used_at timestamptz not null default now(),
    unique (issuer, subject)
);
create index on identity (account_id);

insert into identity (id, account_id, provider, issuer, subject, address, created_at, used_at)
    select gen_random_uuid(), id, 'mail', 'mail', email_key, email, created_at, created_at from account;

-- From here on an address is where to write to: two accounts may have the same.
alter table account add name text, drop constraint account_email_key_key;
create index on account (email_key);

-- A session ends with the way in that it came by.
alter table session
    add identity_id uuid references identity on delete cascade,
    -- What the browser calls itself.
    add agent text,
    -- The provider's own session, by which it says that the person signed out there.
    add provider_session text;
create index on session (identity_id);

-- A browser that was sent to a provider and is expected back.
create table authorization_request (
    id uuid primary key,
    -- Hash of the state that comes back with it.
    state_hash bytea not null unique,
    -- The browser that was sent.
    session_id uuid not null,
    provider text not null,
    -- Nonce and verifier, sealed.
    key_id text not null,
    sealed bytea not null,
    purpose text not null check (purpose in ('sign_in', 'link', 'fresh')),
    -- Whose, where somebody was signed in already.
    account_id uuid references account,
    -- A path of this portal.
    return_to text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz
);
create index on authorization_request (expires_at);

grant select, insert, update, delete on identity to innkeeper_web;
grant select, insert, update on authorization_request to innkeeper_web;
grant select on identity to innkeeper_worker;
grant select, delete on authorization_request to innkeeper_worker;
