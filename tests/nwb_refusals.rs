//! NWB files that cannot be meant, and what is said of them.
#![cfg(feature = "hdf5")]

mod nwb_support;

use aon::data::recording::{Agent, RecordingSettings, Session};
use aon::error::Result;
use hdf5_pure::{AttrValue, FileBuilder, GroupBuilder};
use nwb_support::{bytes, file, golden, read, refused, with};

/// Reads a file with the root attribute of NWB, and what `fill` adds.
fn made(settings: &RecordingSettings, fill: impl FnOnce(&mut FileBuilder)) -> Result<Session> {
    let mut builder = FileBuilder::new();
    builder.set_attr("nwb_version", AttrValue::String("2.7.0".into()));
    fill(&mut builder);
    read(&file("made", &builder.finish().unwrap()), settings)
}

/// Adds `units` with two units of three spikes.
fn units(builder: &mut FileBuilder) {
    units_of(builder, &[0.5, 1.5, 9.0, 1.0, 2.0, 3.0], &[3, 6]);
}

fn units_of(builder: &mut FileBuilder, spikes: &[f64], ends: &[u8]) {
    let mut group = builder.create_group("units");
    group.create_dataset("id").with_i64_data(&[0, 1]);
    group.create_dataset("spike_times").with_f64_data(spikes);
    group.create_dataset("spike_times_index").with_u8_data(ends);
    builder.add_group(group.finish());
}

/// Adds a table of intervals with one row a start.
fn table(builder: &mut FileBuilder, name: &str, starts: &[f64], stops: &[f64], columns: &[(&str, &[&str])]) {
    let mut group = builder.create_group("intervals");
    let mut table = group.create_group(name);
    table.create_dataset("id").with_i64_data(&(0..starts.len() as i64).collect::<Vec<_>>());
    table.create_dataset("start_time").with_f64_data(starts);
    table.create_dataset("stop_time").with_f64_data(stops);
    for (column, values) in columns {
        table.create_dataset(column).with_vlen_strings(values);
    }
    group.add_group(table.finish());
    builder.add_group(group.finish());
}

/// Adds a series to `processing/behavior`.
fn series(builder: &mut FileBuilder, name: &str, kind: &str, fill: impl FnOnce(&mut GroupBuilder)) {
    let mut processing = builder.create_group("processing");
    let mut module = processing.create_group("behavior");
    let mut group = module.create_group(name);
    group.set_attr("neurodata_type", AttrValue::String(kind.into()));
    fill(&mut group);
    module.add_group(group.finish());
    processing.add_group(module.finish());
    builder.add_group(processing.finish());
}

fn rois(builder: &mut FileBuilder, shape: &[u64], rois: usize, clock: impl FnOnce(&mut GroupBuilder)) {
    series(builder, "traces", "RoiResponseSeries", |group| {
        let count = shape.iter().product::<u64>();
        group.create_dataset("data").with_f32_data(&(0..count).map(|k| k as f32).collect::<Vec<_>>()).with_shape(shape);
        group.create_dataset("rois").with_i64_data(&(0..rois as i64).collect::<Vec<_>>());
        clock(group);
    });
}

fn plain() -> RecordingSettings {
    RecordingSettings::default()
}

#[test]
fn no_activity_and_several_that_could_be_meant_are_refused() {
    refused(made(&plain(), |_| ()), &["made.nwb: activity: expected `units`", "RoiResponseSeries", "neither"]);
    refused(
        read(&golden("calcium"), &plain()),
        &["found several: ophys/Fluorescence/Deconvolved, ophys/Fluorescence/Roi", "`source.activity`"],
    );
    let named = |name: &str| with(|s| s.source.activity = Some(name.into()));
    refused(
        read(&golden("calcium"), &named("spikes")),
        &["spikes: expected activity of this name", "Deconvolved", "`source.activity`"],
    );
    let both = |b: &mut FileBuilder| {
        units(b);
        rois(b, &[4, 2], 2, |g| {
            g.create_dataset("timestamps").with_f64_data(&[0.0, 1.0, 2.0, 3.0]);
        });
    };
    refused(made(&plain(), both), &["several: units, behavior/traces"]);
    assert_eq!(made(&named("units"), both).unwrap().neurons.len(), 2);
    assert_eq!(made(&named("traces"), both).unwrap().neurons.len(), 2);
}

#[test]
fn tables_that_do_not_say_who_acts_are_refused() {
    let fill = |b: &mut FileBuilder| {
        units(b);
        table(b, "acts", &[1.0], &[2.0], &[("behavior", &["eating"])]);
    };
    let words = [
        "intervals/acts: expected a column `agent`",
        "found intervals/acts (behavior, start_time, stop_time)",
        "`bouts.agent`",
    ];
    refused(made(&plain(), fill), &words);
    assert_eq!(made(&with(|s| s.bouts.agent = Some(Agent::Own)), fill).unwrap().bouts.len(), 1);
    // With a file of bouts beside the recording, it is said.
    let session = made(&with(|s| s.bouts.file = Some("boris.csv".into())), fill).unwrap();
    assert!(
        session.bouts.is_empty()
            && session.remarks.iter().any(|r| r.contains("Left out") && r.contains("`bouts.agent`"))
    );
    // A file without any such table has none.
    let session = made(&plain(), units).unwrap();
    assert!(session.remarks.iter().any(|r| r.contains("the tables are: none at all")), "{:?}", session.remarks);
    let named = with(|s| s.bouts.table = Some("bouts".into()));
    refused(
        made(&named, fill),
        &["bouts: expected a table of intervals of this name, found intervals/acts", "`bouts.table`"],
    );
}

