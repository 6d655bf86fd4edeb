use super::{STATISTICS, Site, Target, of_the_platforms, said};
use crate::cluster::{Guest, code, run_sql, texts};
use innkeeper_domain::{plan::Extension, tenant::TenantRole};

/// Its rows, and whether each kind of object is there.
const FOUND: &str =
    "SELECT concat_ws(' ', (SELECT max(name || mood) FROM things), (SELECT count(*) FROM extra.more),
    (SELECT count(*) FROM nexts), (SELECT count(*) FROM pg_largeobject_metadata))";

/// Everybody's rights to what comes with PostgreSQL.
const CATALOG: &str = "
    SELECT concat_ws(' ', 'function', oid::regprocedure, proacl) FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'relation', oid::regclass, relacl) FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'schema', nspname, nspowner::regrole, nspacl) FROM pg_namespace
        WHERE nspname IN ('public', 'pg_catalog', 'information_schema')
    UNION ALL SELECT concat_ws(' ', 'type', oid::regtype, typacl) FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'language', lanname, lanacl) FROM pg_language ORDER BY 1";

async fn loads_anywhere(major: u32) {
    let extensions = [&Extension::DEFAULT[..], &[Extension::PgTrgm]].concat();
    let site = Site::with(major, &extensions).await;
    let mut others = ('a'..='z').map(|letter| Guest::new(&format!("blog_{}", letter.to_string().repeat(6))));
    let wanted = ["A rowhappy 1 1 1"];
    for way in ["text", "schema", "archive", "archive, cleaned first"] {
        let file = match way {
            "text" => site.dump(&["-O", "-x"]),
            "schema" => site.dump(&["-s", "-O", "-x"]),
            _ => site.dump(&["-Fc"]),
        };
        let blog = others.next().unwrap();
        // One that has the extensions, one that has none.
        site.onboard(&blog, if way == "schema" { &[] } else { &extensions }).await;
        for target in [site.tenant(&blog), site.own("me").await] {
            let said = match way {
                "text" | "schema" => said(target.psql().args(["-v", "ON_ERROR_STOP=1", "-f"]).arg(&file)),
                "archive" => said(target.restore().arg(&file)),
                _ => said(target.restore().args(["-c", "--if-exists"]).arg(&file)),
            };
            assert_eq!(said, "", "{way} into {} of {major}", target.database);
            if way != "schema" {
                assert_eq!(texts(&mut target.connect().await, FOUND).await, wanted, "{way}");
            }
        }
    }
}

#[tokio::test]
async fn a_dump_loads_anywhere_on_15() {
    loads_anywhere(15).await;
}

#[tokio::test]
async fn a_dump_loads_anywhere_on_18() {
    loads_anywhere(18).await;
}

async fn changes_no_server(major: u32) {
    let site = Site::with(major, &[&Extension::DEFAULT[..], &[Extension::PgTrgm]].concat()).await;
    let own = site.own("postgres").await;
    let mut admin = site.bare.connect("loc").await;
    let before = texts(&mut admin, CATALOG).await;
    assert!(before.len() > 3000);
    // With owners and rights it names roles that are not there, and says so for each; psql goes on.
    let text = site.text_of(&site.shop, &[]);
    let said = said(own.psql().arg("-f").arg(site.dump(&[])));
    let unknown =
        |line: &str| line.contains("ERROR:  role \"shop_aaaaaa_") && line.ends_with("does not exist");
    assert!(said.lines().all(unknown), "{said}");
    assert_eq!(texts(&mut admin, CATALOG).await, before);
    assert_eq!(of_the_platforms(&text), [""; 0]);
    // Whoever else is there works on as ever.
    let mut colleague = Target { user: "colleague".into(), ..own }.connect().await;
    for sql in ["SELECT pg_try_advisory_lock(1)", "SELECT lo_create(0)", "SELECT 'happy'::public.mood"] {
        run_sql(&mut colleague, sql).await.expect(sql);
    }
}

#[tokio::test]
async fn a_dump_changes_no_server_of_15() {
    changes_no_server(15).await;
}

#[tokio::test]
async fn a_dump_changes_no_server_of_18() {
    changes_no_server(18).await;
}

/// With statement statistics, which only a superuser can make.
async fn statistics_are_a_name(major: u32) {
    let extensions = [&Extension::DEFAULT[..], &[Extension::PgTrgm, Extension::PgStatStatements]].concat();
    let site = Site::with(major, &extensions).await;
    let text = site.text_of(&site.shop, &[]);
    let lines = text.lines().filter(|line| line.contains("pg_stat_statements") && !line.starts_with("--"));
    let lines: Vec<_> = lines.collect();
    assert_eq!(lines, [STATISTICS]);
    assert_eq!(of_the_platforms(&text), [""; 0]);

    let blog = Guest::new("blog_bbbbbb");
    site.onboard(&blog, &extensions).await;
    let archive = site.dump(&["-Fc"]);
    assert_eq!(said(site.tenant(&blog).restore().arg(&archive)), "");
    // On a server of his own it is a superuser's to create, wherever he wants it.
    let own = site.own("me").await;
    let refused = said(own.restore().arg(&archive));
    assert!(refused.contains("CREATE EXTENSION IF NOT EXISTS pg_stat_statements"), "{refused}");
    run_sql(&mut site.bare.connect("loc").await, "CREATE EXTENSION pg_stat_statements").await.unwrap();
    assert_eq!(said(own.restore().arg(&archive)), "");
    for guest in [&site.shop, &blog] {
        let mut owner = guest.connect(&site.cluster, TenantRole::Owner).await;
        run_sql(&mut owner, "SELECT * FROM innkeeper.statements()").await.unwrap();
        for sql in
            ["SELECT * FROM innkeeper.pg_stat_statements", "SELECT * FROM innkeeper.pg_stat_statements(true)"]
        {
            assert_eq!(code(run_sql(&mut owner, sql).await), "42501", "{sql}");
        }
        // What is everyday in the schema public of others is here, too.
        run_sql(&mut owner, "GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC").await.unwrap();
        run_sql(&mut owner, "GRANT ALL ON ALL FUNCTIONS IN SCHEMA public TO PUBLIC").await.unwrap();
        run_sql(&mut owner, "DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.unwrap();
        run_sql(&mut owner, "SELECT * FROM innkeeper.statements()").await.unwrap();
    }
}

#[tokio::test]
async fn statistics_are_only_a_name_in_a_dump_of_15() {
    statistics_are_a_name(15).await;
}

#[tokio::test]
async fn statistics_are_only_a_name_in_a_dump_of_18() {
    statistics_are_a_name(18).await;
}
