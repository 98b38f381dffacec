//! What was found, in words, and nothing beyond the numbers.

use super::data::AcrossReport;
use super::words::{
    SIGNIFICANT, compared, distinct, is_significant, key_number, listed, measure, names, probability, scope, short,
    sizes,
};
use super::{across, effects};
use crate::perturb::{Lesion, SeedRow, Study, smallest_p};

/// What is said of some lesions, which, and what about each.
type Remark<'a> = (&'a str, Vec<usize>, &'a dyn Fn(usize) -> String);

/// The sentences of one network's report: whose labels say which cells matter, then what to know about the comparisons.
pub(super) fn of_study(study: &Study) -> Vec<String> {
    let mut sentences = found(study);
    let with = |is: &dyn Fn(usize) -> bool| -> Vec<usize> { (0..study.lesions.len()).filter(|l| is(*l)).collect() };
    let named = |lesions: &[usize], about: &dyn Fn(usize) -> String| {
        listed(&lesions.iter().map(|l| format!("{}{}", study.lesions[*l].name, about(*l))).collect::<Vec<_>>())
    };
    let controls = |l: usize| study.outcomes[l].controls.as_ref();
    let is_empty = |l: usize| study.lesions[l].neurons.is_empty();
    let smallest = |l: usize| smallest_p(&study.lesions[l], &study.subject.problem.population);
    let worst = |l: usize| controls(l).map_or(f64::NAN, |c| c.drawn.balance.worst());
    let nothing = |_: usize| String::new();
    let kinds: [Remark; 5] = [
        (
            "Compared with controls by fewer neurons than they have, because too few like cells are spared",
            with(&|l| controls(l).is_some_and(|c| !c.is_whole(study.lesions[l].neurons.len()))),
            &|l| format!(" ({})", sizes(study, l)),
        ),
        (
            "With so few cells or like cells that their labels cannot be found to matter, whatever they do",
            with(&|l| controls(l).is_some() && smallest(l) > SIGNIFICANT),
            &|l| format!(" (p is at least {})", probability(smallest(l))),
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

/// A sentence for each lesion whose cells harm more than like cells, and one about the others.
fn found(study: &Study) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut quiet = Vec::new();
    let (columns, _) = effects::columns(study);
    for (lesion, named) in study.lesions.iter().enumerate() {
        let effects: Vec<(usize, f64)> = (0..study.keys.len())
            .filter_map(|m| Some((m, compared(study, lesion, m)?.1)))
            .filter(|(_, c)| is_significant(c))
            .map(|(m, c)| (m, c.superiority))
            .collect();
        if !effects.is_empty() {
            let main: Vec<(usize, f64)> = effects.iter().filter(|(m, _)| columns.contains(m)).copied().collect();
            let which = if main.is_empty() {
                "none of them in the matrix below".to_string()
            } else {
                format!("of those in the matrix below: {}", by_measure(study, &main))
            };
            sentences.push(format!(
                "Lesioned alone, cells of {} harm more than like cells in {} of {} measures and scopes (q < 0.05); {which}.",
                named.name,
                effects.len(),
                study.keys.len()
            ));
        } else if (0..study.keys.len()).any(|m| compared(study, lesion, m).is_some_and(|(_, c)| c.p.is_finite())) {
            quiet.push(named.name.clone());
        }
    }
    if !quiet.is_empty() {
        sentences.push(format!(
            "Not found to hold cells that, lesioned alone, harm more than like cells in any measure: {}.",
            listed(&quiet)
        ));
    }
    sentences
}

/// Effects by measure: `ΔR² – all neurons and F5 (superiority up to 0.87)`.
fn by_measure(study: &Study, effects: &[(usize, f64)]) -> String {
    let measures = distinct(effects.iter().map(|(m, _)| study.keys[*m].measure));
    let of = |name: &&str| {
        let own = || effects.iter().filter(|(m, _)| study.keys[*m].measure == *name);
        let scopes: Vec<String> = own().map(|(m, _)| scope(&study.keys[*m].scope).to_string()).collect();
        let largest = own().map(|(_, size)| *size).filter(|s| s.is_finite()).fold(f64::NAN, f64::max);
        let up_to = if scopes.len() > 1 { " up to" } else { "" };
        format!("{} – {} (superiority{up_to} {})", measure(name), listed(&scopes), short(largest, 2))
    };
    measures.iter().map(of).collect::<Vec<_>>().join("; ")
}

/// The sentences about several runs.
pub(super) fn of_runs(report: &AcrossReport) -> Vec<String> {
    let mut sentences = Vec::new();
    let columns = across::columns(report);
    let of_all = || report.rows.iter().filter(|r| r.setting == "all");
    for (lesion, named) in report.lesions.iter().enumerate() {
        let own: Vec<&SeedRow> = of_all().filter(|r| r.lesion == lesion && r.excludes_zero()).collect();
        let harm = |r: &&&SeedRow| report.keys[r.measure].harm * r.effect.mean > 0.0;
        let all: Vec<&SeedRow> = own.iter().filter(harm).copied().collect();
        let worse: Vec<&SeedRow> = all.iter().filter(|r| columns.contains(&r.measure)).copied().collect();
        if worse.is_empty() {
            continue;
        }
        let measures = distinct(worse.iter().map(|r| report.keys[r.measure].measure));
        let of = |name: &&str| {
            let rows = worse.iter().filter(|r| report.keys[r.measure].measure == *name);
            let scopes: Vec<String> = rows.map(|r| scope(&report.keys[r.measure].scope).to_string()).collect();
            format!("{} – {}", measure(name), listed(&scopes))
        };
        let text = measures.iter().map(of).collect::<Vec<_>>().join("; ");
        sentences.push(format!(
            "{} harms more than controls over all runs in {} measures and scopes (95 % interval beyond zero); of those in the \
             matrix below: {text}.",
            named.name,
            all.len()
        ));
    }
    if sentences.is_empty() {
        sentences.push("No effect in the matrix below has a 95 % interval over all runs on the side of harm.".into());
    }
    let telling: Vec<Lesion> = (0..report.lesions.len())
        .filter(|lesion| of_all().any(|r| r.lesion == *lesion && is_of_fit(report, r) && r.q < SIGNIFICANT))
        .map(|lesion| report.lesions[lesion].clone())
        .collect();
    if !telling.is_empty() {
        sentences.push(format!(
            "Lesioned alone, cells harm the fit of all other neurons more than like cells over all runs (q < 0.05 of their mean \
             ranks): {}.",
            listed(&names(&telling))
        ));
    }
    let empty: Vec<Lesion> = report.lesions.iter().filter(|l| l.neurons.is_empty()).cloned().collect();
    if !empty.is_empty() {
        sentences.push(format!("Without neurons: {}.", listed(&names(&empty))));
    }
    if (2..6).contains(&report.names.len()) {
        sentences.push(format!(
            "With {} runs, bootstrap intervals are too narrow: those of five runs cover about 85 % in place of 95 %, \
             those of fewer less.",
            report.names.len()
        ));
    }
    sentences
}

/// Whether a row is about R² of all neurons.
fn is_of_fit(report: &AcrossReport, row: &SeedRow) -> bool {
    key_number(report.keys, "r2_change", "all") == Some(row.measure)
}
