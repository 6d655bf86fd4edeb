-- Looks at the lock table for a while, ends sessions of tenants that others would have to wait for, and says which.
-- It calls functions only: nothing in its loop takes a lock on a relation, and so nothing makes the session read catalogs
-- again that it has cached. It still works while a queue in front of pg_authid lets nobody else read that.
--
-- What it needs is cached once a round has read no catalog: reading one tells the session what others have changed, and if
-- that is much, it forgets all it has cached. So up to then each round does all that a later one may have to, whether there
-- is reason to or not; and plans do not depend on numbers, which would want other operators later.
--
-- Its end is when it could be kept out: so of the two sessions that take turns each ends its look only while the other is
-- in one that began later, and says in its application_name when that holds: with the time (in microseconds since 1970)
-- at which it read the roles, and the process of the other.
CREATE OR REPLACE FUNCTION pg_temp.watch_locks(
    roles oid[], groups oid[], databases oid[], known oid[], catalogs oid[], read_at bigint, budget bigint, most bigint,
    seconds float8, at_most float8, other int
) RETURNS TABLE (role oid, reason text, pid int)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan SET jit = off SET track_counts = on AS $$
#variable_conflict use_column
DECLARE
    began constant timestamptz := clock_timestamp();
    until timestamptz := began + make_interval(secs => seconds);
    hot_until timestamptz := '-infinity';
    -- Whether all it needs is cached.
    ready boolean := false;
    -- How often this transaction has read a catalog or one of its indexes.
    scans bigint;
    scans_before bigint;
    own constant oid := (SELECT usesysid FROM pg_stat_get_activity(pg_backend_pid()));
    -- Tenants that hold more than their budget, each with since when.
    over jsonb := '{}';
    -- Sessions, and how many locks each holds.
    pids int[];
    counts bigint[];
    tenants bigint;
    far_from_any_limit boolean;
    newcomers boolean;
