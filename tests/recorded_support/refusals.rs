//! What is wrong with a recording is said in a sentence, or mended and told.

use crate::recorded_support::{Folder, activity, listed, npy, npy_of, parsed, shared, texts, told, values, vector};
use aon::data::NamedArray;
use aon::data::recording::{Flaw, RecordingSettings, read};

const PLAIN: &str = "bouts.file = \"x.csv\"";

fn with_arrays(more: &[NamedArray]) -> Folder {
    Folder::new().arrays("r.npz", &[&activity()[..], more].concat())
}

/// `table` as `x.csv` beside a recording of ten seconds must be refused with all `words`.
fn table(table: &str, settings: &str, words: &[&str]) {
    with_arrays(&[]).with("x.csv", table).refused("r.npz", settings, &[&["x.csv"], words].concat());
}

#[test]
fn tables_of_bouts_that_contradict_themselves() {
    let header = "agent,behaviour,start,stop\n";
    table(&format!("{header}self,eat,1,2\nMouse 3,eat,3,4\n"), PLAIN, &["line 3", "\"Mouse 3\"", "bouts.self"]);
    table("behaviour,start,stop\neat,1,2\n", PLAIN, &["agent", "behaviour, start, stop", "bouts.agent"]);
    table(&format!("{header}self,eat,4,3\n"), PLAIN, &["line 2", "start at 4 s and a stop at 3 s"]);
    table(&format!("{header}self,eat,1,\n"), PLAIN, &["line 2, column stop", "found nothing"]);
    table(&format!("{header}self,eat,one,2\n"), PLAIN, &["line 2, column start", "\"one\""]);
    table(&format!("{header}self,,1,2\n"), PLAIN, &["line 2, column behaviour"]);
    table(&format!("{header}self,eat, slowly,1,2\n"), PLAIN, &["line 2", "4 cells", "quotes"]);
    table("agent,behaviour,onset\nself,eat,1\n", PLAIN, &["header", "start and stop", "\"agent,behaviour,onset\""]);
    table("", PLAIN, &["an empty file"]);
    let begin = "bouts = { file = \"x.csv\", columns = { begin = \"start\" } }";
    with_arrays(&[]).with("x.csv", header).refused("r.npz", begin, &["`bouts.columns`", "`begin`"]);
    let many = "session,agent,behaviour,start,stop\np,self,eat,1,2\nq,self,eat,3,4\n";
    table(many, PLAIN, &["column session", "\"r\"", "\"p\", \"q\"", "source.session"]);
}

#[test]
fn boris_starts_without_stops() {
    let header = "Time,Subject,Behavior,Status\n";
    for (rows, words) in [
        ("1,self,eat,START\n", &["line 2", "START of eat at 1 s without"][..]),
        ("1,self,eat,STOP\n", &["line 2", "STOP of eat at 1 s without"]),
        ("1,self,eat,START\n2,self,eat,START\n3,self,eat,STOP\n", &["line 2", "second START", "line 3"]),
        ("1,self,eat,START\n2,other,eat,STOP\n", &["line 3", "without one"]),
        ("3,self,eat,START\n2,self,eat,STOP\n", &["line 3", "3 s", "2 s"]),
        ("3,self,eat,MAYBE\n", &["line 2, column Status", "START, STOP or POINT", "\"MAYBE\""]),
        ("1,No focal subject,eat,POINT\n", &["line 2", "no subject", "`bouts.agent`"]),
    ] {
        table(&format!("{header}{rows}"), PLAIN, words);
    }
}

#[test]
fn bouts_and_recording_that_do_not_fit() {
    let header = "agent,behaviour,start,stop\n";
    let folder = with_arrays(&[]).with("r.bouts.csv", format!("{header}self,eat,1,12\n"));
    folder.refused("r.npz", "", &["r.npz", "0 to 10 s", "1 to 12 s", "`bouts.offset_s`"]);
    folder.refused("r.npz", "bouts.offset_s = -2.0", &["-1 to 10 s"]);
    // By a hundredth it may be: clocks differ.
    let folder = folder.with("r.bouts.csv", format!("{header}self,eat,9,10.05\nself,eat,10.02,10.04\n"));
    let session = folder.session("r.npz", "").unwrap();
    assert_eq!(listed(&session.bouts), ["self eat 9.000 10.000"]);
    told(&session, &["2 bouts", "cut"]);
    let rows = "self,eat,3,4\nself,eat,1,3.5\nself,eat,4,5\nother,eat,1,2\nself,run,1,1\n";
    let session = folder.with("r.bouts.csv", format!("{header}{rows}")).session("r.npz", "").unwrap();
    assert_eq!(listed(&session.bouts).len(), 3);
    told(&session, &["1 bout of eat by self", "overlapping"]);
    told(&session, &["1 bout without length"]);
}

