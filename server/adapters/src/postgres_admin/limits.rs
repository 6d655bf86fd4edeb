use super::{connection::within, database::INVALID, failure::Failure, quote, session::Held};
use innkeeper_domain::{plan::Limits, tenant::TenantRole};

/// What the server holds of a tenant's limits.
#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
struct Found {
    datconnlimit: i32,
    settings: Vec<String>,
    owner: Option<i32>,
    app: Option<i32>,
    readonly: Option<i32>,
}

impl Held {
    /// Sets the plan's limits, and no other setting of the database, in one transaction; then reads them back.
    pub(super) async fn apply_limits(&mut self, limits: &Limits) -> Result<(), Failure> {
        let doing = "setting the limits";
        let db = quote::identifier(&self.names.db);
        let first = format!(
            "ALTER DATABASE {db} RESET ALL;\nALTER DATABASE {db} CONNECTION LIMIT {};\n",
            limits.connections
        );
        let settings = limits.settings().into_iter().map(|(name, value)| {
            let (name, value) = (quote::identifier(name), quote::literal(&value));
            format!("ALTER DATABASE {db} SET {name} = {value};\n")
        });
        let roles = limits.role_connections.iter().map(|(role, limit)| {
            format!("ALTER ROLE {} CONNECTION LIMIT {limit};\n", self.names.quoted(role))
        });
        let sql = [first].into_iter().chain(settings).chain(roles).collect();
        self.insist(doing, sql).await?;
        let found = self.read_limits(doing).await?;
        let wanted = wanted(limits);
        match found {
            Some(found) if found == wanted => Ok(()),
            found => Err(Failure::refused(doing, format!("the server holds {found:?}, not {wanted:?}"))),
        }
    }

    async fn read_limits(&mut self, doing: &'static str) -> Result<Option<Found>, Failure> {
        let query = sqlx::query_as(
            "SELECT datconnlimit,
                    ARRAY(SELECT unnest(s.setconfig) COLLATE \"C\" FROM pg_db_role_setting s
                          WHERE s.setdatabase = d.oid AND s.setrole = 0 ORDER BY 1) AS settings,
                    (SELECT rolconnlimit FROM pg_roles WHERE rolname = $2) AS owner,
                    (SELECT rolconnlimit FROM pg_roles WHERE rolname = $3) AS app,
                    (SELECT rolconnlimit FROM pg_roles WHERE rolname = $4) AS readonly
             FROM pg_database d WHERE datname = $1",
        );
        let roles = &self.names.roles;
        let query = query.bind(&self.names.db).bind(&roles.owner).bind(&roles.app).bind(&roles.readonly);
        within(doing, query.fetch_optional(self.admin.raw())).await
    }

    /// No connections and no settings. The database goes first and alone: no session of a tenant can hold that up.
    pub(super) async fn reset_limits(&mut self) -> Result<(), Failure> {
        let doing = "taking the limits back";
        // One whose removal was interrupted lets nobody in, and can only be dropped.
        let query = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datconnlimit <> $2)",
        );
        let query = query.bind(&self.names.db).bind(INVALID).fetch_one(self.admin.raw());
        if within(doing, query).await? {
            let sql = "ALTER DATABASE {db} CONNECTION LIMIT 0; ALTER DATABASE {db} RESET ALL;";
            self.admin.run(doing, self.names.fill(sql)).await?;
        }
        self.end_sessions(doing).await?;
        let sql = self.for_present(doing, "CONNECTION LIMIT 0").await?;
        if sql.is_empty() { Ok(()) } else { self.force(doing, sql).await }
    }
}

fn wanted(limits: &Limits) -> Found {
    let mut settings: Vec<_> =
        limits.settings().iter().map(|(name, value)| format!("{name}={value}")).collect();
    settings.sort();
    let of = |role| Some(*limits.role_connections.of(role));
    Found {
        datconnlimit: limits.connections,
        settings,
        owner: of(TenantRole::Owner),
        app: of(TenantRole::App),
        readonly: of(TenantRole::ReadOnly),
    }
}
