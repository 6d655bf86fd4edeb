use super::*;
use crate::{
    db,
    organisations::{
        add_domain,
        fixtures::{DOMAIN, Two},
        identity, proven,
    },
    tenants::fixtures::member,
    testing::rejection,
};
use innkeeper_domain::{mail::Message, staff::StaffRole, text::LineError};
use sqlx::PgPool;

const ENFORCED: &str =
    "update organisation_identity set kind = 'oidc', label = 'Acme SSO', issuer = 'https://issuer.example',
    client_id = 'portal', groups_claim = 'groups', enforced_at = now(), open_ways = '{mail}'";

fn acme_example() -> MailDomain {
    MailDomain::parse(DOMAIN).unwrap()
}

/// Somebody of the staff.
async fn staff(two: &Two, role: StaffRole) -> Requester {
    let mut person = two.house.portal.person("olga@operator.example").await;
    person.account.as_mut().unwrap().staff = Some(role);
    person
}

async fn take(two: &Two, by: &Requester, reason: &str) -> Result<()> {
    take_back(&two.house.portal.service, by, two.acme.organisation, &acme_example(), reason).await
}

#[sqlx::test(migrator = "db::MIGRATIONS")]
async fn an_approver_takes_a_domain_back_and_its_admins_are_told_why(pool: PgPool) {
    let two = Two::open(&pool).await;
    let service = &two.house.portal.service;
    let joe = two.house.portal.person("joe@acme.example").await;
    member(&two.house.portal, two.acme.organisation, &joe, "developer").await;
    two.publish(&[&two.acme]).await;
    assert!(two.check(&two.acme).await.unwrap());
    two.house.portal.change(ENFORCED).await;
    let sessions = "select count(*) from session where account_id is not null";
    let olga = staff(&two, StaffRole::Approver).await;
    let before = two.house.portal.count(sessions).await;

    let asked = taking_back(service, &olga, two.acme.organisation, &acme_example()).await.unwrap();
    assert_eq!((asked.proven.name.as_str(), asked.proven.by_dns, asked.others), ("Acme Robotics", true, 0));
    assert!(asked.admins == ["jane@acme.example"] && asked.closed_since.is_some());
    let long = LineError::TooLong { count: 201, most: 200 };
    let hidden = LineError::Hidden { place: 2, code: 10 };
    for (reason, wrong) in [("  ", LineError::Empty), ("a\nb", hidden), (&"x".repeat(201), long)] {
        assert_eq!(rejection(take(&two, &olga, reason).await), (Field::Reason, wrong.into()));
    }
    assert_eq!(two.stands().await, ["Acme Robotics dns"]);
    take(&two, &olga, "The company was sold.").await.unwrap();

    assert_eq!(two.stands().await, Vec::<String>::new());
    let told = two.told().await.pop().unwrap();
    assert!(told.starts_with("Acme Robotics olga@operator.example domain.take_back"), "{told}");
    assert!(told.contains("The company was sold.") && told.contains("dns"), "{told}");
    let mails = two.house.portal.mails("jane@acme.example").await;
    let [Message::DomainLost { organisation, domain, why, link }] = &mails[..] else { panic!() };
    assert_eq!((organisation.as_str(), domain.as_str()), ("Acme Robotics", DOMAIN));
    assert!(why.ends_with("The company was sold."), "{why}");
    assert_eq!(link, "https://portal.example/o/acme-robotics/sign-in");
    for other in ["joe@acme.example", "eve@beta.example"] {
        assert!(two.house.portal.mails(other).await.is_empty(), "{other}");
    }
    assert_eq!(two.house.portal.count(sessions).await, before, "nobody is signed out");
    let closed =
        "select count(*) from organisation_identity where enforced_at is not null and open_ways = '{mail}'";
    assert_eq!(two.house.portal.count(closed).await, 2, "ways stay closed");

    assert!(matches!(take(&two, &olga, "again").await, Err(Error::Conflict)));
    let asked = taking_back(service, &olga, two.acme.organisation, &acme_example()).await;
    assert!(matches!(asked, Err(Error::NotFound)));
    // What DNS holds from before proves nothing.
    assert!(!two.check(&two.acme).await.unwrap());
    two.publish(&[&two.acme]).await;
    assert!(two.check(&two.acme).await.unwrap());
}