#[test]
fn durations_that_differ() {
    let aggregated = |seconds: f64| {
        format!("Subject,Behavior,Behavior type,Start (s),Stop (s),Media duration (s)\nself,eat,STATE,1,2,{seconds}\n")
    };
    table(&aggregated(10.2), PLAIN, &["the video", "10.00 s", "10.20 s", "r.npz", "`offset_s`"]);
    let session = with_arrays(&[]).with("x.csv", aggregated(10.05)).session("r.npz", PLAIN).unwrap();
    assert_eq!(session.bouts.len(), 1);
    let offset = "bouts = { file = \"x.csv\", offset_s = 0.5 }";
    told(&with_arrays(&[]).with("x.csv", aggregated(99.0)).session("r.npz", offset).unwrap(), &["99.00 s", "10.00 s"]);
    let covariate = "covariates = [{ name = \"v\", file = \"x.csv\", rate = 1.0 }]";
    table("v\n1\n2\n", covariate, &["the covariate v", "2.00 s", "10.00 s"]);
    let times: Vec<f64> = (0..100).map(|i| f64::from(i) / 20.0).collect();
    with_arrays(&[vector("times", &times)]).refused("r.npz", "", &["frame_rate", "5.00 s", "10.00 s"]);
    let labels = with_arrays(&[vector("doing", &[0.0; 90])]);
    labels.refused(
        "r.npz",
        "bouts.labels.self = \"doing\"",
        &["doing", "100 labels", "90 labels", "`bouts.video_rate`"],
    );
}

#[test]
fn activity_that_is_missing_double_or_misshapen() {
    let of = |arrays: &[NamedArray], settings: &str, words: &[&str]| {
        Folder::new().arrays("r.npz", arrays).refused("r.npz", settings, words);
    };
    let two = NamedArray::new("dff", values(3, 100));
    of(&[vector("x", &[1.0])], "", &["activity", "found x", "`source.activity`"]);
    with_arrays(&[two]).refused("r.npz", "", &["activity, dff", "`source.activity`"]);
    with_arrays(&[]).refused("r.npz", "source.activity = \"S\"", &["S", "activity, frame_rate"]);
    of(&activity()[..1], "", &["times", "`source.frame_rate`"]);
    with_arrays(&[vector("times", &[0.0, 1.0])]).refused("r.npz", "", &["[neurons × 2]", "[3×100]"]);
    with_arrays(&[texts("areas", &["A", "B"])]).refused("r.npz", "", &["[2 × frames]", "[3×100]"]);
    let still: Vec<f64> = (0..100).map(|i| f64::from(i / 2)).collect();
    with_arrays(&[vector("times", &still)]).refused("r.npz", "", &["times", "ascend", "0 at place 2"]);
    of(&[vector("activity", &[1.0, 2.0])], "source.frame_rate = 1.0", &["[neurons × frames]", "[2]"]);
    let spikes = vector("spike_times", &[1.0, 2.0]);
    of(std::slice::from_ref(&spikes), "", &["spike_units"]);
    of(&[spikes.clone(), vector("spike_index", &[1.0, 3.0])], "", &["spike_index", "3 for unit 2"]);
    of(&[spikes.clone(), vector("spike_index", &[1.0])], "", &["spike_index", "2 for the last unit"]);
    of(
        &[spikes.clone(), vector("spike_units", &[1.0, 2.0]), texts("areas", &["A"])],
        "",
        &["areas", "2 texts", "spike_index"],
    );
    of(&[spikes, vector("spike_units", &[1.0, 2.0]), vector("span", &[2.0, 1.0])], "", &["span", "2 and 1"]);
    with_arrays(&[vector("bout_start", &[1.0]), vector("bout_stop", &[2.0]), texts("bout_behaviour", &["eat"])])
        .refused("r.npz", "", &["bout_agent", "`bouts.agent`"]);
}

#[test]
fn neurons_that_say_nothing_are_kept_and_told() {
    let mut odd = values(4, 100);
    odd[[1, 7]] = f32::NAN;
    odd.row_mut(3).fill(2.0);
    let folder = Folder::new().arrays("r.npz", &[NamedArray::new("activity", odd), vector("frame_rate", &[10.0])]);
    let session = folder.session("r.npz", "").unwrap();
    assert_eq!(session.flaws(), [None, Some(Flaw::NotFinite(1)), None, Some(Flaw::Constant)]);
    told(&session, &["1 neuron of 4", "NaN", "(2)"]);
    told(&session, &["never change", "(4)"]);
}

