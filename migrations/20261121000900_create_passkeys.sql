-- Passkeys (Web Authentication): a way in by a key that a person's device or password manager keeps. Who vouches is the
-- key itself: in `identity` provider and issuer are `passkey`, and the subject is the key's id.

create table passkey (
    identity_id uuid primary key references identity on delete cascade,
    -- Public key, counter and flags. Nothing in it is secret.
    credential jsonb not null
);

-- What a browser was asked to sign: one question for each session and purpose, the newest.
create table passkey_question (
    session_id uuid not null,
    purpose text not null check (purpose in ('sign_in', 'link', 'fresh')),
    -- Whose, where somebody was signed in already.
    account_id uuid references account,
    -- For the browser.
    options jsonb not null,
    -- What the answer is checked against. Nothing in it is secret: without the key it cannot be answered.
    state jsonb not null,
    -- A path of this portal.
    return_to text not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    primary key (session_id, purpose),
    check ((purpose = 'sign_in') = (account_id is null))
);
create index on passkey_question (expires_at);

grant select, insert, update on passkey, passkey_question to innkeeper_web;
grant select, delete on passkey_question to innkeeper_worker;
