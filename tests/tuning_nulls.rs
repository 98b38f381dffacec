//! Neurons that are tuned to nothing are found to be tuned as often as the level says, and no more. `AON_RECORDINGS` says how
//! many recordings of each kind are made.

mod tuning_support;

use aon::analysis::statistics::{clopper_pearson, ks_uniform, mean, overlap};
use aon::data::recording::{Agent, Framed, Session};
use aon::rng::{Draws, Rng, Stream};
use aon::synthetic::recording::{Contexts, Kind, RecordingSynthesis, Shares};
use aon::tuning::{Axis, Class, Null, SessionInput, SessionTests, TuningSettings, Verdict, examine};
use std::sync::atomic::AtomicBool;
use tuning_support::{brief, recordings, sessions, studied, study};

/// The tests of one session alone.
fn tested(session: &Session, settings: &TuningSettings, key: u64) -> SessionTests {
    let framed = Framed::new(session, 0.05).unwrap();
    let axis = Axis::new(session, &framed).unwrap();
    let (activity, bouts) = (&framed.activity, &session.bouts[..]);
    let input = SessionInput { activity, axis: &axis, bouts, others: &[], key, sessions: 1 };
    examine(&input, settings, &AtomicBool::new(false)).unwrap().tests
}

/// All p values.
fn p_values<'a>(tests: impl Iterator<Item = &'a SessionTests>) -> Vec<f64> {
    tests.flat_map(|t| &t.behaviours).flat_map(|t| t.p.iter().copied()).filter(|p| !p.is_nan()).collect()
}

/// The share below 0.01, with its interval as if all were independent.
fn share(p: &[f64]) -> (f64, String) {
    let below = p.iter().filter(|p| **p < 0.01).count();
    let interval = clopper_pearson(below, p.len(), 0.95);
    (interval.mean, format!("{:.4} ({:.4}–{:.4}) of {}", interval.mean, interval.low, interval.high, p.len()))
}

/// The share of p < 0.01 over recordings of a kind.
fn below(of: impl Fn(u64) -> RecordingSynthesis, settings: &TuningSettings, count: u64) -> f64 {
    let tests: Vec<_> = (0..count).map(|seed| tested(&sessions(&of(seed)).sessions[0], settings, seed)).collect();
    let (share, said) = share(&p_values(tests.iter()));
    println!("{said}");
    share
}

type Scenario = fn(u64) -> RecordingSynthesis;

/// 400 neurons, two behaviours, two agents, and recordings enough for more than 5000 tests.
#[test]
fn untuned_neurons_are_tuned_as_often_as_the_level_says() {
    let scenarios: [(&str, Scenario); 5] = [
        ("stationary", RecordingSynthesis::stationary),
        ("bleaching", RecordingSynthesis::bleaching),
        ("run-down", RecordingSynthesis::rundown),
        ("joined", RecordingSynthesis::joined),
        ("bursts", RecordingSynthesis::bursts),
    ];
    for (name, of) in scenarios {
        print!("{name}: ");
        let plain = below(of, &brief(), recordings(4));
        assert!((0.006..=0.015).contains(&plain), "{name}: {plain}");
    }
    print!("stationary spikes: ");
    let spikes = below(|seed| RecordingSynthesis::stationary(seed).recorded_as(Kind::Spikes), &brief(), 4);
    assert!((0.006..=0.015).contains(&spikes), "{spikes}");
}

/// Arousal that drives activity and behaviour alike is tuning to what makes no difference to a shift within windows; what is left,
/// given the pupil with lags and squares, is within 0.02.
#[test]
fn arousal_is_taken_for_tuning_unless_it_is_given() {
    let of = |seed| studied(&sessions(&RecordingSynthesis::arousal(seed)).sessions[0], &brief(), seed);
    let studies: Vec<_> = (0..recordings(5)).map(of).collect();
    let (plain, plainly) = share(&p_values(studies.iter().map(|s| &s.examined.tests)));
    let (given, given_pupil) = share(&p_values(studies.iter().map(|s| &s.residual.as_ref().unwrap().tests)));
    println!("{plainly}; given the pupil {given_pupil}");
    assert!(plain > 0.03 && given <= 0.02, "{plain} and {given}");
}

/// Drift is what one shift over everything mistakes for tuning.
#[test]
fn one_circle_is_deceived_by_drift() {
    let circular = TuningSettings { null: Null::Circular, ..brief() };
    let drift = below(RecordingSynthesis::bleaching, &circular, recordings(4));
    let stationary = below(RecordingSynthesis::stationary, &circular, recordings(4));
    assert!(drift > 0.03 && stationary <= 0.02, "{drift} and {stationary}");
}

#[test]
fn the_other_null_distributions_hold_as_well() {
    for (null, limits) in [(Null::Linear, 0.0..=0.012), (Null::Trials, 0.005..=0.015)] {
        print!("{null:?}: ");
        let settings = TuningSettings { null, least_bouts: 8, ..brief() };
        let plain = below(RecordingSynthesis::stationary, &settings, recordings(4));
        assert!(limits.contains(&plain), "{null:?}: {plain}");
    }
}

