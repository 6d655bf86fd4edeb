use super::*;
use crate::tenants;

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_domain_is_of_one_organisation_and_only_once_it_is_shown(pool: PgPool) {
    let stage = Stage::ready(&pool).await;
    let service = &stage.portal.service;
    let eve = stage.portal.person("eve@evil.example").await;
    let evil = organisation(&stage.portal, "Evil").await;
    member(&stage.portal, evil, &eve, "admin").await;
    add_domain(service, &eve, "evil", DOMAIN).await.unwrap();
    assert!(!check_domain(service, &eve, "evil", DOMAIN).await.unwrap(), "Acme's proof is not Evil's");
    let proof = identity(service, &eve, "evil").await.unwrap().domains[0].proof.clone();
    stage.dns.0.lock().unwrap().push(proof);
    assert_eq!(code(check_domain(service, &eve, "evil", DOMAIN).await).as_str(), "domain_taken");
    for wrong in ["", "acme", "http://acme.example", "a b.example"] {
        assert_eq!(code(add_domain(service, &eve, "evil", wrong).await).as_str(), "invalid_mail_domain");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn only_admins_with_a_fresh_sign_in_change_anything(pool: PgPool) {
    let mut stage = Stage::ready(&pool).await;
    stage.operators("hub");
    *stage.told.owned.lock().unwrap() = Some(vec![]);
    let service = &stage.portal.service;
    let eve = stage.portal.person("eve@evil.example").await;
    let mut stale = stage.jane.clone();
    stale.account.as_mut().unwrap().fresh = false;
    let rows = "select sum(version)::bigint from organisation_identity";
    let before = stage.portal.count(rows).await;
    for (person, what) in [(&eve, "foreign"), (&stale, "stale")] {
        let outcomes = [
            save_issuer(service, person, ACME, &form()).await,
            remove_issuer(service, person, ACME).await,
            add_domain(service, person, ACME, "x.example").await,
            check_domain(service, person, ACME, DOMAIN).await.map(drop),
            ask_staff(service, person, ACME, DOMAIN).await,
            remove_domain(service, person, ACME, DOMAIN).await,
            add_group(service, person, ACME, "", ("x", "admin")).await,
            remove_group(service, person, ACME, "", "devs").await,
            add_github(service, person, ACME, "hub", "acme").await,
            remove_github(service, person, ACME, "hub", "acme").await,
            enforce(service, person, ACME, &[]).await,
            relax(service, person, ACME).await.map(drop),
        ];
        for outcome in outcomes {
            match (what, &outcome) {
                ("foreign", Err(Error::NotFound)) | ("stale", Err(Error::StaleSignIn)) => {}
                _ => panic!("{what}: {outcome:?}"),
            }
        }
        let facts = says("x", "x@acme.example", &["admins"]);
        for purpose in [Purpose::Link, Purpose::Trial] {
            let outcome = stage.back(person, purpose, facts.clone()).await;
            assert!(matches!(outcome, Err(Error::NotFound | Error::StaleSignIn)), "{what}: {outcome:?}");
        }
        let own = stage.back_by("hub", person, Purpose::Own, facts).await;
        match (what, &own) {
            ("foreign", Ok(Answered::Owned(_, Some(Reason::Owner)))) | ("stale", Err(Error::StaleSignIn)) => {
            }
            _ => panic!("{what}: {own:?}"),
        }
    }
    assert_eq!(stage.portal.count(rows).await, before);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_secret_is_sealed_and_stays_with_its_issuer(pool: PgPool) {
    let stage = Stage::ready(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    let kept = "select count(*) from organisation_identity where sealed is not null";
    let clear = "select count(*) from organisation_identity where encode(sealed, 'escape') like '%a secret%'";
    assert_eq!((stage.portal.count(kept).await, stage.portal.count(clear).await), (1, 0));
    let empty = || IssuerForm { client_secret: String::new(), ..form() };
    save_issuer(service, jane, ACME, &IssuerForm { label: "New".into(), ..empty() }).await.unwrap();
    assert_eq!(stage.portal.count(kept).await, 1, "kept for the same issuer and client");
    save_issuer(service, jane, ACME, &IssuerForm { issuer: "https://evil.example".into(), ..empty() })
        .await
        .unwrap();
    assert_eq!(stage.portal.count(kept).await, 0, "never shown to another issuer");
    for wrong in [
        IssuerForm { kind: "github".into(), ..form() },
        IssuerForm { kind: "entra".into(), issuer: "common".into(), ..form() },
        IssuerForm {
            kind: "entra".into(),
            issuer: "https://login.microsoftonline.com/organizations/v2.0".into(),
            ..form()
        },
        IssuerForm { label: " ".into(), ..form() },
        IssuerForm { issuer: "x".repeat(300), ..form() },
        IssuerForm { client_secret: "a\0b".into(), ..form() },
    ] {
        code(save_issuer(service, jane, ACME, &wrong).await);
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn staff_decides_where_dns_cannot_show_it(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    let mut staff = stage.portal.person("olga@operator.example").await;
    let acme = tenants::open(service, jane, SHOP).await.unwrap().organisation_id;
    for domain in ["a.example", "b.example"] {
        add_domain(service, jane, ACME, domain).await.unwrap();
        ask_staff(service, jane, ACME, domain).await.unwrap();
    }
    assert!(matches!(waiting(service, &staff).await, Err(Error::NotFound)), "not for customers");
    assert!(matches!(decide(service, jane, acme, "a.example", true).await, Err(Error::NotFound)));
    staff.account.as_mut().unwrap().staff = Some(StaffRole::Operator);
    let (lines, total) = waiting(service, &staff).await.unwrap();
    assert_eq!(
        (lines.len(), total, lines[0].admins.as_slice()),
        (2, 2, &["jane@acme.example".to_owned()][..])
    );
    assert!(
        matches!(decide(service, &staff, acme, "a.example", true).await, Err(Error::NotFound)),
        "to approve"
    );
    staff.account.as_mut().unwrap().staff = Some(StaffRole::Approver);
    decide(service, &staff, acme, "a.example", true).await.unwrap();
    decide(service, &staff, acme, "b.example", false).await.unwrap();
    for (domain, again) in [("a.example", false), ("b.example", true), ("c.example", true)] {
        let outcome = decide(service, &staff, acme, domain, again).await;
        assert!(matches!(outcome, Err(Error::Conflict)), "{domain}: {outcome:?}");
    }
    let domains = identity(service, jane, ACME).await.unwrap().domains;
    let stands: Vec<_> = domains.iter().map(|line| (line.proven_at.is_some(), line.by_dns)).collect();
    assert_eq!(stands, [(true, false), (false, false)]);
    assert_eq!(
        stage.portal.count("select count(*) from audit_event where action = 'domain.decide'").await,
        2
    );
    staff.account.as_mut().unwrap().fresh = false;
    assert!(matches!(decide(service, &staff, acme, "b.example", true).await, Err(Error::StaleSignIn)));
}

/// Opens the issuer, and notes which audiences are trusted.
struct Noting(Arc<Told>, std::sync::Mutex<Vec<String>>);

impl Issuers for Noting {
    fn open(&self, own: OwnIssuer) -> std::result::Result<Arc<dyn IdentityProvider>, Refusal> {
        *self.1.lock().unwrap() = own.trusted_audiences;
        Ok(self.0.clone())
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn additional_audiences_reach_the_issuer_and_go_with_it(pool: PgPool) {
    let mut stage = Stage::ready(&pool).await;
    let noting = Arc::new(Noting(stage.told.clone(), std::sync::Mutex::default()));
    stage.portal.service.issuers = noting.clone();
    let (service, jane) = (&stage.portal.service, &stage.jane);
    let with = |audiences: &str| IssuerForm { trusted_audiences: audiences.into(), ..form() };
    let wanted = ["2819283@proj", "291111111111"];

    save_issuer(service, jane, ACME, &with("291111111111\r\n\n 2819283@proj \n291111111111\n"))
        .await
        .unwrap();
    let provider = crate::people::providers::named(service, &stage.way().await).await.unwrap();
    assert_eq!(*noting.1.lock().unwrap(), wanted);
    let shown =
        async || identity(service, jane, ACME).await.unwrap().issuer.map(|issuer| issuer.trusted_audiences);
    assert_eq!(shown().await.unwrap(), wanted);

    let many = (0..21).map(|nth| format!("client-{nth}\n")).collect::<String>();
    for (wrong, why) in
        [("a\u{202e}b", "invalid_text"), (&*"x".repeat(201), "invalid_text"), (&many, "too_many")]
    {
        let refused = rejection(save_issuer(service, jane, ACME, &with(wrong)).await);
        assert_eq!((refused.0, refused.1.as_str()), (Field::TrustedAudiences, why));
    }
    assert_eq!(shown().await.unwrap(), wanted, "what is refused changes nothing");

    // A provider that was opened before is not used again.
    save_issuer(service, jane, ACME, &with("")).await.unwrap();
    let again = crate::people::providers::named(service, &stage.way().await).await.unwrap();
    assert!(!Arc::ptr_eq(&provider, &again) && noting.1.lock().unwrap().is_empty());

    save_issuer(service, jane, ACME, &with("client-1")).await.unwrap();
    remove_issuer(service, jane, ACME).await.unwrap();
    save_issuer(service, jane, ACME, &form()).await.unwrap();
    assert!(shown().await.unwrap().is_empty(), "another issuer starts without them");
}
