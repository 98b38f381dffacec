//! Directories in the layout of Tili et al. 2025: what h5py wrote (scripts/recordings.py), and what contradicts itself.
#![cfg(feature = "hdf5")]

mod nwb_support;

use aon::data::recording::{Activity, Agent, RecordingSettings, Session, is_tili, read_tili};
use aon::error::Result;
use hdf5_pure::FileBuilder;
use nwb_support::{place, refused, with};
use std::path::Path;
use tempfile::TempDir;

/// A directory with the files of these names and times.
fn made(files: &[(&str, &[f64])]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for folder in ["Spikes/F5", "Events/F5"] {
        std::fs::create_dir_all(directory.path().join(folder)).unwrap();
    }
    for (name, times) in files {
        put(directory.path(), name, times);
    }
    directory
}

fn put(directory: &Path, name: &str, times: &[f64]) {
    let mut builder = FileBuilder::new();
    let dataset = if name.starts_with("Spikes") { "spike_data" } else { "events_data" };
    builder.create_dataset(dataset).with_f64_data(times);
    let path = directory.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, builder.finish().unwrap()).unwrap();
}

fn read(directory: &TempDir) -> Result<Vec<Session>> {
    read_tili(directory.path(), &RecordingSettings::default())
}

const UNIT: (&str, &[f64]) = ("Spikes/F5/MonkeyA_Session01_Spk_1.h5", &[0.5, 1.0, 30.0]);
const SOUND: (&str, &[f64]) = ("Events/F5/MonkeyA_Session01_Context1_Condition1_Object1_Event3.h5", &[2.0, 12.0, 22.0]);
const ONSET: (&str, &[f64]) = ("Events/F5/MonkeyA_Session01_Context1_Condition1_Object1_Event4.h5", &[2.5, 12.5, 22.5]);

#[test]
fn sessions_have_their_units_trials_and_bouts() {
    let sessions = read_tili(&place("tili"), &RecordingSettings::default()).unwrap();
    let names: Vec<_> = sessions.iter().map(|s| (s.animal.as_str(), s.name.as_str())).collect();
    assert_eq!(names, [("MonkeyA", "Session01"), ("MonkeyB", "Session12")]);
    let units: Vec<_> = sessions[0].neurons.iter().map(|n| (n.name.as_str(), n.area.as_deref().unwrap())).collect();
    assert_eq!(units, [("AIP_Spk_2", "AIP"), ("AIP_Spk_10", "AIP"), ("F5_Spk_1", "F5")]);
    let session = &sessions[0];
    // Three of each of two objects executed, of three kinds observed, one of which is No-Go; two areas repeat the same events.
    let count = |agent, go| session.trials.iter().filter(|t| t.agent == agent && t.go == Some(go)).count();
    assert_eq!((count(Agent::Own, true), count(Agent::Own, false)), (6, 0));
    assert_eq!((count(Agent::Other, true), count(Agent::Other, false)), (6, 3));
    let trial = &session.trials[0];
    let names: Vec<&str> = trial.events.keys().map(String::as_str).collect();
    assert_eq!(names, ["end of sound", "event 1", "event 5", "movement onset"]);
    assert!((trial.events["movement onset"] - trial.events["event 1"] - 1.5).abs() < 1e-12);
    assert_eq!(session.bouts.len(), 12);
    let bout = &session.bouts[0];
    let onset = trial.events["movement onset"];
    assert_eq!(
        (bout.agent, bout.behaviour.as_str(), bout.start, bout.stop),
        (Agent::Own, "object 1", onset - 0.2, onset + 0.6)
    );
    let contexts: Vec<&str> = session.contexts.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(contexts, ["executed", "observed"]);
    assert!(session.bouts.iter().all(|b| (b.start < session.contexts[0].stop) == (b.agent == Agent::Own)));
}

