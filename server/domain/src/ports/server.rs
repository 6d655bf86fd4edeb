use super::{FirstConnection, Inventory, ServerFacts, StorageUse, Stray, Usage};
use crate::{
    connection::Endpoint,
    ended_sessions::EndedSessions,
    name::TenantName,
    plan::{Extension, Limits},
    secret::Secret,
    standing::Standing,
    tenant::PerRole,
};
use async_trait::async_trait;
use std::{collections::HashMap, convert::Infallible, net::IpAddr, pin::Pin};
use tokio::io::AsyncWrite;

/// A PostgreSQL server that did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Not reached, restarting, out of connections, blocked: worth another try.
    #[error("{doing}: {cause}")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// What the server or the network said, without secrets.
        cause: String,
    },
    /// Somebody else's session on the server is in the way, and nothing here can end it.
    #[error("{doing}: waiting for another session on the server to end")]
    Blocked {
        /// What was being done.
        doing: &'static str,
        /// Whose session, for the operator: it may be another customer's.
        by: String,
    },
    /// It will say the same again.
    #[error("{doing}: {cause}")]
    Refused {
        /// What was being done.
        doing: &'static str,
        /// What the server said, without secrets.
        cause: String,
    },
}

/// The SCRAM-SHA-256 verifier of each role (RFC 5803), or none, by which nobody can sign in. The passwords themselves
/// never go to the server.
pub type RoleVerifiers = PerRole<Option<Secret>>;

/// A try to sign in to a tenant's server, as its customer would.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The database.
    pub database: String,
    /// The role.
    pub user: String,
    /// Its password.
    pub password: Secret,
}

/// What a try to sign in led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInAnswer {
    /// In, as this user of this database; whether over TLS, from which address, and what was read back there.
    In {
        /// `current_user`.
        user: String,
        /// `current_database()`.
        database: String,
        /// `pg_stat_ssl.ssl` of the session.
        tls: bool,
        /// Names of the installed extensions.
        extensions: Vec<String>,
        /// Privileges of the session: may create in schema public, may create temporary tables.
        may_create: bool,
        /// See `may_create`.
        may_use_temp: bool,
    },
    /// Refused, with the SQLSTATE of the refusal (28000: rules, 28P01: password, 42501: no CONNECT).
    Refused {
        /// The SQLSTATE.
        code: String,
    },
    /// No connection was left, of the role, of its database or of the server (SQLSTATE 53300).
    Full,
}

/// A server that tenants live on, reached by its platform's administrator.
#[async_trait]
pub trait TenantServer: Send + Sync {
    /// Where customers reach it.
    fn endpoint(&self) -> Endpoint;
    /// The certificate (PEM) by which customers check it.
    fn ca_certificate(&self) -> String;
    /// Makes the platform's roles and the template, where they are not there. Any number of portals may call it.
    async fn prepare(&self) -> Result<(), ServerError>;
    /// Reads the facts that decide about room.
    async fn facts(&self) -> Result<ServerFacts, ServerError>;
    /// The size of all databases, in bytes. Takes seconds on a server with thousands of them: not for each request.
    async fn used_bytes(&self) -> Result<i64, ServerError>;
    /// Takes the tenant's lock and with it the only session that changes this tenant. Waits for a statement of a
    /// killed holder to end, within a deadline. The lock ends with the session.
    async fn lock(&self, tenant: &TenantName) -> Result<Box<dyn TenantSession>, ServerError>;
    /// The portal's block as it stands in the file.
    async fn read_rules(&self) -> Result<Option<String>, ServerError>;
    /// Takes the server's rule lock, and with it the only session that writes `pg_hba.conf`, over all portals. The lock
    /// ends with the session.
    async fn lock_rules(&self) -> Result<Box<dyn RulesSession>, ServerError>;
    /// The address from which [`TenantServer::sign_in`] comes, as the server sees it.
    fn probe_address(&self) -> IpAddr;
    /// Really signs in over TLS, checking the server's certificate; closes the session again.
    async fn sign_in(&self, attempt: &SignIn) -> Result<SignInAnswer, ServerError>;
    /// What a tenant uses now; none if it is not there.
    async fn usage(&self, tenant: &TenantName) -> Result<Option<Usage>, ServerError>;
    /// What the databases of all tenants take. Takes seconds on a server with thousands of them: not for each request.
    async fn storage(&self) -> Result<HashMap<TenantName, StorageUse>, ServerError>;
    /// How many sessions were ever begun in each of these tenants' databases, ours included, as far as the server counts
    /// them: nothing in its log is new while the number stays.
    async fn sessions(&self, tenants: &[TenantName]) -> Result<HashMap<TenantName, i64>, ServerError>;
    /// Looks in the server's log for the first session of the tenant's roles that did not come from the portal's
    /// probes. None where the log cannot be read or has none.
    async fn first_connection(&self, tenant: &TenantName) -> Result<Option<FirstConnection>, ServerError>;
    /// How the tenants stand, by the catalogs.
    async fn standings(&self) -> Result<HashMap<TenantName, Standing>, ServerError>;
    /// Reads everything that could be an orphan.
    async fn inventory(&self) -> Result<Inventory, ServerError>;
    /// Takes away what the layout does not have. Absent is success.
    async fn remove_stray(&self, stray: &Stray) -> Result<(), ServerError>;
    /// Writes a dump of the tenant's database (custom format of `pg_dump`, compressed) as the administrator, also where
    /// the database takes no connections of others. Its size in bytes. What was written is worth something only after
    /// success. Dropping the future ends the dump, here and on the server.
    async fn dump(
        &self,
        tenant: &TenantName,
        into: Pin<Box<dyn AsyncWrite + Send>>,
    ) -> Result<u64, ServerError>;
    /// Ends sessions of tenants whose locks would keep others from signing in or the platform from its work: on shared
    /// catalogs, on databases and roles of others, or more than [`LOCKS_PER_TENANT`](crate::plan::LOCKS_PER_TENANT) or a
    /// tenth of the lock table, which all databases of the server share. Tells of each. Works until its own session is
    /// lost, and says why: call it again.
    async fn watch_locks(
        &self,
        tell: &(dyn Fn(EndedSessions) + Send + Sync),
    ) -> Result<Infallible, ServerError>;
}

