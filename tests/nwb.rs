//! NWB files: what pynwb wrote is read as pynwb reads it (scripts/recordings.py), and what cannot be meant is refused in sentences.
#![cfg(feature = "hdf5")]

mod nwb_support;

use aon::data::recording::{
    Activity, Agent, Bout, BoutSettings, Covariate, CovariateSettings, RecordingSettings, Session,
};
use nwb_support::{expected, golden, numbers, read, texts, with};
use serde_json::Value;

fn bout(agent: Agent, behaviour: &str, start: f64, stop: f64) -> Bout {
    Bout { agent, behaviour: behaviour.into(), start, stop, object: None }
}

fn covariate<'a>(session: &'a Session, name: &str) -> &'a Covariate {
    let names: Vec<&str> = session.covariates.iter().map(|c| c.name.as_str()).collect();
    session.covariates.iter().find(|c| c.name == name).unwrap_or_else(|| panic!("{name} is not among {names:?}"))
}

/// Values of a series in its unit.
fn scaled(series: &Value) -> Vec<f64> {
    let (conversion, offset) = (series["conversion"].as_f64().unwrap(), series["offset"].as_f64().unwrap());
    numbers(&series["data"]).iter().map(|v| v * conversion + offset).collect()
}

fn frames(session: &Session) -> (&ndarray::Array2<f32>, &[f64]) {
    match &session.activity {
        Activity::Frames { values, times } => (values, times),
        Activity::Spikes { .. } | Activity::Averages(_) => panic!("{} holds no frames", session.source.display()),
    }
}

/// The matrix of a series in its unit, transposed, with the regions `kept`.
fn traces(series: &Value, kept: &[usize]) -> ndarray::Array2<f32> {
    let (conversion, offset) = (series["conversion"].as_f64().unwrap(), series["offset"].as_f64().unwrap());
    let rows: Vec<Vec<f64>> = series["data"].as_array().unwrap().iter().map(numbers).collect();
    ndarray::Array2::from_shape_fn((kept.len(), rows.len()), |(n, t)| (rows[t][kept[n]] * conversion + offset) as f32)
}

#[test]
fn spikes_units_and_their_columns_are_those_of_pynwb() {
    let session = read(&golden("spikes"), &RecordingSettings::default()).unwrap();
    let told = expected("spikes");
    assert_eq!((session.animal.as_str(), session.name.as_str()), ("M23", "day 3"));
    let Activity::Spikes { times, span } = &session.activity else { panic!("no spikes") };
    let units: Vec<&Value> = told["units"].as_array().unwrap().iter().filter(|u| u["quality"] != "noise").collect();
    assert_eq!(units.len(), 4);
    assert_eq!(times.len(), 4);
    for ((unit, neuron), times) in units.iter().zip(&session.neurons).zip(times) {
        assert_eq!(*times, numbers(&unit["spikes"]));
        assert_eq!(neuron.name, unit["name"].as_str().unwrap());
        let area = unit["area"].as_str().filter(|a| *a != "unknown");
        assert_eq!(neuron.area.as_deref(), area);
    }
    assert_eq!(*span, (0.5, 120.5));
    let all = read(&golden("spikes"), &with(|s| s.source.accepted_only = false)).unwrap();
    assert_eq!(all.neurons.len(), 5);
    let remarks = session.remarks.join("\n");
    assert!(remarks.contains("1 \"noise\"") && remarks.contains("1.25 s"), "{remarks}");
}

#[test]
fn a_table_with_agents_and_behaviours_is_the_bouts_without_any_setting() {
    let session = read(&golden("spikes"), &RecordingSettings::default()).unwrap();
    let table = &expected("spikes")["tables"]["bouts"];
    let (starts, stops) = (numbers(&table["start_time"]), numbers(&table["stop_time"]));
    let (agents, behaviours, objects) = (texts(&table["agent"]), texts(&table["behaviour"]), texts(&table["object"]));
    assert_eq!(session.bouts.len(), 12);
    for (k, bout) in session.bouts.iter().enumerate() {
        assert_eq!((bout.start, bout.stop), (starts[k], stops[k]));
        assert_eq!((bout.agent.name(), &bout.behaviour), (agents[k].as_str(), &behaviours[k]));
        assert_eq!(bout.object.as_ref(), Some(&objects[k]).filter(|o| !o.is_empty()));
    }
    assert!(session.remarks.iter().any(|r| r == "Bouts are those of intervals/bouts (12)."), "{:?}", session.remarks);
}

