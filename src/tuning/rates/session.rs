//! The rates of one session.

use super::conditions::Kind;
use super::peri_event::PeriEvent;
use super::settings::RatesSettings;
use super::unit::RateUnit;
use crate::data::recording::{Activity, Framed, Neuron, Session};
use crate::error::{Result, ensure};
use crate::tuning::alignment::{Aligned, AlignedSession, Alignment, label};
use crate::tuning::{Class, SessionClasses};
use std::collections::BTreeMap;

/// Windows where none is given, in ms: of trials, they begin before what is seen and heard before a movement; of bouts, they
/// hold a behaviour of one or two seconds.
const OF_TRIALS_MS: [f64; 2] = [-2500.0, 1000.0];
const OF_BOUTS_MS: [f64; 2] = [-1000.0, 2000.0];
/// Times differ by so little through rounding alone, in s.
const ROUNDING: f64 = 1e-9;

/// The bins of rates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bins {
    pub(super) window_ms: [f64; 2],
    pub(super) bin_ms: f64,
    pub(super) count: usize,
    pub(super) smoothing_ms: f64,
}

/// What a session gives.
pub(super) struct SessionRates {
    pub(super) alignment: Alignment,
    pub(super) unit: RateUnit,
    pub(super) bins: Bins,
    pub(super) rows: Vec<Row>,
    pub(super) shown: BTreeMap<Kind, Shown>,
    pub(super) remarks: Vec<String>,
}

/// A neuron.
pub(super) struct Row {
    pub(super) animal: String,
    pub(super) session: String,
    pub(super) neuron: Neuron,
    pub(super) class: Class,
    /// Trials, and the mean over them in each bin.
    pub(super) means: BTreeMap<Kind, (usize, Vec<f64>)>,
}

impl Row {
    /// Trials of a condition.
    pub(super) fn trials(&self, kind: &Kind) -> usize {
        self.means.get(kind).map_or(0, |(trials, _)| *trials)
    }
}

/// When what happened in the trials of a condition, in s from the alignment.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) trials: usize,
    pub(super) events: BTreeMap<String, Vec<f64>>,
}

/// The unit of the session's activity; `None` for averages.
pub(super) fn unit_of(session: &Session) -> Option<RateUnit> {
    match session.activity {
        Activity::Spikes { .. } => Some(RateUnit::SpikesPerSecond),
        Activity::Frames { .. } => Some(RateUnit::Recorded),
        Activity::Averages(_) => None,
    }
}

impl Bins {
    fn of(settings: &RatesSettings, alignment: &Alignment, unit: RateUnit) -> Result<Self> {
        let usual = match alignment {
            Alignment::Trials { .. } => OF_TRIALS_MS,
            Alignment::Bouts => OF_BOUTS_MS,
        };
        let bin_ms = settings.bin_ms.unwrap_or(match unit {
            RateUnit::SpikesPerSecond => 10.0,
            RateUnit::Recorded => 50.0,
        });
        let window_ms = settings.window_ms.unwrap_or(usual);
        let count = RatesSettings::bins(window_ms, bin_ms)?;
        Ok(Self { window_ms, bin_ms, count, smoothing_ms: settings.smoothing_ms })
    }

    /// As sentences name them.
    pub(super) fn told(&self) -> String {
        let [from, to] = self.window_ms;
        format!("{from} to {to} ms, in {} bins of {} ms", self.count, self.bin_ms)
    }

    pub(super) fn axis(&self) -> PeriEvent {
        PeriEvent::new(self.window_ms[0], self.bin_ms, self.count, self.smoothing_ms)
    }
}

