//! Recorded beside modelled rates of all neurons, as heat maps.

use super::strips::{Strip, StripFrame, strips};
use crate::analysis::{quantile, sorted};
use crate::error::Result;
use crate::report::conditions::class_name;
use crate::report::data::ReportData;
use crate::report::parts::canvas::{Drawn, HPos, Panel, Picture, draw, px, stroke, tick};
use crate::report::parts::figure::{Figure, WIDTH};
use crate::report::parts::marks::Words;
use crate::report::parts::raster::heat_map;
use plotters::prelude::*;

/// Room for the areas' names.
const LEFT: f64 = 62.0;
const GAP: f64 = 18.0;
/// Height of the part above each pair of maps, with class and condition labels.
const HEAD: f64 = 56.0;
const MAP: f64 = 300.0;
const FOOT: f64 = 28.0;
/// Height of the colour scale at the top.
const SCALE_BAR: f64 = 40.0;
/// Image columns per map at most; beyond, neighbouring bins are averaged.
const COLUMNS: usize = 540;

pub(super) fn figure(data: &ReportData) -> Result<Figure> {
    let strips = strips(data);
    let rows = rows(data);
    let maximum = colour_maximum(data);
    let height = SCALE_BAR + strips.len() as f64 * (HEAD + MAP + FOOT);
    let drawing = draw(WIDTH, height, |root, pictures| {
        colour_scale(root, maximum, pictures)?;
        let width = (WIDTH - LEFT - GAP) / 2.0;
        for (k, strip) in strips.iter().enumerate() {
            let top = SCALE_BAR + k as f64 * (HEAD + MAP + FOOT);
            let sides =
                [("recorded", data.problem.targets.as_slice(), LEFT), ("modelled", data.modelled, LEFT + width + GAP)];
            for (name, rates, left) in sides {
                let frame = StripFrame { left, top: top + HEAD, width, height: MAP };
                let title = format!("{name} · {}", class_name(strip.class));
                Words::ink(13.0, HPos::Left).below().draw(root, &title, left, top + 4.0)?;
                Map { strip, rates, rows: &rows, maximum }.draw(root, &frame, data, pictures)?;
            }
            area_names(root, &rows, data, top + HEAD)?;
        }
        Ok(())
    })?;
    let caption = format!(
        "Rates of all {} neurons (rows) over time, conditions side by side, on one colour scale. Rows are grouped by area \
         and sorted by the time of the recorded peak, averaged over the {} conditions; the order is the same in every \
         panel. White lines mark where the stimulus changes. Conditions are numbered as in the table.",
        data.problem.dims.neurons,
        strips.first().map_or("", |s| class_name(s.class)),
    );
    Ok(Figure { name: "rates", title: "Recorded and modelled rates", caption, drawing })
}

/// The neurons of each area, by the time of their recorded peak.
fn rows(data: &ReportData) -> Vec<Vec<usize>> {
    let class = strips(data).first().map(|s| s.class);
    let conditions: Vec<usize> =
        (0..data.conditions.len()).filter(|c| Some(data.conditions[*c].class) == class).collect();
    let peak: Vec<usize> = peak_bins(data, &conditions);
    let population = &data.problem.population;
    let of_area = |a: usize| {
        let mut members = population.members(a);
        members.sort_by_key(|i| peak[*i]);
        members
    };
    (0..population.areas().len()).map(of_area).filter(|r| !r.is_empty()).collect()
}

/// The bin in which each neuron's recorded rate, averaged over `conditions`, is highest, `[N]`.
fn peak_bins(data: &ReportData, conditions: &[usize]) -> Vec<usize> {
    let (n, b) = (data.problem.dims.neurons, data.problem.dims.bins);
    let mut peak = vec![(f32::NEG_INFINITY, 0); n];
    for bin in 0..b {
        let here: Vec<usize> = conditions.iter().copied().filter(|c| bin < data.problem.bins[*c]).collect();
        for (i, best) in peak.iter_mut().enumerate() {
            let sum: f32 = here.iter().map(|c| data.problem.targets[(c * b + bin) * n + i]).sum();
            let mean = sum / here.len() as f32;
            if mean > best.0 {
                *best = (mean, bin);
            }
        }
    }
    peak.into_iter().map(|(_, bin)| bin).collect()
}

