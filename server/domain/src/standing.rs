//! How a tenant stands on its server, and how it should.

use crate::{
    plan::Limits,
    tenant::{PerRole, TenantState},
};

/// What a server lets a tenant do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Connections its database takes.
    pub connections: i32,
    /// Whether anybody at all may connect to its database.
    pub open: bool,
    /// For each role that is there: whether it may sign in, and its connections.
    pub roles: PerRole<Option<(bool, i32)>>,
    /// Settings of its database, as `name=value`.
    pub settings: Vec<String>,
}

impl Standing {
    /// What is other than it should be for a tenant in this state with these limits, in words; none if all is right.
    /// Settings of roles are the tenant's own business.
    pub fn drift(&self, state: TenantState, limits: &Limits) -> Option<String> {
        let in_use = state == TenantState::Active;
        let connections = if in_use { limits.connections } else { 0 };
        if self.connections != connections {
            return Some(format!("its database takes {} connections, not {connections}", self.connections));
        }
        let open = state != TenantState::Destroying;
        if self.open != open {
            return Some(format!("its database is {}", if self.open { "open" } else { "closed" }));
        }
        for (role, found) in self.roles.iter() {
            let Some((signs_in, most)) = found else {
                return Some(format!("its {} role is missing", role.as_str()));
            };
            if *signs_in != in_use {
                let may = if *signs_in { "may" } else { "may not" };
                return Some(format!("its {} role {may} sign in", role.as_str()));
            }
            let wanted = *limits.role_connections.of(role);
            if in_use && *most != wanted {
                return Some(format!("its {} role has {most} connections, not {wanted}", role.as_str()));
            }
        }
        let mut wanted: Vec<_> =
            limits.settings().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut found = self.settings.clone();
        wanted.sort();
        found.sort();
        (found != wanted).then(|| "the settings of its database are not those of its plan".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::TenantRole;

    fn limits() -> Limits {
        Limits {
            connections: 30,
            role_connections: PerRole { owner: 5, app: 15, readonly: 10 },
            work_mem_mb: 8,
            effective_cache_size_mb: 256,
            storage_gb: 1,
            temp_file_limit_gb: 1,
            idle_in_transaction_minutes: 5,
        }
    }

    fn standing(connections: i32, open: bool, signs_in: bool) -> Standing {
        let settings = limits().settings().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let roles = PerRole::make(|role| Some((signs_in, *limits().role_connections.of(role))));
        Standing { connections, open, roles, settings }
    }

    #[test]
    fn each_state_has_its_standing() {
        let kinds = [
            (TenantState::Active, standing(30, true, true)),
            (TenantState::Suspended, standing(0, true, false)),
            (TenantState::Destroying, standing(0, false, false)),
        ];
        for (state, _) in &kinds {
            for (other, found) in &kinds {
                assert_eq!(found.drift(*state, &limits()).is_none(), state == other, "{state:?} {found:?}");
            }
        }
    }

    #[test]
    fn every_difference_is_told() {
        let right = || standing(30, true, true);
        let mut wrong = vec![right(), right(), right(), right()];
        wrong[0].settings.push("work_mem=1GB".into());
        wrong[1].settings.pop();
        *wrong[2].roles.of_mut(TenantRole::App) = Some((true, 16));
        *wrong[3].roles.of_mut(TenantRole::ReadOnly) = None;
        for found in wrong {
            assert!(found.drift(TenantState::Active, &limits()).is_some(), "{found:?}");
        }
    }
}
