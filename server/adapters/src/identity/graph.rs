//! What Entra leaves out of its token when a person has too many groups (`_claim_names`, `hasgroups`): Microsoft Graph is
//! asked, at its own address and never at one that a token names.

use super::fetch::Fetch;
use http::{
    Request, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use innkeeper_domain::identity::{Groups, Reason, Refusal};
use openidconnect::AccessToken;
use serde::Deserialize;

/// What has to be asked for so that Graph answers (`getMemberGroups` for the person signed in).
pub(super) const SCOPES: [&str; 2] = ["User.Read", "GroupMember.Read.All"];

#[derive(Deserialize)]
struct Found {
    value: Vec<String>,
    /// Where the rest of the list is. There is none below 11,000 groups.
    #[serde(rename = "@odata.nextLink")]
    more: Option<String>,
}

/// The groups after all. Who cannot be asked leaves it at too many: nobody becomes anything by that.
pub(super) async fn groups(fetch: &Fetch, graph: &str, access: &AccessToken) -> Groups {
    match ask(fetch, graph, access).await {
        Ok(found) => Groups::Listed(found),
        Err(refusal) => {
            tracing::warn!(%refusal, "the groups of a person who has too many for a token cannot be read");
            Groups::TooMany
        }
    }
}

async fn ask(fetch: &Fetch, graph: &str, access: &AccessToken) -> Result<Vec<String>, Refusal> {
    let wrong = |what: &dyn std::fmt::Display| Refusal::new(Reason::Form, format!("Graph: {what}"));
    let request = Request::post(format!("{}/v1.0/me/getMemberGroups", graph.trim_end_matches('/')))
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/json")
        .header(AUTHORIZATION, format!("Bearer {}", access.secret()))
        .body(br#"{"securityEnabledOnly":false}"#.to_vec())
        .map_err(|error| wrong(&error))?;
    let answer = fetch.fetch(request).await?;
    if answer.status() != StatusCode::OK {
        return Err(wrong(&format!("answered {}", answer.status())));
    }
    let found: Found = serde_json::from_slice(answer.body()).map_err(|error| wrong(&error))?;
    if found.more.is_some() {
        Err(wrong(&"it has more groups than it tells at once"))
    } else {
        Ok(found.value)
    }
}
