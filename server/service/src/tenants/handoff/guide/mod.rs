use crate::{context::outbox::moment, tenants::TenantView};
use innkeeper_domain::{
    allowlist::Reach,
    connection::{CA_ELSEWHERE, Endpoint, save_ca},
    email::EmailAddress,
    plan::LOCKS_PER_TENANT,
    routes::Page,
    tenant::TenantRole,
    text::thousands,
};
use std::fmt;
use time::OffsetDateTime;

/// The guide in the bundle: how to connect, and what to do when it does not work. Holds no password.
pub struct Guide<'a> {
    pub tenant: &'a TenantView,
    pub endpoint: &'a Endpoint,
    pub public_url: &'a str,
    pub support: Option<&'a EmailAddress>,
    pub made_at: OffsetDateTime,
}

impl fmt::Display for Guide<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.server(f)?;
        self.roles(f)?;
        self.connecting(f)?;
        self.limits(f)?;
        self.isolation(f)?;
        self.trouble(f)?;
        self.passwords(f)
    }
}

impl Guide<'_> {
    fn server(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TenantView { wish, organisation, name, major, region_label, .. } = self.tenant;
        let Endpoint { host, port } = self.endpoint;
        writeln!(
            f,
            "# Connecting to {wish}\n\n\
             For {organisation}. This file holds no password and may be passed on; the other files beside `ca.crt` hold \
             passwords and may not.\n\n\
             | | |\n|---|---|\n\
             | Host | `{host}` |\n\
             | Port | `{port}` |\n\
             | Database | `{name}` |\n\
             | Server | PostgreSQL {major}, {region_label} |\n\
             | Encryption | TLS always; the server is checked with `ca.crt` (`sslmode=verify-full`), see below |\n"
        )?;
        match &self.tenant.reach {
            Reach::Anywhere => writeln!(f, "Connections are allowed from any IP address.\n"),
            Reach::Only(ranges) => {
                writeln!(f, "Connections are allowed from these IP addresses only:\n")?;
                for range in ranges {
                    writeln!(f, "- `{range}`")?;
                }
                writeln!(f)
            }
        }
    }

    fn roles(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## Three roles\n\n| Role | For | May | Connections at once |\n|---|---|---|---|")?;
        for role in TenantRole::ALL {
            let (what, may) = match role {
                TenantRole::Owner => (
                    "migrations",
                    "create and change tables, schemas and functions; all that the other two may",
                ),
                TenantRole::App => {
                    ("your application", "read and write data, use temporary tables; not create tables")
                }
                TenantRole::ReadOnly => ("reports and analytics", "read data; nothing else"),
            };
            let connections = self.tenant.plan.limits.role_connections.of(*role);
            writeln!(f, "| `{}` | {what} | {may} | {connections} |", self.tenant.name.role(*role))?;
        }
        writeln!(f, "\nWhat the owner creates, the other two may use at once; no grants are needed.\n")
    }

    fn connecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.tenant.name;
        let Endpoint { host, port } = self.endpoint;
        let bracketed = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let app = name.role(TenantRole::App);
        let (save_ca, page) =
            (save_ca(self.public_url), Page::Connect(name.into()).absolute(self.public_url));
        writeln!(
            f,
            "## Connecting\n\n\
             Once on each machine, save the CA certificate where libpq (psql, Python, Django, Ruby, PHP) and JDBC look for it by \
             themselves. On Linux and macOS:\n\n\
             ```sh\n\
             {save_ca}\n\
             ```\n\n\
             {CA_ELSEWHERE} If the machine cannot reach the portal, add the bundle's `ca.crt` to that file. On Windows it is \
             `%APPDATA%\\postgresql\\root.crt`: save the bundle's `ca.crt` there. For a program that runs as another user or \
             in a container, write the whole path of `ca.crt` after `sslrootcert=`, or set `PGSSLROOTCERT` to it.\n\n\
             Node.js, Go, Rust and Prisma do not look there by themselves: the page {page} has the text for each of them, \
             which reads the file from the home folder. On Windows, also save it as `%USERPROFILE%\\.postgresql\\root.crt` \
             for them. Node.js takes the file from `NODE_EXTRA_CA_CERTS` as well.\n\n\
             With psql and the passwords of `pg_service.conf`, in the folder `{name}` of the bundle, as application, owner and \
             read-only role:\n\n\
             ```sh\n\
             PGSERVICEFILE=pg_service.conf psql service={name}\n\
             PGSERVICEFILE=pg_service.conf psql service={name}_owner\n\
             PGSERVICEFILE=pg_service.conf psql service={name}_readonly\n\
             ```\n\n\
             A connection string, which takes the password from `PGPASSWORD` or asks for it (whole ones are in \
             `credentials.json`, the application's settings in `.env`):\n\n\
             ```\n\
             postgresql://{app}@{bracketed}:{port}/{name}?sslmode=verify-full\n\
             ```\n\n\
             For JDBC, which is given the password as the property `password`:\n\n\
             ```\n\
             jdbc:postgresql://{bracketed}:{port}/{name}?user={app}&sslmode=verify-full\n\
             ```\n\n\
             A first statement, to see where you are:\n\n\
             ```sql\n\
             select current_user, current_database(), version();\n\
             ```\n"
        )
    }

    fn limits(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = &self.tenant.plan;
        let limits = &plan.limits;
        writeln!(
            f,
            "## Limits of the plan {}\n\n\
             - Connections to the database: {} at once. A pool of your application stays below its role's share above.\n\
             - Temporary files: at most {} GB for each connection.\n\
             - Storage: {} GB. A database that takes more becomes read-only: its connections are closed, and new ones can read \
             but not write until it takes less than 95 % of that. To delete data meanwhile, run \
             `SET default_transaction_read_only = off` first; `TRUNCATE`, `DROP TABLE` and `VACUUM FULL` give space back.\n\
             - Locks: {} at once in all sessions together (`pg_locks`, those of the fast path not counted). A session holds one \
             for each table, partition and index that a transaction touches. Sessions that hold more for two seconds are \
             disconnected. So is any session that asks for an exclusive lock on a system catalog. The database's page says when \
             that happened.\n\
             - Starting values that a session may change: `work_mem` and `maintenance_work_mem` {} MB, \
             `effective_cache_size` {} MB, and the end of transactions that idle for {} minutes.\n",
            plan.label,
            limits.connections,
            limits.temp_file_limit_gb,
            limits.storage_gb,
            thousands(LOCKS_PER_TENANT),
            limits.work_mem_mb,
            limits.effective_cache_size_mb,
            limits.idle_in_transaction_minutes,
        )
    }

    fn isolation(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "## What others on the server can see\n\n\
             The server is shared. Your roles can connect to your database only, and nobody else's roles can connect to it: \
             your data, tables and statements stay yours. PostgreSQL shows the names of databases and roles to everybody who \
             is signed in to a server: others there can read the name `{}` and those of its roles, as you can read theirs. \
             Put nothing confidential into names.\n",
            self.tenant.name
        )
    }

    fn trouble(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let page = Page::Tenant((&self.tenant.name).into()).absolute(self.public_url);
        writeln!(
            f,
            "## When a connection is refused\n\n\
             | The message has | Because | Do |\n|---|---|---|\n\
             | `pg_hba.conf rejects connection` | your IP address is not on the list above, or the connection has no TLS | compare \
             the IP address in the message with {page}; connect with `sslmode=verify-full` |\n\
             | `pg_hba.conf rejects connection … database \"postgres\"` | the database in the message is not yours: pgAdmin, DBeaver, \
             `dbmate create` and others connect to `postgres` first | set the maintenance database to `{name}`; leave out the step \
             that creates the database, it is there already |\n\
             | `no pg_hba.conf entry` | the username is none of the three above | copy it from the table |\n\
             | `root certificate file … does not exist`, or `certificate verify failed` | the CA certificate is not where the \
             client looks | save it with the command above, or write its whole path after `sslrootcert=` |\n\
             | `self-signed certificate in certificate chain` (`SELF_SIGNED_CERT_IN_CHAIN`) | Node.js reads neither \
             `~/.postgresql/root.crt` nor `PGSSLROOTCERT` | start it with `NODE_EXTRA_CA_CERTS=$HOME/.postgresql/root.crt`, or write \
             `&sslrootcert=` and the whole path at the end of the URI |\n\
             | `does not match host name` | another name or address is used than `{}` | use that host exactly |\n\
             | `password authentication failed` | the password is mistyped, or the passwords were reset since | see below |\n\
             | `too many connections` | all connections of the role or the database are in use | close some, or let the \
             pool be smaller |\n\
             | `permission denied` | the role may not do that | use the role that may, see above |\n\
             | no answer at all | a firewall between you and the server | open outgoing port {} |\n",
            self.endpoint.host,
            self.endpoint.port,
            name = self.tenant.name,
        )
    }

    fn passwords(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let page = Page::Tenant((&self.tenant.name).into()).absolute(self.public_url);
        let handoff = Page::Handoff((&self.tenant.name).into()).absolute(self.public_url);
        writeln!(
            f,
            "## Reset passwords\n\n\
             Once the passwords are saved, the portal keeps no copy and cannot show them again. When they are lost or somebody saw them, \
             select \"Reset passwords\" on {handoff}: all three are replaced and the old ones stop working.\n"
        )?;
        match self.support {
            Some(address) => writeln!(
                f,
                "## Support\n\nWrite to {address} and name the database, `{}`. Nobody there ever asks for a password.\n",
                self.tenant.name
            )?,
            None => writeln!(f, "## Support\n\nAsk whoever runs {}.\n", self.public_url)?,
        }
        let at = moment(self.made_at);
        writeln!(f, "Created on {at}. {page} shows the current state.")
    }
}

#[cfg(test)]
mod tests;
