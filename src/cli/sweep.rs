//! `aon sweep`: many runs of different settings.

use super::flags::{EngineFlags, gigabytes};
use super::sweep_progress::{SweepLines, duration, percent};
use super::{interrupt, output, shards};
use crate::engine::{EngineKind, memory_text};
use crate::error::Result;
use crate::report::sweep::{best_paths, best_text, runs_csv, table_text};
use crate::sweep::{
    ClaimSettings, Estimate, Gathered, Gathering, Home, Life, Specification, SweepEnd, SweepOptions, estimate, gather,
    processes, train, write_results,
};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The subcommands of `aon sweep`.
#[derive(Debug, Subcommand)]
pub(super) enum SweepCommand {
    /// Train what a specification asks for and its directory does not hold yet
    Run(Box<SweepRunArgs>),
    /// How far a sweep is, and which process trains what
    Status(Place),
    /// A table of the settings, or of all runs as CSV
    Table(TableArgs),
    /// The best settings and their runs
    Best(BestArgs),
    /// Write report.html, runs.csv and curves.npz of what there is
    Report(ReportArgs),
}

/// The directory of a sweep.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// The directory of a sweep
    sweep: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct TableArgs {
    #[command(flatten)]
    place: Place,
    /// Sort by a column: rank, search, confirmed, seeds, r2, held_out_r2, loss, seconds, or a setting
    #[arg(long, value_name = "KEY")]
    sort: Option<String>,
    /// Only so many rows
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// One row a run, as CSV
    #[arg(long, conflicts_with_all = ["sort", "top"])]
    csv: bool,
    /// Also runs in the directory that the specification does not ask for
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Args)]
pub(super) struct BestArgs {
    #[command(flatten)]
    place: Place,
    /// How many settings
    #[arg(long, value_name = "N", default_value_t = 1)]
    top: usize,
    /// Only the directories of their runs, for `aon perturb $(aon sweep best SWEEP --paths)`
    #[arg(long)]
    paths: bool,
}

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    place: Place,
    /// Also runs in the directory that the specification does not ask for
    #[arg(long)]
    all: bool,
}

/// The flags of `aon sweep run`.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(super) struct SweepRunArgs {
    /// A specification (docs/sweeps.md)
    specification: PathBuf,
    /// Where the sweep is kept; it goes on with what is there [default: out/NAME of the specification]
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Check everything, say what it would take, and train nothing
    #[arg(long, conflicts_with = "json")]
    dry_run: bool,
    /// End after this time, to be gone on with: 8h, 90min
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    budget: Option<Duration>,
    /// More than 20000 runs are meant
    #[arg(long)]
    yes: bool,
    /// The directory holds runs of another specification, and this one is meant
    #[arg(long)]
    change: bool,
    /// Train only the I-th of N parts, for machines that share no directory; copying their runs/ together merges them
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<(usize, usize)>,
    /// Print nothing but warnings and errors
    #[arg(long)]
    quiet: bool,
    /// Print what happens as JSON, one event a line
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
    /// Most networks at once [default: on a GPU as many as memory holds, at most 200; on a processor as many as keep it busy]
    #[arg(long, value_name = "K", help_heading = "Engine", value_parser = places)]
    places: Option<usize>,
    /// Device memory to stay within
    #[arg(long, value_name = "GB", help_heading = "Engine", value_parser = gigabytes)]
    memory: Option<u64>,
    /// What computes
    #[arg(long, value_enum, help_heading = "Engine")]
    engine: Option<EngineKind>,
    /// A GPU, by a part of its name or its number in `aon devices`; several, each in a process of its own, by repeating it
    #[arg(long, value_name = "NAME|INDEX", help_heading = "Engine")]
    adapter: Vec<String>,
    /// Threads of the CPU engine
    #[arg(long, help_heading = "Engine")]
    threads: Option<usize>,
    #[arg(long, hide = true)]
    host: Option<String>,
    #[arg(long, hide = true, value_parser = humantime::parse_duration)]
    lease: Option<Duration>,
}

/// Does what the subcommand says.
pub(super) fn run(command: SweepCommand) -> Result<()> {
    match command {
        SweepCommand::Run(args) => run_sweep(&args),
        SweepCommand::Status(place) => status(&place.sweep),
        SweepCommand::Table(args) => {
            let home = Home::new(&args.place.sweep);
            let report = gathered(&home)?.report(&home, Gathering { losses: false, all: args.all })?;
            let text = if args.csv { runs_csv(&report) } else { table_text(&report, args.sort.as_deref(), args.top)? };
            output::say(text.trim_end());
            Ok(())
        }
        SweepCommand::Best(args) => {
            let home = Home::new(&args.place.sweep);
            let report = gathered(&home)?.report(&home, Gathering::default())?;
            if args.paths {
                for path in best_paths(&report, args.top) {
                    output::say(path.display());
                }
            } else {
                output::say(best_text(&report, args.top).trim_end());
            }
            Ok(())
        }
        SweepCommand::Report(args) => {
            let home = Home::new(&args.place.sweep);
            write_results(&home, args.all)?;
            output::say(format!("report     {}", home.path.join("report.html").display()));
            Ok(())
        }
    }
}

/// What became of a sweep; what cannot be read of it is said.
fn gathered(home: &Home) -> Result<Gathered> {
    let gathered = gather(home)?;
    gathered.damaged.values().for_each(output::warn);
    Ok(gathered)
}

