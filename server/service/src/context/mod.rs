//! What every use case stands on: who asks, what is recorded, how it fails, and the parts that it is given.

pub mod audit;
pub mod deps;
pub mod error;
pub mod every;
pub mod field_error;
pub mod outbox;
pub mod permission;
pub mod providers;
pub mod rate_limit;
pub mod requester;
pub mod servers;
pub mod target;
