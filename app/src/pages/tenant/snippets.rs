//! Connections written down without a password: each reads it from the environment or the password file.

use innkeeper_domain::{
    connection::{Endpoint, Format},
    name::TenantName,
    tenant::TenantRole,
};

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
    let Endpoint { host, port } = endpoint;
    let user = tenant.role(role);
    // RFC 3986, section 3.2.2: an IPv6 address stands in brackets.
    let site = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    let tls = "sslmode=verify-full&sslrootcert=ca.crt";
    let uri = format!("postgresql://{user}@{site}:{port}/{tenant}?{tls}");
    match format {
        Format::Uri => uri,
        Format::Psql => format!("psql \"{uri}\""),
        Format::Env => format!(
            "PGHOST={host}\nPGPORT={port}\nPGDATABASE={tenant}\nPGUSER={user}\nPGSSLMODE=verify-full\nPGSSLROOTCERT=ca.crt"
        ),
        Format::Jdbc => format!("jdbc:postgresql://{site}:{port}/{tenant}?user={user}&{tls}"),
        Format::Node => format!(
            "import pg from \"pg\";\n\nconst pool = new pg.Pool({{\n  connectionString: \"{uri}\",\n}});"
        ),
        Format::Python => format!("import psycopg\n\nconn = psycopg.connect(\"{uri}\")"),
        Format::Go => format!(
            "import (\n\t\"database/sql\"\n\n\t_ \"github.com/lib/pq\"\n)\n\n\
             db, err := sql.Open(\"postgres\", \"{uri}\")"
        ),
        Format::Rust => format!("let pool = sqlx::PgPool::connect(\"{uri}\").await?;"),
        Format::Prisma => format!(
            "import {{ PrismaPg }} from \"@prisma/adapter-pg\";\n\n\
             const adapter = new PrismaPg({{\n  connectionString: \"{uri}\",\n}});\n\
             const prisma = new PrismaClient({{ adapter }});"
        ),
        Format::Django => format!(
            "import os\n\nDATABASES = {{\n    \"default\": {{\n        \
             \"ENGINE\": \"django.db.backends.postgresql\",\n        \"HOST\": \"{host}\",\n        \
             \"PORT\": {port},\n        \"NAME\": \"{tenant}\",\n        \"USER\": \"{user}\",\n        \
             \"PASSWORD\": os.environ[\"PGPASSWORD\"],\n        \
             \"OPTIONS\": {{\"sslmode\": \"verify-full\", \"sslrootcert\": \"ca.crt\"}},\n    }}\n}}"
        ),
    }
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
            assert!(text.contains("ca.crt") && text.contains("5433"), "{text}");
            assert!(text.contains("verify-full"), "{text}");
            assert!(!text.to_lowercase().contains("your"), "a placeholder: {text}");
            assert!(!password_source(*format).is_empty());
        }
        let uri = without_password(Format::Uri, &endpoint, &tenant, TenantRole::App);
        assert!(uri.contains("@[2001:db8::7]:5433/"), "{uri}");
    }
}
