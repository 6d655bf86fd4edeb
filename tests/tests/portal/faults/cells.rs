//! Which faults are tried.

use super::house::Kind;

/// What a run under a fault ends as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// As if nothing had happened.
    Done,
    /// As if it had never been begun.
    Undone,
    /// Stuck, with nothing lost, until a person lets it go on.
    Held,
}

/// One trial: faults that strike one after the other, and what the run must end as.
#[derive(Debug, Clone)]
pub struct Cell {
    pub orders: Vec<String>,
    pub ends: Expected,
}

impl Cell {
    fn new(orders: &[String], ends: Expected) -> Self {
        Self { orders: orders.to_vec(), ends }
    }

    /// How often the portal dies in it.
    pub fn kills(&self) -> usize {
        self.orders.iter().filter(|order| order.contains(":kill")).count()
    }
}

/// The PostgreSQL versions. Without `script/test --all` only the first.
pub const MAJORS: [u32; 2] = [15, 18];

/// Whether `script/test --all` is run.
pub fn all() -> bool {
    std::env::var_os("INNKEEPER_TEST_ALL").is_some()
}

/// Faults on the way forward, each with what the run ends as.
const FORWARD: [&str; 9] = [
    "after_intent:kill",
    "after_effect:kill",
    "in_effect:kill:4",
    "after_done:kill",
    "after_intent:error",
    "after_effect:error",
    "after_intent:hang",
    "after_effect:twice",
    "in_effect:panic",
];
/// Faults on the way back.
const BACKWARD: [&str; 6] = [
    "undo_after_intent:kill",
    "undo_after_effect:kill",
    "undo_in_effect:kill:4",
    "undo_after_intent:error",
    "undo_after_effect:twice",
    "undo_after_intent:hang",
];

/// The trials of a kind of run: all, or two or three a step, so that all faults have their turn over the steps.
pub fn of(kind: Kind, steps: &[String], ready: usize, all: bool) -> Vec<Cell> {
    let mut cells = vec![Cell::new(&[format!("{}:before_intent:kill", steps[0])], Expected::Done)];
    for (at, step) in steps.iter().enumerate() {
        for fault in turn(&FORWARD, at, kind, ready, all) {
            // The last record ends the run: a portal that dies then has nothing to take up.
            if fault == "after_done:kill" && at + 1 == steps.len() {
                continue;
            }
            cells.push(Cell::new(&[format!("{step}:{fault}")], Expected::Done));
        }
        let ends = if kind.holds(step) { Expected::Held } else { Expected::Undone };
        cells.push(Cell::new(&[format!("{step}:after_effect:fatal")], ends));
    }
    // All steps are undone from the last one that can fail for good, and one of them has a fault on its way.
    let Some(last) = steps.iter().rposition(|step| !kind.holds(step)) else { return cells };
    if steps[..=last].iter().any(|step| kind.holds(step)) && !kind.turns_back() {
        return cells;
    }
    for (at, step) in steps[..=last].iter().enumerate() {
        for fault in turn(&BACKWARD, at, kind, ready, all) {
            let orders = [format!("{}:after_effect:fatal", steps[last]), format!("{step}:{fault}")];
            cells.push(Cell::new(&orders, Expected::Undone));
        }
    }
    cells
}

/// The faults of one step. Onboarding is what people wait for: there each step is killed before and after its effect.
/// With a ready database they are others.
fn turn<'a>(faults: &'a [&'a str], at: usize, kind: Kind, ready: usize, all: bool) -> Vec<&'a str> {
    if all {
        return faults.to_vec();
    }
    let mut some = vec![faults[(at + kind as usize + 4 * ready) % faults.len()]];
    if kind == Kind::Onboard && ready == 0 && faults.len() == FORWARD.len() {
        some.extend(["after_intent:kill", "after_effect:kill"]);
        some.dedup();
    }
    some
}