#[test]
fn names_that_come_twice() {
    with_arrays(&[texts("neurons", &["a", "b", "a"])]).refused("r.npz", "", &["neurons", "\"a\" twice"]);
    with_arrays(&[texts("identities", &["x", "y", "x"])]).refused("r.npz", "", &["x for the neurons 1 and 3"]);
    let beside = |text: &str| with_arrays(&[]).with("r.neurons.csv", text);
    beside("neuron,identity\n1,x\n1,y\n").refused("r.npz", "", &["line 3", "line 2"]);
    beside("neuron,identity\n9,x\n").refused("r.npz", "", &["line 2", "3 neurons", "\"9\""]);
    let map =
        |rows: ndarray::Array2<f64>| with_arrays(&[]).arrays("map.npz", &[NamedArray::new("cell_to_index_map", rows)]);
    let settings = "identities = { file = \"map.npz\", sessions = { r = 1 } }";
    map(ndarray::array![[1.0], [1.0]]).refused("r.npz", settings, &["at most once", "row 2"]);
    map(ndarray::array![[4.0]]).refused("r.npz", settings, &["3 neurons", "4 in row 1"]);
    map(ndarray::array![[1.5]]).refused("r.npz", settings, &["1.5 in row 1"]);
    map(ndarray::array![[1.0]]).refused("r.npz", &settings.replace('1', "2"), &["columns from 1 to 1", "column 2"]);
    map(ndarray::array![[1.0]]).refused("r.npz", &settings.replace("r =", "q ="), &["\"r\"", "found q"]);
    with_arrays(&[]).with("r.covariates.csv", "time,p,p\n0,1,2\n").refused("r.npz", "", &["\"p\" twice"]);
}

#[test]
fn contexts_that_overlap_or_lie_elsewhere() {
    let of = |rows: &str, words: &[&str]| {
        with_arrays(&[]).with("r.contexts.csv", format!("name,start,stop\n{rows}")).refused("r.npz", "", words);
    };
    of("b,4,9\na,0,5\n", &["\"a\" from 0 to 5 s and \"b\" from 4 to 9 s", "overlap"]);
    of("a,5,5\n", &["\"a\" from 5 to 5 s"]);
    of("a,20,30\n", &["0 to 10 s", "20 to 30 s"]);
    let settings = "contexts = [{ name = \"a\", start = 0.0, stop = 2.0 }]";
    let folder = with_arrays(&[]).with("r.bouts.csv", "agent,behaviour,start,stop\nself,eat,1,3\n");
    told(&folder.session("r.npz", settings).unwrap(), &["1 bout not within one context"]);
}

#[test]
fn what_is_no_recording() {
    let pickle = b"\x80\x04\x95\x10\0\0\0";
    let folder = Folder::new()
        .with("z.zarr/.zgroup", "{}")
        .with("empty/readme.txt", "nothing")
        .with("a.pkl", pickle)
        .with("b.dat", pickle)
        .with("s/suite2p/plane0/ops.npy", npy_of("|O", "", pickle))
        .with("s/suite2p/plane0/spks.npy", npy_of("|O", "3, ", pickle))
        .with("n.csv", "agent,behaviour,start,stop\n")
        .with("q.bin", b"\0\x01\x02\x03 something else \xff\xfe")
        .with("none", b"")
        .arrays("r.npz", &activity());
    folder.refused("z.zarr", "", &["z.zarr", "Zarr", "NWBZarrIO"]);
    folder.refused("empty", "", &["a folder of other things"]);
    folder.refused("a.pkl", "", &["pickle", "np.savez"]);
    folder.refused("b.dat", "", &["pickle", "np.savez"]);
    folder.refused("s/suite2p/plane0/ops.npy", "", &["pickle", "never opened", "`source.frame_rate`"]);
    folder.refused("s/suite2p/plane0/spks.npy", "", &["single NumPy array", "the folder"]);
    folder.refused("s", "source.frame_rate = 1.0", &["spks.npy", "Python objects"]);
    folder.refused("n.csv", "", &["n.csv", "a text", "beside a recording"]);
    folder.refused("q.bin", "", &["q.bin"]);
    folder.refused("none", "", &["an empty file"]);
    let missing = read(&folder.path("absent"), &RecordingSettings::default(), None).unwrap_err();
    assert_eq!(missing.exit_code(), 2);
    folder.refused("r.npz", PLAIN, &["`bouts.file = x.csv`", "x.csv"]);
    if let Some(path) = shared("cases/objects.npz") {
        let error = read(&path, &RecordingSettings::default(), None).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{error}");
    }
}

#[test]
fn an_object_array_of_an_archive_is_never_unpacked() {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("activity.npy", zip::write::SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut zip, &npy_of("|O", "3, 4", b"\x80\x04")).unwrap();
    let folder = Folder::new().with("r.npz", zip.finish().unwrap().into_inner());
    folder.refused("r.npz", "source.frame_rate = 1.0", &["activity", "Python objects"]);
}

