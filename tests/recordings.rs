//! Firing rates, masks, stimuli and parameters from files: what is accepted, and what is refused with which words.
#![allow(clippy::float_cmp)] // Files give back exactly what was written.

use aon::data::{
    ConditionRates, FiringRates, NamedArray, Normalization, RecordedCondition, Values, read_mask, read_stimulus,
    write_arrays,
};
use aon::error::{Error, Result};
use aon::network::{Group, Layout, read_parameters, write_parameters};
use aon::task::Stimulus;
use ndarray::{Array1, Array2, Array3, array};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cli/small_A_clean").join(name)
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

fn file(ending: &str, arrays: &[NamedArray]) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(format!("data.{ending}"));
    write_arrays(&path, arrays).unwrap();
    (directory, path)
}

fn rates(name: &str, values: impl Into<Values>) -> NamedArray {
    NamedArray::new(name, values)
}

fn read_file(path: &Path, conditions: &[String], normalization: Normalization) -> Result<FiringRates> {
    FiringRates::new(path, RecordedCondition::read_all(path, conditions)?, &[], normalization)
}

fn read(arrays: &[NamedArray], conditions: &[&str], normalization: Normalization) -> Result<FiringRates> {
    let (_directory, path) = file("mat", arrays);
    read_file(&path, &names(conditions), normalization)
}

/// The error's sentence, which must contain all `words`.
fn refused<T: std::fmt::Debug>(result: Result<T>, words: &[&str]) {
    let error = result.unwrap_err();
    assert_eq!(error.exit_code(), 2, "{error}");
    assert!(matches!(error, Error::Variable { .. }), "{error:?}");
    for word in words {
        assert!(error.to_string().contains(word), "\"{word}\" is not in: {error}");
    }
}

#[test]
fn the_golden_recording_is_read_with_its_given_states() {
    let conditions: Vec<String> = (1..=12).map(|c| format!("FR{c}")).collect();
    let recording = read_file(&golden("Firing_Rates.mat"), &conditions, Normalization::None).unwrap();
    let case = aon::data::mat::MatFile::open(&golden("../../small_A_clean.mat")).unwrap();
    let array = |name| case.array(name).unwrap();
    let (targets, r, x) = (array("targets"), array("IC_r"), array("IC_x"));
    assert_eq!((recording.neurons(), recording.conditions.len(), recording.factors), (12, 12, None));
    for (c, condition) in recording.conditions.iter().enumerate() {
        assert_eq!(condition.variable, format!("FR{}", c + 1));
        assert_eq!(condition.rates, Array2::from_shape_fn((12, 175), |(i, b)| targets[[c, i, b]] as f32));
        let given = |from: &ndarray::ArrayD<f64>| Some(Array1::from_shape_fn(12, |i| from[[c, i]] as f32));
        assert_eq!((&condition.initial_r, &condition.initial_x), (&given(&r), &given(&x)));
    }
}

#[test]
fn conditions_may_be_ragged_and_states_are_rows_or_columns() {
    let recording = read(
        &[
            rates("FR2", array![[0.25_f32, 0.5, 1.0], [0.0, 0.0, 0.125]]),
            rates("go", array![[1.0_f64], [0.5]]),
            rates("IC_FR2", array![[0.5_f64, 0.75]]),
            rates("IC_go", array![0.25_f64, 1.0]),
            rates("IC_X2", array![1.0_f64, 2.0]),
            rates("IC_X_go", array![[-3.0_f64, 40.0]]),
            rates("IC_FR1", array!["not asked for".len() as f64]),
        ],
        &["go", "FR2"],
        Normalization::None,
    )
    .unwrap();
    let expected = [
        ConditionRates {
            variable: "go".into(),
            rates: array![[1.0], [0.5]],
            initial_r: Some(array![0.25, 1.0]),
            initial_x: Some(array![-3.0, 40.0]),
        },
        ConditionRates {
            variable: "FR2".into(),
            rates: array![[0.25, 0.5, 1.0], [0.0, 0.0, 0.125]],
            initial_r: Some(array![0.5, 0.75]),
            initial_x: Some(array![1.0, 2.0]),
        },
    ];
    assert_eq!(recording.conditions, expected);
    assert!(recording.conditions.iter().all(|c| c.rates.is_standard_layout()));
}

