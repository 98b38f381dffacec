//! Recordings of behaving animals: every format gives back what was written, in order and on one clock.
#![allow(missing_docs)]

#[path = "recorded_support/damage.rs"]
mod damage;
mod recorded_support;
#[path = "recorded_support/refusals.rs"]
mod refusals;

use aon::data::NamedArray;
use aon::data::recording::{Activity, Agent, Context, Flaw, Framed, read, unanswered_by_averages, understood};
use ndarray::{Array2, Axis, concatenate};
use recorded_support::{
    Folder, activity, bout, listed, npy, npy_of, parsed, rich, shared, texts, told, values, vector,
};

const TEN_HERTZ: &str = "source.frame_rate = 10.0";

fn frames(session: &aon::data::recording::Session) -> (&Array2<f32>, &[f64]) {
    match &session.activity {
        Activity::Frames { values, times } => (values, times),
        other => panic!("{other:?}"),
    }
}

fn plane(folder: Folder, at: &str, cells: usize) -> Folder {
    let flags: Vec<u8> =
        (0..cells).flat_map(|i| [f64::from(u8::from(i != 1)), 0.5]).flat_map(f64::to_le_bytes).collect();
    folder
        .with(&format!("{at}/spks.npy"), npy(&values(cells, 100).into_dyn()))
        .with(&format!("{at}/F.npy"), npy(&values(cells, 100).into_dyn()))
        .with(&format!("{at}/Fneu.npy"), npy(&Array2::from_elem((cells, 100), 2.0).into_dyn()))
        .with(&format!("{at}/iscell.npy"), npy_of("<f8", &format!("{cells}, 2"), &flags))
        .with(&format!("{at}/ops.npy"), npy_of("|O", "", b"\x80\x04never opened"))
}

#[test]
fn a_suite2p_folder_is_read_from_wherever_it_is_named() {
    let folder = plane(Folder::new(), "m1/suite2p/plane0", 4);
    for name in ["m1", "m1/suite2p", "m1/suite2p/plane0"] {
        let session = folder.session(name, TEN_HERTZ).unwrap();
        assert_eq!(session.name, "m1");
        let (found, times) = frames(&session);
        assert_eq!(found, values(4, 100).select(Axis(0), &[0, 2, 3]));
        assert_eq!((times.len(), times[99]), (100, 9.9));
        assert_eq!(session.neurons.iter().map(|n| n.name.as_str()).collect::<Vec<_>>(), ["0", "2", "3"]);
        told(&session, &["1 of 4 cells", "not accepted"]);
    }
    let all = folder.session("m1", "source = { frame_rate = 10.0, accepted_only = false }").unwrap();
    assert_eq!(frames(&all).0, values(4, 100));
    let fluorescence =
        folder.session("m1", "source = { frame_rate = 10.0, accepted_only = false, activity = \"F\" }").unwrap();
    assert_eq!(frames(&fluorescence).0, values(4, 100).mapv(|v| v - 0.7 * 2.0));
    told(&fluorescence, &["0.7 Fneu"]);
    folder.refused("m1", "", &["m1", "source.frame_rate", "never opened"]);
}

#[test]
fn planes_are_one_session() {
    let folder = plane(plane(Folder::new(), "s/suite2p/plane10", 3), "s/suite2p/plane2", 2)
        .with("s/bouts.csv", "agent,behaviour,start,stop\nself,eat,1,2\n")
        .with("s/suite2p/combined/spks.npy", "not this one");
    let session = folder.session("s", TEN_HERTZ).unwrap();
    let names: Vec<_> = session.neurons.iter().map(|n| n.name.as_str()).collect();
    assert_eq!(names, ["plane2/0", "plane10/0", "plane10/2"]);
    let (two, ten) = (values(2, 100), values(3, 100));
    let expected = concatenate(Axis(0), &[two.select(Axis(0), &[0]).view(), ten.select(Axis(0), &[0, 2]).view()]);
    assert_eq!(frames(&session).0, expected.unwrap());
    assert_eq!(session.bouts, [bout(Agent::Own, "eat", 1.0, 2.0)]);
    let folder = folder.with("s/suite2p/plane2/spks.npy", npy(&values(2, 99).into_dyn()));
    assert_eq!(frames(&folder.session("s", TEN_HERTZ).unwrap()).0.dim(), (3, 99));
    let folder = folder.with("s/suite2p/plane2/spks.npy", npy(&values(2, 90).into_dyn()));
    folder.refused("s", TEN_HERTZ, &["planes of 90 and of 100 frames"]);
}

