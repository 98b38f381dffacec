//! Whose labels are found to say which cells matter: what the pages of one run and of several say first, in the same words
//! and by the same rule.

use super::data::AcrossReport;
use super::words::{distinct, listed, measure, probability, scope, short};
use super::{across, effects};
use crate::network::Population;
use crate::perturb::{Lesion, LesionEffect, MeasureKey, SIGNIFICANT, Study, found, smallest_p, smallest_superiority};

/// A test of a lesion's cells in one measure.
struct Test {
    lesion: usize,
    measure: usize,
    superiority: f64,
    q: f64,
    /// Whether it holds over all measures together.
    found: bool,
}

/// What the tests of a page claim.
pub(super) struct Claims<'a> {
    lesions: &'a [Lesion],
    keys: &'a [MeasureKey],
    population: &'a Population,
    /// The measures of the page's matrix.
    columns: Vec<usize>,
    tests: Vec<Test>,
}

impl<'a> Claims<'a> {
    pub(super) fn of_study(study: &'a Study) -> Self {
        Self::of_effects(&study.lesions, &study.keys, &study.subject.problem.population, &study.effects)
    }

    /// Those of one network.
    pub(super) fn of_effects(
        lesions: &'a [Lesion],
        keys: &'a [MeasureKey],
        population: &'a Population,
        effects: &[LesionEffect],
    ) -> Self {
        let test = |e: &LesionEffect| e.comparison.map(|c| (e.lesion, e.measure, c.superiority, c.q));
        let (columns, _) = effects::columns(keys, population);
        Self { lesions, keys, population, columns, tests: tests(effects.iter().filter_map(test), keys) }
    }

    /// Those of all runs together.
    pub(super) fn of_runs(report: &AcrossReport<'a>) -> Self {
        let AcrossReport { lesions, keys, population, .. } = *report;
        let rows = report.rows.iter().filter(|r| r.setting == "all");
        let tests = tests(rows.map(|r| (r.lesion, r.measure, r.mean_rank_superiority, r.q)), keys);
        Self { lesions, keys, population, columns: across::columns(report), tests }
    }

    /// How many lesions' labels are found to say which cells matter.
    pub(super) fn lesions_found(&self) -> usize {
        distinct(self.tests.iter().filter(|t| t.found).map(|t| t.lesion)).len()
    }

    /// A sentence for each lesion whose labels are found to matter, one about the others, and what to know about these.
    pub(super) fn sentences(&self) -> Vec<String> {
        let has = |lesion: usize, is: &dyn Fn(&Test) -> bool| self.tests.iter().any(|t| t.lesion == lesion && is(t));
        let with = |is: &dyn Fn(usize) -> bool| (0..self.lesions.len()).filter(|l| is(*l)).collect::<Vec<usize>>();
        let named = with(&|l| has(l, &|t| t.found));
        let quiet = with(&|l| has(l, &|_| true) && !named.contains(&l));
        let single = with(&|l| quiet.contains(&l) && has(l, &|t| t.q < SIGNIFICANT));
        let untested = with(&|l| !self.lesions[l].neurons.is_empty() && !has(l, &|_| true));
        let hopeless = with(&|l| quiet.contains(&l) && self.smallest_p(l) > SIGNIFICANT);
        let mut sentences: Vec<String> = named.iter().map(|l| self.named(*l)).collect();
        if !quiet.is_empty() {
            sentences.push(format!(
                "Not found to hold cells that, lesioned alone, harm more than like cells in any measure (q < 0.05, measures \
                 corrected together): {}.",
                self.list(&quiet, &|_| String::new())
            ));
            sentences.extend(self.power(&quiet));
        }
        if !single.is_empty() {
            sentences.push(self.single(&single));
        }
        if !hopeless.is_empty() {
            sentences.push(format!(
                "With so few cells or like cells that their labels cannot be found to matter, whatever they do: {}.",
                self.list(&hopeless, &|l| format!(" (p is at least {})", probability(self.smallest_p(l))))
            ));
        }
        if !untested.is_empty() {
            sentences.push(format!(
                "Not tested, for want of like cells or of values: {}.",
                self.list(&untested, &|_| String::new())
            ));
        }
        sentences
    }

