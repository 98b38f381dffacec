//! Where the activity of each area goes, along its first principal components.

use super::currents::{bin_seconds, classes};
use super::words::{compared, fit_sentence, key_number, listed, signed};
use crate::analysis::pca::Pca;
use crate::data::{csv_number, csv_text};
use crate::error::Result;
use crate::perturb::Study;
use crate::report::parts::canvas::{Axes, Drawn, EXCITATORY, HPos, MODEL, Panel, chart, draw, heading, px, stroke};
use crate::report::parts::figure::{Figure, WIDTH, padded, part};
use crate::report::parts::lines::{Legend, Pen};
use crate::report::parts::marks::{Words, fitted};
use crate::task::ConditionClass;
use plotters::prelude::*;
use std::fmt::Write as _;

const PANEL: f64 = 262.0;
/// Height of the sentence about the fit and the legend.
const TOP: f64 = 52.0;
/// Lesions beside the intact network.
const LESIONS: usize = 3;
const COMPONENTS: usize = 3;
/// How strong the colour of a No-Go condition is.
const PALE: f64 = 0.4;

/// The scores of one area in the intact network and in some lesioned ones.
struct AreaScores {
    area: usize,
    /// Components, at most [`COMPONENTS`].
    rank: usize,
    /// Part of the intact network's variance along each.
    explained: Vec<f64>,
    /// Scores of the valid bins of the shown conditions, `[networks][C shown][bins][rank]`.
    scores: Vec<Vec<Vec<f64>>>,
}

/// What the figure shows and the table holds.
pub(super) struct Trajectories {
    /// Numbers of the lesions, after the intact network.
    lesions: Vec<usize>,
    /// How they were chosen.
    reason: String,
    conditions: Vec<usize>,
    areas: Vec<AreaScores>,
}

impl Trajectories {
    /// Components fitted to the intact network's executed and observed conditions.
    ///
    /// # Errors
    /// If the decomposition fails.
    pub(super) fn of(study: &Study) -> Result<Self> {
        let (lesions, reason) = chosen(study);
        let mut conditions: Vec<usize> = classes(study).into_iter().flat_map(|(_, c)| c).collect();
        conditions.sort_unstable();
        let mut all = Self { lesions, reason, conditions, areas: Vec::new() };
        for area in 0..study.subject.problem.population.areas().len() {
            all.areas.extend(all.scores(study, area)?);
        }
        Ok(all)
    }

    /// `None` for an area that is empty, never moves, or whose rates are not finite.
    fn scores(&self, study: &Study, area: usize) -> Result<Option<AreaScores>> {
        let members = study.subject.problem.population.members(area);
        let of = |rates: &[f32]| -> Vec<Vec<f32>> {
            self.conditions.iter().map(|c| rates_of(study, rates, *c, &members)).collect()
        };
        let intact = of(&study.subject.intact);
        let rows = intact.concat();
        if members.is_empty() || rows.len() < 2 * members.len() || rows.iter().any(|r| !r.is_finite()) {
            return Ok(None);
        }
        let pca = Pca::fit(&rows, members.len(), COMPONENTS)?;
        if pca.is_empty() {
            return Ok(None);
        }
        let networks = std::iter::once(intact).chain(self.lesions.iter().map(|l| of(&study.lesioned_rates[*l])));
        let project = |conditions: Vec<Vec<f32>>| conditions.iter().map(|rows| pca.project(rows)).collect();
        let scores = networks.map(project).collect::<Result<Vec<Vec<Vec<f64>>>>>()?;
        Ok(Some(AreaScores { area, rank: pca.len(), explained: pca.explained_variance_ratio(), scores }))
    }

    fn network_names(&self, study: &Study) -> Vec<String> {
        let lesions = self.lesions.iter().map(|l| study.lesions[*l].name.clone());
        std::iter::once("intact".to_string()).chain(lesions).collect()
    }

    /// `trajectories.csv`.
    pub(super) fn csv(&self, study: &Study) -> String {
        let subject = &study.subject;
        let mut csv = String::from("condition,network,area,bin,time_s,pc1,pc2,pc3\n");
        for area in &self.areas {
            let name = &subject.problem.population.areas()[area.area].name;
            for (network, scores) in self.network_names(study).iter().zip(&area.scores) {
                for (c, scores) in self.conditions.iter().zip(scores) {
                    let texts = [&subject.conditions[*c].name, network, name].map(|t| csv_text(t)).join(",");
                    for (b, point) in scores.chunks_exact(area.rank).enumerate() {
                        let pcs = [0, 1, 2].map(|k| csv_number(point.get(k).copied().unwrap_or(f64::NAN))).join(",");
                        let _ = writeln!(csv, "{texts},{b},{:.4},{pcs}", (b as f64 + 0.5) * bin_seconds(study));
                    }
                }
            }
        }
        csv
    }
}

/// The rates of some neurons in the valid bins of a condition, `[bins][members]`.
fn rates_of(study: &Study, rates: &[f32], condition: usize, members: &[usize]) -> Vec<f32> {
    let d = study.subject.dims();
    let rows = rates[condition * d.bins * d.neurons..].chunks_exact(d.neurons);
    let rows = rows.take(study.subject.problem.bins[condition]);
    rows.flat_map(|row| members.iter().map(|i| row[*i])).collect()
}

