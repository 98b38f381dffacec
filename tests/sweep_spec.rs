//! The specification of a sweep, and the runs that follow from it.
#![allow(missing_docs)]

use aon::error::Error;
use aon::sweep::{AxisKind, FileHashes, Objective, Specification, Sweep, run_hash};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn spec(text: &str) -> Result<Specification, Error> {
    Specification::parse(text, Path::new("nights/gain.toml"))
}

fn runs(text: &str) -> Result<Sweep, Error> {
    spec(text)?.runs(false)
}

fn sweep(text: &str) -> Sweep {
    runs(text).unwrap_or_else(|e| panic!("{text}\n{e}"))
}

/// Of each setting, what it is called.
fn labels(sweep: &Sweep) -> Vec<&str> {
    sweep.settings.iter().map(|s| s.label.as_str()).collect()
}

/// The sentence with which a specification is refused.
fn refusal(text: &str) -> String {
    let error = runs(text).expect_err(text);
    assert_eq!(error.exit_code(), 2, "{error}");
    error.to_string()
}

const GRID: &str = "[grid]\n'network.gain' = [0.1, 0.2]\n";

#[test]
fn sections_multiply_in_a_fixed_order() {
    let text = "seeds = 2\n[grid]\nnetwork.tau_max = [30, 50]\n'network.dale' = ['presynaptic', 'postsynaptic']\n\
                [[together]]\ntraining.n_trials = [10, 20]\ntraining.patience = [5, 6]\n";
    let sweep = sweep(text);
    assert_eq!((sweep.settings.len(), sweep.runs.len()), (8, 16));
    assert_eq!(
        labels(&sweep)[..3],
        [
            "dale presynaptic, tau_max 30.0, n_trials 10",
            "dale presynaptic, tau_max 30.0, n_trials 20",
            "dale presynaptic, tau_max 50.0, n_trials 10"
        ]
    );
    let keys: Vec<&str> = sweep.axes.iter().map(|a| a.key.as_str()).collect();
    assert_eq!(keys, ["network.dale", "network.tau_max", "training.n_trials", "training.patience"]);
    assert_eq!(sweep.axes[0].kind, AxisKind::Choice);
    assert_eq!(sweep.runs[..3].iter().map(|r| (r.setting, r.seed)).collect::<Vec<_>>(), [(0, 0), (0, 1), (1, 0)]);
    let config = sweep.config(&sweep.runs[7]);
    assert_eq!((config.seed, config.training.n_trials, config.training.patience), (1, 20, 6));
    assert_eq!((config.network.tau_max, config.networks), (50.0, 1));
    // Lines may be swapped.
    let swapped =
        text.replace("network.tau_max = [30, 50]\n", "").replace("[[tog", "network.tau_max = [30, 50]\n[[tog");
    assert_eq!(labels(&self::sweep(&swapped)), labels(&sweep));
}

#[test]
fn nothing_but_seeds_is_a_sweep() {
    let sweep = self::sweep("seeds = [7, 3]\n[base]\nseed = 5\n");
    assert_eq!((labels(&sweep), sweep.seeds.clone(), sweep.runs.len()), (vec!["base"], vec![7, 3], 2));
    assert_eq!(self::sweep("").runs.len(), 1);
    assert_eq!(self::sweep("seeds = 3\n[base]\nseed = 5\n").seeds, [5, 6, 7]);
    // A configuration of a batch stands for as many seeds.
    assert_eq!(self::sweep("[base]\nseed = 5\nnetworks = 2\n").seeds, [5, 6]);
}