#[cfg(feature = "hdf5")]
#[test]
fn hdf5_files_of_other_kinds_say_what_to_do() {
    let folder = Folder::new();
    let written = |name: &str, group: &str| {
        let mut builder = hdf5_pure::FileBuilder::new();
        let group = builder.create_group(group);
        builder.add_group(group.finish());
        builder.write(folder.path(name)).unwrap();
    };
    written("caiman.hdf5", "estimates");
    written("other.h5", "things");
    folder.refused("caiman.hdf5", "", &["caiman.hdf5", "CaImAn", "load_CNMF", "np.savez"]);
    folder.refused("other.h5", "", &["other.h5", "with things", "np.savez"]);
}

#[test]
fn settings_that_cannot_be_met() {
    for (settings, words) in [
        ("source.frame_rate = 0.0", "`source.frame_rate = 0`"),
        ("source.bin_ms = -1.0", "`source.bin_ms = -1`"),
        ("bouts.video_rate = inf", "`bouts.video_rate = inf`"),
        ("bouts.offset_s = nan", "`bouts.offset_s = NaN`"),
        ("covariates = [{ rate = 1.0 }]", "`name`"),
        ("covariates = [{ name = \"a\" }, { name = \"a\" }]", "`a` twice"),
        ("bouts.merge = { a = [\"x\"], b = [\"x\"] }", "\"x\""),
    ] {
        with_arrays(&[]).refused("r.npz", settings, &[words]);
    }
    let folder = with_arrays(&[]).with("r.bouts.csv", "agent,behaviour,start,stop\nself,eat,1,2\n");
    told(&folder.session("r.npz", "bouts.leave_out = [\"eta\"]").unwrap(), &["\"eta\"", "`bouts.leave_out`"]);
}

#[test]
fn a_file_of_settings_is_parsed_and_typing_errors_are_named() {
    let text = r#"
        [source]
        animal = "M1"
        frame_rate = 30.0
        [bouts]
        file = "boris.csv"
        self = ["mouse 1"]
        merge = { eat = ["bite", "chew"] }
        labels = { self = "a", other = "b" }
        [trials]
        align = "movement"
        window_ms = [-250, 500]
        events = { 3 = "cue" }
        [[contexts]]
        name = "alone"
        start = 0.0
        stop = inf
        [[covariates]]
        name = "pupil"
        file = "dlc.csv"
        points = ["left", "right"]
        [identities]
        file = "map.mat"
        sessions = { day1 = 1 }
    "#;
    let settings = parsed(text);
    assert_eq!((settings.source.bin_ms, settings.source.accepted_only, settings.bouts.own.len()), (50.0, true, 1));
    assert_eq!((settings.contexts[0].stop, settings.identities.sessions["day1"]), (f64::INFINITY, 1));
    for (wrong, key) in [
        ("source.animals = \"M1\"", "animals"),
        ("bouts.agents = \"self\"", "agents"),
        ("bouts.agent = \"me\"", "me"),
        ("trials.window = [0, 1]", "window"),
        ("contexts = [{ name = \"a\", from = 0 }]", "from"),
        ("covariates = [{ name = \"a\", hz = 0 }]", "hz"),
        ("neurons = 3", "neurons"),
    ] {
        let error = toml::from_str::<RecordingSettings>(wrong).unwrap_err().to_string();
        assert!(error.contains(key), "{error}");
    }
}

#[test]
fn suite2p_arrays_that_do_not_fit() {
    let folder =
        Folder::new().with("F.npy", npy(&values(3, 9).into_dyn())).with("Fneu.npy", npy(&values(3, 8).into_dyn()));
    folder.refused("", "source.frame_rate = 1.0", &["spks.npy", "source.activity"]);
    folder.refused("", "source = { frame_rate = 1.0, activity = \"F\" }", &["Fneu", "[3×9]", "[3×8]"]);
    folder.refused("", "source = { frame_rate = 1.0, activity = \"C\" }", &["`source.activity = C`"]);
    let none = [0_f64.to_le_bytes(); 6].concat();
    let folder =
        folder.with("spks.npy", npy(&values(3, 9).into_dyn())).with("iscell.npy", npy_of("<f8", "3, 2", &none));
    folder.refused("", "source.frame_rate = 1.0", &["neurons", "at least one", "accepted_only"]);
    folder.refused("", "source.frame_rate = 1.0\nbouts.labels.self = \"a\"", &["`bouts.labels`", "suite2p"]);
    folder.refused("", "source.frame_rate = 1.0\ncovariates = [{ name = \"a\" }]", &["covariate `a`", "suite2p"]);
    let folder = folder.with("iscell.npy", npy_of("<f8", "2, 3", &none));
    folder.refused("", "source.frame_rate = 1.0", &["iscell", "3 rows", "[2×3]"]);
}