/// The rates of `session` in each condition, whose trials are `aligned`.
pub(super) fn rates(
    session: &Session,
    framed: &Framed,
    classes: &SessionClasses,
    aligned: AlignedSession,
    unit: RateUnit,
    settings: &RatesSettings,
) -> Result<SessionRates> {
    let (n, place) = (session.neurons.len(), session.source.display());
    ensure!(
        classes.class.len() == n && (unit == RateUnit::SpikesPerSecond || framed.activity.nrows() == n),
        "{place}: expected activity and classes of {n} neurons, found {} and {}.",
        framed.activity.nrows(),
        classes.class.len()
    );
    let bins = Bins::of(settings, &aligned.alignment, unit)?;
    let AlignedSession { alignment, each, mut remarks } = aligned;
    let mut sums = Sums { axis: bins.axis(), neurons: n, of: BTreeMap::new() };
    let mut shown: BTreeMap<Kind, Shown> = BTreeMap::new();
    let mut beyond = 0;
    for trial in &each {
        let kind = Kind::of(trial);
        if settings.leave_out.contains(&kind.name()) {
            continue;
        }
        if !sums.add(&kind, session, framed, trial.at) {
            beyond += 1;
            continue;
        }
        shown.entry(kind).or_default().add(trial);
    }
    if beyond > 0 {
        remarks.push(format!(
            "{}: {beyond} of {} trials or bouts are left out: with what the filter needs they reach beyond the recording, or into a gap.",
            label(session),
            each.len()
        ));
    }
    let row = |i: usize| Row {
        animal: session.animal.clone(),
        session: session.name.clone(),
        neuron: session.neurons[i].clone(),
        class: classes.class[i],
        means: sums.means(i, unit),
    };
    let rows = (0..n).map(row).collect();
    Ok(SessionRates { alignment, unit, bins, rows, shown, remarks })
}

impl Shown {
    fn add(&mut self, trial: &Aligned) {
        self.trials += 1;
        for (event, t) in &trial.events {
            self.events.entry(event.clone()).or_default().push(*t);
        }
    }
}

/// Sums over trials, by condition and neuron.
struct Sums {
    axis: PeriEvent,
    neurons: usize,
    /// Trials and their sum in each bin, padding included.
    of: BTreeMap<Kind, Vec<(usize, Vec<f64>)>>,
}

impl Sums {
    /// Adds the trial at `at`, if all of it was recorded.
    fn add(&mut self, kind: &Kind, session: &Session, framed: &Framed, at: f64) -> bool {
        let axis = &self.axis;
        let empty = || vec![(0, vec![0.0; axis.padded()]); self.neurons];
        match &session.activity {
            Activity::Averages(_) => false,
            Activity::Spikes { times, span } => {
                let (from, to) = axis.extent(at);
                if !(from >= span.0 - ROUNDING && to <= span.1 + ROUNDING) {
                    return false;
                }
                for ((trials, sum), spikes) in self.of.entry(kind.clone()).or_insert_with(empty).iter_mut().zip(times) {
                    *trials += 1;
                    axis.add_spikes(spikes, at, sum);
                }
                true
            }
            Activity::Frames { .. } => {
                let Some(bins) = axis.frames(framed, at) else { return false };
                let rows = framed.activity.rows();
                for ((trials, sum), row) in self.of.entry(kind.clone()).or_insert_with(empty).iter_mut().zip(rows) {
                    let value =
                        |bin: &Vec<(usize, f64)>| bin.iter().map(|(f, share)| share * f64::from(row[*f])).sum::<f64>();
                    let values: Vec<f64> = bins.iter().map(value).collect();
                    // A neuron without a number in some frame has no such trial.
                    if values.iter().all(|v| v.is_finite()) {
                        *trials += 1;
                        sum.iter_mut().zip(values).for_each(|(sum, v)| *sum += v);
                    }
                }
                true
            }
        }
    }

    /// The filtered means of neuron `i`.
    fn means(&self, i: usize, unit: RateUnit) -> BTreeMap<Kind, (usize, Vec<f64>)> {
        let mean = |(kind, each): (&Kind, &Vec<(usize, Vec<f64>)>)| {
            let (trials, sum) = &each[i];
            let mean = match unit {
                RateUnit::SpikesPerSecond => self.axis.per_second(sum, *trials),
                RateUnit::Recorded => sum.iter().map(|v| v / *trials as f64).collect(),
            };
            (*trials > 0).then(|| (kind.clone(), (*trials, self.axis.smoothed(&mean))))
        };
        self.of.iter().filter_map(mean).collect()
    }
}
