//! What tenants can reach of each other and of the server: nothing.

mod escapes;
mod reach;
mod repair;

use innkeeper_tests::{Credentials, Options, Person, Portal, person::tenant_of, tenant::value};

/// A portal on this major version with three tenants: two behind lists of addresses, one that any address may reach.
struct Street {
    major: u32,
    portal: Portal,
    tenants: Vec<Credentials>,
}

impl Street {
    async fn build(major: u32) -> Self {
        let portal = Portal::start(Options::postgres(major)).await;
        let version =
            value(&mut portal.sql("postgres").await, "select current_setting('server_version_num')").await;
        assert!(version.starts_with(&major.to_string()), "PostgreSQL {version}");
        let mut tenants = Vec::new();
        for (who, allow) in [("att", &[][..]), ("vic", &[]), ("any", &[("allow_any", "on")])] {
            let person = Person::new(&portal, &format!("{who}@{who}.example"));
            person.sign_up(&portal).await;
            // With what only the platform can make, besides what is ticked.
            let mut form = person.form("/sign-up/database", "/do/database").await;
            form.values = form.values.and("extensions[]", "pg_stat_statements");
            let names = [("organisation", who), ("database", who)];
            assert_eq!(
                person.submit(&form, &[&names[..], allow].concat()).await.leads_to(),
                "/sign-up/review"
            );
            let check = person.form("/sign-up/review", "/do/check").await;
            let name = tenant_of(&person.press(&check).await.leads_to());
            person.wait_until_ready(&name, 120).await;
            tenants.push(person.reveal(&name).await);
        }
        Self { major, portal, tenants }
    }
}

async fn keeps_tenants_apart(major: u32) {
    let street = Street::build(major).await;
    let cells = reach::is_the_diagonal(&street).await;
    let (statements, repeated) = escapes::all_answered(&street).await;
    println!(
        "isolation: {cells} cells diagonal, {statements} statements x 3 roles on PostgreSQL {major}, \
         {repeated} once more by the read-only role without its setting"
    );
}

#[tokio::test]
async fn postgres_15_keeps_tenants_apart() {
    keeps_tenants_apart(15).await;
}

#[tokio::test]
async fn postgres_18_keeps_tenants_apart() {
    keeps_tenants_apart(18).await;
}
