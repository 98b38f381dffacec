//! Synthetic recordings: what is planted is in them, and what should mislead does.
#![allow(missing_docs)]

mod cli_support;

use aon::analysis::statistics::{mean, pearson, sd};
use aon::data::recording::{Activity, Agent, Bout, Framed, Session};
use aon::synthetic::recording::{
    Arousal, CellClass, Contexts, Kind, Movements, Nuisance, Objects, RecordingSynthesis, Scenario, Shares,
    SyntheticRecording,
};
use std::ops::Range;

fn generate(settings: &RecordingSynthesis) -> SyntheticRecording {
    SyntheticRecording::generate(settings).unwrap()
}

/// Some neurons for 20 min, or what else `change` makes of them.
fn few(change: impl FnOnce(&mut RecordingSynthesis)) -> RecordingSynthesis {
    let mut settings = RecordingSynthesis { neurons: 60, ..RecordingSynthesis::stationary(3) };
    change(&mut settings);
    settings
}

/// A tenth of the neurons of each class, spikes, and strong effects.
fn all_classes(change: impl FnOnce(&mut RecordingSynthesis)) -> RecordingSynthesis {
    few(|s| {
        *s = s.clone().recorded_as(Kind::Spikes);
        let share = 0.1;
        s.shares = Shares {
            execution: share,
            observation: share,
            mirror: share,
            opposite: share,
            elsewhere: share,
            visual: share,
        };
        s.objects = Some(Objects { lead_s: 1.5, seen_s: 1.0, alone: 20 });
        s.contexts = Contexts::Two;
        s.bouts = 30;
        change(s);
    })
}

fn framed(session: &Session) -> Framed {
    Framed::new(session, 0.05).unwrap()
}

/// The frames of bouts of one agent and behaviour.
fn during(session: &Session, framed: &Framed, agent: Agent, behaviour: &str) -> Vec<usize> {
    let bouts = session.bouts.iter().filter(|b| b.agent == agent && b.behaviour == behaviour);
    bouts.flat_map(|b| framed.between(b.start, b.stop)).collect()
}

/// Mean of each frame over all neurons.
fn population(framed: &Framed) -> Vec<f64> {
    framed
        .activity
        .columns()
        .into_iter()
        .map(|c| c.iter().map(|v| f64::from(*v)).sum::<f64>() / c.len() as f64)
        .collect()
}

fn starts(bouts: &[Bout]) -> Vec<f64> {
    bouts.iter().map(|b| b.start).collect()
}

#[test]
fn the_same_settings_give_the_same_bits_and_another_seed_others() {
    for scenario in [Scenario::Demonstration, Scenario::Arousal, Scenario::Bursts] {
        let settings = |seed| RecordingSynthesis { neurons: 20, ..RecordingSynthesis::of(scenario, seed) };
        let one = generate(&settings(7));
        assert!(one == generate(&settings(7)), "{scenario:?}");
        let other = generate(&settings(8));
        assert!(
            one.sessions[0].activity != other.sessions[0].activity && one.sessions[0].bouts != other.sessions[0].bouts
        );
    }
}

#[test]
fn a_neuron_does_not_depend_on_how_many_others_there_are() {
    let of = |neurons| generate(&few(|s| s.neurons = neurons)).sessions.remove(0);
    let (Activity::Frames { values: few, .. }, Activity::Frames { values: many, .. }) =
        (of(3).activity, of(40).activity)
    else {
        panic!("no frames")
    };
    assert_eq!(*few, many.slice(ndarray::s![..3, ..]));
}

/// Expected and found events of the cells of `class` in frames, and by how many standard deviations they differ; `effect` is
/// that of each cell there.
fn excess(
    made: &SyntheticRecording,
    framed: &Framed,
    frames: &[usize],
    class: CellClass,
    effect: impl Fn(&aon::synthetic::recording::TrueCell) -> f64,
) -> (f64, f64, f64) {
    let (mut expected, mut found) = (0.0, 0.0);
    for (i, cell) in made.truth_of(0).enumerate().filter(|(_, cell)| cell.class == class) {
        expected += cell.event_rate * (1.0 + effect(cell)) * frames.len() as f64 * 0.05;
        found += frames.iter().map(|f| f64::from(framed.activity[[i, *f]])).sum::<f64>();
    }
    (expected, found, (found - expected) / expected.sqrt().max(1.0))
}

