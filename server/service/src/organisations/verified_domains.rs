use crate::{
    Error, Result, Service,
    context::requester::Requester,
    db::paging::{self, Page, one_more, pattern},
};
use innkeeper_domain::{ids::OrganisationId, organisation::MailDomain, permission::Permission};
use time::OffsetDateTime;

const SIZE: usize = 20;

/// A domain for which an organisation may speak, as staff sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Its name.
    pub name: String,
    /// The domain.
    pub domain: MailDomain,
    /// Since when.
    pub proven_at: OffsetDateTime,
    /// Whether by DNS; otherwise by staff.
    pub by_dns: bool,
}

/// The domains that organisations have proven, by name, 20 a page, for staff only.
///
/// `search` is looked for in domains and names of organisations, without case. `after` is [`Page::next`] of the page
/// before; anything else leads to the first page.
pub async fn proven(
    service: &Service,
    requester: &Requester,
    search: &str,
    after: &str,
) -> Result<Page<Proven>> {
    let mut tx = requester.begin_unscoped(&service.pool).await?;
    requester.authorize(&mut tx, Permission::DomainReview).await?;
    let pattern = pattern(search);
    let total = sqlx::query_scalar!(r#"select domains_proven_total($1) as "total!""#, pattern);
    let total = total.fetch_one(&mut *tx).await?;
    let rows = sqlx::query!(
        r#"select organisation_id as "organisation_id!", name as "name!", domain as "domain!", proven_at as "proven_at!",
             proven_by as "proven_by!" from domains_proven($1, $2, $3)"#,
        pattern,
        paging::text(after).map(|(domain, _)| domain),
        one_more(SIZE),
    )
    .fetch_all(&mut *tx)
    .await?;
    let page = Page::cut(rows, SIZE, total, |row| paging::by_text(&row.domain, row.organisation_id));
    let items = page.items.into_iter().map(|row| {
        Ok(Proven {
            organisation: OrganisationId(row.organisation_id),
            name: row.name,
            domain: MailDomain::parse(&row.domain).map_err(|_| Error::corrupt("mail domain", &row.domain))?,
            proven_at: row.proven_at,
            by_dns: row.proven_by == "dns",
        })
    });
    Ok(Page { items: items.collect::<Result<_>>()?, next: page.next, total })
}
