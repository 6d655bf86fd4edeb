use super::*;
use setting::{Fallback, PREFIX};
use std::collections::BTreeSet;

fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn problems(pairs: &[(&str, &str)]) -> Vec<Problem> {
    Config::read(&environment(pairs), None).map_or_else(|problems| problems.0, |_| Vec::new())
}

/// A file that is there, for values that name one.
const A_FILE: &str = "/etc/passwd";

#[test]
fn with_nothing_given_everything_has_a_default() {
    // An empty variable is as good as none.
    let config = Config::read(&environment(&[("INNKEEPER_LISTEN", " ")]), None).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.public_url(config.listen), "http://127.0.0.1:8080");
    assert!(config.data_dir.is_absolute() && config.data_dir.ends_with("data"));
    assert_eq!(config.master_key_file, config.data_dir.join("master.key"));
    assert!(config.mail_url.is_none() && config.database_url.is_none());
    assert_eq!(config.mail_from.address.to_string(), parse::NOBODY);
    let embedded = config.embedded();
    assert_eq!((embedded.port, embedded.host.as_str()), (54320, "localhost"));
    let (ours, service) = (format!("{:?}", config.limits()), format!("{:?}", Limits::default()));
    assert_eq!(ours, service, "the table's limits are not those of the service");
}

#[test]
fn every_setting_of_the_table_is_read_shown_and_has_a_good_example() {
    let at_hand = |text: &str| {
        text.replace("/etc/innkeeper/db-ca.crt", A_FILE).replace("/usr/lib/postgresql/15/bin", "/usr")
    };
    for setting in SETTINGS {
        let example = at_hand(setting.example);
        let mut pairs = vec![(setting.name, example.as_str())];
        if setting.name == "INNKEEPER_DATABASE_URL" || setting.name == "INNKEEPER_MAIL_URL" {
            pairs.extend([("INNKEEPER_MAIL_FROM", "a@example.com")]);
        }
        if setting.name == "INNKEEPER_DATABASE_URL" {
            pairs.push(("INNKEEPER_MAIL_URL", "smtps://mail.example.com"));
        }
        let config = Config::read(&environment(&pairs), None).unwrap_or_else(|problems| panic!("{problems}"));
        let line = config
            .show()
            .lines()
            .find(|line| line.starts_with(&format!("{} ", setting.name)))
            .unwrap()
            .to_owned();
        assert!(line.ends_with("(environment)"), "{line}");
        assert!(manual().contains(setting.help));
        assert_eq!(setting.name, format!("{PREFIX}{}", setting.key.to_uppercase()));
    }
    let names: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.name).collect();
    assert_eq!(names.len(), SETTINGS.len());
}

#[test]
fn the_operators_guide_has_them_all() {
    let row = |setting: &Setting<Config>| {
        let default = match setting.fallback {
            Fallback::Value(text) => format!("`{text}`"),
            Fallback::Words(words) => words.to_owned(),
        };
        format!("| `{}` | {} | {default} | `{}` |\n", setting.name, setting.help, setting.example)
    };
    let head = "| setting | what | default | example |\n|---|---|---|---|\n".to_owned();
    let table: String = std::iter::once(head).chain(SETTINGS.iter().map(row)).collect();
    let guide = include_str!("../../../../docs/operations.md");
    assert!(guide.contains(&format!("{table}\n")), "docs/operations.md has to have this table:\n{table}");
}

