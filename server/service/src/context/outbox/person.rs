use super::{moment, queue};
use crate::{Error, Result, Service, context::requester::Requester};
use innkeeper_domain::{email::EmailAddress, mail::Message, routes::Page};
use sqlx::PgConnection;

/// How long such a mail is tried, in hours.
const TRIED_FOR: i32 = 72;

/// Queues a mail to a person that says what has just been changed in who gets into their account, and from where (OWASP
/// ASVS 5.0.0, 6.3.7). `what` is a sentence.
pub(crate) async fn to_person(
    service: &Service,
    conn: &mut PgConnection,
    requester: &Requester,
    address: &str,
    what: String,
) -> Result<()> {
    let to = EmailAddress::parse(address).map_err(|_| Error::corrupt("address of account", address))?;
    let now = sqlx::query_scalar!(r#"select now() as "now!""#).fetch_one(&mut *conn).await?;
    let message = Message::AccountChanged {
        what,
        at: moment(now),
        address: requester.browser()?.address.to_string(),
        link: Page::Account.absolute(&service.settings.public_url),
    };
    queue(conn, &service.ids, &*service.sealer, &to, &message, TRIED_FOR).await?;
    Ok(())
}
