//! Numbers of tuned neurons beside what chance gives.

use super::view::View;
use super::words::{count, listed, p_is, percent, probability, short, shown, side, side_colour};
use crate::analysis::statistics::quantile;
use crate::data::recording::Agent;
use crate::error::Result;
use crate::report::parts::canvas::{Axes, Drawn, GRID, HPos, INK, MUTED, Panel, chart, draw, heading, px, stroke};
use crate::report::parts::figure::{Figure, WIDTH, part};
use crate::report::parts::html::{begin_table, end_table, escape, number_cells};
use crate::report::parts::marks::{Words, fitted, rectangle};
use crate::tuning::{Counted, JUDGED};
use plotters::prelude::*;
use std::fmt::Write as _;

const NAMES: f64 = 150.0;
const ROW: f64 = 30.0;
const LEGEND: f64 = 26.0;
const HEAD: f64 = 26.0;
const FOOT: f64 = 46.0;
/// Room for what is written at the right of a panel.
const NOTES: f64 = 78.0;
/// Behaviours in the figure.
const MOST: usize = 30;
/// Bars of one null distribution, at most.
const BARS: usize = 60;
const SIDES: [Option<Agent>; 3] = [Some(Agent::Own), Some(Agent::Other), None];

pub(super) fn figure(view: &View) -> Result<Option<Figure>> {
    let rows: Vec<&String> = view.behaviours.iter().take(MOST).collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let height = LEGEND + HEAD + ROW * rows.len() as f64 + FOOT;
    let width = (WIDTH - NAMES) / SIDES.len() as f64;
    let drawing = draw(WIDTH, height, |root, _| {
        legend(root)?;
        for (r, name) in rows.iter().enumerate() {
            let y = LEGEND + HEAD + ROW * (r as f64 + 0.5);
            Words::ink(12.0, HPos::Left).draw(root, &fitted(&shown(name), 12.0, NAMES - 10.0), 0.0, y)?;
        }
        for (k, agent) in SIDES.into_iter().enumerate() {
            let panel = part(root, NAMES + k as f64 * width, LEGEND, width, height - LEGEND);
            one(&panel, view, agent, &rows, width)?;
        }
        Ok(())
    })?;
    Ok(Some(Figure {
        name: "counts",
        title: "Tuned neurons, beside their null distributions",
        caption: caption(view),
        drawing,
    }))
}

fn caption(view: &View) -> String {
    let level = view.settings.count_level;
    let mut caption = format!(
        "How many neurons have p < {level} (dot), and how many have it in draws of the null distribution, in which \
         activity has lost its relation to behaviour (grey: how often each number was drawn; bar: 95 % of draws; tick: \
         their mean). A draw shifts all neurons of a session alike, so that neurons that fire together do so in draws, \
         too: p at the right is the share of draws with as many or more, one-sided. Executed and observed: neurons \
         with both p < {level}; there only the activity during observation is shifted, so that neurons tuned to \
         execution alone count as chance. "
    );
    let bound = view.study.judgement.together.bounds.iter().find(|b| b.scale == JUDGED);
    match bound {
        Some(bound) => {
            let _ = write!(
                caption,
                "A number within its null distribution is no evidence of absence by itself: of responses of half the \
                 executed size, {} would be found (next figure).",
                percent(bound.power)
            );
        }
        None => caption.push_str(
            "A number within its null distribution is no evidence of absence: the power of these tests is not known \
             (next section).",
        ),
    }
    if view.behaviours.len() > MOST {
        let _ =
            write!(caption, " The first {MOST} of {} behaviours; all of them are in the table.", view.behaviours.len());
    }
    caption
}

fn legend(root: &Panel) -> Drawn<()> {
    let y = LEGEND / 2.0 - 3.0;
    let words = Words::ink(12.0, HPos::Left);
    for (k, height) in [5.0, 11.0, 14.0, 9.0, 4.0].into_iter().enumerate() {
        rectangle(root, (NAMES + 5.0 * k as f64, y + 7.0 - height, 5.0, height), MUTED.mix(0.4).filled())?;
    }
    words.draw(root, "draws of the null distribution", NAMES + 32.0, y)?;
    root.draw(&PathElement::new([(px(NAMES + 220.0), px(y)), (px(NAMES + 250.0), px(y))], stroke(INK, 1.4)))?;
    root.draw(&PathElement::new(
        [(px(NAMES + 235.0), px(y - 5.0)), (px(NAMES + 235.0), px(y + 5.0))],
        stroke(INK, 1.4),
    ))?;
    words.draw(root, "95 % of draws, and their mean", NAMES + 258.0, y)?;
    root.draw(&Circle::new((px(NAMES + 470.0), px(y)), px(4.2), INK.filled()))?;
    words.draw(root, "observed", NAMES + 480.0, y)
}

fn of<'a>(view: &View<'a>, agent: Option<Agent>, behaviour: &str) -> Option<&'a Counted> {
    view.study.counts.iter().find(|c| c.agent == agent && c.behaviour == behaviour)
}

