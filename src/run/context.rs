//! A training of a plan, and what its parts need of it.

use super::finish::{Leaving, Reported, finish};
use super::fit::{FittedNetwork, train_baselines};
use super::member::{Member, Trained};
use super::notice::Listener;
use super::register::register;
use crate::config::Plan;
use crate::engine::EngineDescription;
use crate::error::Result;
use crate::train::RunDirectory;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is no setting of the run, but of this start of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Pause after this step.
    pub stop_after: Option<u32>,
    /// Bytes to stay within on the device.
    pub memory: Option<u64>,
}

/// A training and what it needs.
pub(super) struct Context<'a> {
    pub(super) plan: &'a Plan,
    pub(super) directory: &'a RunDirectory,
    pub(super) engine: EngineDescription,
    pub(super) options: Options,
    pub(super) stop: &'a AtomicBool,
    /// Steps done of the networks that have not ended, by number.
    pub(super) steps: BTreeMap<usize, u32>,
}

impl Context<'_> {
    pub(super) fn is_single(&self) -> bool {
        self.plan.seeds.len() == 1
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Steps that a network had done before, if it has not ended.
    pub(super) fn step_of(&self, network: usize) -> Option<u32> {
        self.steps.get(&network).copied()
    }

    /// A network of the plan, with what its directory says of its beginning.
    pub(super) fn member(&self, network: usize) -> Result<Member> {
        if self.is_single() {
            return Member::read(self.plan, network, self.directory);
        }
        let directory = self.directory.member(self.plan.seeds[network]);
        directory.prepare()?;
        let member = Member::read(self.plan, network, &directory)?;
        register(self.plan, Some(network), &directory, &self.engine, member.state.step)?;
        Ok(member)
    }

    /// Trains the baselines of networks, and reports their fit.
    pub(super) fn finish(&self, trained: Vec<Trained>, listener: &mut dyn Listener) -> Result<Vec<(usize, Reported)>> {
        let plan = self.plan;
        let networks: Vec<usize> = trained.iter().map(|t| t.member.network).collect();
        let baselines = train_baselines(plan, &networks, self.stop, listener)?;
        let baselines = baselines.into_iter().flatten().map(Some).chain(std::iter::repeat_with(|| None));
        let jobs: Vec<_> = trained.into_iter().zip(baselines).collect();
        let report = |(Trained { member, network }, baseline): (Trained, Option<FittedNetwork>)| {
            let run = plan.run_of(member.network);
            let reported =
                finish(&run, &member.directory, &network, baseline.as_ref(), &member.stamp, Leaving::Everything)?;
            Ok((member.network, reported))
        };
        jobs.into_par_iter().map(report).collect()
    }
}
