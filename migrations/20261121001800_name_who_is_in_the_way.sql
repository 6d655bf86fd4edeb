-- Whose session on the server holds a step up, for the operator alone: it may be another customer's.
alter table step add column blocked_by text;
revoke select on step from innkeeper_web;
grant select (run_id, organisation_id, position, name, state, attempts, intent_at, started_at, finished_at, output, error)
    on step to innkeeper_web;

-- An admin may also let a suspension go on that is held.
drop policy web_turns_destructions on run;
create policy web_turns_destructions on run as restrictive for update to innkeeper_web
    using (current_user <> 'innkeeper_web' or kind in ('suspend', 'destroy'));
