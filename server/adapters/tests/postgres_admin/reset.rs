//! New passwords where somebody is inside who should not be.

use crate::cluster::{Cluster, Guest, limits, run_sql, texts};
use innkeeper_domain::{
    ports::{SignIn, SignInAnswer, TenantServer},
    secret::Secret,
    tenant::{PerRole, TenantRole},
};
use sqlx::{ConnectOptions as _, postgres::PgSslMode};
use std::sync::Arc;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

/// All that a role can change about itself, and what the platform says of it.
const ROLES: &str = "
    SELECT concat_ws(' ', rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
        rolconnlimit, coalesce(rolvaliduntil, 'infinity')) FROM pg_authid WHERE rolname LIKE 'shop%'
    UNION ALL SELECT concat_ws(' ', setrole::regrole, setdatabase, setconfig) FROM pg_db_role_setting
    UNION ALL SELECT concat_ws(' ', roleid::regrole, member::regrole) FROM pg_auth_members
    ORDER BY 1";

fn wrong() -> SignInAnswer {
    SignInAnswer::Refused { code: "28P01".into() }
}

async fn sign_in(server: &dyn TenantServer, guest: &Guest, role: TenantRole, password: &str) -> SignInAnswer {
    let attempt = SignIn { password: Secret::new(password), ..guest.sign_in(role) };
    server.sign_in(&attempt).await.unwrap()
}

/// Gives the roles the passwords of another guest, as the steps do.
async fn reset(server: &dyn TenantServer, shop: &Guest, renewed: &Guest) {
    let mut session = server.lock(&shop.name).await.unwrap();
    session.reset_roles(&renewed.verifiers).await.unwrap();
    session.let_in(&limits()).await.unwrap();
}

#[tokio::test]
async fn nothing_is_left_of_what_a_role_did_to_itself() {
    for major in [15, 18] {
        let cluster = Cluster::start_version(major);
        let server = cluster.server();
        server.prepare().await.unwrap();
        let (shop, renewed) = (Guest::new("shop_aaaaaa"), Guest::new("shop_aaaaab"));
        shop.onboard(&server).await;
        Guest::new("blog_bbbbbb").onboard(&server).await;
        let mut admin = cluster.connect("postgres").await;
        let before = texts(&mut admin, ROLES).await;

        let mut intruders = Vec::new();
        for role in TenantRole::ALL {
            let mut intruder = shop.connect(&cluster, *role).await;
            for sql in [
                "SET default_transaction_read_only = off",
                "ALTER ROLE CURRENT_USER SET default_transaction_read_only = off",
                "ALTER ROLE CURRENT_USER SET work_mem = '1MB'",
                "ALTER ROLE CURRENT_USER IN DATABASE shop_aaaaaa SET search_path = mine, public",
                "ALTER ROLE CURRENT_USER IN DATABASE blog_bbbbbb SET work_mem = '1MB'",
                "ALTER ROLE CURRENT_USER PASSWORD 'mine'",
            ] {
                run_sql(&mut intruder, sql).await.unwrap();
            }
            assert!(matches!(sign_in(&server, &shop, *role, "mine").await, SignInAnswer::In { .. }));
            intruders.push(intruder);
        }
        // No role can do this by itself; an administrator may have.
        run_sql(&mut admin, "ALTER ROLE shop_aaaaaa_owner VALID UNTIL '2020-01-01'").await.unwrap();
        assert_ne!(texts(&mut admin, ROLES).await, before);

        reset(&server, &shop, &renewed).await;
        assert_eq!(texts(&mut admin, ROLES).await, before, "PostgreSQL {major}");
        for intruder in &mut intruders {
            run_sql(intruder, "SELECT 1").await.unwrap_err();
        }
        for role in TenantRole::ALL {
            for password in ["mine", shop.passwords.of(*role).expose()] {
                assert_eq!(sign_in(&server, &shop, *role, password).await, wrong(), "{role:?} {password}");
            }
            let renewed = renewed.passwords.of(*role).expose();
            assert!(matches!(sign_in(&server, &shop, *role, renewed).await, SignInAnswer::In { .. }));
        }

        // A tenant that is cut off stays so, and one without passwords lets nobody in.
        let mut session = server.lock(&shop.name).await.unwrap();
        session.reset_roles(&PerRole::make(|_| None)).await.unwrap();
        for role in TenantRole::ALL {
            let answer = sign_in(&server, &shop, *role, renewed.passwords.of(*role).expose()).await;
            assert_eq!(answer, wrong(), "{role:?}");
        }
        let able = "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'shop%' AND rolcanlogin";
        assert!(texts(&mut admin, able).await.is_empty());
    }
}

