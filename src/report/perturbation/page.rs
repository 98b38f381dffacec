//! The pages around the figures.

use super::claims::Claims;
use super::data::{AcrossReport, PerturbationReport};
use super::summary;
use super::words::{fit_sentence, short};
use crate::perturb::Study;
use crate::report::parts::figure::Figure;
use crate::report::parts::html::{
    begin, begin_table, choices, end, end_table, escape, headline, number_cells, section,
};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The page of one network.
pub(super) fn of_study(report: &PerturbationReport, figures: &[Figure]) -> String {
    let study = report.study;
    let title = escape(report.title);
    let mut page = begin(&title);
    let population = &study.subject.problem.population;
    let areas: Vec<String> = population.areas().iter().map(|a| format!("{} {}", escape(&a.name), a.size)).collect();
    let _ = writeln!(
        page,
        "<h1>{title}</h1>\n<p class=\"lead\">Perturbations of a recurrent network of {} neurons ({}) in {} conditions, \
         weights unchanged. {}</p>",
        population.len(),
        areas.join(", "),
        study.subject.conditions.len(),
        escape(&fit_sentence(study)),
    );
    headline(&mut page, &numbers(study));
    notes(&mut page, report.notes);
    let is_compared = study.effects.iter().any(|e| e.comparison.is_some());
    summary_list(&mut page, &[QUESTIONS][..usize::from(is_compared)], &summary::of_study(study));
    for figure in figures {
        section(&mut page, figure);
        if figure.name == "wiring" {
            balance(&mut page, study);
        }
    }
    choices(&mut page, "What was done", report.choices);
    end(&mut page);
    page
}

/// The page of several runs.
pub(super) fn of_runs(report: &AcrossReport, figures: &[Figure]) -> String {
    let title = escape(report.title);
    let mut page = begin(&title);
    let settings: BTreeSet<&str> = report.settings.iter().map(String::as_str).collect();
    let _ = writeln!(
        page,
        "<h1>{title}</h1>\n<p class=\"lead\">The same perturbations of {} trained networks ({}).</p>",
        report.names.len(),
        escape(&Vec::from_iter(settings).join("; ")),
    );
    notes(&mut page, report.notes);
    let is_compared = report.rows.iter().any(|r| r.effect.mean.is_finite() || r.superiority.mean.is_finite());
    summary_list(&mut page, &[QUESTIONS, RUNS][..2 * usize::from(is_compared)], &summary::of_runs(report));
    for figure in figures {
        section(&mut page, figure);
    }
    choices(&mut page, "What was done", report.choices);
    end(&mut page);
    page
}

fn notes(page: &mut String, notes: &[String]) {
    for note in notes {
        let _ = writeln!(page, "<p class=\"note\">{}</p>", escape(note));
    }
}

fn numbers(study: &Study) -> Vec<(String, String)> {
    let harmful = Claims::of_study(study).lesions_found();
    let controls = study.outcomes.iter().filter_map(|o| Some(o.controls.as_ref()?.sets.len())).max();
    let r2 = study.intact.iter().find(|(m, s, _)| *m == "r2" && s == "all").map_or(f64::NAN, |(.., v)| *v);
    let held_out = study.held_out.as_ref().and_then(|h| h.model.r2).unwrap_or(f64::NAN);
    vec![
        (study.lesions.len().to_string(), "lesions".into()),
        (harmful.to_string(), "with cells that harm more than like ones".into()),
        (controls.map_or("–".into(), |c| c.to_string()), "controls a lesion, at most".into()),
        (study.keys.len().to_string(), "measures".into()),
        (short(r2, 2), "R² of the intact network".into()),
        (short(held_out, 2), "R² on held-out conditions".into()),
    ]
}

/// What comparisons ask: both must be known before either number is read.
const QUESTIONS: &str = "Lesions are asked two questions. How much does losing the population do, beside losing as many like \
    cells (of the same areas and types)? Control lesions answer, with an effect size. Do the labels say which cells matter? \
    Single cells, each lesioned alone, answer: superiority is the probability that a cell of the lesion does more harm than a \
    like cell (0.5: the labels say nothing), and p and q test that against labels dealt anew. The answers can differ: cells \
    of a redundant population do little alone and much together, and a few hub cells can make the loss of a population \
    large whose other cells are nothing special.";

/// What several runs add to that, and what not.
const RUNS: &str = "Cells, labels and data are the same in every run. Labels are therefore dealt anew once for all runs, against each \
    cell's mean rank over them: that runs agree is no further evidence about labels. Intervals say how much effects differ \
    between networks that training makes of these data from other seeds, and nothing about other cells, controls, recordings \
    or animals.";

fn summary_list(page: &mut String, before: &[&str], sentences: &[String]) {
    if sentences.is_empty() {
        return;
    }
    page.push_str("<section>\n<h2>What was found</h2>\n");
    for words in before {
        let _ = writeln!(page, "<p>{words}</p>");
    }
    page.push_str("<ul>\n");
    for sentence in sentences {
        let _ = writeln!(page, "<li>{}</li>", escape(sentence));
    }
    page.push_str("</ul>\n</section>\n");
}

/// Local against inter-areal and excitatory against inhibitory input.
fn balance(page: &mut String, study: &Study) {
    let caption = "Sums of |w| of the connections into each area, by where they come from and by their sign. Numbers: \
                   balance.csv.";
    let columns = ["Area", "#Local", "#Inter-areal", "#Local / inter-areal", "#Excitatory", "#Inhibitory", "#E / I"];
    begin_table(page, "Balance of the input", caption, &columns);
    for r in &study.anatomy.connectivity.balance {
        let numbers = [r.local, r.inter_areal, r.local_ratio, r.excitatory, r.inhibitory, r.ei_ratio];
        let cells = number_cells(numbers.map(|v| short(v, 3)));
        let _ = writeln!(page, "<tr><th scope=\"row\">{}</th>{cells}</tr>", escape(&r.area));
    }
    end_table(page);
}
