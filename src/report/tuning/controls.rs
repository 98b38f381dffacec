//! What else could make labels: seeing alone, the animal's own movements, and what covariates explain.

use super::view::View;
use super::words::{class, count, listed, p_is, percent, probability, short, shown};
use crate::data::recording::Agent;
use crate::report::parts::html::{begin_table, end_table, escape, number_cells};
use crate::report::parts::words::distinct;
use crate::tuning::{Class, ONSET};
use std::fmt::Write as _;

/// Labels in a table.
const MOST: usize = 30;

pub(super) fn all(page: &mut String, view: &View) {
    movement(page, view);
    onset(page, view);
    given(page, view);
}

/// A neuron that is called tuned to an observed behaviour.
struct Label {
    session: usize,
    neuron: usize,
    behaviour: String,
    /// In all frames.
    p: f64,
    /// In those in which the animal does nothing; none where these are too few.
    still: Option<f64>,
}

fn labels(view: &View) -> Vec<Label> {
    let mut found = Vec::new();
    for (session, (study, classes)) in view.study.sessions.iter().zip(&view.study.classes).enumerate() {
        let tests = study.examined.tests.behaviours.iter().zip(&classes.q);
        for (tests, q) in tests.filter(|(t, _)| t.agent == Agent::Other) {
            let still = study.still.of(Agent::Other, &tests.behaviour);
            found.extend((0..q.len()).filter(|i| view.is_tuned(q[*i])).map(|neuron| Label {
                session,
                neuron,
                behaviour: tests.behaviour.clone(),
                p: tests.p[neuron],
                still: still.map(|t| t.p[neuron]).filter(|p| !p.is_nan()),
            }));
        }
    }
    found
}

fn movement(page: &mut String, view: &View) {
    let level = view.settings.count_level;
    let labels = labels(view);
    let lost = labels.iter().filter(|l| l.still.is_none()).count();
    let mut rest: Vec<&Label> = labels.iter().filter(|l| l.still.is_some_and(|p| p >= level)).collect();
    page.push_str("<section>\n<h2>Controls: the animal’s own movements</h2>\n");
    let mut words = format!(
        "{} (a neuron tuned to an observed behaviour, q ≤ {}) were tested again without all frames in which the animal \
         itself does anything. ",
        count(labels.len(), "observation label"),
        view.settings.false_discoveries
    );
    if labels.is_empty() {
        words = "No neuron is tuned to an observed behaviour: no label can rest on the animal’s own movements.".into();
    } else {
        let stand = labels.len() - lost - rest.len();
        let _ = write!(
            words,
            "{stand} stand (p &lt; {level}), {} rest on frames in which it moved (p above that), and of {lost} too few \
             bouts are left to tell. Fewer frames have less power, so that a label that falls may still be true.",
            rest.len()
        );
    }
    let _ = write!(
        page,
        "<p>{words} Movements that are not listed as bouts are not seen by this control.</p>\n</section>\n"
    );
    if rest.is_empty() {
        return;
    }
    rest.sort_by(|a, b| b.still.unwrap_or(0.0).total_cmp(&a.still.unwrap_or(0.0)));
    let cut =
        if rest.len() > MOST { format!(" The {MOST} that fall farthest of {}.", rest.len()) } else { String::new() };
    let caption =
        format!("p of the observed behaviour in all frames, and in those in which the animal does nothing.{cut}");
    let columns = ["Animal, session", "Neuron", "Area", "Class", "Behaviour", "#p, all frames", "#p, still"];
    begin_table(page, "Labels that rest on movement", &escape(&caption), &columns);
    for label in rest.into_iter().take(MOST) {
        let cells = [
            view.session(label.session),
            view.neuron(label.session, label.neuron),
            view.area(label.session, label.neuron),
            class(view.class(label.session, label.neuron)).into(),
            shown(&label.behaviour),
        ];
        let cells = cells.map(|c| format!("<td><bdi>{}</bdi></td>", escape(&c))).concat();
        let numbers = number_cells([label.p, label.still.unwrap_or(f64::NAN)].map(|p| escape(&probability(p))));
        let _ = writeln!(page, "<tr>{cells}{numbers}</tr>");
    }
    end_table(page);
}

