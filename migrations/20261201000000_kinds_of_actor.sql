-- Who acts: staff apart from the command line, API keys and runs by their own names. Rows from before say 'staff' for the
-- command line; the log is append-only.
alter table audit_event drop constraint audit_event_actor_kind_check;
alter table audit_event add constraint audit_event_actor_kind_check check (actor_kind in
    ('account', 'staff', 'api_key', 'operator', 'run', 'system', 'anonymous'));
