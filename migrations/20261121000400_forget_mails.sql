-- Mails that went out, or were given up, are kept for 30 days and then removed by the worker.
grant delete on outbox to innkeeper_worker;
create index outbox_over on outbox (created_at) where state <> 'waiting';
