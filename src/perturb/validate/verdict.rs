//! What was found of what was planted.

use super::Observed;
use super::teacher::Kind;
use crate::analysis::statistics::{Interval, clopper_pearson, pearson, quantile};
use crate::data::read_text;
use crate::error::{Error, Result};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// A lesion of a student beside the same of its teacher: a row of `validate.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Number of the teacher.
    pub teacher: u32,
    /// What its labels mean.
    pub kind: Kind,
    /// What was recorded of it.
    pub observed: Observed,
    /// Median R² of the student over neurons.
    pub r2: f64,
    /// The same of a network without recurrence.
    pub input_only: f64,
    /// The class.
    pub lesion: String,
    /// Whether it is the planted one.
    pub planted: bool,
    /// Change of R² over all spared neurons of the student.
    pub value: f64,
    /// Mean of its controls.
    pub control_mean: f64,
    /// Probability that a cell of the class does more harm than a like cell.
    pub superiority: f64,
    /// p of the student's lesion.
    pub p: f64,
    /// q over the student's lesions and all scopes of R².
    pub q: f64,
    /// Its distance from the controls in their standard deviations.
    pub effect_size: f64,
    /// Whether lesion and controls are alike in rate and outgoing weight.
    pub matched: bool,
    /// Change of R² in the teacher.
    pub teacher_value: f64,
    /// Mean of the teacher's controls.
    pub teacher_control_mean: f64,
    /// p of the teacher's lesion.
    pub teacher_p: f64,
}

/// Header of `validate.csv`.
const HEADER: &str = "teacher,kind,observed,r2,input_only_r2,lesion,planted,value,control_mean,superiority,p,q,effect_size,matched,\
                      teacher_value,teacher_control_mean,teacher_p";

/// `validate.csv`. What is undefined is empty.
pub fn rows_csv(rows: &[Row]) -> String {
    let mut csv = format!("{HEADER}\n");
    let number = |v: f64| if v.is_finite() { v.to_string() } else { String::new() };
    let yes = |b: bool| if b { "yes" } else { "no" };
    for r in rows {
        let (kind, observed) = (r.kind.name(), r.observed.name());
        let (r2, input_only) = (number(r.r2), number(r.input_only));
        let student = [r.value, r.control_mean, r.superiority, r.p, r.q, r.effect_size].map(number).join(",");
        let teacher = [r.teacher_value, r.teacher_control_mean, r.teacher_p].map(number).join(",");
        let (planted, matched) = (yes(r.planted), yes(r.matched));
        // Writing to a String cannot fail.
        let _ = writeln!(
            csv,
            "{},{kind},{observed},{r2},{input_only},{},{planted},{student},{matched},{teacher}",
            r.teacher, r.lesion
        );
    }
    csv
}

/// The rows of a `validate.csv`.
///
/// # Errors
/// If it cannot be read, or is not such a table.
pub fn read_rows(path: &Path) -> Result<Vec<Row>> {
    let text = read_text(path)?;
    let mut lines = text.lines();
    let damaged =
        || Error::input(format!("{} is not a table of aon validate. Remove it to start anew.", path.display()));
    if lines.next() != Some(HEADER) {
        return Err(damaged());
    }
    lines.map(|line| parse(line).ok_or_else(damaged)).collect()
}

fn parse(line: &str) -> Option<Row> {
    let fields: Vec<&str> = line.split(',').collect();
    if fields.len() != HEADER.split(',').count() {
        return None;
    }
    let number = |k: usize| if fields[k].is_empty() { Some(f64::NAN) } else { fields[k].parse().ok() };
    Some(Row {
        teacher: fields[0].parse().ok()?,
        kind: [Kind::Planted, Kind::Null].into_iter().find(|k| k.name() == fields[1])?,
        observed: [Observed::All, Observed::Half].into_iter().find(|o| o.name() == fields[2])?,
        r2: number(3)?,
        input_only: number(4)?,
        lesion: fields[5].into(),
        planted: fields[6] == "yes",
        value: number(7)?,
        control_mean: number(8)?,
        superiority: number(9)?,
        p: number(10)?,
        q: number(11)?,
        effect_size: number(12)?,
        matched: fields[13] == "yes",
        teacher_value: number(14)?,
        teacher_control_mean: number(15)?,
        teacher_p: number(16)?,
    })
}

/// What came out of the teachers of one kind, recorded in one way.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What the teachers' labels mean.
    pub kind: Kind,
    /// What was recorded of them.
    pub observed: Observed,
    /// How many teachers there are.
    pub teachers: usize,
    /// Median over students of their median R².
    pub r2: f64,
    /// The same without recurrence.
    pub input_only: f64,
    /// Share of planted classes that were found: q < 0.05. Exact 95 % interval, as below.
    pub power: Interval,
    /// Share of other classes with p < 0.05.
    pub false_p: Interval,
    /// Share of other classes with q < 0.05.
    pub false_q: Interval,
    /// Median over students of the correlation, over classes, between the lesions' effects and the teacher's.
    pub correlation: f64,
    /// The same of effects beyond those of controls.
    pub contrast_correlation: f64,
    /// Share of lesions whose controls are matched.
    pub matched: f64,
}