/// The one session that writes a server's `pg_hba.conf`, under its lock. An error ends it.
#[async_trait]
pub trait RulesSession: Send {
    /// Puts the portal's block into the file, checked, reloaded and in force when this returns. The file is as before
    /// on any error.
    async fn write(self: Box<Self>, block: &str) -> Result<(), ServerError>;
}

/// The one session that changes a tenant, under its lock. Every call looks first and may be repeated. An error ends
/// the session and its lock, since what the server still does is unknown then: lock again.
#[async_trait]
pub trait TenantSession: Send {
    /// Group and login roles, which may not sign in (also if they could before), with these verifiers.
    async fn create_roles(&mut self, verifiers: &RoleVerifiers) -> Result<(), ServerError>;
    /// Makes a database that stands ready under the slot's name, closed and with roles, the tenant's: it and its roles get
    /// the tenant's names and these verifiers in one transaction. Signing in stays forbidden. False if the slot is not
    /// there whole; then nothing was changed.
    async fn claim(&mut self, slot: &TenantName, verifiers: &RoleVerifiers) -> Result<bool, ServerError>;
    /// Removes the roles and what they own or were granted elsewhere. Refused while the database is there. Absent is
    /// success.
    async fn drop_roles(&mut self) -> Result<(), ServerError>;
    /// The database, closed from birth, and its rights.
    async fn create_database(&mut self) -> Result<(), ServerError>;
    /// Ends its sessions and removes it. Absent is success.
    async fn drop_database(&mut self) -> Result<(), ServerError>;
    /// Schema, default privileges and function rights inside the database.
    async fn apply_template(&mut self) -> Result<(), ServerError>;
    /// Brings what an earlier version of the portal made, or `pg_upgrade` left out, to this version's rights in
    /// `pg_catalog` and extensions, in a database that is in use; whether anything was done.
    async fn renew_layout(&mut self) -> Result<bool, ServerError>;
    /// Exactly these extensions: missing ones are made, others of the platform's list removed.
    async fn install_extensions(&mut self, extensions: &[Extension]) -> Result<(), ServerError>;
    /// Limits of database and roles, and the settings of the plan.
    async fn apply_limits(&mut self, limits: &Limits) -> Result<(), ServerError>;
    /// Back to no connections and no settings; ends the tenant's sessions. Before `set_login(false)` it keeps out
    /// clients that come back at once. Absent is success.
    async fn reset_limits(&mut self) -> Result<(), ServerError>;
    /// Lets the roles sign in, or no longer, which ends their sessions. Absent roles are success for `false`.
    async fn set_login(&mut self, login: bool) -> Result<(), ServerError>;
    /// Cuts the tenant off: no connections to its database, no role may sign in, its sessions are ended; read back.
    /// Passwords, settings and data stay.
    async fn cut_off(&mut self) -> Result<(), ServerError>;
    /// Lets a tenant in again that was cut off, with these limits; read back.
    async fn let_in(&mut self, limits: &Limits) -> Result<(), ServerError>;
    /// Lets nobody into the database, not even the administrator, or no longer keeps everybody out. Who closes it cuts
    /// the tenant off before.
    async fn set_closed(&mut self, closed: bool) -> Result<(), ServerError>;
    /// Makes transactions of the tenant's roles read-only unless they ask for more, and ends its sessions; or no longer,
    /// which ends those that idle.
    async fn set_read_only(&mut self, read_only: bool) -> Result<(), ServerError>;
    /// Cuts the tenant off, replaces the verifiers (`None` takes the password away) and clears whatever else its roles
    /// can change about themselves. When this returns, nobody who knows an older password is in or on the way in.
    /// Statements and log never hold a verifier. Who may, lets the tenant in again (`let_in`).
    async fn reset_roles(&mut self, verifiers: &RoleVerifiers) -> Result<(), ServerError>;
}
