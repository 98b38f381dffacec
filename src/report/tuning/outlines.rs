//! The page of what was understood of recordings, before anything is tested.

use super::maps::time_axis;
use super::words::{EXECUTED, OBSERVED, count, shown};
use crate::data::recording::{Agent, Outline, Understood};
use crate::error::Result;
use crate::report::parts::canvas::{Drawn, GREEN, HPos, Panel, Picture, SHADE, draw, px, stroke};
use crate::report::parts::figure::{Figure, WIDTH};
use crate::report::parts::html::{begin, end, escape, headline, section, write_files};
use crate::report::parts::marks::{Words, fitted, line, path, rectangle};
use crate::report::parts::raster::signed_map;
use crate::report::parts::words::{distinct, short};
use plotters::prelude::Color;
use std::fmt::Write as _;
use std::path::Path;

/// Sessions that are drawn.
const SESSIONS: usize = 24;
/// Behaviours and covariates of a session that are drawn.
const ROWS: usize = 24;
const NAMES: f64 = 210.0;
const RIGHT: f64 = 16.0;
const PLOT: f64 = WIDTH - NAMES - RIGHT;
const HEAD: f64 = 30.0;
const BAND: f64 = 20.0;
const BOUTS: f64 = 17.0;
const MAP: f64 = 120.0;
const CURVE: f64 = 34.0;
const GAP: f64 = 6.0;
const FOOT: f64 = 46.0;
/// The ends of the colours, in standard deviations.
const LIMIT: f32 = 2.0;

/// Writes the page of what was understood to `path`, and its figure beside it; `outlines` are those of the sessions that have a
/// time.
///
/// # Errors
/// If a file cannot be written.
pub fn write_check(path: &Path, title: &str, understood: &Understood, outlines: &[Outline]) -> Result<()> {
    let figures: Vec<Figure> = figure(outlines)?.into_iter().collect();
    write_files(path, &figures, &html(title, understood, &figures))
}

fn html(title: &str, understood: &Understood, figures: &[Figure]) -> String {
    let title = escape(&shown(title));
    let mut page = begin(&title);
    let sessions = &understood.sessions;
    let _ = writeln!(
        page,
        "<h1><bdi>{title}</bdi></h1>\n<p class=\"lead\">What was understood of these recordings. Nothing was tested: \
         look whether it is what was recorded.</p>"
    );
    let neurons = sessions.iter().map(|s| s.neurons).sum::<usize>();
    let bouts = |agent: Agent| {
        let own = sessions.iter().flat_map(|s| &s.bouts).filter(|b| b.agent == agent);
        own.map(|b| b.count).sum::<usize>().to_string()
    };
    let animals = distinct(sessions.iter().map(|s| &s.animal)).len();
    let remarks = sessions.iter().map(|s| s.remarks.len() + s.unanswered.len()).sum::<usize>();
    let numbers = [
        (neurons.to_string(), format!("neurons, {}, {}", count(sessions.len(), "session"), count(animals, "animal"))),
        (bouts(Agent::Own), "bouts executed".into()),
        (bouts(Agent::Other), "bouts observed".into()),
        (remarks.to_string(), "things assumed, mended or left out".into()),
    ];
    headline(&mut page, &numbers);
    for figure in figures {
        section(&mut page, figure);
    }
    for session in sessions {
        let lines = session.lines();
        let Some((head, rest)) = lines.split_first() else { continue };
        let _ = writeln!(page, "<section>\n<h2><bdi>{}</bdi></h2>\n<ul>", escape(&shown(head)));
        for words in rest {
            let _ = writeln!(page, "<li>{}</li>", escape(&shown(words.trim_start())));
        }
        page.push_str("</ul>\n</section>\n");
    }
    end(&mut page);
    page
}

/// The behaviours of a session, those of the animal itself first.
fn kinds(outline: &Outline) -> Vec<(Agent, &str)> {
    let mut kinds = distinct(outline.bouts.iter().map(|b| (b.agent, b.behaviour.as_str())));
    kinds.sort_unstable();
    kinds.truncate(ROWS);
    kinds
}

fn height(outline: &Outline) -> f64 {
    let contexts = if outline.contexts.is_empty() { 0.0 } else { BAND };
    let curves = outline.covariates.len().min(ROWS) as f64 * (CURVE + GAP);
    HEAD + contexts + kinds(outline).len() as f64 * BOUTS + GAP + MAP + GAP + curves + FOOT
}

fn figure(outlines: &[Outline]) -> Result<Option<Figure>> {
    if outlines.is_empty() {
        return Ok(None);
    }
    let drawn = &outlines[..outlines.len().min(SESSIONS)];
    let drawing = draw(WIDTH, drawn.iter().map(height).sum(), |root, pictures| {
        let mut top = 0.0;
        for outline in drawn {
            one(root, outline, top, pictures)?;
            top += height(outline);
        }
        Ok(())
    })?;
    let mut caption = format!(
        "Sessions over their time. Bars: bouts, executed and observed. Image: activity of neurons (rows, evenly chosen \
         where there are many), in standard deviations from each neuron's mean: cold below, warm above, at most \
         {LIMIT}; rows of thin grey are neurons that cannot be tested, columns of it are pauses. Below: covariates, \
         each from its smallest to its largest value."
    );
    if outlines.len() > SESSIONS {
        let _ = write!(caption, " The first {SESSIONS} of {} sessions.", outlines.len());
    }
    Ok(Some(Figure { name: "sessions", title: "Sessions at a glance", caption, drawing }))
}