/// The rate at the bright end of the scale: the recorded 99.5th percentile, so that a few peaks do not darken all else.
fn colour_maximum(data: &ReportData) -> f32 {
    let (n, b) = (data.problem.dims.neurons, data.problem.dims.bins);
    let of_condition = |(c, bins): (usize, &usize)| &data.problem.targets[c * b * n..(c * b + bins) * n];
    let rates = data.problem.bins.iter().enumerate().flat_map(of_condition);
    let maximum = quantile(&sorted(rates.map(|r| f64::from(*r))), 0.995);
    if maximum > 0.0 { maximum as f32 } else { 1.0 }
}

fn colour_scale(root: &Panel, maximum: f32, pictures: &mut Vec<Picture>) -> Drawn<()> {
    let ramp: Vec<f32> = (0..128).map(|k| k as f32 / 127.0 * maximum).collect();
    let (width, top) = (200.0, 6.0);
    pictures.push(Picture { rectangle: (px(LEFT), px(top), px(width), px(10.0)), png: heat_map(&ramp, 128, maximum)? });
    for (share, anchor) in [(0.0, HPos::Left), (1.0, HPos::Right)] {
        let label = tick((f64::from(maximum) * share * 100.0).round() / 100.0);
        Words::ink(11.0, anchor).below().draw(root, &label, LEFT + share * width, top + 13.0)?;
    }
    Words::ink(12.0, HPos::Left).draw(root, "firing rate, as trained on (0…1)", LEFT + width + 10.0, top + 5.0)
}

/// Height of each area's part of a map in CSS pixels, and the space between two of them.
fn area_frames(rows: &[Vec<usize>], top: f64) -> Vec<(f64, f64)> {
    const BETWEEN: f64 = 3.0;
    let total: usize = rows.iter().map(Vec::len).sum();
    let room = MAP - BETWEEN * (rows.len() - 1) as f64;
    let mut y = top;
    let frame = |members: &Vec<usize>| {
        let height = room * members.len() as f64 / total as f64;
        let here = (y, height);
        y += height + BETWEEN;
        here
    };
    rows.iter().map(frame).collect()
}

fn area_names(root: &Panel, rows: &[Vec<usize>], data: &ReportData, top: f64) -> Drawn<()> {
    let population = &data.problem.population;
    for (members, (y, height)) in rows.iter().zip(area_frames(rows, top)) {
        let name = population.area_name(members[0]);
        let centre = y + height / 2.0;
        if height >= 12.0 {
            let y = if height < 30.0 { centre } else { centre - 8.0 };
            Words::ink(12.0, HPos::Right).draw(root, name, LEFT - 8.0, y)?;
        }
        if height >= 30.0 {
            Words::muted(11.0, HPos::Right).draw(root, &members.len().to_string(), LEFT - 8.0, centre + 8.0)?;
        }
    }
    Ok(())
}

/// What one map shows besides its place.
struct Map<'a> {
    strip: &'a Strip,
    rates: &'a [f32],
    rows: &'a [Vec<usize>],
    maximum: f32,
}

impl Map<'_> {
    fn draw(&self, root: &Panel, frame: &StripFrame, data: &ReportData, pictures: &mut Vec<Picture>) -> Drawn<()> {
        let per_column = self.strip.length.div_ceil(COLUMNS);
        let columns = self.strip.length.div_ceil(per_column);
        let width = px(frame.width * (columns * per_column) as f64 / self.strip.length as f64);
        for (members, (y, height)) in self.rows.iter().zip(area_frames(self.rows, frame.top)) {
            let values = self.values(members, per_column, columns, data);
            let rectangle = (px(frame.left), px(y), width, px(height));
            pictures.push(Picture { rectangle, png: heat_map(&values, columns, self.maximum)? });
        }
        frame.label(root, self.strip, data)?;
        frame.mark_events(root, self.strip, data, stroke(WHITE.mix(0.6), 0.8))?;
        frame.time_bar(root, self.strip, data)
    }

    /// The rates of `members`, `[members × columns]`; NaN between conditions.
    fn values(&self, members: &[usize], per_column: usize, columns: usize, data: &ReportData) -> Vec<f32> {
        let (n, b) = (data.problem.dims.neurons, data.problem.dims.bins);
        // Where each bin of the strip begins in the array of rates.
        let mut source = vec![None; columns * per_column];
        for s in &self.strip.segments {
            for bin in 0..s.bins {
                source[s.start + bin] = Some((s.condition * b + bin) * n);
            }
        }
        let value = |i: usize, bins: &[Option<usize>]| {
            let starts = bins.iter().flatten();
            starts.clone().map(|start| self.rates[start + i]).sum::<f32>() / starts.count() as f32
        };
        members.iter().flat_map(|i| source.chunks_exact(per_column).map(|bins| value(*i, bins))).collect()
    }
}
