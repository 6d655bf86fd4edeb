use crate::{
    Error, Result, Service,
    context::{
        audit::Action,
        field_error::{Field, SignInCode},
        outbox,
        requester::Requester,
    },
    organisations::membership_sync,
    people::{lockout, providers, session::Begin},
};
use innkeeper_domain::{identity::ProviderId, ids::IdentityId, permission::Permission};
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

/// A way in.
#[derive(Debug, Clone)]
pub struct Way {
    /// Its id.
    pub id: IdentityId,
    /// The short name of who vouches; `mail` for a mailbox.
    pub provider: String,
    /// What people call them; none for a mailbox, and for one that the operator has taken away.
    pub label: Option<String>,
    /// What the person is called there, for them to recognise.
    pub called: String,
    /// Since when.
    pub added: OffsetDateTime,
    /// When it was last used.
    pub used: OffsetDateTime,
    /// Whether this browser came by it.
    pub here: bool,
    /// Whether no other one leads in, so that it stays.
    pub only: bool,
}

/// Whether one of the others leads in. One by a provider that the operator has taken away leads nowhere, and one by an
/// organisation's own way leads in only as long as its admins want.
fn another<'a>(service: &Service, way: Uuid, mut all: impl Iterator<Item = (Uuid, &'a str)>) -> bool {
    let offered = |provider: &str| match provider {
        ProviderId::PASSKEY => service.passkeys.is_some(),
        other => service.providers.offer(other),
    };
    all.any(|(id, provider)| id != way && offered(provider))
}

struct Row {
    id: Uuid,
    provider: String,
    called: String,
    created_at: OffsetDateTime,
    used_at: OffsetDateTime,
    here: bool,
}

/// The ways in of the requester's account, the oldest first.
pub(super) async fn of(service: &Service, requester: &Requester) -> Result<Vec<Way>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select i.id, i.provider, coalesce(i.address, i.name, i.subject) as "called!", i.created_at, i.used_at,
             exists (select from session s where s.id = $2 and s.identity_id = i.id) as "here!"
           from identity i where i.account_id = $1 order by i.created_at, i.id"#,
        requester.signed_in()?.id.0,
        requester.known_session().map(|session| session.0),
    )
    .fetch_all(&service.pool)
    .await?;
    let only = |row: &Row| !another(service, row.id, rows.iter().map(|one| (one.id, one.provider.as_str())));
    let only: Vec<bool> = rows.iter().map(only).collect();
    let mut ways = Vec::new();
    let seen = requester.signed_in()?.only_way();
    for (row, only) in rows.into_iter().zip(only) {
        if seen.is_some_and(|way| way != row.provider) {
            continue;
        }
        let label = match providers::named(service, &row.provider).await {
            Ok(provider) => Some(provider.label.clone()),
            Err(Error::NotFound | Error::NotVouched(_)) => None,
            Err(error) => return Err(error),
        };
        ways.push(Way {
            id: IdentityId(row.id),
            label,
            provider: row.provider,
            called: row.called,
            added: row.created_at,
            used: row.used_at,
            here: row.here,
            only,
        });
    }
    Ok(ways)
}

impl Way {
    /// What its person calls it.
    fn in_words(&self) -> String {
        match (self.provider.as_str(), &self.label) {
            (ProviderId::MAIL, _) => format!("The e-mail address {}", self.called),
            (ProviderId::PASSKEY, _) => format!("The passkey {}", self.called),
            (_, Some(label)) => format!("{label} ({})", self.called),
            (own, None) if own.starts_with(ProviderId::OWN) => {
                format!("Single sign-on ({})", self.called)
            }
            (provider, None) => format!("{provider} ({})", self.called),
        }
    }
}

/// Takes a way in away, and every session that came by it, this one included. Needs a fresh sign-in; the last way stays.
pub async fn remove(service: &Service, requester: &Requester, way: IdentityId) -> Result<()> {
    let person = lockout::may_change_ways(service, requester).await?;
    // Before the transaction: what it is called may have to be asked for.
    let called =
        of(service, requester).await?.into_iter().find(|one| one.id == way).ok_or(Error::NotFound)?;
    let mut tx = requester.begin_unscoped(&service.pool).await?;
    requester.authorize(&mut tx, Permission::AccountChange).await?;
    // Of two that are taken away at once the second sees what the first left.
    sqlx::query!("select id from account where id = $1 for update", person.id.0).fetch_one(&mut *tx).await?;
    let ways = sqlx::query!("select id, provider from identity where account_id = $1", person.id.0)
        .fetch_all(&mut *tx)
        .await?;
    let gone = ways.iter().find(|one| one.id == way.0).ok_or(Error::NotFound)?;
    if !another(service, way.0, ways.iter().map(|one| (one.id, one.provider.as_str()))) {
        return Err(Error::rejected(Field::SignInMethod, SignInCode::LastMethod));
    }
    // Who vouched for them somewhere does so no more.
    let vouched = Begin { account: person.id, provider: &gone.provider, identity: way };
    membership_sync::leave_all(service, &mut tx, requester, &vouched).await?;
    sqlx::query!("delete from identity where id = $1", way.0).execute(&mut *tx).await?;
    lockout::stays_in_reach(&mut tx, person.id, None, Field::SignInMethod).await?;
    requester
        .audit(Action::SignInMethodRemove)
        .subject(&person.email)
        .detail(json!({ "provider": gone.provider, "identity": way }))
        .record(&mut tx, &service.ids)
        .await?;
    let what = format!("{} was removed from the sign-in methods.", called.in_words());
    outbox::to_person(service, &mut tx, requester, &person.email.to_string(), what).await?;
    Ok(tx.commit().await?)
}
