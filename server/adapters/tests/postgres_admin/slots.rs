//! Databases that stand ready, and tenants that claim them.

use crate::cluster::{Cluster, Guest, limits, run_sql, texts};
use innkeeper_domain::{
    plan::Extension,
    ports::{ServerError, SignInAnswer, TenantServer},
    tenant::{PerRole, TenantRole},
};

/// What makes a tenant, besides verifiers and numbers.
const SHARED: &str = "
    SELECT 'role ' || rolname || concat_ws(' ', '', rolcanlogin, rolinherit, rolsuper, rolcreatedb, rolcreaterole,
        rolreplication, rolbypassrls, rolconnlimit, rolpassword IS NULL, rolvaliduntil) FROM pg_authid
    UNION ALL SELECT 'database ' || concat_ws(' ', datname, datdba::regrole, datconnlimit, datallowconn, datistemplate,
        datcollate, datctype, encoding, datacl) FROM pg_database
    UNION ALL SELECT 'member ' || concat_ws(' ', roleid::regrole, member::regrole,
        to_jsonb(m) - '{oid,roleid,member,grantor}'::text[]) FROM pg_auth_members m
    UNION ALL SELECT 'setting ' || concat_ws(' ', (SELECT datname FROM pg_database WHERE oid = setdatabase),
        CASE WHEN setrole <> 0 THEN setrole::regrole END, setconfig) FROM pg_db_role_setting
    UNION ALL SELECT 'depends ' || concat_ws(' ', d.datname, refobjid::regrole, classid::regclass, deptype, count(*))
        FROM pg_shdepend s LEFT JOIN pg_database d ON d.oid = s.dbid WHERE refclassid = 'pg_authid'::regclass
        GROUP BY d.datname, refobjid, classid, deptype
    ORDER BY 1";

/// The same inside its database.
const INSIDE: &str = "
    SELECT 'schema ' || concat_ws(' ', nspname, nspowner::regrole, nspacl) FROM pg_namespace
    UNION ALL SELECT 'default ' || concat_ws(' ', defaclrole::regrole, defaclobjtype, defaclacl) FROM pg_default_acl
    UNION ALL SELECT 'function ' || concat_ws(' ', oid::regprocedure, proowner::regrole, proacl) FROM pg_proc
        WHERE proacl IS NOT NULL
    UNION ALL SELECT 'relation ' || concat_ws(' ', oid::regclass, relowner::regrole, relacl) FROM pg_class
        WHERE relnamespace <> 'pg_toast'::regnamespace
    UNION ALL SELECT 'extension ' || concat_ws(' ', extname, extowner::regrole, extnamespace::regnamespace, extversion)
        FROM pg_extension
    UNION ALL SELECT 'recorded ' || concat_ws(' ', classoid::regclass, pg_describe_object(classoid, objoid, objsubid),
        privtype, initprivs) FROM pg_init_privs WHERE initprivs::text LIKE '%!_owner=%' ESCAPE '!'
    ORDER BY 1";

/// What a server holds of a tenant, under a name that all have.
async fn facts(cluster: &Cluster, guest: &Guest) -> Vec<String> {
    let name = guest.name.as_str();
    let mut facts = texts(&mut cluster.connect("postgres").await, SHARED).await;
    facts.retain(|fact| fact.contains(name));
    facts.extend(texts(&mut cluster.connect(name).await, INSIDE).await);
    let mut facts: Vec<_> = facts.into_iter().map(|fact| fact.replace(name, "tenant")).collect();
    facts.sort();
    facts
}

/// Prepares a slot as its keeper does.
async fn keep_ready(server: &dyn TenantServer, slot: &Guest) {
    let mut session = server.lock(&slot.name).await.unwrap();
    session.create_roles(&PerRole::default()).await.unwrap();
    session.create_database().await.unwrap();
    session.apply_template().await.unwrap();
    session.install_extensions(&Extension::DEFAULT).await.unwrap();
    session.set_closed(true).await.unwrap();
}

