//! Tasks: the built-in ones against the golden stimulus, what a task file may say, and how a wrong one is refused.

mod common;

use aon::task::{BUILT_IN, Smoothing, StimulusSpec, TaskSpec};
use common::golden::{Golden, inside};

/// The golden stimulus was filtered with sums in f64 and rounded to f32 after each pass. Our sums run in another
/// order, so a value within 1e-16 of a rounding boundary may fall on its other side: one unit in the last place, 6e-8 below 1.
#[test]
fn the_published_task_renders_the_golden_stimulus() {
    let golden = Golden::read(&[inside("stim.mat")]);
    let cases = [
        ("stim_thermal100", 100, 0.5),
        ("stim_thermal0", 0, 0.5),
        ("stim_thermal37", 37, 0.5),
        ("stim_thermal100_f5_03", 100, 0.3),
    ];
    for (name, thermal, weak) in cases {
        let mut spec = TaskSpec::load("go-nogo-published").unwrap().stimulus;
        spec.noise = 0.0;
        for epoch in spec.sequences.iter_mut().flat_map(|s| &mut s.epochs) {
            if epoch.channels[0] >= 5 {
                epoch.value = weak;
            }
        }
        let stimulus = spec.render(thermal + 700, thermal);
        let expected = golden.single(name);
        assert_eq!(golden.shape(name), [6, 10, thermal + 700]);
        assert_eq!((stimulus.sequences, stimulus.time_steps, stimulus.channels), (6, thermal + 700, 10));
        let mut largest = 0.0_f32;
        for (k, expected) in expected.iter().enumerate() {
            let (s, u, t) = (k / (10 * stimulus.time_steps), k / stimulus.time_steps % 10, k % stimulus.time_steps);
            largest = largest.max((stimulus.values[(s * stimulus.time_steps + t) * 10 + u] - expected).abs());
        }
        assert!(largest <= 6e-8, "{name}: largest difference {largest}");
    }
}

#[test]
fn the_built_in_tasks_load_and_survive_the_way_to_toml_and_back() {
    for (name, _) in BUILT_IN {
        let task = TaskSpec::load(name).unwrap();
        assert_eq!(task.name, name);
        assert_eq!((task.neurons(), task.input_groups(), task.conditions.len()), (355, 2, 12));
        assert_eq!(task.inputs(), [[0; 6], [1; 6]].concat());
        assert_eq!(task.sequence_indices(), [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]);
        assert_eq!(task.time.time_steps(175), 800);
        assert_eq!(task.warnings(175), Vec::<String>::new());
        assert_eq!(TaskSpec::parse(&task.to_toml().unwrap(), "copy").unwrap(), task);
    }
}

/// The default task differs from the published one in the third object's tone and in the second filter pass, and in nothing else.
#[test]
fn the_default_task_gives_every_sequence_its_tone() {
    let (default, mut published) = (TaskSpec::load("go-nogo").unwrap(), TaskSpec::load("go-nogo-published").unwrap());
    for (s, tone) in [(2, 0), (5, 3)] {
        assert_eq!(published.stimulus.sequences[s].epochs.len(), 2);
        let mut epochs = default.stimulus.sequences[tone].epochs[..2].to_vec();
        epochs.append(&mut published.stimulus.sequences[s].epochs);
        published.stimulus.sequences[s].epochs = epochs;
    }
    published.stimulus.smoothing.as_mut().unwrap().passes = 1;
    published.name = "go-nogo".into();
    assert_eq!(default, published);
}

#[test]
fn the_shipped_example_files_load() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tasks");
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    assert!(files.len() >= 3, "found {files:?}");
    for file in files {
        let task = TaskSpec::load(file.to_str().unwrap()).unwrap();
        assert_eq!(Some(task.name.as_str()), file.file_stem().and_then(|s| s.to_str()));
    }
}

#[test]
fn noise_is_a_function_of_the_tasks_own_seed() {
    let seeded = |noise_seed| StimulusSpec { noise_seed, ..TaskSpec::load("go-nogo").unwrap().stimulus };
    let spec = seeded(3);
    assert_eq!(spec.render(200, 100), spec.render(200, 100));
    assert_eq!(spec.render(200, 100), spec.render_clean(200, 100).with_noise(&spec.draw_noise(200)));
    let draws = [0, 3, 4, 1 << 40].map(|seed| seeded(seed).draw_noise(200));
    for (k, draw) in draws.iter().enumerate() {
        assert!(draws[..k].iter().all(|other| other != draw));
        let n = draw.len() as f64;
        let mean = draw.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
        let sd = (draw.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / n).sqrt();
        // 12 000 values: standard errors 5e-5 and 3e-5; four of them are allowed.
        assert!(mean.abs() < 2e-4 && (sd - 0.005).abs() < 1.3e-4, "mean {mean}, standard deviation {sd}");
    }
}

