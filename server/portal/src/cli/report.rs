use innkeeper_service::fleet::doctor::Finding;
use serde::Serialize;
use std::{process::ExitCode, time::Duration};

/// How long anything that is asked may take to answer.
pub(super) const DEADLINE: Duration = Duration::from_secs(20);

/// What the doctor saw.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    /// What was looked at.
    pub looked_at: Vec<&'static str>,
    /// What is wrong.
    pub found: Vec<Finding>,
    /// Where it could not look.
    pub could_not_look: Vec<Finding>,
}

impl Report {
    /// Notes something wrong.
    pub fn found(&mut self, what: impl Into<String>, why: &str, advice: impl Into<String>) {
        self.found.push(Finding { what: what.into(), why: why.into(), advice: advice.into() });
    }

    /// Notes that something could not be looked at.
    pub fn blind(&mut self, what: impl Into<String>, why: &str, advice: impl Into<String>) {
        self.could_not_look.push(Finding { what: what.into(), why: why.into(), advice: advice.into() });
    }

    /// 0 nothing found, 1 found, 2 could not look everywhere.
    pub fn code(&self) -> u8 {
        match (self.found.is_empty(), self.could_not_look.is_empty()) {
            (_, false) => 2,
            (false, true) => 1,
            (true, true) => 0,
        }
    }

    /// Says it, and ends with the code.
    pub fn tell(&self, json: bool) -> ExitCode {
        // A struct of texts and lists always serialises.
        let text =
            if json { serde_json::to_string_pretty(self).unwrap_or_default() + "\n" } else { self.text() };
        super::terminal::say(&text);
        ExitCode::from(self.code())
    }

    fn text(&self) -> String {
        let blind = part("Could not check everything", &self.could_not_look);
        let found = part("Found", &self.found);
        let end = if self.code() == 0 { "No problems found.\n" } else { "" };
        format!("{blind}{found}Checked: {}.\n{end}", self.looked_at.join(", "))
    }
}

/// The findings of one kind under their title; nothing where there is none.
fn part(title: &str, findings: &[Finding]) -> String {
    let one = |(at, Finding { what, why, advice }): (usize, &Finding)| {
        format!("\n{}. {what}\n   Why it matters: {why}\n   What to do: {advice}\n", at + 1)
    };
    match findings.len() {
        0 => String::new(),
        count => {
            format!("{title} ({count}):\n{}\n", findings.iter().enumerate().map(one).collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_says_the_worst() {
        let mut report = Report { looked_at: vec!["configuration"], ..Report::default() };
        assert_eq!(
            (report.code(), report.text().as_str()),
            (0, "Checked: configuration.\nNo problems found.\n")
        );
        report.found("a is b", "c.", "Do d.");
        assert_eq!(report.code(), 1);
        let text = report.text();
        assert!(text.contains("1. a is b\n   Why it matters: c.\n   What to do: Do d.\n"), "{text}");
        assert!(!text.contains("No problems found"), "{text}");
        report.blind("e", "f", "g");
        assert_eq!(report.code(), 2);
        let json: serde_json::Value = serde_json::to_value(&report).unwrap();
        assert_eq!(json["found"][0]["what"], "a is b");
        assert_eq!(json["could_not_look"][0]["advice"], "g");
    }
}
