//! The servers that tenants live on, as this process reaches them.

use innkeeper_domain::{ids::ServerId, ports::TenantServer};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// The reachable servers by id.
#[derive(Clone, Default)]
pub struct Servers(Arc<RwLock<HashMap<ServerId, Arc<dyn TenantServer>>>>);

impl Servers {
    /// Adds a server, or replaces how it is reached.
    pub fn put(&self, id: ServerId, server: Arc<dyn TenantServer>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(id, server);
    }

    /// A server, if this process can reach it.
    pub fn get(&self, id: ServerId) -> Option<Arc<dyn TenantServer>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// All of them.
    pub fn all(&self) -> Vec<(ServerId, Arc<dyn TenantServer>)> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .map(|(id, server)| (*id, server.clone()))
            .collect()
    }
}