BEGIN
    -- A role that was dropped while it was signed in is in no list.
    known := known || (SELECT array_agg(usesysid) FROM pg_stat_get_activity(NULL) WHERE usesysid IS NOT NULL);
    LOOP
        -- A transaction keeps what it first saw of the sessions.
        PERFORM pg_stat_clear_snapshot();
        -- Locks of the fast path and those of serializable transactions have places of their own.
        SELECT array_agg(c.pid), array_agg(c.locks) INTO pids, counts
        FROM (
            SELECT k.pid, count(*) AS locks FROM pg_lock_status() k
            WHERE NOT k.fastpath AND k.mode <> 'SIReadLock' AND k.pid IS NOT NULL GROUP BY 1
        ) AS c;
        -- As nearly always.
        far_from_any_limit := coalesce((SELECT sum(locks) FROM unnest(counts) AS locks), 0) <= budget / 2;
        IF far_from_any_limit OR NOT ready THEN
            over := '{}';
        END IF;
        IF NOT far_from_any_limit OR NOT ready THEN
            tenants := (
                SELECT count(DISTINCT l.tenant) FROM unnest(pids) AS c (pid) JOIN pg_stat_get_activity(NULL) a USING (pid)
                JOIN unnest(roles, groups) AS l (role, tenant) ON l.role = a.usesysid
            );
            over := (
                SELECT coalesce(jsonb_object_agg(t.tenant, coalesce((over ->> t.tenant)::timestamptz, clock_timestamp())), '{}')
                FROM (
                    SELECT l.tenant::text AS tenant FROM unnest(pids, counts) AS c (pid, locks)
                    JOIN pg_stat_get_activity(NULL) a USING (pid)
                    JOIN unnest(roles, groups) AS l (role, tenant) ON l.role = a.usesysid
                    GROUP BY 1 HAVING sum(c.locks) > budget
                ) AS t
            );
            RETURN QUERY
                WITH counted AS MATERIALIZED (
                    SELECT c.pid, c.locks, l.role, l.tenant, sum(c.locks) OVER () AS of_all,
                        sum(c.locks) OVER (PARTITION BY l.tenant) AS of_tenant,
                        -- The smallest first: who is beyond a limit then holds the most.
                        sum(c.locks) OVER (PARTITION BY l.tenant ORDER BY c.locks, c.pid) AS up_to_this
                    FROM unnest(pids, counts) AS c (pid, locks) JOIN pg_stat_get_activity(NULL) a USING (pid)
                    JOIN unnest(roles, groups) AS l (role, tenant) ON l.role = a.usesysid
                ), judged AS MATERIALIZED (
                    SELECT *, CASE
                        WHEN up_to_this > budget AND (of_tenant > most
                            OR (over ->> tenant::text)::timestamptz < clock_timestamp() - interval '2 s') THEN 'lock_count'
                        -- All tenants together: who holds more than an equal share of what they may.
                        WHEN of_all > 3 * most
                            AND up_to_this > 2 * most / tenants THEN 'server_locks'
                        END AS reason
                    FROM counted
                )
                -- In a CASE, which alone keeps the order: the cheaper condition would be tried first.
                SELECT role, reason, pid FROM judged
                WHERE CASE WHEN reason IS NOT NULL THEN pg_terminate_backend(pid) END;
            hot_until := greatest(hot_until, CASE WHEN ready THEN clock_timestamp() + interval '1 s' END);
        END IF;

        RETURN QUERY
            WITH lock AS MATERIALIZED (
                SELECT k.pid, k.locktype, k.database, k.relation, k.classid, k.objid,
                    k.mode IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock', 'SIReadLock') AS weak
                FROM pg_lock_status() k
                WHERE k.locktype = 'relation' AND k.relation < 16384 OR k.locktype = 'object' AND k.database = 0
            ), login AS MATERIALIZED (
                SELECT * FROM unnest(roles, groups, databases) AS l (role, tenant, database)
            )
            SELECT o.* FROM (
                SELECT DISTINCT a.usesysid, CASE k.locktype WHEN 'relation' THEN 'catalog_lock' ELSE 'foreign_lock' END, a.pid
                FROM lock k JOIN pg_stat_get_activity(NULL) a USING (pid) JOIN login l ON l.role = a.usesysid
                WHERE CASE k.locktype
                    -- Shared catalogs, and the database's own, which autovacuum and the platform read too.
                    WHEN 'relation' THEN NOT k.weak
                    -- pg_database is 1262, pg_authid 1260. A commit that notifies locks the database 0.
                    ELSE NOT (k.classid = 1262 AND k.objid = 0) AND NOT (k.weak AND (k.classid = 1262 AND k.objid = l.database
                        OR k.classid = 1260 AND (k.objid = l.tenant
                            OR k.objid IN (SELECT o.role FROM login o WHERE o.tenant = l.tenant))))
                    END
                OFFSET 0
            ) AS o WHERE pg_terminate_backend(o.pid);
        hot_until := CASE WHEN FOUND THEN clock_timestamp() + interval '5 s' ELSE hot_until END;

        -- Roles that were made since are not in the lists yet.
        newcomers := EXISTS (
            SELECT FROM pg_stat_get_activity(NULL) a
            WHERE a.usesysid IS NOT NULL AND NOT EXISTS (SELECT FROM unnest(known) AS k WHERE k = a.usesysid)
                OR a.usesysid = own AND a.application_name = 'innkeeper new roles'
        );
        until := CASE WHEN newcomers THEN began ELSE until END;
        hot_until := greatest(hot_until, CASE WHEN newcomers THEN clock_timestamp() + interval '1 s' END);
        EXIT WHEN clock_timestamp() > began + make_interval(secs => at_most) OR clock_timestamp() > until AND EXISTS (
            SELECT FROM pg_stat_get_activity(other) a
            WHERE a.application_name LIKE 'innkeeper watchdog %' AND a.state = 'active' AND a.query_start > began
        );
        IF NOT ready THEN
            -- pg_terminate_backend() asks for the attributes of the session's user.
            PERFORM pg_get_userbyid(role) FROM unnest(roles) AS role;
            scans_before := scans;
            scans := (SELECT sum(pg_stat_get_xact_numscans(c)) FROM unnest(catalogs) AS c);
            ready := coalesce(scans = scans_before, false);
            PERFORM set_config('application_name',
                CASE WHEN ready THEN format('innkeeper watchdog %s %s', read_at, other) ELSE 'innkeeper watchdog' END, false);
        END IF;
        -- Whoever was ended may come back at once.
        PERFORM pg_sleep(CASE WHEN NOT ready THEN 0 WHEN clock_timestamp() < hot_until THEN 0.02 ELSE 0.1 END);
    END LOOP;
    PERFORM set_config('application_name', 'innkeeper watchdog', false);
END $$;
