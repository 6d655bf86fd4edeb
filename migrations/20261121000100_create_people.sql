-- Who uses the portal: accounts, sessions, sign-ins by mail, and what a browser session carries.
-- Runs as innkeeper_owner. The roles innkeeper_web and innkeeper_worker own nothing; each table grants what they need.

create table account (
    id uuid primary key,
    email text not null,
    -- The comparable form: one mailbox, one account.
    email_key text not null unique,
    created_at timestamptz not null default now()
);

create table session (
    -- SHA-like hash of the cookie's value: a reader of this table cannot take a session over.
    id_hash bytea primary key,
    -- Stable over the change of the cookie at sign-in.
    id uuid not null,
    data jsonb not null,
    account_id uuid references account,
    provider text,
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    authenticated_at timestamptz,
    address inet,
    expires_at timestamptz not null
);
create index on session (id);
create index on session (account_id);
create index on session (expires_at);

-- A sign-in by mail that is under way. Token and code are stored as hashes.
create table challenge (
    id uuid primary key,
    email text not null,
    email_key text not null,
    token_hash bytea not null unique,
    code_hash bytea not null,
    -- The browser that asked.
    session_id uuid not null,
    -- A path of this portal.
    return_to text not null,
    tries integer not null default 0,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz,
    used_from inet,
    -- The browser it signed in; not always the one that asked.
    used_in uuid
);
create index on challenge (session_id, created_at desc);
create index on challenge (email_key, created_at);
create index on challenge (expires_at);

-- A refused form: what was typed and what is wrong with it. Shown once; lost in a crash without harm.
create unlogged table form_state (
    session_id uuid not null,
    id text not null,
    data jsonb not null check (octet_length(data::text) <= 16384),
    created_at timestamptz not null default now(),
    primary key (session_id, id)
);
create index on form_state (created_at);

-- One line to say on the next page.
create unlogged table flash (
    session_id uuid primary key,
    text text not null,
    created_at timestamptz not null default now()
);

-- Fixed windows of the rate limits.
create unlogged table rate_window (
    key text primary key,
    started_at timestamptz not null,
    count integer not null
);

grant select, insert, update on account to innkeeper_web;
grant select, insert, update, delete on session, form_state, flash, rate_window to innkeeper_web;
grant select, insert, update on challenge to innkeeper_web;
grant select on account to innkeeper_worker;
grant select, delete on session, challenge, form_state, flash, rate_window to innkeeper_worker;
