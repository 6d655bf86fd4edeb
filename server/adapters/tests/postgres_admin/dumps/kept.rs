use super::{Site, of_the_platforms, said};
use crate::cluster::{Guest, code, run_sql, texts};
use innkeeper_domain::{
    plan::Extension,
    ports::TenantServer,
    tenant::{PerRole, TenantRole},
};

/// What roles that are gone left on their server.
const LEFT: &str = "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'news%' OR rolname LIKE 'slot%'
    UNION ALL SELECT 'depends' FROM pg_shdepend s WHERE s.refclassid = 'pg_authid'::regclass
        AND NOT EXISTS (SELECT FROM pg_authid a WHERE a.oid = s.refobjid)";

/// A slot's roles get other names; what was recorded of them stays right, and goes with them.
async fn a_claim_keeps_the_record(major: u32) {
    let site = Site::with(major, &[Extension::PgTrgm, Extension::Citext, Extension::UuidOssp]).await;
    let (slot, news) = (Guest::new("slot_cccccc"), Guest::new("news_dddddd"));
    let mut session = site.server.lock(&slot.name).await.unwrap();
    session.create_roles(&PerRole::default()).await.unwrap();
    session.create_database().await.unwrap();
    session.apply_template().await.unwrap();
    session.install_extensions(&[Extension::PgStatStatements, Extension::Hstore]).await.unwrap();
    session.set_closed(true).await.unwrap();
    drop(session);
    assert!(site.server.lock(&news.name).await.unwrap().claim(&slot.name, &news.verifiers).await.unwrap());
    site.onboard(&news, &[Extension::PgStatStatements, Extension::Hstore]).await;
    let mut owner = news.connect(&site.cluster, TenantRole::Owner).await;
    run_sql(&mut owner, "COMMENT ON EXTENSION hstore IS 'mine'; SELECT * FROM innkeeper.statements()")
        .await
        .unwrap();
    run_sql(&mut owner, "CREATE TABLE t (tags hstore)").await.unwrap();
    let text = site.text_of(&news, &[]);
    assert!(text.contains("CREATE TABLE public.t"), "{text}");
    assert_eq!(of_the_platforms(&text), [""; 0]);

    // What the owner throws away is the owner's; dumps are as clean after it, and nothing keeps the roles.
    run_sql(&mut owner, "DROP OWNED BY CURRENT_USER CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC; SELECT lo_create(0)")
        .await
        .unwrap();
    assert_eq!(of_the_platforms(&site.text_of(&news, &[])), [""; 0]);
    drop(owner);
    news.offboard(&site.server).await;
    let mut admin = site.cluster.connect("postgres").await;
    assert!(texts(&mut admin, LEFT).await.is_empty());
}

#[tokio::test]
async fn a_claim_keeps_what_dumps_leave_out_on_15() {
    a_claim_keeps_the_record(15).await;
}

#[tokio::test]
async fn a_claim_keeps_what_dumps_leave_out_on_18() {
    a_claim_keeps_the_record(18).await;
}

