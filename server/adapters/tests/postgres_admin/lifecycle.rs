use crate::cluster::{Cluster, Guest, authority, code, limits, run_sql, texts};
use innkeeper_domain::{
    plan::Extension,
    ports::{RoleVerifiers, ServerError, SignIn, SignInAnswer, TenantServer},
    secret::Secret,
    tenant::{PerRole, TenantRole},
};
use sqlx::PgConnection;

/// All that a tenant could leave behind outside its own database. Object numbers are left out where they are new.
const SHARED: &str = "
    SELECT 'role ' || rolname || ' ' || rolcanlogin || rolconnlimit || coalesce(rolpassword, '') FROM pg_authid
    UNION ALL SELECT 'database ' || datname || datconnlimit || coalesce(datacl::text, '') FROM pg_database
    UNION ALL SELECT 'member ' || roleid::regrole || ' ' || member::regrole FROM pg_auth_members
    UNION ALL SELECT 'setting ' || setdatabase || setrole || setconfig::text FROM pg_db_role_setting
    UNION ALL SELECT 'depends ' || count(*) FROM pg_shdepend
    UNION ALL SELECT 'described ' || count(*) FROM pg_shdescription
    UNION ALL SELECT 'default rights ' || count(*) FROM pg_default_acl
    ORDER BY 1";

/// What is there once the last closed session has really ended; an open one is a failure.
async fn shared(cluster: &Cluster, admin: &mut PgConnection) -> Vec<String> {
    let none = "SELECT 'none' FROM pg_stat_activity WHERE datname LIKE 'shop%' HAVING count(*) = 0";
    cluster.until(none).await;
    texts(admin, SHARED).await
}

#[tokio::test]
async fn a_tenant_comes_and_goes_as_often_as_one_likes() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let mut admin = cluster.connect("postgres").await;
    let before = shared(&cluster, &mut admin).await;

    let shop = Guest::new("shop_aaaaaa");
    shop.onboard(&server).await;
    let made = shared(&cluster, &mut admin).await;
    shop.onboard(&server).await;
    assert_eq!(shared(&cluster, &mut admin).await, made, "made twice is made once");

    for role in TenantRole::ALL {
        let answer = server.sign_in(&shop.sign_in(*role)).await.unwrap();
        let SignInAnswer::In { user, database, tls, extensions, may_create, may_use_temp } = answer else {
            panic!("{role:?}: {answer:?}")
        };
        assert_eq!((user, database, tls), (shop.name.role(*role), "shop_aaaaaa".into(), true));
        assert_eq!(extensions, ["citext", "pgcrypto", "plpgsql", "uuid-ossp"]);
        assert_eq!(may_create, *role == TenantRole::Owner);
        assert_eq!(may_use_temp, *role != TenantRole::ReadOnly);
    }

    // A customer at work does not keep it from going.
    let mut customer = shop.connect(&cluster, TenantRole::Owner).await;
    run_sql(&mut customer, "CREATE TABLE public.t (n int)").await.unwrap();
    shop.offboard(&server).await;
    assert_eq!(shared(&cluster, &mut admin).await, before);
    shop.offboard(&server).await;
    assert_eq!(shared(&cluster, &mut admin).await, before, "gone twice is gone once");
}

#[tokio::test]
async fn only_the_right_password_and_database_let_in() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let (shop, blog) = (Guest::new("shop_aaaaaa"), Guest::new("blog_bbbbbb"));
    shop.onboard(&server).await;
    blog.onboard(&server).await;

    let refused = |code: &str| SignInAnswer::Refused { code: code.into() };
    for role in TenantRole::ALL {
        let good = shop.sign_in(*role);
        let wrong = SignIn { password: Secret::new("wrong"), ..good.clone() };
        assert_eq!(server.sign_in(&wrong).await.unwrap(), refused("28P01"));
        for database in ["blog_bbbbbb", "postgres", "template1"] {
            let elsewhere = SignIn { database: database.into(), ..good.clone() };
            assert_eq!(server.sign_in(&elsewhere).await.unwrap(), refused("42501"), "{database}");
        }
        let nowhere = SignIn { database: "none_cccccc".into(), ..good.clone() };
        assert_eq!(server.sign_in(&nowhere).await.unwrap(), refused("3D000"));
    }

    // A server whose certificate another authority signed is not told the password.
    let stranger = cluster.server_trusting(&authority().0);
    let answer = stranger.sign_in(&shop.sign_in(TenantRole::App)).await;
    assert!(
        matches!(&answer, Err(ServerError::Refused { cause, .. }) if cause.contains("certificate")),
        "{answer:?}"
    );

    // Out of connections is told apart from a refusal: it passes.
    let mut session = server.lock(&shop.name).await.unwrap();
    session.reset_limits().await.unwrap();
    assert_eq!(server.sign_in(&shop.sign_in(TenantRole::App)).await.unwrap(), SignInAnswer::Full);
    session.set_login(false).await.unwrap();
    assert_eq!(server.sign_in(&shop.sign_in(TenantRole::App)).await.unwrap(), refused("28000"));
}

