//! Who is excitatory, and who inhibitory.

use crate::rng::{Rng, Stream};

/// What files call inhibitory neurons, and excitatory ones.
const INHIBITORY: [&str; 14] = [
    "inhibitory",
    "i",
    "inh",
    "interneuron",
    "putative interneuron",
    "int",
    "narrow",
    "narrow spiking",
    "fast spiking",
    "fs",
    "pv",
    "sst",
    "vip",
    "gabaergic",
];
const EXCITATORY: [&str; 13] = [
    "excitatory",
    "e",
    "exc",
    "pyramidal",
    "putative pyramidal",
    "pyr",
    "broad",
    "broad spiking",
    "regular spiking",
    "rs",
    "wide",
    "ptn",
    "glutamatergic",
];

/// Whether a type is inhibitory; `None` where that cannot be told from its name.
fn is_inhibitory(cell_type: &str) -> Option<bool> {
    let name = crate::tuning::alignment::plain(cell_type);
    let is_in = |names: &[&str]| names.contains(&name.as_str());
    if is_in(&INHIBITORY) { Some(true) } else { is_in(&EXCITATORY).then_some(false) }
}

/// The types of a population.
pub(super) struct CellTypes {
    /// `[N]`
    pub(super) inhibitory: Vec<bool>,
    /// Which of them were drawn, `[N]`.
    pub(super) drawn: Vec<bool>,
    pub(super) remarks: Vec<String>,
}

/// The types of neurons whose files call them `types` `[N]`; of those that are not known, `share` of each area, at least one
/// of three, are drawn as inhibitory. `areas` are the sizes of the areas, in the order of the neurons.
pub(super) fn cell_types(types: &[Option<String>], areas: &[usize], share: f64, seed: u64) -> CellTypes {
    let known: Vec<Option<bool>> = types.iter().map(|t| t.as_deref().and_then(is_inhibitory)).collect();
    let drawn: Vec<bool> = known.iter().map(Option::is_none).collect();
    let mut inhibitory: Vec<bool> = known.iter().map(|k| *k == Some(true)).collect();
    let (mut first, mut count) = (0, 0);
    for (number, size) in areas.iter().enumerate() {
        let unknown: Vec<usize> = (first..first + size).filter(|i| drawn[*i]).collect();
        let least = usize::from(share > 0.0 && unknown.len() >= 3);
        let wanted = ((share * unknown.len() as f64).round() as usize).max(least);
        let rng = Rng::new(seed, 0, Stream::CellTypes).at_step(number as u32);
        for i in rng.subset(&unknown, wanted, 0) {
            inhibitory[i] = true;
            count += 1;
        }
        first += size;
    }
    let remarks = remarks(types, &known, &drawn, share, count, seed);
    CellTypes { inhibitory, drawn, remarks }
}

fn remarks(
    types: &[Option<String>],
    known: &[Option<bool>],
    drawn: &[bool],
    share: f64,
    count: usize,
    seed: u64,
) -> Vec<String> {
    let mut remarks = Vec::new();
    let odd = |(name, known): (&Option<String>, &Option<bool>)| name.clone().filter(|_| known.is_none());
    let mut unknown: Vec<String> = types.iter().zip(known).filter_map(odd).collect();
    unknown.sort();
    unknown.dedup();
    if !unknown.is_empty() {
        remarks.push(format!(
            "Cell types that say neither excitatory nor inhibitory count as unknown: {}. Call them `excitatory` or `inhibitory`.",
            unknown.join(", ")
        ));
    }
    let of = drawn.iter().filter(|d| **d).count();
    if of > 0 {
        remarks.push(format!(
            "CELL TYPES ARE NOT KNOWN of {of} of {} neurons: {count} of these, {} % of each area (`inhibitory_share`), were DRAWN AT RANDOM as inhibitory, with seed {seed}. A result that depends on the mask has to be repeated over masks (other seeds), or trained without signs (`--dale none --sign-constraint reflect`).",
            drawn.len(),
            100.0 * share
        ));
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_types_are_kept_and_a_share_of_the_others_is_drawn() {
        let mut types: Vec<Option<String>> = vec![None; 30];
        types[0] = Some("Fast-spiking".into());
        types[1] = Some("pyramidal".into());
        types[2] = Some("odd".into());
        let found = cell_types(&types, &[20, 10], 0.2, 7);
        assert!(found.inhibitory[0] && !found.inhibitory[1] && !found.drawn[0] && !found.drawn[1] && found.drawn[2]);
        let count = |from: usize, to: usize| (from..to).filter(|i| found.inhibitory[*i]).count();
        // 0.2 of 18 unknown ones and the known one; 0.2 of 10.
        assert_eq!((count(0, 20), count(20, 30)), (5, 2));
        assert!(
            found.remarks[0].contains("odd")
                && found.remarks[1].contains("28 of 30")
                && found.remarks[1].contains("seed 7")
        );
        assert_eq!(cell_types(&types, &[20, 10], 0.2, 7).inhibitory, found.inhibitory);
        assert_ne!(cell_types(&types, &[20, 10], 0.2, 8).inhibitory, found.inhibitory);
        let all = vec![Some("I".to_string()), Some("e".into())];
        assert!(cell_types(&all, &[2], 0.2, 7).remarks.is_empty());
    }
}
