//! Ways to make a customer's database, each in a file that says whom it follows.

mod drhema;
mod fairdb;
mod innkeeper;
mod plan_f;
mod provisioning_system;

pub use drhema::Drhema;
pub use innkeeper::{Innkeeper, Onboarding};

use crate::{Result, pool::Pool, server::Server};
use std::time::Instant;

/// A way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Innkeeper, which claims a slot of its ready pool and makes another meanwhile.
    PoolOn,
    /// Innkeeper, which has no slot ready.
    PoolOff,
    /// A bare script on prepared databases.
    PlanF,
    /// The `FairDB` script.
    FairDb,
    /// The drhema API.
    Drhema,
    /// The Postgres Provisioning System.
    ProvisioningSystem,
}

impl Way {
    /// All.
    pub const ALL: [Self; 6] =
        [Self::PoolOn, Self::PoolOff, Self::PlanF, Self::FairDb, Self::Drhema, Self::ProvisioningSystem];

    /// Its name in the results.
    pub fn key(self) -> &'static str {
        match self {
            Self::PoolOn => "innkeeper_pool_on",
            Self::PoolOff => "innkeeper_pool_off",
            Self::PlanF => "plan_f",
            Self::FairDb => "fairdb",
            Self::Drhema => "drhema",
            Self::ProvisioningSystem => "provisioning_system",
        }
    }

    /// Its name for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::PoolOn => "Innkeeper, pool on",
            Self::PoolOff => "Innkeeper, pool off",
            Self::PlanF => "plan F, bare script",
            Self::FairDb => "FairDB script",
            Self::Drhema => "drhema API",
            Self::ProvisioningSystem => "Postgres Provisioning System",
        }
    }
}

/// All that the ways need.
pub struct Ways<'a> {
    pub server: &'a Server,
    pub innkeeper: Innkeeper<'a>,
    pub drhema: Drhema,
    pub pool: Pool<'a>,
}

/// Slots kept ready while one customer comes after the other.
const SLOTS: usize = 2;

impl Ways<'_> {
    /// What is made once and not timed.
    pub async fn prepare(&self) -> Result<()> {
        plan_f::prepare(self.server).await
    }

    /// Makes one customer's database; how long that took in seconds, and Innkeeper's own journal of it.
    pub async fn create(&self, way: Way, round: usize) -> Result<(f64, Option<Onboarding>)> {
        let server = self.server;
        let name = format!("bench_{round}");
        let slot = format!("bench_slot_{round}");
        match way {
            Way::PoolOn => self.pool.keep(SLOTS).await?,
            Way::PlanF => plan_f::make_slot(server, &slot).await?,
            _ => {}
        }
        if matches!(way, Way::PoolOn | Way::PoolOff) {
            let customer = self.innkeeper.comes().await;
            server.settle().await?;
            if way == Way::PoolOn {
                self.pool.refill().await?;
            }
            let made = self.innkeeper.serve(customer).await?;
            let onboarding = self.innkeeper.onboarding(&made).await?;
            if way == Way::PoolOn {
                self.pool.keep(0).await?;
            }
            return Ok((onboarding.seconds(), Some(onboarding)));
        }
        server.settle().await?;
        let begun = Instant::now();
        match way {
            Way::PoolOn | Way::PoolOff => {}
            Way::PlanF => plan_f::claim(server, &slot, &format!("{name}_f")).await?,
            Way::FairDb => fairdb::create(server, &name).await?,
            Way::Drhema => self.drhema.create(&name).await?,
            Way::ProvisioningSystem => provisioning_system::create(server, &name).await?,
        }
        Ok((begun.elapsed().as_secs_f64(), None))
    }

    /// A slot for a customer of plan F in a crowd.
    pub async fn prepare_plan_f(&self, slot: &str) -> Result<()> {
        plan_f::make_slot(self.server, slot).await
    }

    /// Makes it that customer's database.
    pub async fn claim_plan_f(&self, round: usize, guest: usize) -> Result<()> {
        let (slot, name) = (format!("crowd_slot_{round}_{guest}"), format!("crowd_{round}_{guest}_f"));
        plan_f::claim(self.server, &slot, &name).await
    }
}