#[test]
fn epochs_are_cut_at_the_end_of_the_trial_and_named_when_never_shown() {
    let task = TaskSpec::load("go-nogo").unwrap();
    let mut spec = task.stimulus.clone();
    (spec.smoothing, spec.noise) = (None, 0.0);
    let stimulus = spec.render(10 + 130, 10);
    let tone: Vec<f32> = stimulus.values.chunks_exact(10).take(140).map(|u| u[0]).collect();
    assert_eq!(tone, [[0.0; 130].as_slice(), &[1.0; 10]].concat());

    let warnings = task.warnings(50);
    assert_eq!(warnings.len(), 12);
    assert!(warnings[0].contains("`go object 1`, epoch 3, begins at step 280") && warnings[0].contains("200 steps"));
}

/// One area, one condition, three input matrices' worth of nothing special.
const SMALL: &str = r#"
name = "small"
time = { step_ms = 2.0, steps_per_bin = 1, thermal = 0 }
areas = [{ name = "V1", size = 3 }]

[stimulus]
channels = 2
noise = 0.1
smoothing = { sigma = 3.0, passes = 1 }

[[stimulus.sequences]]
name = "flash"
epochs = [{ channels = [0, 1], value = 1.0, from = 5, to = 9 }]

[[conditions]]
name = "seen"
firing_rates = "FR1"
input = 0
sequence = "flash"
class = "other"
"#;

#[test]
fn any_number_of_areas_conditions_channels_and_inputs_will_do() {
    let small = TaskSpec::parse(SMALL, "small.toml").unwrap();
    assert_eq!((small.neurons(), small.input_groups(), small.sequence_indices()), (3, 1, vec![0]));

    let mut large = small.clone();
    let condition = |k: usize| {
        let mut c = small.conditions[0].clone();
        (c.name, c.firing_rates, c.input) = (format!("c{k}"), format!("FR{k}"), k % 5);
        c
    };
    large.conditions = (0..17).map(condition).collect();
    large.check().unwrap();
    assert_eq!(large.input_groups(), 5);
}