#[test]
fn named_arrays_come_back_from_both_formats() {
    for name in ["r.npz", "r.mat"] {
        let session = Folder::new().arrays(name, &rich()).session(name, "").unwrap();
        assert_eq!((session.animal.as_str(), session.name.as_str()), ("Zara", "day 2"));
        let (found, times) = frames(&session);
        assert_eq!((found, times[0], times.len()), (&values(3, 100), 5.0, 100));
        let neurons: Vec<_> =
            session.neurons.iter().map(|n| (&*n.name, n.area.as_deref(), n.identity.as_deref())).collect();
        assert_eq!(neurons, [("a", Some("AIP"), Some("x")), ("b", Some("F5"), None), ("größe", Some("F5"), Some("z"))]);
        let bouts = ["self eat 6.000 7.000 (pellet)", "self eat 8.000 8.500", "other run 9.000 9.500"];
        assert_eq!(listed(&session.bouts), bouts);
        assert_eq!(session.contexts[1], Context { name: "together".into(), start: 10.0, stop: 15.0 });
        let pupil = &session.covariates[0];
        assert!(session.covariates.len() == 1 && pupil.name == "pupil" && pupil.values[1].is_nan(), "{pupil:?}");
        assert_eq!((session.trials.len(), session.trials[0].go, session.trials[1].go), (2, Some(true), Some(false)));
        assert_eq!((session.trials[0].events["go"], session.trials[1].events.len()), (6.0, 0));
        assert_eq!(session.span(), Some((5.0, 15.0)));
    }
}

const PYTHON: &str = r#"
import sys, numpy as np, scipy.io as io
where = sys.argv[1]
values = np.arange(60).reshape(3, 20).astype("f4")
more = dict(times=5 + np.arange(20) / 10, bout_start=np.array([5.5]), bout_stop=np.array([6.0]))
texts = dict(areas=["AIP", "F5", "größe"], animal="Zara", bout_agent=["other"], bout_behaviour=["eat"])
texts = {k: np.array(v) for k, v in texts.items()}
np.savez(where + "/a.npz", activity=np.asfortranarray(values), **texts, **more)
np.savez_compressed(where + "/b.npz", activity=values.astype(">f8"), **texts, **more)
io.savemat(where + "/c.mat", dict(activity=values, **texts, **more))
io.savemat(where + "/d.mat", dict(activity=values.astype("u1"), **texts, **more), do_compression=True)
"#;

#[test]
fn files_that_python_writes_are_read() {
    let folder = Folder::new();
    let output = std::process::Command::new("python3").args(["-c", PYTHON]).arg(folder.0.path()).output();
    if !output.is_ok_and(|o| o.status.success()) {
        println!("not tested: python3 with numpy and scipy is not installed");
        return;
    }
    for name in ["a.npz", "b.npz", "c.mat", "d.mat"] {
        let session = folder.session(name, "").unwrap();
        let (found, times) = frames(&session);
        assert_eq!(found, Array2::from_shape_fn((3, 20), |(i, t)| (20 * i + t) as f32), "{name}");
        assert_eq!((times[0], times[1], session.animal.as_str()), (5.0, 5.1, "Zara"), "{name}");
        let areas: Vec<_> = session.neurons.iter().filter_map(|n| n.area.as_deref()).collect();
        assert_eq!(
            (areas, listed(&session.bouts)),
            (vec!["AIP", "F5", "größe"], vec!["other eat 5.500 6.000".into()]),
            "{name}"
        );
    }
}

