//! What the tests of the use cases share: a portal's service on a database of the test's own, and people to use it.
//!
//! `#[sqlx::test(migrator = "crate::db::MIGRATIONS")] async fn …(pool: PgPool)` makes the database as
//! `innkeeper_owner`; [`TestPortal::open`] connects as the roles of the running portal.

use crate::{
    Error, Service, Settings,
    context::{
        deps::Store,
        every::LastRuns,
        field_error::{ErrorCode, Field, TenantCode},
        providers::Providers,
        requester::{Requester, SignedIn},
        servers::Servers,
    },
    db::{self, run_events::Changes},
    people::session::rows,
};
use async_trait::async_trait;
use innkeeper_domain::{
    email::EmailAddress,
    identity::{Facts, GitHubLogin, GitHubOrganisation, Reason, Refusal, Subject},
    ids::{AccountId, Ids, MailId, ServerId, SessionId},
    mail::Message,
    ports::{
        Answer, Asked, Clock, Dns, DnsError, IdentityProvider, Issuers, OwnIssuer, Random, SealError, Sealed,
        Sealer, SignedOut, Verifier,
    },
    secret::Secret,
};
use sqlx::{Executor, PgPool, postgres::PgPoolOptions};
use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Why a use case refused its only input that was wrong.
pub fn rejection<T: std::fmt::Debug>(outcome: crate::Result<T>) -> (Field, ErrorCode) {
    let Err(Error::Rejected(errors)) = outcome else { panic!("not refused: {outcome:?}") };
    let [error] = errors.iter().as_slice() else { panic!("{errors}") };
    (error.field, error.code.clone())
}

/// Which figure is too short, of a refusal for want of room.
pub fn shortage(code: &ErrorCode) -> String {
    match code {
        ErrorCode::Tenant(TenantCode::NoRoom(short)) => short.to_string(),
        other => panic!("{other:?}"),
    }
}

/// A portal's service on the test's own database.
pub struct TestPortal {
    /// As the pages have it: connects as `innkeeper_web`.
    pub service: Service,
    /// As the background work has it: connects as `innkeeper_worker`.
    pub worker: PgPool,
    /// As `innkeeper_owner`: sees and may do everything. For setting up and for looking.
    pub owner: PgPool,
}

impl TestPortal {
    /// Opens a portal on the database of this pool.
    pub async fn open(owner: &PgPool) -> Self {
        Self::open_with(owner, crate::context::rate_limit::Limits::default()).await
    }

    /// The same with rate limits of the test's own.
    pub async fn open_with(owner: &PgPool, limits: crate::context::rate_limit::Limits) -> Self {
        let random = Arc::new(CountingRandom::default());
        let service = Service {
            store: Store {
                pool: pool_as(owner, "set role innkeeper_web").await,
                ids: Ids::new(Arc::new(StoppedClock), random.clone()),
                random,
            },
            sealer: Arc::new(MaskingSealer),
            verifier: Arc::new(HashingVerifier),
            providers: Providers::default(),
            issuers: Arc::new(NoIssuers),
            dns: Arc::new(NoDns),
            passkeys: None,
            servers: Servers::default(),
            changes: Changes::silent(),
            last_runs: LastRuns::default(),
            settings: Arc::new(Settings {
                public_url: "https://portal.example".into(),
                support: None,
                limits,
                local_mailbox: false,
            }),
        };
        Self { service, worker: pool_as(owner, "set role innkeeper_worker").await, owner: owner.clone() }
    }

    /// The control database as the command line has it.
    pub fn operator(&self) -> Store {
        Store { pool: self.worker.clone(), ..self.service.store.clone() }
    }