fn onset(page: &mut String, view: &View) {
    let level = view.settings.count_level;
    // `[tuned to observation][answers to the onset]`
    let mut table = [[0_usize; 2]; 2];
    for (session, neuron) in view.neurons() {
        let study = &view.study.sessions[session];
        let Some(p) = study.onset.of(Agent::Other, ONSET).map(|t| t.p[neuron]).filter(|p| !p.is_nan()) else {
            continue;
        };
        let observed = study.examined.tests.behaviours.iter().zip(&view.study.classes[session].q);
        let mut observed = observed.filter(|(t, _)| t.agent == Agent::Other);
        let tuned = observed.any(|(_, q)| view.is_tuned(q[neuron]));
        table[usize::from(tuned)][usize::from(p < level)] += 1;
    }
    let all: usize = table.as_flattened().iter().sum();
    if all == 0 {
        page.push_str(
            "<section>\n<h2>Controls: does it see?</h2>\n<p>Too few observed bouts to test answers to their onset: \
             whether a neuron that is not tuned to observation sees at all is not known.</p>\n</section>\n",
        );
        return;
    }
    let caption = format!(
        "Answers to the onset: p < {level} for the first {} ms of observed bouts, whatever the behaviour. A neuron \
         that answers to the onset and to no observed behaviour sees and is not tuned; of one that does neither, \
         nothing shows that it sees, and that it is not tuned says little.",
        view.settings.onset_ms
    );
    let columns = ["", "#Answers to the onset", "#Does not", "#Share that answers"];
    begin_table(page, "Controls: does it see?", &escape(&caption), &columns);
    for (name, [without, with]) in [("tuned to observation", table[1]), ("not tuned to observation", table[0])] {
        let share = percent(with as f64 / (with + without) as f64);
        let numbers = number_cells([with.to_string(), without.to_string(), share]);
        let _ = writeln!(page, "<tr><th scope=\"row\">{name}</th>{numbers}</tr>");
    }
    end_table(page);
}

fn given(page: &mut String, view: &View) {
    let study = view.study;
    let residuals: Vec<_> = study.sessions.iter().filter_map(|s| s.residual.as_ref()).collect();
    if residuals.is_empty() {
        page.push_str(
            "<section>\n<h2>Controls: given covariates</h2>\n<p>No covariate was recorded in more than half of the \
             frames: whether labels follow from arousal or running is not known.</p>\n</section>\n",
        );
        return;
    }
    let names: Vec<String> = distinct(residuals.iter().flat_map(|r| &r.covariates)).iter().map(|n| shown(n)).collect();
    let least = residuals.iter().map(|r| r.measured).fold(1.0, f64::min);
    let mut table = [[0_usize; Class::ALL.len()]; Class::ALL.len()];
    for (before, after) in study.classes.iter().zip(&study.given_covariates) {
        for (before, after) in before.class.iter().zip(after.iter().flat_map(|a| &a.class)) {
            table[*before as usize][*after as usize] += 1;
        }
    }
    let changed: usize = (0..table.len()).map(|k| table[k].iter().sum::<usize>() - table[k][k]).sum();
    let all: usize = table.as_flattened().iter().sum();
    let caption = format!(
        "Classes of neurons (rows), and their classes when everything is tested again on what {} leave{} of the \
         activity (columns): with lags up to {} s either way, and squares, regressed out; all of them were measured in \
         {} of the frames, or more. {changed} of {all} change (controls.csv says which). A label that falls may have \
         come from what the covariates show, or from power lost with them; one that stands may still come from arousal \
         that a slow, noisy pupil does not show.",
        listed(&names),
        if names.len() == 1 { "s" } else { "" },
        view.settings.lag_ms / 1000.0,
        percent(least),
    );
    let heads = Class::ALL.map(|c| format!("#→ {}", class(c)));
    let columns: Vec<&str> = ["Class"].into_iter().chain(heads.iter().map(String::as_str)).collect();
    begin_table(page, "Controls: given covariates", &escape(&caption), &columns);
    for (k, row) in table.iter().enumerate().filter(|(_, row)| row.iter().any(|n| *n > 0)) {
        let cell = |(j, n): (usize, &usize)| if j == k { format!("<strong>{n}</strong>") } else { n.to_string() };
        let numbers = number_cells(row.iter().enumerate().map(cell));
        let _ = writeln!(page, "<tr><th scope=\"row\">{}</th>{numbers}</tr>", class(Class::ALL[k]));
    }
    end_table(page);
}

