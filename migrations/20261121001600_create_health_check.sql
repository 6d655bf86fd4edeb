-- What the health check writes, to know that writing works: one row, whatever many portals ask.

create table health_check (
    only_row boolean primary key default true check (only_row),
    written_at timestamptz not null
);

grant select, insert, update on health_check to innkeeper_web;
