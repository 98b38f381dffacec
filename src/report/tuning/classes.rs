//! What neurons are tuned to, by animal, session and area.

use super::view::View;
use super::words::{class, class_pen, count, percent, short, shown};
use crate::error::Result;
use crate::report::parts::canvas::{Drawn, HPos, MUTED, Panel, draw, stroke, text_width};
use crate::report::parts::figure::{Figure, WIDTH};
use crate::report::parts::html::{begin_table, end_table, escape, number_cells};
use crate::report::parts::lines::{Legend, Pen};
use crate::report::parts::marks::{Words, fitted, line, rectangle};
use crate::tuning::Class;
use plotters::prelude::Color;
use std::fmt::Write as _;

const NAMES: f64 = 290.0;
const NOTES: f64 = 96.0;
const ROW: f64 = 24.0;
const FOOT: f64 = 26.0;
/// Rows of the figure and of the table.
const MOST: usize = 60;

/// The neurons of one area in one session.
struct Group {
    name: String,
    /// In the order of [`Class::ALL`].
    counts: [usize; Class::ALL.len()],
}

impl Group {
    fn total(&self) -> usize {
        self.counts.iter().sum()
    }
}

/// By animal, session and area, and where there are several, all together last.
fn groups(view: &View) -> Vec<Group> {
    let mut groups: Vec<((usize, String), Group)> = Vec::new();
    for (session, neuron) in view.neurons() {
        let key = (session, view.area(session, neuron));
        let place = groups.iter().position(|(k, _)| *k == key).unwrap_or_else(|| {
            let area = if key.1.is_empty() { String::new() } else { format!(" · {}", key.1) };
            let name = format!("{}{area}", view.session(session));
            groups.push((key, Group { name, counts: [0; Class::ALL.len()] }));
            groups.len() - 1
        });
        groups[place].1.counts[view.class(session, neuron) as usize] += 1;
    }
    groups.sort_by(|a, b| a.0.cmp(&b.0));
    let mut groups: Vec<Group> = groups.into_iter().map(|(_, group)| group).collect();
    if groups.len() > 1 {
        let sum = |k: usize| groups.iter().map(|g| g.counts[k]).sum();
        let whole = Group { name: "all together".into(), counts: std::array::from_fn(sum) };
        groups.truncate(MOST);
        groups.push(whole);
    }
    groups
}

pub(super) fn figure(view: &View) -> Result<Option<Figure>> {
    let groups = groups(view);
    if groups.is_empty() {
        return Ok(None);
    }
    let legend = Legend::new(Class::ALL.map(|c| (class(c).to_string(), class_pen(c))));
    let top = legend.height() + 10.0;
    let height = top + ROW * groups.len() as f64 + FOOT;
    let drawing = draw(WIDTH, height, |root, _| {
        legend.draw(root, 0.0)?;
        for (r, group) in groups.iter().enumerate() {
            bar(root, group, top + ROW * r as f64)?;
        }
        axis(root, top + ROW * groups.len() as f64 + 2.0)
    })?;
    let caption = format!(
        "What neurons are tuned to, as shares of each area in each session; numbers in the bars are neurons. Mirror: \
         tuned to the same behaviour executed and observed (the larger of both p, then q ≤ {} over all such pairs). \
         Self: tuned to executed behaviours only; a neuron that is tuned to both, but to different behaviours, or to \
         the same not so surely that it is called mirror, has the class of which it is surer. Untestable: without numbers in all frames, or where one agent \
         has no behaviour with bouts enough. None is not “responds to nothing”: weak responses stay below what could \
         be found.",
        view.settings.false_discoveries
    );
    Ok(Some(Figure { name: "classes", title: "Classes of neurons", caption, drawing }))
}

fn bar(root: &Panel, group: &Group, y: f64) -> Drawn<()> {
    let middle = y + ROW / 2.0;
    Words::ink(12.0, HPos::Left).draw(root, &fitted(&group.name, 12.0, NAMES - 10.0), 0.0, middle)?;
    let (room, total) = (WIDTH - NAMES - NOTES, group.total());
    let mut left = NAMES;
    for (k, n) in group.counts.iter().enumerate().filter(|(_, n)| **n > 0) {
        let width = room * *n as f64 / total as f64;
        let Pen { colour, .. } = class_pen(Class::ALL[k]);
        rectangle(root, (left, y + 3.0, (width - 1.0).max(0.5), ROW - 6.0), colour.mix(0.6).filled())?;
        if width > text_width(&n.to_string(), 11.0) + 4.0 {
            Words::ink(11.0, HPos::Center).draw(root, &n.to_string(), left + width / 2.0, middle)?;
        }
        left += width;
    }
    Words::muted(11.0, HPos::Left).draw(root, &count(total, "neuron"), WIDTH - NOTES + 8.0, middle)
}

