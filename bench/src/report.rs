//! The figures, for machines in `results.json` and for people in `RESULTS.md`.

use crate::{
    Result,
    crowd::{AT_ONCE, Crowd, GUESTS},
    figures::{Bound, Goal, Sample},
    machine::Machine,
    ways::{Onboarding, Way},
};
use serde_json::{Map, Value, json};
use std::{fmt::Write as _, path::Path};

/// How Innkeeper was asked.
#[derive(Debug, Clone, Copy)]
pub enum Mode {
    /// One at a time, with slots ready.
    PoolOn,
    /// One at a time, without.
    PoolOff,
    /// Eight at once, with slots ready.
    Crowd,
}

const MODES: [(Mode, &str, &str); 3] = [
    (Mode::PoolOn, "pool_on", "pool on"),
    (Mode::PoolOff, "pool_off", "pool off"),
    (Mode::Crowd, "at_once", "eight at once"),
];

/// How long each step took, in the order of the steps.
#[derive(Default)]
pub struct Journal(Vec<(String, Sample)>);

impl Journal {
    /// One more onboarding.
    pub fn add(&mut self, onboarding: Onboarding) {
        for (name, seconds) in onboarding.steps {
            let at = self.0.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
                self.0.push((name, Sample::default()));
                self.0.len() - 1
            });
            self.0[at].1.push(seconds);
        }
    }

    fn median(&self, step: &str) -> Option<f64> {
        self.0.iter().find(|(name, _)| name == step).map(|(_, sample)| sample.median())
    }
}

/// All that was measured.
#[derive(Default)]
pub struct Report {
    /// Rounds that count.
    pub rounds: usize,
    /// On what.
    pub machine: Machine,
    /// One at a time, in seconds.
    pub alone: Vec<(Way, Sample)>,
    /// Innkeeper, eight at once.
    pub innkeeper: Crowd,
    /// The drhema API, eight at once.
    pub drhema: Crowd,
    /// Plan F, eight at once.
    pub plan_f: Crowd,
    /// Innkeeper's steps by [`Mode`].
    pub journal: [Journal; 3],
}

impl Report {
    fn median(&self, way: Way) -> f64 {
        self.alone.iter().find(|(one, _)| *one == way).map_or(f64::NAN, |(_, sample)| sample.median())
    }

    fn goals(&self) -> [Goal; 7] {
        let ratio = |one, other| self.median(one) / self.median(other);
        let goal = |what, measured, bound| Goal { what, measured, bound };
        let (ours, theirs) = (&self.innkeeper, &self.drhema);
        // A handful at most: exact.
        let errors = u32::try_from(ours.errors.len()).map_or(f64::NAN, f64::from);
        [
            goal("pool on / plan F", ratio(Way::PoolOn, Way::PlanF), Bound::AtMost(2.0)),
            goal("pool on / drhema API", ratio(Way::PoolOn, Way::Drhema), Bound::AtMost(0.85)),
            goal("pool on / FairDB script", ratio(Way::PoolOn, Way::FairDb), Bound::AtMost(0.25)),
            goal("pool off / FairDB script", ratio(Way::PoolOff, Way::FairDb), Bound::AtMost(0.4)),
            goal(
                "eight at once: creates a second / drhema API's",
                ours.rates.median() / theirs.rates.median(),
                Bound::AtLeast(2.0),
            ),
            goal(
                "eight at once: p95 / p50",
                ours.times.percentile(95) / ours.times.median(),
                Bound::AtMost(2.5),
            ),
            goal("eight at once: errors", errors, Bound::AtMost(0.0)),
        ]
    }

