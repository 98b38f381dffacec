//! What is planted is found, and what is concluded is what is there.

mod tuning_support;

use aon::data::recording::Agent;
use aon::synthetic::recording::{CellClass, Contexts, RecordingSynthesis, Shares};
use aon::tuning::{Class, TuningSettings, Verdict};
use tuning_support::{brief, recordings, sessions, study};

fn synthesis(seed: u64, shares: Shares) -> RecordingSynthesis {
    RecordingSynthesis { contexts: Contexts::Two, shares, neurons: 200, ..RecordingSynthesis::stationary(seed) }
}

/// The share of executing cells that are tuned to an executed behaviour at p < 0.01, of an effect, a number of bouts and an event
/// rate.
fn power(effect: f64, bouts: usize, event_rate: f64) -> f64 {
    let shares = Shares { execution: 0.5, ..Shares::default() };
    let made = sessions(&RecordingSynthesis { effect, bouts, event_rate, ..synthesis(3, shares) });
    let found = study(&made, &brief());
    let tests = &found.sessions[0].examined.tests;
    let truth: Vec<_> = made.truth_of(0).collect();
    let (mut tuned, mut planted) = (0, 0);
    for (i, cell) in truth.iter().enumerate().filter(|(_, c)| c.class == CellClass::Execution) {
        let behaviour = cell.executed.iter().position(|e| *e != 0.0).unwrap();
        let t = tests.of(Agent::Own, &made.settings.behaviours[behaviour]).unwrap();
        planted += 1;
        tuned += usize::from(t.p[i] < 0.01);
    }
    tuned as f64 / planted as f64
}

#[test]
fn power_rises_with_the_effect_with_bouts_and_with_the_event_rate() {
    let by_effect: Vec<f64> = [0.25, 0.5, 1.0, 3.0].map(|effect| power(effect, 40, 0.3)).to_vec();
    let by_bouts: Vec<f64> = [10, 20, 80].map(|bouts| power(1.0, bouts, 0.3)).to_vec();
    let by_rate: Vec<f64> = [0.03, 0.1, 0.3, 1.0].map(|rate| power(1.0, 40, rate)).to_vec();
    println!("power by effect {by_effect:.2?}, by bouts {by_bouts:.2?}, by event rate {by_rate:.2?}");
    assert!(by_effect.is_sorted() && by_effect[0] < 0.5 && by_effect[3] > 0.9, "{by_effect:?}");
    assert!(by_bouts.is_sorted() && by_bouts[2] > by_bouts[0] + 0.2, "{by_bouts:?}");
    assert!(by_rate.is_sorted() && by_rate[3] > by_rate[0] + 0.3, "{by_rate:?}");
}

/// Mirror cells whose observed response is the executed one, and half of it.
#[test]
fn mirror_cells_are_found_and_others_are_not() {
    let shares = Shares { execution: 0.3, observation: 0.1, mirror: 0.2, ..Shares::default() };
    for (ratio, least) in [(1.0, 0.6), (0.5, 0.2)] {
        let made = sessions(&RecordingSynthesis { observed_ratio: ratio, effect: 3.0, ..synthesis(5, shares) });
        let found = study(&made, &TuningSettings::default());
        let is = |class: CellClass, found_as: Class| {
            let of_class = made.truth_of(0).zip(&found.classes[0].class).filter(|(cell, _)| cell.class == class);
            let (all, hit) = of_class.fold((0_u32, 0), |(all, hit), (_, c)| (all + 1, hit + u32::from(*c == found_as)));
            f64::from(hit) / f64::from(all)
        };
        let mirror = is(CellClass::Mirror, Class::Mirror);
        let wrong = is(CellClass::Execution, Class::Mirror).max(is(CellClass::Untuned, Class::Mirror));
        println!("observed × {ratio}: {mirror:.2} of mirror cells found, {wrong:.2} of others called so");
        assert!(mirror >= least && wrong <= 0.05, "{ratio}: {mirror} and {wrong}");
    }
}

/// Three recordings whose right verdicts are found, absent and inconclusive.
#[test]
fn verdicts_are_what_recordings_allow() {
    let with = |effect: f64, bouts: usize, shares: Shares| RecordingSynthesis { effect, bouts, ..synthesis(7, shares) };
    let executing = Shares { execution: 0.6, ..Shares::default() };
    let mirroring = Shares { execution: 0.3, mirror: 0.15, ..Shares::default() };
    for (settings, verdict) in [
        (with(3.0, 60, mirroring), Verdict::Found),
        (with(5.0, 90, executing), Verdict::Absent),
        (with(0.8, 12, executing), Verdict::Inconclusive),
    ] {
        let found = study(&sessions(&settings), &TuningSettings::default()).judgement;
        println!("{}", found.sentence);
        assert_eq!(found.verdict, verdict, "{found:?}");
    }
}

/// The bound of the prevalence among neurons tuned to execution covers the planted one.
#[test]
fn the_bound_covers_the_planted_prevalence() {
    let (mut covered, count) = (0, recordings(10));
    for seed in 0..count {
        let shares = Shares { execution: 0.35, mirror: 0.15, ..Shares::default() };
        let made = sessions(&RecordingSynthesis { observed_ratio: 0.5, ..synthesis(40 + seed, shares) });
        let found = study(&made, &brief());
        let probed = &found.sessions[0].examined.probes;
        let truth: Vec<_> = made.truth_of(0).collect();
        let mirrors = probed.iter().filter(|p| truth[p.neuron].class == CellClass::Mirror).count();
        let bound = found.judgement.together.bounds.iter().find(|b| b.scale == 0.5).unwrap().upper;
        covered += u64::from(bound >= mirrors as f64 / probed.len() as f64);
    }
    println!("covered in {covered} of {count}");
    // 95 %, less four standard errors of so few.
    assert!(covered as f64 >= 0.95 * count as f64 - 4.0 * (0.0475 * count as f64).sqrt(), "{covered} of {count}");
}