#[tokio::test]
async fn limits_are_set_changed_and_taken_back() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let shop = Guest::new("shop_aaaaaa");
    shop.onboard(&server).await;
    let mut admin = cluster.connect("postgres").await;
    let sql = "SELECT concat_ws(' ', datconnlimit, (SELECT setconfig::text FROM pg_db_role_setting WHERE setdatabase = d.oid),
        (SELECT string_agg(rolconnlimit::text, ',' ORDER BY rolname) FROM pg_roles WHERE rolname LIKE 'shop\\_aaaaaa\\_%'))
        FROM pg_database d WHERE datname = 'shop_aaaaaa'";
    let expected = "30 {work_mem=8MB,maintenance_work_mem=8MB,effective_cache_size=256MB,temp_file_limit=1GB,\
                    idle_in_transaction_session_timeout=5min,log_min_duration_statement=-1,log_min_messages=fatal} 15,5,10";
    assert_eq!(texts(&mut admin, sql).await, [expected]);

    // A setting of an earlier plan does not stay.
    run_sql(&mut admin, "ALTER DATABASE shop_aaaaaa SET statement_timeout = '1s'").await.unwrap();
    let mut session = server.lock(&shop.name).await.unwrap();
    session.apply_limits(&limits()).await.unwrap();
    assert_eq!(texts(&mut admin, sql).await, [expected]);

    // What the server does not take is not half done.
    let impossible = innkeeper_domain::plan::Limits { work_mem_mb: 0, connections: 7, ..limits() };
    assert!(matches!(session.apply_limits(&impossible).await, Err(ServerError::Refused { .. })));
    assert_eq!(texts(&mut admin, sql).await, [expected]);

    // The error ended the session, and says so.
    assert!(matches!(session.apply_limits(&limits()).await, Err(ServerError::Unavailable { .. })));
    let mut session = server.lock(&shop.name).await.unwrap();
    session.reset_limits().await.unwrap();
    assert_eq!(texts(&mut admin, sql).await, ["0 0,0,0"]);
}

#[tokio::test]
async fn extensions_follow_the_wish() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let shop = Guest::new("shop_aaaaaa");
    shop.onboard(&server).await;
    let mut session = server.lock(&shop.name).await.unwrap();
    let list = "SELECT extname || ' in ' || extnamespace::regnamespace FROM pg_extension ORDER BY 1";

    session.install_extensions(&Extension::ALL).await.unwrap();
    let mut inside = cluster.connect("shop_aaaaaa").await;
    assert_eq!(texts(&mut inside, list).await.len(), Extension::ALL.len() + 1);
    session.install_extensions(&[Extension::Hstore]).await.unwrap();
    assert_eq!(texts(&mut inside, list).await, ["hstore in public", "plpgsql in pg_catalog"]);

    // Made anew, the statistics of all tenants are as closed as before.
    session.install_extensions(&[Extension::PgStatStatements]).await.unwrap();
    let mut owner = shop.connect(&cluster, TenantRole::Owner).await;
    for sql in
        ["SELECT * FROM innkeeper.pg_stat_statements", "SELECT * FROM innkeeper.pg_stat_statements(true)"]
    {
        assert_eq!(code(run_sql(&mut owner, sql).await), "42501", "{sql}");
    }
    run_sql(&mut owner, "SELECT * FROM innkeeper.statements()").await.unwrap();

    // What nobody wants any more is gone whole.
    session.install_extensions(&[]).await.unwrap();
    assert_eq!(texts(&mut inside, list).await, ["plpgsql in pg_catalog"]);
    let ours = "SELECT nspname::text FROM pg_namespace WHERE nspname = 'innkeeper'";
    assert!(texts(&mut inside, ours).await.is_empty());
}

#[tokio::test]
async fn verifiers_are_replaced_and_never_written_down() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let mut admin = cluster.connect("postgres").await;
    run_sql(&mut admin, "CREATE EXTENSION pg_stat_statements").await.unwrap();
    let shop = Guest::new("shop_aaaaaa");
    shop.onboard(&server).await;

    let renewed = Guest::new("shop_aaaaab");
    let mut session = server.lock(&shop.name).await.unwrap();
    let change = PerRole { readonly: None, ..renewed.verifiers.clone() };
    session.reset_roles(&change).await.unwrap();
    session.let_in(&limits()).await.unwrap();
    let without =
        "SELECT rolname::text FROM pg_authid WHERE rolname ~ '^shop_aaaaaa_' AND rolpassword IS NULL";
    assert_eq!(texts(&mut admin, without).await, ["shop_aaaaaa_readonly"]);
    let as_app = |password: &Secret| SignIn { password: password.clone(), ..shop.sign_in(TenantRole::App) };
    let answer = server.sign_in(&as_app(&renewed.passwords.app)).await.unwrap();
    assert!(matches!(answer, SignInAnswer::In { .. }), "{answer:?}");
    let answer = server.sign_in(&as_app(&shop.passwords.app)).await.unwrap();
    assert_eq!(answer, SignInAnswer::Refused { code: "28P01".into() });

    // A password in clear is not sent, and a failing statement with a verifier is not logged either.
    let clear = PerRole { owner: Some(Secret::new("in clear")), app: None, readonly: None };
    assert!(matches!(session.reset_roles(&clear).await, Err(ServerError::Refused { .. })));
    let mut absent = server.lock(&Guest::new("none_cccccc").name).await.unwrap();
    let refused = absent.reset_roles(&change).await.unwrap_err().to_string();
    assert!(refused.contains("does not exist") && !refused.contains("SCRAM"), "{refused}");

    let log = cluster.log();
    assert!(log.contains("pg_stat_statements"), "the log is one that logs all statements");
    let statements = texts(&mut admin, "SELECT query FROM public.pg_stat_statements").await.join("\n");
    assert!(statements.contains("CREATE EXTENSION"), "{statements}");
    for (role, secret) in shop.passwords.iter() {
        let of = |verifiers: &RoleVerifiers| verifiers.of(role).clone().unwrap();
        for secret in [secret.clone(), of(&shop.verifiers), of(&renewed.verifiers)] {
            assert!(!log.contains(secret.expose()) && !statements.contains(secret.expose()), "{role:?}");
        }
    }
    assert!(
        !log.contains("SCRAM-SHA-256$")
            && !statements.contains("SCRAM-SHA-256$")
            && !log.contains("in clear")
    );
}

