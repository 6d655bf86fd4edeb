//! What a PostgreSQL server is, seen from outside: everything that one tenant could change to another's harm.

use crate::{
    Portal,
    tenant::{texts, value},
};
use sqlx::{Connection as _, PgConnection};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Facts, one a line; two states are compared line by line.
pub type Facts = BTreeSet<String>;

/// What all databases share: roles with their verifiers, databases, memberships, settings, rules of access and the
/// files they come from. Columns that change by themselves are left out.
const SHARED: &[(&str, &str)] = &[
    ("role", "select to_jsonb(a) from pg_authid a"),
    ("database", "select to_jsonb(d) - '{datfrozenxid,datminmxid}'::text[] from pg_database d"),
    (
        "member",
        "select concat_ws(' ', roleid::regrole, member::regrole, to_jsonb(m) - '{oid,roleid,member}'::text[]) from pg_auth_members m",
    ),
    (
        "setting",
        "select concat_ws(' ', coalesce((select datname from pg_database d where d.oid = s.setdatabase), 'all'),
           case when setrole = 0 then 'all' else setrole::regrole::text end, one)
         from pg_db_role_setting s, unnest(setconfig) as one",
    ),
    ("tablespace", "select to_jsonb(t) from pg_tablespace t"),
    ("comment", "select to_jsonb(c) from pg_shdescription c"),
    ("label", "select to_jsonb(l) from pg_shseclabel l"),
    ("parameter", "select to_jsonb(p) from pg_parameter_acl p"),
    ("origin", "select to_jsonb(o) from pg_replication_origin o"),
    ("subscription", "select to_jsonb(s) from pg_subscription s"),
    ("slot", "select slot_name from pg_replication_slots"),
    ("prepared", "select gid from pg_prepared_xacts"),
    ("rule", "select to_jsonb(r) from pg_hba_file_rules r"),
    ("file setting", "select to_jsonb(f) from pg_file_settings f"),
    (
        "server setting",
        "select concat_ws('=', name, reset_val) from pg_settings where name <> 'application_name'",
    ),
];

/// What one database holds.
const INSIDE: &[(&str, &str)] = &[
    ("schema", "select concat_ws(' ', nspname, nspowner::regrole, (select array_agg(x::text order by x::text) from unnest(nspacl) x)) from pg_namespace where nspname !~ '^pg_(toast_)?temp_'"),
    (
        "relation",
        "select concat_ws(' ', c.oid::regclass, relowner::regrole, relkind, (select array_agg(x::text order by x::text) from unnest(relacl) x), reltablespace, relrowsecurity)
         from pg_class c where relpersistence <> 't' and relkind <> 't' and relname !~ '^pg_toast'",
    ),
    ("function", "select concat_ws(' ', p.oid::regprocedure, proowner::regrole, (select array_agg(x::text order by x::text) from unnest(proacl) x), prosecdef) from pg_proc p"),
    ("type", "select concat_ws(' ', t.oid::regtype, typowner::regrole, (select array_agg(x::text order by x::text) from unnest(typacl) x)) from pg_type t where typnamespace::regnamespace::text !~ '^pg_(toast_)?temp_'"),
    ("extension", "select concat_ws(' ', extname, extowner::regrole, extnamespace::regnamespace, extversion) from pg_extension"),
    ("default right", "select concat_ws(' ', defaclrole::regrole, defaclnamespace, defaclobjtype, (select array_agg(x::text order by x::text) from unnest(defaclacl) x)) from pg_default_acl"),
    ("publication", "select to_jsonb(p) - '{oid}'::text[] from pg_publication p"),
    ("event trigger", "select evtname from pg_event_trigger"),
    ("policy", "select concat_ws(' ', polname, polrelid::regclass) from pg_policy"),
    ("language", "select concat_ws(' ', lanname, lanowner::regrole, (select array_agg(x::text order by x::text) from unnest(lanacl) x)) from pg_language"),
    ("wrapper", "select fdwname from pg_foreign_data_wrapper"),
    ("foreign server", "select srvname from pg_foreign_server"),
    ("user mapping", "select to_jsonb(m) from pg_user_mapping m"),
    ("cast", "select concat_ws(' ', castsource::regtype, casttarget::regtype, castcontext, castmethod) from pg_cast"),
    ("collation", "select concat_ws(' ', c.oid::regcollation, collowner::regrole) from pg_collation c"),
    ("conversion", "select concat_ws(' ', conname, connamespace::regnamespace, conowner::regrole) from pg_conversion"),
    ("operator class", "select concat_ws(' ', opcname, opcmethod, opcowner::regrole) from pg_opclass"),
    ("access method", "select amname from pg_am"),
    ("transform", "select to_jsonb(t) from pg_transform t"),
    ("text search template", "select tmplname from pg_ts_template"),
    ("large object", "select concat_ws(' ', oid, lomowner::regrole, (select array_agg(x::text order by x::text) from unnest(lomacl) x)) from pg_largeobject_metadata"),
    ("comment", "select concat_ws(' ', classoid::regclass, objsubid, description) from pg_description where objoid >= 16384"),
];

