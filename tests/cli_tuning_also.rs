//! `aon tuning --also`: encoding models and populations beside tuning, from recordings to tables.
#![allow(missing_docs)]

mod cli_support;

use cli_support::aon;
use predicates::str::contains;
use std::fs;
use std::path::Path;

const SETTINGS: &str = "[tuning]\nmost_shifts = 0\nleast_bouts = 5\n[encoding]\nmatchings = 3\nresamplings = 200\n\
                        [population]\ndraws = 200\nsubsets = 2\n";

fn table(path: &Path) -> (String, Vec<Vec<String>>) {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let header = lines.next().unwrap().to_string();
    (header, lines.map(|line| line.split(',').map(String::from).collect()).collect())
}

#[test]
fn encoding_models_and_populations_are_written_kept_and_repeated() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join("out").join(name);
    let size = ["--neurons", "12", "--minutes", "8", "--bouts", "6"];
    aon().args(["synth", "--recording", "--output-dir"]).arg(place.path().join("data")).args(size).assert().success();
    fs::write(place.path().join("tuning.toml"), SETTINGS).unwrap();
    let tuning = |also: &str| {
        let mut command = aon();
        command.current_dir(place.path()).args(["tuning", "data/mouse1_day1.npz", "data/mouse2_day1.npz"]);
        command.args(["--config", "tuning.toml", "--output-dir", "out", "--shifts", "99", "--also", also]);
        command
    };
    let said = tuning("encoding,population").assert().success().get_output().stdout.clone();
    let said = String::from_utf8(said).unwrap();
    for words in
        ["24 neurons were fitted", "once covariates are in the model", "executed    less observed", "clustering"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    let (header, rows) = table(&at("encoding.csv"));
    assert_eq!(header, "animal,session,neuron,family,model,deviance_explained,bits_per_s,p,selected");
    assert_eq!(rows.len(), 24 * 4);
    let (header, rows) = table(&at("contributions.csv"));
    assert_eq!(header, "animal,session,neuron,part,bits_per_s,low,high,p,wilcoxon_p");
    assert_eq!(rows.len(), 24 * 2);
    let (header, rows) = table(&at("separation.csv"));
    assert_eq!(header, "animal,session,agent,space,measure,value,low,high,p");
    assert!(rows.iter().any(|r| r[0].is_empty()) && rows.iter().any(|r| r[0] == "mouse1"), "all together, and each");
    let (header, rows) = table(&at("alignment.csv"));
    assert!(header.ends_with("area,axes_of,projected,axes,index,p_neurons,p_subspaces"), "{header}");
    assert!(!rows.is_empty());

    // What is damaged is found anew, what is kept is taken; either way the tables are the same.
    let tables = ["encoding.csv", "contributions.csv", "separation.csv", "alignment.csv"];
    let before = tables.map(|f| fs::read(at(f)).unwrap());
    let kept: Vec<_> = fs::read_dir(at("sessions")).unwrap().map(|f| f.unwrap().path()).collect();
    assert_eq!(kept.len(), 6, "three of each session: {kept:?}");
    for path in kept.iter().filter(|p| p.to_string_lossy().contains(".encoding.")).take(1) {
        fs::write(path, "{}").unwrap();
    }
    tuning("population,encoding").assert().success();
    assert_eq!(before, tables.map(|f| fs::read(at(f)).unwrap()));

    tuning("embedding").assert().code(2).stderr(contains("encoding, population"));
    fs::write(place.path().join("tuning.toml"), "[encoding]\nfolds = 1\n").unwrap();
    tuning("encoding").assert().code(2).stderr(contains("encoding.folds"));
}
