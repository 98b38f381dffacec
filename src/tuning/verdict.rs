//! Are there mirror neurons in these data? By rules that are stated, and no more strongly than the data allow.

use super::power::{Probe, SCALES};
use super::session_tests::CountTest;
use crate::analysis::statistics::{Posterior, Power, holm, prevalence_posterior, prevalence_upper};
use crate::data::recording::Agent;
use serde::Serialize;
use std::collections::BTreeSet;

/// The size of an observed response, in units of the executed one, for which absence is judged.
pub const JUDGED: f64 = 0.5;
/// Absence is a bound of the prevalence below this.
pub const RARE: f64 = 0.1;
/// The level of counts beyond their null distributions, over animals (Holm 1979).
const LEVEL: f64 = 0.05;
/// The level of bounds.
const COVERED: f64 = 0.95;

/// What may be concluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// More neurons answer to the same behaviour executed and observed than without any response to observation.
    Found,
    /// They are not, and if there were as many as [`RARE`] of those tuned to execution, with observed responses of [`JUDGED`] of the
    /// executed ones, that would have been seen.
    Absent,
    /// Neither can be said.
    Inconclusive,
}

/// How frequent mirror neurons may be among those tuned to execution, for observed responses of one size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bound {
    /// In units of the executed response.
    pub scale: f64,
    /// The share of probes that would have been found.
    pub power: f64,
    /// The prevalence is below this (95 %; Clopper–Pearson over power).
    pub upper: f64,
    /// What is known of it, all prevalences being alike probable before (Ince et al. 2021), the power taken as known.
    pub posterior: Posterior,
}

/// Mirror responses of one animal, or of all together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prevalence {
    /// Whose; empty for all together.
    pub animal: String,
    /// Pairs of neuron and behaviour with both p below the level of counts.
    pub pairs: usize,
    /// Their mean number where the observed activity is shifted.
    pub expected: f64,
    /// 95 % of draws have at most so many.
    pub most: f64,
    /// One-sided.
    pub p: f64,
    /// Corrected over animals (Holm 1979); for all together, p itself.
    pub corrected: f64,
    /// Neurons tuned to an executed behaviour that was observed, too.
    pub tuned: usize,
    /// Of these, with p of the observed one below the level of counts.
    pub positive: usize,
    /// By size, as [`SCALES`].
    pub bounds: Vec<Bound>,
}

/// What may be concluded, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// It, in one sentence with its numbers.
    pub sentence: String,
    /// All animals together.
    pub together: Prevalence,
    /// Each by itself.
    pub animals: Vec<Prevalence>,
    /// Animals whose count is beyond its null distribution, corrected over animals.
    pub found_in: Vec<String>,
}

/// The mirror responses of one animal: of each session and behaviour the count, and all probes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnimalEvidence {
    /// The animal.
    pub animal: String,
    /// Both p below the level, of all its sessions and behaviours.
    pub counts: Vec<CountTest>,
    /// Its probes.
    pub probes: Vec<Probe>,
    /// The agents of whom a behaviour was tested.
    pub agents: BTreeSet<Agent>,
}

/// Judges what was found in `animals`; `level` is that of counts.
pub fn judge(animals: &[AnimalEvidence], level: f64) -> Judgement {
    let mut each: Vec<Prevalence> =
        animals.iter().map(|a| prevalence(&a.animal, &a.counts, &a.probes, level)).collect();
    let corrected = holm(&each.iter().map(|a| a.p).collect::<Vec<_>>());
    each.iter_mut().zip(corrected).for_each(|(animal, corrected)| animal.corrected = corrected);
    let counts: Vec<CountTest> = animals.iter().flat_map(|a| a.counts.iter().cloned()).collect();
    let probes: Vec<Probe> = animals.iter().flat_map(|a| a.probes.iter().cloned()).collect();
    let together = prevalence("", &counts, &probes, level);
    let found_in: Vec<String> = each.iter().filter(|a| a.corrected < LEVEL).map(|a| a.animal.clone()).collect();
    let judged = together.bounds.iter().find(|b| b.scale == JUDGED);
    let verdict = if !found_in.is_empty() {
        Verdict::Found
    } else if judged.is_some_and(|b| b.upper < RARE) {
        Verdict::Absent
    } else {
        Verdict::Inconclusive
    };
    let agents: BTreeSet<Agent> = animals.iter().flat_map(|a| a.agents.iter().copied()).collect();
    let sentence = sentence(verdict, &together, &each, &found_in, level, &agents);
    Judgement { verdict, sentence, together, animals: each, found_in }
}

