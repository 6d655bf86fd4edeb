//! The statements that make a tenant, and the names that fill them.
//!
//! What each protects from is told by the tests of this package: they try to get around it.

use super::{catalog, quote};
use innkeeper_domain::{
    name::TenantName,
    tenant::{PerRole, TenantRole},
};

/// Owns each tenant's database and the template; nobody is its member.
pub(super) const PLATFORM: &str = "innkeeper_platform";
/// Parent of all tenants' groups, for `pg_hba.conf` and audits.
pub(super) const TENANTS: &str = "innkeeper_tenants";
/// What each tenant's database is copied from.
pub(super) const TEMPLATE: &str = "innkeeper_tpl";
/// Databases of every server that PUBLIC may enter unless it is told not to.
pub(super) const OPEN_DATABASES: [&str; 2] = ["postgres", "template1"];

/// Attributes of the platform's roles.
pub(super) const SERVER_SQL: &str = include_str!("sql/server.sql");
/// Attributes and memberships of a tenant's roles.
pub(super) const ROLES_SQL: &str = include_str!("sql/roles.sql");
/// The database, closed from birth.
pub(super) const DATABASE_SQL: &str = include_str!("sql/database.sql");
/// Rights on the database. They are not copied from the template.
pub(super) const RIGHTS_SQL: &str = include_str!("sql/rights.sql");
/// Schema and default privileges, inside the database.
pub(super) const INSIDE_SQL: &str = include_str!("sql/inside.sql");
/// Closes `pg_stat_statements`, just made in its schema `innkeeper`, to all but a function of the owner's. The function is
/// a member of the extension and the schema, which cannot be, one of `plpgsql`, which no dump holds. So with their rights
/// recorded a dump has a line for the extension, and no more.
pub(super) const STATISTICS_SQL: &str = include_str!("sql/statistics.sql");

/// All that is in the template, for a server of this major version.
pub(super) fn template_sql(major: u32) -> String {
    include_str!("sql/template.sql").to_owned() + &catalog::closed_sql(major)
}

/// Tells templates of different content apart; kept as the comment of the template's database.
pub(super) fn template_mark(major: u32) -> String {
    format!("innkeeper {}", &blake3::hash(template_sql(major).as_bytes()).to_hex()[..16])
}

/// Tells tenants' databases of different making apart, by the mark of the template that is there and by what comes to it.
pub(super) fn layout_mark(template: &str, major: u32) -> String {
    let catalog = catalog::rights_sql(major);
    let sql = [template, STATISTICS_SQL, ROLES_SQL, DATABASE_SQL, RIGHTS_SQL, INSIDE_SQL, &catalog].concat();
    blake3::hash(sql.as_bytes()).to_hex()[..16].to_owned()
}

/// The key of an advisory lock, the same in every portal.
pub(super) fn lock_key(subject: &str) -> i64 {
    let hash = blake3::hash(format!("innkeeper {subject}").as_bytes());
    let (first, _) = hash.as_bytes().split_first_chunk().expect("a hash has 32 bytes");
    i64::from_be_bytes(*first)
}

/// The names of one tenant.
#[derive(Debug, Clone)]
pub(super) struct Names {
    /// Database and connect group.
    pub(super) db: String,
    /// Login roles.
    pub(super) roles: PerRole<String>,
}

impl Names {
    pub(super) fn of(tenant: &TenantName) -> Self {
        Self { db: tenant.as_str().into(), roles: PerRole::make(|role| tenant.role(role)) }
    }

    /// The group, then the login roles.
    pub(super) fn all(&self) -> Vec<String> {
        [&self.db].into_iter().chain(self.roles.iter().map(|(_, name)| name)).cloned().collect()
    }

    /// The login roles.
    pub(super) fn logins(&self) -> Vec<String> {
        self.roles.iter().map(|(_, name)| name.clone()).collect()
    }

    /// Memberships as (group, member): all that these roles have and give, sorted.
    pub(super) fn memberships(&self) -> Vec<(String, String)> {
        let PerRole { owner, app, readonly } = &self.roles;
        let mut pairs = [
            (TENANTS, self.db.as_str()),
            (&self.db, owner),
            (&self.db, app),
            (&self.db, readonly),
            (app, owner),
            (readonly, owner),
        ]
        .map(|(group, member)| (group.to_owned(), member.to_owned()))
        .to_vec();
        pairs.sort();
        pairs
    }

    /// Puts the quoted names into a statement.
    pub(super) fn fill(&self, sql: &str) -> String {
        let mut filled = sql.replace("{db}", &quote::identifier(&self.db));
        for (role, name) in self.roles.iter() {
            filled = filled.replace(&format!("{{{}}}", role.as_str()), &quote::identifier(name));
        }
        filled
    }

    /// The quoted name of a login role.
    pub(super) fn quoted(&self, role: TenantRole) -> String {
        quote::identifier(self.roles.of(role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_filled() {
        let names = Names::of(&TenantName::parse("shop_k3v9x2").unwrap());
        let catalog = catalog::rights_sql(17);
        for sql in [ROLES_SQL, DATABASE_SQL, RIGHTS_SQL, INSIDE_SQL, STATISTICS_SQL, &catalog] {
            let filled = names.fill(sql);
            assert!(!filled.contains(['{', '}']), "{filled}");
            assert!(filled.contains("\"shop_k3v9x2\"") || filled.contains("\"shop_k3v9x2_owner\""));
        }
    }

    #[test]
    fn the_template_knows_both_forms() {
        assert!(template_sql(16).contains("pg_logical_emit_message(boolean,text,text)"));
        assert!(template_sql(17).contains("pg_logical_emit_message(boolean,text,text,boolean)"));
        assert_ne!(template_mark(16), template_mark(17));
        assert_ne!(layout_mark(&template_mark(16), 16), layout_mark(&template_mark(17), 17));
    }

    #[test]
    fn keys_stay_as_they_are() {
        // Portals of different versions must agree: this number may never change.
        assert_eq!(lock_key("tenant shop_k3v9x2"), 1_275_833_100_973_693_332);
        assert_ne!(lock_key("tenant shop_k3v9x2"), lock_key("tenant shop_k3v9x3"));
    }
}
