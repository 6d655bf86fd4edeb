//! What an organisation's single sign-on page shows.

use super::{
    enforcement::{KnownWay, hubs, ways},
    test_sign_in::Trial,
};
use crate::{
    Error, Result, Service,
    context::requester::Requester,
    organisations::{
        domains::{self, DomainLine},
        github::{self, GitHubLine},
        membership_source::rules,
        sso::test_sign_in,
        view::{OrganisationView, load},
    },
};
use innkeeper_domain::{
    identity::{GroupRule, ProviderKind},
    permission::Permission,
    routes::Page,
};
use time::OffsetDateTime;

/// How the people of an organisation come in, as its admin sees it.
#[derive(Debug, Clone)]
pub struct IdentityView {
    /// The organisation.
    pub organisation: OrganisationView,
    /// Short name of the organisation's own way, once something was set up.
    pub provider: Option<String>,
    /// Where the issuer sends browsers back to: it stands there in the client's settings.
    pub callback: Option<String>,
    /// The issuer.
    pub issuer: Option<IssuerView>,
    /// Since when other ways are closed.
    pub enforced_at: Option<OffsetDateTime>,
    /// The other ways, and which of them stay open.
    pub ways: Vec<OpenWay>,
    /// The mail domains.
    pub domains: Vec<DomainLine>,
    /// What groups of the organisation's issuer make of people.
    pub groups: Vec<GroupRule>,
    /// Its organisations at GitHub.
    pub github: Vec<GitHubLine>,
    /// The operator's providers that have such.
    pub hubs: Vec<KnownWay>,
    /// The admin's last trial.
    pub trial: Option<Trial>,
    /// Whether the way is one of the admin's own account.
    pub linked: bool,
}

/// An organisation's issuer, without its secret.
#[derive(Debug, Clone)]
pub struct IssuerView {
    /// What speaks there.
    pub kind: ProviderKind,
    /// What its people call it.
    pub label: String,
    /// Its address.
    pub issuer: String,
    /// The portal's name there.
    pub client_id: String,
    /// Whether the portal has a secret there.
    pub secret: bool,
    /// Whom its tokens may be for besides the portal.
    pub trusted_audiences: Vec<String>,
    /// The claim with the groups.
    pub groups_claim: String,
}

/// A way that is not the organisation's own.
#[derive(Debug, Clone)]
pub struct OpenWay {
    /// Its short name.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// Whether it stays open when others are closed.
    pub open: bool,
}

/// How the people of the organisation come in, for its admins.
pub async fn identity(service: &Service, requester: &Requester, slug: &str) -> Result<IdentityView> {
    let person = requester.signed_in()?;
    let mut tx = requester.begin_read(&service.pool).await?;
    let view = load(&mut tx, requester, Permission::SsoView, slug).await?;
    let organisation = view.id;
    let row = sqlx::query!(
        r#"select i.provider, kind, label, issuer, client_id, groups_claim, trusted_audiences, sealed is not null as "secret!", enforced_at,
             open_ways, exists (select from identity w where w.account_id = $2 and w.provider = i.provider) as "linked!"
           from organisation_identity i where organisation_id = $1"#,
        organisation.0,
        person.id.0,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let domains = domains::of(&mut tx, organisation.0).await?;
    let own = row.as_ref().map(|row| row.provider.as_str()).unwrap_or_default();
    let groups = rules(&mut tx, organisation, own).await?;
    let github = github::of(&mut tx, organisation.0, person.id).await?;
    let trial = test_sign_in::of(&mut tx, organisation.0, person.id.0).await?;
    tx.commit().await?;
    let open = row.as_ref().map(|row| row.open_ways.clone()).unwrap_or_default();
    let way =
        |way: KnownWay| OpenWay { open: open.contains(&way.provider), id: way.provider, label: way.label };
    let ways = ways(service).map(way).collect();
    let mut view = IdentityView {
        organisation: view,
        provider: None,
        callback: None,
        issuer: None,
        enforced_at: None,
        ways,
        domains,
        groups,
        github,
        hubs: hubs(service),
        trial,
        linked: false,
    };
    let Some(row) = row else { return Ok(view) };
    view.callback = Some(Page::Callback((&row.provider).into()).absolute(&service.settings.public_url));
    view.provider = Some(row.provider);
    view.enforced_at = row.enforced_at;
    view.linked = row.linked;
    let texts = row.kind.zip(row.label).zip(row.issuer).zip(row.client_id).zip(row.groups_claim);
    if let Some(((((kind, label), issuer), client_id), groups_claim)) = texts {
        let kind = ProviderKind::parse(&kind).ok_or_else(|| Error::corrupt("kind of provider", &kind))?;
        let (secret, trusted_audiences) = (row.secret, row.trusted_audiences);
        let issuer = IssuerView { kind, label, issuer, client_id, secret, trusted_audiences, groups_claim };
        view.issuer = Some(issuer);
    }
    Ok(view)
}
