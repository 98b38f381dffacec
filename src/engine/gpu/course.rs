//! What is done to a bank of networks, as its kernels read it: a table of phases, and the steps between which none of them
//! begins.

use super::adapter::AdapterInfo;
use crate::dims::Dims;
use crate::engine::Perturbation;
use crate::error::{Result, ensure};
use bytemuck::{Pod, Zeroable};
use std::ops::Range;

/// `Phase` in phase.wgsl: one phase of one neuron.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub(super) struct Phase {
    gain: f32,
    offset: f32,
    current: f32,
    start: u32,
    post: u32,
    pre: u32,
}

impl Phase {
    /// What fills the rows of a network that has fewer phases than another: a phase that never begins.
    const NEVER: Self = Self { gain: 1.0, offset: 0.0, current: 0.0, start: u32::MAX, post: 0, pre: 0 };
}

/// Most cuts that hold at once: a bit each.
const CUTS: usize = 32;

/// Steps of the recurrence in which nothing changes for any network of a bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    /// Which; the first section begins with step 1.
    pub(super) steps: Range<usize>,
    /// Whether a network has a connection cut.
    pub(super) is_cut: bool,
    /// Whether weights are written for it: as it is the first, or other connections are cut than before.
    pub(super) rewired: bool,
}

/// The course of a bank's perturbations over a trial.
#[derive(Debug)]
pub(super) struct Course {
    /// Phases of a network in the table, the most that one has.
    pub(super) phases: usize,
    /// The sections, in order, from step 1 to the last.
    pub(super) sections: Vec<Section>,
    /// The table, `[network][phases][N]`.
    pub(super) table: Vec<Phase>,
}

impl Course {
    /// The course of these perturbations, one a network.
    ///
    /// # Errors
    /// If more cuts hold at once than the kernels can tell apart, or the table is larger than a buffer of the adapter.
    pub(super) fn new(dims: &Dims, adapter: &AdapterInfo, perturbations: &[Perturbation]) -> Result<Self> {
        let networks: Vec<_> = perturbations.iter().map(|p| p.phases(dims.neurons, dims.time_steps)).collect();
        let phases = networks.iter().map(Vec::len).max().unwrap_or(1);
        check_table(adapter, networks.len(), dims.neurons, phases)?;
        let mut table = Vec::with_capacity(networks.len() * phases * dims.neurons);
        for (perturbation, own) in perturbations.iter().zip(&networks) {
            for phase in own {
                push_phase(&mut table, perturbation, phase)?;
            }
            table.extend(std::iter::repeat_n(Phase::NEVER, (phases - own.len()) * dims.neurons));
        }
        Ok(Self { phases, sections: sections(dims.time_steps, &networks), table })
    }
}

fn check_table(adapter: &AdapterInfo, networks: usize, neurons: usize, phases: usize) -> Result<()> {
    let bytes = (networks * phases * neurons * size_of::<Phase>()) as u64;
    let most = adapter.max_storage_binding_bytes.min(adapter.max_buffer_bytes);
    ensure!(
        bytes <= most,
        "perturbations that change up to {} times in a trial need a buffer of {} MB for {networks} networks, but {} offers at \
         most {} MB. Use fewer windows or networks at once, or --engine cpu.",
        phases - 1,
        bytes >> 20,
        adapter.name,
        most >> 20
    );
    Ok(())
}

/// The rows of one phase of one network.
fn push_phase(table: &mut Vec<Phase>, perturbation: &Perturbation, phase: &crate::engine::Phase) -> Result<()> {
    ensure!(
        phase.cuts.len() <= CUTS,
        "{} cuts hold at once from step {} on, but on the GPU at most {CUTS} can: make one of those that share their \
             presynaptic or postsynaptic neurons, or use `engine = cpu`.",
        phase.cuts.len(),
        phase.from
    );
    let bits = |marks: &dyn Fn(usize) -> bool| {
        phase.cuts.iter().enumerate().fold(0, |bits, (k, cut)| bits | u32::from(marks(*cut)) << k)
    };
    table.extend((0..phase.gain.len()).map(|i| Phase {
        gain: phase.gain[i],
        offset: phase.offset[i],
        current: phase.current[i],
        // Numbers of steps are 32 bits in the kernels throughout.
        start: phase.from as u32,
        post: bits(&|cut| perturbation.cuts[cut].post[i]),
        pre: bits(&|cut| perturbation.cuts[cut].pre[i]),
    }));
    Ok(())
}