#[test]
fn normalization_divides_each_neuron_by_one_factor_over_all_conditions() {
    let arrays = [
        rates("FR1", array![[10.0_f64, 0.0], [0.0, 0.0], [3.0, 1.0]]),
        rates("FR2", array![[2.0_f64, 40.0], [0.0, 0.0], [4.0, 2.0]]),
        // A given rate counts as one: the third neuron's is its largest.
        rates("IC_FR1", array![4.0_f64, 0.0, 8.0]),
        rates("IC_FR2", array![0.0_f64, 0.0, 0.0]),
        rates("IC_X1", array![100.0_f64, -2.0, 0.5]),
        rates("IC_X2", array![0.0_f64, 0.0, 0.0]),
    ];
    let peak = read(&arrays, &["FR1", "FR2"], Normalization::Peak).unwrap();
    assert_eq!(peak.factors.unwrap().0, [40.0, 1.0, 8.0]);
    assert_eq!(peak.conditions[0].rates, array![[0.25, 0.0], [0.0, 0.0], [0.375, 0.125]]);
    assert_eq!(peak.conditions[1].rates, array![[0.05, 1.0], [0.0, 0.0], [0.5, 0.25]]);
    assert_eq!(peak.conditions[0].initial_r, Some(array![0.1, 0.0, 1.0]));
    assert_eq!(peak.conditions[0].initial_x, Some(array![100.0, -2.0, 0.5]), "a state is no rate");

    let soft = read(&arrays, &["FR1", "FR2"], Normalization::Soft).unwrap();
    assert_eq!(soft.factors.unwrap().0, [45.0, 1.0, 13.0]);
    assert_eq!(soft.conditions[1].rates[[0, 1]], (40.0_f64 / 45.0) as f32);
}

/// What smoothing by FFT leaves where nothing fires: of either sign, some 1e-16 of the largest rate in double precision,
/// some 1e-7 in single.
#[test]
fn rounding_errors_count_as_zeros() {
    let double = [
        rates("FR1", array![[4e-15_f64, -2.7e-15, 1e-15], [47.0, 0.1, -3e-15], [0.01, 0.02, 0.0]]),
        rates("FR2", array![[-1e-15_f64, 2e-15], [30.0, 40.1], [1e-14, -1e-14]]),
    ];
    let single = [
        rates("FR1", array![[4e-6_f32, -2.7e-6, 0.0], [47.0, 0.1, -3e-6], [0.01, 0.02, 0.0]]),
        rates("FR2", array![[-1e-6_f32, 2e-6], [30.0, 40.1], [1e-6, -1e-6]]),
    ];
    for (arrays, normalization, factors) in [
        (&double, Normalization::Peak, [1.0, 47.0, 0.02]),
        (&double, Normalization::Soft, [1.0, 52.0, 5.02]),
        (&single, Normalization::Peak, [1.0, 47.0, 0.02]),
        (&single, Normalization::Soft, [1.0, 52.0, 5.02]),
    ] {
        let recording = read(arrays, &["FR1", "FR2"], normalization).unwrap();
        assert_eq!(recording.factors.unwrap().0, factors);
        assert_eq!(recording.silenced, [0]);
        let (first, second) = (&recording.conditions[0].rates, &recording.conditions[1].rates);
        assert!(first.row(0).iter().chain(second.row(0)).chain(second.row(2)).all(|r| *r == 0.0), "{first} {second}");
        // Rates that are there stay, however low.
        assert!(first[[1, 1]] > 0.0 && first[[2, 0]] == 0.5_f32.min(first[[2, 1]] / 2.0) && first[[1, 2]] == 0.0);
    }
    // In a file in double precision, these are none.
    let mixed = [rates("FR1", array![[47.1_f64, -3e-6]])];
    refused(read(&mixed, &["FR1"], Normalization::Peak), &["0 or more", "rounding errors", "set rates below 0 to 0"]);
    let baseline = [rates("FR1", array![[47.1_f64, -3e-6, -2.0]])];
    refused(read(&baseline, &["FR1"], Normalization::Peak), &["2", "cannot be modelled"]);
    // Given states are rates, and one of all is the largest.
    let states = [rates("FR1", array![[1e-14_f64], [20.1]]), rates("IC_FR1", array![-1e-15_f64, 30.0])];
    let recording = read(&states, &["FR1"], Normalization::Peak).unwrap();
    assert_eq!(recording.conditions[0].initial_r, Some(array![0.0, 1.0]));
}

