//! A mail as the bytes that go out.

use super::{
    Sender,
    words::{self, Words, WordsError},
};
use innkeeper_domain::{email::EmailAddress, mail::OutgoingMail};
use lettre::{
    Address, Message,
    address::AddressError,
    message::{
        Body, Mailbox, MultiPart, MultiPartKind, SinglePart,
        header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue},
    },
};
use std::{error::Error, time::SystemTime};
use time::OffsetDateTime;

/// A line of a mail at most, its end not counted (RFC 5322, section 2.1.1).
const LONGEST_LINE: usize = 998;

/// Why a mail cannot be sent to anybody.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// It has no words.
    #[error(transparent)]
    Words(#[from] WordsError),
    /// Not `left@right` of the characters of RFC 5322, section 3.2.3.
    #[error("the e-mail's Message-ID is not of the form left@right")]
    MessageId,
    /// Not an address to the mail library.
    #[error("the address {address} cannot be written into an e-mail")]
    Address {
        /// The address.
        address: EmailAddress,
        /// What the library said.
        #[source]
        cause: AddressError,
    },
    /// The library refused the whole.
    #[error("the e-mail cannot be put together")]
    Message(#[from] lettre::error::Error),
}

/// `Auto-Submitted: auto-generated` (RFC 3834, section 5): vacation notices do not answer it.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

/// Renders a mail: text and HTML, one recipient, dated `now`. The same input gives the same bytes.
pub fn render(mail: &OutgoingMail, sender: &Sender, now: OffsetDateTime) -> Result<Message, RenderError> {
    let Words { subject, text, html } = words::words(mail)?;
    let id = message_id(&mail.message_id)?;
    let name = words::line(&sender.name, 100);
    let from = Mailbox::new((!name.is_empty()).then_some(name), address(&sender.address)?);
    let parts = MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(boundary(&id))
        .singlepart(part(ContentType::TEXT_PLAIN, text))
        .singlepart(part(ContentType::TEXT_HTML, html));
    Ok(Message::builder()
        .message_id(Some(id))
        .date(SystemTime::from(now))
        .from(from)
        .to(Mailbox::new(None, address(&mail.to)?))
        .subject(subject)
        .header(AutoSubmitted)
        .multipart(parts)?)
}

fn address(address: &EmailAddress) -> Result<Address, RenderError> {
    address.to_string().parse().map_err(|cause| RenderError::Address { address: address.clone(), cause })
}

/// The id in angle brackets, whether it came with them or not.
fn message_id(id: &str) -> Result<String, RenderError> {
    let bare = id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).unwrap_or(id);
    let atoms = |text: &str| {
        !text.is_empty()
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c))
    };
    match bare.split_once('@') {
        Some((left, right)) if bare.len() <= 250 && atoms(left) && atoms(right) => Ok(format!("<{bare}>")),
        _ => Err(RenderError::MessageId),
    }
}

/// Follows from the id, so that a mail rendered twice is the same; nobody who fills in a text knows the id.
fn boundary(id: &str) -> String {
    format!("part-{}", &blake3::hash(id.as_bytes()).to_hex()[..32])
}

/// A part whose code and link stand whole in the raw mail: as it is where it is ASCII, which every sign-in
/// mail is; quoted-printable elsewhere, which every server takes (8BITMIME is an extension).
fn part(kind: ContentType, text: String) -> SinglePart {
    let plain = text.is_ascii() && text.lines().all(|line| line.len() <= LONGEST_LINE);
    let body = if plain {
        let lines: String = text.lines().flat_map(|line| [line, "\r\n"]).collect();
        Body::dangerous_pre_encoded(lines.into_bytes(), ContentTransferEncoding::SevenBit)
    } else {
        Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable)
            .expect("quoted-printable takes every text")
    };
    SinglePart::builder().header(kind).body(body)
}

#[cfg(test)]
mod tests;
