use crate::Result;
use innkeeper_domain::ids::ServerId;
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};

/// What the control database says about a server. Its own queries, not those of the steps.
#[derive(Debug, Default)]
pub struct Expected {
    /// Tenants whose database, roles and settings must be there now.
    pub complete: BTreeSet<String>,
    /// Tenants a live run is working on: anything of theirs may be there or not.
    pub in_work: BTreeSet<String>,
    /// Tenants whose rules must be in force, with the number of their lines.
    pub ruled: BTreeMap<String, i64>,
}

impl Expected {
    /// Reads it.
    pub async fn read(pool: &PgPool, server: ServerId) -> Result<Self> {
        let tenants = sqlx::query!(
            r#"select t.name, t.state in ('active', 'suspended', 'destroying') as "complete!",
                 exists (select from run r where r.tenant_id = t.id and r.state in ('running', 'unwinding')) as "in_work!"
               from tenant t where t.server_id = $1"#,
            server.0
        )
        .fetch_all(pool)
        .await?;
        let mut expected = Self::default();
        for tenant in tenants {
            if tenant.in_work {
                expected.in_work.insert(tenant.name);
            } else if tenant.complete {
                expected.complete.insert(tenant.name);
            }
        }
        let rules = sqlx::query!(
            r#"select t.name, case when t.anywhere then 0 else 1 + (select count(*) from allowlist_entry e
                 where e.tenant_id = t.id and (e.expires_at is null or e.expires_at > now())) end as "lines!"
               from hba_rule r join tenant t on t.id = r.tenant_id where r.server_id = $1"#,
            server.0
        )
        .fetch_all(pool)
        .await?;
        expected.ruled = rules.into_iter().map(|rule| (rule.name, rule.lines)).collect();
        Ok(expected)
    }

    /// Leaves tenants out of the comparison: anything of theirs may be there or not.
    pub fn leave_out(&mut self, tenants: BTreeSet<String>) {
        self.complete.retain(|name| !tenants.contains(name));
        self.in_work.extend(tenants);
    }

    /// The tenant a database, role or rule belongs to by its name, if it is one that may have something here.
    pub fn owner_of<'a>(&self, object: &'a str) -> Option<&'a str> {
        let base = ["_owner", "_app", "_readonly"].iter().find_map(|tail| object.strip_suffix(tail));
        [Some(object), base]
            .into_iter()
            .flatten()
            .find(|name| self.complete.contains(*name) || self.in_work.contains(*name))
    }
}
