//! The URL of an operator's own server. The errors do not repeat what may be a secret.

use super::parse::{Refused, is_loopback};
use innkeeper_domain::{name::TenantName, secret::Secret};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    str::FromStr as _,
};
use url::Url;

/// What may stand behind the `?`. Others would be ignored by the driver, or say again what the URL says already.
const PARAMETERS: [&str; 7] = ["sslmode", "sslrootcert", "sslcert", "sslkey", "host", "user", "password"];
/// Databases that a server has anyway, and names that the rules for tenants give another meaning to.
const TAKEN: [&str; 6] =
    ["postgres", "template0", "template1", "innkeeper_tpl", "innkeeper_tenants", "innkeeper_platform"];
/// The longest name of a database (PostgreSQL, chapter 4.1.1), in bytes.
const LONGEST_NAME: usize = 63;

/// A server elsewhere must say how it is checked, and which certificate its customers check it by.
pub(super) fn database_url(text: &str) -> Result<Secret, Refused> {
    let url = Url::parse(text).map_err(|error| format!("it is not a URL ({error})"))?;
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Err("it begins with neither postgres:// nor postgresql://".to_owned());
    }
    // A socket's folder can stand there percent-encoded.
    if url.host_str().is_none_or(|host| host.is_empty() || host.contains('%')) {
        return Err("it names no host between // and /: customers are told to connect to it".to_owned());
    }
    database_name(url.path().trim_start_matches('/'))?;
    let parameters = parameters(&url)?;
    sqlx::postgres::PgConnectOptions::from_str(text).map_err(|_| "the driver cannot read it".to_owned())?;
    let Some(ca) = parameters.get("sslrootcert") else {
        return Err("it lacks sslrootcert=: customers get that certificate to check the server by".to_owned());
    };
    for (name, path) in [("sslrootcert", Some(ca)), file("sslcert", &parameters), file("sslkey", &parameters)]
    {
        if path.is_some_and(|path| !Path::new(path).is_file()) {
            let path = path.map(PathBuf::from).unwrap_or_default();
            return Err(format!("the file {} of {name}= is not there", path.display()));
        }
    }
    match parameters.get("sslmode").map(String::as_str) {
        Some("verify-full" | "verify-ca") => {}
        _ if is_loopback(&url) || parameters.contains_key("host") => {}
        _ => {
            return Err(
                "it lacks sslmode=verify-full: the server is on another machine and would not be checked"
                    .to_owned(),
            );
        }
    }
    Ok(Secret::new(text))
}

type Parameters = BTreeMap<String, String>;

fn file<'a>(name: &'static str, parameters: &'a Parameters) -> (&'static str, Option<&'a String>) {
    (name, parameters.get(name))
}

/// Each known one at most once: the driver would take the last, and this check the first.
fn parameters(url: &Url) -> Result<Parameters, Refused> {
    let mut found = Parameters::new();
    for (name, value) in url.query_pairs() {
        if !PARAMETERS.contains(&&*name) {
            let known = PARAMETERS.join(", ");
            return Err(format!("it has a parameter that is not one of {known}"));
        }
        if name == "host" && !value.starts_with('/') {
            return Err("its host= is no folder of a socket; a host stands between // and /".to_owned());
        }
        if found.insert(name.clone().into_owned(), value.into_owned()).is_some() {
            return Err(format!("it has {name}= twice"));
        }
    }
    Ok(found)
}

/// The control database's name stands in statements and in reports, so it is a plain one.
fn database_name(name: &str) -> Result<(), Refused> {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    let problem = if name.is_empty() {
        "it names no database behind the host; the portal's own is usually called innkeeper"
    } else if !plain || name.len() > LONGEST_NAME {
        "its database has no plain name: a to z, 0 to 9 and _, no digit in front, at most 63 characters"
    } else if TAKEN.contains(&name) {
        "its database is one that is kept for the server itself; the portal's own is usually called innkeeper"
    } else if TenantName::parse(name).is_ok() {
        "its database is called as a tenant's could be (it ends in _ and six characters); choose another name"
    } else {
        return Ok(());
    };
    Err(problem.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that is there.
    const CA: &str = "sslrootcert=/etc/passwd";

    fn refused(url: &str) -> String {
        let said = database_url(url).unwrap_err();
        assert!(!said.contains("hunter2"), "{said}");
        said
    }

    #[test]
    fn databases_have_plain_names_that_nothing_else_has() {
        for name in ["innkeeper", "_control_2", "innkeeper_prod", &"a".repeat(63)] {
            let url = format!("postgres://u:hunter2@127.0.0.1:5433/{name}?{CA}");
            assert!(database_url(&url).is_ok(), "{name}");
        }
        let wrong = [
            ("", "names no database"),
            ("2control", "no plain name"),
            ("Control", "no plain name"),
            ("con-trol", "no plain name"),
            ("a/b", "no plain name"),
            ("con%22trol", "no plain name"),
            (&"a".repeat(64), "no plain name"),
            ("postgres", "kept for the server"),
            ("template1", "kept for the server"),
            ("innkeeper_tenants", "kept for the server"),
            ("shop_k3v9x2", "as a tenant's"),
        ];
        for (name, why) in wrong {
            let said = refused(&format!("postgres://u:hunter2@127.0.0.1/{name}?{CA}"));
            assert!(said.contains(why), "{name}: {said}");
        }
    }

    #[test]
    fn only_this_machine_is_reached_without_a_check_of_its_certificate() {
        let url = |host: &str, query: &str| format!("postgresql://u:hunter2@{host}/innkeeper?{CA}{query}");
        for query in ["&sslmode=verify-full", "&sslmode=verify-ca"] {
            assert!(database_url(&url("db.example", query)).is_ok(), "{query}");
        }
        assert!(database_url(&url("db.example", "&host=/run/postgresql")).is_ok());
        assert!(database_url(&url("localhost", "&sslmode=disable")).is_ok());
        for query in ["", "&sslmode=require", "&sslmode=prefer", "&sslmode=disable"] {
            assert!(refused(&url("db.example", query)).contains("lacks sslmode=verify-full"), "{query}");
        }
        // What the driver would understand otherwise than the check does.
        let tricks = [
            ("&host=db.example", "no folder of a socket"),
            ("&hostaddr=192.0.2.1", "not one of"),
            ("&ssl-mode=disable", "not one of"),
            ("&dbname=postgres", "not one of"),
            ("&sslmode=verify-full&sslmode=disable", "twice"),
            ("&sslmode=sometimes", "driver cannot read"),
        ];
        for (query, why) in tricks {
            let said = refused(&url("127.0.0.1", query));
            assert!(said.contains(why), "{query}: {said}");
        }
    }

    #[test]
    fn customers_need_a_host_and_files_that_are_there() {
        assert!(refused(&format!("postgres:///innkeeper?host=/run/postgresql&{CA}")).contains("no host"));
        assert!(refused(&format!("postgres://u@%2Frun%2Fpostgresql/innkeeper?{CA}")).contains("no host"));
        assert!(refused("postgres://u@localhost/innkeeper").contains("lacks sslrootcert="));
        let said = refused("postgres://u@localhost/innkeeper?sslrootcert=/nowhere");
        assert!(said.contains("/nowhere of sslrootcert="), "{said}");
        let said = refused(&format!("postgres://u@localhost/innkeeper?{CA}&sslkey=/nowhere"));
        assert!(said.contains("/nowhere of sslkey="), "{said}");
    }
}
