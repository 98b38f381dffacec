//! The page around the figures.

use super::power::judged;
use super::view::View;
use super::words::{count, percent, probability, shown, verdict};
use super::{classes, controls, counts, power, untested};
use crate::report::parts::figure::Figure;
use crate::report::parts::html::{begin, choices, end, escape, headline, section};
use crate::tuning::{Class, JUDGED, RARE};
use std::fmt::Write as _;

pub(super) fn html(view: &View, figures: &[Figure]) -> String {
    let title = escape(&shown(view.report.title));
    let mut page = begin(&title);
    let sentence = escape(&shown(&view.study.judgement.sentence));
    let _ = writeln!(page, "<h1><bdi>{title}</bdi></h1>\n<p class=\"lead\">{sentence}</p>");
    headline(&mut page, &numbers(view));
    rules(&mut page, view);
    let figure = |page: &mut String, name: &str| {
        figures.iter().filter(|f| f.name == name).for_each(|f| section(page, f));
    };
    figure(&mut page, "counts");
    counts::table(&mut page, view);
    figure(&mut page, "power");
    if view.study.judgement.together.bounds.is_empty() {
        no_power(&mut page);
    }
    power::table(&mut page, view);
    figure(&mut page, "classes");
    classes::table(&mut page, view);
    classes::mirror_table(&mut page, view);
    figure(&mut page, "maps");
    figure(&mut page, "cells");
    figure(&mut page, "asked-cells");
    controls::overlap(&mut page, view);
    controls::stability(&mut page, view);
    controls::all(&mut page, view);
    untested::all(&mut page, view);
    notes(&mut page, view.report.notes);
    choices(&mut page, "How it was tested", &settings(view));
    choices(&mut page, "What was done", view.report.choices);
    end(&mut page);
    page
}

fn numbers(view: &View) -> Vec<(String, String)> {
    let study = view.study;
    let together = &study.judgement.together;
    let bound = judged(together);
    let neurons = study.sessions.iter().map(|s| s.neurons.len()).sum::<usize>();
    let sessions = count(study.sessions.len(), "session");
    let animals = count(view.animals().len(), "animal");
    vec![
        (verdict(study.judgement.verdict).into(), "mirror neurons".into()),
        (neurons.to_string(), format!("neurons, {sessions}, {animals}")),
        (study.of_class(Class::Mirror).to_string(), "classed mirror".into()),
        (study.of_class(Class::Own).to_string(), "self (execution)".into()),
        (study.of_class(Class::Other).to_string(), "other (observation)".into()),
        (escape(&probability(together.p)), "p of the number of mirror pairs".into()),
        (bound.map_or("–".into(), |b| percent(b.power)), format!("power at {JUDGED} of the executed response")),
        (bound.map_or("–".into(), |b| percent(b.upper)), "of execution-tuned are mirror, at most".into()),
    ]
}

/// What was assumed, mended or left out where recordings were read.
fn notes(page: &mut String, notes: &[String]) {
    if notes.is_empty() {
        return;
    }
    page.push_str("<section>\n<h2>What was assumed, mended or left out</h2>\n<ul>\n");
    for note in notes {
        let _ = writeln!(page, "<li>{}</li>", escape(&shown(note)));
    }
    page.push_str("</ul>\n</section>\n");
}

/// Every setting of the tests, by the name that it has in files.
fn settings(view: &View) -> Vec<(String, String)> {
    let s = view.settings;
    let null = format!("{:?}", s.null).to_lowercase();
    [
        ("null", null),
        ("seed", s.seed.to_string()),
        ("shifts", s.shifts.to_string()),
        ("most_shifts", s.most_shifts.to_string()),
        ("window_s", s.window_s.to_string()),
        ("least_shift_s", s.least_shift_s.to_string()),
        ("baseline_ms", format!("{} to {}", s.baseline_ms[0], s.baseline_ms[1]).replace('-', "−")),
        ("false_discoveries", s.false_discoveries.to_string()),
        ("count_level", s.count_level.to_string()),
        ("least_bouts", s.least_bouts.to_string()),
        ("onset_ms", s.onset_ms.to_string()),
        ("lag_ms", s.lag_ms.to_string()),
        ("lags", s.lags.to_string()),
    ]
    .map(|(name, value)| (name.to_string(), value))
    .to_vec()
}

/// What the verdict follows from.
fn rules(page: &mut String, view: &View) {
    let tested = escape(&counts::tested(view));
    let _ = writeln!(
        page,
        "<section>\n<h2>How the verdict is reached</h2>\n<p>{tested}</p>\n<ul>\n<li><strong>Found</strong>: in an \
         animal, more pairs of neuron and behaviour have p &lt; {level} both executed and observed than their null \
         distribution gives (p &lt; 0.05, corrected over animals).</li>\n<li><strong>Absent at this \
         sensitivity</strong>: otherwise, if neurons that answer to observation with {JUDGED} of their executed \
         response are less than {rare} of those tuned to execution (upper bound, 95 \
         %).</li>\n<li><strong>Inconclusive</strong>: otherwise. The data do not tell.</li>\n</ul>\n<p>p: two-sided, \
         of each neuron and behaviour. q: its p among all neurons and behaviours of one agent; of what has q ≤ {rate}, \
         {share} is expected to be false.</p>\n</section>",
        level = view.settings.count_level,
        rare = percent(RARE),
        rate = view.settings.false_discoveries,
        share = percent(view.settings.false_discoveries),
    );
}

fn no_power(page: &mut String) {
    page.push_str(
        "<section>\n<h2>Power, and how frequent mirror neurons can be</h2>\n<p>No neuron is tuned to an executed \
         behaviour that was observed, too: there is no executed response to put into observed bouts, the power is not \
         known, and nothing bounds the prevalence of mirror neurons. That nothing was found says \
         nothing.</p>\n</section>\n",
    );
}
