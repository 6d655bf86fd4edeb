//! Reading "connection authorized" out of a server's log.

use serde::Deserialize;
use std::{collections::HashMap, net::IpAddr};

/// A session that was let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Authorized {
    pub(super) user: String,
    pub(super) database: String,
    pub(super) application: Option<String>,
    pub(super) address: Option<IpAddr>,
}

const AUTHORIZED: &str = "connection authorized: user=";
const RECEIVED: &str = "connection received: host=";

/// A line of a log in JSON (PostgreSQL, chapter 20.8.5).
#[derive(Deserialize)]
struct Line {
    error_severity: String,
    #[serde(default)]
    message: String,
    remote_host: Option<String>,
}

/// Reads a log in JSON, oldest first. The first line may be cut.
pub(super) fn read_json(text: &str) -> Vec<Authorized> {
    let lines = text.lines().filter(|line| line.contains(AUTHORIZED));
    let parsed = lines.filter_map(|line| serde_json::from_str::<Line>(line).ok());
    parsed
        .filter(|line| line.error_severity == "LOG")
        .filter_map(|line| {
            let address = line.remote_host.and_then(|host| host.parse().ok());
            Some(Authorized { address, ..message(line.message.strip_prefix(AUTHORIZED)?)? })
        })
        .collect()
}

/// Reads a log in text, oldest first, whose lines begin with what `log_line_prefix` says. The address comes from
/// the prefix (`%h`, `%r`), else from the line that told of the connection, found by its process (`%p`).
pub(super) fn read_text(text: &str, prefix: &str) -> Vec<Authorized> {
    let mut received = HashMap::new();
    let mut found = Vec::new();
    for line in text.lines() {
        // What a client wrote may stand further back in a line, or in one that begins with a tab, never here.
        let Some((head, said)) = line.split_once(":  ") else { continue };
        let Some(head) = head.strip_suffix("LOG").filter(|_| !line.starts_with('\t')) else { continue };
        let process: Option<u32> = field(prefix, "%p", head, |text| text.parse().ok());
        if let Some(rest) = said.strip_prefix(RECEIVED) {
            let host = rest.split(' ').next().and_then(|host| host.parse().ok());
            process.zip(host).map(|(process, host): (_, IpAddr)| received.insert(process, host));
        } else if let Some(mut session) = said.strip_prefix(AUTHORIZED).and_then(message) {
            session.address = in_prefix(prefix, head).or_else(|| received.get(&process?).copied());
            found.push(session);
        }
    }
    found
}

/// What follows the user in `NAME database=NAME application_name=NAME SSL enabled (…)`. Names of our roles and
/// databases hold no blank, so of others it does not matter where theirs end.
fn message(rest: &str) -> Option<Authorized> {
    let (user, rest) = rest.split_once(" database=")?;
    let (database, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let application = rest.strip_prefix("application_name=");
    let application =
        application.map(|name| name.split_once(" SSL enabled").map_or(name, |(name, _)| name).to_owned());
    Some(Authorized { user: user.to_owned(), database: database.to_owned(), application, address: None })
}

fn in_prefix(prefix: &str, head: &str) -> Option<IpAddr> {
    let read = |text: &str| text.split('(').next()?.parse().ok();
    field(prefix, "%h", head, read).or_else(|| field(prefix, "%r", head, read))
}

/// What stands in a line's head for an escape of `log_line_prefix`: the first text between the characters that
/// enclose the escape there which can be read as what is looked for.
fn field<T>(prefix: &str, escape: &str, head: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
    let (before, after) = prefix.split_once(escape)?;
    let opening = literal_end(before);
    let ending = after.chars().next().filter(|c| *c != '%');
    head.match_indices(&opening).find_map(|(at, found)| {
        let rest = &head[at + found.len()..];
        let end = ending.and_then(|c| rest.find(c)).unwrap_or(rest.len());
        read(&rest[..end])
    })
}

/// The plain characters at the end of a part of the prefix, after its last escape.
fn literal_end(part: &str) -> String {
    match part.rsplit_once('%') {
        Some((_, tail)) => tail.chars().skip(1).collect(),
        None => part.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(user: &str, application: Option<&str>, address: Option<&str>) -> Authorized {
        Authorized {
            user: user.into(),
            database: "shop".into(),
            application: application.map(Into::into),
            address: address.map(|text| text.parse().unwrap()),
        }
    }

    #[test]
    fn json_is_read_line_by_line() {
        let text = concat!(
            "ut\",\"message\":\"connection authorized: user=cut database=shop\"}\n",
            r#"{"pid":1,"remote_host":"203.0.113.7","error_severity":"LOG","message":"connection authorized: user=shop_app database=shop application_name=psql SSL enabled (protocol=TLSv1.3)"}"#,
            "\n",
            r#"{"pid":2,"error_severity":"ERROR","message":"connection authorized: user=forged database=shop"}"#,
            "\n",
            r#"{"pid":3,"remote_host":"[local]","error_severity":"LOG","message":"connection authorized: user=shop_owner database=shop"}"#,
            "\n",
        );
        assert_eq!(
            read_json(text),
            [session("shop_app", Some("psql"), Some("203.0.113.7")), session("shop_owner", None, None)]
        );
    }

    #[test]
    fn text_is_joined_by_process() {
        let text = "2026-01-01 10:00:00.000 UTC [41] [unknown]@[unknown] LOG:  connection received: host=2001:db8::7 port=5\n\
                    2026-01-01 10:00:00.000 UTC [42] LOG:  connection received: host=10.0.0.1 port=5\n\
                    2026-01-01 10:00:00.001 UTC [41] a@shop LOG:  connection authorized: user=shop_app database=shop SSL enabled (x)\n";
        assert_eq!(read_text(text, "%m [%p] %q%u@%d "), [session("shop_app", None, Some("2001:db8::7"))]);
    }

    #[test]
    fn text_may_name_the_host_in_its_prefix() {
        let line = "user=u,db=d,host=10.1.2.3 LOG:  connection authorized: user=shop_app database=shop application_name=a b\n";
        let wanted = [session("shop_app", Some("a b"), Some("10.1.2.3"))];
        assert_eq!(read_text(line, "user=%u,db=%d,host=%h "), wanted);
        let line =
            "10.1.2.3(999) LOG:  connection authorized: user=shop_app database=shop application_name=a b\n";
        assert_eq!(read_text(line, "%r "), wanted);
        assert_eq!(read_text(line, ""), [session("shop_app", Some("a b"), None)]);
    }

    #[test]
    fn what_clients_write_is_not_believed() {
        let text = "[1] ERROR:  syntax error at \"LOG:  connection authorized: user=shop_app database=shop\"\n\
                    \tLOG:  connection authorized: user=shop_app database=shop\n";
        assert_eq!(read_text(text, "[%p] "), []);
    }
}
