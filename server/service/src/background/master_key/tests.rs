use super::*;
use crate::{tenants::fixtures::House, workflows::secrets::Purpose};
use innkeeper_domain::{
    email::EmailAddress, mail::Message, ports::SealError, secret::Secret, tenant::TenantRole,
};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Seals by naming key and context before the text: opens by the keys it has.
struct Named(Vec<&'static str>);

impl Sealer for Named {
    fn seal(&self, plain: &[u8], context: &str) -> Sealed {
        let key_id = self.0[0].to_owned();
        let bytes = [key_id.as_bytes(), b"|", context.as_bytes(), b"|", plain].concat();
        Sealed { key_id, bytes }
    }

    fn open(&self, sealed: &Sealed, context: &str) -> std::result::Result<Zeroizing<Vec<u8>>, SealError> {
        let key = &sealed.key_id;
        if !self.0.contains(&key.as_str()) {
            return Err(SealError::UnknownKey(key.clone()));
        }
        let plain = sealed.bytes.strip_prefix(format!("{key}|{context}|").as_bytes());
        plain.map(|plain| Zeroizing::new(plain.to_vec())).ok_or(SealError::Broken)
    }
}

/// Three passwords, a client secret, the secrets of a sign-in under way, and so many mails, all under the key `old`.
async fn house(pool: &PgPool, mails: usize) -> (House, TenantId) {
    let mut house = House::open(pool).await;
    house.portal.service.sealer = Arc::new(Named(vec!["old"]));
    let shop = house.shop().await;
    let service = &house.portal.service;
    let organisation = house.acme;
    let secret = service.sealer.seal(b"client secret", &secret_context(organisation));
    sqlx::query(
        "insert into organisation_identity (organisation_id, provider, key_id, sealed) values ($1, 'org-k3v9x2k3v9', $2, $3)",
    )
    .bind(organisation.0)
    .bind(secret.key_id)
    .bind(secret.bytes)
    .execute(pool)
    .await
    .unwrap();
    let id: Uuid = service.ids.make();
    let question = service.sealer.seal(b"verifier", &question_context(id));
    sqlx::query(
        "insert into authorization_request (id, state_hash, session_id, provider, key_id, sealed, purpose, return_to, expires_at)
         values ($1, 'x', $1, 'sso', $2, $3, 'sign_in', '/', now() + interval '10 minutes')",
    )
    .bind(id)
    .bind(question.key_id)
    .bind(question.bytes)
    .execute(pool)
    .await
    .unwrap();
    let to = EmailAddress::parse("jane@acme.example").unwrap();
    let mut tx = pool.begin().await.unwrap();
    for _ in 0..mails {
        outbox::queue(&mut tx, &service.ids, &*service.sealer, &to, &message(), 1).await.unwrap();
    }
    tx.commit().await.unwrap();
    (house, shop)
}

fn counts(all: &[(&str, i64)]) -> BTreeMap<String, i64> {
    all.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect()
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn whatever_is_sealed_is_sealed_anew_and_opens_in_its_place(pool: PgPool) {
    let (mut house, shop) = house(&pool, 2).await;
    let worker = house.portal.worker.clone();
    let both = Named(vec!["new", "old"]);
    assert_eq!(sealed_under(&worker).await.unwrap(), counts(&[("old", 7)]));
    let mut told = Vec::new();
    assert!(reseal(&worker, &both, "new", |number| told.push(number)).await.unwrap().is_empty());
    assert_eq!(told, [7]);
    assert_eq!(sealed_under(&worker).await.unwrap(), counts(&[("new", 7)]));

    // The former key is not needed any more.
    let new = Named(vec!["new"]);
    let mut owner = pool.acquire().await.unwrap();
    let password = secrets::get(&mut owner, &new, shop, Purpose::Password(TenantRole::Owner)).await.unwrap();
    assert!(password.unwrap().same(&Secret::new(crate::tenants::fixtures::password(TenantRole::Owner))));
    let kept: Vec<(String, Uuid, String, Vec<u8>)> = sqlx::query_as(
        "select place, id, key_id, sealed from sealed_record where place <> 'sealed_secret' order by place",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let open = |(table, id, key_id, bytes): (String, Uuid, String, Vec<u8>)| {
        let place = Place { table, id, purpose: String::new() };
        let plain = new.open(&Sealed { key_id, bytes }, &place.context().unwrap()).unwrap();
        String::from_utf8(plain.to_vec()).unwrap()
    };
    let texts: Vec<_> = kept.into_iter().map(open).collect();
    let mail = serde_json::to_string(&message()).unwrap();
    assert_eq!(texts, ["verifier", "client secret", &mail, &mail]);
    house.portal.service.sealer = Arc::new(new);
    assert_eq!(house.portal.mails("jane@acme.example").await.len(), 2);

    assert!(reseal(&worker, &both, "new", |_| panic!("there is nothing left")).await.unwrap().is_empty());
}

fn message() -> Message {
    Message::SignIn {
        link: "https://portal.example/verify?token=x".into(),
        code: "123456".into(),
        known: true,
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn one_that_ends_between_two_batches_goes_on_with_the_rest(pool: PgPool) {
    let (house, _) = house(&pool, 250).await;
    let worker = house.portal.worker.clone();
    let ended = tokio::spawn({
        let worker = worker.clone();
        async move { reseal(&worker, &Named(vec!["new", "old"]), "new", |_| panic!("the end")).await }
    });
    assert!(ended.await.unwrap_err().is_panic());
    assert_eq!(sealed_under(&worker).await.unwrap(), counts(&[("new", 100), ("old", 155)]));
    let mut told = Vec::new();
    let both = Named(vec!["new", "old"]);
    assert!(reseal(&worker, &both, "new", |number| told.push(number)).await.unwrap().is_empty());
    assert_eq!(told, [100, 155]);
    assert_eq!(sealed_under(&worker).await.unwrap(), counts(&[("new", 255)]));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn what_does_not_open_or_is_being_changed_stays_and_keeps_its_key(pool: PgPool) {
    let (house, shop) = house(&pool, 0).await;
    let worker = house.portal.worker.clone();
    let both = Named(vec!["new", "old"]);
    sqlx::query("update sealed_secret set sealed = 'x' where purpose = 'password app'")
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query("update authorization_request set key_id = 'lost'").execute(&pool).await.unwrap();
    let mut other = pool.begin().await.unwrap();
    sqlx::query("select from organisation_identity for update").fetch_all(&mut *other).await.unwrap();
    let failed = reseal(&worker, &both, "new", |_| ()).await.unwrap();
    let named: Vec<_> = failed.iter().map(|one| (one.place.as_str(), one.why.as_str())).collect();
    let app = format!("innkeeper {shop} password app");
    assert!(
        named[0].0.starts_with("innkeeper authorization request") && named[0].1.contains("master key lost")
    );
    assert_eq!(named[1..], [(app.as_str(), "the encrypted copy was changed or belongs to something else")]);
    assert_eq!(sealed_under(&worker).await.unwrap(), counts(&[("lost", 1), ("new", 2), ("old", 2)]));
    drop(other);
    let ids = &house.portal.service.ids;
    assert_eq!(retire(&worker, ids, "old", "new").await.unwrap(), 2);
    assert!(!is_retired(&worker, "old").await.unwrap());
    assert_eq!(reseal(&worker, &both, "new", |_| ()).await.unwrap().len(), 2);
    assert_eq!(retire(&worker, ids, "old", "new").await.unwrap(), 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn nothing_is_sealed_under_a_retired_key(pool: PgPool) {
    let (house, shop) = house(&pool, 1).await;
    let (worker, ids) = (house.portal.worker.clone(), house.portal.service.ids.clone());
    begin(&worker, &ids, "new", &["old".into()]).await.unwrap();
    reseal(&worker, &Named(vec!["new", "old"]), "new", |_| ()).await.unwrap();
    assert_eq!(retire(&worker, &ids, "old", "new").await.unwrap(), 0);
    assert!(is_retired(&worker, "old").await.unwrap() && !is_retired(&worker, "new").await.unwrap());
    let recorded: Vec<(String, String, String, serde_json::Value)> = sqlx::query_as(
        "select actor, action, subject, detail from audit_event where action like 'master_key.%' order by position",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let entry = |action: &str, key: &str, detail| {
        ("command line".to_owned(), action.to_owned(), key.to_owned(), detail)
    };
    assert_eq!(
        recorded,
        [
            entry("master_key.rotate", "new", json!({ "older": ["old"] })),
            entry("master_key.retire", "old", json!({ "current": "new" }))
        ]
    );

    // A portal with an old copy of the key file, which neither mails nor keeps a secret.
    let old = Named(vec!["old"]);
    let secret = Secret::new("text");
    let mut conn = worker.acquire().await.unwrap();
    let put =
        secrets::put(&mut conn, &old, house.acme, shop, Purpose::Password(TenantRole::App), &secret).await;
    let refused = put.unwrap_err().to_string();
    assert!(refused.contains("master key old is retired"), "{refused}");
    let to = EmailAddress::parse("jane@acme.example").unwrap();
    let mut web = house.portal.service.pool.acquire().await.unwrap();
    assert!(outbox::queue(&mut web, &ids, &old, &to, &message(), 1).await.is_err());
    assert_eq!(sealed_under(&worker).await.unwrap(), counts(&[("new", 6)]));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn one_rotation_runs_at_a_time(pool: PgPool) {
    let portal = crate::testing::TestPortal::open(&pool).await;
    let one = only_one(&portal.worker).await.unwrap().unwrap();
    assert!(only_one(&portal.worker).await.unwrap().is_none());
    one.close().await.unwrap();
    assert!(only_one(&portal.worker).await.unwrap().is_some());
}

/// A table that is added later and holds something sealed has to be known here, too.
#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn every_table_with_something_sealed_is_known(pool: PgPool) {
    let tables = texts(&pool, "select c.relname::text from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
           and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'sealed') order by 1",
    ).await;
    let guarded = texts(&pool, "select tgrelid::regclass::text from pg_trigger where tgname = 'refuse_retired_master_key' order by 1",
    ).await;
    let viewed = texts(
        &pool,
        "select distinct table_name::text from information_schema.view_column_usage
         where view_name = 'sealed_record' and column_name = 'sealed' order by 1",
    )
    .await;
    assert!(tables.len() >= 4, "{tables:?}");
    assert_eq!((&guarded, &viewed), (&tables, &tables));
    for table in tables {
        let place = Place { table, id: Uuid::nil(), purpose: "x".into() };
        assert!(place.context().is_ok(), "{place:?}");
    }
}

async fn texts(pool: &PgPool, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(pool).await.unwrap()
}
