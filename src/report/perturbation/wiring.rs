//! Who projects to whom, and what flows there.

use super::words::{distinct, short};
use crate::analysis::connectivity::ConnectionRow;
use crate::analysis::currents::CurrentRow;
use crate::error::Result;
use crate::perturb::Study;
use crate::report::parts::canvas::{COLD, HPos, WARM, draw, heading};
use crate::report::parts::figure::{Figure, WIDTH, part};
use crate::report::parts::marks::Words;
use crate::report::parts::matrix::{Cell, Matrix, colour_bar, plain};

const NAMES: f64 = 78.0;
/// Above the cells: heading, colour bar, names of the columns.
const HEAD: f64 = 118.0;
/// Narrower cells hold no numbers.
const READABLE: f64 = 46.0;
const BETWEEN: f64 = 24.0;

pub(super) fn figure(study: &Study) -> Result<Option<Figure>> {
    let blocks = blocks(study);
    let (targets, sources) = (targets(study), sources(study));
    if blocks.is_empty() {
        return Ok(None);
    }
    let half = (WIDTH - BETWEEN) / 2.0;
    let cell = |columns: usize| ((half - NAMES) / columns.max(1) as f64).min(90.0);
    let (width, flow_width) = (cell(blocks.len()), cell(sources.len()));
    let row = if width < READABLE { 16.0_f64.max(width * 0.6) } else { 36.0 };
    let strongest = connections(study).map(|r| r.mean.abs()).filter(|m| m.is_finite()).fold(0.0, f64::max);
    let weights: Vec<Vec<Cell>> = blocks
        .iter()
        .map(|post| blocks.iter().map(|pre| connection(study, pre, post, strongest, width)).collect())
        .collect();
    let flows: Vec<Vec<Cell>> =
        targets.iter().map(|t| sources.iter().map(|s| flow(study, s, t, flow_width)).collect()).collect();
    let height = HEAD + row * blocks.len().max(targets.len()) as f64 + 6.0;
    let named = |blocks: &[(String, &'static str)]| -> Vec<(String, String)> {
        blocks.iter().map(|(area, kind)| (area.clone(), abbreviated(kind).to_string())).collect()
    };
    let in_rows = plain(blocks.iter().map(|(a, k)| format!("{a} {}", abbreviated(k))));
    let target_rows = plain(targets.iter().cloned());
    let drawing = draw(WIDTH, height, |root, _| {
        let left = part(root, 0.0, 0.0, half, height);
        heading(&left, "mean weight, and density (from columns to rows)")?;
        let ends = (format!("−{}", short(strongest, 2)), short(strongest, 2));
        colour_bar(&left, (NAMES, 30.0), ((COLD, &ends.0), (WARM, &ends.1)), "√ scale")?;
        matrix((width, row), &in_rows, &named(&blocks), &weights).draw(&left)?;
        let right = part(root, half + BETWEEN, 0.0, half, height);
        heading(&right, "share of the current (from columns to rows)")?;
        Words::muted(11.0, HPos::Left).draw(&right, "of mean magnitudes; each row sums to 100 %", 2.0, 30.0)?;
        matrix((flow_width, row), &target_rows, &named(&sources), &flows).draw(&right)
    })?;
    let caption = format!(
        "Left: effective weights from the excitatory (exc) and inhibitory (inh) neurons of each area (columns) to those of \
         each (rows): the mean over the possible connections, orange positive, blue negative, and below it the fraction of \
         them that exists (|w| > {}, {} of the largest). Right: where the current into each area comes from: mean \
         magnitude of the current from each source, as a share of all sources, averaged over the conditions; currents of \
         opposite sign both count. “stimulus” is W_in u, “constant” is I_ext. Numbers: connectivity.csv, balance.csv and \
         currents.csv.",
        short(study.anatomy.connectivity.threshold, 2),
        short(crate::analysis::connectivity::RELATIVE_THRESHOLD, 1),
    );
    Ok(Some(Figure { name: "wiring", title: "Connectivity and current flow", caption, drawing }))
}

fn matrix<'a>(
    cell: (f64, f64),
    rows: &'a [(String, String)],
    columns: &'a [(String, String)],
    cells: &'a [Vec<Cell>],
) -> Matrix<'a> {
    Matrix { origin: (NAMES, HEAD), names: NAMES, cell, rows, columns, cells }
}

fn abbreviated(kind: &str) -> &str {
    match kind {
        "excitatory" => "exc",
        "inhibitory" => "inh",
        other => other,
    }
}

fn connections(study: &Study) -> impl Iterator<Item = &ConnectionRow> {
    study.anatomy.connectivity.connections.iter()
}

/// Area and type of the blocks, in order.
fn blocks(study: &Study) -> Vec<(String, &'static str)> {
    distinct(connections(study).map(|r| (r.pre_area.clone(), r.pre_type)))
}

fn sources(study: &Study) -> Vec<(String, &'static str)> {
    distinct(study.anatomy.currents.rows.iter().map(|r| (r.source.clone(), r.source_type)))
}

fn targets(study: &Study) -> Vec<String> {
    distinct(study.anatomy.currents.rows.iter().filter(|r| r.target_type == "all").map(|r| r.target.clone()))
}

fn connection(
    study: &Study,
    pre: &(String, &'static str),
    post: &(String, &'static str),
    strongest: f64,
    width: f64,
) -> Cell {
    let is = |r: &&ConnectionRow| {
        (&r.pre_area, r.pre_type) == (&pre.0, pre.1) && (&r.post_area, r.post_type) == (&post.0, post.1)
    };
    let row = connections(study).find(is).filter(|r| r.possible > 0 && r.mean.is_finite());
    let Some(r) = row else { return Cell::without("–") };
    let strength = if strongest > 0.0 { (r.mean.abs() / strongest).sqrt() } else { 0.0 };
    let lines = vec![short(r.mean, 2), format!("{} %", short(100.0 * r.density, 2))];
    let lines = if width < READABLE { Vec::new() } else { lines };
    Cell::signed(r.mean, strength, lines)
}

fn flow(study: &Study, source: &(String, &'static str), target: &str, width: f64) -> Cell {
    let is = |r: &&CurrentRow| {
        r.target == target && r.target_type == "all" && (&r.source, r.source_type) == (&source.0, source.1)
    };
    let rows = study.anatomy.currents.rows.iter().filter(is);
    let shares: Vec<f64> = rows.map(|r| r.share).filter(|s| s.is_finite()).collect();
    if shares.is_empty() {
        return Cell::without("–");
    }
    let share = shares.iter().sum::<f64>() / shares.len() as f64;
    let text = format!("{:.0} %", 100.0 * share);
    let lines = if width < READABLE { Vec::new() } else { vec![text] };
    Cell::signed(share, share.sqrt(), lines)
}