#[test]
fn rows_of_bouts_that_make_no_sense_are_refused() {
    let bouts = |agents: &'static [&'static str], starts: &'static [f64], stops: &'static [f64]| {
        made(&plain(), move |b| {
            units(b);
            table(b, "bouts", starts, stops, &[("agent", agents), ("behaviour", &["eating", "eating"])]);
        })
    };
    refused(
        bouts(&["self", "mouse 2"], &[1.0, 2.0], &[2.0, 3.0]),
        &["intervals/bouts", "\"mouse 2\" in row 1", "`bouts.other`"],
    );
    refused(bouts(&["self", "other"], &[1.0, 2.0], &[2.0, 1.5]), &["stop after they start", "2 to 1.5 s in row 1"]);
    refused(bouts(&["self", "other"], &[f64::NAN, 2.0], &[2.0, 3.0]), &["NaN to 2 s in row 0"]);
    refused(
        bouts(&["self"], &[1.0, 2.0], &[2.0, 3.0]),
        &["intervals/bouts/agent", "as many rows as the table, 2", "found 1"],
    );
    assert_eq!(bouts(&["self", " Other "], &[2.0, 1.0], &[2.0, 3.0]).unwrap().bouts[0].agent, Agent::Other);
}

#[test]
fn starts_without_stops_are_refused() {
    let epochs = |values: &'static [i8], times: &'static [f64], settings: &RecordingSettings| {
        made(settings, move |b| {
            units(b);
            series(b, "grooming", "IntervalSeries", |g| {
                g.create_dataset("data").with_i8_data(values);
                g.create_dataset("timestamps").with_f64_data(times);
            });
        })
    };
    let own = with(|s| s.bouts.agent = Some(Agent::Own));
    refused(
        epochs(&[1, -1], &[1.0, 2.0], &plain()),
        &["behavior/grooming", "a name that says who acts", "`bouts.agent`"],
    );
    refused(epochs(&[1, 1, -1], &[1.0, 2.0, 3.0], &own), &["two starts without a stop", "the second at 2 s"]);
    refused(epochs(&[-1, 1], &[1.0, 2.0], &own), &["a stop without a start at 1 s"]);
    refused(epochs(&[1], &[1.5], &own), &["a start without a stop at 1.5 s"]);
    refused(epochs(&[1, -1], &[2.0, 1.0], &own), &["times that ascend", "1 s after 2 s"]);
    let two = with(|s| {
        s.bouts.agent = Some(Agent::Own);
        s.bouts.label_names.insert("2".into(), "face".into());
    });
    let session = epochs(&[1, 2, -1, -2], &[1.0, 2.0, 3.0, 4.0], &two).unwrap();
    let names: Vec<&str> = session.bouts.iter().map(|b| b.behaviour.as_str()).collect();
    assert_eq!(names, ["grooming 1", "face"]);
}

#[test]
fn activity_and_its_clock_must_fit() {
    let timed = |times: &'static [f64]| {
        move |g: &mut GroupBuilder| {
            g.create_dataset("timestamps").with_f64_data(times);
        }
    };
    let of = |shape: &'static [u64], count: usize, times: &'static [f64], settings: &RecordingSettings| {
        made(settings, move |b| rois(b, shape, count, timed(times)))
    };
    refused(
        of(&[4, 2], 2, &[0.0, 1.0], &plain()),
        &["traces/timestamps", "as many times as samples, 4", "found 2", "data.T"],
    );
    refused(of(&[2, 4], 2, &[0.0, 1.0], &plain()), &["traces/rois", "each of 4 columns", "found 2", "data.T"]);
    refused(of(&[2, 2], 2, &[0.0, 0.0], &plain()), &["times that ascend", "0 s after 0 s at sample 1"]);
    refused(of(&[2, 2], 2, &[0.0, f64::NAN], &plain()), &["NaN at sample 1"]);
    refused(of(&[2, 1, 2], 2, &[0.0, 1.0], &plain()), &["a matrix, time × regions"]);
    let clockless = |b: &mut FileBuilder| rois(b, &[4, 2], 2, |_| ());
    refused(made(&plain(), clockless), &["`timestamps`, or `starting_time`", "`source.frame_rate`"]);
    let session = made(&with(|s| s.source.frame_rate = Some(2.0)), clockless).unwrap();
    assert!(
        matches!(session.activity, aon::data::recording::Activity::Frames { times, .. } if times == [0.0, 0.5, 1.0, 1.5])
    );
}

