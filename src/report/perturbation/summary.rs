//! What was found, in words, and nothing beyond the numbers.

use super::across;
use super::claims::Claims;
use super::data::AcrossReport;
use super::words::{listed, names, short, sizes};
use crate::perturb::{FEWEST_RUNS, Lesion, Study};

/// What is said of some lesions, which, and what about each.
type Remark<'a> = (&'a str, Vec<usize>, &'a dyn Fn(usize) -> String);

/// The sentences of one network's report: whose labels say which cells matter, then what to know about the comparisons.
pub(super) fn of_study(study: &Study) -> Vec<String> {
    let mut sentences = Claims::of_study(study).sentences();
    let with = |is: &dyn Fn(usize) -> bool| -> Vec<usize> { (0..study.lesions.len()).filter(|l| is(*l)).collect() };
    let named = |lesions: &[usize], about: &dyn Fn(usize) -> String| {
        listed(&lesions.iter().map(|l| format!("{}{}", study.lesions[*l].name, about(*l))).collect::<Vec<_>>())
    };
    let controls = |l: usize| study.outcomes[l].controls.as_ref();
    let is_empty = |l: usize| study.lesions[l].neurons.is_empty();
    let worst = |l: usize| controls(l).map_or(f64::NAN, |c| c.drawn.balance.worst());
    let nothing = |_: usize| String::new();
    let kinds: [Remark; 4] = [
        (
            "Compared with controls by fewer neurons than they have, because too few like cells are spared",
            with(&|l| controls(l).is_some_and(|c| !c.is_whole(study.lesions[l].neurons.len()))),
            &|l| format!(" ({})", sizes(study, l)),
        ),
        (
            "Controls not matched in rate and outgoing weight (largest difference of means)",
            with(&|l| controls(l).is_some_and(|c| !c.drawn.balance.is_matched())),
            &|l| format!(" ({} SD)", short(worst(l), 2)),
        ),
        ("Without neurons", with(&is_empty), &nothing),
        ("Without controls to compare with", with(&|l| !is_empty(l) && controls(l).is_none()), &nothing),
    ];
    let told = kinds.iter().filter(|(_, lesions, _)| !lesions.is_empty());
    sentences.extend(told.map(|(words, lesions, about)| format!("{words}: {}.", named(lesions, about))));
    sentences
}

/// The sentences about several runs.
pub(super) fn of_runs(report: &AcrossReport) -> Vec<String> {
    let mut sentences = Claims::of_runs(report).sentences();
    let few: Vec<String> = across::settings_of(report)
        .iter()
        .map(|setting| (setting, across::runs_of(report, setting)))
        .filter(|(_, runs)| *runs < FEWEST_RUNS)
        .map(|(setting, runs)| format!("{setting} ({runs})"))
        .collect();
    if !few.is_empty() {
        sentences.push(format!(
            "Too few runs for an interval, which takes {FEWEST_RUNS}: {}. Effects are means of these networks, described and not \
             tested.",
            listed(&few)
        ));
    }
    let empty: Vec<Lesion> = report.lesions.iter().filter(|l| l.neurons.is_empty()).cloned().collect();
    if !empty.is_empty() {
        sentences.push(format!("Without neurons: {}.", listed(&names(&empty))));
    }
    sentences
}
