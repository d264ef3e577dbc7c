//! The table of the benches in the browser, as `cargo xtask bench web` measured them.

use std::fmt::Write;

use serde::Deserialize;

/// `reports/bench-web.json`.
#[derive(Clone, Debug, Deserialize)]
pub struct BenchReport {
    date: String,
    machine: Machine,
    browser: String,
    adapter: Option<Adapter>,
    relaxed_simd: bool,
    /// What else is to be known of the measurement.
    note: Option<String>,
    rounds: usize,
    rows: Vec<Row>,
}

#[derive(Clone, Debug, Deserialize)]
struct Machine {
    cpu: String,
    cores: usize,
}

#[derive(Clone, Debug, Deserialize)]
struct Adapter {
    name: String,
    software: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct Row {
    work: String,
    unit: String,
    ours: Side,
    theirs: Option<Side>,
    #[serde(default)]
    conditions: Vec<Condition>,
    ratio: Option<f64>,
    target: Option<f64>,
    verdict: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Side {
    name: String,
    minimum: f64,
    median: f64,
}

/// Something that has to hold for a target to count as met.
#[derive(Clone, Debug, Deserialize)]
struct Condition {
    what: String,
    value: serde_json::Value,
}

impl BenchReport {
    /// Where it was measured, in a sentence, and a row for each comparison.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = String::new();
        let adapter = match &self.adapter {
            Some(adapter) if adapter.software => {
                format!(
                    "the software adapter {}, a program on the CPU",
                    adapter.name
                )
            }
            Some(adapter) => adapter.name.clone(),
            None => "no adapter".to_owned(),
        };
        let Self {
            date,
            machine,
            browser,
            rounds,
            ..
        } = self;
        let simd = if self.relaxed_simd {
            "with relaxed SIMD"
        } else {
            "without relaxed SIMD"
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "{browser} headless on {}, {} cores, {date}; our engine {simd}; WebGPU on {adapter}. \
             Minimum / median of at most {rounds} rounds in turn; the ratio is that of the medians.{}\n",
            machine.cpu,
            machine.cores,
            self.note
                .as_ref()
                .map_or_else(String::new, |note| format!(" {note}")),
        );
        table +=
            "| work | ours | against | ratio | target | |\n| --- | --- | --- | --- | --- | --- |\n";
        for row in &self.rows {
            let cells = [
                row.work.clone(),
                row.ours.cell(&row.unit),
                row.theirs
                    .as_ref()
                    .map_or_else(|| "-".to_owned(), |theirs| theirs.cell(&row.unit)),
                row.ratio
                    .map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}")),
                row.target
                    .map_or_else(|| "-".to_owned(), |target| target.to_string()),
                row.outcome(),
            ];
            let _ = writeln!(table, "| {} |", cells.join(" | "));
        }
        table
    }
}

impl Row {
    /// The verdict, and what it depends on besides the ratio.
    fn outcome(&self) -> String {
        let conditions = self.conditions.iter().map(|Condition { what, value }| {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            format!("{what} {value}")
        });
        let parts: Vec<_> = self.verdict.iter().cloned().chain(conditions).collect();
        parts.join("; ")
    }
}

impl Side {
    fn cell(&self, unit: &str) -> String {
        let Self {
            name,
            minimum,
            median,
        } = self;
        if unit == "bytes" {
            return format!("{name}: {median:.0} bytes");
        }
        // Three digits say enough of short and of long times.
        let digits = if *median < 10.0 { 2 } else { 0 };
        format!("{name}: {minimum:.digits$} / {median:.digits$} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(adapter: &serde_json::Value) -> String {
        let report = json!({
            "date": "2026-01-02",
            "machine": { "cpu": "Some CPU", "cores": 2 },
            "browser": "Chromium 1",
            "adapter": adapter,
            "relaxed_simd": true,
            "note": "The machine was idle.",
            "rounds": 5,
            "rows": [
                {
                    "work": "a face",
                    "unit": "ms",
                    "ours": { "name": "mien-cpu", "minimum": 1.0, "median": 1.5 },
                    "theirs": { "name": "other", "minimum": 29.0, "median": 30.4 },
                    "conditions": [{ "what": "outputs differ by", "value": "1e-6" }],
                    "ratio": 0.049,
                    "target": 0.6,
                    "verdict": "met",
                },
                {
                    "work": "bytes",
                    "unit": "bytes",
                    "ours": { "name": "mien-page", "minimum": 700.0, "median": 700.0 },
                    "target": 600.0,
                    "verdict": "missed",
                },
            ],
        });
        let report: BenchReport = serde_json::from_value(report).expect("a report");
        report.table()
    }

    #[test]
    fn each_row_says_what_was_measured_and_whether_it_is_enough() {
        let table = report(&json!({ "name": "SwiftShader", "software": true }));
        assert!(table.contains("software adapter SwiftShader, a program on the CPU"));
        assert!(table.contains("engine with relaxed SIMD"));
        assert!(table.contains("medians. The machine was idle.\n"));
        let row = "| a face | mien-cpu: 1.00 / 1.50 ms | other: 29 / 30 ms | 0.05 | 0.6 \
                   | met; outputs differ by 1e-6 |\n";
        assert!(table.contains(row), "{table}");
        let row = "| bytes | mien-page: 700 bytes | - | - | 600 | missed |\n";
        assert!(table.ends_with(row), "{table}");
    }

    #[test]
    fn a_missing_adapter_is_no_adapter() {
        assert!(report(&json!(null)).contains("WebGPU on no adapter."));
    }
}
