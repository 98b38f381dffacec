//! How often each motif of three neurons occurs, beside rewired networks.

use super::words::{short, signed};
use crate::analysis::motifs::MotifRow;
use crate::error::Result;
use crate::perturb::{Anatomy, SIGNIFICANT};
use crate::report::parts::canvas::{Axes, Drawn, GRID, HPos, INK, MODEL, MUTED, Panel, chart, draw, px, stroke};
use crate::report::parts::figure::{Figure, WIDTH, padded, part};
use crate::report::parts::marks::{Words, path};
use plotters::prelude::*;

const CHART: f64 = 250.0;
const LEFT: f64 = 76.0;
const HEAD: f64 = 24.0;
/// Below the chart: diagram, name, count, null mean, z.
const FOOT: f64 = 150.0;

/// The edges of each motif: from, to; nodes left, top, right.
const DIAGRAMS: [(&str, &[(usize, usize)]); 13] = [
    ("021D", &[(1, 0), (1, 2)]),
    ("021U", &[(0, 1), (2, 1)]),
    ("021C", &[(0, 1), (1, 2)]),
    ("111D", &[(0, 1), (1, 0), (2, 1)]),
    ("111U", &[(0, 1), (1, 0), (1, 2)]),
    ("030T", &[(0, 1), (2, 1), (0, 2)]),
    ("030C", &[(0, 1), (1, 2), (2, 0)]),
    ("201", &[(0, 1), (1, 0), (1, 2), (2, 1)]),
    ("120D", &[(1, 0), (1, 2), (0, 2), (2, 0)]),
    ("120U", &[(0, 1), (2, 1), (0, 2), (2, 0)]),
    ("120C", &[(0, 1), (1, 2), (0, 2), (2, 0)]),
    ("210", &[(0, 1), (1, 2), (2, 1), (0, 2), (2, 0)]),
    ("300", &[(0, 1), (1, 0), (1, 2), (2, 1), (0, 2), (2, 0)]),
];

/// log₂ of a count over the null mean; NaN where that is zero, −∞ where only the count is.
fn log_ratio(count: f64, null_mean: f64) -> f64 {
    if null_mean > 0.0 { (count / null_mean).log2() } else { f64::NAN }
}