fn union(queries: &[(&str, &str)]) -> String {
    let parts = queries
        .iter()
        .map(|(kind, sql)| format!("select '{kind} ' || coalesce(one::text, '') from ({sql}) as q(one)"));
    parts.collect::<Vec<_>>().join("\nunion all\n")
}

async fn facts(connection: &mut PgConnection, queries: &[(&str, &str)]) -> Facts {
    let found: Facts = texts(connection, &union(queries)).await.into_iter().collect();
    assert!(found.len() > 20, "too few facts");
    found
}

/// Some facts with a short print of them, by which the server itself says that nothing has changed.
pub struct Watched {
    queries: &'static [(&'static str, &'static str)],
    facts: Facts,
    print: String,
}

impl Watched {
    /// What all databases share, as it is now.
    pub async fn shared(connection: &mut PgConnection) -> Self {
        Self::begin(connection, SHARED).await
    }

    /// What the connection's own database holds, as it is now.
    pub async fn inside(connection: &mut PgConnection) -> Self {
        Self::begin(connection, INSIDE).await
    }

    async fn begin(connection: &mut PgConnection, queries: &'static [(&'static str, &'static str)]) -> Self {
        Self { queries, facts: facts(connection, queries).await, print: print(connection, queries).await }
    }

    /// What has changed since, as [`difference`] says it.
    pub async fn changes(&self, connection: &mut PgConnection) -> Vec<String> {
        if print(connection, self.queries).await == self.print {
            return Vec::new();
        }
        let changes = difference(&self.facts, &facts(connection, self.queries).await);
        assert!(!changes.is_empty(), "the print changed and no fact");
        changes
    }
}

async fn print(connection: &mut PgConnection, queries: &[(&str, &str)]) -> String {
    let sql = union(queries);
    value(connection, &format!("select md5(string_agg(fact, '|' order by fact)) from ({sql}) as f(fact)"))
        .await
}

/// The facts all databases share; ask in any database.
pub async fn shared(connection: &mut PgConnection) -> Facts {
    facts(connection, SHARED).await
}

/// The facts of the connection's own database.
pub async fn inside(connection: &mut PgConnection) -> Facts {
    facts(connection, INSIDE).await
}

/// The facts of other databases, each line beginning with its name.
pub async fn inside_of(portal: &Portal, databases: &[&str]) -> Facts {
    let mut all = Facts::new();
    for name in databases {
        let mut connection = portal.sql(name).await;
        all.extend(inside(&mut connection).await.into_iter().map(|fact| format!("{name}: {fact}")));
        connection.close().await.unwrap();
    }
    all
}

/// The files of a cluster that no tenant may touch: names of all outside of the databases' own folders, and the whole
/// text of those that say who may do what.
pub fn files(cluster: &Path) -> Facts {
    /// These come and go in a server that only runs.
    const RESTLESS: [&str; 9] = [
        "base",
        "pg_wal",
        "pg_xact",
        "pg_subtrans",
        "pg_stat",
        "pg_stat_tmp",
        "pg_notify",
        "pg_multixact",
        "pg_logical",
    ];
    const TEXTS: [&str; 4] = ["pg_hba.conf", "pg_ident.conf", "postgresql.conf", "postgresql.auto.conf"];
    let mut facts = Facts::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(cluster.join(&folder)).unwrap().flatten() {
            let path = folder.join(entry.file_name());
            let name = path.to_string_lossy().into_owned();
            let is_folder = entry.file_type().unwrap().is_dir();
            facts.insert(format!("file {name}"));
            if is_folder && !RESTLESS.contains(&name.as_str()) && name != "global" {
                folders.push(path);
            } else if TEXTS.contains(&name.as_str()) {
                facts.insert(format!("text of {name}: {}", fs::read_to_string(entry.path()).unwrap()));
            }
        }
    }
    facts
}

/// What came, with a `+`, and what went, with a `-`.
pub fn difference(before: &Facts, after: &Facts) -> Vec<String> {
    let gone = before.difference(after).map(|fact| format!("-{fact}"));
    gone.chain(after.difference(before).map(|fact| format!("+{fact}"))).collect()
}
