//! What a sweep found, in words, and nothing beyond the numbers.

use super::data::RunState;
use super::shares::Shares;
use super::shares_figure::percent;
use super::standings::{Replicates, Standing};
use super::view::{View, between, counted, value};
use crate::report::parts::words::listed;

/// The sentences before everything else, the result first.
pub(super) fn sentences(view: &View, shares: &Shares) -> Vec<String> {
    let mut sentences = vec![best(view)];
    sentences.extend(distinguishable(view));
    sentences.extend(beside_input_only(view));
    sentences.push(runs(view));
    sentences.extend(matters(view, shares));
    sentences
}

fn best(view: &View) -> String {
    let Some(first) = view.ranked().next() else {
        return if view.report.runs.is_empty() {
            "There are no runs.".into()
        } else {
            format!("No setting has a value of the objective yet: no run ended with a {}.", view.objective())
        };
    };
    let (setting, label) = (view.describe(first.setting), view.objective());
    let others = view.ranked().count();
    let of = if others == 1 { String::new() } else { format!(" of {others}") };
    if first.is_confirmed() {
        let confirmed = view.ranked().filter(|s| s.is_confirmed()).count();
        let among = if confirmed > 1 { format!(" among the {confirmed} that were confirmed") } else { String::new() };
        return format!(
            "Best{among}: {setting}, with a {label} of {} on fresh seeds. In the search it had {}; that is the best{of}, and \
             optimistic.",
            estimate(&first.confirmation),
            estimate(&first.search),
        );
    }
    let warning = match (others, view.report.confirms) {
        (1, _) => "",
        (_, true) => {
            " This is the best of many and therefore too good; its confirmation on fresh seeds has not ended yet."
        }
        (_, false) => {
            " This is the best of many and therefore too good: nothing was trained again on fresh seeds. Confirm it before you \
             cite it ([confirm] in the specification)."
        }
    };
    format!("Best{of}: {setting}, with a {label} of {}.{warning}", estimate(&first.search))
}

/// `0.812 (median of 3 seeds; mean 0.81, 95 % interval 0.79 … 0.83)`.
fn estimate(replicates: &Replicates) -> String {
    let n = replicates.values.len();
    if n == 0 {
        return "no value".into();
    }
    if n == 1 && replicates.diverged == 0 {
        return format!("{} (one seed: no interval)", value(replicates.median));
    }
    let i = replicates.interval;
    let diverged = match replicates.diverged {
        0 => String::new(),
        d => format!(", and {} that diverged", counted(d, "seed")),
    };
    let interval =
        if i.low.is_finite() { format!(", 95 % interval {}", between(i.low, i.high)) } else { String::new() };
    format!(
        "{} (median of {}{diverged}; mean {}{interval})",
        value(replicates.median),
        counted(n, "seed"),
        value(i.mean)
    )
}

/// Whether the best can be told from others on the same footing.
fn distinguishable(view: &View) -> Option<String> {
    let first = view.ranked().next()?;
    let same: Vec<&Standing> = view.ranked().filter(|s| s.is_confirmed() == first.is_confirmed()).collect();
    if same.len() < 2 {
        return None;
    }
    let own = first.decisive().interval;
    let kind = if first.is_confirmed() { "fresh seeds" } else { "seeds" };
    if !own.low.is_finite() {
        return Some(format!(
            "Which setting is best is not known: the best has one seed with a value, and how much {kind} differ cannot be told \
             from it."
        ));
    }
    let overlaps = |s: &&&Standing| {
        let i = s.decisive().interval;
        // One value is an interval of unknown width: it cannot be told apart.
        !i.low.is_finite() || (i.low <= own.high && own.low <= i.high)
    };
    let tied = same[1..].iter().filter(overlaps).count();
    let (others, what) = (same.len() - 1, if first.is_confirmed() { "confirmed setting" } else { "setting" });
    Some(match tied {
        0 if others == 1 => {
            format!("It is told from the other {what}: their 95 % intervals over {kind} do not overlap.")
        }
        0 => format!(
            "It is told from the other {others} {what}s: no other 95 % interval over {kind} overlaps with its own."
        ),
        _ if others == 1 => {
            format!("Which of the two {what}s is best is not known: their 95 % intervals over {kind} overlap.")
        }
        _ => format!(
            "Which {what} is best is not known: of the other {others}, the 95 % intervals of {tied} over {kind} overlap with \
             its own."
        ),
    })
}