#[test]
fn transposed_activity_is_turned_and_told() {
    let turned = NamedArray::new("dff", values(3, 100).reversed_axes());
    let times = vector("times", &(0..100).map(f64::from).collect::<Vec<_>>());
    for beside in [times, texts("areas", &["A", "B", "C"])] {
        let folder = Folder::new().arrays("r.npz", &[turned.clone(), beside, vector("frame_rate", &[1.0])]);
        let session = folder.session("r.npz", "").unwrap();
        assert_eq!(frames(&session).0, values(3, 100));
        told(&session, &["dff", "transposed"]);
    }
    let unknown = Folder::new().arrays("r.npz", &[turned]).session("r.npz", TEN_HERTZ).unwrap();
    told(&unknown, &["100 neurons of 3 frames", "`times`"]);
}

#[test]
fn spikes_are_sorted_into_units() {
    let flat = vector("spike_times", &[0.5, 0.1, 0.9, 0.2]);
    let pairs = [flat.clone(), vector("spike_units", &[7.0, 2.0, 7.0, 7.0]), vector("span", &[0.0, 2.0])];
    let session = Folder::new().arrays("r.mat", &pairs).session("r.mat", "").unwrap();
    let expected = Activity::Spikes { times: vec![vec![0.1], vec![0.2, 0.5, 0.9]], span: (0.0, 2.0) };
    assert_eq!((&session.activity, &*session.neurons[1].name), (&expected, "7"));
    // An index also gives units without a spike a place.
    let index = [flat.clone(), vector("spike_index", &[1.0, 1.0, 4.0]), texts("areas", &["A", "B", "C"])];
    let session = Folder::new().arrays("r.npz", &index).session("r.npz", "").unwrap();
    let expected = Activity::Spikes { times: vec![vec![0.5], vec![], vec![0.1, 0.2, 0.9]], span: (0.1, 0.9) };
    assert_eq!(session.activity, expected);
    assert_eq!(session.flaws(), [None, Some(Flaw::Constant), None]);
    told(&session, &["no `span`"]);
    told(&session, &["1 neuron of 3 without a spike (2)"]);
    let numbered = [flat, vector("spike_units", &[7.0, 2.0, 7.0, 7.0]), vector("neurons", &[2.0, 5.0, 7.0])];
    let session = Folder::new().arrays("r.npz", &numbered).session("r.npz", "").unwrap();
    assert_eq!((session.neurons.len(), &*session.neurons[1].name), (3, "5"));
}

#[test]
fn tables_beside_a_recording_are_taken_without_settings() {
    let folder = Folder::new()
        .arrays("a.npz", &activity())
        .arrays("b.npz", &activity())
        .with("a.bouts.csv", "agent,behaviour,start,stop,object\nself,eat,1,2,pellet\nother,eat,3,4,\n")
        .with("a.covariates.csv", "time,pupil,speed\n0,1,5\n0.5,,6\n1.0,3,nan\n")
        .with("a.contexts.csv", "name;start;stop\nalone;0;2,5\ntogether;2,5;10\n")
        .with("a.trials.csv", "agent,go,object,movement\nself,1,ring,2.5\nother,0,,\n")
        .with("a.neurons.csv", "neuron,area,identity\n1,F5,x\n3,AIP,\n");
    let session = folder.session("a.npz", "source.animal = \"m\"").unwrap();
    assert_eq!((session.animal.as_str(), session.name.as_str()), ("m", "a"));
    assert_eq!(listed(&session.bouts), ["self eat 1.000 2.000 (pellet)", "other eat 3.000 4.000"]);
    assert_eq!(session.covariates.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["pupil", "speed"]);
    assert!(session.covariates[0].values[1].is_nan() && session.covariates[1].values[2].is_nan());
    assert_eq!(session.contexts[1].start, 2.5);
    assert_eq!((session.trials[0].events["movement"], session.trials[0].object.as_deref()), (2.5, Some("ring")));
    assert_eq!(session.neurons[0].identity.as_deref(), Some("x"));
    assert_eq!((session.neurons[2].area.as_deref(), session.neurons[1].area.as_deref()), (Some("AIP"), None));
    let other = folder.session("b.npz", "").unwrap();
    assert!(other.bouts.is_empty() && other.covariates.is_empty());
    told(&other, &["No animal is named"]);
}

