//! Every step of every kind of run, with a fault at every point of it: what was begun is finished or undone, nothing is
//! left over. The steps are read from the journal, so that a new one is covered without a new line here.

mod cells;
mod house;

use cells::{Expected, MAJORS};
use house::{House, Kind};
use innkeeper_tests::Options;

async fn matrix(kind: Kind, ready: usize) {
    let all = cells::all();
    let (now, later) = MAJORS.split_at(if all { MAJORS.len() } else { 1 });
    for &major in now {
        let mut house = House::open(Options::postgres(major), kind, ready).await;
        let steps = house.rehearse().await;
        let cells = cells::of(kind, &steps, ready, all);
        let (mut done, mut undone, mut held, mut slowest) = (0, 0, 0, 0.0_f64);
        for cell in &cells {
            let (ended, took) = house.perform(cell).await;
            match ended {
                Expected::Done => done += 1,
                Expected::Undone => undone += 1,
                Expected::Held => held += 1,
            }
            if cell.kills() > 0 {
                slowest = slowest.max(took);
            }
        }
        println!(
            "faults: {kind:?} on PostgreSQL {major}, {ready} databases standing ready: {} steps, {} cells: {done} finished, {undone} undone, {held} held and \
             then let go on; over at most {slowest:.1} s after the portal was ready",
            steps.len(),
            cells.len(),
        );
        if !all {
            let every = cells::of(kind, &steps, ready, true).len();
            println!(
                "only in script/test --all: faults of {kind:?}, {ready} databases standing ready: {} of {every} cells on PostgreSQL \
                 {major}, all on {later:?}",
                every - cells.len(),
            );
        }
    }
}

macro_rules! kinds {
    ($($name:ident $kind:ident $ready:literal,)*) => {$(
        #[tokio::test]
        async fn $name() {
            matrix(Kind::$kind, $ready).await;
        }
    )*};
}

kinds! {
    onboarding Onboard 0,
    onboarding_with_a_ready_database Onboard 1,
    new_passwords RenewPasswords 0,
    expiry ExpirePasswords 0,
    suspending Suspend 0,
    resuming Resume 0,
    destroying Destroy 0,
    giving_back UndoDestroy 0,
    removing Remove 0,
    changing_the_plan ChangePlan 0,
}
