//! The page around the figure.

use super::figure::figure;
use super::text::{fastest, lead, sentences, tuned, verdict};
use crate::bench::card::{CardReport, Check, NotMeasured, Quantity, Series, Speed};
use crate::engine::memory_text;
use crate::error::Result;
use crate::report::parts::html::{
    begin, begin_table, choices, end, end_table, escape, headline, number_cells, section,
};
use crate::report::parts::words::{distinct, short, shown};
use std::fmt::Write as _;

/// The whole page.
pub(super) fn html(report: &CardReport) -> Result<String> {
    let title = escape(&shown(&report.adapter.name));
    let mut page = begin(&title);
    let _ = writeln!(page, "<h1><bdi>{title}</bdi></h1>\n<p class=\"lead\">{}</p>", escape(&shown(&lead(report))));
    headline(&mut page, &numbers(report));
    notes(&mut page, report);
    let found = sentences(report);
    if !found.is_empty() {
        page.push_str("<section>\n<h2>What was found</h2>\n<ul>\n");
        for sentence in &found {
            let _ = writeln!(page, "<li>{}</li>", escape(sentence));
        }
        page.push_str("</ul>\n</section>\n");
    }
    checks(&mut page, report);
    if let Some(figure) = figure(report)? {
        section(&mut page, &figure);
    }
    speeds(&mut page, report);
    stages(&mut page, report);
    tunings(&mut page, report);
    missing(&mut page, "What failed", &report.failures);
    missing(&mut page, "What was not measured", &report.not_measured);
    choices(&mut page, "The card", &card(report));
    choices(&mut page, "The machine", &machine(report));
    end(&mut page);
    Ok(page)
}

fn numbers(report: &CardReport) -> Vec<(String, String)> {
    let mut numbers = vec![(verdict(report).to_string(), "numbers against known ones".to_string())];
    if let Some(one) = tuned(report).next() {
        let m = &one.measurement;
        numbers.push((format!("{} ms", short(1e3 * m.seconds_per_step, 3)), format!("a step of K = {}", m.networks)));
    }
    if let Some(fastest) = fastest(report) {
        let m = &fastest.measurement;
        numbers.push((short(m.trials_per_second, 3), format!("trials/s, K = {}", m.networks)));
        if let Some(peak) = m.peak_gflops {
            numbers.push((percent(m.gflops / peak), "of the measured multiply-adds".into()));
        }
    }
    numbers.extend(report.peak_gflops.map(|peak| (short(peak, 3), "GFLOP/s at most, measured".into())));
    numbers.extend(report.peak_copy_gb_per_s.map(|copy| (short(copy, 3), "GB/s copied at most, measured".into())));
    numbers
}

fn notes(page: &mut String, report: &CardReport) {
    let mut note = |text: &str| {
        let _ = writeln!(page, "<p class=\"note\">{}</p>", escape(&shown(text)));
    };
    if let Err(fault) = report.fault() {
        let fault = fault.to_string();
        note(&(fault[..1].to_uppercase() + &fault[1..]));
    }
    if !report.complete {
        note("This report is incomplete: it was interrupted, or is still being made. What is missing is listed below.");
    }
    if report.adapter.software {
        note("This adapter is a program on the processor, no card: its speed says nothing of one.");
    }
}

/// A table for each reference: quantities, and their errors in each way to compute them.
fn checks(page: &mut String, report: &CardReport) {
    for reference in distinct(report.checks.iter().map(|c| &c.reference)) {
        let ways: Vec<&Check> = report.checks.iter().filter(|c| c.reference == *reference).collect();
        let caption = format!(
            "Relative errors, and the largest that are borne, against {}. Of gradients: norm of the error over the norm. The \
             last row names the bits of the gradient: equal names, equal bits.",
            ways[0].source
        );
        let heads = ways.iter().map(|c| format!("#{}, {}", c.strategy, c.trajectory));
        let columns: Vec<String> = std::iter::once("Relative error of".into()).chain(heads).collect();
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        begin_table(page, &format!("Numbers: the {reference}"), &escape(&caption), &columns);
        for quantity in distinct(ways.iter().flat_map(|c| &c.quantities).map(|q| &q.name)) {
            let cells = ways.iter().map(|c| error(c.quantities.iter().find(|q| q.name == *quantity)));
            let _ = writeln!(page, "<tr><th scope=\"row\">{}</th>{}</tr>", escape(quantity), number_cells(cells));
        }
        let cells = number_cells(ways.iter().map(|c| format!("<code>{}</code>", c.gradient_bits)));
        let _ = writeln!(page, "<tr class=\"first\"><th scope=\"row\">bits of the gradient</th>{cells}</tr>");
        end_table(page);
    }
}

