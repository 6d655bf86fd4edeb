use super::challenge::Stands;
use crate::{Result, Service, context::requester::Requester, sign_in::email::challenge};
use std::net::IpAddr;
use time::OffsetDateTime;

/// What the page of a challenge has to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pending {
    /// There is no such sign-in.
    Nothing,
    /// This browser asked and came by the link: a press is enough.
    Press {
        /// The mailbox.
        email: String,
    },
    /// It is to be one more way in, and this browser asked for it.
    Adding {
        /// The mailbox.
        email: String,
        /// Whether a press is enough, since they came by the link; else the code is needed.
        press: bool,
    },
    /// It is to be one more way in, and can be added only where somebody who is signed in asked for it.
    AddingElsewhere,
    /// It was to be one more way in, and is too late, or too many wrong codes were typed.
    AddingOver,
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
pub async fn pending(service: &Service, requester: &Requester, token: &str) -> Result<Pending> {
    let Some(challenge) = challenge::find(&service.pool, requester.known_session(), token).await? else {
        return Ok(Pending::Nothing);
    };
    let (link, for_them) = (challenge.links_to.is_some(), challenge.is_for(requester));
    let own = requester.known_session() == Some(challenge.asked_in);
    let email = own.then_some(challenge.email);
    Ok(match (challenge.stands, email) {
        (Stands::Used { at, from, within }, _) => {
            Pending::Used { at, from, by_you: within.is_some() && within == requester.known_session() }
        }
        (Stands::Over, _) if link => Pending::AddingOver,
        (Stands::Open, Some(email)) if link && for_them => {
            Pending::Adding { email, press: !token.is_empty() }
        }
        (Stands::Open, _) if link => Pending::AddingElsewhere,
        (Stands::Over, email) => Pending::Expired { email },
        (Stands::Open, Some(email)) if !token.is_empty() => Pending::Press { email },
        (Stands::Open, email) => Pending::Code { email },
    })
}
