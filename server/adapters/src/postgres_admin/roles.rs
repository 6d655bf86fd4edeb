use super::{
    connection::{Admin, within},
    failure::Failure,
    layout::{Names, PLATFORM, ROLES_SQL},
    quote,
    session::Held,
    watchdog,
};
use innkeeper_domain::{ports::RoleVerifiers, secret::Secret, tenant::TenantRole};

impl Held {
    /// Makes the roles that are missing and brings all to the closed state, whatever an earlier try left.
    pub(super) async fn create_roles(&mut self, verifiers: &RoleVerifiers) -> Result<(), Failure> {
        let doing = "creating the roles";
        let there = self.present_roles(doing).await?;
        let missing = self.names.all().into_iter().filter(|name| !there.contains(name));
        let made = missing.map(|name| format!("CREATE ROLE {} NOLOGIN;\n", quote::identifier(&name)));
        let sql = made.collect::<String>() + &self.closed_roles(verifiers)?;
        self.admin.run(doing, sql).await?;
        self.check_memberships(doing).await?;
        watchdog::wait_until_known(&mut self.admin).await
    }

    /// Brings the roles, whatever they are, to the closed state with these verifiers.
    pub(super) fn closed_roles(&self, verifiers: &RoleVerifiers) -> Result<String, Failure> {
        let passwords = verifiers.iter().map(|(role, to)| password_sql(&self.names, role, to.as_ref()));
        Ok(self.names.fill(ROLES_SQL) + &passwords.collect::<Result<String, _>>()?)
    }

    /// Renames a slot that is there whole. Rights, memberships and settings go by number, not by name, and survive.
    /// Nobody is in the slot, since it takes no connections: otherwise PostgreSQL refuses to rename it.
    pub(super) async fn claim(&mut self, slot: &Names, verifiers: &RoleVerifiers) -> Result<bool, Failure> {
        let doing = "claiming a ready database";
        let query = sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM pg_roles WHERE rolname = ANY($2)) = cardinality($2)
                AND EXISTS (SELECT FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba
                            WHERE d.datname = $1 AND NOT d.datallowconn AND r.rolname = $3)",
        );
        let query = query.bind(&slot.db).bind(slot.all()).bind(PLATFORM).fetch_one(self.admin.raw());
        if !within(doing, query).await?
            || read_memberships(&mut self.admin, slot, doing).await? != slot.memberships()
        {
            return Ok(false);
        }
        let rename = |kind, from: &str, to: &str| {
            format!("ALTER {kind} {} RENAME TO {};\n", quote::identifier(from), quote::identifier(to))
        };
        let roles = slot.all().into_iter().zip(self.names.all()).map(|(from, to)| rename("ROLE", &from, &to));
        let open = self.names.fill("ALTER DATABASE {db} ALLOW_CONNECTIONS true;\n");
        let database = rename("DATABASE", &slot.db, &self.names.db) + &open;
        let rename = roles.collect::<String>() + &database + &self.closed_roles(verifiers)?;
        // Any role of the server may hold a lock on any database by an open ALTER ROLE … IN DATABASE; somebody may be in
        // it. Nobody waits for either: the tenant's database is made instead.
        match self.admin.run(doing, format!("SET LOCAL lock_timeout = '1s';\n{rename}")).await {
            Err(failure) if failure.is("55P03") || failure.is("55006") => Ok(false),
            Err(failure) => Err(failure),
            Ok(()) => self.check_memberships(doing).await.map(|()| true),
        }
    }

    /// Somebody may have planted a role of this name with rights of its own.
    async fn check_memberships(&mut self, doing: &'static str) -> Result<(), Failure> {
        let found = read_memberships(&mut self.admin, &self.names, doing).await?;
        let wanted = self.names.memberships();
        match found.iter().find(|pair| !wanted.contains(pair)) {
            Some((group, member)) => Err(Failure::refused(
                doing,
                format!("{member} is a member of {group}, which the layout does not have: revoke that"),
            )),
            None if found != wanted => Err(Failure::refused(doing, "a membership of the layout is missing")),
            None => Ok(()),
        }
    }

    /// Removes the roles. A database that is still there may hold a customer's data, and its roles own them.
    pub(super) async fn drop_roles(&mut self) -> Result<(), Failure> {
        let doing = "dropping the roles";
        self.leave().await;
        let there = self.present_roles(doing).await?;
        if there.is_empty() {
            return Ok(());
        }
        let query = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)");
        if within(doing, query.bind(&self.names.db).fetch_one(self.admin.raw())).await? {
            return Err(Failure::refused(doing, "the database is still there: drop it first"));
        }
        let quoted: Vec<_> = there.iter().map(|name| quote::identifier(name)).collect();
        let roles = quoted.join(", ");
        self.end_sessions(doing).await?;
        self.drop_belongings(doing, &roles).await?;
        self.force(doing, format!("DROP ROLE {roles}")).await
    }

    /// What the roles own, or were granted, in other databases and on shared objects keeps them from being dropped.
    async fn drop_belongings(&mut self, doing: &'static str, roles: &str) -> Result<(), Failure> {
        let query = sqlx::query_scalar(
            "SELECT DISTINCT coalesce(d.datname, current_database())::text FROM pg_shdepend s
             LEFT JOIN pg_database d ON d.oid = s.dbid
             WHERE s.refclassid = 'pg_authid'::regclass
               AND s.refobjid IN (SELECT oid FROM pg_authid WHERE rolname = ANY($1))
               AND s.classid NOT IN ('pg_authid'::regclass, 'pg_auth_members'::regclass)",
        );
        let databases: Vec<String> =
            within(doing, query.bind(self.names.all()).fetch_all(self.admin.raw())).await?;
        for database in databases {
            let mut visit = self.visit(&database).await?;
            visit.run(doing, format!("DROP OWNED BY {roles}")).await?;
            visit.close().await;
        }
        Ok(())
    }
}

/// Sets a verifier. Anything else would be taken as a password in clear, and must not leave the portal.
fn password_sql(names: &Names, role: TenantRole, verifier: Option<&Secret>) -> Result<String, Failure> {
    let value = match verifier {
        None => "NULL".to_owned(),
        Some(text) if text.expose().starts_with("SCRAM-SHA-256$") => quote::literal(text.expose()),
        Some(_) => return Err(Failure::refused("setting a verifier", "this is no SCRAM-SHA-256 verifier")),
    };
    Ok(format!("ALTER ROLE {} PASSWORD {value};\n", names.quoted(role)))
}

/// The memberships that a tenant's roles have and give, sorted.
async fn read_memberships(
    admin: &mut Admin,
    names: &Names,
    doing: &'static str,
) -> Result<Vec<(String, String)>, Failure> {
    let query = sqlx::query_as(
        "SELECT DISTINCT g.rolname::text COLLATE \"C\", m.rolname::text COLLATE \"C\" FROM pg_auth_members a
         JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
         WHERE g.rolname = ANY($1) OR m.rolname = ANY($1) ORDER BY 1, 2",
    );
    within(doing, query.bind(names.all()).fetch_all(admin.raw())).await
}
