//! What is measured of a card, in which order, and within which time.

use super::check::check;
use super::part::{Part, parts};
use super::speed::{pose, speed};
use super::{CardReport, Machine, NotMeasured, Reference, Series, Speed, Tried, Verdict};
use crate::bench::Case;
use crate::engine::Peak;
use crate::engine::gpu::{Candidate, GpuDevice, GpuOptions, GpuPlan, Strategy, peak, tune};
use crate::error::{Error, Result};
use std::time::Instant;

/// Why a part is missing as long as its turn has not come.
const STILL: &str = "the report ended before: it was interrupted, or is still being made";

/// Training steps of some 64 time steps that a tuning takes: about ten choices, five times each.
const TUNING: f64 = 50.0;

/// What is asked of a report.
#[derive(Clone, Debug)]
pub struct SurveySettings {
    /// Neurons, conditions and steps of the main series; the number of networks is varied.
    pub case: Case,
    /// Training steps that are timed at a size; fewer where time is short.
    pub steps: usize,
    /// Seconds after which nothing new is begun.
    pub budget_seconds: f64,
    /// The outside judge, [`Reference::golden`].
    pub golden: Reference,
}

/// What happens meanwhile.
#[derive(Debug)]
pub enum Progress<'a> {
    /// This is measured now.
    Begins(&'a str),
    /// The report as it is after a part, and what came of that, in words.
    Found(&'a CardReport, &'a str),
}

/// Whoever is told; an error ends the survey.
pub type Hear<'a> = &'a mut dyn FnMut(Progress) -> Result<()>;

/// Measures and checks the card behind `device`, and tells `hear` of every part as soon as it is there.
///
/// # Errors
/// What `hear` returns: what fails on the card is in the report.
pub fn survey(device: GpuDevice, options: GpuOptions, settings: &SurveySettings, hear: Hear) -> Result<CardReport> {
    let parts = parts(settings.case);
    let mut survey = Survey::new(device, options, settings);
    survey.tell(&parts, "begun", hear)?;
    for (k, part) in parts.iter().enumerate() {
        if let Some(why) = survey.reason_to_leave(part) {
            survey.leave(part, why);
            continue;
        }
        hear(Progress::Begins(&part.to_string()))?;
        let words = survey.take(part);
        survey.tell(&parts[k + 1..], &words, hear)?;
    }
    survey.report.complete = true;
    let words = match survey.left.len() {
        0 => "done".into(),
        left => format!("done; {left} parts were not measured, the report says why"),
    };
    survey.tell(&[], &words, hear)?;
    Ok(survey.report)
}

struct Survey<'a> {
    settings: &'a SurveySettings,
    device: GpuDevice,
    options: GpuOptions,
    started: Instant,
    report: CardReport,
    /// Parts that are given up.
    left: Vec<NotMeasured>,
    /// Checks that are neither done nor impossible here.
    open_checks: usize,
    /// The double-precision twin, once it is computed.
    twin: Option<Reference>,
    /// What the last tuning found: its size, and the fastest of each strategy, the faster one first.
    tuned: Option<(Series, Case, Vec<Candidate>)>,
    /// What was the first that did not fit, of the main series.
    full: Option<usize>,
    /// Whether the card no longer answers.
    lost: bool,
    /// The most operations per second so far, and the last seconds until a first step.
    pace: Option<(f64, f64)>,
    /// Seconds that the last tuning took.
    tuning: f64,
}

impl<'a> Survey<'a> {
    fn new(device: GpuDevice, options: GpuOptions, settings: &'a SurveySettings) -> Self {
        let report = CardReport {
            version: env!("CARGO_PKG_VERSION").into(),
            begun: humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string(),
            complete: false,
            verdict: Verdict::Open,
            seconds: 0.0,
            budget_seconds: settings.budget_seconds,
            machine: Machine::this(),
            adapter: device.info().clone(),
            case: settings.case,
            checks: Vec::new(),
            peak_gflops: None,
            peak_copy_gb_per_s: None,
            speeds: Vec::new(),
            tunings: Vec::new(),
            not_measured: Vec::new(),
            failures: Vec::new(),
        };
        Self {
            settings,
            device,
            options,
            started: Instant::now(),
            report,
            left: Vec::new(),
            open_checks: parts(settings.case).iter().filter(|p| p.is_check()).count(),
            twin: None,
            tuned: None,
            full: None,
            lost: false,
            pace: None,
            tuning: 0.0,
        }
    }

    /// The report as it is, with `rest` still to come.
    fn tell(&mut self, rest: &[Part], words: &str, hear: Hear) -> Result<()> {
        let still = rest.iter().map(|part| NotMeasured { what: part.to_string(), why: STILL.into() });
        self.report.not_measured = self.left.iter().cloned().chain(still).collect();
        self.report.seconds = self.started.elapsed().as_secs_f64();
        self.report.verdict = self.verdict();
        hear(Progress::Found(&self.report, words))
    }

    fn verdict(&self) -> Verdict {
        if !self.report.failures.is_empty() || self.report.checks.iter().any(|c| !c.holds()) {
            Verdict::Fails
        } else if self.open_checks > 0 {
            Verdict::Open
        } else {
            Verdict::Holds
        }
    }