#[sqlx::test(migrator = "db::MIGRATIONS")]
async fn nobody_else_takes_one_back_and_an_old_sign_in_does_not(pool: PgPool) {
    let two = Two::open(&pool).await;
    let service = &two.house.portal.service;
    two.publish(&[&two.acme]).await;
    two.check(&two.acme).await.unwrap();
    let mut stale = staff(&two, StaffRole::Approver).await;
    stale.account.as_mut().unwrap().fresh = false;
    assert!(matches!(take(&two, &stale, "x").await, Err(Error::StaleSignIn)));
    taking_back(service, &stale, two.acme.organisation, &acme_example()).await.unwrap();
    let viewer = staff(&two, StaffRole::Viewer).await;
    assert_eq!(proven(service, &viewer, "", "").await.unwrap().total, 1, "looking is for all staff");
    for person in [&staff(&two, StaffRole::Operator).await, &viewer, &two.acme.admin, &two.beta.admin] {
        assert!(matches!(take(&two, person, "x").await, Err(Error::NotFound)));
        let asked = taking_back(service, person, two.acme.organisation, &acme_example()).await;
        assert!(matches!(asked, Err(Error::NotFound)));
    }
    assert!(matches!(proven(service, &two.acme.admin, "", "").await, Err(Error::NotFound)));
    assert_eq!(two.stands().await, ["Acme Robotics dns"]);
    let olga = staff(&two, StaffRole::Approver).await;
    let of_beta = take_back(service, &olga, two.beta.organisation, &acme_example(), "x").await;
    assert!(matches!(of_beta, Err(Error::Conflict)), "it is not Beta's");
}

/// What was changed and what is said of it stand or fall together.
#[sqlx::test(migrator = "db::MIGRATIONS")]
async fn what_cannot_be_told_is_not_done(pool: PgPool) {
    let two = Two::open(&pool).await;
    two.publish(&[&two.acme]).await;
    two.check(&two.acme).await.unwrap();
    two.house.portal.change("alter table outbox add check (kind <> 'domain_lost')").await;
    take(&two, &staff(&two, StaffRole::Approver).await, "x").await.unwrap_err();
    assert_eq!(two.stands().await, ["Acme Robotics dns"]);
    assert!(two.told().await.iter().all(|line| !line.contains("take_back")));
    assert!(two.check(&two.acme).await.unwrap(), "with the text it had");
}

#[sqlx::test(migrator = "db::MIGRATIONS")]
async fn proven_domains_are_found_and_paged(pool: PgPool) {
    let two = Two::open(&pool).await;
    let service = &two.house.portal.service;
    add_domain(service, &two.beta.admin, two.beta.slug, "unproven.example").await.unwrap();
    let many = "insert into organisation_domain (organisation_id, domain, token, proven_at, proven_by)
        select id, format('d%s.example', lpad(n::text, 2, '0')), n, now(), 'staff' from organisation, generate_series(1, 25) n
        where name = 'Beta'";
    assert_eq!(two.house.portal.change(many).await, 25);
    let viewer = staff(&two, StaffRole::Viewer).await;
    let first = proven(service, &viewer, "BETA", "").await.unwrap();
    assert_eq!((first.items.len(), first.total, first.items[19].domain.as_str()), (20, 25, "d20.example"));
    assert!(!first.items[0].by_dns && first.items[0].name == "Beta");
    let next = proven(service, &viewer, "BETA", &first.next.unwrap()).await.unwrap();
    assert_eq!((next.items.len(), next.items[0].domain.as_str(), next.next), (5, "d21.example", None));
    for (search, found) in [("d07", 1), ("acme", 0), ("%", 0), ("_", 0), ("unproven", 0), (" D2 ", 6)] {
        assert_eq!(proven(service, &viewer, search, "nonsense").await.unwrap().total, found, "{search}");
    }
    let acme = identity(service, &two.acme.admin, two.acme.slug).await.unwrap();
    assert!(acme.domains[0].proven_at.is_none());
}
