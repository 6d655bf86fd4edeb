use super::change::{begin, end};
use crate::{
    Error, Result, Service,
    context::{
        audit::Action,
        field_error::{Field, InputCode, OrganisationCode},
        rate_limit,
        requester::Requester,
    },
    organisations::{domain_revoked_mail, view::OrganisationView},
};
use innkeeper_domain::{name::draw_plain, organisation::MailDomain, permission::Permission};
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// The rule that a domain is of one organisation.
pub(super) const PROVEN: &str = "organisation_domain_proven";
/// Most domains of an organisation.
const MOST: i64 = 20;

/// A mail domain of an organisation.
#[derive(Debug, Clone)]
pub struct DomainLine {
    /// The domain.
    pub domain: MailDomain,
    /// The text that its DNS has to hold.
    pub proof: String,
    /// Since when it is proven.
    pub proven_at: Option<OffsetDateTime>,
    /// Whether by DNS; otherwise by staff.
    pub by_dns: bool,
    /// Since when staff is asked to decide.
    pub staff_asked_at: Option<OffsetDateTime>,
}

/// The domains of an organisation, by name.
pub(super) async fn of(conn: &mut PgConnection, organisation: uuid::Uuid) -> Result<Vec<DomainLine>> {
    let rows = sqlx::query!(
        "select domain, token, proven_at, proven_by, staff_asked_at from organisation_domain
         where organisation_id = $1 order by domain",
        organisation
    )
    .fetch_all(conn)
    .await?;
    let line = |domain: String, token: String, proven_at, by: Option<String>, staff_asked_at| {
        Ok(DomainLine {
            domain: MailDomain::parse(&domain).map_err(|_| Error::corrupt("mail domain", &domain))?,
            proof: MailDomain::proof(&token),
            proven_at,
            by_dns: by.as_deref() == Some("dns"),
            staff_asked_at,
        })
    };
    rows.into_iter()
        .map(|row| line(row.domain, row.token, row.proven_at, row.proven_by, row.staff_asked_at))
        .collect()
}

/// Takes down a domain that the organisation says is its own. Nothing comes of it before it is proven. Twice is success.
pub async fn add_domain(service: &Service, requester: &Requester, slug: &str, typed: &str) -> Result<()> {
    let (mut tx, view) = begin(service, requester, Permission::SsoChange, slug).await?;
    let domain = MailDomain::parse(typed).map_err(|error| Error::rejected(Field::Domain, error))?;
    let organisation = view.id.0;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from organisation_domain where organisation_id = $1"#,
        organisation
    );
    if count.fetch_one(&mut *tx).await? >= MOST {
        return Err(Error::rejected(Field::Domain, InputCode::LimitReached { most: MOST }));
    }
    sqlx::query!(
        "insert into organisation_domain (organisation_id, domain, token) values ($1, $2, $3)
         on conflict (organisation_id, domain) do nothing",
        organisation,
        domain.as_str(),
        draw_plain(&*service.random, 32),
    )
    .execute(&mut *tx)
    .await?;
    end(service, requester, tx, &view, Action::DomainAdd, json!({ "domain": domain.as_str() })).await
}