#[test]
fn units_must_fit_their_spikes() {
    let of = |spikes: &'static [f64], ends: &'static [u8]| made(&plain(), move |b| units_of(b, spikes, ends));
    refused(of(&[1.0, 2.0], &[1, 5]), &["units/spike_times_index", "ascend up to 2", "found 5 after 1"]);
    refused(of(&[1.0, 2.0], &[2, 1]), &["found 1 after 2"]);
    refused(of(&[1.0, 2.0], &[2]), &["as many rows as the table, 2"]);
    refused(of(&[1.0, f64::INFINITY], &[1, 2]), &["units/spike_times", "inf in row 1"]);
    refused(of(&[], &[0, 0]), &["units: expected spikes, found none of any unit"]);
    let session = of(&[3.0, 1.0, 2.0], &[2, 3]).unwrap();
    assert!(
        session.remarks.iter().any(|r| r.contains("1 units were not in the order of time")),
        "{:?}",
        session.remarks
    );
    assert!(session.remarks.iter().any(|r| r.contains("no `obs_intervals`") && r.contains("from 1 to 3 s")));
}

#[test]
fn covariates_that_are_asked_for_must_be_there() {
    let fill = |b: &mut FileBuilder| {
        units(b);
        series(b, "speed", "TimeSeries", |g| {
            g.create_dataset("data").with_f64_data(&[1.0, 2.0]);
            g.create_dataset("timestamps").with_f64_data(&[1.0, 0.0]);
        });
    };
    let asked = |column: &str| {
        with(|s| {
            s.covariates =
                vec![aon::data::recording::CovariateSettings { column: Some(column.into()), ..Default::default() }];
        })
    };
    refused(
        made(&asked("pupil"), fill),
        &["pupil: expected a series of this name for a covariate, found behavior/speed"],
    );
    refused(made(&asked("speed"), fill), &["speed/timestamps", "times that ascend"]);
    let session = made(&plain(), fill).unwrap();
    assert!(session.covariates.is_empty() && session.remarks.iter().any(|r| r.contains("Left out as a covariate")));
}

#[test]
fn files_that_would_harm_or_cannot_be_followed_are_refused() {
    let settings = with(|s| s.source.activity = Some("dff1".into()));
    let of = |name: &str| read(&golden(name), &settings);
    refused(of("bomb"), &["dff1/data: expected chunks of at most 268435456 bytes, found 1073741832 bytes", "h5repack"]);
    refused(of("endless"), &["dff1/data: expected no more values than the file can hold", "805306368 values"]);
    refused(
        of("filter"),
        &["dff1/data: expected values that are plain or packed by gzip, lzf or shuffle", "h5repack -f GZIP=4"],
    );
    refused(
        of("elsewhere"),
        &["dff1/data: expected data in this file, found an external link to \"raw data.h5\"", "link_data"],
    );
    // What is not asked for does no harm.
    for name in ["bomb", "endless", "filter", "elsewhere"] {
        read(&golden(name), &with(|s| s.source.activity = Some("dff0".into()))).unwrap();
    }
    // Two unlimited dimensions in the format of HDF5 1.10.
    let settings = with(|s| s.source.activity = Some("Deconvolved".into()));
    refused(read(&golden("newest"), &settings), &["iscell: expected a list of chunks that can be read", "h5repack"]);
}

#[test]
fn other_files_and_directories_are_named_as_what_they_are() {
    let directory = tempfile::tempdir().unwrap();
    refused(read(&directory.path(), &plain()), &["found a directory"]);
    std::fs::write(directory.path().join(".zgroup"), "{}").unwrap();
    refused(read(&directory.path(), &plain()), &["found a directory of Zarr", "NWBZarrIO"]);
    refused(read(&file("x", b"\x80\x04\x95\0"), &plain()), &["header: expected an HDF5 file", "found a Python pickle"]);
    refused(read(&file("x", b""), &plain()), &["an empty file"]);
    refused(
        read(&file("x", &bytes("planes")[..40_000]), &plain()),
        &["found 40000 bytes", "damaged or was not written completely"],
    );
    refused(read(&directory.path().join("none.nwb"), &plain()), &["none.nwb"]);
    let other = |fill: fn(&mut FileBuilder)| {
        let mut builder = FileBuilder::new();
        fill(&mut builder);
        read(&file("x", &builder.finish().unwrap()), &plain())
    };
    refused(
        other(|b| {
            b.create_dataset("x").with_f64_data(&[1.0]);
        }),
        &["expected an NWB file of version 2", "`nwb_version`"],
    );
    refused(
        other(|b| b.set_attr("nwb_version", AttrValue::String("NWB-1.0.6".into()))),
        &["version NWB-1.0.6", "pynwb"],
    );
    let estimates = |b: &mut FileBuilder| {
        let group = b.create_group("estimates");
        b.add_group(group.finish());
    };
    refused(other(estimates), &["a saved object of CaImAn", "save_NWB"]);
}
