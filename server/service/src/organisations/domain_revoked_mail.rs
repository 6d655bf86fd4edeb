use crate::{
    Result, Service,
    context::{
        audit::{Action, Actor},
        outbox,
    },
    db,
};
use innkeeper_domain::{ids::OrganisationId, mail::Message, organisation::MailDomain, routes::Page};
use serde_json::json;
use sqlx::PgConnection;

/// Queues a mail to the admins of an organisation that the transaction sees: a domain is not proven for it any more. `why`
/// is one or more sentences.
pub(crate) async fn tell(
    service: &Service,
    conn: &mut PgConnection,
    organisation: OrganisationId,
    domain: &MailDomain,
    why: String,
) -> Result<()> {
    let row = sqlx::query!("select name, slug from organisation where id = $1", organisation.0)
        .fetch_one(&mut *conn)
        .await?;
    let message = Message::DomainLost {
        organisation: row.name,
        domain: domain.to_string(),
        why,
        link: Page::SignInSettings(row.slug.into()).absolute(&service.settings.public_url),
    };
    outbox::to_admins(conn, &service.ids, &*service.sealer, organisation, &message).await
}

/// Records that a domain has moved away from an organisation because DNS names another one, and tells its admins. Neither
/// says which one: whose people they are is nobody else's affair.
pub(crate) async fn by_dns(
    service: &Service,
    conn: &mut PgConnection,
    organisation: OrganisationId,
    domain: &MailDomain,
) -> Result<()> {
    db::as_member(conn, organisation).await?;
    Actor::System
        .audit(Action::DomainLose)
        .subject(domain.as_str())
        .in_organisation(organisation)
        .detail(json!({ "by": "dns" }))
        .record(conn, &service.ids)
        .await?;
    let why = "Your TXT record is no longer in its DNS, and another organisation has verified the domain with its own TXT record.";
    tell(service, conn, organisation, domain, why.to_owned()).await
}