#[test]
fn rates_above_1_by_rounding_are_1() {
    let of = |value: f64| read(&[rates("FR1", array![[0.3, value]])], &["FR1"], Normalization::None);
    for value in [1.0 + f64::EPSILON, f64::from(1.0_f32 + f32::EPSILON), 1.0 + 9e-7] {
        assert_eq!(of(value).unwrap().conditions[0].rates, array![[0.3, 1.0]]);
    }
    refused(of(1.00001), &["maximum of 1.00001"]);
}

/// A neuron that is silent but for rounding in all conditions that are trained on, and fires in a held-out one.
#[test]
fn a_divisor_is_never_made_of_rounding_errors() {
    let (_directory, path) =
        file("mat", &[rates("FR1", array![[1e-15_f64, 0.0], [20.1, 4.0]]), rates("FR2", array![[3.0], [2.0_f64]])]);
    let recorded = RecordedCondition::read_all(&path, &names(&["FR1", "FR2"])).unwrap();
    for normalization in [Normalization::Peak, Normalization::Soft] {
        refused(FiringRates::new(&path, recorded.clone(), &[1], normalization), &["row 1", "silent in all of them"]);
    }
}

#[test]
fn rates_of_single_trials_are_refused_with_what_to_do() {
    let stacked = [rates("FR1", Array3::<f64>::zeros((2, 3, 4)))];
    refused(read(&stacked, &["FR1"], Normalization::None), &["[2×3×4]", "mean over trials", "third dimension"]);
    let (_directory, path) = file("npz", &[rates("FR1", array![0.5_f64, 0.25])]);
    refused(read_file(&path, &names(&["FR1"]), Normalization::None), &["[2]", "second dimension"]);
}

#[test]
fn unusable_rates_are_refused_with_what_was_found_and_what_to_do() {
    let good = || rates("FR1", array![[0.5_f64, 0.25], [0.0, 1.0]]);
    let two = |second: Values| read(&[good(), rates("FR2", second)], &["FR1", "FR2"], Normalization::None);
    refused(
        read(&[good(), rates("IC_FR1", array![0.5_f64, 0.5])], &["FR1", "FR2", "FR3"], Normalization::None),
        &["data.mat", "FR2, FR3", "found FR1, IC_FR1"],
    );
    refused(
        two(array![[0.5_f64, 204.25], [2.0, 1.0]].into()),
        &["FR2", "0…1", "204.25 (row 1, column 2)", "`normalize = peak`"],
    );
    refused(two(array![[0.5_f64, 0.0], [f64::NAN, f64::NAN]].into()), &["FR2", "NaN in row 2, column 1", "1 more"]);
    refused(two(array![[f64::INFINITY], [0.0]].into()), &["inf in row 1, column 1"]);
    refused(two(array![[0.0_f64], [-0.5]].into()), &["0 or more", "-0.5 in row 2, column 1"]);
    refused(two(array![[0.0_f64], [0.5], [1.0]].into()), &["2 rows (neurons) as in FR1", "[3×1]"]);
    refused(two(Array2::<f64>::zeros((3, 2)).into()), &["transposed"]);
    refused(two(Array2::<f64>::zeros((2, 0)).into()), &["at least one neuron and one bin", "[2×0]"]);
    refused(two(Array3::<f64>::zeros((2, 2, 2)).into()), &["[neurons × bins]", "[2×2×2]"]);
    refused(two("not numbers".into()), &["FR2", "numeric or logical", "char"]);
    for normalization in [Normalization::Peak, Normalization::Soft] {
        let negative = [rates("FR1", array![[-1.0_f64, 3.0]])];
        refused(read(&negative, &["FR1"], normalization), &["0 or more"]);
    }
    let with = |name: &str, values: Values| read(&[good(), rates(name, values)], &["FR1"], Normalization::None);
    refused(with("IC_FR1", array![0.5_f64, 1.5].into()), &["IC_FR1", "maximum of 1.5"]);
    refused(with("IC_FR1", array![0.5_f64].into()), &["IC_FR1", "2 values", "found [1]"]);
    refused(with("IC_X1", array![0.5_f64, f64::NAN].into()), &["IC_X1", "neuron 2"]);
    for state in ["IC_FR", "IC_X"] {
        let first = NamedArray::new(format!("{state}1"), array![0.5_f64, 0.5]);
        let second = rates("FR2", array![[0.5_f64], [0.0]]);
        let partial = read(&[good(), second, first], &["FR1", "FR2"], Normalization::None);
        refused(partial, &["every condition or for none", &format!("{state}1 but not {state}2")]);
    }
}

