//! Stage `clip`: the global norm's factor, and what the loss means for best parameters and early stop
//! (docs/model.md#step).

use crate::engine::{LossRecord, NetworkSettings, StopReason};

/// What a step does with its gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Verdict {
    /// `min(1, clip / ‖g‖)`.
    pub factor: f64,
    /// Whether the current parameters are the best so far.
    pub improved: bool,
    /// Set where training ends here.
    pub stop: Option<StopReason>,
}

/// Judges one step. `best_loss` and `steps_since_best` are those before it.
pub(super) fn judge(
    settings: &NetworkSettings,
    loss: &LossRecord,
    grad_norm: f64,
    best_loss: f32,
    steps_since_best: u32,
) -> Verdict {
    let finite = loss.loss.is_finite() && grad_norm.is_finite();
    let value = loss.loss as f32;
    let improved = finite && value < best_loss - settings.min_improvement;
    let stop = if !finite {
        Some(StopReason::Diverged)
    } else if value <= settings.target {
        Some(StopReason::Target)
    } else if !improved && steps_since_best + 1 >= settings.patience {
        Some(StopReason::Patience)
    } else {
        None
    };
    let clip = f64::from(settings.clip_norm);
    let factor = if grad_norm > clip { clip / grad_norm } else { 1.0 };
    Verdict { factor, improved, stop }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(loss: f64, norm: f64, since: u32) -> Verdict {
        let settings = NetworkSettings { patience: 3, ..NetworkSettings::default() };
        let record = LossRecord { loss, data_term: loss, reg_term: 0.0 };
        judge(&settings, &record, norm, 5.0, since)
    }

    #[test]
    fn a_step_is_clipped_kept_or_ended_as_its_loss_says() {
        assert_eq!(judged(4.0, 0.5, 0), Verdict { factor: 1.0, improved: true, stop: None });
        assert_eq!(judged(6.0, 4.0, 1), Verdict { factor: 0.25, improved: false, stop: None });
        assert_eq!(judged(5.0, 1.0, 2).stop, Some(StopReason::Patience));
        assert_eq!(judged(1.0, 1.0, 0).stop, Some(StopReason::Target));
        assert_eq!(judged(f64::NAN, 1.0, 0).stop, Some(StopReason::Diverged));
        assert_eq!(judged(4.0, f64::INFINITY, 0).stop, Some(StopReason::Diverged));
        assert!(!judged(f64::NAN, 1.0, 0).improved);
    }
}
