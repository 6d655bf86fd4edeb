//! What a person pastes to connect: ten formats, each of which works alone beside `ca.crt`.

use crate::{
    name::TenantName,
    secret::Secret,
    tenant::{PerRole, TenantRole, stored},
};

/// Where a server is reached by its customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Name or address, as in the server's certificate.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// All that is needed to sign in to a tenant.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The server.
    pub endpoint: Endpoint,
    /// The tenant: its database.
    pub tenant: TenantName,
    /// The password of each role.
    pub passwords: PerRole<Secret>,
}

/// A form in which a connection is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A connection URI (libpq, chapter 34.1.1.2).
    Uri,
    /// A command for psql.
    Psql,
    /// Environment variables of libpq (chapter 34.15).
    Env,
    /// A JDBC URL.
    Jdbc,
    /// node-postgres.
    Node,
    /// psycopg.
    Python,
    /// database/sql with lib/pq.
    Go,
    /// sqlx.
    Rust,
    /// Prisma with its adapter for node-postgres: since version 7 it has no engine of its own to connect with.
    Prisma,
    /// Django's settings.
    Django,
}

stored!(Format {
    Uri "uri",
    Psql "psql",
    Env "env",
    Jdbc "jdbc",
    Node "node",
    Python "python",
    Go "go",
    Rust "rust",
    Prisma "prisma",
    Django "django",
});

impl Format {
    /// As a person reads it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Uri => "URI",
            Self::Psql => "psql",
            Self::Env => ".env",
            Self::Jdbc => "JDBC",
            Self::Node => "Node.js",
            Self::Python => "Python",
            Self::Go => "Go",
            Self::Rust => "Rust",
            Self::Prisma => "Prisma",
            Self::Django => "Django",
        }
    }
}

impl Credentials {
    /// The connection URI of a role. Names and passwords are letters, digits and `_`: nothing to escape.
    pub fn uri(&self, role: TenantRole) -> String {
        let Self { endpoint: Endpoint { host, port }, tenant, passwords } = self;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let (user, password) = (tenant.role(role), passwords.of(role).expose());
        format!(
            "postgresql://{user}:{password}@{host}:{port}/{tenant}?sslmode=verify-full&sslrootcert=ca.crt"
        )
    }

    /// A role's connection in a format.
    pub fn write(&self, format: Format, role: TenantRole) -> String {
        let Self { endpoint: Endpoint { host, port }, tenant, passwords } = self;
        let (user, password, uri) = (tenant.role(role), passwords.of(role).expose(), self.uri(role));
        match format {
            Format::Uri => uri,
            Format::Psql => format!("psql \"{uri}\""),
            Format::Env => format!(
                "PGHOST={host}\nPGPORT={port}\nPGDATABASE={tenant}\nPGUSER={user}\nPGPASSWORD={password}\n\
                 PGSSLMODE=verify-full\nPGSSLROOTCERT=ca.crt"
            ),
            Format::Jdbc => {
                let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
                format!(
                    "jdbc:postgresql://{host}:{port}/{tenant}?user={user}&password={password}\
                     &sslmode=verify-full&sslrootcert=ca.crt"
                )
            }
            Format::Node => format!(
                "import pg from \"pg\";\n\nconst pool = new pg.Pool({{\n  connectionString: \"{uri}\",\n}});"
            ),
            Format::Python => format!("import psycopg\n\nconn = psycopg.connect(\"{uri}\")"),
            Format::Go => format!(
                "import (\n\t\"database/sql\"\n\n\t_ \"github.com/lib/pq\"\n)\n\n\
                 db, err := sql.Open(\"postgres\", \"{uri}\")"
            ),
            Format::Rust => format!("let pool = sqlx::PgPool::connect(\"{uri}\").await?;"),
            // The generated PrismaClient lies where the project puts it: importing it is left to the project.
            Format::Prisma => format!(
                "import {{ PrismaPg }} from \"@prisma/adapter-pg\";\n\n\
                 const adapter = new PrismaPg({{\n  connectionString: \"{uri}\",\n}});\n\
                 const prisma = new PrismaClient({{ adapter }});"
            ),
            Format::Django => format!(
                "DATABASES = {{\n    \"default\": {{\n        \"ENGINE\": \"django.db.backends.postgresql\",\n        \
                 \"HOST\": \"{host}\",\n        \"PORT\": {port},\n        \"NAME\": \"{tenant}\",\n        \
                 \"USER\": \"{user}\",\n        \"PASSWORD\": \"{password}\",\n        \
                 \"OPTIONS\": {{\"sslmode\": \"verify-full\", \"sslrootcert\": \"ca.crt\"}},\n    }}\n}}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(host: &str) -> Credentials {
        Credentials {
            endpoint: Endpoint { host: host.into(), port: 5433 },
            tenant: TenantName::parse("shop_k3v9x2").unwrap(),
            passwords: PerRole::make(|role| Secret::new(format!("Pw{}", role.as_str()))),
        }
    }

    #[test]
    fn each_format_is_whole() {
        let all = credentials("db.example");
        let text =
            Format::ALL.iter().map(|f| format!("--- {}\n{}\n", f.as_str(), all.write(*f, TenantRole::App)));
        insta::assert_snapshot!(text.collect::<String>());
    }

    #[test]
    fn an_ipv6_address_stands_in_brackets_in_a_uri_only() {
        let all = credentials("2001:db8::5");
        assert!(
            all.uri(TenantRole::Owner)
                .starts_with("postgresql://shop_k3v9x2_owner:Pwowner@[2001:db8::5]:5433/")
        );
        assert!(all.write(Format::Env, TenantRole::Owner).starts_with("PGHOST=2001:db8::5\n"));
    }
}