/// Whether labels meet more often than they would by themselves.
pub(super) fn overlap(page: &mut String, view: &View) {
    let o = &view.study.overlap;
    page.push_str("<section>\n<h2>Overlap beyond independence</h2>\n<p>");
    if o.p.is_nan() {
        let _ = write!(
            page,
            "{} executed and observed; no stratum has neurons of both kinds, so that their number could not have been \
             another, and nothing can be tested.",
            count(o.observed, "pair")
        );
    } else {
        let odds = if o.odds_ratio.is_finite() { format!("{:.2}", o.odds_ratio) } else { "not finite".into() };
        let _ = write!(
            page,
            "{} of neuron and behaviour have p &lt; {} both executed and observed, where {:.1} ± {:.1} are expected if \
             the two were independent among neurons of like activity: {} (exact, one-sided, conservative; mid-{}), \
             odds ratio {odds}.",
            count(o.observed, "pair"),
            view.settings.count_level,
            o.expected,
            o.sd,
            escape(&p_is(o.p)),
            escape(&p_is(o.mid_p)),
        );
    }
    let _ = write!(
        page,
        " Of neurons that are more active, more are found tuned to anything. Independence is therefore asked for \
         within strata: at most 20 neurons of like activity outside of bouts, in one session and for one behaviour ({} told \
         anything). A hypergeometric test of all neurons together finds overlap wherever active cells are found more \
         easily.</p>\n</section>\n",
        count(o.informative, "stratum").replace("stratums", "strata")
    );
}

/// Whether neurons keep their classes.
pub(super) fn stability(page: &mut String, view: &View) {
    let s = &view.study.stability.all;
    page.push_str("<section>\n<h2>Stability across sessions</h2>\n<p>");
    if s.items == 0 {
        page.push_str(
            "No neuron was identified in two successive sessions of its animal (or none could be classed in both): \
             whether classes last is not known.",
        );
    } else {
        let _ = write!(
            page,
            "Of {} identified in two successive sessions (a neuron of three counts twice), {} have the same class in \
             both: {}, where {} are expected if identities said nothing",
            count(s.items, "neuron"),
            (s.share * s.items as f64).round(),
            percent(s.share),
            percent(s.expected),
        );
        if s.p.is_nan() {
            page.push_str("; they could not have agreed otherwise, and nothing can be tested.");
        } else {
            let _ = write!(
                page,
                " (kappa {:.2}, {}: identities shuffled within each pair of sessions).",
                s.kappa,
                escape(&p_is(s.p))
            );
        }
    }
    page.push_str("</p>\n</section>\n");
    if s.items > 0 {
        stability_of_classes(page, view);
    }
}

fn stability_of_classes(page: &mut String, view: &View) {
    let caption = "Neurons of each class in the first of two successive sessions, those of them that have it in the \
                   second, too, and their number if identities said nothing. p: one-sided, corrected over classes \
                   (Holm 1979).";
    let columns = ["Class", "#First session", "#Both", "#Expected", "#p", "#Corrected"];
    begin_table(page, "Stability of each class", caption, &columns);
    for s in &view.study.stability.classes {
        let p = [s.p, s.corrected].map(|p| escape(&probability(p)));
        let numbers = [s.first.to_string(), s.kept.to_string(), short(s.expected, 3)].into_iter().chain(p);
        let _ = writeln!(page, "<tr><th scope=\"row\">{}</th>{}</tr>", class(s.class), number_cells(numbers));
    }
    end_table(page);
}
