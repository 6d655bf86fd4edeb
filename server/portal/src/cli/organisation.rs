//! What an operator does about organisations.

use super::terminal::say;
use crate::{
    config::Config,
    startup::{Control, explain},
};
use clap::Subcommand;
use innkeeper_app::components::{errors::sentences, words};
use innkeeper_service::{
    Error,
    context::{deps::Store, requester::Requester},
    organisations::{
        self, Relaxed,
        search::{OrganisationLine, search},
    },
};
use std::process::ExitCode;

#[derive(Subcommand, Debug)]
pub(crate) enum OrganisationAction {
    /// Allow all sign-in methods again for an organisation that requires SSO and has locked itself out.
    Open {
        /// Its id, or its name if no other has it, as listed.
        who: String,
    },
    /// List the organisations, those that require SSO first, a thousand at most.
    List {
        /// Only those with this text in their names.
        #[arg(long, value_name = "TEXT", default_value = "")]
        search: String,
        /// One JSON array instead of text.
        #[arg(long)]
        json: bool,
    },
}

/// Does it beside a running portal.
pub(super) async fn run(config: &Config, action: OrganisationAction) -> ExitCode {
    let reach = match Control::beside(config).await {
        Ok(Some(reach)) => reach,
        Ok(None) => return complain("the portal's PostgreSQL does not run: start the portal first"),
        Err(error) => return complain(&explain(&error)),
    };
    let store = reach.store();
    let done = act(&store, action).await;
    store.pool.close().await;
    match done {
        Ok(said) => {
            say(&said);
            ExitCode::SUCCESS
        }
        Err(said) => complain(&said),
    }
}

async fn act(store: &Store, action: OrganisationAction) -> Result<String, String> {
    match action {
        OrganisationAction::Open { who } => {
            let relaxed = organisations::relax(store, &Requester::OPERATOR, &who).await;
            Ok(told(&relaxed.map_err(|error| refused(&error))?))
        }
        OrganisationAction::List { search: text, json } => {
            let found = search(store, &Requester::OPERATOR, &text).await;
            let (found, total) = found.map_err(|error| explain(&error))?;
            Ok(if json { as_json(&found) } else { list(&found, total) })
        }
    }
}

fn refused(error: &Error) -> String {
    match error {
        Error::NotFound => {
            "no organisation has this id or name; `innkeeper organisation list` shows those there are".into()
        }
        Error::Rejected(errors) => sentences(errors),
        error => explain(error),
    }
}

fn told(Relaxed { id, name, was_open }: &Relaxed) -> String {
    if was_open.is_some() {
        format!(
            "{name} ({id}) allows all sign-in methods again, from the next request on. Its admins can require SSO again once it works.\n"
        )
    } else {
        format!("{name} ({id}) already allows all sign-in methods: nothing was changed.\n")
    }
}

fn as_json(found: &[OrganisationLine]) -> String {
    // A list of texts, numbers and times always serialises.
    serde_json::to_string_pretty(found).unwrap_or_default() + "\n"
}

fn list(found: &[OrganisationLine], total: i64) -> String {
    if found.is_empty() {
        return "There is no such organisation.\n".into();
    }
    let lines: String = found.iter().map(line).collect();
    let listed = i64::try_from(found.len()).unwrap_or(total);
    if listed < total {
        return format!(
            "{lines}These are {listed} of {total}: `--search <text>` shows those with it in their names.\n"
        );
    }
    lines
}

fn line(one: &OrganisationLine) -> String {
    let count = |number: i64, one: &str, many: &str| {
        words::count(usize::try_from(number).unwrap_or_default(), one, many)
    };
    let stands = match one.closed_since {
        Some(at) => {
            format!(
                "sign-in methods restricted since {}; also allowed: {}",
                words::moment(at),
                one.open_ways.join(", ")
            )
        }
        None => "all sign-in methods are allowed".into(),
    };
    format!(
        "{}  {}\n    {}, {}, {}; {stands}\n",
        one.name,
        one.id,
        count(one.members, "member", "members"),
        count(one.admins, "admin", "admins"),
        count(one.databases, "database", "databases"),
    )
}

fn complain(what: &str) -> ExitCode {
    super::terminal::complain(&format!("innkeeper: {what}\n"));
    ExitCode::FAILURE
}