const SUBJECTS: &str = "bouts = { file = \"x.csv\", self = [\"Mouse 1\"], other = [\"demo\"] }";

fn of_table(table: &str, settings: &str) -> aon::error::Result<Vec<String>> {
    let folder = Folder::new().arrays("r.npz", &activity()).with("x.csv", table);
    Ok(listed(&folder.session("r.npz", settings)?.bouts))
}

#[test]
fn boris_exports_of_several_versions_are_read() {
    let expected = ["self eat 1.000 2.500", "other groom 3.000 4.000"];
    let aggregated = "Observation id,Observation date,Media file,Total length,FPS,Subject,Behavior,Modifiers,Behavior type,\
                      Start (s),Stop (s),Duration (s),Comment start,Comment stop\n\
                      o,2020-01-01,v.mp4,10.02,25,Mouse 1,eat,,STATE,1.0,2.5,1.5,,\n\
                      o,2020-01-01,v.mp4,10.02,25,Mouse 1,sniff,,POINT,1.5,1.5,NA,,\n\
                      o,2020-01-01,v.mp4,10.02,25,demo,groom,,STATE,3.0,4.0,1.0,,\n";
    assert_eq!(of_table(aggregated, SUBJECTS).unwrap(), expected);
    let old = "Observation id\to\nMedia file(s)\n\nPlayer #1\tv.mp4\n\nTime\tMedia file path\tTotal length\tFPS\tSubject\tBehavior\t\
               Behavioral category\tComment\tStatus\n1.0\tv\t10\t25\tMouse 1\teat\t\t\tSTART\n1.2\tv\t10\t25\tMouse 1\tsniff\t\t\tPOINT\n\
               2.5\tv\t10\t25\tMouse 1\teat\t\t\tSTOP\n3\tv\t10\t25\tdemo\tgroom\t\t\tSTART\n4\tv\t10\t25\tdemo\tgroom\t\t\tSTOP\n";
    assert_eq!(of_table(old, SUBJECTS).unwrap(), expected);
    let new = "Observation id;Subject;Behavior;Behavior type;Time;Media duration (s)\no;Mouse 1;eat;START;1,0;10,05\n\
               o;demo;groom;START;3;10,05\no;Mouse 1;eat;STOP;2,5;10,05\no;demo;groom;STOP;00:00:04.000;10,05\n";
    let settings = SUBJECTS.replace("file", "offset_s = 0.0, file");
    assert_eq!(of_table(new, &settings).unwrap(), expected);
}

#[test]
fn other_columns_clocks_and_names_are_settings() {
    let table = "wer,was,von,bis\nich,essen,25,50\nich,trinken,60,80\ner,pause,1,2\n";
    let settings = r#"
        [bouts]
        file = "x.csv"
        self = ["ich"]
        other = ["ER"]
        columns = { agent = "wer", behaviour = "was", start = "von", stop = "bis" }
        video_rate = 25.0
        offset_s = 0.5
        merge = { consume = ["essen", "trinken"] }
        leave_out = ["pause"]
    "#;
    assert_eq!(of_table(table, settings).unwrap(), ["self consume 1.500 2.500", "self consume 2.900 3.700"]);
    let one = "behaviour,start,end\neat,1,2\n";
    assert_eq!(of_table(one, "bouts = { file = \"x.csv\", agent = \"other\" }").unwrap(), ["other eat 1.000 2.000"]);
    let many = "session,agent,behaviour,start,stop\nr,self,eat,1,2\nq,self,eat,3,4\n";
    assert_eq!(of_table(many, "bouts = { file = \"x.csv\" }").unwrap(), ["self eat 1.000 2.000"]);
}