fn prevalence(animal: &str, counts: &[CountTest], probes: &[Probe], level: f64) -> Prevalence {
    let count = counts.iter().cloned().reduce(|a, b| a.and(&b)).unwrap_or_default();
    let mut null = count.null.clone();
    null.sort_unstable();
    let (tuned, positive) = (probes.len(), probes.iter().filter(|p| p.found).count());
    let bound = |(k, scale): (usize, &f64)| {
        let detected = probes.iter().filter(|p| p.would_be[k]).count();
        let power = detected as f64 / tuned as f64;
        Bound {
            scale: *scale,
            power,
            // A rate of false positives of 0 is the safe one: of the level's, less may be left.
            upper: prevalence_upper(positive, tuned, 0.0, Power::Estimated { detected, planted: tuned }, COVERED),
            posterior: prevalence_posterior(positive, tuned, level, power, COVERED),
        }
    };
    let p = if counts.is_empty() { f64::NAN } else { count.p() };
    Prevalence {
        animal: animal.into(),
        pairs: count.observed,
        expected: null.iter().sum::<usize>() as f64 / null.len() as f64,
        most: null.get((null.len() * 95).div_ceil(100).saturating_sub(1)).map_or(f64::NAN, |n| *n as f64),
        p,
        corrected: p,
        tuned,
        positive,
        bounds: if tuned == 0 { Vec::new() } else { SCALES.iter().enumerate().map(bound).collect() },
    }
}

fn sentence(
    verdict: Verdict,
    together: &Prevalence,
    animals: &[Prevalence],
    found_in: &[String],
    level: f64,
    agents: &BTreeSet<Agent>,
) -> String {
    let judged = together.bounds.iter().find(|b| b.scale == JUDGED);
    let bound = judged.map_or_else(
        || "no neuron is tuned to an executed behaviour that was observed as well, so that nothing bounds their prevalence".to_string(),
        |b| {
            format!(
                "{} of {} neurons tuned to execution answer to the same behaviour observed; if mirror neurons have half their executed response, {:.0} % of them would have been found, and they are at most {:.1} % of the neurons tuned to execution (95 %)",
                together.positive,
                together.tuned,
                100.0 * b.power,
                100.0 * b.upper
            )
        },
    );
    let count = format!(
        "{} pairs of neuron and behaviour have p < {level} executed and observed, where {:.1} are expected without responses to observation",
        together.pairs, together.expected
    );
    match verdict {
        Verdict::Found => {
            let p = animals.iter().filter(|a| found_in.contains(&a.animal)).map(|a| a.corrected).fold(0.0, f64::max);
            let place = match (found_in, animals.len()) {
                ([one], 1) => format!("in one animal, {one}, the only one"),
                ([one], n) => format!("in one animal of {n}, {one}"),
                (many, n) => format!("in {} of {n} animals", many.len()),
            };
            format!("Mirror neurons were found {place}: {count} (p ≤ {p:.2}, corrected over animals).")
                .replace("p ≤ 0.00", "p < 0.01")
        }
        Verdict::Absent => format!("Mirror neurons are absent at this sensitivity: {bound}; {count}."),
        Verdict::Inconclusive if together.p.is_nan() => {
            let why = untested(agents);
            format!(
                "Inconclusive: no behaviour could be tested both executed and observed{why}, and nothing can be said about mirror neurons."
            )
        }
        Verdict::Inconclusive if together.expected.is_nan() => format!(
            "Inconclusive: of so few draws no p can be below {level}, and nothing can be said about how many mirror neurons there are. Make more draws (`shifts`), or give more sessions if they are what is drawn."
        ),
        Verdict::Inconclusive => format!("Inconclusive: {count} (p = {:.2}); {bound}.", together.p),
    }
}

