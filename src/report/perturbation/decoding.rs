//! What can be read out of the network through the trial, intact and lesioned.

use super::pens::lesion_pens;
use super::words::{fit_sentence, scope};
use crate::error::Result;
use crate::perturb::{DecodingRow, Lesion, Study};
use crate::report::parts::canvas::{Axes, Drawn, EXCITATORY, HPos, INK, MODEL, Panel, draw};
use crate::report::parts::figure::{Figure, WIDTH, part};
use crate::report::parts::lines::{Curve, Legend, Pen, Plot};
use crate::report::parts::marks::Words;
use std::fmt::Write as _;

const PANEL: f64 = 172.0;
/// Lesions with a curve, and regions with a row, at most.
const LESIONS: usize = 12;
const REGIONS: usize = 6;
const SENTENCE: f64 = 24.0;
/// The intact network.
const INTACT: Pen = Pen::solid(INK, 3.0);

/// Read-outs that were trained on the intact network.
pub(super) fn intact_readouts(study: &Study) -> Result<Option<Figure>> {
    let text = "each lesioned network, read by the intact network's read-outs on fresh noise: what an observer of the \
                intact code would still see";
    lesioned(study, ("intact", "lesioned"), ("decoding", "Decoding through time"), text)
}

/// Read-outs that were trained anew on each lesioned network.
pub(super) fn own_readouts(study: &Study) -> Result<Option<Figure>> {
    let text = "each lesioned network, read by read-outs that were trained on its own trials and cross-validated: what \
                it still tells at all, in whatever code (the silent neurons are among those read)";
    lesioned(study, ("lesioned", "own"), ("decoding-anew", "Decoding with read-outs trained anew"), text)
}

fn lesioned(
    study: &Study,
    kind: (&str, &str),
    (name, title): (&'static str, &'static str),
    text: &str,
) -> Result<Option<Figure>> {
    let grid = Grid::of(study, |r| (r.trained_on, r.tested_on) == kind);
    if grid.readouts.is_empty() {
        return Ok(None);
    }
    let (shown, left_out) = shown(study, kind);
    let areas: Vec<String> = study.subject.problem.population.areas().iter().map(|a| a.name.clone()).collect();
    let pens = lesion_pens(&shown, &areas);
    let curves = |readout: &str, region: &str| {
        let own = |network: &str, kind| series(study, network, readout, region, kind);
        let mut curves: Vec<Curve> =
            shown.iter().zip(&pens).map(|(l, pen)| Curve { points: own(&l.name, kind), pen: *pen }).collect();
        curves.push(Curve { points: own("intact", ("intact", "own")), pen: INTACT });
        curves
    };
    let named = shown.iter().zip(&pens).map(|(l, pen)| (l.name.clone(), *pen));
    let legend = Legend::new(std::iter::once(("intact".to_string(), INTACT)).chain(named));
    let mut caption = format!(
        "Accuracy of linear read-outs of the agent, of Go or No-Go and of the object (columns) from all neurons and from \
         each area (rows), in windows over the time from the first bin. Thickest line: the intact network, \
         cross-validated on noisy trials; grey band: 2.5 to 97.5 % of its accuracy in single windows with permuted \
         labels, not corrected for the number of windows, read-outs and areas. Coloured: {text}. Described, not tested."
    );
    if left_out > 0 {
        let _ = write!(
            caption,
            " The {LESIONS} lesions that change the accuracy most are shown; {left_out} more are in the table."
        );
    }
    grid.note(&mut caption);
    caption.push_str(" Numbers: decoding.csv.");
    let drawing = draw(WIDTH, SENTENCE + legend.height() + 8.0 + grid.height(), |root, _| {
        Words::muted(12.0, HPos::Left).draw(root, &fit_sentence(study), 0.0, 9.0)?;
        legend.draw(root, SENTENCE)?;
        grid.draw(root, study, SENTENCE + legend.height() + 8.0, &curves)
    })?;
    Ok(Some(Figure { name, title, caption, drawing }))
}

/// From executed to observed trials and back, in the intact network.
pub(super) fn between_agents(study: &Study) -> Result<Option<Figure>> {
    let kinds = [("execution", "observation"), ("observation", "execution")];
    let grid = Grid::of(study, |r| r.network == "intact" && kinds.contains(&(r.trained_on, r.tested_on)));
    if grid.readouts.is_empty() {
        return Ok(None);
    }
    let pens = [Pen::solid(MODEL, 2.2), Pen::dashed(EXCITATORY, 2.2)];
    let curves = |readout: &str, region: &str| {
        let own = Curve { points: series(study, "intact", readout, region, ("intact", "own")), pen: INTACT };
        let of = |k: usize| Curve { points: series(study, "intact", readout, region, kinds[k]), pen: pens[k] };
        vec![own, of(0), of(1)]
    };
    let named = ["trained on execution, tested on observation", "trained on observation, tested on execution"];
    let legend = Legend::new(
        std::iter::once(("both agents, cross-validated".to_string(), INTACT))
            .chain(named.into_iter().zip(pens).map(|(words, pen)| (words.to_string(), pen))),
    );
    let mut caption = "Read-outs of the intact network that were trained on the trials of one agent and tested on those \
                       of the other: far above the grey band of permuted labels, what is learned from one agent generalises \
                       to the other. The band is that of the thickest line in single windows, of which one in forty \
                       exceeds it by chance: described, not tested. Thickest line: trained and tested on both agents, cross-validated."
        .to_string();
    grid.note(&mut caption);
    caption.push_str(" Numbers: decoding.csv.");
    let drawing = draw(WIDTH, legend.height() + 8.0 + grid.height(), |root, _| {
        legend.draw(root, 0.0)?;
        grid.draw(root, study, legend.height() + 8.0, &curves)
    })?;
    let title = "Decoding across agents";
    Ok(Some(Figure { name: "cross-decoding", title, caption, drawing }))
}

