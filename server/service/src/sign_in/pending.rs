use super::challenge::{self, Stands};
use crate::{Result, Service, visitor::Visitor};
use std::net::IpAddr;
use time::OffsetDateTime;

/// What the page of a sign-in has to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pending {
    /// There is no such sign-in.
    Nothing,
    /// This browser asked and came by the link: a press is enough.
    Press {
        /// The mailbox.
        email: String,
    },
    /// The code of the mail is needed.
    Code {
        /// The mailbox, in the browser that asked; others are not told.
        email: Option<String>,
    },
    /// Ten minutes are over, or too many wrong codes were typed.
    Expired {
        /// The mailbox, in the browser that asked; others are not told.
        email: Option<String>,
    },
    /// Somebody got in with it.
    Used {
        /// When, in UTC.
        at: OffsetDateTime,
        /// From which address.
        from: Option<IpAddr>,
        /// Whether that was in this browser.
        by_you: bool,
    },
}

/// How the sign-in of a link stands; without a link (`""`) the newest one that this browser asked for.
/// Looking changes nothing, however often and whoever does it.
pub async fn pending(service: &Service, visitor: &Visitor, token: &str) -> Result<Pending> {
    let Some(challenge) = challenge::find(&service.pool, visitor.session, token).await? else {
        return Ok(Pending::Nothing);
    };
    let own = visitor.session == Some(challenge.asked_in);
    let email = own.then_some(challenge.email);
    Ok(match (challenge.stands, email) {
        (Stands::Used { at, from, within }, _) => {
            Pending::Used { at, from, by_you: within.is_some() && within == visitor.session }
        }
        (Stands::Over, email) => Pending::Expired { email },
        (Stands::Open, Some(email)) if !token.is_empty() => Pending::Press { email },
        (Stands::Open, email) => Pending::Code { email },
    })
}