/// Which side there is nothing of, where there is only one.
fn untested(agents: &BTreeSet<Agent>) -> &'static str {
    match (agents.contains(&Agent::Own), agents.contains(&Agent::Other)) {
        (true, true) => " (some executed, and others observed)",
        (true, false) => " (of observed ones, none could be tested)",
        (false, true) => " (of executed ones, none could be tested)",
        (false, false) => " (none could be tested at all)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn animal(name: &str, observed: usize, null: &[usize], probes: (usize, usize, usize)) -> AnimalEvidence {
        let (tuned, positive, would_be) = probes;
        let probe = |k: usize| Probe {
            neuron: k,
            behaviour: "eating".into(),
            found: k < positive,
            would_be: [k < would_be; SCALES.len()],
        };
        AnimalEvidence {
            animal: name.into(),
            counts: vec![CountTest { observed, null: null.to_vec() }],
            probes: (0..tuned).map(probe).collect(),
            agents: Agent::ALL.into_iter().collect(),
        }
    }

    #[test]
    fn verdicts_follow_their_rules() {
        let null: Vec<usize> = (0..999).map(|k| k % 5).collect();
        let of = |animals: &[AnimalEvidence]| judge(animals, 0.01);
        let found = of(&[animal("a", 30, &null, (100, 30, 90)), animal("b", 2, &null, (100, 1, 90))]);
        assert!(found.verdict == Verdict::Found && found.found_in == ["a"], "{found:?}");
        assert!(found.sentence.contains("in one animal of 2, a") && found.sentence.contains("32 pairs"));
        let absent = of(&[animal("a", 2, &null, (100, 1, 95)), animal("b", 2, &null, (100, 1, 95))]);
        assert!(absent.verdict == Verdict::Absent && absent.together.bounds[4].upper < 0.05, "{absent:?}");
        // The same with little power, and with few neurons.
        let weak = of(&[animal("a", 2, &null, (100, 1, 20))]);
        assert_eq!(weak.verdict, Verdict::Inconclusive, "{weak:?}");
        assert_eq!(of(&[animal("a", 0, &null, (10, 0, 10))]).verdict, Verdict::Inconclusive);
        let nothing = of(&[AnimalEvidence { animal: "a".into(), ..AnimalEvidence::default() }]);
        assert!(
            nothing.verdict == Verdict::Inconclusive && nothing.sentence.contains("none could be tested at all"),
            "{nothing:?}"
        );
        let one = AnimalEvidence { agents: [Agent::Own].into(), ..AnimalEvidence::default() };
        assert!(of(&[one]).sentence.contains("of observed ones, none could be tested"));
        let few = of(&[animal("a", 0, &[], (10, 0, 10))]);
        assert!(few.verdict == Verdict::Inconclusive && few.sentence.contains("no p can be below 0.01"), "{few:?}");
    }

    /// Of two animals with p 0.03 neither is beyond 0.05 by Holm's rule.
    #[test]
    fn counts_are_corrected_over_animals() {
        let null: Vec<usize> = (0..99).map(|k| usize::from(k < 2) * 9).collect();
        let animals = [animal("a", 9, &null, (10, 0, 1)), animal("b", 9, &null, (10, 0, 1))];
        let judged = judge(&animals, 0.01);
        assert!((judged.animals[0].p - 0.03).abs() < 1e-12 && (judged.animals[1].corrected - 0.06).abs() < 1e-12);
        assert!(judged.found_in.is_empty());
        assert_eq!(judge(&animals[..1], 0.01).found_in, ["a"]);
    }
}
