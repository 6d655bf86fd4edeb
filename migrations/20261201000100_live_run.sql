-- The runs that are alive: a tenant has one at most (run_one_live), and is busy while it has.
create view live_run with (security_invoker = true) as
    select * from run where state in ('running', 'unwinding', 'stuck');
grant select, update on live_run to innkeeper_web, innkeeper_worker;
