//! Networks that take the places of an engine one after another: each is what it would be alone, and places are busy.
#![allow(missing_docs)]

mod toy;

use aon::engine::*;
use aon::error::Result;
use aon::network::Layout;
use aon::train::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use toy::{NEVER, Toy, problem};

fn training(interrupt: &AtomicBool) -> Training<'_> {
    Training { interrupt, keeps_states: true, settle_together: 1, whole: None }
}

/// Networks in memory, of steps of their own.
struct Many {
    steps: Vec<u32>,
    next: usize,
    records: Vec<Vec<StepRecord>>,
    left: Vec<Option<NetworkState>>,
    settled: Vec<Option<Settled>>,
    /// No longer wanted after so many steps, by number.
    unwanted: Option<(usize, u32)>,
    /// Set after so many records.
    stop: (usize, Arc<AtomicBool>),
    kept: Vec<u32>,
}

impl Many {
    fn new(steps: Vec<u32>) -> Self {
        let k = steps.len();
        let (stop, kept) = ((usize::MAX, Arc::default()), vec![0; k]);
        Self {
            unwanted: None,
            steps,
            next: 0,
            records: vec![Vec::new(); k],
            left: vec![None; k],
            settled: vec![None; k],
            stop,
            kept,
        }
    }

    fn trained(mut self, places: usize, lag: usize, settle_together: usize) -> (Self, [usize; 2]) {
        let mut engine = Toy { target: 0.5, ..Toy::new(places, lag) };
        let training = Training { settle_together, ..training(&NEVER) };
        assert!(!train(&mut engine, &mut self, training).unwrap());
        (self, engine.place_steps)
    }
}

impl Feed for Many {
    fn next(&mut self) -> Result<Option<Entrant>> {
        let network = self.next;
        self.next += 1;
        let entrant = |until: &u32| Entrant {
            network,
            settings: NetworkSettings::default(),
            state: NetworkState::fresh(vec![2.0 + network as f32; Layout::new(&problem().dims).len()]),
            schedule: Schedule::new(ScheduleKind::Plateau, 0.1, *until, 2),
            until: *until,
            keep_every: u32::MAX,
        };
        Ok(self.steps.get(network).map(entrant))
    }

    fn on_step(&mut self, network: usize, record: &StepRecord) -> Result<()> {
        self.records[network].push(*record);
        if self.records.iter().map(Vec::len).sum::<usize>() == self.stop.0 {
            self.stop.1.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    fn on_checkpoint(&mut self, network: usize, state: &NetworkState) -> Result<()> {
        assert_eq!(self.records[network].len() as u32, state.step, "every record comes before the state");
        self.kept[network] = state.step;
        Ok(())
    }

    fn is_wanted(&self, network: usize) -> bool {
        self.unwanted.is_none_or(|(other, step)| other != network || (self.records[network].len() as u32) < step)
    }

    fn on_leave(&mut self, network: usize, state: &NetworkState) -> Result<bool> {
        assert_eq!(self.records[network].len() as u32, state.step, "every record comes before the state");
        self.left[network] = Some(state.clone());
        Ok(true)
    }

    fn on_settled(&mut self, network: usize, settled: Settled, _: Vec<f32>) -> Result<()> {
        assert!(self.settled[network].replace(settled).is_none(), "settled once");
        Ok(())
    }
}

#[test]
fn networks_that_take_places_one_after_another_are_those_that_they_would_be_alone() {
    let steps: Vec<u32> = (0..23).map(|k| 1 + k * 7 % 40).collect();
    let (alone, _) = Many::new(steps.clone()).trained(23, 0, 1);
    for (places, lag, together) in [(1, 0, 1), (4, 1, 1), (4, 2, 2), (7, 1, 3), (30, 2, 8)] {
        let (many, _) = Many::new(steps.clone()).trained(places, lag, together);
        assert!(many.left == alone.left && many.records == alone.records, "{places} places, lag {lag}");
        let settled =
            |m: &Many| m.settled.iter().flatten().map(|s| (s.best.clone(), s.best_note.updates)).collect::<Vec<_>>();
        assert!(settled(&many) == settled(&alone) && settled(&many).len() == 23);
        assert!(many.left.iter().flatten().any(|state| state.stop.is_some()), "some reach the target");
    }
}

/// A network that ends makes room for the next at once, also where weights are settled of several together.
#[test]
fn places_are_busy() {
    let steps: Vec<u32> = (0..96).map(|k| 20 + k * 37 % 381).collect();
    let longest_first = |mut steps: Vec<u32>| {
        steps.sort_unstable_by(|a, b| b.cmp(a));
        steps
    };
    let waves: u32 = steps.chunks(16).map(|wave| 16 * wave.iter().max().unwrap()).sum();
    let total: u32 = steps.iter().sum();
    println!(
        "waves would train a network in {:.0} % of their place-steps",
        100.0 * f64::from(total) / f64::from(waves)
    );
    for (lag, together) in [(0, 1), (1, 2)] {
        let mut many = Many::new(longest_first(steps.clone()));
        let mut engine = Toy { target: 0.0, ..Toy::new(16, lag) };
        train(&mut engine, &mut many, Training { settle_together: together, ..training(&NEVER) }).unwrap();
        let [all, trained] = engine.place_steps;
        assert_eq!(trained as u32, total);
        let busy = trained as f64 / all as f64;
        println!("lag {lag}: {:.1} % of place-steps train a network", 100.0 * busy);
        assert!(busy >= 0.9, "lag {lag}: {busy}");
    }
}

#[test]
fn an_interrupt_keeps_the_state_of_every_network_that_has_not_left() {
    let mut many = Many::new(vec![30; 6]);
    many.stop.0 = 50;
    let stop = Arc::clone(&many.stop.1);
    let mut engine = Toy::new(4, 1);
    assert!(train(&mut engine, &mut many, training(&stop)).unwrap());
    assert!(many.left.iter().all(Option::is_none));
    assert_eq!(many.kept.iter().filter(|step| **step > 0).count(), 4, "{:?}", many.kept);
}

#[test]
fn a_network_that_is_no_longer_wanted_makes_room_and_the_others_notice_nothing() {
    let steps: Vec<u32> = vec![30; 9];
    let (alone, _) = Many::new(steps.clone()).trained(9, 0, 1);
    for (places, lag) in [(1, 0), (3, 1), (4, 2)] {
        let mut many = Many::new(steps.clone());
        many.unwanted = Some((2, 7));
        let (many, _) = many.trained(places, lag, 1);
        let left = many.left[2].as_ref().unwrap();
        assert!((7..=10).contains(&left.step), "{places} places, lag {lag}: it left after {} steps", left.step);
        for network in (0..9).filter(|network| *network != 2) {
            assert!(many.left[network] == alone.left[network], "{places} places, lag {lag}: network {network}");
        }
    }
}