fn run_sweep(args: &SweepRunArgs) -> Result<()> {
    let specification = Specification::read(&args.specification)?;
    let home = Home::new(&args.output_dir.clone().unwrap_or_else(|| place(&specification)));
    let mut engine = specification.base.engine.clone();
    let flags = EngineFlags {
        engine: args.engine,
        adapter: args.adapter.first().cloned(),
        threads: args.threads,
        ..EngineFlags::default()
    };
    flags.apply(&mut engine);
    let mut claims = ClaimSettings { host: args.host.clone(), ..ClaimSettings::default() };
    if let Some(lease) = args.lease {
        (claims.lease, claims.touch_every) = (lease, lease / 9);
    }
    let options = SweepOptions {
        engine: Some(engine),
        memory: args.memory,
        places: args.places,
        budget: args.budget,
        shard: args.shard,
        claims,
        are_many_allowed: args.yes,
        change: args.change,
    };
    if args.dry_run {
        let mut lines = SweepLines::new(true, false, specification.objective.name());
        say_estimate(&estimate(&specification, &home, &options, &mut lines)?);
        return Ok(());
    }
    if args.adapter.len() > 1 {
        return shards::run_on_each(&args.adapter);
    }
    let mut lines = SweepLines::new(args.quiet, args.json, specification.objective.name());
    let end = train(&specification, &home, &options, interrupt::flag(), &mut lines)?;
    lines.finish();
    let place = home.path.display();
    let text = match end {
        SweepEnd::Complete => format!("report     {}", home.path.join("report.html").display()),
        SweepEnd::ShardComplete => format!(
            "this part of {place} has ended; copy the runs/ of all parts together, and run the specification again"
        ),
        SweepEnd::Paused => format!("paused; the same command goes on with {place}"),
    };
    if args.json {
        let state = match end {
            SweepEnd::Complete => "complete",
            SweepEnd::ShardComplete => "shard complete",
            SweepEnd::Paused => "paused",
        };
        output::say(json!({"event": "end", "state": state, "path": home.path}));
    } else if !args.quiet {
        if end == SweepEnd::Complete {
            let report = gather(&home)?.report(&home, Gathering::default())?;
            output::say(format!("\n{}", table_text(&report, None, Some(10))?));
        }
        output::say(text);
    }
    Ok(())
}

/// Where a sweep is kept unless another place is given.
fn place(specification: &Specification) -> PathBuf {
    // The copy that a sweep keeps of its specification lies where the sweep does.
    let kept = Some(&specification.origin).filter(|_| !specification.files.is_empty()).and_then(|file| file.parent());
    kept.map_or_else(|| Path::new("out").join(specification.name()), Path::to_path_buf)
}

/// What a sweep would take.
fn say_estimate(e: &Estimate) {
    e.warnings.iter().for_each(output::warn);
    let excluded = (e.excluded > 0).then(|| format!(" ({} excluded)", output::counted(e.excluded, "point", "points")));
    let excluded = excluded.unwrap_or_default();
    output::say(format!("sweep      {} settings{excluded}, {} runs: {} seeds each", e.settings, e.runs, e.seeds));
    if e.confirming > 0 {
        output::say(format!("confirm    {} more runs on fresh seeds", e.confirming));
    }
    if e.ended > 0 {
        output::say(format!("ended      {} of {} before", e.ended, e.runs));
    }
    if let Some(engine) = &e.engine {
        output::say(format!("engine     {engine}"));
    }
    for (number, group) in e.groups.iter().enumerate() {
        let apart: Vec<String> = group.apart.iter().map(|(key, value)| format!("{key} {value}")).collect();
        let why = if apart.is_empty() { String::new() } else { format!(": {}", apart.join(", ")) };
        output::say(format!(
            "group {:<4} {} runs, {} at once, {}, at most {}{why}",
            number + 1,
            group.runs,
            group.places,
            memory_text(group.memory),
            duration(group.time)
        ));
    }
    output::say(format!("time       at most {}, since runs may stop early; baselines aside", duration(e.time)));
}

fn status(sweep: &Path) -> Result<()> {
    let home = Home::new(sweep);
    let gathered = gathered(&home)?;
    let ended = gathered.outcomes.iter().flatten().count();
    let diverged =
        gathered.outcomes.iter().flatten().filter(|o| matches!(o, crate::sweep::Outcome::Diverged(_))).count();
    let halved = gathered.outcomes.iter().flatten().filter(|o| o.is_halved()).count();
    let of = gathered.jobs.len();
    let mut text = format!("runs       {ended} of {of} have ended ({} %)", percent(ended, of));
    let parts = [(halved, "halved"), (diverged, "diverged")];
    for (count, what) in parts.iter().filter(|(count, _)| *count > 0) {
        text = format!("{text}, {count} {what}");
    }
    output::say(text);
    if !gathered.others.is_empty() {
        output::say(format!("others     {} runs that the specification does not ask for", gathered.others.len()));
    }
    for process in processes(&home, &gathered)? {
        let life = match process.life {
            Some(Life::Alive) => "trains",
            Some(Life::Stuck) => "is stuck (others take its runs over)",
            Some(Life::Dead) | None => "is gone (others take its runs over)",
        };
        let who = if process.host.is_empty() { "unknown".into() } else { format!("{} {}", process.host, process.pid) };
        output::say(format!("process    {who} {life}: {}", output::counted(process.runs.len(), "run", "runs")));
        process.runs.iter().take(20).for_each(|run| output::say(format!("           {run}")));
    }
    Ok(())
}

fn places(text: &str) -> std::result::Result<usize, String> {
    let number = text.parse().ok().filter(|places| *places > 0);
    number.ok_or_else(|| format!("expected a whole number above 0, found {text:?}"))
}

fn shard(text: &str) -> std::result::Result<(usize, usize), String> {
    let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    let good = parts.filter(|(i, n)| (1..=*n).contains(i));
    good.ok_or_else(|| format!("expected I/N with I from 1 to N, such as 2/4, found {text:?}"))
}
