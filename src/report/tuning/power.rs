//! What would have been found, and how frequent mirror neurons can be.

use super::view::View;
use super::words::{percent, probability, short, shown};
use crate::error::Result;
use crate::report::parts::canvas::{Axes, INK, MUTED, draw};
use crate::report::parts::figure::{Figure, WIDTH, part};
use crate::report::parts::html::{begin_table, end_table, escape, number_cells};
use crate::report::parts::lines::{Curve, Legend, Pen, Plot, colour};
use crate::tuning::{Bound, JUDGED, Prevalence, RARE};
use std::fmt::Write as _;

const PLOT: f64 = 270.0;
/// Animals that have curves of their own.
const MOST: usize = 12;
const WHOLE: Pen = Pen::solid(INK, 2.6);
const RULE: Pen = Pen::dashed(MUTED, 1.2);

pub(super) fn figure(view: &View) -> Result<Option<Figure>> {
    let judgement = &view.study.judgement;
    if judgement.together.bounds.is_empty() {
        return Ok(None);
    }
    let drawn = drawn(view);
    let legend = legend(&drawn);
    let rules = |points: [(f64, f64); 2]| Curve { points: points.to_vec(), pen: RULE };
    let curves = |value: fn(&Bound) -> f64, lines: Vec<Curve>| -> Vec<Curve> {
        let own = drawn.iter().map(|(prevalence, pen)| Curve { points: points(prevalence, value), pen: *pen });
        lines.into_iter().chain(own).collect()
    };
    let judged = || rules([(JUDGED, 0.0), (JUDGED, 1.0)]);
    let power = curves(|b| b.power, vec![judged()]);
    let upper = curves(|b| b.upper, vec![judged(), rules([(0.0, RARE), (1.02, RARE)])]);
    let drawing = draw(WIDTH, PLOT + 10.0 + legend.height(), |root, _| {
        let half = WIDTH / 2.0;
        let panels = [
            ("Power", "share of probes that would be found", &power),
            ("Upper bound of prevalence", "share of execution-tuned, at most", &upper),
        ];
        for (k, (title, y, curves)) in panels.into_iter().enumerate() {
            let axes = Axes { x: "observed response / executed response", y, x_labels: 6, y_labels: 6 };
            let plot = Plot { title, axes, x: 0.0..1.02, y: 0.0..1.02, band: None, curves };
            plot.draw(&part(root, k as f64 * half, 0.0, half - 10.0, PLOT))?;
        }
        legend.draw(root, PLOT + 8.0)
    })?;
    Ok(Some(Figure {
        name: "power",
        title: "Power, and how frequent mirror neurons can be",
        caption: caption(view),
        drawing,
    }))
}

/// All together, and animals where there are several.
fn drawn<'a>(view: &View<'a>) -> Vec<(&'a Prevalence, Pen)> {
    let judgement = &view.study.judgement;
    let several = judgement.animals.len() > 1;
    let own = judgement.animals.iter().filter(|a| several && !a.bounds.is_empty()).take(MOST).enumerate();
    own.map(|(k, a)| (a, Pen::solid(colour(k), 1.5))).chain([(&judgement.together, WHOLE)]).collect()
}

fn legend(drawn: &[(&Prevalence, Pen)]) -> Legend {
    let name = |p: &Prevalence| if p.animal.is_empty() { "all together".into() } else { shown(&p.animal) };
    let (own, whole) = drawn.split_at(drawn.len().saturating_sub(1));
    let entries = whole.iter().chain(own).map(|(p, pen)| (name(p), *pen));
    let rule = format!("the rule: {} of the executed response, {}", JUDGED, percent(RARE));
    Legend::new(entries.chain([(rule, RULE)]))
}

fn points(prevalence: &Prevalence, value: fn(&Bound) -> f64) -> Vec<(f64, f64)> {
    prevalence.bounds.iter().map(|b| (b.scale, value(b))).collect()
}

fn caption(view: &View) -> String {
    let together = &view.study.judgement.together;
    let mut caption = format!(
        "Left: real executed responses of the {} neurons that are tuned to execution (of behaviours that were \
         observed, too), made smaller, were put into their real observed bouts, and tested as everything else: the \
         share with p < {}. Right: mirror neurons are at most this share of the neurons tuned to execution, if their \
         observed responses are as large as along x (95 %, Clopper and Pearson over power; 1 where nothing is known). \
         Dashed: absence is concluded where the bound is below {} at {JUDGED} of the executed response, and from \
         nothing else.",
        together.tuned,
        view.settings.count_level,
        percent(RARE),
    );
    let animals = view.study.judgement.animals.len();
    if animals > MOST {
        let _ = write!(caption, " Curves of the first {MOST} of {animals} animals; all of them are in the table.");
    }
    caption
}

/// The bound at the size for which absence is judged.
pub(super) fn judged(prevalence: &Prevalence) -> Option<&Bound> {
    prevalence.bounds.iter().find(|b| b.scale == JUDGED)
}

pub(super) fn table(page: &mut String, view: &View) {
    let judgement = &view.study.judgement;
    let level = view.settings.count_level;
    let caption = format!(
        "Pairs: of neuron and behaviour, with p < {level} executed and observed; expected: their mean number where the \
         observed activity is shifted; p one-sided, corrected over animals (Holm 1979). Tuned: neurons tuned to an \
         executed behaviour that was observed, too; answer: of these, with p < {level} for the same behaviour \
         observed. Power and upper bound (95 %) for observed responses of half the executed size, and of the same \
         size. Posterior: the most probable prevalence and the shortest interval that holds it with 95 %, all \
         prevalences being alike probable before (Ince et al. 2021), for half the size, power taken as known."
    );
    let columns = [
        "Animal",
        "#Pairs",
        "#Expected",
        "#p",
        "#Corrected",
        "#Tuned",
        "#Answer",
        "#Power at 0.5",
        "#Bound at 0.5",
        "#Posterior at 0.5",
        "#Power at 1",
        "#Bound at 1",
    ];
    begin_table(page, "Mirror responses, by animal", &escape(&caption), &columns);
    for row in &judgement.animals {
        line(page, &escape(&shown(&row.animal)), row, "");
    }
    if judgement.animals.len() > 1 {
        line(page, "all together", &judgement.together, " class=\"first\"");
    }
    end_table(page);
}

fn line(page: &mut String, name: &str, row: &Prevalence, class: &str) {
    let at = |scale: f64| row.bounds.iter().find(|b| b.scale == scale);
    let share = |scale: f64, value: fn(&Bound) -> f64| at(scale).map_or("–".into(), |b| percent(value(b)));
    let posterior = at(JUDGED).map(|b| b.posterior).filter(|p| p.map.is_finite());
    let posterior =
        posterior.map_or("–".into(), |p| format!("{} ({} to {})", percent(p.map), percent(p.low), percent(p.high)));
    let numbers = [
        row.pairs.to_string(),
        short(row.expected, 3),
        probability(row.p),
        probability(row.corrected),
        row.tuned.to_string(),
        row.positive.to_string(),
        share(JUDGED, |b| b.power),
        share(JUDGED, |b| b.upper),
        posterior,
        share(1.0, |b| b.power),
        share(1.0, |b| b.upper),
    ];
    // Too many columns to break numbers in two.
    let cells = number_cells(numbers.map(|n| escape(&n).replace(' ', "\u{a0}")));
    let _ = writeln!(page, "<tr{class}><th scope=\"row\"><bdi>{name}</bdi></th>{cells}</tr>");
}
