//! What databases take, and keeping one from writing.

use crate::cluster::{Cluster, Guest, code, run_sql, texts};
use innkeeper_domain::{ports::TenantServer, tenant::TenantRole};

const SETTINGS: &str = "SELECT setrole::regrole::text || ' ' || setconfig::text FROM pg_db_role_setting WHERE setrole <> 0 ORDER BY 1";

#[tokio::test]
async fn a_database_is_read_only_and_writes_again() {
    for major in [15, 18] {
        let cluster = Cluster::start_version(major);
        let server = cluster.server();
        server.prepare().await.unwrap();
        let (shop, blog) = (Guest::new("shop_aaaaaa"), Guest::new("blog_bbbbbb"));
        shop.onboard(&server).await;
        blog.onboard(&server).await;
        let mut admin = cluster.connect("postgres").await;
        let before = texts(&mut admin, SETTINGS).await;
        let mut owner = shop.connect(&cluster, TenantRole::Owner).await;
        run_sql(&mut owner, "CREATE TABLE t (id int)").await.unwrap();
        let first = server.storage().await.unwrap()[&shop.name];
        assert!(first.bytes > 1 << 20 && !first.read_only, "{first:?}");
        run_sql(&mut owner, "INSERT INTO t SELECT generate_series(1, 100000)").await.unwrap();
        assert!(server.storage().await.unwrap()[&shop.name].bytes > first.bytes);

        let mut neighbour = blog.connect(&cluster, TenantRole::App).await;
        let mut session = server.lock(&shop.name).await.unwrap();
        for _ in 0..2 {
            session.set_read_only(true).await.unwrap();
        }
        assert!(run_sql(&mut owner, "SELECT 1").await.is_err(), "its session was ended");
        for role in [TenantRole::Owner, TenantRole::App] {
            let mut again = shop.connect(&cluster, role).await;
            assert_eq!(code(run_sql(&mut again, "INSERT INTO t VALUES (1)").await), "25006", "{role:?}");
            run_sql(&mut again, "SELECT count(*) FROM t").await.unwrap();
        }
        let storage = server.storage().await.unwrap();
        assert!(storage[&shop.name].read_only && !storage[&blog.name].read_only);
        run_sql(&mut neighbour, "CREATE TEMP TABLE own (id int)").await.unwrap();

        // A client that keeps its connection has to notice; one that is just deleting may go on.
        let mut kept = shop.connect(&cluster, TenantRole::App).await;
        let mut deleting = shop.connect(&cluster, TenantRole::Owner).await;
        run_sql(&mut deleting, "BEGIN READ WRITE; DELETE FROM t").await.unwrap();
        for _ in 0..2 {
            session.set_read_only(false).await.unwrap();
        }
        run_sql(&mut deleting, "COMMIT").await.unwrap();
        assert!(run_sql(&mut kept, "SELECT 1").await.is_err());
        let mut app = shop.connect(&cluster, TenantRole::App).await;
        run_sql(&mut app, "INSERT INTO t VALUES (1)").await.unwrap();
        assert_eq!(texts(&mut admin, SETTINGS).await, before, "nothing is left of it");
    }
}