#[test]
fn drawn_points_extend_and_keep_their_kinds() {
    let text = |points: usize| {
        format!(
            "[sobol]\npoints = {points}\n'training.learning_rate' = {{ log = [0.01, 1] }}\n\
             'training.n_trials' = {{ log = [30, 3000] }}\n'network.gain' = {{ linear = [0, 1] }}\n\
             'network.tau_max' = {{ integer = [10, 99] }}\n'network.dale' = {{ choice = ['presynaptic', 'postsynaptic'] }}\n"
        )
    };
    let (few, many) = (sweep(&text(64)), sweep(&text(128)));
    assert_eq!(labels(&few), labels(&many)[..64]);
    let kinds: BTreeMap<&str, AxisKind> = few.axes.iter().map(|a| (a.name.as_str(), a.kind)).collect();
    assert_eq!(
        (kinds["learning_rate"], kinds["n_trials"], kinds["gain"]),
        (AxisKind::Log, AxisKind::Log, AxisKind::Linear)
    );
    assert_eq!((kinds["tau_max"], kinds["dale"]), (AxisKind::Linear, AxisKind::Choice));
    for run in &many.runs {
        let config = many.config(run);
        assert!((0.01..=1.0).contains(&config.training.learning_rate));
        assert!((30..=3000).contains(&config.training.n_trials));
        assert_eq!(config.network.tau_max.fract(), 0.0);
        assert_eq!(config.network.gain, format!("{:.3e}", config.network.gain).parse::<f64>().unwrap());
    }
    assert_ne!(labels(&few), labels(&sweep(&text(64).replace("points", "seed = 1\npoints"))));
    assert_eq!(sweep(&text(64).replace("[sobol]", "[random]")).settings.len(), 64);
}

#[test]
fn points_that_come_out_alike_are_left_out_and_told() {
    let sweep = self::sweep("[sobol]\npoints = 64\n'network.dale' = { choice = ['presynaptic', 'postsynaptic'] }\n");
    assert_eq!(sweep.settings.len(), 2);
    assert!(sweep.warnings[0].contains("62 points came out as others"), "{:?}", sweep.warnings);
}

#[test]
fn listed_points_are_taken_as_they_are() {
    let sweep = self::sweep(
        "[[list]]\nnetwork.gain = 0.1\nnetwork.tau_max = 20\n[[list]]\n'network.gain' = 2\n'network.tau_max' = 30\n",
    );
    assert_eq!(labels(&sweep), ["gain 0.1", "gain 2.0"]);
    assert_eq!(sweep.axes[0].kind, AxisKind::Log);
    assert_eq!(sweep.config(&sweep.runs[1]).network.tau_max, 30.0);
}

#[test]
fn what_is_held_out_is_averaged_as_seeds_are() {
    let text = "objective = 'held_out_r2'\nseeds = 2\n[grid]\nnetwork.gain = [0.1, 0.2]\n\
                training.hold_out = [1, ['execute go object 2', 3]]\n";
    let sweep = self::sweep(text);
    assert_eq!((sweep.settings.len(), sweep.runs.len()), (2, 8));
    assert_eq!(sweep.axes.len(), 1);
    assert_eq!(sweep.objective, Objective::HeldOutR2);
    let (first, third) = (&sweep.runs[0], &sweep.runs[2]);
    assert_eq!((first.hold_out.len(), third.hold_out.len()), (1, 2));
    // By name, whatever was written.
    assert_eq!(third.hold_out[0], "execute go object 2");
    assert_eq!(sweep.config(third).training.hold_out, third.hold_out);
    let mut files = FileHashes::default();
    let groups = sweep.groups(&mut files).unwrap();
    assert_eq!(groups.len(), 2);
    assert_eq!(groups[0].apart[0].0, "training.hold_out");
    assert_eq!(groups[0].runs, [0, 1, 4, 5]);
}

#[test]
fn excluded_points_are_left_out_of_all() {
    let text = "[grid]\nnetwork.dale = ['presynaptic', 'none']\nnetwork.sign_constraint = ['softplus', 'clamp', 'reflect']\n\
                [[exclude]]\nnetwork.dale = 'none'\nnetwork.sign_constraint = ['softplus', 'clamp']\n";
    let sweep = self::sweep(text);
    assert_eq!((sweep.settings.len(), sweep.excluded), (4, 2));
    // A setting of the base counts, too.
    let text = format!("{GRID}[[exclude]]\nnetwork.gain = 0.1\nnetwork.tau_max = 100\n[[exclude]]\nnetwork.gain = 7\n");
    let sweep = self::sweep(&text);
    assert_eq!(labels(&sweep), ["gain 0.2"]);
    assert!(sweep.warnings[0].contains("[[exclude]] 2 leaves out no point"), "{:?}", sweep.warnings);
}