/// An error beside its tolerance: the sign between them is the verdict.
fn error(quantity: Option<&Quantity>) -> String {
    let Some(q) = quantity else { return "–".into() };
    let found = if q.error.is_finite() { format!("{:.1e}", q.error) } else { "not finite".into() };
    let [found, limit] = [found, format!("{:e}", q.tolerance)].map(|text| text.replace('-', "−"));
    if q.within {
        format!("{found}\u{a0}≤\u{a0}{limit}")
    } else {
        format!("<strong>fails: {found}\u{a0}&gt;\u{a0}{limit}</strong>")
    }
}

fn percent(share: f64) -> String {
    format!("{}\u{a0}%", short(100.0 * share, if share < 0.1 { 1 } else { 2 }))
}

fn speeds(page: &mut String, report: &CardReport) {
    if report.speeds.is_empty() {
        return;
    }
    let caption = "The full training step: loss, gradient, clipping, Adam and projection, the median of so many. Shares are of the \
                   measured multiply-adds and copies. Trajectories: what a step moves of them to and from memory, counted; caches \
                   may hold them. Start: memory, kernels and the first step.";
    let columns = [
        "#K",
        "#N",
        "",
        "Strategy",
        "#ms\u{a0}a\u{a0}step",
        "#From",
        "#To",
        "#Of",
        "#Trials/s",
        "#GFLOP/s",
        "#Share",
        "#GB/s",
        "#Share",
        "#Memory",
        "#Start,\u{a0}s",
        "Choice",
    ];
    begin_table(page, "Speed", caption, &columns);
    let mut series = Series::Networks;
    for speed in in_order(report) {
        let first = if speed.series == series { "" } else { " class=\"first\"" };
        series = speed.series;
        let _ = writeln!(page, "<tr{first}>{}</tr>", speed_cells(speed));
    }
    end_table(page);
}

/// Measurements by series, which are not measured one after another.
fn in_order(report: &CardReport) -> impl Iterator<Item = &Speed> {
    let of = |series| report.speeds.iter().filter(move |s| s.series == series);
    [Series::Networks, Series::Small, Series::Wide].into_iter().flat_map(of)
}

fn speed_cells(speed: &Speed) -> String {
    let m = &speed.measurement;
    let share = |value: f64, limit: Option<f64>| limit.map_or("–".into(), |limit| percent(value / limit));
    let ms = |seconds: f64| short(1e3 * seconds, 3);
    let numbers = [
        ms(m.seconds_per_step),
        ms(m.seconds_range[0]),
        ms(m.seconds_range[1]),
        m.steps.to_string(),
        short(m.trials_per_second, 3),
        short(m.gflops, 3),
        share(m.gflops, m.peak_gflops),
        short(speed.trajectory_gb_per_s, 3),
        share(speed.trajectory_gb_per_s, m.peak_copy_gb_per_s),
        memory_text(m.device_memory_bytes).replace(' ', "\u{a0}"),
        short(m.startup_seconds, 2),
    ];
    format!(
        "{}<td>{}</td><td class=\"whole\">{}</td>{}<td class=\"whole\">{}</td>",
        number_cells([m.networks.to_string(), m.neurons.to_string()]),
        if speed.tuned { "tuned" } else { "" },
        escape(&m.strategy),
        number_cells(numbers),
        escape(&speed.choice)
    )
}

fn stages(page: &mut String, report: &CardReport) {
    if report.speeds.is_empty() {
        return;
    }
    let names = distinct(report.speeds.iter().flat_map(|s| &s.measurement.stages).map(|s| s.stage.clone()));
    let columns = ["#K", "#N", "Strategy"].map(String::from).into_iter();
    let columns: Vec<String> =
        columns.chain(names.iter().map(|n| format!("#{}", escape(n)))).chain(["#All".into()]).collect();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let caption = "Milliseconds of each stage in a step that waits after every one, and so takes longer than a step that does not.";
    begin_table(page, "Stages", caption, &columns);
    for speed in in_order(report) {
        let m = &speed.measurement;
        let of = |name: &String| {
            m.stages.iter().find(|s| s.stage == *name).map_or("–".into(), |s| short(1e3 * s.seconds, 3))
        };
        let all: f64 = m.stages.iter().map(|s| s.seconds).sum();
        let _ = writeln!(
            page,
            "<tr>{}<td>{}</td>{}</tr>",
            number_cells([m.networks.to_string(), m.neurons.to_string()]),
            escape(&m.strategy),
            number_cells(names.iter().map(of).chain([short(1e3 * all, 3)]))
        );
    }
    end_table(page);
}

