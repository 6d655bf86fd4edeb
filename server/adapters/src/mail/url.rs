//! `INNKEEPER_MAIL_URL`: `smtp://` (STARTTLS, required) and `smtps://` (TLS from the start). Never in clear.

use innkeeper_domain::{
    email::{EmailAddress, EmailError},
    secret::Secret,
};
use std::{io, path::PathBuf};
use url::Url;

const EXAMPLE: &str = "Example: smtp://user:password@mail.example.com:587";

/// What is wrong with `INNKEEPER_MAIL_URL`. No text here repeats parts of it that may hold the password.
#[derive(Debug, thiserror::Error)]
pub enum MailUrlError {
    /// Not a URL.
    #[error(
        "INNKEEPER_MAIL_URL is not a URL ({cause}). Write special characters in user and password in percent \
         form, @ as %40, / as %2F, # as %23. {EXAMPLE}"
    )]
    Url {
        /// What the parser said.
        #[source]
        cause: url::ParseError,
    },
    /// Another scheme.
    #[error("INNKEEPER_MAIL_URL begins with neither smtp:// (STARTTLS) nor smtps:// (TLS). {EXAMPLE}")]
    Scheme,
    /// No host.
    #[error("INNKEEPER_MAIL_URL names no mail server. {EXAMPLE}")]
    Host,
    /// A user without a password or the other way round.
    #[error("INNKEEPER_MAIL_URL has only one of user and password. {EXAMPLE}")]
    Credentials,
    /// A broken percent form in user or password.
    #[error(
        "INNKEEPER_MAIL_URL has a % in user or password that is no percent form: write it as %25. {EXAMPLE}"
    )]
    Percent,
    /// The port of the other scheme, which would wait for an answer in vain.
    #[error(
        "INNKEEPER_MAIL_URL: port {port} speaks {speaks}. \
         Example: {scheme}://user:password@mail.example.com:{port}"
    )]
    Port {
        /// The port.
        port: u16,
        /// What servers speak there (RFC 8314, section 3.3; RFC 6409).
        speaks: &'static str,
        /// The scheme to use.
        scheme: &'static str,
    },
    /// A path, a fragment, or a parameter of another name.
    #[error(
        "INNKEEPER_MAIL_URL has a part it cannot use: after the server come only from= \
         and ca=. {EXAMPLE}?from=portal@example.com"
    )]
    Part,
    /// The sender is no address.
    #[error(
        "INNKEEPER_MAIL_URL: the address after from= is refused: {cause} {EXAMPLE}?from=portal@example.com"
    )]
    From {
        /// Why.
        #[source]
        cause: EmailError,
    },
    /// The certificate file cannot be read.
    #[error(
        "INNKEEPER_MAIL_URL: the file {} after ca= cannot be read: {cause}. \
         {EXAMPLE}?ca=/etc/innkeeper/mail-ca.pem",
        path.display()
    )]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// No certificate in it.
    #[error(
        "INNKEEPER_MAIL_URL: the file {} after ca= holds no certificate in PEM form. \
         {EXAMPLE}?ca=/etc/innkeeper/mail-ca.pem",
        path.display()
    )]
    CaContent {
        /// The file.
        path: PathBuf,
    },
}

/// How the connection gets its TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    /// STARTTLS, or no connection (RFC 3207).
    StartTls,
    /// From the start (RFC 8314).
    Tls,
}

/// The URL, taken apart.
#[derive(Debug)]
pub(super) struct MailUrl {
    /// Name or address, without brackets.
    pub host: String,
    /// 587 or 465 where the URL has none.
    pub port: u16,
    /// See there.
    pub security: Security,
    /// User and password.
    pub credentials: Option<(String, Secret)>,
    /// The sender's address.
    pub from: Option<EmailAddress>,
    /// A file with further certificates to trust.
    pub ca: Option<PathBuf>,
}

impl MailUrl {
    pub fn parse(text: &str) -> Result<Self, MailUrlError> {
        let url = Url::parse(text.trim()).map_err(|cause| MailUrlError::Url { cause })?;
        let security = match url.scheme() {
            "smtp" => Security::StartTls,
            "smtps" => Security::Tls,
            _ => return Err(MailUrlError::Scheme),
        };
        let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(MailUrlError::Host);
        }
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(MailUrlError::Part);
        }
        let (from, ca) = parameters(&url)?;
        Ok(Self {
            host: host.to_owned(),
            port: port(url.port(), security)?,
            security,
            credentials: credentials(&url)?,
            from,
            ca,
        })
    }
}