#[test]
fn labels_of_frames_are_bouts() {
    let label = |i: u32| match i {
        10..20 => 1.0,
        30..35 => 2.0,
        _ => 0.0,
    };
    let labels: Vec<f64> = (0..100).map(label).collect();
    let arrays = [activity(), vec![vector("doing", &labels)]].concat();
    let settings = "bouts = { labels = { self = \"doing\" }, label_names = { 1 = \"eat\", 2 = \"run\" } }";
    let expected = ["self eat 1.000 2.000", "self run 3.000 3.500"];
    let folder = Folder::new().arrays("r.mat", &arrays);
    assert_eq!(listed(&folder.session("r.mat", settings).unwrap().bouts), expected);
    // The same in a table beside it, at the rate of a video.
    let rows: Vec<String> = labels.iter().flat_map(|l| [*l; 3]).map(|l| format!("x,{l}\n")).collect();
    let rows = rows.concat();
    let folder = Folder::new().arrays("r.npz", &activity()).with("x.csv", format!("a,doing\n{rows}"));
    let settings = settings.replace("{ labels", "{ file = \"x.csv\", video_rate = 30.0, labels");
    assert_eq!(listed(&folder.session("r.npz", &settings).unwrap().bouts), expected);
}

#[test]
fn covariates_are_found_as_settings_say() {
    let row = |i: u32| format!("{i},{i},0,0.99,{i},{},{}\n", i + 1, if i == 5 { 0.1 } else { 1.0 });
    let rows = (0..100).map(row).collect::<Vec<_>>().concat();
    let dlc = format!("scorer,D,D,D,D,D,D\nbodyparts,l,l,l,r,r,r\ncoords,x,y,likelihood,x,y,likelihood\n{rows}");
    let folder =
        Folder::new().arrays("r.npz", &activity()).with("dlc.csv", dlc).with("settings/w.csv", "t_ms,v\n0,1\n1,2\n");
    let settings = r#"
        covariates = [
            { name = "pupil", file = "dlc.csv", points = ["l", "r"], likelihood = 0.9, rate = 10.0 },
            { name = "wheel", file = "w.csv", column = "v", time_column = "t_ms", offset_s = 3.0 },
        ]"#;
    let session = folder.session("r.npz", settings).unwrap();
    let [pupil, wheel] = &session.covariates[..] else { panic!("{:?}", session.covariates) };
    assert!(pupil.values[4] == 5.0 && pupil.values[5].is_nan() && pupil.times[7] == 0.7, "{pupil:?}");
    assert_eq!((&wheel.times[..], &wheel.values[..]), (&[3.0, 4.0][..], &[1.0, 2.0][..]));
    let inside = [activity(), vec![vector("run", &[1.0, 2.0]), vector("clock", &[0.0, 9.0])]].concat();
    let folder = Folder::new().arrays("r.npz", &inside);
    let session = folder.session("r.npz", "covariates = [{ name = \"run\", time_column = \"clock\" }]").unwrap();
    assert_eq!(session.covariates[0].times, [0.0, 9.0]);
}

#[test]
fn neurons_are_known_across_sessions() {
    let map = NamedArray::new("cell_to_index_map", ndarray::array![[1.0, 2.0], [0.0, 3.0], [3.0, 0.0]]);
    let folder = Folder::new()
        .arrays("r.npz", &activity())
        .arrays("map.mat", &[map])
        .with("ids.csv", "session,animal,neuron,identity\nr,m,1,A\nq,m,1,B\nr,n,2,C\nr,m,3,D\n");
    let of = |settings: &str| -> Vec<Option<String>> {
        let session = folder.session("r.npz", &format!("source.animal = \"m\"\n{settings}")).unwrap();
        session.neurons.into_iter().map(|n| n.identity).collect()
    };
    let some = |name: &str| Some(name.to_string());
    assert_eq!(of("identities.file = \"ids.csv\""), [some("A"), None, some("D")]);
    assert_eq!(of("identities = { file = \"map.mat\", sessions = { r = 2 } }"), [None, some("cell 1"), some("cell 2")]);
}

