//! What was measured: a line of the table and a file for a script.

use std::path::Path;

use duotab_test_support::Outcome;
use serde::Serialize;

/// Which way is better.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Better {
    Lower,
    Higher,
}

/// Something to compare with.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Against {
    pub(crate) name: String,
    pub(crate) value: f64,
}

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) better: Better,
    /// `None`: the figure is watched, nothing is promised.
    pub(crate) goal: Option<f64>,
    pub(crate) against: Option<Against>,
    pub(crate) method: String,
    pub(crate) samples: Vec<f64>,
}

impl Row {
    pub(crate) fn new(name: &str, unit: &'static str, value: f64, method: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: round(value),
            unit,
            better: Better::Lower,
            goal: None,
            against: None,
            method: method.to_owned(),
            samples: vec![round(value)],
        }
    }

    /// The middle of these.
    pub(crate) fn median(name: &str, unit: &'static str, samples: &[f64], method: &str) -> Self {
        Self::new(name, unit, percentile(samples, 50.0), method).of(samples)
    }

    pub(crate) fn of(mut self, samples: &[f64]) -> Self {
        self.samples = samples.iter().copied().map(round).collect();
        self
    }

    pub(crate) fn goal(mut self, goal: f64) -> Self {
        self.goal = Some(goal);
        self
    }

    pub(crate) fn higher(mut self) -> Self {
        self.better = Better::Higher;
        self
    }

    pub(crate) fn against(mut self, name: &str, value: Option<f64>) -> Self {
        self.against = value.map(|value| Against {
            name: name.to_owned(),
            value: round(value),
        });
        self
    }

    fn meets(&self) -> Option<bool> {
        let goal = self.goal?;
        Some(match self.better {
            Better::Lower => self.value <= goal,
            Better::Higher => self.value >= goal,
        })
    }
}

/// All figures, told as they come.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    lacking: Vec<String>,
}

impl Report {
    /// Takes a figure, and writes its file into `folder`.
    pub(crate) fn take(&mut self, folder: &Path, row: Row) -> Outcome<()> {
        std::fs::create_dir_all(folder)?;
        let text = serde_json::to_string_pretty(&row)?;
        std::fs::write(folder.join(format!("{}.json", row.name)), text + "\n")?;
        println!("{}", line(&row));
        self.rows.push(row);
        Ok(())
    }

    /// A part that could not be measured.
    pub(crate) fn lacks(&mut self, what: &str, why: &dyn std::fmt::Display) {
        println!("{what}: not measured: {why}");
        self.lacking.push(format!("{what}: {why}"));
    }

    /// The whole table; whether all of it was measured.
    pub(crate) fn print(&self) -> bool {
        println!("\n{}", heading());
        for row in &self.rows {
            println!("{}", line(row));
        }
        for lacking in &self.lacking {
            println!("not measured: {lacking}");
        }
        self.lacking.is_empty()
    }
}

pub(crate) fn heading() -> String {
    format!(
        "{:<30} {:>9} {:<5} {:>7} {:<6} {:>9} {}",
        "figure", "value", "unit", "goal", "", "against", ""
    )
}

fn line(row: &Row) -> String {
    let goal = row.goal.map_or_else(String::new, |goal| goal.to_string());
    let met = match row.meets() {
        Some(true) => "met",
        Some(false) => "MISSED",
        None => "",
    };
    let (value, name) = row
        .against
        .as_ref()
        .map_or((String::new(), ""), |it| (it.value.to_string(), &it.name));
    format!(
        "{:<30} {:>9} {:<5} {:>7} {:<6} {:>9} {}",
        row.name, row.value, row.unit, goal, met, value, name
    )
}

/// The value below which `percent` of the samples are; 0 of none.
pub(crate) fn percentile(samples: &[f64], percent: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss
    )]
    let at = (percent / 100.0 * (sorted.len().saturating_sub(1)) as f64).round() as usize;
    sorted.get(at).copied().unwrap_or_default()
}

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
