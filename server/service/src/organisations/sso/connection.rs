//! The connection to an organisation's own provider.

use crate::{
    Error, Result, Service,
    context::{
        audit::Action,
        field_error::{Field, FieldErrors, InputCode, OrganisationCode},
        requester::Requester,
    },
    organisations::change::{begin, end},
    people::{
        lockout::stays_in_reach,
        providers::secret_context,
        session::{self, Ending},
    },
};
use innkeeper_domain::{
    identity::ProviderKind,
    permission::Permission,
    ports::{OwnIssuer, Sealed},
    text,
};
use serde_json::json;

/// What an admin types of the organisation's issuer.
#[derive(Debug, Clone, Default)]
pub struct IssuerForm {
    /// `oidc`, `authentik` or `entra`.
    pub kind: String,
    /// What its people call it.
    pub label: String,
    /// Its address; for Entra the directory's number is enough.
    pub issuer: String,
    /// The portal's name there.
    pub client_id: String,
    /// The portal's secret there; empty to keep the one that is there.
    pub client_secret: String,
    /// Whom its tokens may be for besides the portal, one a line.
    pub trusted_audiences: String,
    /// The claim with the groups; `groups` if empty.
    pub groups_claim: String,
}

/// The address of Entra for a directory.
const ENTRA: &str = "https://login.microsoftonline.com";
/// What Entra calls all directories at once.
const ANYBODYS: [&str; 3] = ["organizations", "common", "consumers"];
/// Longest texts, in characters.
const LABEL: usize = 40;
const LINE: usize = 200;
const SECRET: usize = 1000;
/// Most additional audiences.
const AUDIENCES: usize = 20;

/// A form that can be used.
struct Parsed {
    kind: ProviderKind,
    label: String,
    issuer: String,
    client_id: String,
    trusted_audiences: Vec<String>,
    groups_claim: String,
}

/// Takes down the organisation's issuer. Nothing is asked there yet: the trial does that. What was tried before counts no
/// more, and an organisation that lets nobody in by other ways has to open them first.
pub async fn save_issuer(
    service: &Service,
    requester: &Requester,
    slug: &str,
    form: &IssuerForm,
) -> Result<()> {
    let (mut tx, view) = begin(service, requester, Permission::SsoChange, slug).await?;
    let organisation = view.id;
    let Parsed { kind, label, issuer, client_id, trusted_audiences, groups_claim } = parse(form)?;
    let own = OwnIssuer {
        kind,
        issuer: issuer.clone(),
        client_id: client_id.clone(),
        client_secret: None,
        trusted_audiences: trusted_audiences.clone(),
        groups_claim: groups_claim.clone(),
    };
    if let Err(refusal) = service.issuers.open(own) {
        return Err(Error::rejected(Field::Issuer, OrganisationCode::IssuerRefused { found: refusal.found }));
    }
    let before = sqlx::query!(
        r#"select kind, issuer, client_id, groups_claim, trusted_audiences,
             enforced_at is not null and $2 <> all (open_ways) as "shut!"
           from organisation_identity where organisation_id = $1"#,
        organisation.0,
        requester.signed_in()?.way,
    )
    .fetch_one(&mut *tx)
    .await?;
    let renewed = before.kind.as_deref() == Some(kind.as_str())
        && before.issuer.as_ref() == Some(&issuer)
        && before.client_id.as_ref() == Some(&client_id)
        && before.groups_claim.as_ref() == Some(&groups_claim)
        // More of them shut nobody out.
        && before.trusted_audiences.iter().all(|audience| trusted_audiences.contains(audience));
    if before.shut && !renewed {
        return Err(Error::rejected(Field::Kind, OrganisationCode::LocksEverybodyOut));
    }
    // A secret is shown to nobody but the issuer and the client it was given for.
    let same = before.issuer.as_ref() == Some(&issuer) && before.client_id.as_ref() == Some(&client_id);
    let secret = form.client_secret.trim();
    let sealed =
        (!secret.is_empty()).then(|| service.sealer.seal(secret.as_bytes(), &secret_context(organisation)));
    let (key_id, bytes) = sealed.map(|Sealed { key_id, bytes }| (key_id, bytes)).unzip();
    sqlx::query!(
        "update organisation_identity set kind = $2, label = $3, issuer = $4, client_id = $5, groups_claim = $6,
           key_id = case when $7::text is null and $9 then key_id else $7 end,
           sealed = case when $7::text is null and $9 then sealed else $8 end, trusted_audiences = $10,
           version = version + 1
         where organisation_id = $1",
        organisation.0,
        kind.as_str(),
        label,
        issuer,
        client_id,
        groups_claim,
        key_id,
        bytes,
        same,
        &trusted_audiences,
    )
    .execute(&mut *tx)
    .await?;
    if before.issuer.is_some() && before.issuer.as_ref() != Some(&issuer) {
        session::end(&mut tx, Ending::Organisation(organisation)).await?;
    }
    let detail = json!({
        "kind": kind.as_str(), "issuer": issuer, "client_id": client_id, "trusted_audiences": trusted_audiences,
    });
    end(service, requester, tx, &view, Action::IssuerSave, detail).await
}