/// What is proposed can be pasted.
#[test]
fn the_exclusions_that_are_proposed_are_the_smallest_that_do() {
    let text = "[grid]\nnetwork.dale = ['presynaptic', 'none']\nnetwork.sign_constraint = ['softplus', 'clamp']\n\
                training.schedule = ['cosine', 'constant']\n[sobol]\npoints = 8\nnetwork.gain = { linear = [0.1, 1] }\n";
    let sentence = refusal(text);
    assert!(sentence.contains("16 of 64 points cannot be trained"), "{sentence}");
    let (_, lines) = sentence.split_once("leave such points out:\n").unwrap();
    assert_eq!(lines.trim(), "[[exclude]]\n\"network.dale\" = \"none\"\n\"network.sign_constraint\" = \"softplus\"");
    assert_eq!(sweep(&format!("{text}{lines}")).settings.len(), 48);
    let held_out = format!("{GRID}training.hold_out = [['nowhere', 1], 2]\n");
    let sentence = refusal(&held_out);
    let (_, lines) = sentence.split_once("leave such points out:\n").unwrap();
    assert_eq!(sweep(&format!("{held_out}{lines}")).runs.len(), 2, "{lines}");
    // Where every point fails, there is nothing to leave out.
    let all = refusal(&format!("[base.training]\nlearning_rate = -1.0\n{GRID}"));
    assert!(all.contains("none of the points can be trained") && !all.contains("[[exclude]]"), "{all}");
    // Of drawn points each is one of its own, of which some are listed.
    let drawn = refusal("[sobol]\npoints = 64\nnetwork.tau_max = { linear = [0.5, 2] }\n");
    assert!(drawn.contains("more, which are not listed") && drawn.contains("narrower range"), "{drawn}");
}

#[test]
fn confirmation_is_on_seeds_that_were_not_used() {
    let text = format!("seeds = [4, 9]\n{GRID}[confirm]\ntop = 1\nseeds = 3\n");
    let spec = spec(&text).unwrap();
    assert_eq!(spec.confirm_seeds(), [10, 11, 12]);
    let sweep = spec.runs(false).unwrap();
    let confirming = sweep.confirmation(&[1]);
    assert_eq!(confirming.iter().map(|r| (r.setting, r.seed)).collect::<Vec<_>>(), [(1, 10), (1, 11), (1, 12)]);
    assert_eq!(sweep.config(&confirming[2]).seed, 12);
    let listed = self::spec(&text.replace("seeds = 3", "seeds = [0, 1]")).unwrap();
    assert_eq!(listed.confirm_seeds(), [0, 1]);
}

#[test]
fn groups_are_what_one_engine_can_train_together() {
    let text = "seeds = 2\n[grid]\nnetwork.gain = [0.1, 0.2]\ntraining.loss_fn = ['l1', 'l2']\ntraining.n_trials = [10, 20]\n\
                network.tau_max = [30.0]\n[[exclude]]\ntraining.loss_fn = 'l1'\ntraining.n_trials = 20\n";
    let sweep = sweep(text);
    let mut files = FileHashes::default();
    let groups = sweep.groups(&mut files).unwrap();
    assert_eq!(groups.iter().map(|g| (g.runs.len(), g.steps)).collect::<Vec<_>>(), [(8, 120), (4, 40)]);
    assert_eq!(groups[0].apart, [("training.loss_fn".to_string(), "l2".to_string())]);
    assert_eq!(groups[1].apart, [("training.loss_fn".to_string(), "l1".to_string())]);
    let hashes = sweep.hashes(&sweep.runs, &mut files).unwrap();
    assert_eq!(hashes.iter().collect::<BTreeSet<_>>().len(), sweep.runs.len());
    assert_eq!(run_hash(&sweep.config(&sweep.runs[3]), &mut files).unwrap(), hashes[3]);
}

