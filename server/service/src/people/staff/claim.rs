use crate::{
    Error, Result, Service,
    context::{audit::Action, outbox, rate_limit, requester::Requester},
    people::{
        session::{self, Kept},
        staff_roles::{StaffWays, read},
    },
};
use innkeeper_domain::{ids::StaffClaimId, permission::Permission, staff::StaffRole};
use serde_json::json;

/// The hash under which a link's token is kept. It has 250 bits: no salt is needed.
pub(super) fn token_hash(token: &str) -> [u8; 32] {
    blake3::derive_key("innkeeper 2026-11-21 staff claim token", token.as_bytes())
}

/// How a link stands for who looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It does not work: it is unknown, too late, or was used. Nobody learns which.
    Dead,
    /// Nobody is signed in.
    SignIn,
    /// They are signed in by a way that does not count for staff.
    OtherWay,
    /// The sign-in is too old.
    Stale,
    /// A press makes them this.
    Open(StaffRole),
}

/// How the link of this token stands for the requester. Looking changes nothing, however often and whoever does it.
pub async fn standing(service: &Service, requester: &Requester, token: &str) -> Result<Standing> {
    let role = sqlx::query_scalar!(
        "select role from staff_claim where token_hash = $1 and used_at is null and expires_at > now()",
        &token_hash(token)[..]
    );
    let Some(role) = role.fetch_optional(&service.pool).await? else { return Ok(Standing::Dead) };
    let role = read(&role)?;
    if requester.account.is_none() {
        return Ok(Standing::SignIn);
    }
    let kept = session::kept(&service.pool, requester).await?;
    Ok(match (counts(service, &kept), requester.fresh()) {
        (false, _) => Standing::OtherWay,
        (true, Err(_)) => Standing::Stale,
        (true, Ok(_)) => Standing::Open(role),
    })
}

/// Whether a session that came by this way can be one of staff by a link.
fn counts(service: &Service, kept: &Kept) -> bool {
    StaffWays::of(service).link.contains(&kept.provider)
}

/// What came of a link.
#[derive(Debug)]
pub struct Claimed {
    /// What the person may do now, which is not less than before.
    pub role: StaffRole,
    /// The session, to be carried over to a new cookie: see [`session::carry_over`].
    pub session: Kept,
}

/// Makes the requester staff by the link of this token, in sessions of the way in they came by, once: of presses at once one is taken. [`Error::Conflict`] where
/// the page has something else to say, see [`standing`].
pub async fn claim(service: &Service, requester: &Requester, token: &str) -> Result<Claimed> {
    let limit = service.settings.limits.verify_per_address;
    rate_limit::take(
        &service.pool,
        &rate_limit::address_key("sign in by", requester.browser()?.address),
        limit,
    )
    .await?;
    let person = requester.fresh().map_err(|_| Error::Conflict)?;
    let mut tx = requester.begin_unscoped(&service.pool).await?;
    requester.authorize(&mut tx, Permission::StaffClaim).await?;
    let kept = session::kept(&mut *tx, requester).await?;
    if !counts(service, &kept) || kept.identity.is_none() {
        return Err(Error::Conflict);
    }
    let used = sqlx::query!(
        "update staff_claim set used_at = now(), used_by = $2
         where token_hash = $1 and used_at is null and expires_at > now() returning id, role",
        &token_hash(token)[..],
        person.id.0,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::Conflict)?;
    // Of two links at once the second sees what the first made.
    sqlx::query!("select id from account where id = $1 for update", person.id.0).fetch_one(&mut *tx).await?;
    let before = sqlx::query_scalar!(
        "select role from staff where identity_id = $1 and provider is null",
        kept.identity
    );
    let before = before.fetch_optional(&mut *tx).await?.map(|role| read(&role)).transpose()?;
    let role = read(&used.role)?.max(before.unwrap_or(StaffRole::Viewer));
    sqlx::query!(
        "insert into staff (account_id, role, identity_id) values ($1, $2, $3)
         on conflict (account_id, provider, identity_id) do update set role = excluded.role",
        person.id.0,
        role.as_str(),
        kept.identity,
    )
    .execute(&mut *tx)
    .await?;
    requester
        .audit(Action::StaffClaim)
        .subject(&person.email)
        .detail(json!({ "link": StaffClaimId(used.id), "role": role.as_str() }))
        .record(&mut tx, &service.ids)
        .await?;
    let what = format!("An invite link of this portal's operator gave you the staff role {}.", role.as_str());
    outbox::to_person(service, &mut tx, requester, &person.email.to_string(), what).await?;
    tx.commit().await?;
    Ok(Claimed { role, session: kept })
}