/// Level below which p and q count as found.
const LEVEL: f64 = 0.05;

impl Verdict {
    /// The verdict on the `rows` of one kind and way of recording; `None` where there are none.
    pub fn of(rows: &[Row], kind: Kind, observed: Observed) -> Option<Self> {
        let rows: Vec<&Row> = rows.iter().filter(|r| r.kind == kind && r.observed == observed).collect();
        let teachers: BTreeSet<u32> = rows.iter().map(|r| r.teacher).collect();
        if teachers.is_empty() {
            return None;
        }
        let students: Vec<Vec<&Row>> =
            teachers.iter().map(|t| rows.iter().copied().filter(|r| r.teacher == *t).collect()).collect();
        let median = |of: &dyn Fn(&[&Row]) -> f64| {
            let values: Vec<f64> = students.iter().map(|s| of(s)).filter(|v| v.is_finite()).collect();
            quantile(&values, 0.5)
        };
        let rate = |planted: bool, of: &dyn Fn(&Row) -> f64| {
            let values: Vec<f64> = rows.iter().filter(|r| r.planted == planted).map(|r| of(r)).collect();
            let tests = values.iter().filter(|v| v.is_finite()).count();
            clopper_pearson(values.iter().filter(|v| **v < LEVEL).count(), tests, 0.95)
        };
        let correlated = |student: &dyn Fn(&Row) -> f64, teacher: &dyn Fn(&Row) -> f64| {
            median(&|rows| {
                let pairs = rows.iter().map(|r| (student(r), teacher(r))).filter(|(s, t)| (s + t).is_finite());
                let (own, true_ones): (Vec<f64>, Vec<f64>) = pairs.unzip();
                pearson(&own, &true_ones)
            })
        };
        Some(Self {
            kind,
            observed,
            teachers: teachers.len(),
            r2: median(&|s| s[0].r2),
            input_only: median(&|s| s[0].input_only),
            power: rate(true, &|r| r.q),
            false_p: rate(false, &|r| r.p),
            false_q: rate(false, &|r| r.q),
            correlation: correlated(&|r| r.value, &|r| r.teacher_value),
            contrast_correlation: correlated(&|r| r.value - r.control_mean, &|r| {
                r.teacher_value - r.teacher_control_mean
            }),
            matched: rows.iter().filter(|r| r.matched).count() as f64 / rows.len() as f64,
        })
    }

    /// The numbers by name, with their intervals where they have one.
    pub fn quantities(&self) -> Vec<(&'static str, Interval)> {
        let plain = |mean: f64| Interval { mean, low: f64::NAN, high: f64::NAN };
        vec![
            ("teachers", plain(self.teachers as f64)),
            ("median_r2", plain(self.r2)),
            ("input_only_r2", plain(self.input_only)),
            ("power", self.power),
            ("false_positives_p", self.false_p),
            ("false_positives_q", self.false_q),
            ("correlation", plain(self.correlation)),
            ("contrast_correlation", plain(self.contrast_correlation)),
            ("matched", plain(self.matched)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(teacher: u32, planted: bool, p: f64, q: f64) -> Row {
        Row {
            teacher,
            kind: Kind::Planted,
            observed: Observed::Half,
            r2: 0.5 + f64::from(teacher),
            input_only: 0.25,
            lesion: "F5 excitatory mirror".into(),
            planted,
            value: -p,
            control_mean: 0.0,
            superiority: 0.9,
            p,
            q,
            effect_size: f64::NAN,
            matched: planted,
            teacher_value: -2.0 * p,
            teacher_control_mean: 0.1,
            teacher_p: 0.5,
        }
    }

    #[test]
    fn a_verdict_counts_what_was_found_and_what_was_not_there() {
        let rows = [
            row(0, true, 0.01, 0.04),
            row(0, false, 0.04, 0.2),
            row(0, false, 0.5, f64::NAN),
            row(1, true, 0.2, 0.4),
            row(1, false, 0.01, 0.04),
            row(1, false, f64::NAN, f64::NAN),
        ];
        let verdict = Verdict::of(&rows, Kind::Planted, Observed::Half).unwrap();
        assert_eq!((verdict.teachers, verdict.r2, verdict.input_only), (2, 1.0, 0.25));
        assert_eq!((verdict.power.mean, verdict.false_p.mean, verdict.false_q.mean), (0.5, 2.0 / 3.0, 0.5));
        // Effects proportional to the teacher's.
        assert!((verdict.correlation - 1.0).abs() < 1e-12 && (verdict.matched - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(Verdict::of(&rows, Kind::Null, Observed::Half), None);
    }

    #[test]
    fn rows_survive_their_table() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("validate.csv");
        let rows = [row(3, true, 0.1 + 0.2, 1.0 / 3.0), row(3, false, 0.5, f64::NAN)];
        std::fs::write(&path, rows_csv(&rows)).unwrap();
        let back = read_rows(&path).unwrap();
        // NaN differs from itself.
        assert_eq!(rows_csv(&back), rows_csv(&rows));
        assert_eq!(back[0].p, rows[0].p);
        std::fs::write(&path, "teacher,p\n").unwrap();
        assert_eq!(read_rows(&path).unwrap_err().exit_code(), 2);
    }
}