#[test]
fn trials_become_bouts_where_there_are_none() {
    let trials = "agent,go,object,cue,movement\nself,1,ring,1,1.5\nother,1,ring,4,4.5\nother,0,ring,6,\n";
    let folder = Folder::new().arrays("r.npz", &activity()).with("r.trials.csv", trials);
    let settings = "trials = { align = \"movement\", window_ms = [-250, 500] }";
    let expected = ["self ring 1.250 2.000 (ring)", "other ring 4.250 5.000 (ring)"];
    assert_eq!(listed(&folder.session("r.npz", settings).unwrap().bouts), expected);
    folder.refused("r.npz", &settings.replace("movement", "touch"), &["`trials.align`", "cue, movement", "touch"]);
    folder.refused("r.npz", "trials.align = \"cue\"", &["both"]);
    folder.refused("r.npz", "trials = { align = \"cue\", window_ms = [5, 5] }", &["`trials.window_ms`"]);
}

#[test]
fn averages_say_what_they_cannot_say() {
    let arrays =
        [NamedArray::new("FR2", values(3, 5)), NamedArray::new("FR10", values(3, 4)), texts("areas", &["A", "B", "B"])];
    let session = Folder::new().arrays("rates.mat", &arrays).session("rates.mat", "").unwrap();
    let Activity::Averages(conditions) = &session.activity else { panic!("{:?}", session.activity) };
    assert_eq!(conditions.iter().map(|c| c.variable.as_str()).collect::<Vec<_>>(), ["FR2", "FR10"]);
    assert_eq!(session.span(), None);
    let error = Framed::new(&session, 0.05).unwrap_err();
    assert!(error.exit_code() == 2 && error.to_string().contains("averages"), "{error}");
    let list = unanswered_by_averages(&session);
    assert!(
        list.len() > 5 && list[0].starts_with("2 conditions of 3 neurons") && list.iter().all(|s| s.ends_with('.'))
    );
    let lines = understood(&[session], 0.05).unwrap().lines();
    assert!(lines.iter().any(|l| l.contains("no verdict")), "{lines:#?}");
    if let Some(path) = shared("real/jerjian2020/Firing_Rates.mat") {
        let session = read(&path, &parsed(""), None).unwrap().remove(0);
        assert!(matches!(&session.activity, Activity::Averages(c) if c.len() == 6));
        assert_eq!(session.neurons.len(), 304);
    }
}

#[test]
fn what_was_understood_is_said() {
    let mut times: Vec<f64> = (0..100).map(|i| f64::from(i) / 10.0).collect();
    for t in &mut times[50..] {
        *t += 5.0;
    }
    let arrays =
        [NamedArray::new("activity", values(3, 100)), vector("times", &times), texts("areas", &["F5", "AIP", "F5"])];
    let folder = Folder::new()
        .arrays("r.npz", &arrays)
        .with("r.bouts.csv", "agent,behaviour,start,stop\nself,eat,1,2\nself,eat,3,3.5\nother,eat,11,12\n")
        .with("r.covariates.csv", "time,pupil\n0,1\n0.5,2\n4.9,3\n")
        .with("r.contexts.csv", "name,start,stop\nalone,0,5\ntogether,10,99\n");
    let session = folder.session("r.npz", "source.animal = \"m\"").unwrap();
    let understood = understood(&[session], 0.05).unwrap();
    let one = &understood.sessions[0];
    assert_eq!((one.neurons, one.areas["F5"], one.frames, one.gaps), (3, 2, 100, 1));
    assert!((one.seconds - 15.0).abs() < 1e-9 && (one.longest_gap_s - 5.1).abs() < 1e-9, "{one:?}");
    assert_eq!((one.bouts[0].count, one.bouts[0].median_s, one.bouts[0].total_s), (2, 0.75, 1.5));
    assert!((one.contexts["together"] - 5.0).abs() < 1e-9, "{one:?}");
    assert!(
        (one.covariates[0].measured - 0.05).abs() < 1e-9 && one.covariates[0].longest_interpolation_s == 0.5,
        "{one:?}"
    );
    let text = understood.lines().join("\n");
    for words in
        ["session r of animal m", "3 neurons (AIP 1, F5 2)", "1 pause, the longest 5.10 s", "eat by self: 2 bouts"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
}