#[test]
fn planted_effects_are_in_the_spikes() {
    let settings = all_classes(|s| {
        s.observed_ratio = 0.5;
        s.suppressed = 0.3;
        s.effect_spread = 0.3;
    });
    let made = generate(&settings);
    let (session, framed) = (&made.sessions[0], framed(&made.sessions[0]));
    let anything: std::collections::BTreeSet<usize> =
        session.bouts.iter().flat_map(|b| framed.between(b.start, b.stop)).collect();
    let nothing: Vec<usize> = (0..framed.frames()).filter(|f| !anything.contains(f)).collect();
    for class in CellClass::ALL {
        let check = |frames: &[usize], what: &str, effect: &dyn Fn(&aon::synthetic::recording::TrueCell) -> f64| {
            let (expected, found, z) = excess(&made, &framed, frames, class, effect);
            // Refractory neurons vary less than Poisson ones.
            assert!(expected > 500.0 && z.abs() < 4.0, "{class} {what}: {expected} expected, {found} found");
        };
        check(&nothing, "rest", &|_| 0.0);
        check(&during(session, &framed, Agent::Other, Objects::NAME), "object", &|cell| cell.object);
        for agent in Agent::ALL {
            for (b, behaviour) in settings.behaviours.iter().enumerate() {
                let frames = during(session, &framed, agent, behaviour);
                check(&frames, behaviour, &|cell| cell.effects(agent)[b]);
            }
        }
    }
}

#[test]
fn classes_are_what_they_are_called() {
    let made = generate(&all_classes(|s| {
        s.behaviours = ["reaching", "eating", "grooming"].map(String::from).to_vec();
        s.suppressed = 0.5;
        s.bouts = 10;
    }));
    let (mut raised, mut lowered) = (0, 0);
    for cell in &made.cells {
        let tuned = |effects: &[f64]| effects.iter().filter(|e| **e != 0.0).count();
        let counts = (tuned(&cell.executed), tuned(&cell.observed), cell.mirrored().len());
        let expected = match cell.class {
            CellClass::Execution => (1, 0, 0),
            CellClass::Observation => (0, 1, 0),
            CellClass::Mirror | CellClass::Opposite => (1, 1, 1),
            CellClass::Elsewhere => (1, 1, 0),
            CellClass::Visual | CellClass::Untuned => (0, 0, 0),
        };
        assert_eq!(counts, expected, "{cell:?}");
        assert_eq!(cell.object != 0.0, cell.class == CellClass::Visual);
        for b in cell.mirrored() {
            let (executed, observed) = (cell.executed[b], cell.observed[b]);
            assert_eq!(executed * observed > 0.0, cell.class == CellClass::Mirror, "{cell:?}");
            *if executed > 0.0 { &mut raised } else { &mut lowered } += 1;
            // Three times as many events, or a third.
            assert!([2.0, -2.0 / 3.0].contains(&executed), "{executed}");
        }
    }
    assert!(raised > 0 && lowered > 0, "{raised} {lowered}");
    let count = |class| made.cells.iter().filter(|c| c.class == class).count();
    assert_eq!(CellClass::ALL.map(count), [6, 6, 6, 6, 6, 6, 24]);
}

#[test]
fn event_rates_are_log_normal_and_the_recorded_ones() {
    for kind in [Kind::Spikes, Kind::Calcium, Kind::Deconvolved] {
        let made = generate(&few(|s| {
            *s = s.clone().recorded_as(kind);
            s.neurons = 300;
            s.noise = 0.0;
        }));
        let logs: Vec<f64> = made.cells.iter().map(|c| c.event_rate.ln()).collect();
        // Standard errors: 0.8/√300 = 0.05 and 0.03.
        assert!((mean(&logs) - kind.usual_event_rate().ln()).abs() < 0.2 && (sd(&logs) - 0.8).abs() < 0.13);
        let framed = framed(&made.sessions[0]);
        for (row, cell) in framed.activity.rows().into_iter().zip(&made.cells) {
            let mean = row.iter().map(|v| f64::from(*v)).sum::<f64>() / row.len() as f64;
            let rate = match kind {
                Kind::Spikes | Kind::Deconvolved => mean / 0.05,
                Kind::Calcium => (mean - 1.0) * (1.0 - (-0.05_f64 / 0.7).exp()) / 0.05,
            };
            // Poisson, over 1200 s; of 300 neurons none is 5 standard errors away.
            let error = (cell.event_rate / 1200.0).sqrt();
            assert!((rate - cell.event_rate).abs() < 5.0 * error, "{kind:?}: {rate} for {}", cell.event_rate);
        }
    }
}

