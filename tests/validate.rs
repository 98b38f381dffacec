//! The validation of the perturbation method: its teachers, its calibration, and the command.
#![allow(missing_docs)]

mod cli_support;

use aon::analysis::statistics::ks_uniform;
use aon::engine::cpu::CpuEngine;
use aon::engine::{BatchState, Engine, NetworkSettings, Problem};
use aon::error::Result;
use aon::perturb::validate::{Kind, Observed, Teacher, examine, null_lesions};
use aon::perturb::{ControlSettings, default_lesions};
use cli_support::aon;
use predicates::str::contains;

fn open(problem: &Problem, settings: &[NetworkSettings], state: &BatchState) -> Result<Box<dyn Engine>> {
    Ok(Box::new(CpuEngine::<f32>::new(problem.clone(), settings.to_vec(), state, 0)?))
}

fn controls(count: usize) -> ControlSettings {
    ControlSettings { count, subsets: 10, matched: false, seed: 0 }
}

/// In a teacher, the planted class does far more harm than like cells do: it stops a wave.
#[test]
fn a_planted_class_carries_its_teacher() {
    for number in 0..3 {
        let teacher = Teacher::new(Kind::Planted, 96, 0, number, &open).unwrap();
        let lesions = default_lesions(&teacher.subject);
        let planted: Vec<usize> = (0..12).filter(|k| lesions[*k].neurons == teacher.generator).collect();
        assert_eq!(planted.len(), 1, "teacher {number}");
        let lesion = std::slice::from_ref(&lesions[planted[0]]);
        let effects = examine(&teacher.subject, lesion, &controls(40), 16, &open).unwrap();
        let (value, compared) = (effects[1].value, effects[1].comparison.unwrap());
        // Measured: below −2.5, and −0.03 at most.
        assert!(value < -1.0 && compared.mean > -0.1, "teacher {number}: {value} beside {}", compared.mean);
        // Each cell of the ring does more harm than any other: of 184756 labellings one, and p is a draw of 19999.
        assert!(compared.superiority > 0.95 && compared.p < 0.001, "teacher {number}: {compared:?}");
        let rate =
            |cells: &[usize]| cells.iter().map(|i| teacher.subject.mean_rate[*i]).sum::<f32>() / cells.len() as f32;
        let others: Vec<usize> = (0..96).filter(|i| !teacher.generator.contains(i)).collect();
        assert!((rate(&teacher.generator) - rate(&others)).abs() < 0.1, "teacher {number}");
    }
}

/// In a null teacher as many neurons do the same, and their labels are not theirs.
#[test]
fn a_null_teacher_has_no_class_that_carries_it() {
    for number in 0..3 {
        let teacher = Teacher::new(Kind::Null, 96, 0, number, &open).unwrap();
        let mirror = teacher.subject.problem.population.mirror().unwrap();
        let count = teacher.generator.iter().filter(|i| mirror[**i]).count();
        assert!(
            teacher.generator.len() == 10 && (1..10).contains(&count),
            "{count} of the generator are mirror neurons"
        );
    }
}

#[test]
fn a_recording_of_half_a_teacher_holds_half_of_each_class() {
    let teacher = Teacher::new(Kind::Planted, 192, 0, 0, &open).unwrap();
    let observed = teacher.observed(Observed::Half);
    assert_eq!(observed.len(), 96);
    for lesion in default_lesions(&teacher.subject) {
        let share = lesion.neurons.iter().filter(|i| observed.contains(i)).count();
        assert_eq!(2 * share, lesion.neurons.len(), "{}", lesion.name);
    }
}

/// Two hundred lesions that mean nothing: their p values must be uniform.
#[test]
fn p_values_of_lesions_that_mean_nothing_are_uniform() {
    let null: Vec<f64> = (0..40).flat_map(|k| null_lesions(k, 96, 0, 32, &open).unwrap()).collect();
    assert_eq!(null.len(), 200);
    let p = ks_uniform(&null);
    assert!(p > 0.01, "Kolmogorov–Smirnov p = {p}");
    // Of 200 at most 20 with a probability of 0.998.
    let small = null.iter().filter(|p| **p < 0.05).count();
    assert!(small <= 20, "{small} of 200 below 0.05");
}

#[test]
fn the_command_writes_its_tables_and_goes_on_from_them() {
    let parent = tempfile::tempdir().unwrap();
    let out = parent.path().join("out");
    let validate = |teachers: &str, seed: &str| {
        let mut command = aon();
        command.args(["validate", "--neurons", "48", "--steps", "10", "--controls", "20", "--calibration", "1"]);
        command.args(["--observed", "all", "--teachers", teachers, "--seed", seed, "--output-dir"]).arg(&out);
        command
    };
    let table = || std::fs::read_to_string(out.join("validate.csv")).unwrap();
    validate("1", "0").assert().success().stdout(contains("planted, all")).stderr(contains("192"));
    let first = table();
    // A header, and twelve classes of a planted and a null teacher.
    assert_eq!(first.lines().count(), 25);
    assert_eq!(first.lines().filter(|l| l.split(',').nth(6) == Some("yes")).count(), 1);
    let summary = std::fs::read_to_string(out.join("summary.csv")).unwrap();
    assert!(summary.contains("planted all,power,") && summary.contains("calibration,ks_p,"), "{summary}");
    validate("2", "0").assert().success();
    let second = table();
    assert!(first.lines().all(|l| second.contains(l)) && second.lines().count() == 49);
    validate("1", "1").assert().code(2).stderr(contains("other settings"));
    // A number of another table is not taken, nor a table that was cut between two rows.
    let cut = second.trim_end().rsplit_once('\n').unwrap().0;
    for damaged in [second.replacen("planted", "null", 1), second.replacen("0.", "1.", 1), format!("{cut}\n")] {
        std::fs::write(out.join("validate.csv"), damaged).unwrap();
        validate("2", "0").assert().code(1).stderr(contains("validate.csv is damaged"));
    }
    // As it was before its last change: a crash between the two files leaves that.
    std::fs::write(out.join("validate.csv"), &second).unwrap();
    validate("2", "0").assert().success();
}
