use super::*;
use crate::{
    db,
    organisations::fixtures::{DOMAIN, Side, Two},
    testing::rejection,
};
use innkeeper_domain::mail::Message;
use sqlx::PgPool;

/// Acme has shown in DNS that the domain is its own.
async fn of_acme(pool: &PgPool) -> Two {
    let two = Two::open(pool).await;
    two.publish(&[&two.acme]).await;
    assert!(two.check(&two.acme).await.unwrap());
    two
}

/// Beta asks, and is refused as ever; nothing has changed.
async fn stays(two: &Two, stands: &str) {
    let (told, beta) = (two.told().await, &two.beta);
    let (field, code) = rejection(two.check(beta).await);
    assert_eq!((field, code.as_str()), (Field::Domain, "domain_taken"));
    assert_eq!((two.stands().await, two.told().await), (vec![stands.to_owned()], told));
    assert!(two.house.portal.mails("jane@acme.example").await.is_empty());
}

#[sqlx::test(migrator = "db::MIGRATIONS")]
async fn a_domain_whose_dns_has_changed_hands_moves(pool: PgPool) {
    let two = of_acme(&pool).await;
    two.publish(&[&two.beta]).await;
    assert!(two.check(&two.beta).await.unwrap());
    assert_eq!(two.stands().await, ["Beta dns"]);
    let told = two.told().await;
    let [_, lost, won] = &told[..] else { panic!("{told:?}") };
    assert_eq!(
        lost, "Acme Robotics innkeeper domain.lose {\"by\": \"dns\"}",
        "nobody of Beta is named there"
    );
    assert!(won.starts_with("Beta eve@beta.example domain.prove") && !won.contains("Acme"), "{won}");
    let mails = two.house.portal.mails("jane@acme.example").await;
    let [Message::DomainLost { organisation, domain, why, .. }] = &mails[..] else { panic!() };
    assert_eq!((organisation.as_str(), domain.as_str()), ("Acme Robotics", DOMAIN));
    assert!(why.contains("DNS") && !why.contains("Beta"), "{why}");
    assert!(two.house.portal.mails("eve@beta.example").await.is_empty());
    // It goes back where it came from the same way.
    assert!(!two.check(&two.acme).await.unwrap());
    two.publish(&[&two.acme]).await;
    assert!(two.check(&two.acme).await.unwrap());
    assert_eq!(two.stands().await, ["Acme Robotics dns"]);
}

#[sqlx::test(migrator = "db::MIGRATIONS")]
async fn it_stays_while_its_text_stands_there(pool: PgPool) {
    let two = of_acme(&pool).await;
    two.publish(&[&two.acme, &two.beta]).await;
    stays(&two, "Acme Robotics dns").await;
    // Beta is nobody who could take it as long as DNS does not name them.
    two.publish(&[]).await;
    assert!(!two.check(&two.beta).await.unwrap());
    assert_eq!(two.stands().await, ["Acme Robotics dns"]);
}

#[sqlx::test(migrator = "db::MIGRATIONS")]
async fn what_staff_has_decided_stays(pool: PgPool) {
    let two = of_acme(&pool).await;
    two.house
        .portal
        .change("update organisation_domain set proven_by = 'staff' where proven_at is not null")
        .await;
    two.publish(&[&two.beta]).await;
    stays(&two, "Acme Robotics staff").await;
}

/// Both organisations, the audit log and the mails stand as they did, at whatever point it fails.
#[sqlx::test(migrator = "db::MIGRATIONS")]
async fn a_move_that_fails_leaves_both_as_they_were(pool: PgPool) {
    let two = of_acme(&pool).await;
    two.publish(&[&two.beta]).await;
    let fails =
        "create function fails() returns trigger language plpgsql as $$ begin raise 'it fails'; end $$";
    two.house.portal.change(fails).await;
    let (told, wins) = (two.told().await, "when (new.proven_at is not null)");
    for (table, when) in [("organisation_domain", wins), ("audit_event", ""), ("outbox", "")] {
        let trigger = format!(
            "create constraint trigger fails after insert or update on {table} deferrable initially deferred
             for each row {when} execute function fails()"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(trigger)).execute(&two.house.portal.owner).await.unwrap();
        let outcome = two.check(&two.beta).await;
        assert!(matches!(outcome, Err(Error::Database(_))), "{table}: {outcome:?}");
        assert_eq!(
            (two.stands().await, two.told().await),
            (vec!["Acme Robotics dns".to_owned()], told.clone())
        );
        assert!(two.house.portal.mails("jane@acme.example").await.is_empty());
        let gone = format!("drop trigger fails on {table}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(gone)).execute(&two.house.portal.owner).await.unwrap();
    }
    assert!(two.check(&two.beta).await.unwrap(), "with nothing in its way it moves");
}

/// Answers with what DNS held, after staff has taken the domain back.
struct Meanwhile(PgPool);

#[async_trait::async_trait]
impl innkeeper_domain::ports::Dns for Meanwhile {
    async fn texts(&self, _: &str) -> std::result::Result<Vec<String>, innkeeper_domain::ports::DnsError> {
        let old = sqlx::query_scalar("select 'innkeeper=' || token from organisation_domain");
        let old = old.fetch_all(&self.0).await.unwrap();
        sqlx::query("update organisation_domain set token = 'new'").execute(&self.0).await.unwrap();
        Ok(old)
    }
}

#[sqlx::test(migrator = "db::MIGRATIONS")]
async fn a_text_that_counts_no_longer_when_dns_has_answered_proves_nothing(pool: PgPool) {
    let mut two = Two::open(&pool).await;
    two.house.portal.service.dns = std::sync::Arc::new(Meanwhile(pool.clone()));
    assert!(!two.check(&two.acme).await.unwrap());
    assert_eq!(two.stands().await, Vec::<String>::new());
}

/// The function trusts no page: only for an organisation that the transaction sees, and whose text was found.
#[sqlx::test(migrator = "db::MIGRATIONS")]
async fn only_who_asks_for_themselves_gets_it(pool: PgPool) {
    let two = of_acme(&pool).await;
    let pool = &two.house.portal.service.pool;
    let token = async |side: &Side| {
        let token = "select token from organisation_domain where organisation_id = $1";
        let token = sqlx::query_scalar::<_, String>(token).bind(side.organisation.0);
        token.fetch_one(&two.house.portal.owner).await.unwrap()
    };
    let moves = async |sees: &Side, tokens: Vec<String>| {
        let mut tx = pool.begin().await.unwrap();
        db::as_member(&mut tx, sees.organisation).await.unwrap();
        let moved = sqlx::query_scalar::<_, Option<uuid::Uuid>>("select domain_moves($1, $2, $3)")
            .bind(two.beta.organisation.0)
            .bind(DOMAIN)
            .bind(tokens);
        moved.fetch_one(&mut *tx).await.unwrap()
    };
    let (acmes, betas) = (token(&two.acme).await, token(&two.beta).await);
    assert_eq!(moves(&two.acme, vec![betas.clone()]).await, None);
    assert_eq!(moves(&two.beta, vec![]).await, None);
    assert_eq!(moves(&two.beta, vec![acmes, betas.clone()]).await, None);
    assert_eq!(moves(&two.beta, vec![betas]).await, Some(two.acme.organisation.0));
}