pub(super) fn figure(anatomy: &Anatomy) -> Result<Option<Figure>> {
    let rows = &anatomy.motifs;
    if rows.is_empty() {
        return Ok(None);
    }
    let interval = |r: &MotifRow| [-1.96, 1.96].map(|s| log_ratio(r.null_mean + s * r.null_sd, r.null_mean));
    let finite = |v: &f64| v.is_finite();
    let values = || {
        let own = rows.iter().map(|r| log_ratio(r.count as f64, r.null_mean));
        own.chain(rows.iter().flat_map(interval)).filter(finite).chain([-0.2, 0.2])
    };
    let range = padded(values().collect::<Vec<f64>>().into_iter());
    let column = (WIDTH - LEFT - 4.0) / rows.len() as f64;
    let drawing = draw(WIDTH, CHART + FOOT, |root, _| {
        let panel = part(root, 0.0, 0.0, WIDTH, CHART);
        let x = 0.0..rows.len() as f64;
        let mut chart = chart(&panel, [HEAD, 4.0, 0.0, 3.0], [0.0, LEFT - 3.0], x, range.clone())?;
        Axes { x: "", y: "log₂ (count / mean of rewired)", x_labels: 0, y_labels: 6 }.draw(&mut chart)?;
        let area = chart.plotting_area();
        area.draw(&PathElement::new([(0.0, 0.0), (rows.len() as f64, 0.0)], stroke(MUTED, 1.0)))?;
        for (k, (row, q)) in rows.iter().zip(&anatomy.motif_q).enumerate() {
            let x = k as f64 + 0.5;
            let [low, high] = interval(row).map(|v| v.max(range.start));
            if low.is_finite() && high.is_finite() {
                let corners = [(x - 0.28, low), (x + 0.28, high)];
                area.draw(&Rectangle::new(corners, GRID.filled()))?;
            }
            let value = log_ratio(row.count as f64, row.null_mean);
            let (significant, shown) = (*q < SIGNIFICANT, value.max(range.start));
            if !value.is_nan() {
                let style = if significant { MODEL.filled() } else { stroke(MODEL, 1.6) };
                area.draw(&Circle::new((x, shown), px(4.5), style))?;
            }
            let centre = LEFT + (k as f64 + 0.5) * column;
            Words::ink(12.0, HPos::Center).bold(significant).draw(root, row.motif, centre, CHART + 62.0)?;
            diagram(root, row.motif, centre, CHART + 26.0)?;
            let numbers = [row.count.to_string(), short(row.null_mean, 3), signed(row.z)];
            for (line, number) in numbers.iter().enumerate() {
                let y = CHART + 84.0 + 19.0 * line as f64;
                Words::ink(11.0, HPos::Center).draw(root, number, centre, y)?;
            }
        }
        for (line, label) in ["count", "rewired", "z"].iter().enumerate() {
            Words::muted(11.0, HPos::Left).draw(root, label, 2.0, CHART + 84.0 + 19.0 * line as f64)?;
        }
        Ok(())
    })?;
    let caption = "The 13 connected motifs of three neurons (with their MAN names) in the graph of the strongest \
                   connections, against networks that are rewired with the same degrees and the same number of connections \
                   between blocks. Dot: log₂ of the count over the mean of the rewired networks, above 0 more than expected; \
                   grey: that mean ± 1.96 standard deviations. Filled, and bold: q < 0.05 of the rewired networks (two-sided; \
                   Benjamini and Hochberg over the 13), of this one trained network. A dot on the lower edge does not occur; motifs that no rewired network has \
                   have none. Numbers: motifs.csv."
        .into();
    Ok(Some(Figure { name: "motifs", title: "Motifs of three neurons", caption, drawing }))
}

/// Three nodes and their arrows around a centre.
fn diagram(root: &Panel, motif: &str, x: f64, y: f64) -> Drawn<()> {
    const NODE: f64 = 3.2;
    let nodes = [(x - 20.0, y + 16.0), (x, y - 16.0), (x + 20.0, y + 16.0)];
    let edges = DIAGRAMS.iter().find(|(name, _)| *name == motif).map_or(&[][..], |(_, edges)| edges);
    for (from, to) in edges {
        let ((x0, y0), (x1, y1)) = (nodes[*from], nodes[*to]);
        let length = (x1 - x0).hypot(y1 - y0);
        let (ux, uy) = ((x1 - x0) / length, (y1 - y0) / length);
        let along = |s: f64, side: f64| (x0 + ux * s - uy * side, y0 + uy * s + ux * side);
        let tip = length - NODE - 1.5;
        path(root, &[along(NODE + 1.5, 0.0), along(tip, 0.0)], INK, 1.2)?;
        path(root, &[along(tip - 4.5, 2.6), along(tip, 0.0), along(tip - 4.5, -2.6)], INK, 1.2)?;
    }
    for (x, y) in nodes {
        root.draw(&Circle::new((px(x), px(y)), px(NODE), INK.filled()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::motifs::{CONNECTED, Graph, TRIADS, triadic_census};

    #[test]
    fn every_diagram_is_the_motif_of_its_name() {
        assert_eq!(DIAGRAMS.len(), CONNECTED.len());
        for (name, edges) in DIAGRAMS {
            let census = triadic_census(&Graph::new(3, edges).unwrap());
            let found = census.iter().position(|count| *count == 1).unwrap();
            assert_eq!(TRIADS[found], name);
        }
    }

    #[test]
    fn ratios_of_nothing_are_not_numbers() {
        assert_eq!(log_ratio(8.0, 2.0), 2.0);
        assert_eq!(log_ratio(0.0, 2.0), f64::NEG_INFINITY);
        assert!(log_ratio(0.0, 0.0).is_nan());
    }
}