#[test]
fn spikes_keep_their_distance_and_noise_its_size() {
    let made = generate(&few(|s| {
        *s = s.clone().recorded_as(Kind::Spikes);
        (s.event_rate, s.refractory_s, s.duration_s, s.bouts) = (60.0, 0.01, 300.0, 4);
    }));
    let Activity::Spikes { times, span } = &made.sessions[0].activity else { panic!("no spikes") };
    for train in times {
        assert!(train.windows(2).all(|pair| pair[1] - pair[0] >= 0.01 - 1e-9));
        assert!(train.iter().all(|t| (span.0..=span.1).contains(t)));
    }
    // The rate is made up for what is refractory.
    let (mut expected, mut found) = (0.0, 0.0);
    for (train, cell) in times.iter().zip(&made.cells).filter(|(_, c)| c.event_rate < 80.0) {
        expected += cell.event_rate * 300.0;
        found += train.len() as f64;
    }
    assert!((found - expected).abs() < 4.0 * expected.sqrt(), "{found} of {expected}");

    let silent = generate(&few(|s| (s.event_rate, s.event_rate_spread, s.noise) = (1e-9, 0.0, 0.5)));
    let Activity::Frames { values, .. } = &silent.sessions[0].activity else { panic!("no frames") };
    let values: Vec<f64> = values.iter().map(|v| f64::from(*v)).collect();
    assert!((mean(&values) - 1.0).abs() < 0.003 && (sd(&values) - 0.5).abs() < 0.003);
}

#[test]
fn bouts_are_as_many_and_as_long_as_asked_and_do_not_overlap() {
    for contexts in [Contexts::One, Contexts::Two] {
        let made = generate(&all_classes(|s| (s.contexts, s.bout_s) = (contexts, (0.5, 2.5))));
        let bouts = &made.sessions[0].bouts;
        for agent in Agent::ALL {
            for behaviour in ["grasping", "grooming"] {
                let of: Vec<&Bout> = bouts.iter().filter(|b| b.agent == agent && b.behaviour == behaviour).collect();
                assert_eq!(of.len(), 30);
                assert!(of.iter().all(|b| (0.499..2.501).contains(&(b.stop - b.start))));
                assert!(of.iter().all(|b| b.object.is_some() == (behaviour == "grasping")));
            }
        }
        let shown: Vec<&Bout> = bouts.iter().filter(|b| b.behaviour == Objects::NAME).collect();
        assert_eq!(shown.len(), 30 + 20);
        assert!(shown.iter().all(|b| b.agent == Agent::Other && (b.stop - b.start - 1.0).abs() < 0.002));
        assert!(bouts.windows(2).all(|pair| pair[0].stop < pair[1].start), "{bouts:?}");
        assert!(bouts[0].start >= 0.0 && bouts[bouts.len() - 1].stop <= 1200.0);
        // Every grasp that is seen follows an object.
        for pair in bouts.windows(2).filter(|p| p[1].agent == Agent::Other && p[1].behaviour == "grasping") {
            assert!(pair[0].behaviour == Objects::NAME && (pair[1].start - pair[0].start - 1.5).abs() < 0.002);
            assert_eq!(pair[0].object, pair[1].object);
        }
    }
}

#[test]
fn two_contexts_are_apart_and_an_untold_one_is_the_same_recording() {
    let told = generate(&few(|s| (s.contexts, s.nuisance.context_change) = (Contexts::Two, 0.5)));
    let session = &told.sessions[0];
    let spans: Vec<(&str, Range<f64>)> = session.contexts.iter().map(|c| (c.name.as_str(), c.start..c.stop)).collect();
    assert_eq!(spans, [("alone", 0.0..600.0), ("watching", 600.0..1200.0)]);
    for bout in &session.bouts {
        let context = &session.contexts[usize::from(bout.agent == Agent::Other)];
        assert!(bout.start >= context.start && bout.stop <= context.stop, "{bout:?}");
    }
    let untold = generate(&few(|s| (s.contexts, s.nuisance.context_change) = (Contexts::Untold, 0.5)));
    assert!(untold.sessions[0].contexts.is_empty());
    assert!(untold.sessions[0].activity == session.activity && untold.sessions[0].bouts == session.bouts);
    // Half the spread of rates comes from the context: log ratios of the halves, over neurons.
    let spikes = generate(&few(|s| {
        *s = s.clone().recorded_as(Kind::Spikes);
        (s.contexts, s.nuisance.context_change) = (Contexts::Two, 0.5);
    }));
    let framed = framed(&spikes.sessions[0]);
    let half = |row: ndarray::ArrayView1<f32>, frames: Range<usize>| row.slice(ndarray::s![frames]).sum();
    let ratios =
        framed.activity.rows().into_iter().map(|row| f64::from(half(row, 12_000..24_000) / half(row, 0..12_000)).ln());
    let ratios: Vec<f64> = ratios.collect();
    assert!((sd(&ratios) - 0.5).abs() < 0.2, "{}", sd(&ratios));
}