    fn seconds_left(&self) -> f64 {
        self.settings.budget_seconds - self.started.elapsed().as_secs_f64()
    }

    /// Why a part is not even tried.
    fn reason_to_leave(&self, part: &Part) -> Option<String> {
        if self.lost {
            return Some("the card no longer answered".into());
        }
        if let (Some(full), Some((Series::Networks, case))) = (self.full, part.size())
            && case.networks >= full
        {
            return Some(format!("K = {full} did not fit, or failed"));
        }
        let needed = match part {
            Part::Tune(_, case) => self.tuning + TUNING * self.step(*case) * 64.0 / (case.time_steps.max(64) as f64),
            // Two steps to warm up, one that is timed, one stage by stage.
            Part::Chosen(_, case) | Part::Other(_, case) => {
                self.pace.map_or(0.0, |_| self.start() + 4.0 * self.step(*case))
            }
            Part::Check(..) | Part::Peak => 0.0,
        };
        let (budget, left) = (self.settings.budget_seconds, self.seconds_left());
        match left {
            left if left <= 0.0 => Some(format!("the {budget:.0} s were over")),
            left if needed >= left => Some(format!("what was left of {budget:.0} s was too short for it")),
            _ => None,
        }
    }

    /// Seconds until a first step, as they were last.
    fn start(&self) -> f64 {
        self.pace.map_or(0.0, |(_, start)| start)
    }

    /// Seconds that a step of `case` takes at the best pace so far.
    fn step(&self, case: Case) -> f64 {
        self.pace.map_or(0.0, |(pace, _)| case.flops() / pace)
    }

    fn leave(&mut self, part: &Part, why: String) {
        self.left.push(NotMeasured { what: part.to_string(), why });
    }

    /// Measures, and says what came of it.
    fn take(&mut self, part: &Part) -> String {
        let done = match part {
            Part::Check(golden, strategy, trajectory) => {
                let options =
                    GpuOptions { strategy: Some(*strategy), trajectory: *trajectory, ..GpuOptions::default() };
                self.check(*golden, &options)
            }
            Part::Peak => self.peak(),
            Part::Tune(series, case) => self.tune(*series, *case),
            Part::Chosen(series, case) => self.speed(*series, *case, true),
            Part::Other(series, case) => self.speed(*series, *case, false),
        };
        match done {
            Ok(words) => {
                self.open_checks -= usize::from(part.is_check());
                words
            }
            Err(error) => self.failed(part, &error),
        }
    }

    /// What does not fit is left; all else is a failure of the card.
    fn failed(&mut self, part: &Part, error: &Error) -> String {
        if let Part::Tune(Series::Networks, case) | Part::Chosen(Series::Networks, case) = part {
            self.full.get_or_insert(case.networks);
        }
        match error {
            Error::Input(_) | Error::OutOfMemory(_) => {
                self.open_checks -= usize::from(part.is_check());
                self.leave(part, error.to_string());
                format!("not measured: {error}")
            }
            _ => {
                self.report.failures.push(NotMeasured { what: part.to_string(), why: error.to_string() });
                // A device keeps its first fault.
                match GpuDevice::open(Some(&self.device.info().index.to_string()), true) {
                    Ok(device) => self.device = device,
                    Err(_) => self.lost = true,
                }
                format!("failed: {error}")
            }
        }
    }

    fn check(&mut self, golden: bool, options: &GpuOptions) -> Result<String> {
        let reference = if golden {
            &self.settings.golden
        } else {
            match &mut self.twin {
                Some(twin) => twin,
                none => none.insert(Reference::twin(self.settings.case)?),
            }
        };
        let check = check(&self.device, options, reference)?;
        let worst = check.quantities.iter().map(|q| q.error / q.tolerance).fold(0.0, f64::max);
        let words = if check.holds() { "holds" } else { "FAILS" };
        self.report.checks.push(check);
        Ok(format!("{words}, the largest error is {worst:.2} of its tolerance"))
    }

    fn peak(&mut self) -> Result<String> {
        let peak = peak::measure(&self.device)?;
        self.report.peak_gflops = Some(peak.gflops);
        self.report.peak_copy_gb_per_s = Some(peak.copy_gb_per_s);
        Ok(format!("{:.0} GFLOP/s, {:.0} GB/s", peak.gflops, peak.copy_gb_per_s))
    }

    fn tune(&mut self, series: Series, case: Case) -> Result<String> {
        let started = Instant::now();
        let (problem, ..) = pose(case)?;
        // What does not fit is no failure of the card.
        GpuPlan::new(&problem, self.device.info(), &self.options)?;
        let found = tune(&self.device, &problem, &self.options, |_| {})?;
        self.tuning = started.elapsed().as_secs_f64();
        let words = format!("the fastest of {}: {}", found.len(), found[0].choice);
        self.report.tunings.push(Tried {
            series,
            networks: case.networks,
            seconds: self.tuning,
            candidates: found.iter().map(|c| (c.choice.to_string(), c.seconds)).collect(),
        });
        let fastest = |strategy| found.iter().find(|c| c.choice.strategy == strategy).copied();
        let mut best: Vec<Candidate> =
            [Strategy::Resident, Strategy::Stepwise].into_iter().filter_map(fastest).collect();
        best.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        self.tuned = Some((series, case, best));
        Ok(words)
    }

