use super::{
    catalog,
    connection::within,
    failure::Failure,
    layout::{INSIDE_SQL, STATISTICS_SQL},
    prepare, quote,
    session::Held,
};
use innkeeper_domain::{plan::Extension, tenant::TenantRole};

impl Held {
    /// Schema, default privileges and rights to functions. All of it may be repeated.
    pub(super) async fn apply_template(&mut self) -> Result<(), Failure> {
        let major = prepare::major(self.inside().await?).await?;
        let sql = self.names.fill(&(INSIDE_SQL.to_owned() + &catalog::rights_sql(major)));
        self.inside().await?.run("setting rights in the database", sql).await
    }

    /// Brings the platform's extensions to the wanted set. Those that an owner made for himself are left alone.
    ///
    /// Those that an owner may create are created as the owner, as by himself: a dump of another database, which creates
    /// and comments on them, loads without an error then.
    pub(super) async fn install_extensions(&mut self, wanted: &[Extension]) -> Result<(), Failure> {
        let doing = "installing extensions";
        let there = self.installed(doing).await?;
        let (mut sql, mut as_owner) = (Vec::new(), Vec::new());
        for extension in Extension::ALL {
            let (name, schema) = (quote::identifier(extension.name()), extension.schema());
            let is_there = there.iter().any(|(found, _)| found == extension.name());
            match (is_there, wanted.contains(&extension)) {
                (true, false) => {
                    sql.push(format!("DROP EXTENSION {name};\n"));
                    if !extension.is_trusted() {
                        sql.push(self.drop_schema(doing).await?.to_owned());
                    }
                }
                (false, true) if !extension.is_trusted() => {
                    sql.push(format!("CREATE SCHEMA {schema};\nCREATE EXTENSION {name} SCHEMA {schema};\n"));
                    sql.push(self.names.fill(STATISTICS_SQL));
                }
                (false, true) => as_owner.push(format!("CREATE EXTENSION {name} SCHEMA {schema};\n")),
                _ => {}
            }
        }
        if !as_owner.is_empty() {
            // For the rest of this transaction. The search path stays pg_catalog.
            sql.push(format!("SET LOCAL ROLE {};\n", self.names.quoted(TenantRole::Owner)));
            sql.extend(as_owner);
        }
        if !sql.is_empty() {
            self.inside().await?.run(doing, sql.concat()).await?;
        }
        self.check_extensions(doing, wanted).await
    }

    async fn check_extensions(&mut self, doing: &'static str, wanted: &[Extension]) -> Result<(), Failure> {
        let found = self.installed(doing).await?;
        for extension in Extension::ALL {
            let schema = found.iter().find(|(name, _)| name == extension.name()).map(|(_, schema)| &**schema);
            let should = wanted.contains(&extension).then(|| extension.schema());
            if schema != should {
                let place =
                    |schema: Option<&str>| schema.map_or("absent".into(), |name| format!("in schema {name}"));
                let said = format!("{extension} is {}, should be {}", place(schema), place(should));
                return Err(Failure::refused(doing, said));
            }
        }
        Ok(())
    }

    /// Removes the schema of the statement statistics. Earlier versions left it outside of any extension.
    async fn drop_schema(&mut self, doing: &'static str) -> Result<&'static str, Failure> {
        Ok(if self.is_schema_a_member(doing).await? {
            "ALTER EXTENSION plpgsql DROP SCHEMA innkeeper;\nDROP SCHEMA innkeeper;\n"
        } else {
            "DROP SCHEMA innkeeper CASCADE;\n"
        })
    }

    /// Whether the schema of the statement statistics is an extension's, so that dumps leave it out.
    pub(super) async fn is_schema_a_member(&mut self, doing: &'static str) -> Result<bool, Failure> {
        let query = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_depend d JOIN pg_namespace n ON n.oid = d.objid
             WHERE n.nspname = 'innkeeper' AND d.classid = 'pg_namespace'::regclass AND d.deptype = 'e')",
        );
        within(doing, query.fetch_one(self.inside().await?.raw())).await
    }

    /// The extensions in the tenant's database, each with its schema.
    pub(super) async fn installed(&mut self, doing: &'static str) -> Result<Vec<(String, String)>, Failure> {
        let query = sqlx::query_as(
            "SELECT e.extname::text, n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace",
        );
        within(doing, query.fetch_all(self.inside().await?.raw())).await
    }
}
