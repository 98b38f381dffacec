//! The trained network's wiring and the currents that flow in it.

use crate::analysis::connectivity::{Blocks, Connectivity, RELATIVE_THRESHOLD};
use crate::analysis::currents::{Activity, Currents, Drive, binned_stimulus};
use crate::analysis::motifs::{Graph, MotifRow, RewiringSettings, STRONGEST_SHARE, motifs};
use crate::analysis::statistics::benjamini_hochberg;
use crate::error::Result;
use crate::lab::Subject;
use crate::network::{Group, Layout};

/// Connectivity, currents and motifs of one network.
#[derive(Clone, Debug)]
pub struct Anatomy {
    /// Every pair of blocks (area × cell type).
    pub connectivity: Connectivity,
    /// The input of every area and type, split by its source.
    pub currents: Currents,
    /// The 13 connected motifs of three neurons among the strongest connections, beside rewired graphs.
    pub motifs: Vec<MotifRow>,
    /// Their p after Benjamini and Hochberg over the 13.
    pub motif_q: Vec<f64>,
}

impl Anatomy {
    /// That of `subject`; `seed` draws the rewirings.
    ///
    /// # Errors
    /// If a weight or rate is not finite.
    pub fn of(subject: &Subject, seed: u64) -> Result<Self> {
        let (problem, layout) = (&subject.problem, Layout::new(&subject.problem.dims));
        let population = &problem.population;
        let connectivity = Connectivity::of(&subject.effective, population, RELATIVE_THRESHOLD)?;
        let blocks = Blocks::of(population);
        let stimulus = binned_stimulus(problem);
        let activity = Activity {
            population,
            effective: &subject.effective,
            input_matrices: &subject.parameters[layout.inputs()],
            input_group: &problem.input_group,
            constant: &subject.parameters[layout.range(Group::Current)],
            rates: &subject.intact,
            stimulus: &stimulus,
            bins: &problem.bins,
        };
        let currents = Drive::new(activity)?.currents();
        let graph = Graph::of_strongest(&subject.effective, population, STRONGEST_SHARE, RELATIVE_THRESHOLD)?;
        let motifs = motifs(&graph, blocks.block_of(), &RewiringSettings { seed, ..RewiringSettings::default() })?;
        let motif_q = benjamini_hochberg(&motifs.iter().map(|m| m.p).collect::<Vec<_>>());
        Ok(Self { connectivity, currents, motifs, motif_q })
    }
}
