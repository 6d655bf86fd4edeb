use super::*;
use crate::tenants::{
    fixtures::{CA, House, SHOP, password},
    handoff::reveal,
};
use sqlx::PgPool;
use std::io::Read;
use zip::ZipArchive;

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_bundle_has_all_to_connect(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    let service = &house.portal.service;
    reveal(service, &house.jane, SHOP).await.unwrap();
    let made = bundle(service, &house.jane, SHOP).await.unwrap();
    assert_eq!(made.file_name, "shop_k3v9x2.zip");
    assert_eq!(house.recorded("handoff.download").await, 1);

    let mut zip = ZipArchive::new(Cursor::new(made.bytes.as_slice())).unwrap();
    let mut files = vec![];
    for at in 0..zip.len() {
        let mut file = zip.by_index(at).unwrap();
        assert_eq!(file.unix_mode().unwrap() & 0o7777, 0o600);
        assert!(file.last_modified().unwrap().year() > 1980, "the time of the control database");
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        files.push((file.name().unwrap().into_owned(), text));
    }
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    let files_of = ["ca.crt", ".env", "credentials.json", "pg_service.conf", "README.md"];
    assert_eq!(names, files_of.map(|file| format!("{SHOP}/{file}")), "one folder");
    let [ca, env, json, services, guide] = [0, 1, 2, 3, 4].map(|at| files[at].1.as_str());
    let secret = password(TenantRole::App);
    assert_eq!(ca, CA);
    assert_eq!(
        env,
        format!(
            "PGHOST=localhost\nPGPORT=5433\nPGDATABASE=shop_k3v9x2\nPGUSER=shop_k3v9x2_app\nPGPASSWORD={secret}\n\
             PGSSLMODE=verify-full\n\
             DATABASE_URL=postgresql://shop_k3v9x2_app:{secret}@localhost:5433/shop_k3v9x2?sslmode=verify-full\n"
        )
    );
    let role = |role: TenantRole| {
        let (user, password) = (format!("shop_k3v9x2_{}", role.as_str()), password(role));
        let uri = format!("postgresql://{user}:{password}@localhost:5433/shop_k3v9x2?sslmode=verify-full");
        serde_json::json!({ "user": user, "password": password, "uri": uri })
    };
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(json).unwrap(),
        serde_json::json!({
            "host": "localhost", "port": 5433, "database": "shop_k3v9x2",
            "roles": {
                "owner": role(TenantRole::Owner), "app": role(TenantRole::App), "readonly": role(TenantRole::ReadOnly),
            },
        })
    );
    let section = |service: &str, role: TenantRole| {
        format!(
            "[{service}]\nhost=localhost\nport=5433\ndbname=shop_k3v9x2\nuser=shop_k3v9x2_{}\npassword={}\n\
             sslmode=verify-full\n",
            role.as_str(),
            password(role)
        )
    };
    assert_eq!(
        services,
        [
            section("shop_k3v9x2", TenantRole::App),
            section("shop_k3v9x2_owner", TenantRole::Owner),
            section("shop_k3v9x2_readonly", TenantRole::ReadOnly),
        ]
        .join("\n")
    );
    assert!(guide.starts_with("# Connecting to shop\n"));
    assert!(!guide.contains("PassW0rd"), "the guide may be passed on");

    let again = bundle(service, &house.jane, SHOP).await.unwrap();
    let mut again = ZipArchive::new(Cursor::new(again.bytes.as_slice())).unwrap();
    let order: Vec<_> =
        (0..again.len()).map(|at| again.by_index(at).unwrap().name().unwrap().into_owned()).collect();
    assert_eq!(order, names);
    assert_eq!(house.recorded("handoff.download").await, 2, "every one is recorded");
}

#[test]
fn times_that_a_zip_cannot_hold_become_its_first() {
    use time::macros::datetime;
    let at = moment(datetime!(2026-11-21 14:20:10 +2));
    assert_eq!(
        (at.year(), at.month(), at.day(), at.hour(), at.minute(), at.second()),
        (2026, 11, 21, 12, 20, 10)
    );
    assert_eq!(moment(datetime!(1969-01-01 00:00 UTC)).year(), 1980);
}