async fn claimed_is_as_made(major: u32) {
    let cluster = Cluster::start_version(major);
    let server = cluster.server();
    server.prepare().await.unwrap();
    let (made, slot, shop) =
        (Guest::new("made_aaaaaa"), Guest::new("slot_bbbbbb"), Guest::new("shop_cccccc"));
    made.onboard(&server).await;
    keep_ready(&server, &slot).await;
    for role in TenantRole::ALL {
        let answer = server.sign_in(&slot.sign_in(*role)).await.unwrap();
        assert!(matches!(answer, SignInAnswer::Refused { .. }), "a slot is closed: {answer:?}");
    }

    let mut session = server.lock(&shop.name).await.unwrap();
    assert!(session.claim(&slot.name, &shop.verifiers).await.unwrap());
    let answer = server.sign_in(&shop.sign_in(TenantRole::App)).await.unwrap();
    assert!(
        matches!(answer, SignInAnswer::Refused { .. }),
        "nobody signs in before the rest is done: {answer:?}"
    );
    // As after a crash: the claim finds nothing to claim, and the other steps find it done.
    assert!(!session.claim(&slot.name, &shop.verifiers).await.unwrap());
    session.create_roles(&shop.verifiers).await.unwrap();
    session.create_database().await.unwrap();
    session.apply_template().await.unwrap();
    session.install_extensions(&Extension::DEFAULT).await.unwrap();
    session.apply_limits(&limits()).await.unwrap();
    session.set_login(true).await.unwrap();
    drop(session);

    let wanted = facts(&cluster, &made).await;
    assert_eq!(facts(&cluster, &shop).await, wanted);
    assert!(wanted.len() > 100, "{wanted:?}");
    for role in TenantRole::ALL {
        let answer = server.sign_in(&shop.sign_in(*role)).await.unwrap();
        assert!(matches!(answer, SignInAnswer::In { .. }), "{role:?}: {answer:?}");
    }
    let inventory = server.inventory().await.unwrap();
    assert_eq!(inventory.databases, ["made_aaaaaa", "shop_cccccc"]);
    assert_eq!(inventory.roles.len(), 8);
    shop.offboard(&server).await;
    assert_eq!(server.inventory().await.unwrap().databases, ["made_aaaaaa"]);
}

#[tokio::test]
async fn a_claimed_tenant_is_as_one_that_was_made_on_15() {
    claimed_is_as_made(15).await;
}

#[tokio::test]
async fn a_claimed_tenant_is_as_one_that_was_made_on_18() {
    claimed_is_as_made(18).await;
}

#[tokio::test]
async fn a_slot_that_is_not_whole_is_left_alone() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let (slot, shop) = (Guest::new("slot_bbbbbb"), Guest::new("shop_cccccc"));
    let mut session = server.lock(&shop.name).await.unwrap();
    assert!(!session.claim(&slot.name, &shop.verifiers).await.unwrap(), "there is none");

    keep_ready(&server, &slot).await;
    let mut admin = cluster.connect("postgres").await;
    for (damage, repair) in [
        ("GRANT pg_monitor TO slot_bbbbbb_app", "REVOKE pg_monitor FROM slot_bbbbbb_app"),
        ("ALTER ROLE slot_bbbbbb_app RENAME TO away", "ALTER ROLE away RENAME TO slot_bbbbbb_app"),
        (
            "ALTER DATABASE slot_bbbbbb OWNER TO postgres",
            "ALTER DATABASE slot_bbbbbb OWNER TO innkeeper_platform",
        ),
        (
            "ALTER DATABASE slot_bbbbbb ALLOW_CONNECTIONS true",
            "ALTER DATABASE slot_bbbbbb ALLOW_CONNECTIONS false",
        ),
    ] {
        run_sql(&mut admin, damage).await.unwrap();
        assert!(!session.claim(&slot.name, &shop.verifiers).await.unwrap(), "{damage}");
        assert_eq!(server.inventory().await.unwrap().databases, ["slot_bbbbbb"]);
        run_sql(&mut admin, repair).await.unwrap();
    }

    // Another tenant can lock any database by an open change of its own role's settings there.
    let blog = Guest::new("blog_dddddd");
    blog.onboard(&server).await;
    let mut guest = blog.connect(&cluster, TenantRole::App).await;
    let lock = "BEGIN; ALTER ROLE CURRENT_USER IN DATABASE slot_bbbbbb SET work_mem = '5MB'";
    run_sql(&mut guest, lock).await.unwrap();
    assert!(!session.claim(&slot.name, &shop.verifiers).await.unwrap(), "it must not hold others up");
    run_sql(&mut guest, "ROLLBACK").await.unwrap();
    drop(guest);
    blog.offboard(&server).await;

    // A name that somebody took meanwhile: the whole claim is as if it had not been.
    run_sql(&mut admin, "CREATE DATABASE shop_cccccc").await.unwrap();
    let before = server.inventory().await.unwrap();
    let refused = session.claim(&slot.name, &shop.verifiers).await;
    assert!(matches!(refused, Err(ServerError::Refused { .. })), "{refused:?}");
    assert_eq!(server.inventory().await.unwrap(), before);
    run_sql(&mut admin, "DROP DATABASE shop_cccccc").await.unwrap();
    let mut session = server.lock(&shop.name).await.unwrap();
    assert!(session.claim(&slot.name, &shop.verifiers).await.unwrap());
}
