//! An embedded cluster with tenants, and the comparison as the portal runs it.

use innkeeper::startup::{FIRST_SERVER, Reach};
use innkeeper_adapters::{
    certificates::Authority,
    embedded::{EmbeddedCluster, EmbeddedSettings},
    postgres_admin::ScramVerifier,
    system::{OsRandom, SystemClock},
};
use innkeeper_domain::{
    ids::{Ids, ServerId},
    name::TenantName,
    plan::Limits,
    ports::{Clock as _, TenantServer, Verifier as _},
    secret::Secret,
    tenant::PerRole,
};
use innkeeper_service::{
    context::servers::Servers,
    fleet::{
        hba_writer::RuleWriter,
        reconcile::{self, Looked, Reconciler},
        servers::{self, Registration},
    },
};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, PgPool, types::Json};
use std::{fs, net::TcpListener, path::PathBuf, sync::Arc};

/// A folder with a cluster, which are gone when the test ends, however it ends.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let pid = fs::read_to_string(self.0.join("data/postgres/cluster/postmaster.pid"));
        if let Some(pid) = pid.ok().and_then(|text| text.lines().next().map(str::to_owned)) {
            // Of a test that failed. Nothing depends on how this ends.
            let _ = std::process::Command::new("kill").args(["-QUIT", &pid]).status();
        }
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub struct House {
    cluster: EmbeddedCluster,
    worker: PgPool,
    /// The control database's owner, and the superuser.
    owner: PgConnection,
    admin: PgConnection,
    server: Arc<dyn TenantServer>,
    id: ServerId,
    reconciler: Reconciler,
    rules: Arc<RuleWriter>,
    top: Folder,
}

impl House {
    pub async fn open(name: &str) -> Self {
        let top = std::env::temp_dir().join(format!("innkeeper-reconcile-{name}-{}", std::process::id()));
        fs::create_dir(&top).unwrap();
        let top = Folder(top);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = EmbeddedSettings {
            data_dir: top.0.join("data"),
            port,
            listen: vec!["127.0.0.1".parse().unwrap()],
            host: "localhost".to_owned(),
            binaries: Some("/usr/lib/postgresql/15/bin".into()),
        };
        let now = SystemClock.now();
        let authority = Authority::load_or_create(&top.0.join("ca"), now).unwrap();
        let cluster = EmbeddedCluster::start(settings.clone(), &authority, now).await.unwrap();
        let reach =
            Reach::socket(cluster.address().clone(), &settings, authority.certificate_pem().to_owned());
        reach.migrate().await.unwrap();
        let (worker, owner) = (reach.worker(), reach.owner().await.unwrap());
        let admin = cluster.superuser_options("postgres").connect().await.unwrap();
        let server: Arc<dyn TenantServer> = Arc::new(reach.tenant_server().await.unwrap());
        server.prepare().await.unwrap();
        let ids = Ids::new(Arc::new(SystemClock), Arc::new(OsRandom));
        let new = Registration {
            name: FIRST_SERVER,
            region: "main",
            region_label: "Main",
            endpoint: &reach.endpoint,
            facts: &server.facts().await.unwrap(),
            max_tenants: None,
            ready_slots: Some(0),
        };
        let id = servers::register(&worker, &ids, &new).await.unwrap();
        let servers = Servers::default();
        servers.put(id, server.clone());
        let rules = Arc::new(RuleWriter::new(worker.clone(), servers.clone()));
        let reconciler = Reconciler { pool: worker.clone(), ids, servers, looked: Looked::default() };
        let mut house = Self { cluster, worker, owner, admin, server, id, reconciler, rules, top };
        house.change("INSERT INTO organisation (id, name) VALUES (gen_random_uuid(), 'Acme')").await;
        house.change("INSERT INTO account (id, email, email_key) VALUES (gen_random_uuid(), 'jane@acme.example', 'j')").await;
        house
    }

    /// The name of the tenant that somebody wished for.
    pub fn name(wish: &str) -> String {
        format!("{wish}_aaaaaa")
    }

