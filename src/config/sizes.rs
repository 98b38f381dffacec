//! Sizes that memory does not hold.

use crate::engine::{available_memory, memory_text};
use crate::error::{Result, ensure};
use crate::task::TaskSpec;

/// Refuses trials of `bins` bins of `neurons` neurons that are too long, or too many for this machine's memory, before
/// anything is allocated for them: conditions of few bins are stored with as many as the longest has.
pub(super) fn check_sizes(task: &TaskSpec, neurons: usize, bins: usize) -> Result<()> {
    task.check_trial(bins)?;
    let product = |sizes: &[usize]| sizes.iter().fold(4_u64, |bytes, size| bytes.saturating_mul(*size as u64));
    let (conditions, stimulus) = (task.conditions.len(), &task.stimulus);
    let rates = product(&[conditions, bins.saturating_add(2), neurons]);
    let shown = product(&[stimulus.sequences.len(), task.time.time_steps(bins), stimulus.channels]);
    let (needed, limit) = (rates.saturating_add(shown), available_memory().unwrap_or(u64::MAX));
    ensure!(
        needed <= limit,
        "task `{}`: the rates of {conditions} conditions × {bins} bins × {neurons} neurons ({}) and the stimulus ({}) do not fit into {} of memory. Leave out conditions, bins or channels.",
        task.name,
        memory_text(rates),
        memory_text(shown),
        memory_text(limit)
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_memory_does_not_hold_is_refused() {
        let task = TaskSpec::load("go-nogo").unwrap();
        check_sizes(&task, 355, 175).unwrap();
        let refused = |task: &TaskSpec, neurons, bins| check_sizes(task, neurons, bins).unwrap_err().to_string();
        assert!(refused(&task, usize::MAX, 175).contains("12 conditions × 175 bins"));
        assert!(refused(&task, 1, 1 << 40).contains("`thermal`"));
        let mut wide = task;
        (wide.stimulus.channels, wide.time.thermal) = (1 << 16, 1 << 20);
        assert!(refused(&wide, 1, 1).contains("2^32"));
    }
}
