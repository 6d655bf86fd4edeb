//! The servers that tenants live on: what they can take, what stands ready on them, and that they stay as they should be.

pub mod capacity;
pub mod doctor;
pub mod first_connection;
pub mod hba_writer;
pub mod orphans;
pub mod reconcile;
pub mod servers;
pub mod storage;
pub mod warm_pool;
pub mod watchdog;