#[test]
fn what_falls_over_the_session_does() {
    let falling = |change: fn(&mut Nuisance)| {
        generate(&few(|s| {
            (s.event_rate, s.neurons) = (1.0, 200);
            change(&mut s.nuisance);
        }))
    };
    let thirds = |made: &SyntheticRecording| {
        let course = population(&framed(&made.sessions[0]));
        [mean(&course[..8000]), mean(&course[16_000..])]
    };
    // Of an exponential to `end`, the means of the first and the last third.
    let expected = |end: f64| {
        let mean = |from: f64, to: f64| (end.powf(to) - end.powf(from)) / (end.ln() * (to - from));
        [mean(0.0, 1.0 / 3.0), mean(2.0 / 3.0, 1.0)]
    };
    let steady = thirds(&falling(|_| {}));
    let events = mean(&steady) - 1.0;
    let ran_down = thirds(&falling(|n| n.rate_end = 0.2));
    let bleached = thirds(&falling(|n| n.baseline_end = 0.5));
    for k in 0..2 {
        assert!(((steady[k] - 1.0) / events - 1.0).abs() < 0.05, "{steady:?}");
        assert!(((ran_down[k] - 1.0) / events - expected(0.2)[k]).abs() < 0.05, "{ran_down:?}");
        assert!((bleached[k] - events - expected(0.5)[k]).abs() < 0.05, "{bleached:?}");
    }
}

#[test]
fn behaviours_get_rarer() {
    let (mut early, mut late) = (0, 0);
    for seed in 0..10 {
        let made = generate(&few(|s| (s.neurons, s.seed, s.nuisance.behaviour_end) = (1, seed, 0.2)));
        let times = starts(&made.sessions[0].bouts);
        early += times.iter().filter(|t| **t < 400.0).count();
        late += times.iter().filter(|t| **t > 800.0).count();
    }
    // ∫ 0.2^u du over thirds: 0.52 and 0.18 of 1600.
    assert!(
        (f64::from(early as u32) - 832.0).abs() < 60.0 && (f64::from(late as u32) - 285.0).abs() < 60.0,
        "{early} {late}"
    );
}

#[test]
fn arousal_drives_pupil_activity_and_behaviour() {
    let of = |activity: f64, behaviour: f64, noise: f64| {
        let made = generate(&few(|s| {
            (s.neurons, s.event_rate) = (200, 1.0);
            s.nuisance.arousal = Arousal { activity, behaviour, pupil_noise: noise, ..Arousal::default() };
        }));
        let framed = framed(&made.sessions[0]);
        let pupil = &framed.covariates[0];
        let seen: Vec<usize> = (0..framed.frames()).filter(|f| pupil[*f].is_finite()).collect();
        let active = population(&framed);
        let pick = |values: &[f64]| seen.iter().map(|f| values[*f]).collect::<Vec<_>>();
        let bouts = &made.sessions[0].bouts;
        let at_bouts = bouts.iter().flat_map(|b| framed.between(b.start, b.start + 0.06)).map(|f| pupil[f]);
        let at_bouts = mean(&at_bouts.filter(|p| p.is_finite()).collect::<Vec<_>>());
        (pearson(&pick(pupil), &pick(&active)), at_bouts - mean(&pick(pupil)))
    };
    let (activity, behaviour) = of(0.5, 1.0, 0.05);
    assert!(activity > 0.7 && behaviour > 0.3, "{activity} {behaviour}");
    let (noisy, _) = of(0.5, 1.0, 2.0);
    assert!(noisy < 0.6 && noisy > 0.1, "{noisy}");
    // 1200 s of 20 s each: correlations of independent courses have standard errors of about 0.13.
    let (activity, behaviour) = of(0.0, 0.0, 0.05);
    assert!(activity.abs() < 0.4 && behaviour.abs() < 0.25, "{activity} {behaviour}");
}

#[test]
fn a_slow_pupil_comes_late() {
    let of = |lag: f64| {
        let made = generate(&few(|s| (s.neurons, s.nuisance.arousal.pupil_lag_s) = (1, lag)));
        made.sessions[0].covariates[0].values.clone()
    };
    let (prompt, slow) = (of(0.0), of(3.0));
    let correlation = |shift: usize| pearson(&prompt[..prompt.len() - shift], &slow[shift..]);
    assert!(correlation(20) > correlation(0) && correlation(20) > 0.8, "{} {}", correlation(0), correlation(20));
}