/// What version 1 left in a database: extensions of the administrator, statistics in a schema of their own, nothing
/// recorded.
const EARLIER: &str = r"
    CREATE SCHEMA innkeeper;
    REVOKE ALL ON SCHEMA innkeeper FROM PUBLIC;
    CREATE EXTENSION pg_stat_statements SCHEMA innkeeper;
    CREATE EXTENSION pgcrypto SCHEMA public;
    CREATE EXTENSION citext SCHEMA public;
    CREATE FUNCTION innkeeper.statements() RETURNS TABLE(usename name, calls bigint, total_ms float8, rows bigint, query text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT r.rolname, s.calls, s.total_exec_time, s.rows, s.query
      FROM innkeeper.pg_stat_statements s JOIN pg_catalog.pg_roles r ON r.oid = s.userid
    $$;
    REVOKE ALL ON FUNCTION innkeeper.statements() FROM PUBLIC;
    REVOKE ALL ON innkeeper.pg_stat_statements, innkeeper.pg_stat_statements_info FROM PUBLIC;
    REVOKE EXECUTE ON FUNCTION innkeeper.pg_stat_statements(boolean), innkeeper.pg_stat_statements_info() FROM PUBLIC;
    GRANT USAGE ON SCHEMA innkeeper TO news_dddddd_owner;
    GRANT EXECUTE ON FUNCTION innkeeper.statements() TO news_dddddd_owner;
    DELETE FROM pg_init_privs WHERE initprivs::text LIKE '%!_owner=%' ESCAPE '!'";

/// What `pg_upgrade` makes of rights that are recorded in `pg_catalog`: the new server's own.
const UPGRADED: &str = "
    UPDATE pg_proc SET proacl = NULL WHERE pronamespace = 'pg_catalog'::regnamespace AND proacl::text LIKE '%_owner=%';
    DELETE FROM pg_init_privs i WHERE classoid = 'pg_proc'::regclass AND initprivs::text LIKE '%_owner=%'
        AND EXISTS (SELECT FROM pg_proc p WHERE p.oid = i.objoid AND p.pronamespace = 'pg_catalog'::regnamespace)";

async fn is_brought_in_order(major: u32) {
    let site = Site::with(major, &[&Extension::DEFAULT[..], &[Extension::PgTrgm]].concat()).await;
    let news = Guest::new("news_dddddd");
    site.onboard(&news, &[]).await;
    let mut admin = site.cluster.connect(news.name.as_str()).await;
    run_sql(&mut admin, EARLIER).await.unwrap();
    assert!(of_the_platforms(&site.text_of(&news, &[])).len() > 20);
    let mut session = site.server.lock(&news.name).await.unwrap();
    assert!(session.renew_layout().await.unwrap());
    assert!(!session.renew_layout().await.unwrap(), "it is in order now");
    assert_eq!(of_the_platforms(&site.text_of(&news, &[])), [""; 0]);
    let archive = site.dump(&["-Fc"]);
    assert_eq!(said(site.tenant(&news).restore().arg(&archive)), "");
    let mut owner = news.connect(&site.cluster, TenantRole::Owner).await;
    let works = "SELECT * FROM innkeeper.statements(); SELECT pg_advisory_lock(1)";
    run_sql(&mut owner, works).await.unwrap();
    assert_eq!(code(run_sql(&mut owner, "SELECT * FROM innkeeper.pg_stat_statements").await), "42501");

    // Others' locks and large objects are as closed after an upgrade of the server.
    run_sql(&mut admin, UPGRADED).await.unwrap();
    let mut readonly = news.connect(&site.cluster, TenantRole::ReadOnly).await;
    run_sql(&mut readonly, "SELECT pg_advisory_xact_lock(2)").await.unwrap();
    assert!(session.renew_layout().await.unwrap());
    assert_eq!(code(run_sql(&mut readonly, "SELECT pg_advisory_xact_lock(2)").await), "42501");
    run_sql(&mut owner, works).await.unwrap();
    assert_eq!(of_the_platforms(&site.text_of(&news, &[])), [""; 0]);

    drop((session, admin, owner, readonly));

    // The rows that PostgreSQL would have written itself are as good as its own.
    let mut owner = news.connect(&site.cluster, TenantRole::Owner).await;
    run_sql(&mut owner, "DROP OWNED BY CURRENT_USER CASCADE").await.unwrap();
    drop(owner);
    news.offboard(&site.server).await;
    let mut admin = site.cluster.connect("postgres").await;
    assert!(texts(&mut admin, LEFT).await.is_empty());
}

#[tokio::test]
async fn what_an_earlier_version_made_is_brought_in_order_on_15() {
    is_brought_in_order(15).await;
}

#[tokio::test]
async fn what_an_earlier_version_made_is_brought_in_order_on_18() {
    is_brought_in_order(18).await;
}