#[test]
fn another_number_of_neurons_than_in_the_first_condition_is_refused() {
    let zeros = |name: &str, shape| rates(name, Array2::<f64>::zeros(shape));
    let read = |shape| read(&[zeros("FR1", (3, 5)), zeros("FR2", shape)], &["FR1", "FR2"], Normalization::None);
    assert_eq!(read((3, 4)).unwrap().neurons(), 3);
    refused(read((4, 5)), &["FR2", "3 rows", "as in FR1", "[4×5]"]);
    refused(read((5, 3)), &["3 rows", "transposed"]);
}

#[test]
fn npz_archives_serve_as_well_as_mat_files() {
    let (_directory, path) = file("npz", &[rates("FR1", array![[0.5_f32, 0.25]]), rates("mirror", array![true])]);
    let recording = read_file(&path, &names(&["FR1"]), Normalization::None).unwrap();
    assert_eq!(recording.conditions[0].rates, array![[0.5, 0.25]]);
    assert_eq!(read_mask(&path, "mirror", 1).unwrap(), [true]);
}

#[test]
fn masks_of_any_class_as_rows_or_columns() {
    let values: [Values; 5] = [
        array![1_u8, 0, 1].into(),
        array![[1.0_f64, 0.0, 1.0]].into(),
        array![1.0_f32, 0.0, 1.0].into(),
        array![true, false, true].into(),
        array![[true, false, true]].into(),
    ];
    for mask in values {
        let (_directory, path) = file("mat", &[rates("inhibitory", mask)]);
        assert_eq!(read_mask(&path, "inhibitory", 3).unwrap(), [true, false, true]);
    }
    let mask = read_mask(&golden("InhibitoryMask.mat"), "inhibitory", 12).unwrap();
    assert!(mask.iter().any(|i| *i) && mask.iter().any(|i| !*i));
}

#[test]
fn masks_of_other_values_or_length_are_refused() {
    let (_directory, path) =
        file("mat", &[rates("mirror", array![0.0_f64, 1.0, 0.5]), rates("square", Array2::<u8>::zeros((2, 2)))]);
    refused(read_mask(&path, "mirror", 3), &["mirror", "0 and 1", "0.5 for neuron 3"]);
    refused(read_mask(&path, "mirror", 4), &["mirror", "4 values", "[3×1]"]);
    refused(read_mask(&path, "square", 4), &["row or column", "[2×2]"]);
    refused(read_mask(&path, "inhibitory", 3), &["inhibitory", "mirror [3×1 double]"]);
}

#[test]
fn a_stimulus_is_turned_into_the_engines_order() {
    let stimulus = Stimulus::read(&golden("stim.mat")).unwrap();
    assert_eq!((stimulus.sequences, stimulus.time_steps, stimulus.channels), (6, 800, 10));
    let case = aon::data::mat::MatFile::open(&golden("../../small_A_clean.mat")).unwrap();
    let expected = case.array("stim").unwrap();
    for (s, t, u) in [(0, 0, 0), (0, 400, 1), (5, 799, 9), (3, 250, 4), (2, 700, 8)] {
        assert_eq!(stimulus.values[(s * 800 + t) * 10 + u], expected[[s, u, t]] as f32);
    }
}

#[test]
fn a_stimulus_of_another_form_is_refused() {
    let stimulus = |values: Values| {
        let (_directory, path) = file("mat", &[rates("stim", values)]);
        read_stimulus(&path)
    };
    refused(stimulus(Array2::<f64>::zeros((10, 800)).into()), &["stim", "[sequences × channels × steps]", "[10×800]"]);
    let mut values = Array3::<f64>::zeros((2, 3, 4));
    values[[1, 2, 3]] = f64::NAN;
    refused(stimulus(values.into()), &["sequence 2, channel 3, step 4"]);
}

fn layout() -> Layout {
    Layout { neurons: 4, channels: 3, input_groups: 2 }
}

