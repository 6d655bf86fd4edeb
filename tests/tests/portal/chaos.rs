//! A hundred kills while people use two portals. Longer runs: `docs/reliability/README.md`.

use innkeeper_tests::chaos::{Settings, run};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_hundred_kills_nothing_is_left_over_lost_or_made_twice() {
    let report = run(Settings { kills: 100, seed: 7, people: 8 }, None).await;
    println!("chaos: {}", report.to_json());
    assert!(report.counted() >= 100);
    assert_eq!(report.by_kind.len(), 6, "every kind of kill: {:?}", report.by_kind);
    assert_eq!(report.orphans, [""; 0]);
    assert_eq!(report.lost, [""; 0]);
    assert_eq!(report.doubles, [""; 0]);
}