    /// Measures the best that tuning found, or the best of the other strategy.
    fn speed(&mut self, series: Series, case: Case, chosen: bool) -> Result<String> {
        let tuned = self.tuned.as_ref().filter(|(s, c, _)| (*s, *c) == (series, case));
        let Some((.., best)) = tuned else { return Err(Error::input("it was not tuned for")) };
        let Some(candidate) = best.get(usize::from(!chosen)).copied() else {
            return Err(Error::input("no choice of the other strategy is worth trying at this size on this adapter"));
        };
        let affordable = self.seconds_left() / 8.0 / self.step(case);
        let steps = if affordable.is_finite() { (affordable as usize).saturating_sub(3) } else { usize::MAX };
        let steps = steps.clamp(1, self.settings.steps.max(1));
        let mut found = speed(&self.device, &self.options, (series, case, chosen), &candidate, steps)?;
        if let Some((gflops, copy_gb_per_s)) = self.report.peak_gflops.zip(self.report.peak_copy_gb_per_s) {
            found.measurement = found.measurement.with_peak(Peak { gflops, copy_gb_per_s });
        }
        let m = &found.measurement;
        if chosen {
            let fastest = self.pace.map_or(0.0, |(pace, _)| pace);
            self.pace = Some((fastest.max(1e9 * m.gflops), m.startup_seconds));
        }
        let words = said(&found);
        self.report.speeds.push(found);
        Ok(words)
    }
}

fn said(speed: &Speed) -> String {
    let m = &speed.measurement;
    format!("{}: {:.2} ms a step, {:.0} trials/s", m.strategy, 1e3 * m.seconds_per_step, m.trials_per_second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::gpu::Trajectory;

    const CASE: Case = Case { networks: 1, neurons: 24, conditions: 2, time_steps: 80 };

    fn settings() -> SurveySettings {
        SurveySettings { case: CASE, steps: 1, budget_seconds: 100.0, golden: Reference::golden().unwrap() }
    }

    fn chosen(series: Series, networks: usize) -> Part {
        Part::Chosen(series, Case { networks, ..CASE })
    }

    #[test]
    fn what_does_not_fit_ends_the_series_and_nothing_else() {
        let Ok(device) = GpuDevice::open(None, true) else {
            return eprintln!("NOT TESTED: there is no graphics adapter.");
        };
        let settings = settings();
        let mut survey = Survey::new(device, GpuOptions::default(), &settings);
        let full = Error::OutOfMemory("the device ran out of memory".into());
        // That there is no other strategy, or no room for many small networks, says nothing of more networks.
        survey.failed(&Part::Other(Series::Networks, CASE), &Error::input("none"));
        survey.failed(&chosen(Series::Small, 128), &full);
        assert_eq!(survey.reason_to_leave(&chosen(Series::Networks, 64)), None);
        survey.failed(&chosen(Series::Networks, 64), &full);
        let why = survey.reason_to_leave(&chosen(Series::Networks, 128)).unwrap();
        assert!(why.starts_with("K = 64 did not fit"), "{why}");
        assert_eq!(survey.reason_to_leave(&chosen(Series::Networks, 16)), None);
        assert_eq!(survey.reason_to_leave(&chosen(Series::Wide, 1024)), None);
        assert!(survey.report.failures.is_empty() && survey.left.len() == 3);
        // Ten seconds are a step of all networks: four of 64 times that are not there.
        survey.pace = Some((CASE.flops() / 10.0, 0.0));
        assert!(survey.reason_to_leave(&chosen(Series::Wide, 64)).unwrap().contains("too short"));
        assert_eq!(survey.reason_to_leave(&chosen(Series::Wide, 1)), None);
    }

    #[test]
    fn what_fails_on_the_card_is_its_fault_and_what_does_not_fit_is_not() {
        let Ok(device) = GpuDevice::open(None, true) else {
            return eprintln!("NOT TESTED: there is no graphics adapter.");
        };
        let settings = settings();
        let mut survey = Survey::new(device, GpuOptions::default(), &settings);
        let check = Part::Check(true, Strategy::Resident, Trajectory::F32);
        survey.failed(&check, &Error::input("the state does not fit the workgroups"));
        assert_eq!((survey.verdict(), survey.open_checks), (Verdict::Open, 7));
        survey.open_checks = 0;
        assert_eq!(survey.verdict(), Verdict::Holds);
        survey.failed(&Part::Peak, &Error::run("the graphics device was lost"));
        assert!(!survey.lost, "the adapter can be opened again");
        assert_eq!(survey.verdict(), Verdict::Fails);
        survey.report.verdict = survey.verdict();
        let fault = survey.report.fault().unwrap_err();
        assert!(fault.exit_code() == 1 && fault.to_string().contains("the graphics device was lost"), "{fault}");
    }
}
