use super::{begin, end, trial};
use crate::{Error, Result, Service, visitor::Visitor};
use innkeeper_domain::{email::EmailAddress, identity::ProviderId, organisation::MemberRole};
use serde_json::json;

/// An organisation of the person's that does not open to the way they came by.
#[derive(Debug, Clone)]
pub struct Closed {
    /// Its name.
    pub organisation: String,
    /// The way that opens it, where it is its own only.
    pub way: Option<OwnWay>,
}

/// An organisation's own way in.
#[derive(Debug, Clone)]
pub struct OwnWay {
    /// Its short name.
    pub provider: String,
    /// What its people call it.
    pub label: String,
}

/// Closes all ways but the organisation's own and these, for all its members and no one else: its databases are there only
/// for who came by one of them. Counts from the next request on.
///
/// The admin has to have shown within a day that they would come in that way, as an admin, into this account: whoever
/// closes the door has the key.
pub async fn enforce(service: &Service, visitor: &Visitor, name: &str, open: &[String]) -> Result<()> {
    let (mut tx, tenant) = begin(service, visitor, name).await?;
    let person = visitor.signed_in()?;
    let organisation = tenant.organisation_id.0;
    let known = |way: &String| ways(service).any(|known| known.0 == *way);
    let open: Vec<String> = open.iter().filter(|way| known(way)).cloned().collect();
    let no = |what: &str| Err(Error::mistake("open", what));
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
    let tried = trial::of(&mut tx, organisation, person.id.0).await?.filter(|_| row.tried);
    match tried {
        _ if !row.issuer => return no("There is no sign-in of your own yet. Set it up above."),
        _ if !row.proven => return no("Prove a mail domain first: nobody new could come in without."),
        Some(trial) if trial.refused.is_none() && trial.role == Some(MemberRole::Admin) => {}
        Some(trial) if trial.refused.is_none() => {
            return no(
                "Your trial would not have made you an admin. Map one of your groups to Admin and try again.",
            );
        }
        _ => {
            return no(
                "Try the sign-in first, as it is set up now: the last trial has to be of today and to succeed.",
            );
        }
    }
    if !row.linked {
        return no(
            "Add the sign-in to your own account first, as the person who tried it. You would shut yourself out.",
        );
    }
    sqlx::query!(
        "update organisation_identity set enforced_at = coalesce(enforced_at, now()), open_ways = $2
         where organisation_id = $1",
        organisation,
        &open
    )
    .execute(&mut *tx)
    .await?;
    end(service, visitor, tx, &tenant, "identity.enforce", json!({ "open": open })).await
}

/// Opens all ways again. Twice is success.
pub async fn release(service: &Service, visitor: &Visitor, name: &str) -> Result<()> {
    let (mut tx, tenant) = begin(service, visitor, name).await?;
    sqlx::query!(
        "update organisation_identity set enforced_at = null, open_ways = '{}' where organisation_id = $1",
        tenant.organisation_id.0
    )
    .execute(&mut *tx)
    .await?;
    end(service, visitor, tx, &tenant, "identity.release", json!({})).await
}

/// All ways that are not an organisation's own, by short name and label.
pub(super) fn ways(service: &Service) -> impl Iterator<Item = (String, String)> {
    let own = [(ProviderId::MAIL, "E-mail"), (ProviderId::PASSKEY, "Passkey")];
    let operators = service.providers.all().iter();
    own.into_iter()
        .map(|(id, label)| (id.to_owned(), label.to_owned()))
        .chain(operators.map(|provider| (provider.id.to_string(), provider.label.clone())))
}

/// The visitor's organisations that stay closed to the way they came by.
pub async fn closed(service: &Service, visitor: &Visitor) -> Result<Vec<Closed>> {
    let person = visitor.signed_in()?;
    let rows = sqlx::query!(
        r#"select name as "name!", provider, label from organisations_closed($1, $2)"#,
        person.id.0,
        person.way
    );
    let closed = |name, provider: Option<String>, label: Option<String>| Closed {
        organisation: name,
        way: provider.zip(label).map(|(provider, label)| OwnWay { provider, label }),
    };
    let rows = rows.fetch_all(&service.pool).await?;
    Ok(rows.into_iter().map(|row| closed(row.name, row.provider, row.label)).collect())
}

/// The way in of the organisation whose mail domain that is, where it lets its people in by no other.
pub async fn way_of(service: &Service, email: &EmailAddress) -> Result<Option<OwnWay>> {
    let row = sqlx::query_as!(
        OwnWay,
        r#"select provider as "provider!", label as "label!" from way_of_domain($1)"#,
        email.domain()
    );
    Ok(row.fetch_optional(&service.pool).await?)
}
