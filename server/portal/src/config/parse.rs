//! The forms of single values. The errors do not repeat the value: it may be a secret.

use innkeeper_adapters::{
    mail::{Sender, SmtpMailer},
    system::SystemClock,
};
use innkeeper_domain::{email::EmailAddress, secret::Secret};
use innkeeper_service::context::rate_limit::Limit;
use ipnet::IpNet;
use std::{
    net::{IpAddr, SocketAddr},
    ops::RangeBounds,
    path::PathBuf,
    str::FromStr,
    sync::Arc,
};
use tracing_subscriber::EnvFilter;
use url::{Host, Url};

/// An address that can never be somebody's (RFC 6761, section 6.4).
pub(super) const NOBODY: &str = "innkeeper@innkeeper.invalid";

/// What is wrong with a value, as the end of a sentence that begins with it.
pub(super) type Refused = String;

pub(super) fn address_and_port(text: &str) -> Result<SocketAddr, Refused> {
    text.parse().map_err(|_| "is not an address with a port".to_owned())
}

/// A number in this range, which the words name.
pub(super) fn number<N: FromStr + PartialOrd>(
    range: impl RangeBounds<N>,
    what: &str,
) -> impl FnOnce(&str) -> Result<N, Refused> {
    move |text| text.parse().ok().filter(|n| range.contains(n)).ok_or_else(|| format!("is not {what}"))
}

/// `120/600`: so many in so many seconds, a day at most.
pub(super) fn limit(text: &str) -> Result<Limit, Refused> {
    let positive = |text: &str| text.trim().parse::<i32>().ok().filter(|number| *number > 0);
    let parts =
        text.split_once('/').and_then(|(count, seconds)| Some((positive(count)?, positive(seconds)?)));
    match parts {
        Some((count, seconds)) if seconds <= 86_400 => Ok(Limit { count, seconds }),
        _ => Err("is not a limit: a count, a slash, and from 1 to 86400 seconds".to_owned()),
    }
}

pub(super) fn list<T>(text: &str, one: impl Fn(&str) -> Result<T, Refused>) -> Result<Vec<T>, Refused> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(|item| one(item).map_err(|error| format!("has `{item}`, which {error}"))).collect()
}

pub(super) fn address(text: &str) -> Result<IpAddr, Refused> {
    text.parse().map_err(|_| "is not an IP address".to_owned())
}

/// One address or a range of them.
pub(super) fn range(text: &str) -> Result<IpNet, Refused> {
    let net = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    match net {
        Ok(net) if net.trunc() == net => Ok(net),
        Ok(net) => Err(format!("has bits behind its length; the range is {}", net.trunc())),
        Err(_) => Err("is neither an address nor a range".to_owned()),
    }
}

/// A host name (RFC 1123, section 2.1) or an address.
pub(super) fn host(text: &str) -> Result<String, Refused> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let name = text.len() <= 253 && text.split('.').all(label);
    if name || text.parse::<IpAddr>().is_ok() {
        return Ok(text.to_owned());
    }
    Err("is neither a host name nor an IP address".to_owned())
}

pub(super) fn folder(text: &str) -> Result<PathBuf, Refused> {
    let path = PathBuf::from(text);
    if path.is_dir() { Ok(path) } else { Err("is not a folder".to_owned()) }
}

pub(super) fn path(text: &str) -> Result<PathBuf, Refused> {
    if text.chars().any(char::is_control) {
        return Err("has characters that no path should have".to_owned());
    }
    std::path::absolute(text).map_err(|error| format!("cannot be made an absolute path: {error}"))
}

pub(super) fn email(text: &str) -> Result<EmailAddress, Refused> {
    EmailAddress::parse(text).map_err(|error| format!("is refused: {error}"))
}

/// `Name <address>`, or an address alone.
pub(super) fn sender(text: &str) -> Result<Sender, Refused> {
    match text.strip_suffix('>').and_then(|text| text.split_once('<')) {
        Some((name, address)) => {
            Ok(Sender { name: name.trim().trim_matches('"').to_owned(), address: email(address)? })
        }
        None => Ok(Sender { name: "Innkeeper".into(), address: email(text)? }),
    }
}

/// The filter is kept as text: it is parsed again where it is used.
pub(super) fn log(text: &str) -> Result<String, Refused> {
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("is not a log filter: {error}")),
    }
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, Refused> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("is neither text nor json".to_owned()),
    }
}

/// The origin, without a slash at its end.
pub(super) fn public_url(text: &str) -> Result<Url, Refused> {
    let url = Url::parse(text).map_err(|error| format!("is not a URL ({error})"))?;
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err("begins with neither https:// nor http://".to_owned());
    }
    if !bare || !url.username().is_empty() || url.password().is_some() {
        return Err(
            "has more than scheme, name and port; the portal stands at the root of its own name".to_owned()
        );
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(
            "is not encrypted: use https, for example behind a proxy (http only on this machine)".to_owned()
        );
    }
    Ok(url)
}

/// Whether the name or address can only mean this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            // In a scheme that the URL standard does not know, addresses are names.
            let address = name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
            address || name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The URL of a mail server. Who sends by it does not matter here.
pub(super) fn mail_url(text: &str) -> Result<Secret, Refused> {
    if let Err(error) = SmtpMailer::from_url(text, sender(NOBODY)?, Arc::new(SystemClock)) {
        // It begins with the name and ends with an example, which stand around it here.
        let said = error.to_string();
        let said = said.trim_start_matches("INNKEEPER_MAIL_URL").trim_start_matches(':').trim();
        return Err(said.split(" Example: ").next().unwrap_or(said).to_owned());
    }
    Ok(Secret::new(text))
}
