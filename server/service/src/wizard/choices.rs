use crate::{Error, Result};
use innkeeper_domain::{
    allowlist::AllowedRange,
    plan::{Limits, Plan},
};
use sqlx::PgConnection;

/// What the wizard lets people choose from.
#[derive(Debug, Clone)]
pub struct Choices {
    /// The newest published version of each plan that needs no staff, the smallest first.
    pub plans: Vec<Plan>,
    /// The regions, by label.
    pub regions: Vec<Region>,
    /// The visitor's own address.
    pub own: AllowedRange,
}

/// A region that tenants can live in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Its name in forms.
    pub name: String,
    /// Its name for people.
    pub label: String,
    /// Why it takes no new database, if it does not: which figure is short, and what to do.
    pub full: Option<String>,
}

/// Plans and servers as they stand.
pub struct Offer {
    pub plans: Vec<Plan>,
    servers: Vec<Place>,
}

/// A server, as far as room for another tenant goes. The step `check_capacity` decides; this tells beforehand.
struct Place {
    region: String,
    label: String,
    draining: bool,
    tenants: i64,
    max_tenants: i64,
    connections: i64,
    promised: i64,
    used_gb: i64,
    max_gb: Option<i32>,
}

/// The newest published version of each plan that needs no staff, the smallest first.
pub async fn plans(conn: &mut PgConnection) -> Result<Vec<Plan>> {
    let rows = sqlx::query!(
        "select distinct on (name) name, version, label, summary, self_service, limits from plan
         where self_service order by name, version desc"
    )
    .fetch_all(conn)
    .await?;
    let mut plans = Vec::with_capacity(rows.len());
    for row in rows {
        let limits: Limits =
            serde_json::from_value(row.limits).map_err(|what| Error::corrupt("limits of plan", what))?;
        plans.push(Plan {
            name: row.name,
            version: row.version,
            label: row.label,
            summary: row.summary,
            self_service: row.self_service,
            limits,
        });
    }
    plans.sort_by_key(|plan| plan.limits.connections);
    Ok(plans)
}

/// Reads the plans and how full the servers are.
pub async fn load(conn: &mut PgConnection) -> Result<Offer> {
    let plans = plans(&mut *conn).await?;
    let servers = sqlx::query_as!(
        Place,
        r#"select s.region, s.region_label as label, s.draining, coalesce(l.tenants, 0) as "tenants!",
             s.max_tenants::bigint as "max_tenants!", coalesce(l.connections, 0) as "connections!",
             s.connections::bigint * s.connection_overcommit as "promised!",
             s.used_bytes / 1000000000 as "used_gb!", s.max_gb
           from server s left join server_load() l on l.server_id = s.id
           order by s.region_label, s.region, s.name"#
    )
    .fetch_all(conn)
    .await?;
    Ok(Offer { plans, servers })
}

impl Offer {
    /// As a page shows it: a region is full when not even the smallest plan fits.
    pub fn choices(&self, own: AllowedRange) -> Choices {
        let least = self.plans.first().map_or(0, |plan| plan.limits.connections);
        Choices { plans: self.plans.clone(), regions: self.regions(least), own }
    }

    /// The regions, for a plan with so many connections.
    pub fn regions(&self, connections: i32) -> Vec<Region> {
        let mut regions: Vec<Region> = Vec::new();
        for place in &self.servers {
            let full = place.short_of(connections.into());
            match regions.iter_mut().find(|region| region.name == place.region) {
                // One server with room is enough.
                Some(region) if full.is_none() => region.full = None,
                Some(_) => {}
                None => regions.push(Region { name: place.region.clone(), label: place.label.clone(), full }),
            }
        }
        regions
    }
}

impl Place {
    /// Which figure is short, if one is.
    fn short_of(&self, wanted: i64) -> Option<String> {
        let Self { label, tenants, max_tenants, connections, promised, used_gb, max_gb, .. } = self;
        if self.draining {
            return Some(format!("{label} takes no new databases at the moment. Choose another region."));
        }
        if tenants >= max_tenants {
            return Some(format!(
                "{label} has no room for another database: {tenants} of {max_tenants} databases are taken. \
                 Choose another region, or ask support to add a server."
            ));
        }
        if let Some(most) = max_gb.filter(|most| *used_gb >= i64::from(*most)) {
            return Some(format!(
                "{label} has no disk space for another database: {used_gb} of {most} GB are used. Choose another region, \
                 or ask support to add a server."
            ));
        }
        (connections + wanted > *promised).then(|| {
            format!(
                "{label} has too few connections left: this plan needs {wanted}, {} of {promised} are free. Choose a \
                 smaller plan or another region, or ask support to add a server.",
                (promised - connections).max(0)
            )
        })
    }
}
