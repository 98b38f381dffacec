//! What was understood of recordings, for people to look at before anything is tested.

use super::averages::unanswered_by_averages;
use super::framed::Framed;
use super::session::{Activity, Agent, Session};
use super::tidy::counted;
use crate::error::Result;
use ndarray::Array2;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What was understood of all sessions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Understood {
    /// Each of them.
    pub sessions: Vec<UnderstoodSession>,
}

/// What was understood of a session.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnderstoodSession {
    /// The file or directory that it was read from.
    pub source: PathBuf,
    /// The animal.
    pub animal: String,
    /// The session.
    pub session: String,
    /// What the activity is: `frames`, `spikes` or `averages`.
    pub activity: &'static str,
    /// Neurons.
    pub neurons: usize,
    /// Neurons by area; those without one under an empty name.
    pub areas: BTreeMap<String, usize>,
    /// Neurons whose activity says nothing.
    pub flawed: usize,
    /// Neurons that are known across sessions.
    pub identified: usize,
    /// How long activity was recorded, in s, pauses included.
    pub seconds: f64,
    /// Frames, or bins of spikes.
    pub frames: usize,
    /// From one frame to the next, in s.
    pub interval_s: f64,
    /// Pauses between frames.
    pub gaps: usize,
    /// The longest of them, in s.
    pub longest_gap_s: f64,
    /// Seconds in each context.
    pub contexts: BTreeMap<String, f64>,
    /// Bouts of each agent and behaviour.
    pub bouts: Vec<UnderstoodBouts>,
    /// Trials.
    pub trials: usize,
    /// How many trials each event has happened in.
    pub events: BTreeMap<String, usize>,
    /// Covariates.
    pub covariates: Vec<UnderstoodCovariate>,
    /// What was assumed, mended or left out.
    pub remarks: Vec<String>,
    /// What recordings of this kind cannot say.
    pub unanswered: Vec<String>,
}

/// The bouts of one agent and behaviour.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnderstoodBouts {
    /// Who acts.
    pub agent: Agent,
    /// What is done.
    pub behaviour: String,
    /// How many there are.
    pub count: usize,
    /// Median of their durations, in s.
    pub median_s: f64,
    /// Sum of their durations, in s.
    pub total_s: f64,
}

/// A covariate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnderstoodCovariate {
    /// Its name.
    pub name: String,
    /// Its samples, lost ones included.
    pub samples: usize,
    /// The share of frames for which it is known.
    pub measured: f64,
    /// The longest time between two samples over which it was interpolated, in s.
    pub longest_interpolation_s: f64,
}

/// What was understood of `sessions`, whose spikes are counted in bins of `bin_s`.
///
/// # Errors
/// If a session has no frames.
pub fn understood(sessions: &[Session], bin_s: f64) -> Result<Understood> {
    Ok(Understood { sessions: sessions.iter().map(|session| one(session, bin_s)).collect::<Result<_>>()? })
}

fn one(session: &Session, bin_s: f64) -> Result<UnderstoodSession> {
    let framed = clock(session).map(|session| Framed::new(&session, bin_s)).transpose()?;
    let count_areas = |mut areas: BTreeMap<String, usize>, area: Option<&String>| {
        *areas.entry(area.cloned().unwrap_or_default()).or_default() += 1;
        areas
    };
    let mut contexts = BTreeMap::new();
    for context in &session.contexts {
        let (begin, end) = session.span().unwrap_or_default();
        *contexts.entry(context.name.clone()).or_default() += context.stop.min(end) - context.start.max(begin);
    }
    let mut events = BTreeMap::new();
    for name in session.trials.iter().flat_map(|trial| trial.events.keys()) {
        *events.entry(name.clone()).or_default() += 1;
    }
    let gaps = framed.as_ref().map_or(&[][..], |f| &f.gaps);
    Ok(UnderstoodSession {
        source: session.source.clone(),
        animal: session.animal.clone(),
        session: session.name.clone(),
        activity: match session.activity {
            Activity::Frames { .. } => "frames",
            Activity::Spikes { .. } => "spikes",
            Activity::Averages(_) => "averages",
        },
        neurons: session.neurons.len(),
        areas: session.neurons.iter().map(|n| n.area.as_ref()).fold(BTreeMap::new(), count_areas),
        flawed: session.flaws().iter().flatten().count(),
        identified: session.neurons.iter().filter(|n| n.identity.is_some()).count(),
        seconds: session.span().map_or(0.0, |(begin, end)| end - begin),
        frames: framed.as_ref().map_or(0, Framed::frames),
        interval_s: framed.as_ref().map_or(0.0, |f| f.interval),
        gaps: gaps.len(),
        longest_gap_s: gaps.iter().map(|gap| gap.seconds).fold(0.0, f64::max),
        contexts,
        bouts: bouts(session),
        trials: session.trials.len(),
        events,
        covariates: framed.map_or_else(Vec::new, |framed| covariates(session, &framed)),
        remarks: session.remarks.clone(),
        unanswered: unanswered_by_averages(session),
    })
}