/// The lesions with the largest effects on the distance between own and others' trajectories, and what was said of them.
fn chosen(study: &Study) -> (Vec<usize>, String) {
    let Some(measure) = key_number(&study.keys, "self_other_distance_change", "all") else {
        return (Vec::new(), String::new());
    };
    let effects: Vec<(f64, usize)> = (0..study.lesions.len())
        .filter_map(|l| Some((compared(study, l, measure)?.1.effect_size, l)))
        .filter(|(size, _)| size.is_finite())
        .collect();
    if !effects.is_empty() {
        let found = largest(effects);
        let named: Vec<String> =
            found.iter().map(|(size, l)| format!("{} ({})", study.lesions[*l].name, signed(*size))).collect();
        let text = format!("with the largest effect sizes on the self–other distance: {}", listed(&named));
        return (found.into_iter().map(|(_, l)| l).collect(), text);
    }
    let changes = (0..study.lesions.len())
        .filter(|l| !study.lesions[*l].neurons.is_empty())
        .map(|l| (study.outcomes[l].whole[measure], l))
        .filter(|(change, _)| change.is_finite());
    let found: Vec<usize> = largest(changes.collect()).into_iter().map(|(_, l)| l).collect();
    let named: Vec<String> = found.iter().map(|l| study.lesions[*l].name.clone()).collect();
    (found, format!("with the largest changes of the self–other distance (there are no controls): {}", listed(&named)))
}

fn largest(mut values: Vec<(f64, usize)>) -> Vec<(f64, usize)> {
    values.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()).then(a.1.cmp(&b.1)));
    values.truncate(LESIONS);
    values
}

pub(super) fn figure(study: &Study, trajectories: &Trajectories) -> Result<Option<Figure>> {
    if trajectories.areas.is_empty() {
        return Ok(None);
    }
    let names = trajectories.network_names(study);
    let width = (WIDTH / names.len() as f64).min(WIDTH / 3.0);
    let height = TOP + PANEL * trajectories.areas.len() as f64;
    let shown: Vec<ConditionClass> = classes(study).into_iter().map(|(class, _)| class).collect();
    let legend = Legend::new(shown.iter().map(|class| match class {
        ConditionClass::Observation => ("observation".to_string(), Pen::dashed(EXCITATORY, 1.8)),
        ConditionClass::Execution => ("execution".to_string(), Pen::solid(MODEL, 1.8)),
        ConditionClass::Other => ("conditions".to_string(), Pen::solid(MODEL, 1.8)),
    }));
    let drawing = draw(WIDTH, height, |root, _| {
        Words::muted(12.0, HPos::Left).draw(root, &fit_sentence(study), 0.0, 9.0)?;
        legend.draw(root, 24.0)?;
        for (row, area) in trajectories.areas.iter().enumerate() {
            for (column, name) in names.iter().enumerate() {
                let panel = part(root, column as f64 * width, TOP + row as f64 * PANEL, width, PANEL);
                portrait(&panel, study, trajectories, area, (column, &fitted(name, 13.5, width - 60.0)))?;
            }
        }
        Ok(())
    })?;
    let mut caption =
        "Population activity of each area (rows) along its first two principal components, fitted to the \
                       rates of the intact network in executed and observed conditions, a dot at the first bin. \
                       Execution: solid; observation: dashed; No-Go: paler."
            .to_string();
    if !trajectories.lesions.is_empty() {
        let _ = write!(
            caption,
            " Beside the intact network, in its components and scale, the lesions {}. Silenced neurons of the area count \
             at their lesioned rates and shift its trajectories by themselves.",
            trajectories.reason
        );
    }
    caption.push_str(" Numbers: trajectories.csv (with the third component).");
    Ok(Some(Figure { name: "trajectories", title: "Trajectories", caption, drawing }))
}

/// The trajectories of one area in one network.
fn portrait(
    panel: &Panel,
    study: &Study,
    all: &Trajectories,
    area: &AreaScores,
    (network, name): (usize, &str),
) -> Drawn<()> {
    let area_name = &study.subject.problem.population.areas()[area.area].name;
    heading(panel, &format!("{area_name} · {name}"))?;
    let coordinate = |point: &[f64], k: usize| point.get(k).copied().unwrap_or(0.0);
    let points = || area.scores.iter().flatten().flat_map(|s| s.chunks_exact(area.rank));
    let range = |k: usize| padded(points().map(|p| coordinate(p, k)).collect::<Vec<f64>>().into_iter());
    let axis = |k: usize| match area.explained.get(k) {
        Some(share) if share.is_finite() => format!("PC {} ({:.0} %)", k + 1, 100.0 * share),
        _ => format!("PC {}", k + 1),
    };
    let mut chart = chart(panel, [24.0, 14.0, 8.0, 3.0], [42.0, 50.0], range(0), range(1))?;
    Axes { x: &axis(0), y: &axis(1), x_labels: 5, y_labels: 5 }.draw(&mut chart)?;
    for (c, scores) in all.conditions.iter().zip(&area.scores[network]) {
        let condition = &study.subject.conditions[*c];
        let observed = condition.class == ConditionClass::Observation;
        let strength = if condition.go == Some(false) { PALE } else { 0.95 };
        let colour = (if observed { EXCITATORY } else { MODEL }).mix(strength);
        let points = scores.chunks_exact(area.rank).map(|p| (coordinate(p, 0), coordinate(p, 1)));
        let points: Vec<(f64, f64)> = points.filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
        let Some(first) = points.first().copied() else { continue };
        if observed {
            let (dash, gap) = (px(5.0) as u32, px(3.0) as u32);
            chart.draw_series(DashedLineSeries::new(points, dash, gap, stroke(colour, 1.6)))?;
        } else {
            chart.draw_series(LineSeries::new(points, stroke(colour, 1.6)))?;
        }
        chart.draw_series([Circle::new(first, px(2.6), colour.filled())])?;
    }
    Ok(())
}