fn tunings(page: &mut String, report: &CardReport) {
    if report.tunings.is_empty() {
        return;
    }
    let caption = "What tuning expects of a step, from short trials; the fastest two of those that were tried. All are in the JSON file.";
    let columns = ["#K", "Of", "#Tried", "#In,\u{a0}s", "Fastest", "#ms", "Next", "#ms"];
    begin_table(page, "Tuning", caption, &columns);
    for tried in &report.tunings {
        let of = match tried.series {
            Series::Networks => "the main series",
            Series::Small => "small networks",
            Series::Wide => "wide networks",
        };
        let row = |k: usize| match tried.candidates.get(k) {
            Some((choice, seconds)) => {
                format!("<td class=\"whole\">{}</td>{}", escape(choice), number_cells([short(1e3 * seconds, 3)]))
            }
            None => "<td></td><td></td>".into(),
        };
        let _ = writeln!(
            page,
            "<tr>{}<td class=\"whole\">{of}</td>{}{}{}</tr>",
            number_cells([tried.networks.to_string()]),
            number_cells([tried.candidates.len().to_string(), short(tried.seconds, 2)]),
            row(0),
            row(1)
        );
    }
    end_table(page);
}

/// Parts that are not there, by reason.
fn missing(page: &mut String, heading: &str, parts: &[NotMeasured]) {
    if parts.is_empty() {
        return;
    }
    begin_table(page, heading, "", &["Reason", "Parts"]);
    for why in distinct(parts.iter().map(|p| &p.why)) {
        let names = together(parts.iter().filter(|p| p.why == *why).map(|p| p.what.as_str()));
        let _ = writeln!(page, "<tr><td>{}</td><td>{}</td></tr>", escape(&shown(why)), escape(&names));
    }
    end_table(page);
}

/// Names of parts, with what several share at their beginning said once.
fn together<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for name in names {
        let (head, tail) = name.rsplit_once(", ").unwrap_or((name, ""));
        match groups.last_mut() {
            Some((last, tails)) if *last == head => tails.push(tail),
            _ => groups.push((head, vec![tail])),
        }
    }
    let text = |(head, tails): &(&str, Vec<&str>)| match tails[..] {
        [""] => (*head).to_string(),
        _ => format!("{head} ({})", tails.join(", ")),
    };
    groups.iter().map(text).collect::<Vec<_>>().join("; ")
}

fn card(report: &CardReport) -> Vec<(String, String)> {
    let a = &report.adapter;
    let rows = [
        ("name", a.name.clone()),
        ("interface", a.backend.clone()),
        ("kind", a.kind.clone()),
        ("driver", a.driver.clone()),
        ("largest buffer", memory_text(a.max_buffer_bytes)),
        ("largest storage binding", memory_text(a.max_storage_binding_bytes)),
        ("largest uniform binding", memory_text(a.max_uniform_binding_bytes)),
        ("workgroup memory", format!("{} bytes", a.workgroup_memory_bytes)),
        ("largest workgroup", format!("{} invocations", a.max_workgroup_invocations)),
        ("most workgroups", a.max_workgroups.to_string()),
        ("most texture layers", a.max_texture_layers.to_string()),
    ];
    rows.map(|(label, value)| (label.to_string(), shown(&value))).to_vec()
}

fn machine(report: &CardReport) -> Vec<(String, String)> {
    let m = &report.machine;
    let memory = m.available_memory_bytes.map_or("unknown".into(), memory_text);
    let rows = [
        ("system", m.system.clone()),
        ("processor", format!("{} ({})", m.processor, m.architecture)),
        ("CPU engine", m.threads.clone()),
        ("memory, free", memory),
    ];
    rows.map(|(label, value)| (label.to_string(), shown(&value))).to_vec()
}
