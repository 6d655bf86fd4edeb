use super::{
    catalog, connection::within, failure::Failure, layout::STATISTICS_SQL, prepare, quote, session::Held,
};
use innkeeper_domain::{plan::Extension, tenant::TenantRole};
use sqlx::AssertSqlSafe;

const DOING: &str = "renewing the layout";

impl Held {
    /// Brings the database of a tenant, who may be at work in it, to this version's layout; whether it was not.
    ///
    /// Without the lock inside: owner and app could hold that as long as they like. What is done may be repeated.
    pub(super) async fn renew_layout(&mut self) -> Result<bool, Failure> {
        self.enter_unlocked().await?;
        let renewed = self.renew_inside().await;
        self.leave().await;
        renewed
    }

    async fn renew_inside(&mut self) -> Result<bool, Failure> {
        let major = prepare::major(self.inside().await?).await?;
        let mut sql = String::new();
        let closed = sqlx::query_scalar(AssertSqlSafe(catalog::is_closed_sql(major)));
        if !within(DOING, closed.fetch_one(self.inside().await?.raw())).await? {
            sql += &self.names.fill(&catalog::rights_sql(major));
        }
        if let Some(extensions) = self.extensions_of_the_administrator().await? {
            sql += &self.give_sql(&extensions);
        }
        let there = self.installed(DOING).await?;
        let statistics = Extension::PgStatStatements;
        let is_there = there.iter().any(|(name, at)| name == statistics.name() && at == statistics.schema());
        if is_there && !self.is_schema_a_member(DOING).await? {
            sql += &self.names.fill(STATISTICS_SQL);
        }
        if sql.is_empty() {
            return Ok(false);
        }
        self.inside().await?.run(DOING, sql).await.map(|()| true)
    }

    /// Those that a tenant's owner may create and earlier versions did not create as the owner.
    async fn extensions_of_the_administrator(&mut self) -> Result<Option<Vec<String>>, Failure> {
        let query = sqlx::query_scalar(
            "SELECT array_agg(e.extname::text) FROM pg_extension e JOIN pg_roles r ON r.oid = e.extowner
             WHERE e.extname = ANY($1) AND r.rolsuper",
        );
        let trusted = Extension::ALL.into_iter().filter(|extension| extension.is_trusted());
        let query = query.bind(trusted.map(Extension::name).collect::<Vec<_>>());
        within(DOING, query.fetch_one(self.inside().await?.raw())).await
    }

    /// Makes the tenant's owner the owner of these extensions, as if it had created them. PostgreSQL has no statement for
    /// it; these are the rows that it writes itself.
    fn give_sql(&self, extensions: &[String]) -> String {
        let names: Vec<_> = extensions.iter().map(|name| quote::literal(name)).collect();
        let which = format!("e.extname = ANY(ARRAY[{}])", names.join(", "));
        let owner = quote::literal(self.names.roles.of(TenantRole::Owner));
        format!(
            "DELETE FROM pg_shdepend s USING pg_extension e, pg_database d
             WHERE {which} AND d.datname = current_database() AND s.dbid = d.oid
               AND s.classid = 'pg_extension'::regclass AND s.objid = e.oid AND s.deptype = 'o';
             UPDATE pg_extension e SET extowner = r.oid FROM pg_roles r WHERE {which} AND r.rolname = {owner};
             INSERT INTO pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)
             SELECT d.oid, 'pg_extension'::regclass, e.oid, 0, 'pg_authid'::regclass, e.extowner, 'o'
             FROM pg_extension e, pg_database d WHERE {which} AND d.datname = current_database();\n"
        )
    }
}
