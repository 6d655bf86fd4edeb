use crate::{
    Error, Result,
    fleet::capacity::{self, Place},
};
use innkeeper_domain::{
    allowlist::AllowedRange,
    capacity::{Claim, Short},
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
    /// The requester's own address.
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
    pub full: Option<Short>,
}

/// Plans and servers as they stand. What is accepted reserves its place; this tells beforehand.
pub struct Offer {
    pub plans: Vec<Plan>,
    servers: Vec<Place>,
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
    let servers = capacity::places(conn, None).await?;
    Ok(Offer { plans, servers })
}

impl Offer {
    /// As a page shows it: a region is full when not even the smallest plan fits.
    pub fn choices(&self, own: AllowedRange) -> Choices {
        Choices { plans: self.plans.clone(), regions: self.regions(self.plans.first()), own }
    }

    /// The regions, for a plan.
    pub fn regions(&self, plan: Option<&Plan>) -> Vec<Region> {
        let wants = plan.map_or(Claim::NONE, |plan| Claim::of(&plan.limits));
        let mut regions: Vec<Region> = Vec::new();
        for place in &self.servers {
            let full = place.short(Claim::NONE, wants);
            match regions.iter_mut().find(|region| region.name == place.region) {
                // One server with room is enough.
                Some(region) if full.is_none() => region.full = None,
                Some(_) => {}
                None => {
                    let (name, label) = (place.region.clone(), place.capacity.place.clone());
                    regions.push(Region { name, label, full });
                }
            }
        }
        regions
    }
}