/// Accuracy over seconds.
fn series(study: &Study, network: &str, readout: &str, region: &str, kind: (&str, &str)) -> Vec<(f64, f64)> {
    let is = |r: &&DecodingRow| {
        r.network == network && r.readout == readout && r.scope == region && (r.trained_on, r.tested_on) == kind
    };
    study.decoding.iter().filter(is).map(|r| (r.seconds, r.score.accuracy)).collect()
}

/// The lesions with curves, and how many have none: those with the largest mean difference from the intact network.
fn shown<'a>(study: &'a Study, kind: (&str, &str)) -> (Vec<&'a Lesion>, usize) {
    let has = |l: &&Lesion| {
        !l.neurons.is_empty()
            && study.decoding.iter().any(|r| r.network == l.name && (r.trained_on, r.tested_on) == kind)
    };
    let lesions: Vec<&Lesion> = study.lesions.iter().filter(has).collect();
    if lesions.len() <= LESIONS {
        return (lesions, 0);
    }
    let accuracy = |network: &str, kind: (&str, &str)| {
        let rows = study.decoding.iter().filter(|r| r.network == network && (r.trained_on, r.tested_on) == kind);
        let values: Vec<f64> = rows.map(|r| r.score.accuracy).filter(|a| a.is_finite()).collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    let intact = accuracy("intact", ("intact", "own"));
    let mut order: Vec<(f64, usize)> =
        lesions.iter().enumerate().map(|(k, l)| ((accuracy(&l.name, kind) - intact).abs(), k)).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut kept: Vec<usize> = order[..LESIONS].iter().map(|(_, k)| *k).collect();
    kept.sort_unstable();
    (kept.iter().map(|k| lesions[*k]).collect(), lesions.len() - LESIONS)
}

/// Read-outs across, regions downwards.
struct Grid {
    readouts: Vec<&'static str>,
    regions: Vec<String>,
    left_out: usize,
    seconds: f64,
}

impl Grid {
    fn of(study: &Study, is_shown: impl Fn(&DecodingRow) -> bool) -> Self {
        let (mut readouts, mut regions, mut seconds) = (Vec::new(), Vec::new(), 0.0_f64);
        for r in study.decoding.iter().filter(|r| is_shown(r)) {
            if !readouts.contains(&r.readout) {
                readouts.push(r.readout);
            }
            if !regions.contains(&r.scope) {
                regions.push(r.scope.clone());
            }
        }
        for r in study.decoding.iter().filter(|r| readouts.contains(&r.readout) && r.seconds.is_finite()) {
            // The last window ends half a window later than its middle.
            seconds = seconds.max(r.seconds * (1.0 + 0.5 / (r.window as f64 + 0.5)));
        }
        let left_out = regions.len().saturating_sub(REGIONS);
        regions.truncate(REGIONS);
        Self { readouts, regions, left_out, seconds: if seconds > 0.0 { seconds } else { 1.0 } }
    }

    fn height(&self) -> f64 {
        PANEL * self.regions.len() as f64 + 16.0
    }

    fn note(&self, caption: &mut String) {
        if self.left_out > 0 {
            let _ = write!(caption, " {} further areas are in the table.", self.left_out);
        }
    }

    fn draw(&self, root: &Panel, study: &Study, top: f64, curves: &dyn Fn(&str, &str) -> Vec<Curve>) -> Drawn<()> {
        let width = (WIDTH / self.readouts.len() as f64).min(WIDTH / 2.0);
        for (row, region) in self.regions.iter().enumerate() {
            let is_last = row + 1 == self.regions.len();
            for (column, readout) in self.readouts.iter().enumerate() {
                let height = PANEL + if is_last { 16.0 } else { 0.0 };
                let panel = part(root, column as f64 * width, top + row as f64 * PANEL, width, height);
                let intact = |r: &&DecodingRow| r.network == "intact" && r.readout == *readout && r.scope == *region;
                let band = study.decoding.iter().filter(intact).find_map(|r| r.chance);
                let axes = Axes {
                    x: if is_last { "time from the first bin (s)" } else { "" },
                    y: if column == 0 { "accuracy" } else { "" },
                    x_labels: 8,
                    y_labels: 5,
                };
                let plot = Plot {
                    title: &format!("{readout} · {}", scope(region)),
                    axes,
                    x: 0.0..self.seconds,
                    y: 0.0..1.02,
                    band: band.filter(|(low, high)| low.is_finite() && high.is_finite()),
                    curves: &curves(readout, region),
                };
                plot.draw(&panel)?;
            }
        }
        Ok(())
    }
}