#[test]
fn trials_and_contexts_are_those_of_pynwb() {
    let session = read(&golden("spikes"), &RecordingSettings::default()).unwrap();
    let table = &expected("spikes")["tables"]["trials"];
    let (starts, onsets) = (numbers(&table["start_time"]), numbers(&table["movement_onset_time"]));
    assert_eq!(session.trials.len(), 6);
    for (k, trial) in session.trials.iter().enumerate() {
        assert_eq!(trial.agent.name(), table["agent"][k].as_str().unwrap());
        assert_eq!(trial.go, table["go"][k].as_bool());
        assert_eq!(trial.object.as_deref(), table["object"][k].as_str());
        assert_eq!(trial.events["start"], starts[k]);
        assert_eq!(trial.events.get("movement_onset").copied(), Some(onsets[k]).filter(|t| t.is_finite()));
        assert!(trial.events.contains_key("end_of_sound") && !trial.events.contains_key("block"));
    }
    let contexts: Vec<_> = session.contexts.iter().map(|c| (c.name.as_str(), c.start, c.stop)).collect();
    assert_eq!(contexts, [("alone", 0.5, 60.0), ("window, lit", 61.25, 120.5)]);
}

#[test]
fn covariates_keep_their_own_clocks() {
    let session = read(&golden("spikes"), &RecordingSettings::default()).unwrap();
    let told = &expected("spikes")["series"];
    for name in ["speed", "diameter"] {
        let found = covariate(&session, name);
        assert_eq!(found.times, numbers(&told[name]["times"]), "{name}");
        assert_eq!(found.values, scaled(&told[name]), "{name}");
    }
    // The nose's times are a link to those of the pupil.
    assert_eq!(covariate(&session, "nose y").times, numbers(&told["diameter"]["times"]));
    let y: Vec<f64> = told["nose"]["data"].as_array().unwrap().iter().map(|row| row[1].as_f64().unwrap()).collect();
    assert_eq!(covariate(&session, "nose y").values, y);
    assert_eq!(session.covariates.len(), 4);
    assert!(session.remarks.iter().any(|r| r.contains("acquisition/raw")), "{:?}", session.remarks);

    let one = |column: &str| CovariateSettings {
        name: "mine".into(),
        column: Some(column.into()),
        offset_s: 1.0,
        ..Default::default()
    };
    let chosen = read(&golden("spikes"), &with(|s| s.covariates = vec![one("Position/nose x"), one("speed")])).unwrap();
    assert_eq!(chosen.covariates.len(), 2);
    assert_eq!(chosen.covariates[0].times[0], numbers(&told["diameter"]["times"])[0] + 1.0);
    assert_eq!(chosen.covariates[1].values, scaled(&told["speed"]));
}

#[test]
fn packed_traces_of_cells_are_those_of_pynwb_in_both_formats_of_hdf5() {
    let told = &expected("calcium")["rois"];
    let all: Vec<usize> = (0..8).collect();
    for (file, kept) in [("calcium", vec![0, 2, 3, 5, 6, 7]), ("calcium", all.clone()), ("newest", all)] {
        let settings = with(|s| {
            s.source.activity = Some("RoiResponseSeries".into());
            s.source.accepted_only = kept.len() < 8;
        });
        let session = read(&golden(file), &settings).unwrap();
        let (values, times) = frames(&session);
        let raw = &told["RoiResponseSeries"];
        assert_eq!(values, traces(raw, &kept), "{file}");
        assert_eq!(times, numbers(&raw["times"]), "{file}");
        let names: Vec<String> = session.neurons.iter().map(|n| n.name.clone()).collect();
        assert_eq!(names, kept.iter().map(ToString::to_string).collect::<Vec<_>>(), "{file}");
        assert!(session.neurons.iter().all(|n| n.area.as_deref() == Some("MOs")), "{file}");
        assert_eq!((session.animal.as_str(), session.name.as_str()), ("M7", "calcium 7"));
    }
    // lzf, doubles, regions in another order, times that are a link to those of the other series.
    let session =
        read(&golden("calcium"), &with(|s| s.source.activity = Some("Fluorescence/Deconvolved".into()))).unwrap();
    let (values, times) = frames(&session);
    assert_eq!(values, traces(&told["Deconvolved"], &[0, 1, 2, 4, 5, 7]));
    assert_eq!(times, numbers(&told["RoiResponseSeries"]["times"]));
    let names: Vec<&str> = session.neurons.iter().map(|n| n.name.as_str()).collect();
    assert_eq!(names, ["7", "6", "5", "3", "2", "0"]);
}

