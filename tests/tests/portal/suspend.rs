//! Suspending while fifty clients come back at once. A hundred rounds and how long they take:
//! `docs/reliability/README.md`.

use innkeeper_tests::suspend::run;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspended_tenant_has_no_session_and_gets_none() {
    let report = run(5, |_| {}).await;
    println!("suspend: {}", report.to_json());
    assert_eq!(report.found, [""; 0]);
    assert_eq!(report.cut_ms.len(), 5);
}
