//! Bouts that are cut from trials, around an event.

use super::session::{Bout, Trial};

/// The bouts of trials in which `align` happens, from `window` (in s, before and after it): the behaviour is what `behaviour` says
/// of the trial. Trials without the event, and those in which nothing was to be done, have none.
pub(super) fn bouts(
    trials: &[Trial],
    align: &str,
    window: (f64, f64),
    behaviour: impl Fn(&Trial) -> String,
) -> Vec<Bout> {
    let bout = |trial: &Trial| {
        let at = *trial.events.get(align).filter(|_| trial.go != Some(false))?;
        Some(Bout {
            agent: trial.agent,
            behaviour: behaviour(trial),
            start: at + window.0,
            stop: at + window.1,
            object: trial.object.clone(),
        })
    };
    let mut found: Vec<Bout> = trials.iter().filter_map(bout).collect();
    found.sort_by(|a, b| a.start.total_cmp(&b.start));
    found
}
