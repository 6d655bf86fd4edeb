use super::{
    connection::within,
    failure::Failure,
    layout::{INSIDE_SQL, STATISTICS_SQL},
    quote,
    session::Held,
};
use innkeeper_domain::plan::Extension;

impl Held {
    /// Schema, default privileges and rights to functions. All of it may be repeated.
    pub(super) async fn apply_template(&mut self) -> Result<(), Failure> {
        let sql = self.names.fill(INSIDE_SQL);
        self.inside().await?.run("setting rights in the database", sql).await
    }

    /// Brings the platform's extensions to the wanted set. Those that an owner made for himself are left alone.
    pub(super) async fn install_extensions(&mut self, wanted: &[Extension]) -> Result<(), Failure> {
        let doing = "installing extensions";
        let there = self.installed(doing).await?;
        let mut sql = Vec::new();
        for extension in Extension::ALL {
            let name = quote::identifier(extension.name());
            let is_there = there.iter().any(|(found, _)| found == extension.name());
            match (is_there, wanted.contains(&extension)) {
                (true, false) => sql.push(format!("DROP EXTENSION {name};\n")),
                (false, true) => {
                    let schema = quote::identifier(extension.schema());
                    sql.push(format!("CREATE EXTENSION IF NOT EXISTS {name} SCHEMA {schema};\n"));
                    if extension == Extension::PgStatStatements {
                        sql.push(STATISTICS_SQL.to_owned());
                    }
                }
                _ => {}
            }
        }
        if !sql.is_empty() {
            self.inside().await?.run(doing, sql.concat()).await?;
        }
        self.check_extensions(doing, wanted).await
    }

    async fn check_extensions(&mut self, doing: &'static str, wanted: &[Extension]) -> Result<(), Failure> {
        let found = self.installed(doing).await?;
        for extension in Extension::ALL {
            let schema =
                found.iter().find(|(name, _)| name == extension.name()).map(|(_, schema)| schema.as_str());
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

    /// The extensions in the tenant's database, each with its schema.
    async fn installed(&mut self, doing: &'static str) -> Result<Vec<(String, String)>, Failure> {
        let query = sqlx::query_as(
            "SELECT e.extname::text, n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace",
        );
        within(doing, query.fetch_all(self.inside().await?.raw())).await
    }
}