/// Looks into DNS whether the domain's owner has published what was asked for; whether it has. A domain is of one
/// organisation only: it moves from another one that had shown it in DNS, too, and whose text is not there any more.
pub async fn check_domain(
    service: &Service,
    requester: &Requester,
    slug: &str,
    domain: &str,
) -> Result<bool> {
    let (mut tx, view) = begin(service, requester, Permission::SsoChange, slug).await?;
    let line = find(&mut tx, &view, domain).await?;
    // Nothing is held while something else is waited for.
    tx.rollback().await?;
    let limit = service.settings.limits.verify_per_address;
    rate_limit::take(
        &service.pool,
        &rate_limit::address_key("domain by", requester.browser()?.address),
        limit,
    )
    .await?;
    let texts = service.dns.texts(&line.domain.record()).await.map_err(|error| {
        tracing::warn!(domain = %line.domain, %error, "a domain was not checked");
        Error::rejected(Field::Domain, OrganisationCode::DnsAway { domain: line.domain.clone() })
    })?;
    if !texts.iter().any(|text| text.trim() == line.proof) {
        return Ok(false);
    }
    let (mut tx, view) = begin(service, requester, Permission::SsoChange, slug).await?;
    let tokens: Vec<_> = texts.iter().filter_map(|text| MailDomain::token(text)).map(str::to_owned).collect();
    let moved =
        sqlx::query_scalar!("select domain_moves($1, $2, $3)", view.id.0, line.domain.as_str(), &tokens,)
            .fetch_one(&mut *tx)
            .await?;
    let proven = sqlx::query!(
        "update organisation_domain set proven_at = coalesce(proven_at, now()), proven_by = 'dns', staff_asked_at = null
         where organisation_id = $1 and domain = $2 and token = any ($3)",
        view.id.0,
        line.domain.as_str(),
        &tokens,
    )
    .execute(&mut *tx)
    .await;
    if proven.as_ref().is_err_and(|error| Error::breaks(error, PROVEN)) {
        return Err(Error::rejected(Field::Domain, OrganisationCode::DomainTaken { domain: line.domain }));
    }
    // Taken back or removed while DNS was asked: what it holds proves nothing any more.
    if proven?.rows_affected() == 0 {
        return Ok(false);
    }
    if let Some(from) = moved {
        domain_revoked_mail::by_dns(service, &mut tx, from.into(), &line.domain).await?;
    }
    let detail = json!({ "domain": line.domain.as_str(), "by": "dns", "moved": moved.is_some() });
    end(service, requester, tx, &view, Action::DomainVerify, detail).await?;
    Ok(true)
}

/// Asks staff to decide about a domain whose DNS its people cannot change. Twice is success.
pub async fn ask_staff(service: &Service, requester: &Requester, slug: &str, domain: &str) -> Result<()> {
    let (mut tx, view) = begin(service, requester, Permission::SsoChange, slug).await?;
    let line = find(&mut tx, &view, domain).await?;
    sqlx::query!(
        "update organisation_domain set staff_asked_at = coalesce(staff_asked_at, now())
         where organisation_id = $1 and domain = $2 and proven_at is null",
        view.id.0,
        line.domain.as_str(),
    )
    .execute(&mut *tx)
    .await?;
    end(service, requester, tx, &view, Action::DomainAsk, json!({ "domain": line.domain.as_str() })).await
}

/// Takes a domain away. Absent is success; the last proven one stays while other ways are closed, since nobody new could
/// come in.
pub async fn remove_domain(service: &Service, requester: &Requester, slug: &str, domain: &str) -> Result<()> {
    let (mut tx, view) = begin(service, requester, Permission::SsoChange, slug).await?;
    let domain = MailDomain::parse(domain).map_err(|error| Error::rejected(Field::Domain, error))?;
    let domain = domain.as_str();
    let organisation = view.id.0;
    sqlx::query!(
        "delete from organisation_domain where organisation_id = $1 and domain = $2",
        organisation,
        domain
    )
    .execute(&mut *tx)
    .await?;
    let bare = sqlx::query_scalar!(
        r#"select enforced_at is not null and kind is not null and not exists (select from organisation_domain d
             where d.organisation_id = $1 and proven_at is not null) as "bare!"
           from organisation_identity where organisation_id = $1"#,
        organisation
    );
    if bare.fetch_one(&mut *tx).await? {
        return Err(Error::rejected(Field::Domain, OrganisationCode::LastProvenDomain));
    }
    end(service, requester, tx, &view, Action::DomainRemove, json!({ "domain": domain })).await
}

async fn find(conn: &mut PgConnection, view: &OrganisationView, domain: &str) -> Result<DomainLine> {
    let domains = of(conn, view.id.0).await?;
    domains.into_iter().find(|line| line.domain.as_str() == domain).ok_or(Error::NotFound)
}

#[cfg(test)]
mod tests;