#[tokio::test]
async fn what_a_role_owns_elsewhere_goes_with_it() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let shop = Guest::new("shop_aaaaaa");
    shop.onboard(&server).await;
    let mut admin = cluster.connect("postgres").await;
    run_sql(&mut admin, "CREATE TABLE public.mine (); ALTER TABLE public.mine OWNER TO shop_aaaaaa_owner")
        .await
        .unwrap();
    run_sql(&mut admin, "GRANT CONNECT ON DATABASE postgres TO shop_aaaaaa").await.unwrap();

    // While its database is there, nothing of it is dropped.
    let mut session = server.lock(&shop.name).await.unwrap();
    let refused = session.drop_roles().await;
    assert!(
        matches!(&refused, Err(ServerError::Refused { cause, .. }) if cause.contains("still there")),
        "{refused:?}"
    );
    shop.offboard(&server).await;
    assert!(
        texts(&mut admin, "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'shop%'").await.is_empty()
    );
    assert!(texts(&mut admin, "SELECT relname::text FROM pg_class WHERE relname = 'mine'").await.is_empty());
}

#[tokio::test]
async fn statistics_of_a_dropped_database_go_too() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let mut admin = cluster.connect("postgres").await;
    run_sql(&mut admin, "CREATE EXTENSION pg_stat_statements").await.unwrap();
    let (shop, blog) = (Guest::new("shop_aaaaaa"), Guest::new("blog_bbbbbb"));
    shop.onboard(&server).await;
    blog.onboard(&server).await;
    for guest in [&shop, &blog] {
        let mut app = guest.connect(&cluster, TenantRole::App).await;
        run_sql(&mut app, "SELECT 'of a customer'").await.unwrap();
    }
    let kept = "SELECT coalesce(d.datname, 'gone')::text FROM public.pg_stat_statements s
                LEFT JOIN pg_database d ON d.oid = s.dbid WHERE query LIKE '%SELECT $1' ORDER BY 1";
    assert_eq!(texts(&mut admin, kept).await, ["blog_bbbbbb", "shop_aaaaaa"]);
    shop.offboard(&server).await;
    assert_eq!(texts(&mut admin, kept).await, ["blog_bbbbbb"]);
}

#[tokio::test]
async fn a_half_made_template_is_made_anew() {
    // Without the statistics' library, too: the option for it is only a placeholder then.
    let cluster = Cluster::start_with("");
    let server = cluster.server();
    let mut admin = cluster.connect("postgres").await;
    run_sql(&mut admin, "CREATE DATABASE innkeeper_tpl").await.unwrap();
    run_sql(&mut admin, "CREATE ROLE innkeeper_tenants LOGIN CREATEDB").await.unwrap();
    let (one, two) = tokio::join!(server.prepare(), server.prepare());
    one.unwrap();
    two.unwrap();
    let template = "SELECT oid::text FROM pg_database WHERE datname = 'innkeeper_tpl' AND datistemplate AND NOT datallowconn";
    let first = texts(&mut admin, template).await;
    assert_eq!(first.len(), 1);
    server.prepare().await.unwrap();
    assert_eq!(texts(&mut admin, template).await, first, "what is whole is left");
    Guest::new("shop_aaaaaa").onboard(&server).await;

    // One of other content is replaced.
    run_sql(&mut admin, "COMMENT ON DATABASE innkeeper_tpl IS 'innkeeper of another time'").await.unwrap();
    server.prepare().await.unwrap();
    let second = texts(&mut admin, template).await;
    assert!(second.len() == 1 && second != first, "{first:?} {second:?}");
    let role =
        "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'innkeeper%' AND (rolcanlogin OR rolcreatedb)";
    assert!(texts(&mut admin, role).await.is_empty());
}
