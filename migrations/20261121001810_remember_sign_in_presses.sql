-- What signed a browser in, for a minute: browsers send the same once more, by a double click or a reload, and see the
-- last answer only. Of the request, which holds secrets, its hash alone.
create table sign_in_press (
    request_hash bytea primary key,
    -- The row of the cookie it came with, which is worth nothing once it came in.
    cookie_hash bytea not null,
    created_at timestamptz not null default now(),
    -- Once it signed the browser in: its session and the person.
    came_in_at timestamptz,
    session_id uuid,
    account_id uuid references account on delete cascade,
    -- Where it led to, a path of the portal.
    path text,
    -- How often the same press got a cookie of its own since.
    repeated smallint not null default 0
);
create index on sign_in_press (cookie_hash);
create index on sign_in_press (created_at);
grant select, insert, update, delete on sign_in_press to innkeeper_web;
grant select, delete on sign_in_press to innkeeper_worker;