#[test]
fn bursts_are_shared_by_neurons() {
    let spread = |settings: &RecordingSynthesis| {
        let settings = RecordingSynthesis { kind: Kind::Deconvolved, noise: 0.0, ..settings.clone() };
        sd(&population(&framed(&generate(&settings).sessions[0])))
    };
    let (alone, together) = (spread(&RecordingSynthesis::stationary(1)), spread(&RecordingSynthesis::bursts(1)));
    // Measured: 3.0 times.
    assert!(together > 2.5 * alone, "{alone} {together}");
}

#[test]
fn an_observer_that_moves_looks_as_if_it_were_tuned_to_observation() {
    let of = |movements: Option<Movements>| {
        generate(&all_classes(|s| {
            s.shares = Shares { execution: 1.0, ..Shares::default() };
            (s.behaviours_per_cell, s.nuisance.movements) = (2, movements);
        }))
    };
    let response = |made: &SyntheticRecording| {
        let (session, framed) = (&made.sessions[0], framed(&made.sessions[0]));
        let active = population(&framed);
        let during = during(session, &framed, Agent::Other, "grasping");
        let at = |frames: &[usize]| mean(&frames.iter().map(|f| active[*f]).collect::<Vec<_>>());
        let watching: Vec<usize> = (12_000..24_000).collect();
        at(&during) / at(&watching)
    };
    let own_while_watching = |made: &SyntheticRecording| {
        made.sessions[0].bouts.iter().filter(|b| b.agent == Agent::Own && b.start >= 600.0).count()
    };
    let still = of(None);
    let moving = of(Some(Movements { share: 1.0, listed: false }));
    let listed = of(Some(Movements { share: 0.5, listed: true }));
    assert!((response(&still) - 1.0).abs() < 0.1 && response(&moving) > 1.5);
    assert_eq!((own_while_watching(&still), own_while_watching(&moving)), (0, 0));
    // 30 of 60, with a standard deviation of 4.
    assert!((14..=46).contains(&own_while_watching(&listed)));
    // The covariate tells.
    let speed = |made: &SyntheticRecording| mean(&made.sessions[0].covariates[1].values[6000..]);
    assert!(speed(&moving) > speed(&still) + 0.3, "{} {}", speed(&moving), speed(&still));
}

#[test]
fn cells_come_again_in_another_order() {
    let made = generate(&few(|s| (s.animals, s.sessions, s.areas) = (2, 2, vec!["M2".into(), "PPC".into()])));
    let names: Vec<(&str, &str)> = made.sessions.iter().map(|s| (s.animal.as_str(), s.name.as_str())).collect();
    assert_eq!(names, [("mouse1", "day1"), ("mouse1", "day2"), ("mouse2", "day1"), ("mouse2", "day2")]);
    let identities =
        |k: usize| -> Vec<String> { made.sessions[k].neurons.iter().map(|n| n.identity.clone().unwrap()).collect() };
    let sorted = |mut list: Vec<String>| {
        list.sort();
        list
    };
    assert!(identities(0) != identities(1) && sorted(identities(0)) == sorted(identities(1)));
    assert!(identities(0).iter().all(|i| !identities(2).contains(i)));
    for (k, session) in made.sessions.iter().enumerate() {
        for (neuron, cell) in session.neurons.iter().zip(made.truth_of(k)) {
            assert_eq!(neuron.identity.as_ref(), Some(&cell.identity));
            assert_eq!((&neuron.area, &session.animal), (&cell.area, &cell.animal));
        }
    }
    let areas: Vec<&str> = made.sessions[0].neurons.iter().map(|n| n.area.as_deref().unwrap()).collect();
    assert!(areas[..30].iter().all(|a| *a == "M2") && areas[30..].iter().all(|a| *a == "PPC"));
    // The same cells respond in both sessions: rates belong to cells, not to rows.
    let rates = |k: usize| -> Vec<f64> {
        let order = {
            let mut order: Vec<usize> = (0..60).collect();
            order.sort_by_key(|i| made.cell_of[k][*i]);
            order
        };
        let framed = framed(&made.sessions[k]);
        order.iter().map(|i| f64::from(framed.activity.row(*i).mean().unwrap())).collect()
    };
    assert!(pearson(&rates(0), &rates(1)) > 0.9);
}
