use super::queue;
use crate::{Error, Result};
use innkeeper_domain::{
    email::EmailAddress,
    ids::{Ids, OrganisationId},
    mail::Message,
    ports::Sealer,
};
use sqlx::PgConnection;
use time::{OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description};

/// How long mails to admins are tried, in hours.
const TRIED_FOR: i32 = 72;

/// Queues a mail to every admin of an organisation that the transaction sees.
pub async fn to_admins(
    conn: &mut PgConnection,
    ids: &Ids,
    sealer: &dyn Sealer,
    organisation: OrganisationId,
    message: &Message,
) -> Result<()> {
    let admins = sqlx::query_scalar!(
        "select a.email from member m join account a on a.id = m.account_id
         where m.organisation_id = $1 and m.role = 'admin' order by a.email_key",
        organisation.0
    )
    .fetch_all(&mut *conn)
    .await?;
    for admin in admins {
        let to = EmailAddress::parse(&admin)
            .map_err(|_| Error::corrupt("e-mail address of an admin of", organisation))?;
        queue(conn, ids, sealer, &to, message, TRIED_FOR).await?;
    }
    Ok(())
}

/// A time as people read it in mails.
pub fn moment(at: OffsetDateTime) -> String {
    const FORM: &[BorrowedFormatItem<'_>] =
        format_description!("[day padding:none] [month repr:long] [year] at [hour]:[minute] UTC");
    // Formatting these parts of a date cannot fail; should it, the exact form says the same.
    at.to_offset(UtcOffset::UTC).format(FORM).unwrap_or_else(|_| at.to_string())
}
