//! What was varied: names that tell axes apart, and axes that vary together taken as one.

use super::data::{AxisKind, SweepReport};
use crate::analysis::statistics::{Predictor, spearman};
use crate::report::parts::words::distinct;
pub(super) use crate::report::parts::words::shown;

/// Something that differs between settings.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Factor {
    /// Its axes: more than one where they never vary apart.
    pub(super) axes: Vec<usize>,
    /// What it is called.
    pub(super) name: String,
    pub(super) values: Values,
}

/// The values of all settings.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Values {
    /// Numbers, and whether their ratios count.
    Numbers { of: Vec<f64>, log: bool },
    /// Choices, as numbers into their labels.
    Choices { of: Vec<usize>, labels: Vec<String> },
}

impl Factor {
    /// As statistics take it, for some of the settings.
    pub(super) fn predictor(&self, settings: &[usize]) -> Predictor {
        match &self.values {
            Values::Choices { of, .. } => Predictor::Choice(settings.iter().map(|s| of[*s]).collect()),
            Values::Numbers { of, log } => {
                Predictor::Number(settings.iter().map(|s| if *log { of[*s].log10() } else { of[*s] }).collect())
            }
        }
    }
}

/// Short names of all axes: the last part of the key, or the whole key where that is not its own.
pub(super) fn axis_names(report: &SweepReport) -> Vec<String> {
    let last = |key: &str| key.rsplit('.').next().unwrap_or(key).to_string();
    let lasts: Vec<String> = report.axes.iter().map(|a| last(&a.key)).collect();
    let own = |k: usize| lasts.iter().filter(|l| **l == lasts[k]).count() == 1 && !lasts[k].is_empty();
    (0..lasts.len()).map(|k| shown(if own(k) { &lasts[k] } else { &report.axes[k].key })).collect()
}

/// All that varies, in the order of the axes.
pub(super) fn factors(report: &SweepReport) -> Vec<Factor> {
    let names = axis_names(report);
    let mut found: Vec<(Factor, Vec<usize>)> = Vec::new();
    for (axis, name) in names.iter().enumerate() {
        let texts: Vec<&str> = report.settings.iter().map(|s| s.values[axis].text.as_str()).collect();
        let Some((values, partition)) = values(report, axis, &texts) else { continue };
        match found.iter_mut().find(|(f, p)| *p == partition && never_apart(&f.values, &values)) {
            Some((factor, _)) => {
                factor.axes.push(axis);
                factor.name = format!("{}, {name}", factor.name);
                if let (Values::Numbers { .. }, Values::Choices { .. }) = (&factor.values, &values) {
                    factor.values = values;
                }
            }
            None => found.push((Factor { axes: vec![axis], name: name.clone(), values }, partition)),
        }
    }
    found.into_iter().map(|(factor, _)| factor).collect()
}

/// Whether axes that part settings alike say the same. Two that are drawn part them alike as well, one point a part, and are
/// told apart by their order.
fn never_apart(a: &Values, b: &Values) -> bool {
    match (a, b) {
        (Values::Numbers { of: a, .. }, Values::Numbers { of: b, .. }) => spearman(a, b).abs() > 1.0 - 1e-9,
        _ => true,
    }
}

