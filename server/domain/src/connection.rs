//! What a person pastes to connect: ten formats, each of which works in any folder once the CA certificate is where libpq
//! looks for it by itself (PostgreSQL, chapter 34.19.1).

use crate::{
    name::TenantName,
    routes::Page,
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

/// The command that puts the CA certificate of the portal at this address where libpq and pgJDBC look for it, on Linux and
/// macOS. Those that are there already stay, even where the last one has no line end; without an answer nothing is written.
pub fn save_ca(public_url: &str) -> String {
    let certificate = Page::CaCertificate.absolute(public_url);
    format!(
        "mkdir -p ~/.postgresql && ca=$(curl -fsS {certificate}) && printf '\\n%s\\n' \"$ca\" >> \
         ~/.postgresql/root.crt"
    )
}

/// What the file of [`save_ca`] changes besides (PostgreSQL, chapter 34.19.1).
pub const CA_ELSEWHERE: &str =
    "Other servers that you reach with sslmode=require are then checked against this file as well.";

/// Where a role signs in, and by which password, if that is to be written down.
#[derive(Debug, Clone, Copy)]
pub struct Login<'a> {
    /// The server.
    pub endpoint: &'a Endpoint,
    /// The database.
    pub tenant: &'a TenantName,
    /// As whom.
    pub role: TenantRole,
    /// Without one, clients read it from the environment or from the password file.
    pub password: Option<&'a Secret>,
}

impl Login<'_> {
    /// The connection URI. Names and passwords are letters, digits and `_`: nothing to escape.
    pub fn uri(&self) -> String {
        let password = self.password.map(|password| format!(":{}", password.expose())).unwrap_or_default();
        let (site, tenant) = (self.site(), self.tenant);
        format!("postgresql://{}{password}@{site}/{tenant}?sslmode=verify-full", tenant.role(self.role))
    }

    /// Host and port; an IPv6 address stands in brackets (RFC 3986, section 3.2.2).
    fn site(&self) -> String {
        let Endpoint { host, port } = self.endpoint;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// The connection in a format. Clients that do not look for the CA certificate by themselves are told where it is.
    pub fn write(&self, format: Format) -> String {
        let Self { endpoint: Endpoint { host, port }, tenant, role, password } = *self;
        let (user, uri) = (tenant.role(role), self.uri());
        match format {
            Format::Uri => uri,
            Format::Psql => format!("psql \"{uri}\""),
            Format::Env => {
                let password = password.map(|p| format!("PGPASSWORD={}\n", p.expose())).unwrap_or_default();
                format!(
                    "PGHOST={host}\nPGPORT={port}\nPGDATABASE={tenant}\nPGUSER={user}\n{password}\
                     PGSSLMODE=verify-full\nDATABASE_URL={uri}"
                )
            }
            Format::Jdbc => {
                let password = password.map(|p| format!("&password={}", p.expose())).unwrap_or_default();
                format!(
                    "jdbc:postgresql://{}/{tenant}?user={user}{password}&sslmode=verify-full",
                    self.site()
                )
            }
            Format::Node => format!(
                "import os from \"node:os\";\nimport pg from \"pg\";\n\nconst pool = new pg.Pool({{\n  \
                 connectionString: `{uri}&sslrootcert=${{os.homedir()}}/.postgresql/root.crt`,\n}});"
            ),
            Format::Python => format!("import psycopg\n\nconn = psycopg.connect(\"{uri}\")"),
            Format::Go => format!(
                "import (\n\t\"database/sql\"\n\t\"log\"\n\t\"os\"\n\n\t_ \"github.com/lib/pq\"\n)\n\n\
                 home, err := os.UserHomeDir()\nif err != nil {{\n\tlog.Fatal(err)\n}}\n\
                 db, err := sql.Open(\"postgres\",\n\t\
                 \"{uri}&sslrootcert=\"+home+\"/.postgresql/root.crt\")"
            ),
            Format::Rust => format!(
                "let ca = std::env::home_dir().unwrap_or_default().join(\".postgresql/root.crt\");\n\
                 let options: sqlx::postgres::PgConnectOptions = \"{uri}\".parse()?;\n\
                 let pool = sqlx::PgPool::connect_with(options.ssl_root_cert(ca)).await?;"
            ),
            // The generated PrismaClient lies where the project puts it: importing it is left to the project.
            Format::Prisma => format!(
                "import os from \"node:os\";\nimport {{ PrismaPg }} from \"@prisma/adapter-pg\";\n\n\
                 const adapter = new PrismaPg({{\n  \
                 connectionString: `{uri}&sslrootcert=${{os.homedir()}}/.postgresql/root.crt`,\n}});\n\
                 const prisma = new PrismaClient({{ adapter }});"
            ),
            Format::Django => {
                let (import, password) = match password {
                    Some(password) => ("", format!("\"{}\"", password.expose())),
                    None => ("import os\n\n", "os.environ[\"PGPASSWORD\"]".to_owned()),
                };
                format!(
                    "{import}DATABASES = {{\n    \"default\": {{\n        \
                     \"ENGINE\": \"django.db.backends.postgresql\",\n        \"HOST\": \"{host}\",\n        \
                     \"PORT\": {port},\n        \"NAME\": \"{tenant}\",\n        \"USER\": \"{user}\",\n        \
                     \"PASSWORD\": {password},\n        \
                     \"OPTIONS\": {{\"sslmode\": \"verify-full\"}},\n    }}\n}}"
                )
            }
        }
    }
}

impl Credentials {
    fn login(&self, role: TenantRole) -> Login<'_> {
        let Self { endpoint, tenant, passwords } = self;
        Login { endpoint, tenant, role, password: Some(passwords.of(role)) }
    }

    /// The connection URI of a role.
    pub fn uri(&self, role: TenantRole) -> String {
        self.login(role).uri()
    }

    /// A role's connection in a format.
    pub fn write(&self, format: Format, role: TenantRole) -> String {
        self.login(role).write(format)
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
    fn each_format_works_in_any_folder() {
        let all = credentials("db.example");
        for format in Format::ALL {
            let text = all.write(*format, TenantRole::App);
            assert!(text.contains("verify-full") && !text.contains("ca.crt"), "{text}");
            // A path there is one from the home folder.
            let paths = text.matches("root.crt").count();
            let from_home =
                ["${os.homedir()}/.postgresql/root.crt", "home+\"/.postgresql/root.crt", "home_dir()"];
            assert_eq!(paths, usize::from(from_home.iter().any(|path| text.contains(path))), "{text}");
        }
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