    fn smallest_p(&self, lesion: usize) -> f64 {
        smallest_p(&self.lesions[lesion], self.population)
    }

    fn list(&self, lesions: &[usize], about: &dyn Fn(usize) -> String) -> String {
        listed(&lesions.iter().map(|l| format!("{}{}", self.lesions[*l].name, about(*l))).collect::<Vec<_>>())
    }

    fn of(&self, lesion: usize, is: impl Fn(&Test) -> bool) -> Vec<&Test> {
        self.tests.iter().filter(|t| t.lesion == lesion && is(t)).collect()
    }

    fn named(&self, lesion: usize) -> String {
        let all = self.of(lesion, |t| t.found);
        let main = self.of(lesion, |t| t.found && self.columns.contains(&t.measure));
        let which = if main.is_empty() {
            "none of them in the matrix below".to_string()
        } else {
            format!("of those in the matrix below: {}", self.by_measure(&main))
        };
        format!(
            "Lesioned alone, cells of {} harm more than like cells in {} of {} measures and scopes (q < 0.05, measures \
             corrected together); {which}.",
            self.lesions[lesion].name,
            all.len(),
            self.keys.len()
        )
    }

    /// What is starred in the matrix, but not found.
    fn single(&self, lesions: &[usize]) -> String {
        let measures = distinct(self.tests.iter().map(|t| self.keys[t.measure].measure)).len();
        format!(
            "In some measure by itself q < 0.05 (an asterisk), but not with all measures corrected together: {}. Of studies \
             whose labels mean nothing, up to {:.0} % have such an asterisk somewhere.",
            self.list(lesions, &|l| format!(" ({})", self.by_measure(&self.of(l, |t| t.q < SIGNIFICANT)))),
            100.0 * (1.0 - (1.0 - SIGNIFICANT).powi(measures as i32))
        )
    }

    /// What could have been found, where something could.
    fn power(&self, lesions: &[usize]) -> Option<String> {
        let possible = lesions.iter().filter(|l| self.smallest_p(**l) <= SIGNIFICANT);
        let smallest = possible.map(|l| smallest_superiority(&self.lesions[*l], self.population).min(1.0));
        let (low, high) = smallest.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), s| (low.min(s), high.max(s)));
        let (low, high) = (short(low, 2), short(high, 2));
        let range = if low == high { low } else { format!("{low} (the most cells) to {high} (the fewest)") };
        (high != "0").then(|| {
            format!(
                "That is no proof that their labels mean nothing: with so many cells, no superiority below about {range} can be \
                 found, in however many networks; how often a larger one is found, aon validate measures."
            )
        })
    }

    /// Tests by measure: `ΔR² – all neurons and F5 (superiority up to 0.87)`.
    fn by_measure(&self, tests: &[&Test]) -> String {
        let of = |name: &&str| {
            let own = || tests.iter().filter(|t| self.keys[t.measure].measure == *name);
            let scopes: Vec<String> = own().map(|t| scope(&self.keys[t.measure].scope).to_string()).collect();
            let largest = own().map(|t| t.superiority).filter(|s| s.is_finite()).fold(f64::NAN, f64::max);
            let up_to = if scopes.len() > 1 { " up to" } else { "" };
            format!("{} – {} (superiority{up_to} {})", measure(name), listed(&scopes), short(largest, 2))
        };
        let measures = distinct(tests.iter().map(|t| self.keys[t.measure].measure));
        measures.iter().map(of).collect::<Vec<_>>().join("; ")
    }
}

/// Of (lesion, measure, superiority, q), without those that could not be tested.
fn tests(all: impl Iterator<Item = (usize, usize, f64, f64)>, keys: &[MeasureKey]) -> Vec<Test> {
    let all: Vec<_> = all.filter(|(.., q)| q.is_finite()).collect();
    let holds = found(&all.iter().map(|(_, measure, _, q)| (*measure, *q)).collect::<Vec<_>>(), keys);
    let test = |((lesion, measure, superiority, q), found)| Test { lesion, measure, superiority, q, found };
    all.into_iter().zip(holds).map(test).collect()
}