fn one(root: &Panel, outline: &Outline, top: f64, pictures: &mut Vec<Picture>) -> Drawn<()> {
    let name = shown(&format!("{} · {}", outline.animal, outline.session));
    Words::ink(13.0, HPos::Left).bold(true).draw(root, &fitted(&name, 14.0, WIDTH), 0.0, top + 14.0)?;
    let mut y = top + HEAD;
    if !outline.contexts.is_empty() {
        contexts(root, outline, y)?;
        y += BAND;
    }
    for (agent, behaviour) in kinds(outline) {
        bouts(root, outline, (agent, behaviour), y)?;
        y += BOUTS;
    }
    y += GAP;
    label(root, &count(outline.neurons, "neuron"), y + MAP / 2.0)?;
    let png = signed_map(outline.activity.as_slice().unwrap_or_default(), outline.activity.ncols(), LIMIT)?;
    pictures.push(Picture { rectangle: (px(NAMES), px(y), px(PLOT), px(MAP)), png });
    y += MAP + GAP;
    for (name, values) in outline.covariates.iter().take(ROWS) {
        curve(root, name, values, y)?;
        y += CURVE + GAP;
    }
    let (begin, end) = outline.span;
    let (unit, seconds) = if end - begin >= 120.0 { ("min", 60.0) } else { ("s", 1.0) };
    label(root, &format!("time ({unit})"), y + 12.0)?;
    time_axis(root, (begin / seconds, end / seconds), (NAMES, y, PLOT), "")
}

fn label(root: &Panel, words: &str, y: f64) -> Drawn<()> {
    Words::ink(11.5, HPos::Right).draw(root, &fitted(&shown(words), 12.0, NAMES - 12.0), NAMES - 8.0, y)
}

/// Where a piece of time lies, and how wide it is; none outside of the recording.
fn place(outline: &Outline, start: f64, stop: f64) -> Option<(f64, f64)> {
    let (begin, end) = outline.span;
    let at = |time: f64| NAMES + PLOT * ((time - begin) / (end - begin)).clamp(0.0, 1.0);
    (stop > begin && start < end).then(|| (at(start), at(stop) - at(start)))
}

fn contexts(root: &Panel, outline: &Outline, y: f64) -> Drawn<()> {
    label(root, "contexts", y + BAND / 2.0 - 2.0)?;
    for context in &outline.contexts {
        let Some((x, width)) = place(outline, context.start, context.stop) else { continue };
        rectangle(root, (x, y, (width - 1.0).max(1.0), BAND - 4.0), SHADE.filled())?;
        let name = fitted(&shown(&context.name), 11.0, width - 6.0);
        if width > 30.0 {
            Words::ink(11.0, HPos::Left).draw(root, &name, x + 4.0, y + BAND / 2.0 - 2.0)?;
        }
    }
    Ok(())
}

fn bouts(root: &Panel, outline: &Outline, (agent, behaviour): (Agent, &str), y: f64) -> Drawn<()> {
    let (colour, word) = match agent {
        Agent::Own => (EXECUTED, "executed"),
        Agent::Other => (OBSERVED, "observed"),
    };
    label(root, &format!("{behaviour} {word}"), y + BOUTS / 2.0)?;
    line(root, (NAMES, y + BOUTS - 1.0), (NAMES + PLOT, y + BOUTS - 1.0), stroke(SHADE, 0.8))?;
    for bout in outline.bouts.iter().filter(|b| b.agent == agent && b.behaviour == behaviour) {
        if let Some((x, width)) = place(outline, bout.start, bout.stop) {
            rectangle(root, (x, y + 2.0, width.max(0.8), BOUTS - 4.0), colour.filled())?;
        }
    }
    Ok(())
}

fn curve(root: &Panel, name: &str, values: &[f64], y: f64) -> Drawn<()> {
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    if low > high {
        label(root, name, y + CURVE / 2.0)?;
        return Words::muted(11.0, HPos::Left).draw(root, "not measured", NAMES + 4.0, y + CURVE / 2.0);
    }
    label(root, name, y + CURVE / 2.0 - 7.0)?;
    let range = format!("{} to {}", short(low, 3), short(high, 3));
    Words::muted(10.5, HPos::Right).draw(root, &range, NAMES - 8.0, y + CURVE / 2.0 + 8.0)?;
    line(root, (NAMES, y + CURVE), (NAMES + PLOT, y + CURVE), stroke(SHADE, 0.8))?;
    let size = if high > low { high - low } else { 1.0 };
    let at = |(k, v): (usize, &f64)| {
        v.is_finite().then(|| {
            let x = NAMES + PLOT * (k as f64 + 0.5) / values.len() as f64;
            (x, y + CURVE * (1.0 - (v - low) / size))
        })
    };
    let points: Vec<Option<(f64, f64)>> = values.iter().enumerate().map(at).collect();
    for run in points.split(Option::is_none).filter(|run| !run.is_empty()) {
        path(root, &run.iter().flatten().copied().collect::<Vec<_>>(), GREEN, 1.2)?;
    }
    Ok(())
}
