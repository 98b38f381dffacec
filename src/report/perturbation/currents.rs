//! The currents into each area through the trial, by their sources.

use super::words::distinct;
use crate::analysis::currents::{CurrentTrace, Source};
use crate::data::{csv_number, csv_text};
use crate::error::Result;
use crate::perturb::Study;
use crate::report::conditions::class_name;
use crate::report::parts::canvas::{Axes, INK, MUTED, draw};
use crate::report::parts::figure::{Figure, WIDTH, padded, part};
use crate::report::parts::lines::{Curve, Legend, Pen, Plot, colour};
use crate::task::ConditionClass;
use std::fmt::Write as _;

const PANEL: f64 = 190.0;

pub(super) fn figure(study: &Study) -> Result<Option<Figure>> {
    let classes = classes(study);
    let traces = &study.anatomy.currents.traces;
    let targets = distinct(traces.iter().map(|t| t.area));
    if classes.is_empty() || targets.is_empty() {
        return Ok(None);
    }
    let areas = study.subject.problem.population.areas();
    let sources = distinct(traces.iter().map(|t| t.source.clone()));
    let pens: Vec<Pen> =
        sources.iter().map(|s| pen(s, &areas.iter().map(|a| a.name.as_str()).collect::<Vec<_>>())).collect();
    let legend = Legend::new(sources.iter().map(source_name).zip(pens.iter().copied()));
    let width = WIDTH / classes.len() as f64;
    let top = legend.height() + 8.0;
    let drawing = draw(WIDTH, top + PANEL * targets.len() as f64 + 16.0, |root, _| {
        legend.draw(root, 0.0)?;
        for (row, area) in targets.iter().enumerate() {
            let is_last = row + 1 == targets.len();
            let of_class = |(_, conditions): &(ConditionClass, Vec<usize>)| -> Vec<Curve> {
                let of_source = |(s, pen): (&Source, &Pen)| {
                    let trace = traces.iter().find(|t| t.area == *area && t.source == *s);
                    Curve { points: trace.map_or_else(Vec::new, |t| averaged(study, t, conditions)), pen: *pen }
                };
                sources.iter().zip(&pens).map(of_source).collect()
            };
            let curves: Vec<Vec<Curve>> = classes.iter().map(of_class).collect();
            // One scale for the panels of an area.
            let values: Vec<f64> = curves.iter().flatten().flat_map(|c| &c.points).map(|p| p.1).chain([0.0]).collect();
            let seconds = classes.iter().map(|(_, c)| duration(study, c)).fold(0.0, f64::max);
            for (column, ((class, _), curves)) in classes.iter().zip(&curves).enumerate() {
                let height = PANEL + if is_last { 16.0 } else { 0.0 };
                let panel = part(root, column as f64 * width, top + row as f64 * PANEL, width, height);
                let axes = Axes {
                    x: if is_last { "time from the first bin (s)" } else { "" },
                    y: if column == 0 { "mean current" } else { "" },
                    x_labels: 8,
                    y_labels: 5,
                };
                let title = format!("into {} · {}", areas[*area].name, class_name(*class));
                let y = padded(values.iter().copied());
                Plot { title: &title, axes, x: 0.0..seconds.max(1e-9), y, band: None, curves }.draw(&panel)?;
            }
        }
        Ok(())
    })?;
    let caption = "The input of each area split by its source (current-based decomposition): mean over the area's neurons \
                   of the current from each block of area and cell type, of the stimulus (W_in u) and of the constant \
                   current (I_ext), averaged over the conditions of each class for as long as all of them last. Colours \
                   are the sending areas; dashed: inhibitory. Panels of one area have one scale. Numbers: \
                   current_traces.csv (each condition)."
        .into();
    Ok(Some(Figure { name: "currents", title: "Currents through time", caption, drawing }))
}

/// Classes of conditions that were simulated, with these.
pub(super) fn classes(study: &Study) -> Vec<(ConditionClass, Vec<usize>)> {
    let subject = &study.subject;
    let of = |class: ConditionClass| {
        let is = |c: &usize| subject.conditions[*c].class == class && subject.problem.bins[*c] > 0;
        (class, (0..subject.conditions.len()).filter(is).collect::<Vec<_>>())
    };
    let all = [ConditionClass::Execution, ConditionClass::Observation, ConditionClass::Other];
    let mut classes: Vec<_> = all.into_iter().map(of).filter(|(_, c)| !c.is_empty()).collect();
    // What is neither executed nor observed is shown where nothing else is.
    if classes.len() > 1 {
        classes.retain(|(class, _)| *class != ConditionClass::Other);
    }
    classes
}

fn pen(source: &Source, areas: &[&str]) -> Pen {
    match areas.iter().position(|a| *a == source.source).filter(|_| source.source_type != "external") {
        Some(k) => Pen { colour: colour(k), width: 2.0, dashed: source.source_type == "inhibitory" },
        None if source.source == "stimulus" => Pen::solid(INK, 2.0),
        None => Pen::dashed(MUTED, 1.6),
    }
}

fn source_name(source: &Source) -> String {
    match source.source_type {
        "external" => source.source.clone(),
        kind => format!("{} {kind}", source.source),
    }
}

/// Seconds of a bin.
pub(super) fn bin_seconds(study: &Study) -> f64 {
    study.subject.dims().steps_per_bin as f64 * study.subject.step_ms / 1000.0
}

/// Bins that all of `conditions` have.
fn common(study: &Study, conditions: &[usize]) -> usize {
    conditions.iter().map(|c| study.subject.problem.bins[*c]).min().unwrap_or(0)
}

fn duration(study: &Study, conditions: &[usize]) -> f64 {
    common(study, conditions) as f64 * bin_seconds(study)
}

/// Seconds and mean over `conditions`.
fn averaged(study: &Study, trace: &CurrentTrace, conditions: &[usize]) -> Vec<(f64, f64)> {
    let bins = study.subject.dims().bins;
    let point = |b: usize| {
        let sum: f64 = conditions.iter().map(|c| trace.values[c * bins + b]).sum();
        ((b as f64 + 0.5) * bin_seconds(study), sum / conditions.len() as f64)
    };
    (0..common(study, conditions)).map(point).collect()
}

/// `current_traces.csv`: the mean current from each source into each area in every bin of every condition.
pub(super) fn traces_csv(study: &Study) -> String {
    let subject = &study.subject;
    let mut csv = String::from("condition,source,source_type,target,bin,time_s,current\n");
    for trace in &study.anatomy.currents.traces {
        let target = &subject.problem.population.areas()[trace.area].name;
        for (c, condition) in subject.conditions.iter().enumerate() {
            let Source { source, source_type } = &trace.source;
            let texts = [&condition.name, source, *source_type, target].map(csv_text).join(",");
            for b in 0..subject.problem.bins[c] {
                let seconds = (b as f64 + 0.5) * bin_seconds(study);
                let value = csv_number(trace.values[c * subject.dims().bins + b]);
                let _ = writeln!(csv, "{texts},{b},{seconds:.4},{value}");
            }
        }
    }
    csv
}
