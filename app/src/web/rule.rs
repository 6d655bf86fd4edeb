//! What each server function takes, said beside it.

use innkeeper_domain::permission::Permission;

/// The rule of a server function. The outer door looks at it before the form is read; the use case decides.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The path that its forms are sent to.
    pub path: &'static str,
    /// What its use case asks for.
    pub permission: Permission,
}

inventory::collect!(Rule);

/// The rules of all server functions.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    inventory::iter::<Rule>()
}

/// The rule of a path; none where no server function is.
pub fn rule(path: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.path == path)
}

impl Rule {
    /// Whether somebody who is not signed in may send it.
    pub fn is_for_anyone(&self) -> bool {
        self.permission.grant().anyone
    }

    /// Whether it gives the browser a new session id.
    pub fn signs_in(&self) -> bool {
        matches!(self.permission, Permission::SignIn | Permission::StaffClaim)
    }
}

/// Says which permission a server function's use case asks for: `needs!(RenameSlug, OrganisationRename);`.
macro_rules! needs {
    ($function:ident, $permission:ident) => {
        inventory::submit! {
            crate::web::Rule {
                path: <$function as leptos::server_fn::ServerFn>::PATH,
                permission: innkeeper_domain::permission::Permission::$permission,
            }
        }
    };
}
pub(crate) use needs;
