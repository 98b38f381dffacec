//! Responses per epoch, and the criterion of the macaque work on them.
#![allow(missing_docs)]

mod rates_support;

use aon::analysis::statistics::{MixedAnova, against_baseline};
use aon::data::recording::{Activity, Agent, Session};
use aon::tuning::{EpochDefinition, EpochResponse as Is, EpochSettings, anova_csv, epoch_criterion, responses};
use rates_support::{Numbers, bout, framed, frames, go_no_go, neuron, reference, session, trial};

fn epoch(name: &str, event: Option<&str>, window_ms: [f64; 2]) -> EpochDefinition {
    EpochDefinition { name: name.into(), event: event.map(Into::into), window_ms }
}

#[test]
fn responses_are_those_of_pynapple() {
    let r = reference();
    let onset = |(agent, object, t): &(usize, String, f64)| {
        trial(Agent::ALL[*agent], None, Some(object), &[("Movement_Onset", *t)])
    };
    let neurons = (0..r.spikes.len()).map(|i| neuron(&i.to_string(), "F5")).collect();
    let trials = r.trials.iter().map(onset).collect();
    let recorded = session("1", neurons, Activity::Spikes { times: r.spikes, span: r.span }, trials, Vec::new());
    let epochs = vec![epoch("baseline", None, r.epochs.baseline_ms), epoch("movement", None, r.epochs.movement_ms)];
    let settings = EpochSettings { epochs, ..EpochSettings::default() };
    let (found, _) = responses(&recorded, &framed(&recorded), &settings).unwrap();
    assert_eq!(found.len(), 2);
    for (k, own) in found.iter().enumerate() {
        let expected = &r.epochs.spikes[&k.to_string()];
        assert_eq!(own.values.dim(), (expected[0].len(), expected[0][0].len(), 2));
        for ((i, trial, epoch), value) in own.values.indexed_iter() {
            assert!((value - expected[epoch][i][trial]).abs() < 1e-9, "neuron {i}, trial {trial}, epoch {epoch}");
        }
        let objects = r.trials.iter().filter(|(agent, ..)| *agent == k).map(|(_, object, _)| object.as_str());
        let kinds: Vec<&str> = own.kind_of.iter().map(|kind| own.kinds[*kind].as_str()).collect();
        assert_eq!(kinds, objects.collect::<Vec<_>>());
    }
}

#[test]
fn frames_are_averaged_in_bouts_and_their_baselines() {
    let times: Vec<f64> = (0..1000).map(|f| f64::from(f) * 0.1).collect();
    let values: Vec<f32> = (0..1000).map(|f| f as f32).collect();
    let mut lost = values.clone();
    lost[205] = f32::NAN;
    let mut bouts: Vec<_> =
        (1..9).map(|k| bout(Agent::Own, "eating", 10.0 * f64::from(k), 10.0 * f64::from(k) + 2.0)).collect();
    // Its baseline is in the bout before.
    bouts.insert(1, bout(Agent::Own, "eating", 12.5, 13.0));
    bouts.push(bout(Agent::Other, "eating", 50.0, 51.0));
    let recorded =
        session("1", vec![neuron("a", "M2"), neuron("b", "M2")], frames(&[values, lost], times), Vec::new(), bouts);
    let (found, told) = responses(&recorded, &framed(&recorded), &EpochSettings::default()).unwrap();
    assert_eq!((found.len(), found[0].agent, found[0].values.dim()), (1, Agent::Own, (2, 8, 2)));
    // Frames 90 … 99, and 100 … 119.
    assert_eq!((found[0].values[[0, 0, 0]], found[0].values[[0, 0, 1]]), (94.5, 109.5));
    assert!(found[0].values[[1, 1, 1]].is_nan() && found[0].values[[1, 1, 0]] == 194.5);
    assert!(told[0].contains("1 of 9 bouts") && told[1].contains("`eating` is left out of epochs, with 1 trials of 5"));
    let criterion = epoch_criterion(&recorded, &framed(&recorded), &EpochSettings::default()).unwrap();
    assert_eq!(criterion.agents[0].neurons.iter().map(|n| n.trials).collect::<Vec<_>>(), [8, 7]);
}

/// Units of given rates in baseline, preparation and movement, of both agents.
fn planted(rates: &[[f64; 3]]) -> Session {
    let mut numbers = Numbers(11);
    let mut trials = Vec::new();
    for k in 0..60 {
        let at = 5.0 + 5.0 * f64::from(k);
        let object = ["cup", "ring", "plate"][k as usize % 3];
        let agent = if k % 2 == 0 { Agent::Own } else { Agent::Other };
        trials.push(trial(agent, Some(true), Some(object), &[("cue", at - 2.0), ("movement onset", at)]));
    }
    let unit = |rates: &[f64; 3]| {
        let mut spikes = numbers.spikes(rates[0], 0.0, 2.5);
        for k in 0..60 {
            let at = 5.0 + 5.0 * f64::from(k);
            for (rate, from, to) in
                [(rates[0], -2.5, -0.5), (rates[1], -0.5, 0.0), (rates[2], 0.0, 0.5), (rates[0], 0.5, 2.5)]
            {
                spikes.extend(numbers.spikes(rate, at + from, at + to));
            }
        }
        spikes
    };
    let times: Vec<Vec<f64>> = rates.iter().map(unit).collect();
    let neurons = (0..rates.len()).map(|i| neuron(&format!("u{i}"), "F5")).collect();
    session("1", neurons, Activity::Spikes { times, span: (0.0, 310.0) }, trials, Vec::new())
}

