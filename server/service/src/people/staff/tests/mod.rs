mod by_group;
mod by_link;
mod list;
mod sessions;

use super::*;
use crate::{
    Error, Result,
    context::requester::Requester,
    people::session,
    sign_in::oidc::{
        Purpose,
        tests::{Stage, person},
    },
    testing::TestPortal,
};
use innkeeper_domain::{
    identity::{Facts, Groups},
    mail::Message,
    permission::Permission,
    staff::{StaffGroups, StaffRole},
};
use sqlx::PgPool;

fn groups() -> StaffGroups {
    let mut groups = StaffGroups::default();
    for (group, role) in
        [("support", StaffRole::Viewer), ("db-team", StaffRole::Operator), ("heads", StaffRole::Approver)]
    {
        groups.add(group.into(), role);
    }
    groups
}

/// Jane, by the provider's word in these groups.
fn jane_in(names: &[&str]) -> Facts {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Facts { groups: Groups::Listed(names), ..person("1", "jane@acme.example", true) }
}

async fn role(stage: &Stage, browser: &Requester) -> Option<StaffRole> {
    stage.seen(browser).await.signed_in().unwrap().staff
}

/// Whether a requester has a permission of staff.
async fn may(stage: &Stage, requester: &Requester, permission: Permission) -> Result<()> {
    let mut tx = requester.begin_unscoped(&stage.portal.service.pool).await?;
    requester.authorize(&mut tx, permission).await
}

/// How often each deed stands in the audit log.
async fn deeds(portal: &TestPortal) -> Vec<(String, i64)> {
    sqlx::query_as(
        "select action, count(*) from audit_event where action like 'staff.%' group by 1 order by 1",
    )
    .fetch_all(&portal.owner)
    .await
    .unwrap()
}

fn done(deeds: &[(&str, i64)]) -> Vec<(String, i64)> {
    deeds.iter().map(|(deed, count)| ((*deed).to_owned(), *count)).collect()
}

/// A portal with a provider, a link, and somebody who came by that provider.
async fn with_link(pool: &PgPool, role: StaffRole) -> (Stage, Requester, Link) {
    let stage = Stage::open_with(pool, StaffGroups::default()).await;
    stage
        .come_by("acme", &stage.browser, Purpose::SignIn, person("1", "jane@acme.example", true))
        .await
        .unwrap();
    let jane = stage.seen(&stage.browser).await;
    let link = add(&stage.portal.operator(), &Requester::OPERATOR, role).await.unwrap();
    (stage, jane, link)
}