#[test]
fn planted_cells_fire_in_the_bouts_in_which_they_should() {
    let sessions = read_tili(&place("tili"), &RecordingSettings::default()).unwrap();
    let session = &sessions[0];
    let Activity::Spikes { times, span } = &session.activity else { panic!("no spikes") };
    let rate = |unit: usize, agent| {
        let bouts: Vec<_> = session.bouts.iter().filter(|b| b.agent == agent).collect();
        let within =
            |b: &&aon::data::recording::Bout| times[unit].iter().filter(|t| (b.start..b.stop).contains(*t)).count();
        bouts.iter().map(within).sum::<usize>() as f64 / bouts.iter().map(|b| b.stop - b.start).sum::<f64>()
    };
    assert!(rate(0, Agent::Own) > 5.0 && rate(0, Agent::Other) > 5.0, "mirror");
    assert!(rate(1, Agent::Own) > 5.0 && rate(1, Agent::Other) < 1.0, "execution only");
    assert!(rate(2, Agent::Own) < 1.0 && rate(2, Agent::Other) < 1.0, "neither");
    assert!(times.iter().flatten().all(|t| (span.0..=span.1).contains(t)));
}

#[test]
fn names_of_events_and_objects_come_from_the_settings() {
    let settings = with(|s| {
        s.trials.events = [("1".into(), "light".into()), ("5".into(), "pull".into())].into();
        s.trials.objects = [("2".into(), "ring".into())].into();
        s.trials.align = Some("pull".into());
        s.trials.window_ms = Some([-100.0, 0.0]);
    });
    let sessions = read_tili(&place("tili"), &settings).unwrap();
    let ring = sessions[0].trials.iter().find(|t| t.object.as_deref() == Some("ring")).unwrap();
    let bout = sessions[0].bouts.iter().find(|b| b.behaviour == "ring").unwrap();
    assert_eq!((bout.start, bout.stop), (ring.events["pull"] - 0.1, ring.events["pull"]));
    let settings = with(|s| s.trials.align = Some("grasp".into()));
    let words = ["expected the event \"grasp\"", "\"movement onset\" (4)", "`trials.align`"];
    refused(read_tili(&place("tili"), &settings), &words);
    let settings = with(|s| s.trials.events = [("3".into(), "x".into()), ("4".into(), "x".into())].into());
    refused(read_tili(&place("tili"), &settings), &["a name of its own for each event", "\"x\" for two"]);
    refused(
        read_tili(&place("tili"), &with(|s| s.trials.window_ms = Some([5.0, -5.0]))),
        &["`trials.window_ms = [5, -5]`"],
    );
}

#[test]
fn layouts_are_recognised_by_their_directories() {
    assert!(is_tili(&place("tili")) && !is_tili(&place("")) && !is_tili(&place("tili/Spikes")));
    refused(read(&made(&[])), &["Spikes: expected files AREA/MonkeyX_SessionNN_Spk_UNIT.h5, found 0 files"]);
}

#[test]
fn what_is_not_known_is_said_and_left_out() {
    let other = ("Events/F5/notes.h5", [1.0].as_slice());
    let orphan = ("Events/F5/MonkeyC_Session1_Context1_Condition1_Object1_Event3.h5", [1.0].as_slice());
    let sessions = read(&made(&[UNIT, SOUND, ONSET, other, orphan])).unwrap();
    let remarks = sessions[0].remarks.join("\n");
    for words in [
        "1 files have names that say nothing known",
        "notes.h5",
        "1 files are events of sessions without units",
        "MonkeyC",
    ] {
        assert!(remarks.contains(words), "{words}: {remarks}");
    }
    let sessions = read(&made(&[UNIT])).unwrap();
    assert!(sessions[0].bouts.is_empty() && sessions[0].remarks.iter().any(|r| r.contains("no events")));
    // NaN stands for an event that a trial lacks.
    let lacking = (ONSET.0, [2.5, f64::NAN, 22.5].as_slice());
    let sessions = read(&made(&[UNIT, SOUND, lacking])).unwrap();
    assert_eq!((sessions[0].trials.len(), sessions[0].bouts.len()), (3, 2));
    // Zeros in front of numbers, and the case of words, make no other session.
    let same = ("Events/F5/monkeya_session1_context1_condition1_object1_event4.H5", ONSET.1);
    assert_eq!(read(&made(&[UNIT, SOUND, same])).unwrap()[0].bouts.len(), 3);
}