fn one(panel: &Panel, view: &View, agent: Option<Agent>, rows: &[&String], width: f64) -> Drawn<()> {
    heading(panel, side(agent))?;
    let counted: Vec<Option<&Counted>> = rows.iter().map(|b| of(view, agent, b)).collect();
    let largest = |c: &&Counted| c.null.iter().copied().max().unwrap_or(0).max(c.observed);
    let most = counted.iter().flatten().map(largest).max().unwrap_or(0).max(4) as f64;
    let n = rows.len() as f64;
    let x = -0.03 * most..1.06 * most;
    let mut chart = chart(panel, [HEAD, NOTES, 6.0, 4.0], [FOOT - 6.0, 0.0], x, 0.0..n)?;
    Axes { x: "neurons", y: "", x_labels: 5, y_labels: 0 }.draw(&mut chart)?;
    let ends = chart.x_range();
    let area = chart.plotting_area();
    for (r, counted) in counted.iter().enumerate() {
        let bottom = n - r as f64 - 1.0;
        area.draw(&PathElement::new([(ends.start, bottom), (ends.end, bottom)], stroke(GRID, 0.6)))?;
        let y = HEAD + ROW * (r as f64 + 0.5);
        let Some(counted) = counted else {
            Words::muted(11.0, HPos::Left).draw(panel, "not tested", 12.0, y)?;
            continue;
        };
        for (low, high, share) in bars(&counted.null) {
            area.draw(&Rectangle::new([(low, bottom), (high, bottom + 0.78 * share)], MUTED.mix(0.4).filled()))?;
        }
        let null: Vec<f64> = counted.null.iter().map(|v| *v as f64).collect();
        let (low, high) = (quantile(&null, 0.025), quantile(&null, 0.975));
        let middle = bottom + 0.4;
        if low.is_finite() {
            area.draw(&PathElement::new([(low, middle), (high, middle)], stroke(INK, 1.4)))?;
            let mean = counted.expected;
            area.draw(&PathElement::new([(mean, middle - 0.16), (mean, middle + 0.16)], stroke(INK, 1.4)))?;
        }
        let dot = (counted.observed as f64, middle);
        area.draw(&Circle::new(dot, px(5.2), side_colour(agent).filled()))?;
        Words::ink(11.0, HPos::Left).draw(panel, &p_is(counted.p), width - NOTES + 6.0, y)?;
    }
    Ok(())
}

/// From where to where each bar of a histogram of counts reaches, and how high, the highest being 1.
fn bars(null: &[usize]) -> Vec<(f64, f64, f64)> {
    let (Some(low), Some(high)) = (null.iter().min(), null.iter().max()) else { return Vec::new() };
    let step = (high - low + 1).div_ceil(BARS);
    let mut heights = vec![0_usize; (high - low) / step + 1];
    for v in null {
        heights[(v - low) / step] += 1;
    }
    let most = heights.iter().copied().max().unwrap_or(1) as f64;
    let left = |k: usize| (low + k * step) as f64 - 0.5;
    heights.iter().enumerate().map(|(k, n)| (left(k), left(k + 1), *n as f64 / most)).collect()
}

pub(super) fn table(page: &mut String, view: &View) {
    if view.study.counts.is_empty() {
        return;
    }
    let (level, rate) = (view.settings.count_level, view.settings.false_discoveries);
    let mut caption = format!(
        "Tested: neurons with numbers in all frames. Observed: those with p < {level}. Expected: their mean number in \
         draws. p: one-sided, of the number. Discovered: neurons with q ≤ {rate} over all neurons and behaviours of \
         the agent (or of pairs tested in both)."
    );
    let others = view.study.counts.iter().any(|c| c.mismatched.is_some());
    if others {
        caption.push_str(
            " Other session: the number with the bouts of another session of the animal, which this activity cannot \
             know: it should be near the expected one.",
        );
    }
    let mut columns = vec!["Agent", "Behaviour", "#Tested", "#Observed", "#Expected", "#p", "#Discovered"];
    columns.extend(others.then_some("#Other session"));
    begin_table(page, "Tuned neurons in numbers", &escape(&caption), &columns);
    let mut previous = None;
    for row in &view.study.counts {
        let first = if previous.is_some_and(|agent| agent != row.agent) { " class=\"first\"" } else { "" };
        previous = Some(row.agent);
        let mut numbers = vec![
            row.tested.to_string(),
            row.observed.to_string(),
            short(row.expected, 3),
            escape(&probability(row.p)),
            row.discovered.to_string(),
        ];
        numbers.extend(others.then(|| row.mismatched.map_or("–".into(), |n| n.to_string())));
        let _ = writeln!(
            page,
            "<tr{first}><td>{}</td><th scope=\"row\"><bdi>{}</bdi></th>{}</tr>",
            side(row.agent),
            escape(&shown(&row.behaviour)),
            number_cells(numbers)
        );
    }
    end_table(page);
}

/// Which behaviours were tested, in a sentence.
pub(super) fn tested(view: &View) -> String {
    let names: Vec<String> = view.behaviours.iter().map(|b| shown(b)).collect();
    match names.len() {
        0 => "No behaviour could be tested.".into(),
        n if n > 12 => format!("{} were tested.", count(n, "behaviour")),
        n => format!("{} {} tested: {}.", count(n, "behaviour"), if n == 1 { "was" } else { "were" }, listed(&names)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_cover_all_draws_and_are_few() {
        assert_eq!(bars(&[2, 2, 3]), [(1.5, 2.5, 1.0), (2.5, 3.5, 0.5)]);
        let wide = bars(&(0..1000).collect::<Vec<_>>());
        assert!(wide.len() <= BARS && wide.last().unwrap().1 >= 999.0 && bars(&[]).is_empty());
    }
}
