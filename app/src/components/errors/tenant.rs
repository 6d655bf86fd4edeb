//! Databases: asking for one, and changing it.

use innkeeper_service::context::field_error::TenantCode;

pub(super) fn sentence(code: &TenantCode) -> String {
    match code {
        TenantCode::NoRoom(short) => short.to_string(),
        TenantCode::NameTaken { name, free } => {
            format!("You already have a database called {name}. Choose another name, for example {free}.")
        }
        TenantCode::JoinedOrganisation { organisation } => format!(
            "You joined an organisation called {organisation} by a group of yours, and those who did add no databases to \
             it. Type another name for one of your own."
        ),
        TenantCode::AdminsOnly { organisation } => {
            format!("Only admins of {organisation} can add databases to it. Ask one of them.")
        }
        TenantCode::OtherOrganisation => {
            "You came in by an organisation's sign-in: name that organisation. For another one sign in by another way."
                .into()
        }
        TenantCode::NotConfirmed { name } => format!("Type {name} to confirm that you mean this database."),
        TenantCode::SamePlan { plan } => format!("{plan} is the plan you have. Choose another one."),
        TenantCode::DataTooLarge { plan, stored_gb, most_gb } => format!(
            "The database has {stored_gb} GB, {plan} allows {most_gb}. Remove data first, or choose a larger plan."
        ),
    }
}
