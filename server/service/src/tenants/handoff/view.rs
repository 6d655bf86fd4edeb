use super::{about, proof::Proof};
use crate::{
    Error, Result, Service,
    context::{audit::Action, requester::Requester},
    tenants::{self, TenantView},
};
use innkeeper_domain::{
    connection::Credentials, handoff::HandoffState, ids::TenantId, permission::Permission, run::RunKind,
    tenant::TenantState,
};
use ipnet::IpNet;
use sqlx::PgConnection;
use std::net::IpAddr;
use time::OffsetDateTime;
use uuid::Uuid;

/// How a handoff stands for the requester.
#[derive(Debug, Clone)]
pub enum HandoffView {
    /// The tenant is not made yet, or not in use.
    NotReady,
    /// Passwords are being reset.
    Renewing,
    /// Waits for the requester's press.
    Sealed {
        /// Until when.
        until: OffsetDateTime,
        /// Whether the requester's sign-in is fresh enough to press.
        fresh: bool,
    },
    /// Waits for somebody else.
    NotYours {
        /// The address of that person.
        addressed_to: String,
    },
    /// Open here: the credentials.
    Open(Box<OpenHandoff>),
    /// Open in another browser session.
    OpenElsewhere {
        /// Since when.
        at: OffsetDateTime,
        /// Until when.
        until: OffsetDateTime,
        /// From which address it was opened.
        from: Option<IpAddr>,
    },
    /// The person has saved the passwords.
    Confirmed {
        /// When.
        at: OffsetDateTime,
    },
    /// Shown, and not confirmed in time. The passwords are valid.
    Lapsed {
        /// When it was opened.
        opened_at: OffsetDateTime,
        /// From which address.
        from: Option<IpAddr>,
    },
    /// A reset was asked for and failed. The roles have no passwords.
    NotRenewed,
    /// Never opened. The roles have no passwords.
    Expired {
        /// When its time was over.
        at: OffsetDateTime,
    },
    /// Taken back, and no new one came of it.
    Revoked,
}

/// A handoff that is open in the requester's session.
#[derive(Debug, Clone)]
pub struct OpenHandoff {
    /// What was handed over.
    pub credentials: Credentials,
    /// Until when it is shown.
    pub until: OffsetDateTime,
    /// Since when.
    pub opened_at: OffsetDateTime,
    /// From which address it was opened.
    pub from: Option<IpAddr>,
}

/// The newest handoff of a tenant, for an admin. Showing credentials is recorded; nothing else changes.
pub async fn view(service: &Service, requester: &Requester, name: &str) -> Result<(TenantView, HandoffView)> {
    let person = requester.signed_in()?;
    let mut tx = requester.begin(&service.pool).await?;
    let tenant = tenants::load(&mut tx, requester, Permission::HandoffView, name).await?;
    let view = if let Some(proof) = Proof::make(&mut tx, &tenant, requester).await? {
        let credentials = proof.credentials(service, &mut tx, &tenant).await?;
        requester
            .audit(Action::HandoffView)
            .of(&tenant)
            .detail(about(proof.handoff))
            .record(&mut tx, &service.ids)
            .await?;
        let Proof { opened_at, until, from, .. } = proof;
        HandoffView::Open(Box::new(OpenHandoff { credentials, until, opened_at, from }))
    } else if tenant.state != TenantState::Active {
        HandoffView::NotReady
    } else if renewing(&mut tx, tenant.id).await? {
        HandoffView::Renewing
    } else {
        match latest(&mut tx, tenant.id).await? {
            Some(latest)
                if latest.state == HandoffState::Expired && not_renewed(&mut tx, tenant.id).await? =>
            {
                HandoffView::NotRenewed
            }
            Some(latest) => closed(latest, person.id.0, person.fresh)?,
            None => HandoffView::NotReady,
        }
    };
    tx.commit().await?;
    Ok((tenant, view))
}

