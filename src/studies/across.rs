//! Several runs beside each other.

use super::study::{PERTURB, Studied, name_of};
use crate::data::write_atomically;
use crate::error::{Error, Result};
use crate::perturb::{RunResult, Study, across_seeds, consistency, consistency_csv, seeds_csv};
use crate::report::perturbation::{self, AcrossReport};
use std::path::{Path, PathBuf};

/// Compares the studies of `runs` and writes what they have in common.
///
/// # Errors
/// If they differ in their lesions or measures, or a file cannot be written.
pub(super) fn write(place: &Path, runs: &[PathBuf], studies: &[Studied], seed: u64) -> Result<PathBuf> {
    let first = &studies[0].study;
    for (run, other) in runs.iter().zip(studies) {
        let cells = |study: &Study| study.cells.iter().map(|c| c.lesion.clone()).collect::<Vec<_>>();
        let differ = other.study.lesions != first.lesions || other.study.keys != first.keys;
        if differ || cells(&other.study) != cells(first) {
            return Err(Error::input(format!(
                "{} has other neurons, areas, types, masks or conditions than {}: their lesions cannot be compared.",
                run.display(),
                runs[0].display()
            )));
        }
    }
    let names = names(runs);
    let settings: Vec<String> = studies.iter().map(|s| s.setting.clone()).collect();
    let results: Vec<RunResult> = studies
        .iter()
        .zip(names.iter().zip(&settings))
        .map(|(s, (name, setting))| RunResult {
            name,
            setting,
            outcomes: &s.study.outcomes,
            effects: &s.study.effects,
            cells: &s.study.cells,
            effective: &s.study.subject.effective,
        })
        .collect();
    let rows = across_seeds(&results, &first.keys, &first.lesions, &first.subject.problem.population, seed);
    let pairs = consistency(&results, &first.keys);
    std::fs::create_dir_all(place).map_err(Error::io("create", place))?;
    let tables = [
        ("seeds.csv", seeds_csv(&first.lesions, &first.keys, &rows)),
        ("consistency.csv", consistency_csv(&names, &settings, &pairs)),
    ];
    for (name, text) in tables {
        write_atomically(&place.join(name), |w| w.write_all(text.as_bytes()))?;
    }
    let path = place.join("report.html");
    // What the runs have in common.
    let is_shared = |row: &(String, String)| studies.iter().all(|s| s.choices.contains(row));
    let choices: Vec<_> = studies[0].choices.iter().filter(|row| is_shared(row)).cloned().collect();
    let notes: Vec<String> = studies.iter().flat_map(|s| s.remarks.iter().cloned()).collect();
    let report = AcrossReport {
        title: &format!("{} runs", runs.len()),
        choices: &choices,
        notes: &notes,
        names: &names,
        settings: &settings,
        lesions: &first.lesions,
        keys: &first.keys,
        population: &first.subject.problem.population,
        rows: &rows,
        consistency: &pairs,
    };
    perturbation::write_across(&path, &report)?;
    Ok(path)
}

/// The runs' own names, with that of their batch where they would be alike.
fn names(runs: &[PathBuf]) -> Vec<String> {
    let own: Vec<String> = runs.iter().map(|r| name_of(r)).collect();
    let name = |(k, run): (usize, &PathBuf)| match run.parent().map(name_of) {
        Some(batch) if own.iter().filter(|n| **n == own[k]).count() > 1 => format!("{batch}/{}", own[k]),
        _ => own[k].clone(),
    };
    runs.iter().enumerate().map(name).collect()
}

/// In the directory of a batch that was named alone, else in `out`.
pub(super) fn default_place(named: &[PathBuf]) -> PathBuf {
    match named {
        [batch] => batch.join(PERTURB),
        _ => PathBuf::from("out").join(PERTURB),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_several_batches_keep_their_names_apart() {
        let runs = ["out/a/seed-0", "out/b/seed-0", "out/b/seed-1"].map(PathBuf::from);
        assert_eq!(names(&runs), ["a/seed-0", "b/seed-0", "seed-1"]);
        assert_eq!(names(&runs[1..]), ["seed-0", "seed-1"]);
    }
}
