//! What several runs of a study have in common, made up.

use super::made_up::normal;
use aon::analysis::statistics::Interval;
use aon::perturb::{ConsistencyRow, SeedRow, Study};
use aon::report::perturbation::AcrossReport;
use aon::rng::{Rng, Stream};

pub(crate) struct Runs {
    pub names: Vec<String>,
    pub settings: Vec<String>,
    pub rows: Vec<SeedRow>,
    pub consistency: Vec<ConsistencyRow>,
}

impl Runs {
    /// So many runs, half of them of either setting.
    pub(crate) fn new(study: &Study, count: usize) -> Self {
        let of_half = |k: usize| ["Dale, λ 0.001", "unconstrained, λ 0.001"][2 * k / count].to_string();
        let (names, settings): (Vec<String>, Vec<String>) =
            (0..count).map(|k| (format!("seed-{k}"), of_half(k))).unzip();
        let mut rows = Vec::new();
        for (s, setting) in ["all", &settings[0], &settings[count - 1]].into_iter().enumerate() {
            for lesion in (0..study.lesions.len()).filter(|l| !study.lesions[*l].neurons.is_empty()) {
                for measure in 0..study.keys.len() {
                    rows.push(seed_row(s, setting, lesion, measure));
                }
            }
        }
        let pairs = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b)));
        let uniform = |k: usize| Rng::new(4, 0, Stream::Synthetic).uniform(k as u32);
        let row = |(k, runs)| ConsistencyRow {
            runs,
            weights: 0.3 * uniform(k) - 0.05,
            effects: 0.5 + 0.5 * uniform(k),
            cells: 0.8 * uniform(k + 1000),
        };
        Self { names, settings, rows, consistency: pairs.enumerate().map(row).collect() }
    }

    pub(crate) fn report<'a>(&'a self, study: &'a Study) -> AcrossReport<'a> {
        AcrossReport {
            title: "Made-up runs",
            choices: &[],
            notes: &[],
            names: &self.names,
            settings: &self.settings,
            lesions: &study.lesions,
            keys: &study.keys,
            rows: &self.rows,
            population: &study.subject.problem.population,
            consistency: &self.consistency,
        }
    }
}

fn seed_row(s: usize, setting: &str, lesion: usize, measure: usize) -> SeedRow {
    let k = 1000 * s + 97 * lesion + measure;
    let mean = 0.05 * normal(5, k) * if lesion.is_multiple_of(3) { 4.0 } else { 1.0 };
    let width = 0.04 + 0.02 * normal(6, k).abs();
    let interval = Interval { mean, low: mean - width, high: mean + width };
    let runs = if s == 0 { 6 } else { 3 };
    let agreeing = (0.5 + mean.abs() * 5.0).min(1.0) * runs as f64;
    let middle = 0.5 + 0.1 * normal(7, k);
    SeedRow {
        lesion,
        measure,
        setting: setting.into(),
        runs,
        value: interval,
        effect: interval,
        same_sign: agreeing.ceil() / runs as f64,
        p: 0.02,
        q: if lesion == 1 { 0.03 } else { 0.4 },
        mean_rank_superiority: middle,
        superiority: Interval { mean: middle, low: middle - width, high: middle + width },
    }
}