#[test]
fn parameters_come_back_bit_for_bit_from_both_formats() {
    let parameters: Vec<f32> =
        (0..layout().len()).map(|k| (k as f32).sin() * 10_f32.powf((k % 7) as f32 - 5.0)).collect();
    let directory = tempfile::tempdir().unwrap();
    for name in ["weights.mat", "weights.npz"] {
        let path = directory.path().join(name);
        let extra = vec![NamedArray::new("tau", array![2.0_f64, 3.0]), NamedArray::new("inhibitory", array![true])];
        write_parameters(&path, &layout(), &parameters, extra).unwrap();
        assert_eq!(read_parameters(&path, &layout()).unwrap(), parameters, "{name}");
        let file = aon::data::ArrayFile::open(&path).unwrap();
        assert_eq!(file.names(), ["W", "W_in", "W_in2", "I_ext", "taus_param", "tau", "inhibitory"]);
        assert_eq!(file.array("W").unwrap()[[1, 2]], f64::from(parameters[4 + 2]), "rows are post-synaptic");
    }
    let error = write_parameters(&directory.path().join("weights.txt"), &layout(), &parameters, vec![]).unwrap_err();
    assert!(error.to_string().contains(".mat or .npz"), "{error}");
}

#[test]
fn the_golden_start_is_read() {
    let layout = Layout { neurons: 12, channels: 10, input_groups: 2 };
    let parameters = read_parameters(&golden("init.mat"), &layout).unwrap();
    let case = aon::data::mat::MatFile::open(&golden("../../small_A_clean.mat")).unwrap();
    for group in layout.groups() {
        let expected: Vec<f32> = case.array(&group.name()).unwrap().iter().map(|v| *v as f32).collect();
        assert_eq!(parameters[layout.range(group)], expected, "{}", group.name());
    }
}

#[test]
fn unusable_parameters_are_refused() {
    let with = |change: &dyn Fn(&mut Vec<NamedArray>)| {
        let shape = |g: Group| layout().shape(g);
        let mut arrays: Vec<NamedArray> =
            layout().groups().into_iter().map(|g| NamedArray::new(g.name(), Array2::<f32>::zeros(shape(g)))).collect();
        change(&mut arrays);
        let (_directory, path) = file("mat", &arrays);
        read_parameters(&path, &layout())
    };
    assert_eq!(with(&|_| ()).unwrap().len(), layout().len());
    refused(with(&|a| a.retain(|n| !n.name.starts_with("W_in"))), &["W_in, W_in2", "W, I_ext, taus_param"]);
    refused(with(&|a| a[1].values = Array2::<f32>::zeros((3, 4)).into()), &["W_in:", "[4×3]", "[3×4]", "transposed"]);
    refused(with(&|a| a[3].values = Array2::<f32>::zeros((2, 2)).into()), &["I_ext", "[4×1]", "[2×2]"]);
    let mut weights = Array2::<f64>::zeros((4, 4));
    weights[[2, 1]] = 1e39;
    refused(with(&|a| a[0].values = weights.clone().into()), &["W:", "finite", "row 3, column 2"]);
}

/// Public recordings, where they lie beside the project.
#[test]
fn recordings_from_the_laboratory_are_read() {
    let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/real");
    let rates = real.join("jerjian2020/Firing_Rates.mat");
    if !rates.exists() {
        println!("not tested: {} is missing", rates.display());
        return;
    }
    let conditions: Vec<String> = (1..=6).map(|c| format!("FR{c}")).collect();
    let read = |normalization| read_file(&rates, &conditions, normalization);
    refused(read(Normalization::None), &["0…1", "a maximum of 204", "`normalize = "]);
    let recording = read(Normalization::Soft).unwrap();
    let bins: Vec<usize> = recording.conditions.iter().map(|c| c.rates.ncols()).collect();
    assert_eq!(bins, [75, 75, 75, 75, 44, 44]);
    assert!(recording.conditions.iter().all(|c| c.rates.iter().all(|r| (0.0..1.0).contains(r))));

    let count = |file: &str, name, n| read_mask(&real.join(file), name, n).unwrap().into_iter().filter(|m| *m).count();
    assert_eq!(count("jerjian2020/Mirror.mat", "mirror", 304), 169);
    assert_eq!(count("jerjian2020/InhibitoryMask.mat", "inhibitory", 304), 63);
    assert_eq!(count("aon/Mirror.mat", "mirror", 355), 160);
    assert_eq!(count("aon/InhibitoryMask.mat", "inhibitory", 355), 74);
}
