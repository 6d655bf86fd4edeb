use crate::{
    Error, Result, Service,
    context::{
        audit::Action,
        field_error::{Field, OrganisationCode},
        requester::Requester,
    },
    db,
    organisations::domains,
};
use innkeeper_domain::{ids::OrganisationId, organisation::MailDomain, permission::Permission};
use serde_json::json;
use time::OffsetDateTime;

/// Most domains that are listed: who has decided those sees the next.
const MOST: i64 = 50;

/// A domain that an organisation says is its own and cannot show in DNS.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Whose it is said to be.
    pub organisation: OrganisationId,
    /// Its name.
    pub name: String,
    /// The domain.
    pub domain: MailDomain,
    /// Since when staff is asked.
    pub asked_at: OffsetDateTime,
    /// The addresses of the organisation's admins.
    pub admins: Vec<String>,
}

/// The domains on which staff has to decide, those that wait longest first, and how many there are in all.
pub async fn waiting(service: &Service, requester: &Requester) -> Result<(Vec<Waiting>, i64)> {
    let mut tx = requester.begin_unscoped(&service.pool).await?;
    requester.authorize(&mut tx, Permission::DomainReview).await?;
    let rows = sqlx::query!(
        r#"select organisation_id as "organisation_id!", name as "name!", domain as "domain!", asked_at as "asked_at!",
             admins as "admins!", total as "total!" from domains_waiting($1)"#,
        MOST
    )
    .fetch_all(&mut *tx)
    .await?;
    let total = rows.first().map_or(0, |row| row.total);
    let waiting = rows.into_iter().map(|row| {
        Ok(Waiting {
            organisation: OrganisationId(row.organisation_id),
            name: row.name,
            domain: MailDomain::parse(&row.domain).map_err(|_| Error::corrupt("mail domain", &row.domain))?,
            asked_at: row.asked_at,
            admins: row.admins,
        })
    });
    Ok((waiting.collect::<Result<_>>()?, total))
}

/// Decides by staff whether the domain is the organisation's. [`Error::Conflict`] where nobody asks that any more.
pub async fn decide(
    service: &Service,
    requester: &Requester,
    organisation: OrganisationId,
    domain: &str,
    theirs: bool,
) -> Result<()> {
    let mut tx = requester.begin_unscoped(&service.pool).await?;
    requester.authorize(&mut tx, Permission::DomainDecide).await?;
    let domain = MailDomain::parse(domain).map_err(|_| Error::Conflict)?;
    db::as_member(&mut tx, organisation).await?;
    let decided = sqlx::query!(
        "update organisation_domain set staff_asked_at = null, proven_at = case when $3 then now() end,
           proven_by = case when $3 then 'staff' end
         where organisation_id = $1 and domain = $2 and staff_asked_at is not null and proven_at is null",
        organisation.0,
        domain.as_str(),
        theirs,
    )
    .execute(&mut *tx)
    .await;
    if decided.as_ref().is_err_and(|error| Error::breaks(error, domains::PROVEN)) {
        return Err(Error::rejected(Field::Domain, OrganisationCode::DomainTaken { domain }));
    }
    if decided?.rows_affected() == 0 {
        return Err(Error::Conflict);
    }
    requester
        .audit(Action::DomainDecide)
        .subject(&domain)
        .in_organisation(organisation)
        .detail(json!({ "theirs": theirs }))
        .record(&mut tx, &service.ids)
        .await?;
    Ok(tx.commit().await?)
}