#[test]
fn files_are_known_by_their_content() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    };
    let (a, b) = (file("a/FR.mat", "a"), file("b/FR.mat", "b"));
    let text = format!("[grid]\n'data.firing_rates' = ['{}', '{}']\n", a.display(), b.display());
    let sweep = sweep(&text);
    assert_eq!(labels(&sweep), ["firing_rates a/FR.mat", "firing_rates b/FR.mat"]);
    let hashes = sweep.hashes(&sweep.runs, &mut FileHashes::default()).unwrap();
    assert_ne!(hashes[0], hashes[1]);
    let then = sweep.input_files(&mut FileHashes::default()).unwrap();
    assert_eq!(then.len(), 2);
    let kept = spec(&spec(&text).unwrap().to_toml(&then).unwrap()).unwrap();
    kept.check_files(&then).unwrap();
    // A task is a file, too.
    let task = file("t/short.toml", include_str!("../tasks/go-nogo.toml"));
    let text = format!("[grid]\ntask = ['go-nogo-published', '{}']\n", task.display());
    let with_task = self::sweep(&text);
    assert_eq!(labels(&with_task), ["task go-nogo-published", "task short.toml"]);
    assert!(with_task.input_files(&mut FileHashes::default()).unwrap().contains_key(&task));
    // The same content twice is the same run twice.
    std::fs::write(&b, "a").unwrap();
    let error = sweep.hashes(&sweep.runs, &mut FileHashes::default()).unwrap_err();
    assert!(error.to_string().contains("are the same") && error.exit_code() == 2, "{error}");
    let error = kept.check_files(&sweep.input_files(&mut FileHashes::default()).unwrap()).unwrap_err();
    assert!(error.to_string().contains("b/FR.mat has changed since the sweep began"), "{error}");
}

#[test]
fn the_kept_copy_means_the_same_from_anywhere() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("config.toml");
    std::fs::write(&config, "seed = 3\n[training]\nn_trials = 50\n[data]\nfiring_rates = 'FR.mat'\n").unwrap();
    let text = format!(
        "objective = 'loss'\nbase = '{}'\nseeds = 2\n{GRID}[sobol]\npoints = 4\nnetwork.tau_max = {{ linear = [20, 30] }}\n\
         [random]\npoints = 2\nseed = 5\ntraining.patience = {{ integer = [20, 30] }}\n\
         [[list]]\ntraining.schedule = 'plateau'\n[[together]]\ntask = ['go-nogo']\nnetwork.freeze = ['I_ext']\n\
         [[exclude]]\nnetwork.gain = 9.0\n[halving]\nrungs = [5, 9]\nkeep = 0.5\ncohort = 4\n[confirm]\ntop = 2\nseeds = 2\n\
         [keep]\nweights = 3\nreports = 0\n",
        config.display()
    );
    let spec = spec(&text).unwrap();
    let hash = BTreeMap::from([("/data/FR.mat".into(), "ab".repeat(32))]);
    let kept = spec.to_toml(&hash).unwrap();
    std::fs::remove_file(&config).unwrap();
    let again = self::spec(&kept).unwrap();
    assert_eq!(again.differences(&spec), [""; 0]);
    assert_eq!(again.to_toml(&again.files).unwrap(), kept);
    assert_eq!((again.files.clone(), &again.base, &again.seeds), (hash, &spec.base, &spec.seeds));
    assert!(again.base.data.firing_rates.as_ref().unwrap().is_absolute());
    assert_eq!((&again.halving, &again.confirm, again.keep), (&spec.halving, &spec.confirm, spec.keep));
    let (then, now) = (spec.runs(false).unwrap(), again.runs(false).unwrap());
    assert_eq!((labels(&then), &then.runs), (labels(&now), &now.runs));
    assert_eq!(then.runs.len(), 2 * 4 * 2 * 2);
}

