//! What could not be tested, and how small p could have become.

use super::view::View;
use super::words::{count, shown, side};
use crate::data::recording::Agent;
use crate::report::parts::canvas::tick;
use crate::report::parts::html::{begin_table, end_table, escape, number_cells};
use crate::tuning::{Untested, untested};
use std::fmt::Write as _;

/// Rows of the table.
const MOST: usize = 60;

pub(super) fn all(page: &mut String, view: &View) {
    behaviours(page, view);
    neurons(page, view);
    least(page, view);
}

/// Behaviours that were recorded and not tested.
fn behaviours(page: &mut String, view: &View) {
    let rows = untested(view.study, &view.activity, view.settings);
    if rows.is_empty() {
        page.push_str(
            "<section>\n<h2>What could not be tested</h2>\n<p>Every behaviour that was recorded has bouts \
             enough.</p>\n</section>\n",
        );
        return;
    }
    let mut caption =
        "Of these behaviours nothing is known: they are untestable, which is not “not tuned”.".to_string();
    if rows.len() > MOST {
        let _ = write!(caption, " The first {MOST} of {}.", rows.len());
    }
    let columns = ["Animal, session", "Agent", "Behaviour", "#Bouts", "#Usable", "#Seconds", "Why"];
    begin_table(page, "What could not be tested", &escape(&caption), &columns);
    for Untested { session, kind, why } in rows.into_iter().take(MOST) {
        let numbers = [kind.bouts.to_string(), kind.usable.to_string(), tick((10.0 * kind.seconds).round() / 10.0)];
        let _ = writeln!(
            page,
            "<tr><td><bdi>{}</bdi></td><td>{}</td><td><bdi>{}</bdi></td>{}<td>{why}</td></tr>",
            escape(&view.session(session)),
            side(Some(kind.agent)),
            escape(&shown(&kind.behaviour)),
            number_cells(numbers),
        );
    }
    end_table(page);
}

fn neurons(page: &mut String, view: &View) {
    let lost: usize = (0..view.activity.len()).map(|s| view.tests(s).testable.iter().filter(|t| !**t).count()).sum();
    if lost > 0 {
        let _ = writeln!(
            page,
            "<p class=\"note\">{} could not be tested: not every frame has a number, or all have the same.</p>",
            count(lost, "neuron")
        );
    }
}

/// A family of tests, and how small p can become in it.
struct Family {
    name: &'static str,
    tests: usize,
    /// The smallest p that every one of its tests can reach.
    least: f64,
}

fn families(view: &View) -> Vec<Family> {
    let (mut own, mut other, mut both) = ((0, 0.0_f64), (0, 0.0_f64), (0, 0.0_f64));
    for (session, classes) in view.study.classes.iter().enumerate() {
        let tests = view.tests(session);
        for t in &tests.behaviours {
            let family = if t.agent == Agent::Own { &mut own } else { &mut other };
            family.0 += t.p.iter().filter(|p| !p.is_nan()).count();
            family.1 = family.1.max(t.least_p);
        }
        for mirror in &classes.mirror {
            both.0 += mirror.p.iter().filter(|p| !p.is_nan()).count();
            let least = |agent| tests.of(agent, &mirror.behaviour).map_or(0.0, |t| t.least_p);
            both.1 = both.1.max(least(Agent::Own)).max(least(Agent::Other));
        }
    }
    let family = |agent, (tests, least)| Family { name: side(agent), tests, least };
    let all = [family(Some(Agent::Own), own), family(Some(Agent::Other), other), family(None, both)];
    all.into_iter().filter(|f| f.tests > 0).collect()
}

fn least(page: &mut String, view: &View) {
    let families = families(view);
    if families.is_empty() {
        return;
    }
    let rate = view.settings.false_discoveries;
    let caption = format!(
        "A single test of a family is a discovery only if its p is at most {rate} over the number of tests. Where \
         draws cannot reach that, tests are discovered only together: so many must have the smallest p. Then “none \
         discovered” may mean “could not be”."
    );
    let columns = ["Family", "#Tests", "#Smallest p of all its tests", "#Needed by a single one", "#Needed together"];
    begin_table(page, "How small p can become", &escape(&caption), &columns);
    for f in families {
        let needed = rate / f.tests as f64;
        let together = (f.least / needed - 1e-9).ceil().max(1.0);
        let together = if together > f.tests as f64 {
            "cannot be reached".into()
        } else if together <= 1.0 {
            "1".into()
        } else {
            format!("<strong>{together}</strong>")
        };
        let p = |p: f64| format!("{p:.1e}").replace('-', "−");
        let numbers = number_cells([f.tests.to_string(), p(f.least), p(needed), together]);
        let _ = writeln!(page, "<tr><th scope=\"row\">{}</th>{numbers}</tr>", f.name);
    }
    end_table(page);
}
