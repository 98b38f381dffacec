//! Shares of variance as bars.

use super::shares::{AxisShare, RELABELLINGS, SIGNIFICANT, Shares};
use super::view::View;
use crate::error::Result;
use crate::report::parts::canvas::{Drawn, GREEN, GRID, HPos, INPUT_ONLY, MODEL, MUTED, Panel, draw, stroke, tick};
use crate::report::parts::figure::{Figure, WIDTH};
use crate::report::parts::marks::{Words, fitted, line, rectangle};
use crate::report::parts::words::probability;
use plotters::prelude::Color;
use std::fmt::Write as _;

const NAMES: f64 = 250.0;
const BAR: f64 = 560.0;
const ROW: f64 = 26.0;

pub(super) fn figure(view: &View, shares: &Shares) -> Result<Option<Figure>> {
    let axes: Vec<&AxisShare> = shares.axes.iter().filter(|a| a.share.is_finite() || a.p.is_finite()).collect();
    if shares.parts.is_none() && axes.is_empty() {
        return Ok(None);
    }
    let rows = usize::from(shares.parts.is_some()) as f64 * 2.2 + axes.len() as f64 + 1.2;
    let drawing = draw(WIDTH, ROW * rows + 22.0, |root, _| {
        let mut y = 4.0;
        if let Some((parts, ..)) = &shares.parts {
            stacked(root, parts, y)?;
            y += 2.2 * ROW;
        }
        Words::ink(12.0, HPos::Left).bold(true).draw(root, "explained by an axis alone", NAMES, y + 0.3 * ROW)?;
        for (k, name) in ["share", "p", "q"].into_iter().enumerate() {
            Words::muted(11.0, HPos::Right).draw(root, name, number_end(k), y + 0.3 * ROW)?;
        }
        y += ROW;
        for tenth in 0..=5 {
            let x = NAMES + BAR * f64::from(tenth) / 5.0;
            let bottom = y + ROW * axes.len() as f64;
            line(root, (x, y), (x, bottom), stroke(GRID, 0.8))?;
            Words::ink(11.0, HPos::Center).below().draw(root, &format!("{} %", 20 * tenth), x, bottom + 5.0)?;
        }
        for axis in axes {
            bar(root, view, axis, y)?;
            y += ROW;
        }
        Ok(())
    })?;
    Ok(Some(Figure { name: "shares", title: "Shares of variance", caption: caption(shares), drawing }))
}

/// Where the numbers of a column end.
fn number_end(k: usize) -> f64 {
    NAMES + BAR + 74.0 + 68.0 * k as f64
}

fn stacked(root: &Panel, parts: &[f64; 3], y: f64) -> Drawn<()> {
    Words::ink(12.0, HPos::Left).draw(root, "settings, seeds, rest", 0.0, y + 10.0)?;
    let (mut x, mut text) = (NAMES, NAMES);
    for (part, (name, colour)) in parts.iter().zip([("settings", MODEL), ("seeds", INPUT_ONLY), ("rest", MUTED)]) {
        rectangle(root, (x, y, part * BAR, 20.0), colour.mix(0.8).filled())?;
        x += part * BAR;
        rectangle(root, (text, y + 27.0, 10.0, 10.0), colour.mix(0.8).filled())?;
        Words::ink(12.0, HPos::Left).draw(root, &format!("{name} {}", percent(*part)), text + 15.0, y + 32.0)?;
        text += 130.0;
    }
    Ok(())
}

fn bar(root: &Panel, view: &View, axis: &AxisShare, y: f64) -> Drawn<()> {
    let name = fitted(&view.factors[axis.factor].name, 12.0, NAMES - 12.0);
    let middle = y + ROW / 2.0;
    Words::ink(12.0, HPos::Left).bold(axis.matters()).draw(root, &name, 0.0, middle)?;
    let colour = if axis.matters() { GREEN } else { MUTED };
    let width = axis.share.clamp(0.0, 1.0) * BAR;
    if width > 0.0 {
        rectangle(root, (NAMES, y + 5.0, width, ROW - 10.0), colour.mix(0.75).filled())?;
    }
    let share = if axis.share.is_finite() { percent(axis.share) } else { "–".into() };
    for (k, words) in [share, probability(axis.p), probability(axis.q)].into_iter().enumerate() {
        Words::ink(11.0, HPos::Right).bold(axis.matters()).draw(root, &words, number_end(k), middle)?;
    }
    Ok(())
}

/// A share in percent; chance may make it a little less than nothing.
pub(super) fn percent(share: f64) -> String {
    let whole = (100.0 * share).round();
    if whole.is_finite() { format!("{} %", tick(whole)) } else { "–".into() }
}

fn caption(shares: &Shares) -> String {
    let mut caption = format!("Of the variance of the {}", shares.response);
    match shares.at_rung {
        Some(_) => caption.push_str(", which all settings reached (what trained to the end was chosen by it)."),
        None => caption.push('.'),
    }
    if let Some((_, rows, columns)) = shares.parts {
        let _ = write!(
            caption,
            " Above: unbiased variance components of the table of the {rows} settings that have all {columns} seeds; the rest \
             is what a seed does in one setting and not in another."
        );
    }
    let _ = write!(
        caption,
        " Axes: of the means of {} settings over seeds, corrected for what chance explains (ω² of choices, adjusted R² of a \
         quadratic in the number or its logarithm); interactions belong to no axis. p: the axis beside the others, against \
         {RELABELLINGS} relabellings of the settings; q after Benjamini and Hochberg over the axes. Green: q < {SIGNIFICANT}. \
         Seeds that diverged are left out.",
        shares.settings
    );
    if shares.clipped > 0 {
        let words = if shares.clipped == 1 {
            "One value counts as the end of the ordinary range that it lies beyond.".to_string()
        } else {
            format!("{} values count as the end of the ordinary range that they lie beyond.", shares.clipped)
        };
        let _ = write!(caption, " {words}");
    }
    caption
}
