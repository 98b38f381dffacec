//! Neurons one by one.

use super::panels::{BOUTS, Behaviour, HEIGHT, colour_range};
use super::view::View;
use super::words::{EXECUTED, OBSERVED, asterisk, class, probability, shown};
use crate::data::recording::Agent;
use crate::error::Result;
use crate::report::parts::canvas::{Drawn, GRID, HPos, Panel, Picture, draw, stroke, text_width};
use crate::report::parts::figure::{Figure, WIDTH};
use crate::report::parts::marks::{Words, fitted, line, wrapped};
use crate::tuning::NeuronTraces;

/// Room for what a neuron is.
const NAMES: f64 = 150.0;
const COLUMNS: usize = 4;
/// Above the means: the behaviour, and its p values.
const HEAD: f64 = 42.0;
const ROW: f64 = HEAD + HEIGHT + 16.0;
/// Behaviours of a neuron that was asked for.
const ASKED: usize = 12;

/// A neuron and the behaviours to show of it.
struct Cell<'a> {
    session: usize,
    neuron: usize,
    behaviours: Vec<String>,
    traces: Option<&'a NeuronTraces>,
}

impl Cell<'_> {
    fn height(&self) -> f64 {
        ROW * self.behaviours.len().div_ceil(COLUMNS).max(1) as f64
    }
}

pub(super) fn chosen_figure(view: &View) -> Result<Option<Figure>> {
    let cells: Vec<Cell> =
        view.cells.iter().map(|c| cell(view, (c.session, c.neuron), Some(&c.behaviour), COLUMNS)).collect();
    let caption = format!(
        "Up to four mirror cells, four tuned to execution and four to observation, the surest of each (the smallest p; \
         of equal ones the largest effect); where there are fewer, the neurons most surely tuned to an executed \
         behaviour. They were chosen for what is shown, so that they look better than the rest. {}",
        how_to_read(view)
    );
    figure(view, "cells", "Chosen neurons", caption, &cells)
}

pub(super) fn asked_figure(view: &View) -> Result<Option<Figure>> {
    let cells: Vec<Cell> = view.report.asked.iter().map(|place| cell(view, *place, None, ASKED)).collect();
    figure(view, "asked-cells", "Neurons that were asked for", how_to_read(view), &cells)
}

fn how_to_read(view: &View) -> String {
    format!(
        "Above: mean over all bouts ± standard error, executed and observed, in units of the activity; time 0 is the \
         start of the bout. Below: each bout a row, the first at the top (at most {BOUTS} of n, evenly chosen), dark \
         low and bright high, on one scale for all bouts of a neuron. {}.",
        asterisk(view.settings.false_discoveries)
    )
}

/// Behaviours by the smallest p of either agent, `first` before all.
fn cell<'a>(view: &View<'a>, (session, neuron): (usize, usize), first: Option<&str>, most: usize) -> Cell<'a> {
    let traces = view.activity[session].traces_of(neuron);
    let mut behaviours: Vec<String> = Vec::new();
    for kind in traces.into_iter().flat_map(|t| &t.kinds) {
        if !behaviours.contains(&kind.behaviour) {
            behaviours.push(kind.behaviour.clone());
        }
    }
    let p = |behaviour: &str| {
        let of = |agent| view.p_and_q(session, neuron, agent, behaviour).map_or(f64::INFINITY, |(p, _)| p);
        if first == Some(behaviour) { -1.0 } else { Agent::ALL.map(of).into_iter().fold(f64::INFINITY, f64::min) }
    };
    behaviours.sort_by(|a, b| p(a).total_cmp(&p(b)));
    behaviours.truncate(most);
    Cell { session, neuron, behaviours, traces }
}

fn figure(
    view: &View,
    name: &'static str,
    title: &'static str,
    caption: String,
    cells: &[Cell],
) -> Result<Option<Figure>> {
    if cells.is_empty() {
        return Ok(None);
    }
    let height = cells.iter().map(Cell::height).sum::<f64>();
    let drawing = draw(WIDTH, height, |root, pictures| {
        let mut top = 0.0;
        for (k, cell) in cells.iter().enumerate() {
            if k > 0 {
                line(root, (0.0, top), (WIDTH, top), stroke(GRID, 1.0))?;
            }
            about(root, view, cell, top)?;
            behaviours(root, view, cell, top, pictures)?;
            top += cell.height();
        }
        Ok(())
    })?;
    Ok(Some(Figure { name, title, caption, drawing }))
}

/// Who it is.
fn about(root: &Panel, view: &View, cell: &Cell, top: f64) -> Drawn<()> {
    let (session, neuron) = (cell.session, cell.neuron);
    let mut y = top + 14.0;
    let width = NAMES - 12.0;
    let name = fitted(&format!("neuron {}", view.neuron(session, neuron)), 14.0, width);
    Words::ink(13.0, HPos::Left).bold(true).draw(root, &name, 0.0, y)?;
    let kind = class(view.class(session, neuron));
    for (words, muted) in [(view.session(session), true), (view.area(session, neuron), true), (kind.into(), false)] {
        for words in wrapped(&words, 12.0, width).into_iter().take(3) {
            y += 17.0;
            let style = if muted { Words::muted(12.0, HPos::Left) } else { Words::ink(12.0, HPos::Left) };
            style.draw(root, &words, 0.0, y)?;
        }
    }
    Ok(())
}

fn behaviours(root: &Panel, view: &View, cell: &Cell, top: f64, pictures: &mut Vec<Picture>) -> Drawn<()> {
    let Some(traces) = cell.traces else {
        return Words::muted(12.0, HPos::Left).draw(
            root,
            "single bouts of this neuron were not kept",
            NAMES,
            top + 40.0,
        );
    };
    let range = colour_range(traces.kinds.iter());
    let width = (WIDTH - NAMES) / COLUMNS as f64;
    for (k, behaviour) in cell.behaviours.iter().enumerate() {
        let left = NAMES + (k % COLUMNS) as f64 * width;
        let top = top + (k / COLUMNS) as f64 * ROW;
        let name = fitted(&shown(behaviour), 13.0, width - 20.0);
        Words::ink(12.0, HPos::Left).bold(true).draw(root, &name, left + 46.0, top + 13.0)?;
        let mut x = left + 46.0;
        for (agent, colour, label) in [(Agent::Own, EXECUTED, "exec."), (Agent::Other, OBSERVED, "obs.")] {
            let words = match view.p_and_q(cell.session, cell.neuron, agent, behaviour) {
                None => format!("{label} not tested"),
                Some((p, q)) => {
                    let star = if view.is_tuned(q) { "*" } else { "" };
                    format!("{label} p {}{star}", probability(p))
                }
            };
            Words { colour, ..Words::ink(10.5, HPos::Left) }.draw(root, &words, x, top + 30.0)?;
            x += text_width(&words, 10.5) + 8.0;
        }
        let both =
            Behaviour { executed: traces.of(Agent::Own, behaviour), observed: traces.of(Agent::Other, behaviour) };
        both.draw(root, (left, top + HEAD, width), range, pictures)?;
    }
    Ok(())
}
