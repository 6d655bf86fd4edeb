//! Connections written down without a password: each reads it from the environment or the password file.

use innkeeper_domain::{
    connection::{Endpoint, Format, Login},
    name::TenantName,
    tenant::TenantRole,
};

/// What else a client needs that reads this format and does not look for the CA certificate where libpq does.
pub fn certificate_note(format: Format) -> Option<&'static str> {
    match format {
        Format::Uri | Format::Env => Some(
            "libpq and pgJDBC find the CA certificate by themselves. Other clients need its path: see the tab of your \
             language. Node.js also reads it from NODE_EXTRA_CA_CERTS, set to the full path of root.crt before it \
             starts.",
        ),
        // These read it from the home folder on each system.
        Format::Node | Format::Go | Format::Rust | Format::Prisma => {
            Some("On Windows, also save ca.crt as %USERPROFILE%\\.postgresql\\root.crt.")
        }
        Format::Psql | Format::Jdbc | Format::Python | Format::Django => None,
    }
}

/// How a format comes to its password, for people.
pub fn password_source(format: Format) -> &'static str {
    match format {
        Format::Jdbc => "The driver reads the password from ~/.pgpass (pgJDBC 42.3 and newer).",
        Format::Env => {
            "libpq reads the password from ~/.pgpass, or from PGPASSWORD if you set it beside these."
        }
        Format::Django => "Django reads PGPASSWORD from the environment here.",
        _ => "The password comes from PGPASSWORD or ~/.pgpass.",
    }
}

/// A role's connection in a format, without its password.
pub fn without_password(
    format: Format,
    endpoint: &Endpoint,
    tenant: &TenantName,
    role: TenantRole,
) -> String {
    Login { endpoint, tenant, role, password: None }.write(format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_names_role_database_and_check_of_the_server() {
        let endpoint = Endpoint { host: "2001:db8::7".into(), port: 5433 };
        let tenant = TenantName::parse("shop_k3v9x2").unwrap();
        for format in Format::ALL {
            let text = without_password(*format, &endpoint, &tenant, TenantRole::ReadOnly);
            assert!(text.contains("shop_k3v9x2_readonly"), "{text}");
            assert!(!text.contains("ca.crt") && text.contains("5433"), "{text}");
            assert!(text.contains("verify-full"), "{text}");
            assert!(!text.to_lowercase().contains("your"), "a placeholder: {text}");
            assert!(!password_source(*format).is_empty());
        }
        // What is read from the home folder is there on Windows only when it is saved there as well.
        for format in Format::ALL {
            let text = without_password(*format, &endpoint, &tenant, TenantRole::App);
            let note = certificate_note(*format).unwrap_or_default();
            let at_home = r"%USERPROFILE%\.postgresql\root.crt";
            assert_eq!(note.contains(at_home), text.contains(".postgresql/root.crt"), "{text}");
        }
        let uri = without_password(Format::Uri, &endpoint, &tenant, TenantRole::App);
        assert!(uri.contains("@[2001:db8::7]:5433/"), "{uri}");
    }
}
