//! Reports runs that have ended, beside the training of others: a thread of its own trains what baselines are missing, and
//! writes files.

use super::baselines::Baselines;
use super::claims::Claim;
use super::outcome::remove_rungs;
use crate::config::Plan;
use crate::error::Result;
use crate::run::{Essentials, FittedNetwork, Leaving, RunSummary, Trained, finish};
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, Sender};

/// A run to report.
pub(super) struct Item {
    /// Its number among the jobs.
    pub(super) job: usize,
    pub(super) plan: Plan,
    pub(super) trained: Trained,
    pub(super) claim: Claim,
    pub(super) essentials: Essentials,
}

/// A run that was reported; `None` if it is another's by now.
pub(super) type Told = (usize, Result<Option<Box<RunSummary>>>);

/// Runs that are reported together.
const TOGETHER: usize = 64;

/// Reports what comes, until nothing comes any more or `stop` is set: then what was not reported is done again.
pub(super) fn report_all(items: &Receiver<Item>, told: &Sender<Told>, baselines: &Baselines, stop: &AtomicBool) {
    while let Ok(first) = items.recv() {
        let some: Vec<Item> = std::iter::once(first).chain(items.try_iter().take(TOGETHER - 1)).collect();
        let plans: Vec<&Plan> = some.iter().map(|item| &item.plan).collect();
        match baselines.of(&plans, stop) {
            Ok(None) => return,
            Err(error) => {
                // Whoever listens ends the training.
                let _ = told.send((some[0].job, Err(error)));
                return;
            }
            Ok(Some(baselines)) => {
                let reported: Vec<Told> = some.into_par_iter().zip(baselines).map(report).collect();
                for of in reported {
                    let _ = told.send(of);
                }
            }
        }
    }
}

fn report((item, baseline): (Item, Option<FittedNetwork>)) -> Told {
    let Item { job, plan, trained, claim, essentials } = item;
    let directory = &trained.member.directory;
    let (stamp, leaving) = (&trained.member.stamp, Leaving::Essentials(essentials));
    let reported = finish(&plan, directory, &trained.network, baseline.as_ref(), stamp, leaving)
        .and_then(|reported| remove_rungs(directory).map(|()| Some(Box::new(reported.summary))));
    // What is another's is no failure here.
    let reported = reported.or_else(|error| if claim.is_lost() { Ok(None) } else { Err(error) });
    (job, reported.and_then(|summary| claim.release().map(|()| summary)))
}
