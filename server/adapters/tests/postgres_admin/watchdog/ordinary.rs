//! What ordinary schemas need of the lock table.

use super::Watched;
use crate::cluster::{run_sql, texts};
use innkeeper_domain::tenant::TenantRole;
use std::process::Command;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_and_many_tables_are_not_ended() {
    let watched = Watched::start(15).await;
    let (cluster, shop) = (watched.cluster.clone(), watched.shop.clone());
    let mut owner = shop.connect(&cluster, TenantRole::Owner).await;
    let partitions = "CREATE TABLE events (id int, kind text) PARTITION BY LIST (id);
        CREATE INDEX ON events (id); CREATE INDEX ON events (kind);
        DO $$ BEGIN FOR i IN 1..750 LOOP
            EXECUTE format('CREATE TABLE events_%s PARTITION OF events FOR VALUES IN (%s)', i, i);
        END LOOP; END $$;";
    run_sql(&mut owner, partitions).await.unwrap();

    // Four sessions that each hold the locks of 750 partitions and 1,500 indexes, 20 times.
    let mut readers = JoinSet::new();
    for _ in 0..4 {
        let (cluster, shop) = (cluster.clone(), shop.clone());
        readers.spawn(async move {
            let mut app = shop.connect(&cluster, TenantRole::App).await;
            for _ in 0..20 {
                let read = "BEGIN; SELECT count(*) FROM events WHERE kind = 'k' AND id % 7 = 3; COMMIT";
                run_sql(&mut app, read).await.unwrap();
            }
            // Longer than a tenant may be over its budget.
            let hold = "BEGIN; SELECT count(*) FROM events WHERE kind = 'k' AND id % 7 = 3; SELECT pg_sleep(3); COMMIT";
            run_sql(&mut app, hold).await.unwrap();
        });
    }
    while let Some(read) = readers.join_next().await {
        read.unwrap();
    }

    let tables = |what: &str| {
        format!(
            "DO $$ BEGIN FOR i IN 1..700 LOOP EXECUTE format('{what}', i); END LOOP; PERFORM pg_sleep(3); END $$"
        )
    };
    run_sql(&mut owner, &tables("CREATE TABLE s_%s (id serial PRIMARY KEY, name text)")).await.unwrap();
    let dump = Command::new(cluster.clients().join("pg_dump"))
        .args(["--schema-only", "--host=127.0.0.1", "--dbname=shop_aaaaaa"])
        .arg(format!("--port={}", cluster.port))
        .arg(format!("--username={}", shop.name.role(TenantRole::Owner)))
        .env("PGPASSWORD", shop.passwords.owner.expose())
        .output()
        .unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    run_sql(&mut owner, &tables("DROP TABLE s_%s")).await.unwrap();
    let left = texts(&mut owner, "SELECT count(*)::text FROM pg_tables WHERE tablename ~ '^s_'").await;
    assert_eq!(left, ["0"]);
    assert!(watched.told().is_empty(), "{:?}", watched.told());
    watched.stop();
}