#[test]
fn every_wrong_task_is_refused_with_a_sentence_that_names_it() {
    let more = |text: &str| format!("{SMALL}\n{text}");
    let with = |old: &str, new: &str| {
        assert!(SMALL.contains(old), "{old}");
        SMALL.replacen(old, new, 1)
    };
    let second = |name: &str, rates: &str, input: usize| {
        more(&format!(
            "[[conditions]]\nname = \"{name}\"\nfiring_rates = \"{rates}\"\ninput = {input}\nsequence = \"flash\"\nclass = \"other\""
        ))
    };
    let flash = "epochs = [{ channels = [0, 1], value = 1.0, from = 5, to = 9 }]";
    let cases = [
        (with("step_ms = 2.0", "step_ms = 0.0"), "time.step_ms is 0"),
        (with("step_ms = 2.0", "step_ms = nan"), "time.step_ms is NaN"),
        (with("steps_per_bin = 1", "steps_per_bin = 0"), "steps_per_bin is 0"),
        (with("areas = [{ name = \"V1\", size = 3 }]", "areas = []"), "no areas"),
        (with("size = 3", "size = 0"), "area `V1` has size 0"),
        (with("size = 3 }", "size = 3 }, { name = \"V1\", size = 1 }"), "two of the areas are called `V1`"),
        (with("name = \"V1\"", "name = \" \""), "areas has an empty name"),
        (with("channels = 2", "channels = 0"), "stimulus.channels is 0"),
        (with("channels = 2", "channels = 1"), "sets channel 1, but there are 1"),
        (with("noise = 0.1", "noise = -0.1"), "stimulus.noise is -0.1"),
        (with("sigma = 3.0", "sigma = 0.0"), "smoothing.sigma is 0"),
        (with("passes = 1", "passes = 0"), "smoothing.passes is 0"),
        (with("[0, 1]", "[]"), "`flash`, epoch 1: it names no channel"),
        (with("value = 1.0", "value = inf"), "its value is inf"),
        (with("to = 9", "to = 5"), "from step 5 to step 5"),
        (
            with(flash, &flash.replace("}]", "}, { channels = [1], value = 2.0, from = 8 }]")),
            "epoch 2: it sets a channel that epoch 1 sets",
        ),
        (
            more("[[stimulus.sequences]]\nname = \"flash\"\nepochs = []"),
            "two of the stimulus sequences are called `flash`",
        ),
        (with("sequence = \"flash\"", "sequence = \"flush\""), "`flush`, which is not there. There are: `flash`"),
        (with("input = 0", "input = 1"), "no condition uses number 0"),
        (with("input = 0", "input = 4000000000"), "no condition uses number 0"),
        (second("seen", "FR2", 0), "two of the conditions are called `seen`"),
        (second("heard", "FR1", 0), "two of the firing_rates of conditions are called `FR1`"),
        (second("heard", "FR2", 2), "uses input matrix 2, but no condition uses number 1"),
        // Names that tables have for themselves.
        (with("name = \"seen\"", "name = \"all\""), "condition “all” has a name that tables give rows"),
        (with("name = \"seen\"", "name = \"Held out\""), "(“held out”)"),
        (with("name = \"seen\"", "name = \"together\""), "(“together”)"),
        (with("name = \"seen\"", "name = \"se\\nen\""), "control character"),
        (with("name = \"V1\"", "name = \"constant\""), "area “constant”"),
        (with("name = \"V1\"", "name = \" ALL\""), "(“all”)"),
        (with("name = \"seen\"", "name = \"V1\""), "condition “V1” is called as an area"),
        (with("name = \"seen\"", "name = \"V1 inhibitory\""), "tell them apart"),
        (second("heard", "IC_FR1", 0), "by its name, the state at t = 0 of condition `seen`"),
        (second("heard", "IC_X1", 0), "`IC_X1`"),
        // Sizes that cannot be meant.
        (with("thermal = 0", "thermal = 9223372036854775807"), "time.thermal is 9223372036854775807"),
        (with("steps_per_bin = 1", "steps_per_bin = 4611686018427387904"), "time.steps_per_bin is"),
        (with("step_ms = 2.0", "step_ms = 1e-300"), "time.step_ms is"),
        (with("step_ms = 2.0", "step_ms = 1e300"), "time.step_ms is"),
        (with("channels = 2", "channels = 9223372036854775807"), "stimulus.channels is 9223372036854775807"),
        (with("size = 3", "size = 9223372036854775807"), "the areas hold 9223372036854775807 neurons"),
        (
            with("size = 3 }", "size = 9223372036854775807 }, { name = \"V2\", size = 9223372036854775807 }"),
            "the areas hold 18446744073709551614 neurons",
        ),
        (
            with(
                "size = 3 }",
                "size = 9223372036854775807 }, { name = \"V2\", size = 9223372036854775807 }, { name = \"V3\", size = 2 }",
            ),
            "the areas hold 18446744073709551615 neurons",
        ),
        (with("noise = 0.1", "noise = 1e300"), "stimulus.noise is"),
        (with("sigma = 3.0", "sigma = 1e7"), "smoothing.sigma is 10000000"),
        (with("sigma = 3.0", "sigma = inf"), "smoothing.sigma is inf"),
        (with("passes = 1", "passes = 4000000000"), "smoothing.passes is 4000000000"),
        // Syntax, types and fields: file and line as well.
        (with("noise = 0.1", "nose = 0.1"), "small.toml, line 8: unknown field `nose`, expected one of `channels`"),
        (with("passes = 1", "passes = -1"), "small.toml, line 9: invalid value: integer `-1`, expected a whole number"),
        (with("step_ms = 2.0", "step_ms = \"2\""), "line 3: invalid type: string \"2\", expected a number"),
        (
            with("\"other\"", "\"rest\""),
            "line 20: unknown variant `rest`, expected one of `execution`, `observation`, `other`",
        ),
        (with("sequence = \"flash\"\n", ""), "line 15: missing field `sequence`"),
        (with("[stimulus]", "[stimulus"), "small.toml, line 6: "),
        (
            with("{ sigma = 3.0, passes = 1 }", "3"),
            "line 9: invalid type: integer `3`, expected a table with sigma and passes",
        ),
        (SMALL[..SMALL.find("[[conditions]]").unwrap()].to_string(), "missing field `conditions`"),
        (
            SMALL[..SMALL.find("[[conditions]]").unwrap()].replacen('\n', "\nconditions = []\n", 1),
            "there are no conditions",
        ),
    ];
    for (text, expected) in cases {
        let error = TaskSpec::parse(&text, "small.toml").expect_err(expected);
        let sentence = error.to_string();
        assert!(sentence.starts_with("small.toml"), "{sentence}");
        assert!(sentence.contains(expected), "expected `{expected}` in: {sentence}");
        assert_eq!(error.exit_code(), 2);
    }
}