/// Takes the organisation's issuer away: who came by it is signed out at once, and who joined by it comes back with it
/// only. Other ways are open again, unless the one by which the admin came is open anyway. Twice is success.
pub async fn remove_issuer(service: &Service, requester: &Requester, slug: &str) -> Result<()> {
    let (mut tx, view) = begin(service, requester, Permission::SsoChange, slug).await?;
    session::end(&mut tx, Ending::Organisation(view.id)).await?;
    sqlx::query!(
        "update organisation_identity set kind = null, label = null, issuer = null, client_id = null,
           groups_claim = null, trusted_audiences = '{}', key_id = null, sealed = null, version = version + 1,
           enforced_at = case when $2 = any (open_ways) then enforced_at end
         where organisation_id = $1",
        view.id.0,
        requester.signed_in()?.way,
    )
    .execute(&mut *tx)
    .await?;
    let person = requester.signed_in()?;
    stays_in_reach(&mut tx, person.id, Some(view.id), Field::Kind).await?;
    end(service, requester, tx, &view, Action::IssuerRemove, json!({})).await
}

fn parse(form: &IssuerForm) -> Result<Parsed> {
    let mut errors = FieldErrors::default();
    let kind = ProviderKind::parse(&form.kind).filter(|kind| *kind != ProviderKind::GitHub);
    if kind.is_none() {
        errors.add(Field::Kind, InputCode::UnknownChoice);
    }
    let mut line =
        |field, text: &str, most: usize| errors.take(field, text::line(text, most)).unwrap_or_default();
    let label = line(Field::Label, &form.label, LABEL);
    let issuer = line(Field::Issuer, &form.issuer, LINE);
    let client_id = line(Field::ClientId, &form.client_id, LINE);
    let claim = if form.groups_claim.trim().is_empty() { "groups" } else { &form.groups_claim };
    let groups_claim = line(Field::GroupsClaim, claim, LINE);
    let listed = form.trusted_audiences.lines().map(str::trim).filter(|audience| !audience.is_empty());
    let mut trusted_audiences: Vec<String> =
        listed.map(|audience| line(Field::TrustedAudiences, audience, LINE)).collect();
    trusted_audiences.sort_unstable();
    trusted_audiences.dedup();
    if trusted_audiences.len() > AUDIENCES {
        errors.add(Field::TrustedAudiences, InputCode::TooMany { most: AUDIENCES });
    }
    if form.client_secret.chars().count() > SECRET || form.client_secret.trim().chars().any(text::is_hidden) {
        errors.add(Field::ClientSecret, OrganisationCode::InvalidClientSecret);
    }
    match kind {
        Some(ProviderKind::Entra)
            if ANYBODYS.iter().any(|all| issuer.contains(&format!("/{all}/")) || issuer == *all) =>
        {
            Err(Error::rejected(Field::Issuer, OrganisationCode::SharedIssuer))
        }
        Some(kind) if errors.is_empty() => {
            let issuer = address(kind, &issuer);
            Ok(Parsed { kind, label, issuer, client_id, trusted_audiences, groups_claim })
        }
        _ => Err(Error::Rejected(errors)),
    }
}

/// The issuer: Entra's of a directory whose number was typed, everything else as it stands.
fn address(kind: ProviderKind, typed: &str) -> String {
    let directory = (kind == ProviderKind::Entra).then(|| uuid::Uuid::try_parse(typed).ok()).flatten();
    directory.map_or_else(|| typed.to_owned(), |directory| format!("{ENTRA}/{directory}/v2.0"))
}