/// The session with its clock and its covariates, but without its neurons, which may take a gigabyte; `None` without a clock.
fn clock(session: &Session) -> Option<Session> {
    let activity = match &session.activity {
        Activity::Frames { times, .. } => {
            Activity::Frames { values: Array2::zeros((0, times.len())).into(), times: times.clone() }
        }
        Activity::Spikes { span, .. } => Activity::Spikes { times: Vec::new(), span: *span },
        Activity::Averages(_) => return None,
    };
    Some(Session {
        source: session.source.clone(),
        animal: String::new(),
        name: String::new(),
        neurons: Vec::new(),
        activity,
        bouts: Vec::new(),
        trials: Vec::new(),
        contexts: Vec::new(),
        covariates: session.covariates.clone(),
        remarks: Vec::new(),
    })
}

fn bouts(session: &Session) -> Vec<UnderstoodBouts> {
    let mut of: BTreeMap<(&str, Agent), Vec<f64>> = BTreeMap::new();
    for bout in &session.bouts {
        of.entry((&bout.behaviour, bout.agent)).or_default().push(bout.stop - bout.start);
    }
    let understood = |((behaviour, agent), mut durations): ((&str, Agent), Vec<f64>)| {
        durations.sort_by(f64::total_cmp);
        let half = durations.len() / 2;
        UnderstoodBouts {
            agent,
            behaviour: behaviour.into(),
            count: durations.len(),
            median_s: f64::midpoint(durations[half], durations[(durations.len() - 1) / 2]),
            total_s: durations.iter().sum(),
        }
    };
    of.into_iter().map(understood).collect()
}

fn covariates(session: &Session, framed: &Framed) -> Vec<UnderstoodCovariate> {
    let understood = |(i, values): (usize, &Vec<f64>)| UnderstoodCovariate {
        name: session.covariates[i].name.clone(),
        samples: session.covariates[i].values.len(),
        measured: values.iter().filter(|v| v.is_finite()).count() as f64 / values.len().max(1) as f64,
        longest_interpolation_s: framed.interpolated[i],
    };
    framed.covariates.iter().enumerate().map(understood).collect()
}

impl Understood {
    /// All of it, in lines.
    pub fn lines(&self) -> Vec<String> {
        self.sessions.iter().flat_map(UnderstoodSession::lines).collect()
    }
}

impl UnderstoodSession {
    /// All of it, in lines.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("session {} of animal {} ({})", self.session, self.animal, self.source.display())];
        lines.push(format!("  {}", self.neurons_text()));
        if self.frames > 0 {
            lines.push(format!("  {}", self.clock_text()));
        }
        lines.extend(self.contexts.iter().map(|(name, seconds)| format!("  context {name}: {seconds:.1} s")));
        if self.bouts.is_empty() {
            lines.push("  no bouts".into());
        }
        lines.extend(self.bouts.iter().map(|b| {
            let bouts = counted(b.count, "bout");
            format!("  {} by {}: {bouts}, median {:.2} s, {:.1} s in all", b.behaviour, b.agent, b.median_s, b.total_s)
        }));
        if self.trials > 0 {
            let events: Vec<String> = self.events.iter().map(|(name, n)| format!("{name} in {n}")).collect();
            lines.push(format!("  {}: {}", counted(self.trials, "trial"), events.join(", ")));
        }
        lines.extend(self.covariates.iter().map(|c| {
            let (measured, longest) = (100.0 * c.measured, c.longest_interpolation_s);
            let samples = counted(c.samples, "sample");
            format!("  covariate {}: {samples}, known in {measured:.1} % of frames, interpolated over {longest:.2} s at most", c.name)
        }));
        lines.extend(self.remarks.iter().chain(&self.unanswered).map(|remark| format!("  note: {remark}")));
        lines
    }

    fn neurons_text(&self) -> String {
        let areas = self.areas.iter().filter(|(area, _)| !area.is_empty());
        let areas: Vec<String> = areas.map(|(area, n)| format!("{area} {n}")).collect();
        let areas = if areas.is_empty() { String::new() } else { format!(" ({})", areas.join(", ")) };
        let flawed =
            if self.flawed > 0 { format!(", {} of which nothing is tested", self.flawed) } else { String::new() };
        let known = match self.identified {
            0 => String::new(),
            n => format!(", {n} known across sessions"),
        };
        format!("{}{areas}{flawed}{known}", counted(self.neurons, "neuron"))
    }

    fn clock_text(&self) -> String {
        let gaps = match self.gaps {
            0 => "no pauses".into(),
            n => format!("{}, the longest {:.2} s", counted(n, "pause"), self.longest_gap_s),
        };
        let frames = if self.activity == "spikes" { "bins of spikes" } else { "frames" };
        format!("{:.1} s: {} {frames} of {:.1} ms, {gaps}", self.seconds, self.frames, 1000.0 * self.interval_s)
    }
}
