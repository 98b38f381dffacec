//! Conditions side by side along one axis of time, grouped by what the animal does.

use crate::report::data::ReportData;
use crate::report::parts::canvas::{Drawn, GRID, HPos, INK, Panel, stroke, text_width};
use crate::report::parts::marks::{Words, line};
use crate::task::ConditionClass;
use plotters::prelude::*;

/// The conditions of one class, side by side.
pub(super) struct Strip {
    /// Their class.
    pub class: ConditionClass,
    /// One per condition.
    pub segments: Vec<Segment>,
    /// Bins from end to end, gaps included.
    pub length: usize,
}

/// A condition's place in its strip.
pub(super) struct Segment {
    /// Its index among all conditions.
    pub condition: usize,
    /// Bins before it.
    pub start: usize,
    /// Its own bins.
    pub bins: usize,
}

/// One strip for each class that has conditions.
pub(super) fn strips(data: &ReportData) -> Vec<Strip> {
    let classes = [ConditionClass::Execution, ConditionClass::Observation, ConditionClass::Other];
    let strip = |class: ConditionClass| {
        let members: Vec<usize> = (0..data.conditions.len())
            .filter(|c| data.conditions[*c].class == class && data.problem.bins[*c] > 0)
            .collect();
        let total: usize = members.iter().map(|c| data.problem.bins[*c]).sum();
        let gap = (total / 80).max(1);
        let mut strip = Strip { class, segments: Vec::new(), length: 0 };
        for condition in members {
            let bins = data.problem.bins[condition];
            let start = if strip.length == 0 { 0 } else { strip.length + gap };
            strip.segments.push(Segment { condition, start, bins });
            strip.length = start + bins;
        }
        strip
    };
    classes.into_iter().map(strip).filter(|s| s.length > 0).collect()
}

/// Where a strip lies in its panel, in CSS pixels.
#[derive(Clone, Copy)]
pub(super) struct StripFrame {
    /// Left edge.
    pub left: f64,
    /// Top edge.
    pub top: f64,
    /// Width of the whole strip.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl StripFrame {
    /// Position of `bin` (from the strip's start).
    pub(super) fn x(&self, strip: &Strip, bin: f64) -> f64 {
        self.left + self.width * bin / strip.length as f64
    }

    /// Writes each condition's number above its segment, and its name where there is room for all of the strip's.
    pub(super) fn label(&self, panel: &Panel, strip: &Strip, data: &ReportData) -> Drawn<()> {
        let width = |s: &Segment| self.width * s.bins as f64 / strip.length as f64;
        let names: Vec<&str> = strip.segments.iter().map(|s| data.conditions[s.condition].name.as_str()).collect();
        let note = |s: &Segment| if data.comparison.is_held_out(s.condition) { " (held out)" } else { "" };
        let named =
            |(s, name): (&Segment, String)| wrapped(&format!("{} {name}{}", s.condition + 1, note(s)), width(s));
        let numbered = |s: &Segment| wrapped(&(s.condition + 1).to_string(), width(s));
        let labels: Option<Vec<Vec<String>>> = strip.segments.iter().zip(distinct(&names)).map(named).collect();
        let labels = labels.or_else(|| strip.segments.iter().map(numbered).collect()).unwrap_or_default();
        for (s, lines) in strip.segments.iter().zip(labels) {
            let middle = self.x(strip, s.start as f64 + s.bins as f64 / 2.0);
            for (k, line) in lines.iter().rev().enumerate() {
                let y = self.top - 4.0 - LINE * k as f64;
                Words::ink(LABEL, HPos::Center).above().draw(panel, line, middle, y)?;
            }
        }
        Ok(())
    }

    /// Marks the conditions' events by lines from top to bottom.
    pub(super) fn mark_events(&self, panel: &Panel, strip: &Strip, data: &ReportData, style: ShapeStyle) -> Drawn<()> {
        for s in &strip.segments {
            for event in &data.conditions[s.condition].events {
                let bin = event.step as f64 / data.problem.dims.steps_per_bin as f64;
                if bin > 0.0 && bin < s.bins as f64 {
                    let x = self.x(strip, s.start as f64 + bin);
                    line(panel, (x, self.top), (x, self.top + self.height), style)?;
                }
            }
        }
        Ok(())
    }