#[test]
fn a_task_that_is_nowhere_is_refused_with_the_names_of_the_built_in_ones() {
    let error = TaskSpec::load("go-no-go").unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert!(error.to_string().contains("(go-nogo, go-nogo-published)"), "{error}");
}

#[test]
fn trials_that_nobody_can_mean_are_refused_before_they_are_made() {
    let small = TaskSpec::parse(SMALL, "small.toml").unwrap();
    small.check_trial(1000).unwrap();
    let refused = |change: fn(&mut TaskSpec), bins: usize, words: &str| {
        let mut task = small.clone();
        change(&mut task);
        task.check().unwrap();
        let error = task.check_trial(bins).unwrap_err();
        assert!(error.to_string().contains(words) && error.exit_code() == 2, "{words}: {error}");
    };
    refused(|t| t.time.steps_per_bin = 1 << 24, 2, "33554432 steps");
    refused(|t| t.time.thermal = 1 << 24, 1, "`thermal` 16777216");
    refused(|_| (), usize::MAX, "a trial of 18446744073709551615 bins");
    refused(|t| t.stimulus.channels = 1 << 16, 1 << 17, "2^32 values");
    refused(|t| t.stimulus.smoothing.as_mut().unwrap().sigma = 1e6, 1 << 20, "would take hours");
    refused(|t| t.stimulus.smoothing = Some(Smoothing { sigma: 30.0, passes: 1000 }), 1 << 24, "would take hours");
}

#[test]
fn epochs_far_beyond_the_trial_are_cut_and_named() {
    let mut task = TaskSpec::parse(SMALL, "small.toml").unwrap();
    let epoch = &mut task.stimulus.sequences[0].epochs[0];
    (epoch.from, epoch.to) = (usize::MAX - 1, Some(usize::MAX));
    task.check().unwrap();
    task.stimulus.noise = 0.0;
    assert!(task.stimulus.render(20, 10).values.iter().all(|v| *v == 0.0));
    assert!(task.warnings(20)[0].contains("is never shown"));
}

#[test]
fn names_that_matlab_does_not_take_are_named_before_a_training() {
    let rates = |name: &str| TaskSpec::parse(&SMALL.replace("FR1", name), "small.toml").unwrap().warnings(100);
    assert_eq!(rates("FR1"), Vec::<String>::new());
    assert_eq!(rates("end"), Vec::<String>::new(), "`modelled_end` is no keyword");
    for (name, written) in
        [("go left", "modelled_go_left"), ("größe", "modelled_gr__e"), (&"n".repeat(60), "modelled_nnn")]
    {
        let warnings = rates(name);
        assert!(warnings.len() == 1 && warnings[0].contains(name) && warnings[0].contains(written), "{warnings:?}");
    }
}

/// Other encodings, and what is no text or no file.
#[test]
fn task_files_that_are_no_text_in_utf_8_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("task.toml");
    let load = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        TaskSpec::load(path.to_str().unwrap())
    };
    let marked = [b"\xef\xbb\xbf", SMALL.as_bytes()].concat();
    assert_eq!(load(&marked).unwrap(), TaskSpec::parse(SMALL, "small.toml").unwrap());
    let wide: Vec<u8> = "\u{feff}".encode_utf16().chain(SMALL.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let latin: Vec<u8> = SMALL.replace("flash", "größe").chars().map(|c| c as u8).collect();
    for (bytes, words) in [(wide, "UTF-16"), (latin, "line 12: expected a text in UTF-8")] {
        let error = load(&bytes).unwrap_err();
        assert!(error.to_string().contains(words) && error.to_string().contains("Save it as UTF-8"), "{error}");
        assert_eq!(error.exit_code(), 2);
    }
    let error = TaskSpec::load(directory.path().to_str().unwrap()).unwrap_err();
    assert!(error.to_string().contains("found a directory") && error.exit_code() == 2, "{error}");
    #[cfg(unix)]
    assert!(TaskSpec::load("/dev/zero").unwrap_err().to_string().contains("found a device or pipe"));
}
