use super::*;
use crate::plan::Limits;
use proptest::prelude::*;

/// A server with room for much.
fn roomy() -> Capacity {
    Capacity {
        place: "Main".into(),
        draining: false,
        promised: Claim::NONE,
        databases: 1000,
        connections: 290,
        connection_overcommit: 40,
        disk: Some(Disk { used: 2 * GB, most: 100 * GB }),
        storage_overcommit: 100,
        memory_mb: Some(8000),
        memory_overcommit: 40,
    }
}

fn claim(connections: i64, storage_gb: i64, memory_mb: i64) -> Claim {
    Claim { databases: 1, connections, storage_gb, memory_mb }
}

fn told(capacity: &Capacity, has: Claim, wants: Claim) -> String {
    capacity.short(has, wants).map(|short| short.to_string()).unwrap_or_default()
}

#[test]
fn what_is_short_is_told_with_its_figure_and_what_to_do() {
    let wants = claim(50, 10, 700);
    let with = |change: fn(&mut Capacity)| {
        let mut capacity = roomy();
        change(&mut capacity);
        told(&capacity, Claim::NONE, wants)
    };
    assert_eq!(with(|_| {}), "");
    assert_eq!(
        with(|c| (c.databases, c.promised.databases) = (20, 20)),
        "Main has no capacity for another database: 20 of 20 databases are taken. Choose another region, or contact support. \
         Staff can allow more databases on the server, or add another server."
    );
    assert_eq!(
        with(|c| c.disk = Disk::of(99 * GB + 950_000_000, None, Some(KEPT_FREE))),
        "Main has no disk space left: 99 of 99 GB on its disk are used. Choose another region, or contact support. \
         Staff can enlarge the server's disk, or add another server."
    );
    assert_eq!(
        with(|c| (c.connections, c.connection_overcommit, c.promised.connections) = (3, 40, 71)),
        "Main has too few connections left: this plan needs 50, 49 of 120 are free. Choose a smaller plan or another \
         region, or contact support. Staff can raise the server's max_connections or its connection_overcommit, or add \
         another server."
    );
    assert!(with(|c| c.storage_overcommit = 0).contains("needs 10 GB, 0 of 0 are free."));
    assert!(with(|c| c.memory_mb = Some(17)).contains("needs 700 MB, 680 of 680 are free."));
    assert!(with(|c| c.draining = true).contains("takes no new databases"));
}

#[test]
fn another_plan_is_refused_only_for_what_it_needs_more_of() {
    let mut full = roomy();
    (full.databases, full.draining, full.promised.databases) = (0, true, 7);
    (full.connections, full.disk, full.memory_mb) = (0, Disk::of(9, Some(0), None), Some(0));
    let has = claim(50, 10, 700);
    assert_eq!(told(&full, has, has), "");
    assert_eq!(told(&full, has, claim(20, 10, 700)), "");
    let more = told(&full, has, claim(51, 10, 700));
    assert!(
        more.contains(
            "needs 51, 0 of 0 are free. Keep your plan or choose a smaller one, or contact support."
        ),
        "{more}"
    );
    assert!(told(&full, has, claim(50, 11, 700)).contains("no disk space"));
    assert!(told(&full, has, claim(50, 10, 701)).contains("memory"));
}

#[test]
fn a_plan_takes_its_connections_their_memory_and_its_storage() {
    let limits = Limits {
        connections: 50,
        role_connections: crate::tenant::PerRole { owner: 5, app: 35, readonly: 10 },
        work_mem_mb: 4,
        effective_cache_size_mb: 256,
        storage_gb: 10,
        temp_file_limit_gb: 1,
        idle_in_transaction_minutes: 10,
    };
    assert_eq!(Claim::of(&limits), claim(50, 10, 700));
}

#[test]
fn the_disk_is_what_the_operator_allows_or_what_is_free() {
    let most = |max_gb, free| Disk::of(5 * GB, max_gb, free).map(|disk| disk.most);
    assert_eq!(most(None, None), None);
    assert_eq!(most(Some(100), None), Some(100 * GB));
    assert_eq!(most(None, Some(20 * GB)), Some(24 * GB));
    assert_eq!(most(Some(10), Some(20 * GB)), Some(10 * GB));
    assert_eq!(most(Some(100), Some(20 * GB)), Some(24 * GB));
    assert_eq!(Disk::of(0, None, Some(7)).map(|disk| disk.most), Some(0), "less than what stays free");
}

#[test]
fn from_four_fifths_on_a_server_is_nearly_full() {
    let level = |taken, most| Level { resource: Resource::Databases, taken, most };
    assert!(!level(79, 100).is_nearly_full() && level(80, 100).is_nearly_full());
    assert!(level(0, 0).is_nearly_full(), "there is none at all");
    assert_eq!(level(17, 20).to_string(), "17 of 20 databases are taken");
    let disk = Level { resource: Resource::Disk, taken: 850_000_000, most: 42 * GB };
    assert_eq!(disk.to_string(), "0.8 of 42 GB on its disk are used");
}

fn any_claim() -> impl Strategy<Value = Claim> {
    (1_i64..200, 1_i64..100, 1_i64..4000).prop_map(|(a, b, c)| claim(a, b, c))
}

fn any_capacity() -> impl Strategy<Value = Capacity> {
    let known = || (proptest::option::of(0_i64..10_000), proptest::option::of(0_i64..200 * GB));
    (0_i64..40, 0_i64..300, 1_i64..50, known(), 1_i64..50).prop_map(
        |(databases, connections, overcommit, (memory_mb, free), storage_overcommit)| Capacity {
            databases,
            connections,
            connection_overcommit: overcommit,
            disk: Disk::of(GB, None, free),
            storage_overcommit,
            memory_mb,
            memory_overcommit: overcommit,
            ..roomy()
        },
    )
}

proptest! {
    /// Whoever was accepted fits when it is looked at again, whoever came after: no promise is broken by another.
    #[test]
    fn who_was_accepted_fits_later(mut server in any_capacity(), people in proptest::collection::vec(any_claim(), 0..60)) {
        let mut accepted = Vec::new();
        for wants in people {
            if server.short(Claim::NONE, wants).is_none() {
                server.promised = server.promised.and(wants);
                accepted.push(wants);
            }
        }
        for level in server.levels() {
            prop_assert!(accepted.is_empty() || level.taken <= level.most, "{level}");
        }
        for own in accepted {
            prop_assert_eq!(server.clone().without(own).short(Claim::NONE, own), None);
        }
    }

    /// A change from one plan to another needs the larger of both and never more than is there; turned back it fits.
    #[test]
    fn a_change_fits_both_ways(mut server in any_capacity(), old in any_claim(), new in any_claim()) {
        prop_assume!(server.short(Claim::NONE, old).is_none());
        let had = server.levels();
        if server.short(old, new).is_none() {
            server.promised = old.larger(new);
            prop_assert!(server.levels().iter().all(|level| level.taken <= level.most), "{had:?}");
            prop_assert_eq!(server.clone().without(old.larger(new)).short(new, old), None);
        }
    }

    /// More room never refuses what less room took; every refusal says who can do what.
    #[test]
    fn a_refusal_is_for_want_of_room(server in any_capacity(), wants in any_claim()) {
        let larger = Capacity { databases: server.databases + 1, connections: server.connections + 1, ..server.clone() };
        match server.short(Claim::NONE, wants) {
            None => prop_assert_eq!(larger.short(Claim::NONE, wants), None),
            Some(short) => {
                let text = short.to_string();
                prop_assert!(text.contains("contact support") && text.contains("Staff can") && text.ends_with('.'));
            }
        }
    }
}