#[tokio::test]
async fn who_fights_for_the_old_password_loses() {
    for major in [15, 18] {
        let cluster = Cluster::start_version(major);
        let server = cluster.server();
        server.prepare().await.unwrap();
        let (shop, renewed) = (Guest::new("shop_aaaaaa"), Guest::new("shop_aaaaab"));
        shop.onboard(&server).await;
        // Each comes back at once by whatever password it knows, and holds its role's row with one of its own.
        let attack = |role: TenantRole, delay: &'static str| {
            let passwords = [shop.passwords.of(role).clone(), Secret::new("mine")];
            let options = passwords.map(|password| {
                cluster
                    .customer(&shop.name.role(role), &password, "shop_aaaaaa")
                    .options([("post_auth_delay", delay), ("default_transaction_read_only", "off")])
            });
            tokio::spawn(async move {
                loop {
                    for options in &options {
                        let Ok(mut session) = options.connect().await else { continue };
                        let sql =
                            "BEGIN; ALTER ROLE CURRENT_USER PASSWORD 'mine'; SELECT pg_sleep(0.1); COMMIT;
                                   BEGIN; ALTER ROLE CURRENT_USER PASSWORD 'mine'; SELECT pg_sleep(60)";
                        let _ended = run_sql(&mut session, sql).await;
                    }
                }
            })
        };
        let mut attackers: Vec<_> = TenantRole::ALL.iter().map(|role| attack(*role, "0")).collect();
        cluster
            .until("SELECT 'all' FROM pg_stat_activity WHERE wait_event = 'PgSleep' HAVING count(*) = 3")
            .await;
        attackers.extend((0..3).map(|_| attack(TenantRole::App, "1")));
        let delayed =
            "SELECT 'delayed' FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid) WHERE a.pid IS NULL
            AND l.locktype = 'object' AND l.classid = 'pg_database'::regclass HAVING count(*) > 0";
        if major == 15 {
            cluster.until(delayed).await;
        }

        reset(&server, &shop, &renewed).await;
        let mut admin = cluster.connect("postgres").await;
        let inside = "SELECT usename::text FROM pg_stat_activity WHERE usename LIKE 'shop%'";
        assert!(texts(&mut admin, inside).await.is_empty(), "on PostgreSQL {major}");
        for role in TenantRole::ALL {
            let answer = sign_in(&server, &shop, *role, renewed.passwords.of(*role).expose()).await;
            assert!(matches!(answer, SignInAnswer::In { .. }), "{answer:?}");
            for password in ["mine", shop.passwords.of(*role).expose()] {
                assert_eq!(sign_in(&server, &shop, *role, password).await, wrong());
            }
        }
        assert!(attackers.iter().all(|attacker| !attacker.is_finished()));
        for attacker in attackers {
            attacker.abort();
        }
    }
}

/// Passes a connection on, but keeps the client's last word of the exchange of SCRAM until it is told to go on. Tells
/// when it has it.
async fn stall(port: u16, listener: TcpListener, has_it: oneshot::Sender<()>, go_on: oneshot::Receiver<()>) {
    let (client, _) = listener.accept().await.unwrap();
    let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let back = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    // Who it is, the first word, the last word: each is one message, since the client waits for the answers.
    let mut message = [0; 8192];
    for _ in 0..2 {
        let length = from_client.read(&mut message).await.unwrap();
        to_server.write_all(&message[..length]).await.unwrap();
    }
    let length = from_client.read(&mut message).await.unwrap();
    has_it.send(()).unwrap();
    go_on.await.unwrap();
    // The server may have hung up.
    let _gone = to_server.write_all(&message[..length]).await;
    let _ended = tokio::io::copy(&mut from_client, &mut to_server).await;
    back.abort();
}

#[tokio::test]
async fn who_stopped_in_the_middle_of_signing_in_does_not_come_in_later() {
    for major in [15, 18] {
        let cluster = Cluster::start_version(major);
        let server = Arc::new(cluster.server());
        server.prepare().await.unwrap();
        let (shop, renewed) = (Guest::new("shop_aaaaaa"), Guest::new("shop_aaaaab"));
        shop.onboard(&*server).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let options = cluster
            .customer(&shop.name.role(TenantRole::App), shop.passwords.of(TenantRole::App), "shop_aaaaaa")
            .ssl_mode(PgSslMode::Disable)
            .port(listener.local_addr().unwrap().port());
        let ((has_it, waits), (release, go_on)) = (oneshot::channel(), oneshot::channel());
        let proxy = tokio::spawn(stall(cluster.port, listener, has_it, go_on));
        let coming = tokio::spawn(async move { options.connect().await });
        waits.await.unwrap();
        reset(&*server, &shop, &renewed).await;
        release.send(()).unwrap();
        assert!(coming.await.unwrap().is_err(), "the old password lets in on PostgreSQL {major}");
        proxy.abort();
    }
}
