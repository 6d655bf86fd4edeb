use super::{
    connection::{Admin, within},
    failure::Failure,
    layout::Names,
};
use async_trait::async_trait;
use innkeeper_domain::{
    name::TenantName,
    plan::{Extension, Limits},
    ports::{RoleVerifiers, ServerError, TenantSession},
};
use sqlx::postgres::PgConnectOptions;

/// The locked connections of one tenant and its names.
pub(super) struct Held {
    options: PgConnectOptions,
    lock: String,
    /// In the maintenance database.
    pub(super) admin: Admin,
    /// In the tenant's own database, from the first work there on.
    inside: Option<Admin>,
    pub(super) names: Names,
}

impl Held {
    async fn take(options: PgConnectOptions, tenant: &TenantName) -> Result<Self, Failure> {
        let lock = format!("tenant {tenant}");
        let admin = Admin::open_locked_by_right(&options, None, &lock).await?;
        Ok(Self { options, lock, admin, inside: None, names: Names::of(tenant) })
    }

    /// The session inside the tenant's database. Advisory locks are per database, so it takes the same one there.
    pub(super) async fn inside(&mut self) -> Result<&mut Admin, Failure> {
        let inside = match self.inside.take() {
            Some(inside) => inside,
            None => Admin::open_locked_by_right(&self.options, Some(&self.names.db), &self.lock).await?,
        };
        Ok(self.inside.insert(inside))
    }

    /// Enters the tenant's database without taking the lock there.
    pub(super) async fn enter_unlocked(&mut self) -> Result<(), Failure> {
        self.leave().await;
        self.inside = Some(self.visit(&self.names.db.clone()).await?);
        Ok(())
    }

    /// Leaves the tenant's database: it can be neither dropped nor renamed while somebody is in it.
    pub(super) async fn leave(&mut self) {
        if let Some(inside) = self.inside.take() {
            inside.close().await;
        }
    }

    /// Another session in the maintenance database.
    pub(super) async fn visit_maintenance(&self) -> Result<Admin, Failure> {
        Admin::open(&self.options, None).await
    }

    /// A session in some other database.
    pub(super) async fn visit(&self, database: &str) -> Result<Admin, Failure> {
        Admin::open(&self.options, Some(database)).await
    }

    /// Which of the tenant's roles there are.
    pub(super) async fn present_roles(&mut self, doing: &'static str) -> Result<Vec<String>, Failure> {
        let query = sqlx::query_scalar("SELECT rolname::text FROM pg_roles WHERE rolname = ANY($1)");
        within(doing, query.bind(self.names.all()).fetch_all(self.admin.raw())).await
    }
}

/// The one session that changes a tenant. An error ends it, and with it the lock: what the server is still doing
/// is then unknown, and the next holder waits for it.
pub(super) struct Session(Option<Held>);

impl Session {
    pub(super) async fn lock(options: PgConnectOptions, tenant: &TenantName) -> Result<Self, Failure> {
        Ok(Self(Some(Held::take(options, tenant).await?)))
    }

    /// Takes the connections out for one piece of work; only its success puts them back (`Session::done`), so that
    /// an error and a dropped future both close them.
    fn start(&mut self) -> Result<Held, Failure> {
        let ended =
            || Failure::later("changing the tenant", "the session ended with an earlier error: lock again");
        self.0.take().ok_or_else(ended)
    }

    fn done(&mut self, held: Held) {
        self.0 = Some(held);
    }
}

#[async_trait]
impl TenantSession for Session {
    async fn create_roles(&mut self, verifiers: &RoleVerifiers) -> Result<(), ServerError> {
        let mut held = self.start()?;
        held.create_roles(verifiers).await?;
        self.done(held);
        Ok(())
    }

    async fn claim(&mut self, slot: &TenantName, verifiers: &RoleVerifiers) -> Result<bool, ServerError> {
        let mut held = self.start()?;
        let claimed = held.claim(&Names::of(slot), verifiers).await?;
        self.done(held);
        Ok(claimed)
    }

    async fn drop_roles(&mut self) -> Result<(), ServerError> {
        let mut held = self.start()?;
        held.drop_roles().await?;
        self.done(held);
        Ok(())
    }

    async fn create_database(&mut self) -> Result<(), ServerError> {
        let mut held = self.start()?;
        held.create_database().await?;
        self.done(held);
        Ok(())
    }

    async fn drop_database(&mut self) -> Result<(), ServerError> {
        let mut held = self.start()?;
        held.drop_database().await?;
        self.done(held);
        Ok(())
    }

    async fn apply_template(&mut self) -> Result<(), ServerError> {
        let mut held = self.start()?;
        held.apply_template().await?;
        self.done(held);
        Ok(())
    }

    async fn renew_layout(&mut self) -> Result<bool, ServerError> {
        let mut held = self.start()?;
        let renewed = held.renew_layout().await?;
        self.done(held);
        Ok(renewed)
    }

    async fn install_extensions(&mut self, extensions: &[Extension]) -> Result<(), ServerError> {
        let mut held = self.start()?;
        held.install_extensions(extensions).await?;
        self.done(held);
        Ok(())
    }

    async fn apply_limits(&mut self, limits: &Limits) -> Result<(), ServerError> {
        let mut held = self.start()?;
        held.apply_limits(limits).await?;
        self.done(held);
        Ok(())
    }

    async fn reset_limits(&mut self) -> Result<(), ServerError> {
        let mut held = self.start()?;
        held.reset_limits().await?;
        self.done(held);
        Ok(())
    }

    async fn set_login(&mut self, login: bool) -> Result<(), ServerError> {
        let mut held = self.start()?;
        if login {
            held.open_logins().await?;
        } else {
            held.close_logins().await?;
        }
        self.done(held);
        Ok(())
    }

    async fn cut_off(&mut self) -> Result<(), ServerError> {
        let mut held = self.start()?;
        held.cut_off().await?;
        self.done(held);
        Ok(())
    }

    async fn let_in(&mut self, limits: &Limits) -> Result<(), ServerError> {
        let mut held = self.start()?;
        held.let_in(limits).await?;
        self.done(held);
        Ok(())
    }

    async fn set_closed(&mut self, closed: bool) -> Result<(), ServerError> {
        let mut held = self.start()?;
        held.set_closed(closed).await?;
        self.done(held);
        Ok(())
    }

    async fn set_read_only(&mut self, read_only: bool) -> Result<(), ServerError> {
        let mut held = self.start()?;
        held.set_read_only(read_only).await?;
        self.done(held);
        Ok(())
    }

    async fn reset_roles(&mut self, verifiers: &RoleVerifiers) -> Result<(), ServerError> {
        let mut held = self.start()?;
        held.reset_roles(verifiers).await?;
        self.done(held);
        Ok(())
    }
}