#[test]
fn each_wrong_value_is_refused_by_name_with_an_example() {
    let lone_host = ("INNKEEPER_MAIL_URL", "smtp://mail.example.com");
    let wrong: &[(&str, &str)] = &[
        ("INNKEEPER_LISTEN", "8080"),
        ("INNKEEPER_LISTEN", "localhost:8080"),
        ("INNKEEPER_PUBLIC_URL", "databases.example.com"),
        ("INNKEEPER_PUBLIC_URL", "ftp://databases.example.com"),
        ("INNKEEPER_PUBLIC_URL", "http://databases.example.com"),
        ("INNKEEPER_PUBLIC_URL", "http://127.0.0.1.example.com"),
        ("INNKEEPER_PUBLIC_URL", "https://databases.example.com/portal"),
        ("INNKEEPER_PUBLIC_URL", "https://databases.example.com/?a"),
        ("INNKEEPER_PUBLIC_URL", "https://user@databases.example.com"),
        ("INNKEEPER_DATA_DIR", "da\u{1b}ta"),
        ("INNKEEPER_DATABASE_URL", "mysql://hunter2@db/innkeeper"),
        ("INNKEEPER_DATABASE_URL", "postgres://u:hunter2@127.0.0.1?sslrootcert=/etc/passwd"),
        ("INNKEEPER_DATABASE_URL", "postgres://u:hunter2@127.0.0.1/postgres?sslrootcert=/etc/passwd"),
        ("INNKEEPER_DATABASE_URL", "postgres://u:hunter2@127.0.0.1/innkeeper"),
        ("INNKEEPER_DATABASE_URL", "postgres://u:hunter2@127.0.0.1/innkeeper?sslrootcert=/nowhere"),
        ("INNKEEPER_DATABASE_URL", "postgres://u:hunter2@db.example/innkeeper?sslrootcert=/etc/passwd"),
        (
            "INNKEEPER_DATABASE_URL",
            "postgres://u:hunter2@db.example/innkeeper?sslmode=require&sslrootcert=/etc/passwd",
        ),
        ("INNKEEPER_DATABASE_URL", "hunter2"),
        ("INNKEEPER_EMBEDDED_PORT", "0"),
        ("INNKEEPER_EMBEDDED_PORT", "65536"),
        ("INNKEEPER_EMBEDDED_LISTEN", "127.0.0.1, localhost"),
        ("INNKEEPER_EMBEDDED_HOST", "db_one"),
        ("INNKEEPER_EMBEDDED_HOST", "db example"),
        ("INNKEEPER_EMBEDDED_BIN", "/nowhere"),
        ("INNKEEPER_MASTER_KEY_FILE", "/a\nb"),
        ("INNKEEPER_MAIL_URL", "http://u:hunter2@mail.example.com"),
        ("INNKEEPER_MAIL_URL", "smtp://u:hunter2@mail.example.com:465"),
        ("INNKEEPER_MAIL_FROM", "somebody"),
        ("INNKEEPER_SUPPORT_EMAIL", "support"),
        ("INNKEEPER_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("INNKEEPER_TRUSTED_PROXIES", "proxy.example"),
        ("INNKEEPER_LOG", "innkeeper=loud"),
        ("INNKEEPER_LOG_FORMAT", "xml"),
        ("INNKEEPER_MAX_TENANTS", "-1"),
        ("INNKEEPER_READY_SLOTS", "101"),
        ("INNKEEPER_LIMIT_MAIL_PER_ADDRESS", "120"),
        ("INNKEEPER_LIMIT_MAIL_PER_MAILBOX", "0/600"),
        ("INNKEEPER_LIMIT_MAIL_IN_ALL", "10/0"),
        ("INNKEEPER_LIMIT_VERIFY_PER_ADDRESS", "10/100000"),
        ("INNKEEPER_LIMIT_REQUEST_PER_ACCOUNT", "ten/600"),
        ("INNKEEPER_LIMIT_CHANGE_PER_ACCOUNT", "10/600/2"),
        ("INNKEEPER_LIMIT_CHANGE_PER_ADDRESS", "1.5/600"),
        ("INNKEEPER_LIMIT_CONNECTIONS_PER_ADDRESS", "0"),
        // Nothing says who the mails are from.
        ("INNKEEPER_MAIL_FROM", ""),
    ];
    for (name, value) in wrong {
        let mut pairs = vec![(*name, *value)];
        if *name == "INNKEEPER_DATABASE_URL" {
            pairs.extend([lone_host, ("INNKEEPER_MAIL_FROM", "a@example.com")]);
        }
        if value.is_empty() {
            pairs.push(lone_host);
        }
        let found = problems(&pairs);
        assert_eq!(found.len(), 1, "{name}={value}: {found:?}");
        assert_eq!(&found[0].name, name, "{value}");
        let text = found[0].to_string();
        assert!(text.contains("Example: INNKEEPER_") && !text.contains("hunter2"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
    let named: BTreeSet<_> = wrong.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        named,
        SETTINGS.iter().map(|setting| setting.name).collect(),
        "a setting without a wrong value"
    );
}

#[test]
fn all_problems_come_at_once() {
    // One that is wrong only beside others does not wait for those that are wrong by themselves.
    let found = problems(&[
        ("INNKEEPER_DATABASE_URL", "hunter2"),
        ("INNKEEPER_LISTEN", "nowhere"),
        ("INNKEEPER_PUBLIC_URL", "nowhere"),
        ("INNKEEPER_EMBEDDED_PORT", "x"),
        ("INNKEEPER_LOG_FORMAT", "x"),
        ("INNKEEPER_LIMIT_CHANGE_PER_ACCOUNT", "x"),
    ]);
    assert_eq!(found.len(), 7, "{found:?}");
    assert_eq!(found[6].name, "INNKEEPER_MAIL_URL");
}

#[test]
fn a_portal_open_to_the_network_must_know_its_url() {
    let found = problems(&[("INNKEEPER_LISTEN", "0.0.0.0:8080")]);
    assert!(matches!(&found[..], [problem] if problem.name == "INNKEEPER_PUBLIC_URL"), "{found:?}");
    let pairs =
        [("INNKEEPER_LISTEN", "0.0.0.0:8080"), ("INNKEEPER_PUBLIC_URL", "https://db.example.com:8443/")];
    let config = Config::read(&environment(&pairs), None).unwrap();
    assert_eq!(config.public_url(config.listen), "https://db.example.com:8443");
}

#[test]
fn a_server_elsewhere_needs_a_mail_server() {
    let url = format!("postgres://u:hunter2@127.0.0.1/innkeeper?sslrootcert={A_FILE}");
    let found = problems(&[("INNKEEPER_DATABASE_URL", &url)]);
    assert!(matches!(&found[..], [problem] if problem.name == "INNKEEPER_MAIL_URL"), "{found:?}");
}

#[test]
fn the_file_has_the_same_names_and_the_environment_wins() {
    let file = "listen = \"127.0.0.1:1\"\nembedded_port = 5555\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\nsupport_email = ''\n";
    let config =
        Config::read(&environment(&[("INNKEEPER_LISTEN", "127.0.0.1:2")]), Some(("a.toml", file))).unwrap();
    assert_eq!(config.listen.port(), 2);
    assert_eq!(config.trusted_proxies.len(), 2);
    assert_eq!(config.embedded().port, 5555);
    let shown = config.show();
    assert!(shown.contains("= 5555 (file)") && shown.contains("= 127.0.0.1:2 (environment)"), "{shown}");
}

#[test]
fn what_the_file_has_too_much_or_wrong_is_refused() {
    let refused =
        |text: &str| Config::read(&environment(&[]), Some(("a.toml", text))).unwrap_err().to_string();
    assert!(refused("listn = 'x'").contains("a.toml: `listn` is not a setting"));
    assert!(refused("[limits]\na = 1").contains("`limits` is not a setting"));
    assert!(refused("listen = true").contains("INNKEEPER_LISTEN: listen in a.toml is neither"));
    let broken = refused("listen = '127.0.0.1:1'\nmail_url = 'smtp://u:hunter2@x");
    assert!(broken.contains("a.toml: line 2 is not TOML") && !broken.contains("hunter2"), "{broken}");
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let error =
        Config::load_from(&environment(&[("INNKEEPER_CONFIG", "/nowhere.toml")])).unwrap_err().to_string();
    assert!(error.contains("INNKEEPER_CONFIG: the file /nowhere.toml"), "{error}");
}

#[test]
fn secrets_are_not_shown() {
    let url =
        format!("postgres://admin:hunter2@127.0.0.1:5433/innkeeper?sslrootcert={A_FILE}&password=hunter3");
    let pairs = [
        ("INNKEEPER_DATABASE_URL", url.as_str()),
        ("INNKEEPER_MAIL_URL", "smtp://user:hunter2@mail.example.com?from=a@example.com"),
        ("INNKEEPER_PASSWORD", "hunter2"),
    ];
    let config = Config::read(&environment(&pairs), None).unwrap();
    let shown = format!("{}{}{config:?}", config.show(), config.misspelt());
    assert!(!shown.contains("hunter"), "{shown}");
    assert!(shown.contains("postgres://[hidden]@127.0.0.1:5433/innkeeper"), "{shown}");
    assert!(shown.contains("INNKEEPER_PASSWORD is set and is not a setting"), "{shown}");
}
