use crate::Result;
use innkeeper_domain::ids::ServerId;
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};

/// What the control database says about a server. Its own queries, not those of the steps.
#[derive(Debug, Default)]
pub struct Expected {
    /// Tenants whose database, roles and settings must be there now.
    pub complete: BTreeSet<String>,
    /// Tenants a live run is working on, and slots that are made, claimed or removed: anything of theirs may be there or not.
    pub in_work: BTreeSet<String>,
    /// Slots that stand ready: database and roles must be there.
    pub slots: BTreeSet<String>,
    /// Tenants whose rules must be in force, with the number of their lines.
    pub ruled: BTreeMap<String, i64>,
}

impl Expected {
    /// Reads it.
    pub async fn read(pool: &PgPool, server: ServerId) -> Result<Self> {
        let tenants = sqlx::query!(
            r#"select t.name, t.state in ('active', 'suspended', 'destroying') as "complete!",
                 exists (select from live_run r where r.tenant_id = t.id) as "in_work!"
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
        let slots = sqlx::query!("select name, state from slot where server_id = $1", server.0)
            .fetch_all(pool)
            .await?;
        for slot in slots {
            let set = if slot.state == "ready" { &mut expected.slots } else { &mut expected.in_work };
            set.insert(slot.name);
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

    /// Leaves out of the comparison what was in work before, has come or has gone since: it may be there or not.
    pub fn leave_out_changed(&mut self, before: &Self) {
        let changed: Vec<_> = before
            .in_work
            .iter()
            .chain(before.complete.symmetric_difference(&self.complete))
            .chain(before.slots.symmetric_difference(&self.slots))
            .cloned()
            .collect();
        for name in changed {
            self.complete.remove(&name);
            self.slots.remove(&name);
            self.in_work.insert(name);
        }
    }

    /// The tenant or slot a database, role or rule belongs to by its name, if it is one that may have something here.
    pub fn owner_of<'a>(&self, object: &'a str) -> Option<&'a str> {
        let base = ["_owner", "_app", "_readonly"].iter().find_map(|tail| object.strip_suffix(tail));
        [Some(object), base]
            .into_iter()
            .flatten()
            .find(|name| [&self.complete, &self.slots, &self.in_work].iter().any(|set| set.contains(*name)))
    }
}