fn axis(root: &Panel, y: f64) -> Drawn<()> {
    let room = WIDTH - NAMES - NOTES;
    line(root, (NAMES, y), (NAMES + room, y), stroke(MUTED, 1.0))?;
    for k in 0..=4 {
        let share = f64::from(k) / 4.0;
        let x = NAMES + share * room;
        line(root, (x, y), (x, y + 4.0), stroke(MUTED, 1.0))?;
        Words::ink(11.0, HPos::Center).below().draw(root, &percent(share), x, y + 7.0)?;
    }
    Ok(())
}

pub(super) fn table(page: &mut String, view: &View) {
    let groups = groups(view);
    let all = view.study.sessions.iter().map(|s| s.neurons.len()).sum::<usize>();
    let mut caption = "Neurons of each class.".to_string();
    if groups.iter().take(groups.len().saturating_sub(1)).map(Group::total).sum::<usize>() < all && groups.len() > 1 {
        let _ = write!(caption, " The first {MOST} rows, and all together; every neuron is in labels.csv.");
    }
    let heads = Class::ALL.map(|c| format!("#{}", class(c)));
    let columns: Vec<&str> =
        ["Animal, session, area"].into_iter().chain(heads.iter().map(String::as_str)).chain(["#neurons"]).collect();
    begin_table(page, "Classes in numbers", &escape(&caption), &columns);
    for group in &groups {
        let numbers = group.counts.iter().copied().chain([group.total()]).map(|n| n.to_string());
        let _ = writeln!(
            page,
            "<tr><th scope=\"row\"><bdi>{}</bdi></th>{}</tr>",
            escape(&group.name),
            number_cells(numbers)
        );
    }
    end_table(page);
}

/// Mirror cells in the table.
const MIRROR: usize = 40;

/// What mirror cells mirror, and what else they answer to when they observe.
pub(super) fn mirror_table(page: &mut String, view: &View) {
    let cells: Vec<(usize, usize)> = view.neurons().filter(|(s, i)| view.class(*s, *i) == Class::Mirror).collect();
    if cells.is_empty() {
        return;
    }
    let congruent = cells.iter().filter(|(s, i)| is_congruent(view, *s, *i)).count();
    let others = cells.iter().filter(|(s, i)| !other_observed(view, *s, *i).is_empty()).count();
    let mut caption = format!(
        "{congruent} of {} congruent: the effects executed and observed have the same sign in every mirrored \
         behaviour. Correlation: of executed and observed effects over all behaviours tested in both. Other \
         observations: observed behaviours that the cell is tuned to and does not mirror; {others} of these cells have \
         some, and then answer to more than the action that they mirror.",
        cells.len()
    );
    if cells.len() > MIRROR {
        let _ = write!(caption, " The first {MIRROR}; all of them are in labels.csv.");
    }
    let columns = ["Animal, session", "Neuron", "Area", "Mirrors", "Congruent", "#Correlation", "Other observations"];
    begin_table(page, "Mirror cells", &escape(&caption), &columns);
    for (s, i) in cells.into_iter().take(MIRROR) {
        let names = |names: Vec<String>| escape(&names.iter().map(|n| shown(n)).collect::<Vec<_>>().join(", "));
        let classes = &view.study.classes[s];
        let cells = [
            escape(&view.session(s)),
            escape(&view.neuron(s, i)),
            escape(&view.area(s, i)),
            names(classes.mirrored[i].clone()),
            if is_congruent(view, s, i) { "yes".into() } else { "no".into() },
        ];
        let cells: String = cells.map(|c| format!("<td class=\"whole\"><bdi>{c}</bdi></td>")).concat();
        let _ = writeln!(
            page,
            "<tr>{cells}{}<td><bdi>{}</bdi></td></tr>",
            number_cells([short(classes.correlation[i], 2)]),
            names(other_observed(view, s, i))
        );
    }
    end_table(page);
}

fn is_congruent(view: &View, session: usize, neuron: usize) -> bool {
    let classes = &view.study.classes[session];
    let mut own = classes.mirror.iter().filter(|m| classes.mirrored[neuron].contains(&m.behaviour));
    own.all(|m| m.congruent[neuron])
}

/// Observed behaviours that a cell is tuned to and does not mirror.
fn other_observed(view: &View, session: usize, neuron: usize) -> Vec<String> {
    use crate::data::recording::Agent;
    let classes = &view.study.classes[session];
    let tests = view.tests(session).behaviours.iter().zip(&classes.q);
    tests
        .filter(|(t, q)| t.agent == Agent::Other && view.is_tuned(q[neuron]))
        .map(|(t, _)| t.behaviour.clone())
        .filter(|b| !classes.mirrored[neuron].contains(b))
        .collect()
}