#[test]
fn differences_are_told_one_by_one() {
    let earlier = spec(&format!("seeds = 2\n{GRID}[keep]\nreports = 1\n")).unwrap();
    let text = "seeds = 3\n[grid]\nnetwork.gain = [0.1, 0.2, 0.3]\n[base.training]\nn_trials = 7\ncheckpoint_every = 3\n\
                [base.engine]\nengine = 'cpu'\n[[exclude]]\nnetwork.gain = 0.2\n";
    let found = spec(text).unwrap().differences(&earlier);
    assert_eq!(
        found,
        [
            "`base.training.n_trials` is 7, and was 300.",
            "`exclude[1].network.gain` is [0.2], and was not there.",
            "`grid.network.gain` is [0.1, 0.2, 0.3], and was [0.1, 0.2].",
            "`seeds` is [0, 1, 2], and was [0, 1].",
        ]
    );
}

/// Each specification is refused with words that name what is wrong.
fn all_named(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(text, words)| (text, words, refusal(text)))
        .filter(|(_, words, sentence)| !sentence.contains(**words))
        .map(|(text, words, sentence)| format!("{text}\nexpected: {words}\nfound: {sentence}\n"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sections_and_settings_that_there_are_not_are_named() {
    all_named(&[
        ("[gird]\nx = 1", "no section `gird`. Did you mean `grid`"),
        ("seed = 3", "`seed` is a setting of runs"),
        ("[training]\nn_trials = 3", "give it in [base] if all have it"),
        ("objective = 'r2'", "expected loss, median_r2, held_out_r2"),
        ("objective = 3", "expected loss, median_r2, held_out_r2"),
        ("grid = 3", "[grid] must be a section"),
        ("[grid\n", "line 1"),
        ("[grid]\n'network.gian' = [1]", "no setting `network.gian`. Did you mean `network.gain`"),
        ("[grid]\nlearning_rate = [1]", "Did you mean `training.learning_rate`"),
        ("[grid]\n'engine.threads' = [1, 2]", "`engine.threads` cannot be swept"),
        ("[grid]\nnetworks = [1, 2]", "`networks` cannot be swept"),
        ("[grid]\nseed = [1, 2]", "Give `seeds = 3`"),
        ("[sobol]\npoints = 2\n'training.checkpoint_every' = { integer = [1, 9] }", "cannot be swept"),
        ("[[exclude]]\npreset = 'published'", "`preset` cannot be swept"),
        ("[grid]\n'task.name' = ['a']", "a task is swept whole"),
        ("[halving]\nrung = [3]\nkeep = 0.5", "Did you mean `rungs`"),
        ("[confirm]\ntop = 1\nseed = 3", "Did you mean `seeds`"),
        ("[keep]\nreport = 1", "Did you mean `reports`"),
    ]);
}

#[test]
fn values_that_cannot_be_meant_are_named() {
    all_named(&[
        ("[grid]\n'network.gain' = []", "the list is empty"),
        ("[grid]\n'network.gain' = 0.1", "expected a list in square brackets"),
        ("[grid]\n'network.gain' = [1, 1.0]", "1.0 is repeated"),
        ("[grid]\n'training.hold_out' = [1, ['1']]", "is repeated"),
        ("[grid]\n'training.hold_out' = [1, 'execute go object 1']", "twice, under other names"),
        ("[grid]\n'network.gain' = ['much']", "`network.gain = \"much\"`"),
        ("[grid]\n'network.dale' = ['sideways']", "expected one of"),
        ("[grid]\ntask = ['no-such-task']", "no task `no-such-task`"),
        ("[grid]\n'network.gain' = { log = [1, 2] }", "ranges belong in [sobol]"),
        ("[grid]\n'network.gain' = [1]\nnetwork.gain = [2]", "stands there twice"),
        ("[grid]\n'training.hold_out' = ['nowhere']", "no condition `nowhere`"),
        ("[[list]]\n'network.gain' = 1\n[[list]]\n'network.tau_max' = 3", "is in [[list]] 1, but not in [[list]] 2"),
        ("[[list]]\n'network.gain' = 1\n[[list]]\n'network.gain' = 1", "is repeated"),
        ("[list]\n'network.gain' = [1]", "write [[list]]"),
        ("[together]\n'network.gain' = [1]", "write [[together]]"),
        ("[exclude]\n'network.gain' = 1", "write [[exclude]]"),
        ("[[exclude]]\n", "would leave out everything"),
        ("[grid]\n'network.gain' = [1]\n[[exclude]]\n'network.gain' = [1]", "leaves out all 1 points"),
        // Together.
        (
            "[[together]]\n'network.gain' = [1, 2]\n'network.tau_max' = [3]",
            "`network.gain` has 2 values, but `network.tau_max` has 1",
        ),
        ("[[together]]\n'network.gain' = [1, 1]\n'network.tau_max' = [3, 3]", "is repeated"),
        ("[[together]]\n", "[[together]] 1 is empty"),
    ]);
}

#[test]
fn ranges_and_points_that_cannot_be_drawn_are_named() {
    all_named(&[
        ("[sobol]\npoints = 4\n'network.gain' = { log = [0, 1] }", "must begin above 0"),
        ("[random]\npoints = 4\n'network.gain' = { log = [-1, 1] }", "must begin above 0"),
        ("[sobol]\npoints = 4\n'network.gain' = { linear = [1, 0] }", "must rise"),
        ("[sobol]\npoints = 4\n'network.gain' = { linear = [1, 1] }", "must rise"),
        ("[sobol]\npoints = 4\n'network.gain' = { linear = [0, inf] }", "two numbers"),
        ("[sobol]\npoints = 4\n'network.gain' = { linear = [1] }", "two numbers"),
        ("[sobol]\npoints = 4\n'network.gain' = { liner = [0, 1] }", "Did you mean `linear`"),
        ("[sobol]\npoints = 4\n'network.gain' = [0, 1]", "expected one of { linear"),
        ("[sobol]\npoints = 4\n'network.gain' = {}", "expected one of { linear"),
        ("[sobol]\npoints = 4\n'network.dale' = { linear = [0, 1] }", "is no number"),
        ("[sobol]\npoints = 4\n'training.n_trials' = { linear = [0.5, 7] }", "whole ends"),
        (
            "[sobol]\npoints = 4\n'training.n_trials' = { linear = [1, 5_000_000_000] }",
            "`training.n_trials = 5000000000`",
        ),
        ("[sobol]\npoints = 4\n'network.dale' = { choice = [] }", "the list is empty"),
        ("[sobol]\npoints = 4\n'network.dale' = { choice = ['none', 'none'] }", "is repeated"),
        ("[sobol]\n'network.gain' = { linear = [0, 1] }", "lacks `points`"),
        ("[sobol]\npoints = 4", "[sobol] draws nothing"),
        ("[sobol]\npoints = 0\n'network.gain' = { linear = [0, 1] }", "from 1 on"),
        ("[sobol]\npoints = 65_537\n'network.gain' = { linear = [0, 1] }", "at most 65536"),
        ("[sobol]\npoints = 4\nseed = -1\n'network.gain' = { linear = [0, 1] }", "`seed`"),
        ("[sobol]\npoints = 4\nseed = 4294967296\n'network.gain' = { linear = [0, 1] }", "`seed`"),
        ("[sobol]\npoints = 4\n'training.hold_out' = { choice = [1, 2] }", "averaged over"),
        // Between sections.
        (
            "[grid]\n'network.gain' = [1]\n[sobol]\npoints = 2\n'network.gain' = { linear = [0, 1] }",
            "is in [grid] and in [sobol]",
        ),
        (
            "[[together]]\n'network.gain' = [1]\n[[together]]\n'network.gain' = [2]",
            "[[together]] 1 and in [[together]] 2",
        ),
    ]);
}

#[test]
fn seeds_halving_and_what_follows_are_checked() {
    all_named(&[
        ("seeds = 0", "from 1 on"),
        ("seeds = -1", "from 1 on"),
        ("seeds = 1.5", "a number of seeds or a list"),
        ("seeds = []", "the list is empty"),
        ("seeds = [1, 2, 1]", "1 is repeated"),
        ("seeds = [-1]", "from 0 on"),
        ("seeds = 2\n[base]\nseed = 9_223_372_036_854_775_807", "below 2^63"),
        ("seeds = 100_001", "at most 100000 seeds"),
        ("seeds = 2\n[base.network]\ninit = 'weights.mat'", "differ in nothing"),
        // Halving.
        ("[halving]\nkeep = 0.5", "lacks `rungs`"),
        ("[halving]\nrungs = []\nkeep = 0.5", "the list is empty"),
        ("[halving]\nrungs = [0]\nkeep = 0.5", "from 1 on"),
        ("[halving]\nrungs = [30, 30]\nkeep = 0.5", "must rise: 30 is followed by 30"),
        ("[halving]\nrungs = [300]\nkeep = 0.5", "ends after 300"),
        ("[grid]\n'training.n_trials' = [50, 20]\n[halving]\nrungs = [30]\nkeep = 0.5", "n_trials 20"),
        ("[halving]\nrungs = [5_000_000_000]\nkeep = 0.5", "more steps than any run has"),
        ("[halving]\nrungs = [3]\nkeep = 1.0", "above 0 and below 1"),
        ("[halving]\nrungs = [3]\nkeep = 0", "above 0 and below 1"),
        ("[halving]\nrungs = [3]\nkeep = nan", "above 0 and below 1"),
        ("[halving]\nrungs = [3]\nkeep = 0.5\ncohort = 1", "from 2 on"),
        // Confirmation and what is kept.
        ("[confirm]\nseeds = 3", "lacks `top`"),
        ("[confirm]\ntop = 1", "lacks `seeds`"),
        ("[confirm]\ntop = 2\nseeds = 3", "expected at most 1, the number of settings"),
        ("seeds = 3\n[confirm]\ntop = 1\nseeds = [2, 3]", "confirm seeds that were used"),
        ("[confirm]\ntop = 1\nseeds = [5, 5]", "5 is repeated"),
        ("[keep]\nweights = 'best'", "expected \"all\" or the number"),
        ("[keep]\nreports = -1", "from 0 on"),
        ("objective = 'held_out_r2'", "needs conditions that are held out"),
        ("objective = 'held_out_r2'\n[grid]\n'training.hold_out' = [1, []]", "needs conditions that are held out"),
        // The base.
        ("base = 3", "`base = 3`"),
        ("base = 'no/such/config.toml'", "no/such/config.toml"),
        ("[base.training]\nlerning_rate = 1", "lerning_rate"),
        ("[base]\ntask = 'no-such-task'", "no task `no-such-task`"),
        ("[base.training]\nhold_out = ['nowhere']", "no condition `nowhere`"),
        // Copies of others.
        ("numerics = 2", "version 2 of the numerics"),
        ("files = 3", "[files] must hold"),
        // Numbers.
        ("seeds = 20_001", "more than 20000"),
    ]);
}

#[test]
fn the_specification_is_named_in_errors_and_many_runs_may_be_allowed() {
    assert!(refusal("[gird]").starts_with("nights/gain.toml: "));
    assert!(refusal("seeds = 20_001").starts_with("nights/gain.toml: "));
    let spec = spec("seeds = 20_001").unwrap();
    assert_eq!((spec.runs(true).unwrap().runs.len(), spec.name().as_str()), (20_001, "gain"));
    let endless = self::spec("seeds = 100_000\n[sobol]\npoints = 20\nnetwork.gain = { linear = [0, 1] }").unwrap();
    assert!(endless.runs(true).unwrap_err().to_string().contains("no sweep takes more than 1000000"));
    let missing = Specification::read(Path::new("no/such/sweep.toml")).unwrap_err();
    assert!(missing.exit_code() == 2 && missing.to_string().contains("no/such/sweep.toml"), "{missing}");
}