fn sections(time_steps: usize, networks: &[Vec<crate::engine::Phase>]) -> Vec<Section> {
    let begins = networks.iter().flatten().map(|phase| phase.from).filter(|t| *t > 1);
    let mut bounds: Vec<usize> = begins.chain([1, time_steps]).collect();
    bounds.sort_unstable();
    bounds.dedup();
    let cuts_at = |t: usize| -> Vec<&[usize]> {
        let holds = |phase: &&crate::engine::Phase| phase.from <= t && t < phase.to;
        networks.iter().map(|own| own.iter().find(holds).map_or(&[][..], |phase| &phase.cuts)).collect()
    };
    let mut before = None;
    bounds
        .windows(2)
        .map(|bound| {
            let cuts = cuts_at(bound[0]);
            let is_cut = cuts.iter().any(|held| !held.is_empty());
            let rewired = before.as_ref().is_none_or(|before| *before != cuts);
            before = Some(cuts);
            Section { steps: bound[0]..bound[1], is_cut, rewired }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::gpu::adapter::typical;
    use crate::engine::{Action, Cut, Effect};

    fn dims() -> Dims {
        let (problem, ..) = crate::bench::Case { neurons: 9, time_steps: 40, ..Default::default() }.pose().unwrap();
        problem.dims
    }

    fn marked(range: Range<usize>) -> Vec<bool> {
        (0..9).map(|i| range.contains(&i)).collect()
    }

    fn cut(post: Range<usize>, pre: Range<usize>, from: usize, to: usize) -> Cut {
        Cut { post: marked(post), pre: marked(pre), from, to }
    }

    #[test]
    fn without_perturbations_the_recurrence_runs_in_one_piece() {
        let course = Course::new(&dims(), &typical(false), &vec![Perturbation::default(); 3]).unwrap();
        assert_eq!(course.sections, [Section { steps: 1..40, is_cut: false, rewired: true }]);
        assert_eq!((course.phases, course.table.len()), (1, 3 * 9));
        assert!(course.table.iter().all(|row| *row == Phase { start: 0, ..Phase::NEVER }));
    }

    #[test]
    fn sections_end_where_any_network_changes_and_connections_are_rewired_where_cuts_do() {
        let driven = Effect { neurons: marked(0..2), from: 0, to: 1, action: Action::Current(vec![0.5; 9]) };
        let perturbations = [
            Perturbation::silence(marked(0..2), 10, 20),
            Perturbation { effects: vec![driven], cuts: vec![cut(0..3, 3..6, 15, 25), cut(6..9, 0..9, 20, 60)] },
        ];
        let course = Course::new(&dims(), &typical(false), &perturbations).unwrap();
        let section = |from, to, is_cut, rewired| Section { steps: from..to, is_cut, rewired };
        let expected = [
            section(1, 10, false, true),
            section(10, 15, false, false),
            section(15, 20, true, true),
            section(20, 25, true, true),
            section(25, 40, true, true),
        ];
        assert_eq!(course.sections, expected);
        // Phases 0…1, 1…15, 15…20, 20…25, 25…40 of the second network; the first has three.
        assert_eq!(course.phases, 5);
        let row = |network: usize, phase: usize, neuron: usize| course.table[(network * 5 + phase) * 9 + neuron];
        assert_eq!((row(0, 1, 1).gain, row(0, 1, 2).gain, row(0, 3, 0)), (0.0, 1.0, Phase::NEVER));
        assert_eq!((row(1, 0, 1).current, row(1, 1, 1).current), (0.5, 0.0));
        assert_eq!((row(1, 3, 0).post, row(1, 3, 8).post, row(1, 3, 4).pre, row(1, 3, 8).pre), (1, 2, 3, 2));
        assert_eq!((row(1, 4, 8).post, row(1, 4, 0).post), (1, 0), "cuts are numbered among those that hold");
        assert_eq!([0, 1, 2, 3, 4].map(|k| row(1, k, 0).start), [0, 1, 15, 20, 25]);
    }

    #[test]
    fn what_the_kernels_cannot_hold_is_refused_with_a_sentence() {
        let many = |cuts: usize| Perturbation { effects: Vec::new(), cuts: vec![cut(0..1, 1..2, 5, 9); cuts] };
        assert!(Course::new(&dims(), &typical(false), &[many(32)]).is_ok());
        let error = Course::new(&dims(), &typical(false), &[many(33)]).unwrap_err();
        assert!(error.to_string().contains("33 cuts hold at once from step 5"), "{error}");
        let small = AdapterInfo { max_storage_binding_bytes: 600, ..typical(false) };
        let error = Course::new(&dims(), &small, &[many(1)]).unwrap_err();
        assert!(error.to_string().contains("change up to 2 times"), "{error}");
    }
}
