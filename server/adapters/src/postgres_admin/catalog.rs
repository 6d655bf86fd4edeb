//! The functions of `pg_catalog` that only some of a tenant's roles may run.
//!
//! `pg_dump` writes rights in `pg_catalog` down, and who loads such a dump as a superuser takes them from everybody in
//! that database. It leaves out what is recorded in `pg_init_privs`, so these are recorded there as they are.

/// They write large objects.
const LARGE_OBJECTS: [&str; 8] = [
    "lo_creat(int)",
    "lo_create(oid)",
    "lo_from_bytea(oid,bytea)",
    "lo_put(oid,bigint,bytea)",
    "lowrite(int,bytea)",
    "lo_truncate(int,int)",
    "lo_truncate64(int,bigint)",
    "lo_unlink(oid)",
];
/// They take locks that stay until they are given back; each is there for one number and for two.
const ADVISORY_LOCKS: [&str; 8] = [
    "pg_advisory_lock",
    "pg_advisory_lock_shared",
    "pg_advisory_xact_lock",
    "pg_advisory_xact_lock_shared",
    "pg_try_advisory_lock",
    "pg_try_advisory_lock_shared",
    "pg_try_advisory_xact_lock",
    "pg_try_advisory_xact_lock_shared",
];

/// What owner and app may run, and readonly may not.
fn writing() -> Vec<String> {
    let locks =
        ADVISORY_LOCKS.iter().flat_map(|name| ["(bigint)", "(int,int)"].map(|of| format!("{name}{of}")));
    let all = LARGE_OBJECTS.iter().map(|name| (*name).to_owned()).chain(locks);
    all.map(|function| format!("pg_catalog.{function}")).collect()
}

/// What no tenant's role may run: it writes into the log that all databases share.
fn messages(major: u32) -> [String; 2] {
    // A fourth argument came in 17.
    let flush = if major >= 17 { ",boolean" } else { "" };
    ["text", "bytea"].map(|of| format!("pg_catalog.pg_logical_emit_message(boolean,text,{of}{flush})"))
}

/// Takes them from PUBLIC, on a server of this major version.
pub(super) fn closed_sql(major: u32) -> String {
    let all = [&writing()[..], &messages(major)].concat();
    format!("REVOKE EXECUTE ON FUNCTION {} FROM PUBLIC;\n", all.join(", "))
}

/// Gives them to the tenant's roles, and records all as they are then. May be repeated.
pub(super) fn rights_sql(major: u32) -> String {
    let functions = oids(major);
    format!(
        "{}GRANT EXECUTE ON FUNCTION {} TO {{owner}}, {{app}};
         DELETE FROM pg_catalog.pg_init_privs WHERE classoid = 'pg_catalog.pg_proc'::regclass AND objoid = ANY({functions});
         INSERT INTO pg_catalog.pg_init_privs (objoid, classoid, objsubid, privtype, initprivs)
            SELECT oid, 'pg_catalog.pg_proc'::regclass, 0, 'i', proacl FROM pg_catalog.pg_proc WHERE oid = ANY({functions});\n",
        closed_sql(major),
        writing().join(", "),
    )
}

/// Asks whether a database has them closed and recorded. `pg_upgrade` takes neither to the new server.
pub(super) fn is_closed_sql(major: u32) -> String {
    format!(
        "SELECT bool_and(p.proacl IS NOT NULL AND p.proacl IS NOT DISTINCT FROM i.initprivs)
         FROM pg_catalog.pg_proc p LEFT JOIN pg_catalog.pg_init_privs i
            ON i.objoid = p.oid AND i.classoid = 'pg_catalog.pg_proc'::regclass AND i.objsubid = 0
         WHERE p.oid = ANY({})",
        oids(major)
    )
}

/// All of them, as an array of their numbers.
fn oids(major: u32) -> String {
    let all = [&writing()[..], &messages(major)].concat();
    let all: Vec<_> = all.iter().map(|function| format!("'{function}'")).collect();
    format!("ARRAY[{}]::regprocedure[]::oid[]", all.join(", "))
}
