use super::{ID, OTHER, Site, folder, format, key};
use crate::cluster::{run_sql, texts};
use innkeeper_adapters::{backups::FolderBackups, system::OsRandom};
use innkeeper_domain::ports::Backups as _;
use std::{
    fs,
    io::Write as _,
    os::unix::fs::MetadataExt as _,
    process::{Command, Stdio},
    sync::Arc,
};

/// Whatever calls the trap is told of by an error: a dump is read-only.
const MADE: &str = r#"
    CREATE TABLE caught (who text);
    CREATE FUNCTION public.trap() RETURNS int LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO public.caught VALUES (current_user); RETURN 1; END $$;
    CREATE FUNCTION public.format_type(oid, int) RETURNS text LANGUAGE sql AS 'SELECT public.trap()::text';
    CREATE FUNCTION public.same(name, name) RETURNS bool LANGUAGE sql AS 'SELECT public.trap() = 1';
    CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = name, FUNCTION = public.same);
    CREATE VIEW bait AS SELECT public.trap();
    CREATE MATERIALIZED VIEW stale AS SELECT public.trap() WITH NO DATA;
    CREATE DOMAIN checked AS int CHECK (VALUE IS NULL OR VALUE < 10 OR public.trap() = 1);
    CREATE TABLE guarded (n int DEFAULT public.trap(), d checked);
    INSERT INTO guarded VALUES (1, 2);
    ALTER TABLE guarded ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY trapped ON guarded USING (public.trap() = 0);

    CREATE TABLE rows (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, word text, tag citext, half int GENERATED ALWAYS AS (length(word) / 2) STORED);
    INSERT INTO rows (word, tag) SELECT md5(n::text) || chr(200 + n % 1000), 'Tag' || n FROM generate_series(1, 50000) n;
    CREATE INDEX ON rows (lower(word));
    CREATE SCHEMA "odd ""schema""; DROP";
    CREATE TABLE "odd ""schema""; DROP"."a
\! echo 'b' ; -- $$ %s ä" ("co""l
umn" jsonb, b bytea, a int[]);
    INSERT INTO "odd ""schema""; DROP"."a
\! echo 'b' ; -- $$ %s ä" VALUES ('{"k": "\\."}', '\x00ff', '{1,NULL,3}'), (NULL, NULL, NULL);
    SELECT lo_from_bytea(0, decode(repeat('00ff10', 100000), 'hex')), lo_from_bytea(0, 'small');
"#;

/// What a restored database must have the same, each as a text.
const SAME: [&str; 7] = [
    "SELECT md5(string_agg(r::text, '|' ORDER BY id)) || count(*) FROM public.rows r",
    r#"SELECT t::text FROM "odd ""schema""; DROP"."a
\! echo 'b' ; -- $$ %s ä" t ORDER BY 1"#,
    "SELECT md5(string_agg(h, '|' ORDER BY h)) FROM (SELECT md5(lo_get(oid)) AS h FROM pg_largeobject_metadata) o",
    "SELECT last_value::text FROM public.rows_id_seq",
    "SELECT concat_ws(' ', oid::regclass, relkind, relrowsecurity, pg_get_userbyid(relowner), relacl) FROM pg_class
     WHERE relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema') ORDER BY 1",
    "SELECT concat_ws(' ', extname, extversion) FROM pg_extension ORDER BY 1",
    "SELECT concat_ws(' ', nspname, pg_get_userbyid(nspowner), nspacl) FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1",
];

async fn comes_back_whole(major: u32) {
    let site = Site::with(major, MADE).await;
    let Site { cluster, server, shop, backups } = &site;
    let mut admin = cluster.connect("postgres").await;
    let closed = "SELECT datname::text FROM pg_database WHERE datconnlimit = 0 AND NOT datistemplate";
    assert_eq!(texts(&mut admin, closed).await, [shop.name.as_str()]);
    let facts = backups.take(server, &shop.name, ID, &key()).await.unwrap();
    assert_eq!(site.files(), [format!("{ID}.backup")]);
    let there = fs::metadata(site.file(ID)).unwrap();
    assert_eq!((there.len(), there.mode() & 0o777), (facts.bytes, 0o600));
    assert_eq!(fs::metadata(folder(cluster)).unwrap().mode() & 0o777, 0o700);
    let entries = backups.read_back(ID, &shop.name, &key(), &facts).await.unwrap();
    assert!(entries > 20, "{entries}");

    let dump =
        format::open(&fs::read(site.file(ID)).unwrap(), key().expose(), &ID.to_string(), shop.name.as_str());
    run_sql(&mut admin, "CREATE DATABASE copy TEMPLATE template0").await.unwrap();
    let mut restore = Command::new(cluster.clients().join("pg_restore"))
        .args(["--exit-on-error", "--username=postgres", "--dbname=copy", "--port"])
        .arg(cluster.port.to_string())
        .arg("--host")
        .arg(&cluster.folder)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    restore.stdin.take().unwrap().write_all(&dump).unwrap();
    assert!(restore.wait().unwrap().success());
    let (mut own, mut copy) = (cluster.connect(shop.name.as_str()).await, cluster.connect("copy").await);
    for same in SAME {
        let wanted = texts(&mut own, same).await;
        assert!(!wanted.is_empty(), "{same}");
        assert_eq!(texts(&mut copy, same).await, wanted, "{same}");
    }
}

#[tokio::test]
async fn a_database_of_version_15_comes_back_whole() {
    comes_back_whole(15).await;
}

#[tokio::test]
async fn a_database_of_version_18_comes_back_whole() {
    comes_back_whole(18).await;
}

#[tokio::test]
async fn an_id_has_one_backup_until_it_is_removed() {
    let site = Site::with(15, "CREATE TABLE t AS SELECT 1 AS n").await;
    let Site { cluster, server, shop, backups } = &site;
    let mut first = backups.take(server, &shop.name, ID, &key()).await.unwrap();
    backups.take(server, &shop.name, OTHER, &key()).await.unwrap();
    let again = backups.take(server, &shop.name, ID, &key()).await.unwrap();
    assert_ne!(first.sha256, again.sha256);
    assert_eq!(backups.list().await.unwrap(), [ID, OTHER]);
    backups.read_back(ID, &shop.name, &key(), &again).await.unwrap();
    // What stood there before is another backup, although it was of the same id, tenant and key.
    first.bytes = again.bytes;
    let error = backups.read_back(ID, &shop.name, &key(), &first).await.unwrap_err().to_string();
    assert!(error.contains("SHA-256"), "{error}");

    // What a killed portal left goes at the next start, and at the next try.
    let left = folder(cluster).join("0123456789abcdef.unfinished");
    fs::write(&left, "half").unwrap();
    let backups = FolderBackups::new(&folder(cluster), None, Arc::new(OsRandom)).unwrap();
    assert!(!left.exists());
    fs::write(&left, "half").unwrap();
    backups.take(server, &shop.name, OTHER, &key()).await.unwrap();
    assert!(!left.exists());

    for _ in 0..2 {
        backups.remove(ID).await.unwrap();
        assert_eq!(backups.list().await.unwrap(), [OTHER]);
    }
}