#[test]
fn responses_that_were_planted_are_found_with_their_signs() {
    let mut recorded = planted(&[[10.0, 10.0, 40.0], [30.0, 10.0, 8.0], [15.0; 3], [1e-9; 3]]);
    let settings = EpochSettings::default();
    let found = epoch_criterion(&recorded, &framed(&recorded), &settings).unwrap();
    for tests in &found.agents {
        let all: Vec<Is> = tests.neurons.iter().map(|n| n.response).collect();
        assert_eq!(all, [Is::Facilitated, Is::Suppressed, Is::None, Is::Untestable]);
        assert_eq!(
            (tests.epochs.as_slice(), tests.objects.len()),
            (&["baseline", "preparation", "movement"].map(String::from)[..], 3)
        );
    }
    assert_eq!(found.in_both(), [true, true, false, false]);
    // The numbers are those of the statistics on the responses.
    let (matrices, _) = responses(&recorded, &framed(&recorded), &settings).unwrap();
    let own = &matrices[0];
    let rows: Vec<Vec<f64>> = (0..30).map(|t| (0..3).map(|e| own.values[[1, t, e]]).collect()).collect();
    let neuron = &found.agents[0].neurons[1];
    assert_eq!(neuron.anova, MixedAnova::of(&rows, &own.kind_of));
    let p = against_baseline(&rows, 0)[2].p;
    assert!(neuron.against[2].p == p && neuron.corrected[2] == (2.0 * p).min(1.0) && neuron.corrected[0].is_nan());
    let table = anova_csv(std::slice::from_ref(&found));
    assert_eq!(table.lines().count(), 1 + 4 * 2 * 2);
    let columns = table.lines().next().unwrap().split(',').count();
    assert!(table.lines().all(|line| line.split(',').count() == columns), "{table}");
    assert!(table.lines().nth(4).unwrap().starts_with("A,1,u1,F5,self,30,3,suppressed,"), "{table}");
    // One agent alone is in no pair.
    recorded.trials.retain(|t| t.agent == Agent::Own);
    let alone = epoch_criterion(&recorded, &framed(&recorded), &settings).unwrap();
    assert!(alone.agents.len() == 1 && alone.in_both().iter().all(|both| !both));
}

/// Of neurons without any response, about as many are found as the level says, or fewer: both steps have to be passed.
#[test]
fn the_criterion_keeps_its_level() {
    let recorded = planted(&[[12.0; 3]; 400]);
    let settings = EpochSettings { level: 0.05, ..EpochSettings::default() };
    let found = epoch_criterion(&recorded, &framed(&recorded), &settings).unwrap();
    for tests in &found.agents {
        let share = tests.neurons.iter().filter(|n| n.response.is_response()).count() as f64 / 400.0;
        // Four standard errors above 0.05.
        assert!(share < 0.095, "{share}");
    }
}

#[test]
fn what_has_no_epochs_is_said() {
    // The first event is the onset itself: the preparation is the baseline.
    let mut recorded = go_no_go("1", 6, 3, 1);
    recorded.trials.iter_mut().for_each(|t| t.events.retain(|name, _| name == "movement onset"));
    let (found, told) = responses(&recorded, &framed(&recorded), &EpochSettings::default()).unwrap();
    assert_eq!(found[0].epochs, ["baseline", "movement"]);
    assert!(told.iter().any(|t| t.contains("`preparation` is left out: it overlaps")), "{told:?}");
    // No-Go trials have no movement, and are not among them.
    assert_eq!(found[1].values.dim(), (3, 12, 2));
    let epochs = vec![epoch("baseline", Some("cue"), [0.0, 1.0]), epoch("b", None, [0.0, 1.0])];
    let named = EpochSettings { epochs, ..EpochSettings::default() };
    let (found, told) = responses(&recorded, &framed(&recorded), &named).unwrap();
    assert!(
        found.is_empty() && told.iter().any(|t| t.contains("12 of 12 trials") && t.contains("movement onset")),
        "{told:?}"
    );
    let asked = EpochSettings { align: Some("grasp".into()), ..EpochSettings::default() };
    let (found, told) = responses(&recorded, &framed(&recorded), &asked).unwrap();
    assert!(found.is_empty() && told[0].contains("`grasp`"));
    assert!(anova_csv(&[epoch_criterion(&recorded, &framed(&recorded), &asked).unwrap()]).lines().count() == 1);
    let bad = EpochSettings { level: 2.0, ..EpochSettings::default() };
    assert_eq!(responses(&recorded, &framed(&recorded), &bad).unwrap_err().exit_code(), 2);
}