fn port(given: Option<u16>, security: Security) -> Result<u16, MailUrlError> {
    match (given, security) {
        (Some(port @ 465), Security::StartTls) => {
            Err(MailUrlError::Port { port, speaks: "TLS from the start", scheme: "smtps" })
        }
        (Some(port @ (25 | 587)), Security::Tls) => {
            Err(MailUrlError::Port { port, speaks: "STARTTLS", scheme: "smtp" })
        }
        (Some(port), _) => Ok(port),
        (None, Security::StartTls) => Ok(587),
        (None, Security::Tls) => Ok(465),
    }
}

fn credentials(url: &Url) -> Result<Option<(String, Secret)>, MailUrlError> {
    match (url.username(), url.password().filter(|password| !password.is_empty())) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err(MailUrlError::Credentials),
        (user, Some(password)) => Ok(Some((decode(user)?, Secret::new(decode(password)?)))),
    }
}

fn parameters(url: &Url) -> Result<(Option<EmailAddress>, Option<PathBuf>), MailUrlError> {
    let (mut from, mut ca) = (None, None);
    for (name, value) in url.query_pairs() {
        match &*name {
            "from" if from.is_none() => {
                // A + in a query is a blank in form encoding, but people write addresses with it.
                let address = value.replace(' ', "+");
                from = Some(EmailAddress::parse(&address).map_err(|cause| MailUrlError::From { cause })?);
            }
            "ca" if ca.is_none() => ca = Some(PathBuf::from(&*value)),
            _ => return Err(MailUrlError::Part),
        }
    }
    Ok((from, ca))
}

/// Percent form (RFC 3986, section 2.1) to text.
fn decode(text: &str) -> Result<String, MailUrlError> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2).ok_or(MailUrlError::Percent)?;
        bytes.extend(hex::decode(digits).map_err(|_| MailUrlError::Percent)?);
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).map_err(|_| MailUrlError::Percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let url = MailUrl::parse("smtp://us%40er:p%3Aa%2Fs%25@mail.example.com").unwrap();
        assert_eq!((&*url.host, url.port, url.security), ("mail.example.com", 587, Security::StartTls));
        let (user, password) = url.credentials.unwrap();
        assert_eq!((&*user, password.expose()), ("us@er", "p:a/s%"));
        let url = MailUrl::parse("smtps://[::1]:2465/?from=portal+a@example.com&ca=/etc/ca.pem").unwrap();
        assert_eq!((&*url.host, url.port, url.security), ("::1", 2465, Security::Tls));
        assert_eq!(url.from.unwrap().to_string(), "portal+a@example.com");
        assert_eq!(url.ca.unwrap(), PathBuf::from("/etc/ca.pem"));
        assert!(url.credentials.is_none());
        assert_eq!(MailUrl::parse("smtps://u:p@mail.example.com").unwrap().port, 465);
    }

    #[test]
    fn a_wrong_url_is_refused_with_name_problem_and_example_but_without_the_password() {
        for bad in [
            "",
            "mail.example.com",
            "smtp:",
            "smtp://",
            "smtp://u:hunter2@",
            "http://u:hunter2@mail.example.com",
            "smtp+plain://u:hunter2@mail.example.com",
            "smtp://u:hunter2@mail.example.com:70000",
            "smtp://u:hunter2@mail.example.com:465",
            "smtps://u:hunter2@mail.example.com:587",
            "smtp://u@mail.example.com",
            "smtp://:hunter2@mail.example.com",
            "smtp://u:hunter2%zz@mail.example.com",
            "smtp://u:hunter2%@mail.example.com",
            "smtp://u:hunter2%ff@mail.example.com",
            "smtp://u:hunter2/x@mail.example.com",
            "smtp://u#:hunter2@mail.example.com",
            "smtp://u?:hunter2@mail.example.com",
            "smtp://u/:hunter2@mail.example.com",
            "smtp://u:hunter2@mail.example.com/inbox",
            "smtp://u:hunter2@mail.example.com?tls=no",
            "smtp://u:hunter2@mail.example.com?from=nobody",
            "smtp://u:hunter2@mail.example.com?from=a@example.com&from=b@example.com",
        ] {
            let error = MailUrl::parse(bad).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(
                shown.starts_with("INNKEEPER_MAIL_URL") && shown.contains("xample: smtp"),
                "{bad}: {shown}"
            );
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn debug_hides_the_password() {
        let url = MailUrl::parse("smtp://u:hunter2@mail.example.com").unwrap();
        assert!(!format!("{url:?}").contains("hunter2"));
    }
}
