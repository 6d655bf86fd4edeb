//! Enforcement of single sign-on.

use crate::{
    Error, Result, Service,
    context::{
        audit::Action,
        field_error::{Field, OrganisationCode},
        providers::Provider,
        requester::Requester,
    },
    organisations::{
        change::{begin, end},
        sso::test_sign_in,
    },
    people::lockout::stays_in_reach,
};
use innkeeper_domain::{
    email::EmailAddress, identity::ProviderId, organisation::MemberRole, permission::Permission,
};
use serde_json::json;

/// An organisation of the person's that does not open to the way they came by.
#[derive(Debug, Clone)]
pub struct Closed {
    /// Its name.
    pub organisation: String,
    /// The ways that open it to them; none where they came by another organisation's, and any of theirs does, or where
    /// the one by which they joined is closed.
    pub ways: Vec<KnownWay>,
}

/// A way in as people know it.
#[derive(Debug, Clone)]
pub struct KnownWay {
    /// Its short name.
    pub provider: String,
    /// What its people call it.
    pub label: String,
}

/// Closes all ways but the organisation's own and these, for all its members and no one else: its databases are there only
/// for who came by one of them. Counts from the next request on.
///
/// Whoever closes the door has the key: the admin has to have shown within a day that they would come in by the
/// organisation's own way, as an admin, into this account; where it has none, they came by a way that stays open.
pub async fn enforce(service: &Service, requester: &Requester, slug: &str, open: &[String]) -> Result<()> {
    let (mut tx, view) = begin(service, requester, Permission::SsoChange, slug).await?;
    let person = requester.signed_in()?;
    let organisation = view.id.0;
    let known = |way: &String| ways(service).any(|known| known.provider == *way);
    let open: Vec<String> = open.iter().filter(|way| known(way)).cloned().collect();
    let no = |code| Err(Error::rejected(Field::Open, code));
    let row = sqlx::query!(
        r#"select kind is not null as "issuer!", enforced_at,
             exists (select from organisation_domain where organisation_id = $1 and proven_at is not null) as "proven!",
             exists (select from identity w join organisation_trial t on t.organisation_id = $1 and t.account_id = $2
               where w.account_id = $2 and w.issuer = t.issuer and w.subject = t.subject) as "linked!",
             exists (select from organisation_trial t where t.organisation_id = $1 and t.account_id = $2
               and t.version = i.version and t.tried_at > now() - interval '1 day') as "tried!"
           from organisation_identity i where organisation_id = $1"#,
        organisation,
        person.id.0
    )
    .fetch_one(&mut *tx)
    .await?;
    let tried = test_sign_in::of(&mut tx, organisation, person.id.0).await?.filter(|_| row.tried);
    match tried {
        _ if !row.issuer && open.contains(&person.way) => {}
        _ if !row.issuer => {
            return no(OrganisationCode::OwnMethodCloses);
        }
        _ if !row.proven => return no(OrganisationCode::DomainNeeded),
        Some(trial) if trial.refused.is_none() && trial.role == Some(MemberRole::Admin) => {}
        Some(trial) if trial.refused.is_none() => {
            return no(OrganisationCode::TestedWithoutAdmin);
        }
        _ => {
            return no(OrganisationCode::TestNeeded);
        }
    }
    if row.issuer && !row.linked {
        return no(OrganisationCode::NotLinked);
    }
    sqlx::query!(
        "update organisation_identity set enforced_at = coalesce(enforced_at, now()), open_ways = $2
         where organisation_id = $1",
        organisation,
        &open
    )
    .execute(&mut *tx)
    .await?;
    stays_in_reach(&mut tx, person.id, Some(view.id), Field::Open).await?;
    end(service, requester, tx, &view, Action::SsoEnforce, json!({ "open": open })).await
}

/// All ways that are not an organisation's own.
pub(crate) fn ways(service: &Service) -> impl Iterator<Item = KnownWay> {
    let own = [(ProviderId::MAIL, "E-mail"), (ProviderId::PASSKEY, "Passkey")];
    own.into_iter()
        .map(|(way, label)| KnownWay { provider: way.to_owned(), label: label.to_owned() })
        .chain(service.providers.all().iter().map(|provider| known(provider)))
}

/// The operator's providers that say to which organisations there somebody belongs.
pub(crate) fn hubs(service: &Service) -> Vec<KnownWay> {
    let providers = service.providers.all().iter();
    providers.filter(|provider| provider.port.has_organisations()).map(|provider| known(provider)).collect()
}

fn known(provider: &Provider) -> KnownWay {
    KnownWay { provider: provider.id.to_string(), label: provider.label.clone() }
}

/// The requester's organisations that stay closed to the way they came by.
pub async fn closed(service: &Service, requester: &Requester) -> Result<Vec<Closed>> {
    let person = requester.signed_in()?;
    let rows = sqlx::query!(
        r#"select name as "name!", ways as "ways!", label from organisations_closed($1, $2, $3)"#,
        person.id.0,
        person.way,
        person.identity.map(|identity| identity.0),
    );
    let known: Vec<_> = ways(service).collect();
    let label = |way: &str, own: Option<&String>| match known.iter().find(|one| one.provider == way) {
        Some(known) => Some(known.label.clone()),
        None => own.filter(|_| way.starts_with(ProviderId::OWN)).cloned(),
    };
    let closed = |organisation, ways: Vec<String>, own: Option<&String>| Closed {
        organisation,
        ways: ways
            .into_iter()
            .filter_map(|way| Some(KnownWay { label: label(&way, own)?, provider: way }))
            .collect(),
    };
    let rows = rows.fetch_all(&service.pool).await?;
    Ok(rows.into_iter().map(|row| closed(row.name, row.ways, row.label.as_ref())).collect())
}

/// The way in of the organisation whose mail domain that is, where it lets its people in by no other.
pub async fn way_of(service: &Service, email: &EmailAddress) -> Result<Option<KnownWay>> {
    let row = sqlx::query_as!(
        KnownWay,
        r#"select provider as "provider!", label as "label!" from way_of_domain($1)"#,
        email.domain()
    );
    Ok(row.fetch_optional(&service.pool).await?)
}