/// How a handoff looks to somebody to whom it is not open.
fn closed(latest: Latest, person: Uuid, fresh: bool) -> Result<HandoffView> {
    let missing = || Error::corrupt("half-written handoff", latest.id);
    Ok(match latest.state {
        HandoffState::Sealed if latest.addressed_to == person => {
            HandoffView::Sealed { until: latest.sealed_until, fresh }
        }
        HandoffState::Sealed => HandoffView::NotYours { addressed_to: latest.addressed_email },
        HandoffState::Open => HandoffView::OpenElsewhere {
            at: latest.opened_at.ok_or_else(missing)?,
            until: latest.open_until.ok_or_else(missing)?,
            from: latest.opened_from,
        },
        HandoffState::Confirmed => HandoffView::Confirmed { at: latest.closed_at.ok_or_else(missing)? },
        HandoffState::Lapsed => {
            HandoffView::Lapsed { opened_at: latest.opened_at.ok_or_else(missing)?, from: latest.opened_from }
        }
        HandoffState::Expired => HandoffView::Expired { at: latest.sealed_until },
        HandoffState::Revoked => HandoffView::Revoked,
    })
}

/// Whether a run that makes new passwords has not ended well or clean yet.
pub(super) async fn renewing(conn: &mut PgConnection, tenant: TenantId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from run
             where tenant_id = $1 and kind = $2 and state in ('running', 'unwinding')) as "renewing!""#,
        tenant.0,
        RunKind::RenewPasswords.as_str(),
    )
    .fetch_one(conn)
    .await?)
}

/// Whether the roles have no passwords since new ones could not be made, and not since nobody opened them.
async fn not_renewed(conn: &mut PgConnection, tenant: TenantId) -> Result<bool> {
    let newest = sqlx::query_scalar!(
        r#"select kind = $2 and state = 'failed' as "failed!" from run where tenant_id = $1 and kind = any ($3)
           order by created_at desc, id desc limit 1"#,
        tenant.0,
        RunKind::RenewPasswords.as_str(),
        &[RunKind::RenewPasswords, RunKind::ExpirePasswords].map(|kind| kind.as_str().to_owned()),
    );
    Ok(newest.fetch_optional(conn).await?.unwrap_or(false))
}

/// The newest handoff of a tenant, whose time may be over before anybody has written that down.
pub(super) struct Latest {
    pub id: Uuid,
    pub state: HandoffState,
    pub addressed_to: Uuid,
    pub addressed_email: String,
    pub sealed_until: OffsetDateTime,
    pub opened_at: Option<OffsetDateTime>,
    pub open_until: Option<OffsetDateTime>,
    pub opened_in: Option<Uuid>,
    pub opened_from: Option<IpAddr>,
    pub closed_at: Option<OffsetDateTime>,
}

/// Reads it.
pub(super) async fn latest(conn: &mut PgConnection, tenant: TenantId) -> Result<Option<Latest>> {
    let row = sqlx::query!(
        r#"select h.id, case
               when h.state = 'sealed' and h.sealed_until <= now() then 'expired'
               when h.state = 'open' and h.open_until <= now() then 'lapsed'
               else h.state end as "state!",
             h.addressed_to, a.email, h.sealed_until, h.opened_at, h.open_until, h.opened_in,
             h.opened_from as "opened_from: IpNet", h.closed_at
           from handoff h join account a on a.id = h.addressed_to
           where h.tenant_id = $1 order by h.created_at desc, h.id desc limit 1"#,
        tenant.0
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Latest {
        id: row.id,
        state: HandoffState::parse(&row.state).ok_or_else(|| Error::corrupt("handoff state", &row.state))?,
        addressed_to: row.addressed_to,
        addressed_email: row.email,
        sealed_until: row.sealed_until,
        opened_at: row.opened_at,
        open_until: row.open_until,
        opened_in: row.opened_in,
        opened_from: row.opened_from.map(|net| net.addr()),
        closed_at: row.closed_at,
    }))
}
