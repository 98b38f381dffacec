//! The page around the figures.

use super::conditions::{Event, class_name};
use super::data::ReportData;
use super::parts::figure::Figure;
use super::parts::html::{begin, begin_table, choices, end, end_table, escape, headline, number_cells, section};
use super::parts::words::duration;
use crate::analysis::{GOOD_FIT, GroupFit, Grouping, HeldOutSummary, decimal, percent};
use std::fmt::Write as _;

/// Less than this between the median R² of the network and of its input-only baseline says little about recurrence.
const TELLING_DIFFERENCE: f64 = 0.1;

/// The whole page.
pub(super) fn html(data: &ReportData, figures: &[Figure]) -> String {
    let title = escape(data.title);
    let mut page = begin(&title);
    header(&mut page, data, &title);
    for figure in figures {
        section(&mut page, figure);
        if figure.name == "fit" {
            fit_table(&mut page, data);
        }
    }
    conditions(&mut page, data);
    choices(&mut page, "What was trained", data.choices);
    end(&mut page);
    page
}

fn header(page: &mut String, data: &ReportData, title: &str) {
    let (d, engine) = (&data.problem.dims, data.engine);
    let areas: Vec<String> =
        data.problem.population.areas().iter().map(|a| format!("{} {}", escape(&a.name), a.size)).collect();
    let _ = writeln!(
        page,
        "<h1>{title}</h1>\n<p class=\"lead\">A recurrent network of {} neurons ({}) trained to reproduce recorded firing \
         rates in {} condition{}. Engine: {} ({}, {}).</p>",
        d.neurons,
        areas.join(", "),
        d.conditions,
        if d.conditions == 1 { "" } else { "s" },
        escape(&engine.engine),
        escape(&engine.adapter),
        escape(&engine.strategy),
    );
    let fit = data.comparison.model.summary();
    let baseline = data.comparison.input_only.as_ref().map(|f| f.summary().median_r2);
    let mut numbers = vec![
        (decimal(fit.median_r2), "median R²".to_string()),
        (decimal(fit.mean_r2), "mean R²".into()),
        (percent(fit.fraction_above_0_8), format!("neurons with R² &gt; {GOOD_FIT}")),
    ];
    if let Some(median) = baseline {
        numbers.insert(1, (decimal(median), "median R², input-only".into()));
    }
    if let Some(last) = data.history.last() {
        let lowest = data.history.iter().map(|p| p.loss).fold(f64::INFINITY, f64::min);
        numbers.push((format!("{lowest:.2}"), "lowest loss".into()));
        numbers.push((last.step.to_string(), "steps".into()));
    }
    numbers.push((duration(data.seconds), "training time".into()));
    headline(page, &numbers);
    if let Some(median) = baseline
        && fit.median_r2 - median < TELLING_DIFFERENCE
    {
        let _ = writeln!(
            page,
            "<p class=\"note\">The input-only baseline, without any recurrent connection, fits nearly as well (median R² {}). \
             These data do not constrain the recurrent weights: do not interpret them, or lesions of them.</p>",
            decimal(median)
        );
    }
}

fn fit_table(page: &mut String, data: &ReportData) {
    let groups = data.comparison.groups(&data.problem.population, &data.condition_names());
    let holds_out = !data.comparison.held_out.is_empty();
    let note = if holds_out { ", in a held-out one about its mean in those that were trained on" } else { "" };
    let caption = format!(
        "R² per neuron, summarised. Within a condition, R² is about the neuron's mean in that condition{note}."
    );
    let good = format!("#R² &gt; {GOOD_FIT}");
    let summaries = ["Group", "#Neurons", "#Median R²", "#Mean R²", &good, "#Median RMSE"];
    let columns = [&summaries[..], &["#Median R², input-only", "#Median R², mean rate"]].concat();
    begin_table(page, "Fit in numbers", &caption, &columns);
    let mut previous = Grouping::All;
    let trained = (0..data.conditions.len()).filter(|c| !data.comparison.is_held_out(*c));
    let mut numbers = trained.chain(data.comparison.held_out.iter().map(|h| h.condition));
    for group in &groups {
        let is_condition = matches!(group.grouping, Grouping::Condition | Grouping::HeldOut);
        let number = if is_condition { numbers.next().map(|c| c + 1) } else { None };
        let first = if group.grouping == previous { "" } else { " class=\"first\"" };
        previous = group.grouping;
        let _ = writeln!(page, "<tr{first}>{}</tr>", group_cells(group, number));
    }
    end_table(page);
    if let Some(held_out) = HeldOutSummary::of(data.comparison, &data.condition_names()) {
        held_out_table(page, &held_out);
    }
}

fn held_out_table(page: &mut String, held_out: &HeldOutSummary) {
    let caption = "R² of all neurons and bins together, about each neuron's mean over the conditions that were trained on: \
                   below 0, that mean predicts better. Siblings: the mean of the conditions that were trained on and ask \
                   the same of the animal.";
    let columns = ["Condition", "#Model", "#Input-only", "#Mean rate", "#Siblings"];
    begin_table(page, "Held-out conditions", caption, &columns);
    for (name, values) in held_out.rows() {
        let cells = number_cells(values.map(decimal));
        let _ = writeln!(page, "<tr><th scope=\"row\">{}</th>{cells}</tr>", escape(name));
    }
    end_table(page);
}

/// A row of the table; conditions carry their number, because executed and observed ones may share a name.
fn group_cells(group: &GroupFit, number: Option<usize>) -> String {
    let model = &group.model;
    let number = number.map_or(String::new(), |n| format!("{n} "));
    let cells = format!("<th scope=\"row\">{} {number}{}</th>", group.grouping.label(), escape(&group.name));
    let numbers = [
        model.neurons.to_string(),
        decimal(model.median_r2),
        decimal(model.mean_r2),
        percent(model.fraction_above_0_8),
        decimal(model.median_rmse),
        group.input_only.map_or("–".into(), |s| decimal(s.median_r2)),
        decimal(group.mean_rate.median_r2),
    ];
    cells + &number_cells(numbers)
}

fn conditions(page: &mut String, data: &ReportData) {
    begin_table(page, "Conditions", "", &["#No.", "Condition", "Class", "#Bins", "#Duration", "Stimulus changes"]);
    for (c, condition) in data.conditions.iter().enumerate() {
        let (bins, class) = (data.problem.bins[c], class_name(condition.class));
        let event = |e: &Event| format!("{:.2} s: {}", e.step as f64 * data.step_ms / 1000.0, escape(&e.label));
        let events: Vec<String> = condition.events.iter().map(event).collect();
        let _ = writeln!(
            page,
            "<tr><td class=\"number\">{}</td><th scope=\"row\">{}</th><td>{}</td><td class=\"number\">{bins}</td>\
             <td class=\"number\">{:.2} s</td><td>{}</td></tr>",
            c + 1,
            escape(&condition.name),
            if data.comparison.is_held_out(c) { format!("{class}, held out") } else { class.into() },
            bins as f64 * data.bin_seconds(),
            events.join("; "),
        );
    }
    end_table(page);
}