#[test]
fn events_that_contradict_each_other_are_refused() {
    let with_onsets = |times: &[f64]| read(&made(&[UNIT, SOUND, (ONSET.0, times)]));
    refused(
        with_onsets(&[2.5, 12.5]),
        &["Event4.h5: events_data: expected 3 times, one per trial, as event 3", "found 2", "NaN"],
    );
    refused(with_onsets(&[12.5, 2.5, 22.5]), &["times that ascend", "2.5 s after 12.5 s"]);
    refused(with_onsets(&[2.5, 12.5, 11.5]), &["times that ascend"]);
    refused(
        with_onsets(&[12.4, 22.4, 28.0]),
        &["trials that follow each other", "trial 1 until 12.4 s and trial 2 from 12 s on"],
    );
    let elsewhere =
        ("Events/AIP/MonkeyA_Session01_Context1_Condition1_Object1_Event4.h5", [2.5, 12.5, 23.5].as_slice());
    refused(read(&made(&[UNIT, SOUND, ONSET, elsewhere])), &["Event4.h5", "in trial 3", "a directory for each area"]);
    let numbered = |name: &'static str| read(&made(&[UNIT, (name, SOUND.1)]));
    refused(
        numbered("Events/F5/MonkeyA_Session01_Context3_Condition1_Object1_Event3.h5"),
        &["context: expected 1 (executed) or 2 (observed), found 3"],
    );
    refused(
        numbered("Events/F5/MonkeyA_Session01_Context1_Condition0_Object1_Event3.h5"),
        &["condition: expected 1 (Go) or 2 (No-Go), found 0"],
    );
}

#[test]
fn spikes_and_events_share_a_clock() {
    let late = ("Spikes/F5/MonkeyA_Session01_Spk_1.h5", [2000.0, 30000.0].as_slice());
    refused(
        read(&made(&[late, SOUND, ONSET])),
        &["Session01: expected spikes and events on one clock", "from 2000 to 30000", "from 2 to 22.5"],
    );
    refused(read(&made(&[(UNIT.0, &[])])), &["Session01: expected spikes, found none of any unit"]);
    let mended = (UNIT.0, [30.0, f64::NAN, 1.0].as_slice());
    let sessions = read(&made(&[mended, SOUND, ONSET])).unwrap();
    let remarks = sessions[0].remarks.join("\n");
    assert!(remarks.contains("1 spikes without a time") && remarks.contains("were sorted"), "{remarks}");
}

#[test]
fn files_that_are_no_times_are_refused() {
    let directory = made(&[SOUND, ONSET]);
    std::fs::write(directory.path().join(UNIT.0), "not HDF5").unwrap();
    refused(read(&directory), &["Spk_1.h5: header: expected an HDF5 file", "plain text"]);
    let write = |fill: fn(&mut FileBuilder)| {
        let mut builder = FileBuilder::new();
        fill(&mut builder);
        std::fs::write(directory.path().join(UNIT.0), builder.finish().unwrap()).unwrap();
        read(&directory)
    };
    refused(write(|_| ()), &["spike_data: expected a dataset of times, found none"]);
    let two = |b: &mut FileBuilder| {
        b.create_dataset("a").with_f64_data(&[1.0]);
        b.create_dataset("b").with_f64_data(&[1.0]);
    };
    refused(write(two), &["spike_data: expected a dataset of this name, found a, b"]);
    refused(
        write(|b| {
            b.create_dataset("spike_data").with_vlen_strings(&["x"]);
        }),
        &["spike_data: expected numbers"],
    );
    let other = write(|b| {
        b.create_dataset("spikes").with_f64_data(&[1.0, 3.0]).with_shape(&[1, 2]);
    })
    .unwrap();
    assert_eq!(other[0].neurons.len(), 1);
}
