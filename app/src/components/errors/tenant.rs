//! Databases: asking for one, and changing it.

use innkeeper_service::context::field_error::TenantCode;

pub(super) fn sentence(code: &TenantCode) -> String {
    match code {
        TenantCode::NoRoom(short) => short.to_string(),
        TenantCode::NameTaken { name, free } => {
            format!("You already have a database called {name}. Choose another name, for example {free}.")
        }
        TenantCode::JoinedOrganisation { organisation } => format!(
            "You joined {organisation} through a group, and members added by a group cannot add databases. Enter another name to create your own organisation."
        ),
        TenantCode::AdminsOnly { organisation } => {
            format!("Only admins of {organisation} can add databases to it. Ask one of them.")
        }
        TenantCode::OtherOrganisation => {
            "You signed in with an organisation's SSO: enter that organisation. For another one, sign in with another method."
                .into()
        }
        TenantCode::NotConfirmed { name } => format!("Type {name} to confirm."),
        TenantCode::SamePlan { plan } => format!("{plan} is your current plan. Choose another one."),
        TenantCode::DataTooLarge { plan, stored_gb, most_gb } => format!(
            "The database has {stored_gb} GB, {plan} allows {most_gb}. Remove data first, or choose a larger plan."
        ),
    }
}