    /// Makes a tenant: its rows, and what these say on the server.
    pub async fn tenant(&mut self, wish: &str, state: &str) {
        let name = Self::name(wish);
        let (server, rows) = (self.id.0, [
            "INSERT INTO tenant (id, organisation_id, name, wish, state, plan_name, plan_version, region, server_id,
                requested_by, extensions, anywhere)
             SELECT gen_random_uuid(), o.id, '{name}', '{wish}', '{state}', 'starter', 1, 'main', '{server}', a.id, '{}', false
             FROM organisation o, account a",
            "INSERT INTO allowlist_entry (tenant_id, organisation_id, range, created_by)
             SELECT id, organisation_id, '203.0.113.7/32', requested_by FROM tenant WHERE name = '{name}'",
            "INSERT INTO hba_rule (tenant_id, organisation_id, server_id)
             SELECT id, organisation_id, server_id FROM tenant WHERE name = '{name}'",
        ]);
        for row in rows {
            let row = row.replace("{name}", &name).replace("{wish}", wish).replace("{state}", state);
            self.change(&row.replace("{server}", &server.to_string())).await;
        }
        let sql = "SELECT limits FROM plan WHERE name = 'starter'";
        let Json(limits): Json<Limits> = sqlx::query_scalar(sql).fetch_one(&mut self.owner).await.unwrap();
        let password = Secret::new("PasswordOfTwentyFourLong".to_owned());
        let verifiers = PerRole::make(|_| Some(ScramVerifier.verifier(&password)));
        let mut session = self.server.lock(&TenantName::parse(&name).unwrap()).await.unwrap();
        session.create_roles(&verifiers).await.unwrap();
        session.create_database().await.unwrap();
        session.apply_template().await.unwrap();
        session.let_in(&limits).await.unwrap();
        if state == "suspended" {
            session.cut_off().await.unwrap();
        }
    }

    pub async fn write_rules(&self) {
        self.rules.apply(self.id).await.unwrap();
    }

    /// One round of the comparison; how much it mended.
    pub async fn round(&self) -> usize {
        self.reconciler.round(self.id, &*self.server).await.unwrap()
    }

    /// Two portals compare at once; what each mended.
    pub async fn two_rounds(&self) -> (usize, usize) {
        let round = || self.reconciler.round(self.id, &*self.server);
        let (one, other) = tokio::join!(round(), round());
        (one.unwrap(), other.unwrap())
    }

    /// What differs, in words.
    pub async fn drifts(&self) -> Vec<String> {
        let found = reconcile::drifts(&self.worker, self.id, &*self.server).await.unwrap();
        found.into_iter().map(|drift| format!("{}: {}", drift.name, drift.what)).collect()
    }

    /// The superuser changes something on the server.
    pub async fn outside(&mut self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.admin).await.unwrap();
    }

    /// The superuser changes something in a tenant's database.
    pub async fn inside(&mut self, wish: &str, sql: &str) {
        let mut inside = self.cluster.superuser_options(&Self::name(wish)).connect().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut inside).await.unwrap();
        inside.close().await.unwrap();
    }

    /// A text from a tenant's database.
    pub async fn text_inside(&mut self, wish: &str, sql: &str) -> String {
        let mut inside = self.cluster.superuser_options(&Self::name(wish)).connect().await.unwrap();
        let text = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut inside).await.unwrap();
        inside.close().await.unwrap();
        text
    }

    /// The portal is started anew: nothing is known of any database.
    pub fn forget(&mut self) {
        self.reconciler.looked = Looked::default();
    }

    /// Changes a row of the control database.
    pub async fn change(&mut self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.owner).await.unwrap();
    }

    /// A run of the tenant is under way.
    pub async fn start_run(&mut self, wish: &str) {
        let sql = "INSERT INTO run (id, organisation_id, tenant_id, kind, support_number, deadline_at)
            SELECT gen_random_uuid(), organisation_id, id, 'change_plan', 'OB-TEST', now() + interval '1 hour'
            FROM tenant WHERE wish = '{}'";
        self.change(&sql.replace("{}", wish)).await;
    }

    /// A suspension of the tenant is held at its only step.
    pub async fn hold_suspension(&mut self, wish: &str) {
        let sql = "WITH held AS (INSERT INTO run (id, organisation_id, tenant_id, kind, state, support_number, deadline_at)
                SELECT gen_random_uuid(), organisation_id, id, 'suspend', 'stuck', 'OB-HELD', now() FROM tenant WHERE wish = '{}'
                RETURNING id, organisation_id)
            INSERT INTO step (run_id, organisation_id, position, name, state)
            SELECT id, organisation_id, 0, 'cut_off', 'failed' FROM held";
        self.change(&sql.replace("{}", wish)).await;
    }

    pub async fn end_runs(&mut self) {
        self.change("UPDATE run SET state = 'done', finished_at = now()").await;
    }

    /// A text from the server.
    pub async fn text(&mut self, sql: &str) -> String {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut self.admin).await.unwrap()
    }

    /// A text from the control database.
    pub async fn control(&mut self, sql: &str) -> String {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut self.owner).await.unwrap()
    }

    pub fn rules_file(&self) -> PathBuf {
        self.top.0.join("data/postgres/cluster/pg_hba.conf")
    }

    /// The superuser changes the rules, and the server reads them.
    pub async fn change_rules(&mut self, text: &str) {
        // In place: the file stays its owner's.
        fs::write(self.rules_file(), text).unwrap();
        self.outside("SELECT pg_reload_conf()").await;
    }

    /// The addresses of the rules that name the tenant, in their order.
    pub async fn in_force(&mut self, tenant: &str) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT address FROM pg_hba_file_rules WHERE '+' || $1 = ANY(user_name) ORDER BY line_number",
        )
        .bind(tenant)
        .fetch_all(&mut self.admin)
        .await
        .unwrap()
    }

    pub async fn close(self) {
        self.worker.close().await;
        for connection in [self.owner, self.admin] {
            connection.close().await.unwrap();
        }
        drop((self.reconciler, self.rules, self.server));
        self.cluster.stop().await.unwrap();
    }
}