/// The values of an axis and, by order of appearance, which settings have equal ones; none where all have.
fn values(report: &SweepReport, axis: usize, texts: &[&str]) -> Option<(Values, Vec<usize>)> {
    let numbers: Option<Vec<f64>> =
        report.settings.iter().map(|s| s.values[axis].number.filter(|v| v.is_finite())).collect();
    let kind = report.axes[axis].kind;
    let place = |levels: usize, of: &dyn Fn(usize) -> usize| (levels > 1).then(|| (0..texts.len()).map(of).collect());
    if let (Some(numbers), AxisKind::Linear | AxisKind::Log) = (&numbers, kind) {
        let mut first: std::collections::HashMap<u64, usize> = std::collections::HashMap::new();
        // Zeros of both signs are one.
        let bits = |v: f64| (v + 0.0).to_bits();
        for v in numbers {
            let next = first.len();
            first.entry(bits(*v)).or_insert(next);
        }
        let partition = place(first.len(), &|s| first[&bits(numbers[s])])?;
        let log = kind == AxisKind::Log && numbers.iter().all(|v| *v > 0.0);
        return Some((Values::Numbers { of: numbers.clone(), log }, partition));
    }
    let mut first: std::collections::HashMap<&str, usize> = std::collections::HashMap::new();
    let mut levels: Vec<&str> = Vec::new();
    for text in texts {
        first.entry(text).or_insert_with(|| {
            levels.push(text);
            levels.len() - 1
        });
    }
    let partition: Vec<usize> = place(levels.len(), &|s| first[texts[s]])?;
    let of = partition.clone();
    let labels = telling(&levels);
    Some((ordered(of, labels, &levels, texts, numbers.as_deref()), partition))
}

/// Choices that are numbers in the order of these.
fn ordered(of: Vec<usize>, labels: Vec<String>, levels: &[&str], texts: &[&str], numbers: Option<&[f64]>) -> Values {
    let Some(numbers) = numbers else { return Values::Choices { of, labels } };
    let number = |level: usize| texts.iter().position(|t| *t == levels[level]).map_or(f64::NAN, |s| numbers[s]);
    let mut order: Vec<usize> = (0..levels.len()).collect();
    order.sort_by(|a, b| number(*a).total_cmp(&number(*b)));
    let mut place = vec![0; levels.len()];
    order.iter().enumerate().for_each(|(k, level)| place[*level] = k);
    let of = of.into_iter().map(|level| place[level]).collect();
    Values::Choices { of, labels: order.iter().map(|level| labels[*level].clone()).collect() }
}

/// Of paths what tells them apart: without the directories and the file names that all of them share.
fn telling(levels: &[&str]) -> Vec<String> {
    let name = |level: &&str| if level.is_empty() { "(empty)".to_string() } else { shown(level) };
    let labels: Vec<String> = levels.iter().map(name).collect();
    let parts: Vec<Vec<&str>> = labels.iter().map(|l| l.split('/').collect()).collect();
    let shortest = parts.iter().map(Vec::len).min().unwrap_or(1);
    let same = |at: &dyn Fn(&[&str]) -> String| distinct(parts.iter().map(|p| at(p))).len() == 1;
    let before = (0..shortest - 1).take_while(|k| same(&|p| p[*k].to_string())).count();
    let after = (0..shortest - 1 - before).take_while(|k| same(&|p| p[p.len() - 1 - k].to_string())).count();
    let told: Vec<String> = parts.iter().map(|p| p[before..p.len() - after].join("/")).collect();
    if told.iter().any(String::is_empty) { labels } else { told }
}

/// What is shown of an axis' value in each setting, `[settings]`: the value, and of paths what tells them apart.
pub(super) fn short_texts(report: &SweepReport, axis: usize) -> Vec<String> {
    let texts: Vec<&str> = report.settings.iter().map(|s| s.values[axis].text.as_str()).collect();
    let mut levels = texts.clone();
    levels.sort_unstable();
    levels.dedup();
    let short = telling(&levels);
    texts.iter().map(|t| levels.binary_search(t).map_or_else(|_| shown(t), |k| short[k].clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_apart_by_what_differs() {
        let told = telling;
        assert_eq!(told(&["data/a/FR.mat", "data/b/FR.mat"]), ["a", "b"]);
        assert_eq!(told(&["a/FR.mat", "b/c/FR.mat"]), ["a", "b/c"]);
        assert_eq!(told(&["x/FR.mat", "x/IM.mat"]), ["FR.mat", "IM.mat"]);
        assert_eq!(told(&["none", "rows"]), ["none", "rows"]);
        assert_eq!(told(&["/", "/a"]), ["/", "/a"]);
    }

    #[test]
    fn shown_texts_stay_in_their_line() {
        assert_eq!(shown("a\nb\u{202e}c\u{1b}[2J שלום"), "a b\u{fffd}c\u{fffd}[2J שלום");
    }
}