#[test]
fn planes_have_their_own_tables_rates_and_conversions() {
    let told = &expected("planes")["rois"];
    for (name, kept, neurons, areas) in
        [("dff0", vec![0, 1, 2], vec!["3", "1", "0"], vec!["V1"; 3]), ("dff1", vec![1], vec!["1"], vec!["b"])]
    {
        let session = read(&golden("planes"), &with(|s| s.source.activity = Some(name.into()))).unwrap();
        let (values, times) = frames(&session);
        assert_eq!(values, traces(&told[name], &kept), "{name}");
        assert_eq!(times, numbers(&told[name]["times"]), "{name}");
        assert_eq!(session.neurons.iter().map(|n| n.name.as_str()).collect::<Vec<_>>(), neurons);
        assert_eq!(session.neurons.iter().map(|n| n.area.as_deref().unwrap()).collect::<Vec<_>>(), areas);
        assert_eq!((session.animal.as_str(), session.name.as_str()), ("planes", "session one"));
    }
    let settings = with(|s| {
        s.source.activity = Some("dff1".into());
        s.source.animal = Some("M9".into());
        s.source.accepted_only = false;
    });
    let session = read(&golden("planes"), &settings).unwrap();
    assert_eq!((session.animal.as_str(), session.neurons.len()), ("M9", 3));
}

#[test]
fn behavioural_epochs_and_labels_are_bouts() {
    let settings = with(|s| s.source.activity = Some("Deconvolved".into()));
    let session = read(&golden("calcium"), &settings).unwrap();
    let (own, other) = (Agent::Own, Agent::Other);
    let expected_bouts = [
        bout(own, "reaching", 3.0, 3.75),
        bout(own, "reaching", 5.0, 5.5),
        bout(other, "reaching", 5.5, 6.25),
        bout(other, "reaching", 7.5, 8.0),
        bout(own, "wheel running", 40.0, 40.75),
        bout(own, "wheel running", 42.0, 42.5),
    ];
    assert_eq!(session.bouts, expected_bouts);
    let settings = with(|s| {
        s.source.activity = Some("Deconvolved".into());
        s.bouts.labels.insert(Agent::Other, "behavior/labels".into());
        s.bouts.label_names.insert("1".into(), "eating".into());
    });
    let session = read(&golden("calcium"), &settings).unwrap();
    let times = numbers(&expected("calcium")["series"]["labels"]["times"]);
    let labelled: Vec<&Bout> = session.bouts.iter().filter(|b| b.behaviour == "eating" || b.behaviour == "2").collect();
    assert_eq!(labelled.len(), 3);
    assert_eq!(*labelled[0], bout(other, "eating", times[20], times[31]));
    assert_eq!(*labelled[1], bout(other, "2", times[90], times[99]));
    assert!(labelled[2].start == times[109] && (labelled[2].stop - times[109] - 0.1).abs() < 0.01);
    let settings = with(|s| {
        s.source.activity = Some("Deconvolved".into());
        s.bouts.table = Some("other_reaching".into());
    });
    assert_eq!(read(&golden("calcium"), &settings).unwrap().bouts.len(), 2);
}

#[test]
fn columns_and_subjects_of_other_names_are_named_in_the_settings() {
    let settings = with(|s| {
        s.bouts = BoutSettings {
            table: Some("trials".into()),
            columns: [("behaviour".into(), "object".into()), ("start".into(), "end_of_sound_time".into())].into(),
            offset_s: 0.5,
            ..Default::default()
        }
    });
    let session = read(&golden("spikes"), &settings).unwrap();
    assert_eq!(session.bouts.len(), 6);
    assert_eq!(session.bouts[0], Bout { object: Some("ring".into()), ..bout(Agent::Own, "ring", 6.625, 10.5) });
    let settings = with(|s| {
        s.bouts.columns.insert("agent".into(), "quality of it".into());
        s.bouts.agent = Some(Agent::Other);
        s.bouts.table = Some("intervals/bouts".into());
    });
    assert!(read(&golden("spikes"), &settings).unwrap().bouts.iter().all(|b| b.agent == Agent::Other));
}