    /// A bar of a round duration under the strip's right end.
    pub(super) fn time_bar(&self, panel: &Panel, strip: &Strip, data: &ReportData) -> Drawn<()> {
        let longest = strip.segments.iter().map(|s| s.bins).max().unwrap_or(1) as f64 * data.bin_seconds();
        let seconds = round_duration(longest);
        let (y, right) = (self.top + self.height + 6.0, self.left + self.width);
        let left = right - self.width * seconds / data.bin_seconds() / strip.length as f64;
        line(panel, (left, y), (right, y), stroke(INK, 2.0))?;
        let label = if seconds < 1.0 { format!("{:.0} ms", 1000.0 * seconds) } else { format!("{seconds:.0} s") };
        Words::muted(11.0, HPos::Right).below().draw(panel, &label, right, y + 4.0)
    }

    /// A frame of thin lines at the segments' left and right ends, from top to bottom.
    pub(super) fn baseline(&self, panel: &Panel, strip: &Strip) -> Drawn<()> {
        strip.segments.iter().try_for_each(|s| {
            let [from, to] = [s.start, s.start + s.bins].map(|b| (self.x(strip, b as f64), self.top + self.height));
            line(panel, from, to, stroke(GRID, 1.0))
        })
    }
}

/// Size of condition labels, and from one line of them to the next, in CSS pixels.
const LABEL: f64 = 11.0;
const LINE: f64 = 13.0;

/// `label` in one line of at most `width` CSS pixels, or in two as equally long as can be, if it fits.
fn wrapped(label: &str, width: f64) -> Option<Vec<String>> {
    let fits = |line: &String| text_width(line, LABEL) <= width;
    if fits(&label.to_string()) {
        return Some(vec![label.to_string()]);
    }
    let words: Vec<&str> = label.split_whitespace().collect();
    let splits = (1..words.len()).map(|k| vec![words[..k].join(" "), words[k..].join(" ")]);
    let longest = |lines: &Vec<String>| lines.iter().map(|l| l.chars().count()).max();
    splits.min_by_key(longest).filter(|lines| lines.iter().all(fits))
}

/// The names without the words that all begin with, e.g. `execute`, which the strip's heading says as well.
fn distinct(names: &[&str]) -> Vec<String> {
    let mut words: Vec<Vec<&str>> = names.iter().map(|n| n.split_whitespace().collect()).collect();
    while words.len() > 1 && words.iter().all(|w| w.len() > 1 && w[0] == words[0][0]) {
        for w in &mut words {
            w.remove(0);
        }
    }
    words.iter().map(|w| w.join(" ")).collect()
}

/// The largest of 1, 2, 5 × 10ᵏ that is at most half of `longest`.
fn round_duration(longest: f64) -> f64 {
    let half = longest / 2.0;
    let decade = 10f64.powf(half.log10().floor());
    [5.0, 2.0, 1.0].into_iter().map(|m| m * decade).find(|s| *s <= half).unwrap_or(decade)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_drop_common_words_and_take_two_lines_at_most() {
        assert_eq!(distinct(&["execute go object 1", "execute no-go object 1"]), ["go object 1", "no-go object 1"]);
        assert_eq!(distinct(&["go", "go"]), ["go", "go"]);
        assert_eq!(distinct(&["rest"]), ["rest"]);
        assert_eq!(wrapped("4 no-go object 1", 80.0).unwrap(), ["4 no-go", "object 1"]);
        assert_eq!(wrapped("1 go object 1", 75.0).unwrap(), ["1 go", "object 1"]);
        assert_eq!(wrapped("4 no-go object 1", 20.0), None);
    }

    #[test]
    fn time_bars_are_round_and_at_most_half_as_long() {
        for (longest, bar) in [(3.5, 1.0), (0.9, 0.2), (4.0, 2.0), (41.0, 20.0)] {
            // 10ᵏ from the power function carries a rounding error.
            assert!((round_duration(longest) - bar).abs() < 1e-9, "{longest}");
        }
    }
}