fn beside_input_only(view: &View) -> Option<String> {
    let (first, (_, low, high)) = (view.ranked().next()?, view.input_only()?);
    let name = view.report.objective.name.as_str();
    let own = super::standings::beside(view.report, first, |r| r.input_only(name));
    let all = if low < high { format!("; over all runs {}", between(low, high)) } else { String::new() };
    own.is_finite().then(|| {
        let median = first.decisive().median;
        let verdict = match median - own {
            d if d >= TELLING_DIFFERENCE => "",
            d if d > 0.0 => ", which is nearly as good: these data do not constrain the recurrent weights",
            _ => ", which is as good: these data do not constrain the recurrent weights",
        };
        format!("Without recurrent connections the same setting has {}{all}{verdict}.", value(own))
    })
}

/// Less than this between the R² of the network and of its input-only baseline says little about recurrence.
const TELLING_DIFFERENCE: f64 = 0.1;

fn runs(view: &View) -> String {
    let all = view.report.runs.len();
    let mut parts = Vec::new();
    for (state, words) in [(RunState::Ended, "ended"), (RunState::Diverged, "diverged"), (RunState::Halved, "halved")] {
        let n = view.count(state);
        if n > 0 || state == RunState::Ended {
            let verb = if state == RunState::Halved { if n == 1 { "was " } else { "were " } } else { "" };
            parts.push(format!("{n} {verb}{words}"));
        }
    }
    let missing: Vec<(usize, &str)> =
        [(RunState::Training, "training"), (RunState::Waiting, "waiting"), (RunState::Failed, "failed")]
            .map(|(state, words)| (view.count(state), words))
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .collect();
    let total: usize = missing.iter().map(|(n, _)| n).sum();
    if total > 0 {
        let kinds: Vec<String> = missing.iter().map(|(n, words)| format!("{n} {words}")).collect();
        parts.push(format!("{total} {} missing ({})", if total == 1 { "is" } else { "are" }, kinds.join(", ")));
    }
    let settings = counted(view.report.settings.len(), "setting");
    let noun = if all == 1 { "run" } else { "runs" };
    let unknown =
        view.report.runs.iter().filter(|r| r.state == RunState::Ended && !r.objective.is_some_and(f64::is_finite));
    let without = match unknown.count() {
        0 => String::new(),
        n => format!(" {} ended without a {} that is a number.", counted(n, "run"), view.objective()),
    };
    format!("Of {all} {noun} of {settings} {}.{without}", listed(&parts))
}

/// Fewer settings than these hardly let any axis be found.
const FEW: usize = 8;

/// Which axes matter beyond seeds.
fn matters(view: &View, shares: &Shares) -> Option<String> {
    if shares.axes.is_empty() || shares.settings < 3 {
        return None;
    }
    let name = |factor: usize| {
        let share = shares.axes[factor].share;
        let name = &view.factors[factor].name;
        if share.is_finite() { format!("{name} ({})", percent(share)) } else { name.clone() }
    };
    let found = shares.mattering();
    let of = &shares.response;
    let seeds = match shares.parts {
        Some((parts, ..)) => format!(
            " Settings as a whole make {} of the variance, the seed {}, and the rest {}.",
            percent(parts[0]),
            percent(parts[1]),
            percent(parts[2])
        ),
        None => " How much is chance cannot be told without two seeds for every setting.".into(),
    };
    let first = if found.is_empty() {
        // Four settings can be relabelled in 24 ways, of which a choice between two tells 6 apart.
        let few = if shares.settings < FEW { ", and among so few settings hardly one could be" } else { "" };
        format!("No axis was found to matter for the {of} beyond chance (q ≥ 0.05 for each){few}")
    } else {
        let names: Vec<String> = found.iter().map(|f| name(*f)).collect();
        let rest: Vec<String> =
            (0..view.factors.len()).filter(|f| !found.contains(f)).map(|f| view.factors[f].name.clone()).collect();
        let rest = if rest.is_empty() { String::new() } else { format!("; not found to matter: {}", listed(&rest)) };
        let verb = if names.len() == 1 { "matters" } else { "matter" };
        format!("{} {verb} for the {of} beyond chance (share of the variance between settings){rest}", listed(&names))
    };
    Some(format!("{first}.{seeds}"))
}
