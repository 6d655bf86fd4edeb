use super::*;
use std::ffi::OsStr;

fn variables(admin: &PgConnectOptions) -> Vec<(String, String)> {
    let text = |text: &OsStr| text.to_str().unwrap().to_owned();
    let command = command(Path::new("/bin/pg_dump"), admin, &TenantName::parse("shop_k3v9x2").unwrap());
    let command = command.as_std();
    let arguments: String = command.get_args().map(text).collect();
    assert!(!arguments.contains("p@ss") && !arguments.contains("ad:min"), "{arguments}");
    command.get_envs().filter_map(|(name, value)| Some((text(name), text(value?)))).collect()
}

#[test]
fn the_way_in_is_told_by_the_environment() {
    let password = "p@ss+word%41 /?#ä'\"\\";
    let admin = PgConnectOptions::new_without_pgpass()
        .host("db.example.com")
        .port(5433)
        .username("ad:min/x@y")
        .password(password)
        .ssl_mode(PgSslMode::VerifyFull)
        .ssl_root_cert("/etc/inn keeper/ca.crt")
        .ssl_client_key_from_pem("-----BEGIN PRIVATE KEY-----\n");
    let variables = variables(&super::super::connection::quiet(admin));
    let of = |name: &str| variables.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    assert_eq!(of("PGHOST"), Some("db.example.com"));
    assert_eq!(of("PGPORT"), Some("5433"));
    assert_eq!(of("PGUSER"), Some("ad:min/x@y"));
    assert_eq!(of("PGPASSWORD"), Some(password));
    assert_eq!(of("PGDATABASE"), Some("shop_k3v9x2"));
    assert_eq!(of("PGSSLMODE"), Some("verify-full"));
    assert_eq!(of("PGSSLROOTCERT"), Some("/etc/inn keeper/ca.crt"));
    assert_eq!(of("PGSSLKEY"), None, "a key itself is not a file's name");
    assert!(of("PGOPTIONS").unwrap().contains("-c log_statement=none"));
    assert_eq!(of("HOME"), None);
}

#[test]
fn a_socket_needs_no_password() {
    let admin = PgConnectOptions::new_without_pgpass().socket("/data/a b").ssl_mode(PgSslMode::Disable);
    let variables = variables(&admin);
    assert!(variables.contains(&("PGHOST".into(), "/data/a b".into())));
    assert!(variables.contains(&("PGSSLMODE".into(), "disable".into())));
    assert!(!variables.iter().any(|(name, _)| name == "PGPASSWORD"));
}
