//! What an operator does about staff.

use super::terminal::say;
use crate::{
    config::Config,
    startup::{Control, explain},
};
use clap::Subcommand;
use innkeeper_app::components::{errors::sentences, words};
use innkeeper_domain::staff::StaffRole;
use innkeeper_service::{
    Error,
    context::{deps::Store, requester::Requester},
    people::staff::{self, Member},
};
use std::process::ExitCode;

#[derive(Subcommand, Debug)]
pub(crate) enum StaffAction {
    /// Print an invite link that gives one person a staff role, once, within 24 hours.
    Add {
        /// The staff role: approver, operator or viewer.
        #[arg(long, default_value = "operator", value_parser = role)]
        role: StaffRole,
    },
    /// List the staff members.
    List {
        /// One JSON array instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Remove a staff member's role, and sign them out everywhere.
    Remove {
        /// Their address or account id, as listed.
        who: String,
    },
}

fn role(text: &str) -> Result<StaffRole, String> {
    StaffRole::parse(text).ok_or_else(|| {
        let all: Vec<_> = StaffRole::ALL.iter().rev().map(|role| role.as_str()).collect();
        format!("the roles are {}", all.join(", "))
    })
}

/// Does it beside a running portal.
pub(super) async fn run(config: &Config, action: StaffAction) -> ExitCode {
    let reach = match Control::beside(config).await {
        Ok(Some(reach)) => reach,
        Ok(None) => return complain("the portal's PostgreSQL does not run: start the portal first"),
        Err(error) => return complain(&explain(&error)),
    };
    let store = reach.store();
    let done = act(config, &store, action).await;
    store.pool.close().await;
    match done {
        Ok(said) => {
            say(&said);
            ExitCode::SUCCESS
        }
        Err(said) => complain(&said),
    }
}

async fn act(config: &Config, store: &Store, action: StaffAction) -> Result<String, String> {
    let operator = Requester::OPERATOR;
    match action {
        StaffAction::Add { role } => {
            let link = staff::add(store, &operator, role).await.map_err(|error| explain(&error))?;
            Ok(format!(
                "Whoever opens this link and selects \"Accept staff role\" gets the staff role {}. The link works once, until {}:\n{}\n",
                role.as_str(),
                words::moment(link.until),
                link.address(&config.public_url(config.listen)),
            ))
        }
        StaffAction::List { json } => {
            let found = staff::all(store, &operator).await.map_err(|error| explain(&error))?;
            Ok(list(&found, json))
        }
        StaffAction::Remove { who } => {
            let member = staff::remove(store, &operator, &who).await.map_err(|error| refused(&error))?;
            Ok(removed(&member))
        }
    }
}

fn refused(error: &Error) -> String {
    match error {
        Error::NotFound => {
            "no staff member has this address or account id; `innkeeper staff list` lists them".into()
        }
        Error::Rejected(errors) => sentences(errors),
        error => explain(error),
    }
}

fn removed(member: &Member) -> String {
    let again = |provider: &String| {
        format!(
            "A group of {provider} gives them a staff role, and will again at the next sign-in: remove them from the group there.\n"
        )
    };
    let again: String =
        member.roles.iter().filter_map(|(_, provider)| provider.as_ref()).map(again).collect();
    format!("{} no longer has a staff role and is signed out everywhere.\n{again}", member.address)
}

fn list(found: &[Member], json: bool) -> String {
    if json {
        // A list of texts and times always serialises.
        return serde_json::to_string_pretty(found).unwrap_or_default() + "\n";
    }
    if found.is_empty() {
        return "There are no staff members. `innkeeper staff add` creates an invite link.\n".into();
    }
    let how = |(role, provider): &(String, Option<String>)| match provider {
        Some(provider) => format!("{role} (group of {provider})"),
        None => format!("{role} (invite link)"),
    };
    let line = |member: &Member| {
        let how: Vec<_> = member.roles.iter().map(how).collect();
        let seen = member.seen.map(|at| format!(", last seen {}", words::moment(at))).unwrap_or_default();
        format!(
            "{}  {}\n    {}, since {}{seen}\n",
            member.address,
            member.account,
            how.join(", "),
            words::moment(member.since)
        )
    };
    found.iter().map(line).collect()
}

fn complain(what: &str) -> ExitCode {
    super::terminal::complain(&format!("innkeeper: {what}\n"));
    ExitCode::FAILURE
}
