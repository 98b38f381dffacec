//! What the files of a run say of themselves.
#![allow(missing_docs)]

use aon::dims::Dims;
use aon::engine::{Adam, LossKind, Problem, TimeConstants};
use aon::network::{Area, Constraint, Dale, Layout, Population, SignConstraint};
use aon::train::*;

fn problem(sign: SignConstraint) -> Problem {
    let areas = vec![Area { name: "A".into(), size: 3 }, Area { name: "B".into(), size: 1 }];
    let dims = Dims {
        networks: 1,
        neurons: 4,
        conditions: 2,
        time_steps: 2,
        thermal: 0,
        steps_per_bin: 1,
        bins: 2,
        channels: 3,
        sequences: 1,
        input_groups: 2,
    };
    Problem {
        dims,
        population: Population::new(areas, vec![false, true, false, true], None).unwrap(),
        constraint: Constraint { dale: Dale::Presynaptic, sign },
        time_constants: TimeConstants::default(),
        loss: LossKind::L2,
        adam: Adam::default(),
        input_group: vec![0, 1],
        sequence: vec![0, 0],
        bins: vec![2, 2],
        stimulus: vec![0.0; 6],
        targets: vec![0.0; 16],
        initial_x: vec![0.0; 8],
        initial_r: vec![0.0; 8],
        recurrent: true,
    }
}

#[test]
fn weights_come_back_exactly_under_every_constraint() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("best.safetensors");
    for sign in [SignConstraint::Softplus, SignConstraint::Reflect, SignConstraint::Clamp] {
        let problem = problem(sign);
        let layout = Layout::new(&problem.dims);
        let parameters: Vec<f32> = (0..layout.len()).map(|i| 0.3 - i as f32 / 7.0).collect();
        let note = WeightsNote { updates: 5, loss: Some(1.0 / 3.0) };
        let stamp = Stamp { run: "this".into(), divisors: Some(vec![1.0, 2.5, 3.0, 4.0]) };
        write_weights(&path, "best", &problem, &parameters, note, &stamp).unwrap();
        let file = WeightsFile::read(&path).unwrap();
        assert_eq!((file.note(), file.divisors()), (note, stamp.divisors.as_deref()));
        assert_eq!(file.reading(), Some(&Reading::of(&problem)));
        file.check_origin("best", "this").unwrap();
        assert!(file.check_origin("last", "this").unwrap_err().to_string().contains("best.safetensors"));
        assert!(file.check_origin("best", "that").unwrap_err().to_string().contains("another run"));
        // Plain W, not V, is what other programs find under "W".
        assert_eq!(file.weights().unwrap(), problem.constraint.weights(&problem.population, &parameters[..16]));
        assert_eq!(file.parameters(&layout, &problem.constraint).unwrap(), parameters);

        let mut bad = parameters.clone();
        bad[20] = f32::NAN;
        write_weights(&path, "best", &problem, &bad, note, &stamp).unwrap();
        let error = WeightsFile::read(&path).unwrap().parameters(&layout, &problem.constraint).unwrap_err();
        assert!(error.to_string().contains("finite"), "{error}");
    }
}

#[test]
fn no_flipped_bit_of_weights_is_taken() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("best.safetensors");
    let problem = problem(SignConstraint::Softplus);
    let parameters = vec![0.25; Layout::new(&problem.dims).len()];
    let note = WeightsNote { updates: 5, loss: Some(0.5) };
    write_weights(&path, "best", &problem, &parameters, note, &Stamp::default()).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        std::fs::write(&path, &bytes).unwrap();
        assert!(WeightsFile::read(&path).is_err(), "bit {} of byte {at}", at % 8);
    }
}

#[test]
fn readings_differ_by_what_makes_another_network_of_the_same_numbers() {
    let then = Reading::of(&problem(SignConstraint::Softplus));
    let of = |change: &dyn Fn(&mut Problem)| {
        let mut now = problem(SignConstraint::Softplus);
        change(&mut now);
        then.difference(&Reading::of(&now)).map(|(then, now)| format!("{then}; {now}"))
    };
    let areas = |sizes: [usize; 2]| {
        let area = |(name, size): (&str, usize)| Area { name: name.into(), size };
        ["C", "D"].into_iter().zip(sizes).map(area).collect::<Vec<_>>()
    };
    let types = vec![false, true, false, true];
    assert_eq!(of(&|_| ()), None);
    assert_eq!(of(&|p| p.constraint.sign = SignConstraint::Reflect), None);
    assert_eq!(of(&|p| p.population = Population::new(areas([3, 1]), types.clone(), None).unwrap()), None);
    let moved = of(&|p| p.population = Population::new(areas([2, 2]), types.clone(), None).unwrap());
    assert_eq!(moved.unwrap(), "areas of 3, 1 neurons; areas of 2, 2 neurons");
    let turned = of(&|p| p.population = Population::new(areas([3, 1]), vec![true; 4], None).unwrap());
    assert!(turned.unwrap().contains("rows 1, 3"));
    assert!(of(&|p| p.time_constants.max = 50.0).unwrap().contains("1 to 50 steps"));
    assert!(of(&|p| p.constraint.dale = Dale::None).unwrap().contains("dale = none"));
}
