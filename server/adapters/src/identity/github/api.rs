//! What is asked of GitHub's API on behalf of a person (GitHub REST API, version 2022-11-28).

use crate::identity::fetch::Fetch;
use http::{
    Request, StatusCode,
    header::{ACCEPT, AUTHORIZATION},
};
use innkeeper_domain::{
    identity::{GitHubLogin, GitHubOrganisation, GitHubTeam, Groups, Reason, Refusal},
    secret::Secret,
};
use serde::{Deserialize, de::DeserializeOwned};
use std::collections::BTreeSet;

/// Where the person's memberships are told; who was only invited is none of the people yet.
const MEMBERSHIPS: &str = "/user/memberships/orgs?state=active";
/// How much is asked for at once, and how often for more: a page of teams is up to 200 KB.
const PAGE: usize = 50;
const PAGES: usize = 20;

#[derive(Deserialize)]
pub(super) struct User {
    pub id: u64,
    pub login: String,
    pub name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Address {
    pub email: String,
    pub primary: bool,
    pub verified: bool,
}

/// Somebody's membership of an organisation.
#[derive(Deserialize)]
struct Membership {
    role: Role,
    organization: Organisation,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Role {
    Admin,
    Member,
    /// Pays, and is none of its people; or what GitHub will think of next.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Organisation {
    id: i64,
    login: String,
}

/// A team; of which organisation is said where the person's own teams are listed.
#[derive(Deserialize)]
struct Team {
    id: i64,
    name: String,
    organization: Option<Organisation>,
}

/// The API with a person's token.
pub(super) struct Api<'a> {
    /// The API's address.
    pub at: &'a str,
    pub token: Secret,
    pub fetch: &'a Fetch,
}

impl Api<'_> {
    /// Asks the API on behalf of the person.
    pub(super) async fn ask<T: DeserializeOwned>(&self, path: &str) -> Result<T, Refusal> {
        let wrong = |reason, what: &dyn std::fmt::Display| Refusal::new(reason, format!("{path}: {what}"));
        let request = Request::get(format!("{}{path}", self.at.trim_end_matches('/')))
            .header(ACCEPT, "application/vnd.github+json")
            .header("X-GitHub-Api-Version", "2022-11-28")
            .header(AUTHORIZATION, format!("Bearer {}", self.token.expose()))
            .body(Vec::new())
            .map_err(|error| wrong(Reason::Form, &error))?;
        let answer = self.fetch.fetch(request).await?;
        match answer.status() {
            StatusCode::OK => {
                serde_json::from_slice(answer.body()).map_err(|error| wrong(Reason::Form, &error))
            }
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                Err(wrong(Reason::Unreachable, &format!("answered {status}")))
            }
            status => Err(wrong(Reason::Code, &format!("answered {status}"))),
        }
    }

    /// The same for a list, page by page, and whether that is all of it.
    async fn ask_all<T: DeserializeOwned>(&self, path: &str) -> Result<(Vec<T>, bool), Refusal> {
        let (mut all, joint) = (Vec::new(), if path.contains('?') { '&' } else { '?' });
        for page in 1..=PAGES {
            let some: Vec<T> = self.ask(&format!("{path}{joint}per_page={PAGE}&page={page}")).await?;
            let last = some.len() < PAGE;
            all.extend(some);
            if last {
                return Ok((all, true));
            }
        }
        Ok((all, false))
    }

    /// The organisations and teams of the person. Teams count with their organisation only: an owner may have restricted
    /// which apps are told of it.
    pub(super) async fn groups(&self) -> Result<Groups, Refusal> {
        let ((memberships, all), (teams, all_teams)) =
            tokio::try_join!(self.ask_all::<Membership>(MEMBERSHIPS), self.ask_all::<Team>("/user/teams"))?;
        if !(all && all_teams) {
            return Ok(Groups::TooMany);
        }
        let within = memberships.into_iter().filter(|one| one.role != Role::Other);
        let numbers: BTreeSet<i64> = within.map(|one| one.organization.id).collect();
        let teams = teams.iter().filter_map(|team| {
            let of = team.organization.as_ref().filter(|of| numbers.contains(&of.id))?;
            Some(GitHubTeam::group(of.id, team.id))
        });
        let everybody = numbers.iter().map(|&number| GitHubOrganisation::everybody(number));
        Ok(Groups::Listed(everybody.chain(teams).collect()))
    }

    /// Those of these organisations that the person owns, each with its teams, 1,000 at most.
    pub(super) async fn owned(&self, wanted: &[GitHubLogin]) -> Result<Vec<GitHubOrganisation>, Refusal> {
        let (mine, _) = self.ask_all::<Membership>(MEMBERSHIPS).await?;
        let mut owned = Vec::new();
        for Membership { role, organization: Organisation { id, login } } in mine {
            let asked_for = GitHubLogin::parse(&login).ok().filter(|login| wanted.contains(login));
            let (Some(login), Role::Admin) = (asked_for, role) else { continue };
            let (teams, _) = self.ask_all::<Team>(&format!("/orgs/{login}/teams")).await?;
            let teams = teams.into_iter().map(|team| GitHubTeam { number: team.id, name: team.name });
            owned.push(GitHubOrganisation { number: id, login, teams: teams.collect() });
        }
        Ok(owned)
    }
}
