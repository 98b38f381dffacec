//! `aon bench`.

use super::flags::{EngineFlags, SizeFlags};
use super::notices::say_of_device;
use super::{interrupt, output};
use crate::bench::card::{Progress, Reference, SurveySettings, survey};
use crate::bench::{Case, Measurement, Scale, measure_in_turns};
use crate::data::write_atomically;
use crate::engine::{Device, DeviceNotice, EngineConfig, EngineKind, Peak};
use crate::error::{Error, Result};
use crate::report::{card, scaling_figure};
use clap::Args;
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Measures the full training step (loss, gradient, clipping, Adam, Dale's projection) on made-up data.
#[derive(Debug, Args)]
pub(super) struct BenchArgs {
    #[command(flatten)]
    engine: EngineFlags,
    #[command(flatten)]
    size: SizeFlags,
    /// Training steps that are timed, after two to warm up
    #[arg(long, default_value_t = 5)]
    steps: usize,
    /// Vary networks, neurons and time steps, one at a time, and draw the result
    #[arg(long)]
    scale: bool,
    /// Where --scale draws
    #[arg(long, value_name = "FILE.svg", default_value = "out/bench.svg", requires = "scale")]
    figure: PathBuf,
    /// Print one JSON object per line instead of a table
    #[arg(long)]
    json: bool,
    /// Check and measure a graphics card, and write what is found to FILE.json and FILE.html, to be sent to us
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scale", "json", "networks"])]
    gpu_report: Option<PathBuf>,
    /// Seconds after which --gpu-report begins nothing new
    #[arg(long, value_name = "SECONDS", default_value_t = 420.0, requires = "gpu_report")]
    budget: f64,
}

/// Measures as `args` say.
///
/// # Errors
/// If a size makes no problem, there is no such device, or it fails.
pub(super) fn run(args: &BenchArgs) -> Result<()> {
    let mut config = EngineConfig::default();
    args.engine.apply(&mut config);
    let base = args.size.case();
    base.check()?;
    if let Some(file) = &args.gpu_report {
        return gpu_report(args, base, file);
    }
    let bench = Bench { args, config, peak: OnceCell::new() };
    if !args.scale {
        let measurement = bench.one(base)?;
        if !args.json {
            output::say(measurement.to_text());
        }
        return Ok(());
    }
    let mut scales = Vec::new();
    for scale in Scale::ALL {
        let points: Vec<Measurement> = scale.cases(base).into_iter().map(|c| bench.one(c)).collect::<Result<_>>()?;
        if !args.json {
            output::say(scale.to_text(&points));
        }
        scales.push((scale, points));
    }
    if let Some(folder) = args.figure.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    }
    let figure = scaling_figure(&scales)?;
    write_atomically(&args.figure, |file| file.write_all(figure.as_bytes()))?;
    output::note(format!("drawn in {}", args.figure.display()));
    Ok(())
}

/// Writes the report after every part, so that it is there whenever it is interrupted, or the driver ends the program.
fn gpu_report(args: &BenchArgs, case: Case, file: &Path) -> Result<()> {
    let mut config = EngineConfig { engine: EngineKind::Gpu, ..EngineConfig::default() };
    args.engine.apply(&mut config);
    let Device::Gpu { device, options } = Device::choose(&config, &mut say_of_device)? else {
        return Err(Error::input(
            "--gpu-report: there is no report of the CPU. Leave --engine out, or use --engine gpu.",
        ));
    };
    let (steps, budget_seconds) = (args.steps, args.budget);
    let settings = SurveySettings { case, steps, budget_seconds, golden: Reference::golden()? };
    interrupt::say_at_end("the report holds what was measured so far, and is marked as incomplete");
    let report = survey(*device, options, &settings, &mut |progress| match progress {
        Progress::Begins(what) => {
            output::note(what);
            Ok(())
        }
        Progress::Found(report, words) => {
            output::note(format!("{:>6.0} s  {words}", report.seconds));
            card::write(file, report)
        }
    })?;
    let [json, page] = card::files(file);
    output::say(format!("report     {} and {}", json.display(), page.display()));
    report.fault()
}

/// Training steps that a benchmark stands for.
const BENCHMARKED_STEPS: f64 = 100.0;

struct Bench<'a> {
    args: &'a BenchArgs,
    config: EngineConfig,
    /// The device's limits, measured once; nothing where that failed.
    peak: OnceCell<Option<Peak>>,
}

impl Bench<'_> {
    /// Measures one case, and prints it as JSON where that is asked for.
    fn one(&self, case: Case) -> Result<Measurement> {
        let (problem, settings, state) = case.pose()?;
        // A benchmark stands for long trainings, whatever its own length: large cases are worth tuning.
        let work = BENCHMARKED_STEPS * case.networks as f64 * problem.dims.flops_per_step();
        let opened = Instant::now();
        let device = Device::choose(&self.config, &mut say_of_device)?;
        let tuning = Instant::now();
        let device = device.tuned(&problem, work, &mut |notice| self.hear(notice));
        // Tuning happens once: it is no part of a start.
        let started = opened + tuning.elapsed();
        device.check_memory(&problem, case.networks)?;
        let mut engine = device.open(&problem, &settings, &state)?;
        drop((problem, settings, state));
        let mut measurement = measure_in_turns(engine.as_mut(), self.args.steps, started, device.peak_meter()?)?;
        drop(engine);
        if let Some(peak) = *self.peak.get_or_init(|| limits(&device)) {
            measurement = measurement.with_peak(peak);
        }
        if self.args.json {
            let line = serde_json::to_string(&measurement);
            output::say(line.map_err(|e| Error::run(format!("cannot write the measurement as JSON: {e}.")))?);
        }
        Ok(measurement)
    }

    /// JSON on standard output is not accompanied by what happens meanwhile.
    fn hear(&self, notice: &DeviceNotice) {
        let accompanies =
            matches!(notice, DeviceNotice::Tuning(_) | DeviceNotice::Tried { .. } | DeviceNotice::Tuned(_));
        if !(self.args.json && accompanies) {
            say_of_device(notice);
        }
    }
}

/// What the device can do at most; a measurement of a step stands without it.
fn limits(device: &Device) -> Option<Peak> {
    device.peak().inspect_err(|e| output::warn(format!("the device's limits were not measured: {e}"))).ok()
}