    /// A transaction that sees what a signed-in person sees, and in which a test may do what no use case does.
    pub async fn begin_as(&self, requester: &Requester) -> sqlx::Transaction<'static, sqlx::Postgres> {
        let person = requester.signed_in().unwrap();
        let mut tx = self.service.pool.begin().await.unwrap();
        db::as_account(&mut tx, person.id, &person.way, person.identity).await.unwrap();
        tx
    }

    /// A browser session of nobody, as a row and as the requester it makes.
    pub async fn stranger(&self, address: &str) -> Requester {
        let session: SessionId = self.service.ids.make();
        sqlx::query("insert into session (id_hash, id, data, expires_at) values ($1, $2, '{}', now() + interval '1 hour')")
            .bind(session.0.as_bytes().to_vec())
            .bind(session.0)
            .execute(&self.owner)
            .await
            .unwrap();
        Requester::browser_at(Some(session), ip(address))
    }

    /// A person with an account, signed in just now. The same address twice is the same person in another browser.
    pub async fn person(&self, email: &str) -> Requester {
        let mut requester = self.stranger("203.0.113.7").await;
        let email = EmailAddress::parse(email).unwrap();
        let id: Uuid = sqlx::query_scalar(
            "with known as (select account_id from identity where issuer = 'mail' and subject = $3),
               made as (insert into account (id, email, email_key) select $1, $2, $3 where not exists (select from known)
                 returning id),
               way as (insert into identity (id, account_id, provider, issuer, subject, address)
                 select $1, id, 'mail', 'mail', $3, $2 from made)
             select account_id from known union all select id from made",
        )
        .bind(self.service.ids.make::<Uuid>())
        .bind(email.to_string())
        .bind(email.key())
        .fetch_one(&self.owner)
        .await
        .unwrap();
        sqlx::query(
            "update session set account_id = $2, provider = 'mail', authenticated_at = now(),
               identity_id = (select id from identity where account_id = $2 and provider = 'mail' order by created_at limit 1)
             where id = $1",
        )
        .bind(requester.session().unwrap().0)
        .bind(id)
        .execute(&self.owner)
        .await
        .unwrap();
        requester.account = Some(SignedIn {
            id: AccountId(id),
            email,
            way: "mail".into(),
            identity: None,
            fresh: true,
            staff: None,
        });
        requester
    }

    /// A new cookie for the requester's session, as the session store makes it; the hash under which it is kept.
    pub async fn new_cookie(&self, requester: &Requester, cookie: &str) -> [u8; 32] {
        let hash = rows::id_hash(cookie.as_bytes());
        let later = time::macros::datetime!(2999-01-01 0:00 UTC);
        let id = requester.session().unwrap().0;
        assert!(rows::create(&self.service.pool, &hash, id, &serde_json::json!({}), later).await.unwrap());
        hash
    }

    /// A server with room for so many tenants, as a row; nothing answers there.
    pub async fn server(&self, region: &str, max_tenants: i32) -> ServerId {
        let id: ServerId = self.service.ids.make();
        sqlx::query(
            "insert into server (id, name, region, region_label, host, port, major, max_tenants, connections)
             values ($1, $2, $3, $4, 'localhost', 5433, 15, $5, 290)",
        )
        .bind(id.0)
        .bind(id.to_string())
        .bind(region)
        .bind(format!("Region {region}"))
        .bind(max_tenants)
        .execute(&self.owner)
        .await
        .unwrap();
        id
    }

    /// The mails queued for an address, oldest first.
    pub async fn mails(&self, to: &str) -> Vec<Message> {
        let rows: Vec<(Uuid, String, Vec<u8>)> = sqlx::query_as(
            "select id, key_id, sealed from outbox where recipient = $1 and sealed is not null order by created_at",
        )
        .bind(to)
        .fetch_all(&self.owner)
        .await
        .unwrap();
        let open = |(id, key_id, bytes): (Uuid, String, Vec<u8>)| {
            let sealed = Sealed { key_id, bytes };
            let plain =
                self.service.sealer.open(&sealed, &format!("innkeeper outbox {}", MailId(id))).unwrap();
            serde_json::from_slice(&plain).unwrap()
        };
        rows.into_iter().map(open).collect()
    }

    /// One number, read as `innkeeper_owner`.
    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.owner).await.unwrap()
    }

    /// Changes rows as `innkeeper_owner`, and says how many.
    pub async fn change(&self, sql: &'static str) -> u64 {
        sqlx::query(sql).execute(&self.owner).await.unwrap().rows_affected()
    }
}

/// An address.
pub fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

async fn pool_as(owner: &PgPool, set_role: &'static str) -> PgPool {
    PgPoolOptions::new()
        .max_connections(8)
        .after_connect(move |conn, _| {
            Box::pin(async move {
                conn.execute(set_role).await?;
                Ok(())
            })
        })
        .connect_with((*owner.connect_options()).clone())
        .await
        .unwrap()
}

/// A provider that vouches for whom it is told to, for one code.
#[derive(Default)]
pub struct Told {
    /// What it was asked last.
    pub asked: Mutex<Option<Asked>>,
    /// For whom it vouches.
    pub facts: Mutex<Option<Facts>>,
    /// Which organisations there are whose it vouches for; none where it has none at all.
    pub owned: Mutex<Option<Vec<GitHubOrganisation>>>,
}

