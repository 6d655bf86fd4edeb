//! Figures of reports.

use serde_json::{Value, json};

/// The middle, the 99th of a hundred and the largest (nearest rank), in whole milliseconds.
pub fn spread(values: &[f64]) -> Value {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = |percent: usize| {
        let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        sorted.get(at).map(|value| value.round())
    };
    json!({ "count": sorted.len(), "p50": rank(50), "p99": rank(99), "max": rank(100) })
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn ranks_are_values_that_were_seen() {
        let values: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        let spread = spread(&values).to_string();
        assert_eq!(spread, r#"{"count":200,"max":200.0,"p50":100.0,"p99":198.0}"#);
        assert!(super::spread(&[]).to_string().contains("null"));
    }
}