    /// Writes both files and says how the goals stand.
    #[expect(clippy::print_stdout, reason = "the result is what the program is for")]
    pub fn write(&self) -> Result<()> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        std::fs::write(folder.join("results.json"), format!("{:#}\n", self.json()))?;
        let text = self.text()?;
        std::fs::write(folder.join("RESULTS.md"), &text)?;
        println!("{text}");
        Ok(())
    }

    fn json(&self) -> Value {
        let ms = |seconds: f64| (seconds * 10_000.0).round() / 10.0;
        let crowd = |crowd: &Crowd| {
            json!({
                "creates_a_second": hundredths(crowd.rates.median()),
                "p50_ms": ms(crowd.times.median()),
                "p95_ms": ms(crowd.times.percentile(95)),
                "errors": crowd.errors,
            })
        };
        let alone = |(way, sample): &(Way, Sample)| {
            let figures = json!({ "median_ms": ms(sample.median()), "p95_ms": ms(sample.percentile(95)) });
            (way.key().to_owned(), figures)
        };
        let steps = |(mode, key, _): (Mode, &str, &str)| {
            // A list: their order says something.
            let rows = self.journal[mode as usize].0.iter();
            let rows = rows.map(|(step, sample)| json!({ "step": step, "ms": ms(sample.median()) }));
            (key.to_owned(), Value::Array(rows.collect()))
        };
        let machine = self.machine.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
        let goals = self.goals().map(|goal| {
            let (kind, bound) = match goal.bound {
                Bound::AtMost(most) => ("at_most", most),
                Bound::AtLeast(least) => ("at_least", least),
            };
            json!({ "what": goal.what, "measured": hundredths(goal.measured), kind: bound, "met": goal.met() })
        });
        json!({
            "rounds": self.rounds,
            "machine": machine.collect::<Map<_, _>>(),
            "one_at_a_time": self.alone.iter().map(alone).collect::<Map<_, _>>(),
            "eight_at_once": { "innkeeper": crowd(&self.innkeeper), "drhema": crowd(&self.drhema), "plan_f": crowd(&self.plan_f) },
            "goals": goals,
            "steps_median_ms": MODES.map(steps).into_iter().collect::<Map<_, _>>(),
        })
    }

    fn text(&self) -> Result<String> {
        let mut text = format!(
            "# Results\n\nWritten by `innkeeper-bench {}`; what is measured and how is in the [README](README.md). Only the \
             ratios mean something.\n\n|  |  |\n|---|---|\n",
            self.rounds
        );
        for (name, value) in &self.machine {
            writeln!(text, "| {name} | {value} |")?;
        }
        text += "\n## Goals\n\n| figure | measured | goal | reached |\n|---|---|---|---|\n";
        for goal in self.goals() {
            let bound = match goal.bound {
                Bound::AtMost(most) => format!("≤ {most}"),
                Bound::AtLeast(least) => format!("≥ {least}"),
            };
            let met = if goal.met() { "yes" } else { "no" };
            writeln!(text, "| {} | {:.2} | {bound} | {met} |", goal.what, goal.measured)?;
        }
        write!(
            text,
            "\n## One at a time\n\nMedians of {} rounds.\n\n| way | median ms | p95 ms | × plan F |\n|---|---|---|---|\n",
            self.rounds
        )?;
        let floor = self.median(Way::PlanF);
        for (way, sample) in &self.alone {
            let (median, p95) = (sample.median(), sample.percentile(95));
            writeln!(
                text,
                "| {} | {:.0} | {:.0} | {:.2} |",
                way.label(),
                median * 1000.0,
                p95 * 1000.0,
                median / floor
            )?;
        }
        write!(
            text,
            "\n## Eight at once\n\n{GUESTS} customers in each of {} rounds, {AT_ONCE} at once. Creates a second: the median of \
             the rounds.\n\n| way | creates a second | p50 ms | p95 ms | errors |\n|---|---|---|---|---|\n",
            self.rounds
        )?;
        for (label, crowd) in [
            ("Innkeeper, pool on", &self.innkeeper),
            ("drhema API", &self.drhema),
            (Way::PlanF.label(), &self.plan_f),
        ] {
            writeln!(
                text,
                "| {label} | {:.1} | {:.0} | {:.0} | {} |",
                crowd.rates.median(),
                crowd.times.median() * 1000.0,
                crowd.times.percentile(95) * 1000.0,
                crowd.errors.len()
            )?;
        }
        text += "\n## Where Innkeeper's time goes\n\nMedians in ms from the journal. The commit that ends a step counts as a \
                 part of the next one.\n\n| step |";
        for (_, _, label) in MODES {
            write!(text, " {label} |")?;
        }
        text += "\n|---|---|---|---|\n";
        let longest = self.journal.iter().max_by_key(|journal| journal.0.len());
        for (step, _) in longest.iter().flat_map(|journal| &journal.0) {
            write!(text, "| {step} |")?;
            for (mode, _, _) in MODES {
                let median = self.journal[mode as usize].median(step);
                let shown =
                    median.map_or_else(|| "–".to_owned(), |seconds| format!("{:.1}", seconds * 1000.0));
                write!(text, " {shown} |")?;
            }
            text.push('\n');
        }
        Ok(text)
    }
}

fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