#[async_trait]
impl IdentityProvider for Told {
    async fn start(&self, asked: &Asked) -> Result<String, Refusal> {
        *self.asked.lock().unwrap() = Some(asked.clone());
        Ok("https://issuer.example/authorize".into())
    }
    async fn finish(&self, asked: &Asked, answer: &Answer) -> Result<Facts, Refusal> {
        let sent = self.asked.lock().unwrap().clone().unwrap();
        assert!(sent.verifier.same(&asked.verifier) && sent.nonce.same(&asked.nonce));
        assert_eq!((sent.callback, sent.fresh), (asked.callback.clone(), asked.fresh));
        match answer.code.expose() {
            "good" => Ok(self.facts.lock().unwrap().clone().unwrap()),
            _ => Err(Refusal::new(Reason::Code, "another code")),
        }
    }
    fn has_organisations(&self) -> bool {
        self.owned.lock().unwrap().is_some()
    }
    async fn owned(
        &self,
        asked: &Asked,
        answer: &Answer,
        wanted: &[GitHubLogin],
    ) -> Result<Vec<GitHubOrganisation>, Refusal> {
        self.finish(asked, answer).await?;
        let owned = self.owned.lock().unwrap().clone().unwrap();
        Ok(owned.into_iter().filter(|one| wanted.contains(&one.login)).collect())
    }
    async fn sign_out(&self, back: &str) -> Result<Option<String>, Refusal> {
        Ok(Some(format!("https://issuer.example/out?back={back}")))
    }
    #[expect(clippy::disallowed_methods, reason = "a provider has a clock of its own")]
    async fn signed_out(&self, message: &str) -> Result<SignedOut, Refusal> {
        let (at, name) = message.split_once(' ').ok_or(Refusal::new(Reason::Form, "not told"))?;
        let at = OffsetDateTime::now_utc() + time::Duration::seconds(at.parse().unwrap());
        let subject = (name != "there").then(|| Subject::new("https://issuer.example", name).unwrap());
        Ok(SignedOut { at, session: (name == "there").then(|| name.to_owned()), subject })
    }
}

/// Opens none.
struct NoIssuers;

impl Issuers for NoIssuers {
    fn open(&self, _: OwnIssuer) -> Result<Arc<dyn IdentityProvider>, Refusal> {
        Err(Refusal::new(Reason::Forbidden, "this test names no issuer"))
    }
}

/// Answers nothing.
struct NoDns;

#[async_trait]
impl Dns for NoDns {
    async fn texts(&self, _: &str) -> Result<Vec<String>, DnsError> {
        Err(DnsError("this test asks nothing".into()))
    }
}

/// Always the same instant: nothing that has a deadline may read this clock.
struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> OffsetDateTime {
        datetime!(2026-11-21 12:00 UTC)
    }
}

/// Draws that differ from each other and are the same in every run.
#[derive(Default)]
struct CountingRandom(AtomicU64);

impl Random for CountingRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let draw = self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes();
        blake3::Hasher::new().update(&draw).finalize_xof().fill(bytes);
    }
}

/// Seals by a mask: keeps the shape of sealing (only the same context opens), not its strength.
struct MaskingSealer;

fn mask(bytes: &[u8], context: &str) -> Vec<u8> {
    let mut mask = vec![0; bytes.len()];
    blake3::Hasher::new().update(context.as_bytes()).finalize_xof().fill(&mut mask);
    bytes.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect()
}

impl Sealer for MaskingSealer {
    fn seal(&self, plain: &[u8], context: &str) -> Sealed {
        let tagged = [blake3::hash(plain).as_bytes().as_slice(), plain].concat();
        Sealed { key_id: "test".into(), bytes: mask(&tagged, context) }
    }

    fn open(&self, sealed: &Sealed, context: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let tagged = mask(&sealed.bytes, context);
        match tagged.split_at_checked(32) {
            Some((tag, plain)) if tag == blake3::hash(plain).as_bytes() => Ok(Zeroizing::new(plain.to_vec())),
            _ => Err(SealError::Broken),
        }
    }
}

/// A verifier that is a plain hash.
struct HashingVerifier;

impl Verifier for HashingVerifier {
    fn verifier(&self, password: &Secret) -> Secret {
        Secret::new(format!("test${}", blake3::hash(password.expose().as_bytes())))
    }
}

/// Whether a use case is not there for who is no member, and refused in words to a member.
pub fn denied<T>(outcome: &crate::Result<T>, member: bool) -> bool {
    matches!((outcome, member), (Err(Error::NotFound), false) | (Err(Error::Forbidden(_)), true))
}