/// Neurons that are all tuned to execution, and none to observation: no mirror neurons.
#[test]
fn neurons_tuned_to_execution_alone_are_no_mirror_neurons() {
    let count = recordings(6);
    let (mut p, mut labelled, mut judged, mut overlap) = (Vec::new(), 0, 0, Vec::new());
    for seed in 0..count {
        let found = study(&sessions(&RecordingSynthesis::all_executing(seed)), &TuningSettings::default());
        p.extend(found.classes.iter().flat_map(|c| c.mirror.iter().flat_map(|m| m.p.clone())));
        labelled += u64::from(found.of_class(Class::Mirror) > 0);
        judged += u64::from(found.judgement.verdict == Verdict::Found);
        overlap.push(found.overlap.mid_p);
    }
    let (below, said) = share(&p);
    println!("{said}; labelled in {labelled}, judged found in {judged} of {count}; overlap mid p {overlap:.2?}");
    assert!(below <= 0.015, "{said}");
    // 8 % of recordings, and what four standard errors of a share of so few make of it.
    let most = |share: f64| share * count as f64 + 4.0 * (count as f64 * share * (1.0 - share)).sqrt();
    assert!((labelled as f64) <= most(0.08), "{labelled} of {count}");
    // The verdict's own level.
    assert!((judged as f64) <= most(0.05), "{judged} of {count}");
}

/// The number of tuned neurons has p values that are uniform although neurons share bursts, which tests of counts that take
/// neurons as independent would not have. Numbers are whole: of draws with the same number a share is counted that is drawn,
/// so that p would be uniform, and not larger.
#[test]
fn counts_of_tuned_neurons_have_a_null_distribution_of_their_own() {
    let (mut spread, mut small, mut all) = (Vec::new(), 0, 0);
    for seed in 100..100 + recordings(16) {
        let found = tested(&sessions(&RecordingSynthesis::bursts(seed)).sessions[0], &brief(), seed);
        small += found.behaviours.iter().filter(|t| t.count.p() < 0.05).count();
        all += found.behaviours.len();
        // All behaviours are shifted alike, so that their sum is a number with a null distribution, too: one for a recording.
        let count = found.behaviours.iter().map(|t| t.count.clone()).reduce(|a, b| a.and(&b)).unwrap();
        let above = count.null.iter().filter(|n| **n > count.observed).count() as f64;
        let equal = count.null.iter().filter(|n| **n == count.observed).count() as f64;
        let share = Draws::new(Rng::new(seed, 0, Stream::Labels)).uniform();
        spread.push((above + share * (equal + 1.0)) / (count.null.len() as f64 + 1.0));
    }
    let uniform = ks_uniform(&spread);
    println!(
        "{small} of {all} p < 0.05; of sums, without ties, mean {:.3}, Kolmogorov–Smirnov p {uniform:.3}",
        mean(&spread)
    );
    assert!(uniform > 0.001, "{spread:.3?}");
    // Behaviours of one recording share its bursts: a standard error as if of half as many.
    let share = small as f64 / all as f64;
    assert!(share <= 0.05 + 4.0 * (0.0475 / (all as f64 / 2.0)).sqrt(), "{small} of {all}");
}

/// A recording of one behaviour to which 40 % of the neurons are tuned executed, and 40 % observed, independently. All are tuned by
/// the same factor: whoever is more active is found more easily.
fn independent(seed: u64) -> RecordingSynthesis {
    const NEURONS: usize = 200;
    const TUNED: usize = 80;
    let mut order: Vec<usize> = (0..NEURONS).collect();
    Draws::new(Rng::new(seed, 0, Stream::Subsets)).shuffle(&mut order);
    let both = order[..TUNED].iter().filter(|i| **i < TUNED).count();
    let share = |count: usize| count as f64 / NEURONS as f64;
    let shares = Shares {
        execution: share(TUNED - both),
        observation: share(TUNED - both),
        mirror: share(both),
        ..Shares::default()
    };
    RecordingSynthesis {
        neurons: NEURONS,
        behaviours: vec!["grasping".into()],
        contexts: Contexts::Two,
        effect: 1.0,
        event_rate_spread: 1.2,
        shares,
        ..RecordingSynthesis::stationary(seed)
    }
}

/// Of active neurons more are found to be tuned to anything. Among neurons of like activity executed and observed labels meet as
/// often as chance says; among all neurons they meet more often.
#[test]
fn overlap_is_not_found_where_it_is_only_activity() {
    let (mut within, mut plain) = (Vec::new(), Vec::new());
    for seed in 0..recordings(12) {
        let found = study(&sessions(&independent(seed)), &brief());
        let tests = &found.sessions[0].examined.tests;
        let tuned = |agent| tests.of(agent, "grasping").unwrap().p.iter().map(|p| *p < 0.01).collect::<Vec<_>>();
        // Of the number that was found a share is counted that is drawn, so that p would be uniform.
        let share = Draws::new(Rng::new(seed, 0, Stream::Labels)).uniform();
        within.push(found.overlap.p - share * 2.0 * (found.overlap.p - found.overlap.mid_p));
        plain.push(overlap(&tuned(Agent::Own), &tuned(Agent::Other), &vec![0; tests.testable.len()]).mid_p);
    }
    let below = |p: &[f64]| p.iter().filter(|p| **p < 0.05).count();
    let (fine, coarse, all) = (below(&within), below(&plain), within.len());
    let uniform = ks_uniform(&within);
    println!(
        "overlap p < 0.05 in {fine} of {all} within strata, in {coarse} of all neurons; mean {:.3}, Kolmogorov–Smirnov p {uniform:.3}",
        mean(&within)
    );
    assert!(uniform > 0.001, "{within:.3?}");
    assert!(mean(&plain) < 0.35, "{plain:.3?}");
}
