//! Recordings that cannot be meant, through the command line: exit code 2, one sentence with file, place, what was expected and
//! found, and what to do; and nothing is written. What can be mended or is merely less is told, and the study goes on.
#![allow(missing_docs)]

mod cli_support;
#[cfg(feature = "hdf5")]
mod nwb_support;
mod recorded_support;

use aon::data::NamedArray;
use cli_support::aon;
use recorded_support::{Folder, activity, npy_of, shared, texts, values, vector};
use std::process::Output;

const HEADER: &str = "agent,behaviour,start,stop\n";
const BORIS: &str = "[recording.bouts]\nfile = \"b.csv\"\n";

/// `aon tuning` in `folder` with few draws, its results in `out`.
fn tuning(folder: &Folder, arguments: &[&str]) -> Output {
    let mut command = aon();
    command.current_dir(folder.0.path()).arg("tuning").args(arguments).args(["--output-dir", "out"]);
    command.output().unwrap()
}

/// What is said of a refusal: by a study, which must leave no trace, and by `--check`.
fn refused(what: &str, folder: &Folder, arguments: &[&str], words: &[&str]) {
    for check in [&[][..], &["--check"]] {
        let output = tuning(folder, &[arguments, check].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        println!("{what}: {said}");
        assert_eq!(output.status.code(), Some(2), "{what}: {said}");
        assert!(
            output.stdout.is_empty() && said.starts_with("error: ") && !said.contains("panicked"),
            "{what}: {said}"
        );
        assert!(said.trim().ends_with(['.', ')']), "{what}: no sentence: {said}");
        for word in words {
            assert!(said.contains(word), "{what}: \"{word}\" is not in: {said}");
        }
        assert!(!folder.path("out").exists(), "{what}: something was written");
    }
}

/// As [`refused`], of the recording `r.npz` and the settings `settings.toml` where there are any; the sentence must have all
/// of its parts.
fn refused_fully(what: &str, folder: &Folder, words: &[&str]) {
    let recording = ["r.npz", "r.nwb", "r.hdf5", "r"].into_iter().find(|name| folder.path(name).exists()).unwrap();
    let settings: &[&str] = if folder.path("settings.toml").exists() { &["--config", "settings.toml"] } else { &[] };
    refused(what, folder, &[&[recording], settings].concat(), &[words, &["expected ", "found "]].concat());
}

fn arrays(more: &[NamedArray]) -> Folder {
    Folder::new().arrays("r.npz", &[&activity()[..], more].concat())
}

fn table(name: &str, text: &str, settings: &str) -> Folder {
    let folder = arrays(&[]).with(name, text);
    if settings.is_empty() { folder } else { folder.with("settings.toml", settings) }
}

#[test]
fn activity_that_is_missing_or_double() {
    let none = Folder::new().arrays("r.npz", &[vector("x", &[1.0])]);
    refused_fully("no activity", &none, &["r.npz: activity", "found x", "`source.activity`"]);
    let two = arrays(&[NamedArray::new("dff", values(3, 100))]);
    refused_fully("two candidates", &two, &["r.npz: activity", "activity, dff", "`source.activity`"]);
    let other = two.with("settings.toml", "[recording.source]\nactivity = \"S\"\n");
    refused_fully(
        "an activity that is not there",
        &other,
        &["r.npz: S", "activity, frame_rate, dff", "`source.activity`"],
    );
}

#[test]
fn bouts_that_cannot_be_meant() {
    let aggregated = "Subject,Behavior,Behavior type,Start (s),Stop (s),Media duration (s)\n";
    let tabular = "Time,Subject,Behavior,Status\n";
    let rows: [(&str, &str, String, &str, &[&str]); 13] = [
        ("no agent", "r.bouts.csv", "behaviour,start,stop\neat,1,2\n".into(), "", &["agent", "`bouts.agent`"]),
        (
            "unknown subject",
            "b.csv",
            format!("{aggregated}Rex,eat,STATE,1,2,10\n"),
            BORIS,
            &["line 2, column Subject", "\"Rex\"", "`bouts.self`", "Add it"],
        ),
        ("unknown subject", "b.csv", format!("{tabular}1,Rex,eat,START\n"), BORIS, &["line 2", "\"Rex\"", "Add it"]),
        ("START without STOP", "b.csv", format!("{tabular}1,self,eat,START\n"), BORIS, &["line 2", "STOP", "BORIS"]),
        ("STOP without START", "b.csv", format!("{tabular}1,self,eat,STOP\n"), BORIS, &["line 2", "START", "BORIS"]),
        ("START twice", "b.csv", format!("{tabular}1,self,eat,START\n2,self,eat,START\n"), BORIS, &["line 3", "BORIS"]),
        ("stop before start", "r.bouts.csv", format!("{HEADER}self,eat,4,3\n"), "", &["line 2", "at 4 s", "Correct"]),
        (
            "beyond the recording",
            "r.bouts.csv",
            format!("{HEADER}self,eat,4,30\n"),
            "",
            &["r.npz: bouts", "0 to 10 s", "4 to 30 s", "`bouts.offset_s`"],
        ),
        (
            "durations",
            "b.csv",
            format!("{aggregated}self,eat,STATE,1,2,10.2\n"),
            BORIS,
            &["b.csv: the video", "10.00 s", "r.npz", "10.20 s", "`offset_s`"],
        ),
        (
            "a column that is not there",
            "b.csv",
            format!("{HEADER}self,eat,1,2\n"),
            "[recording.bouts]\nfile = \"b.csv\"\ncolumns = { agent = \"who\" }\n",
            &["b.csv: who", "agent, behaviour, start, stop", "`bouts.columns`"],
        ),
        (
            "a time that is not there",
            "b.csv",
            format!("{HEADER}self,eat,1,2\n"),
            "[recording.bouts]\nfile = \"b.csv\"\ncolumns = { start = \"from\" }\n",
            &["b.csv: header", "from for start", "`bouts.columns`"],
        ),
        ("an empty table", "r.bouts.csv", String::new(), "", &["r.bouts.csv: header", "an empty file", "Give"]),
        ("a table that is not there", "c.csv", String::new(), BORIS, &["`bouts.file = b.csv`"]),
    ];
    for (what, file, text, settings, words) in rows {
        refused_fully(what, &table(file, &text, settings), words);
    }
    let swapped = [vector("bout_start", &[4.0]), vector("bout_stop", &[2.0]), texts("bout_behaviour", &["eat"])];
    let swapped = arrays(&[&swapped[..], &[texts("bout_agent", &["self"])]].concat());
    refused_fully("stop before start", &swapped, &["r.npz: bout_stop", "at 4 s", "Correct it"]);
    let latin = arrays(&[]).with("r.bouts.csv", b"agent,behaviour,start,stop\nself,fr\xe9,1,2\n");
    refused_fully("no UTF-8", &latin, &["r.bouts.csv, line 2", "0xe9", "UTF-8"]);
    let covariate = "[[recording.covariates]]\nname = \"pupil\"\n";
    let lacking = arrays(&[]).with("settings.toml", covariate);
    refused_fully("a covariate that is not there", &lacking, &["r.npz: pupil", "activity, frame_rate", "`file`"]);
}

#[test]
fn names_that_come_twice() {
    let twice = arrays(&[texts("identities", &["x", "y", "x"])]);
    refused_fully("identities", &twice, &["r.npz: identities", "x for the neurons 1 and 3", "Give them different"]);
    let twice = arrays(&[texts("neurons", &["x", "y", "x"])]);
    refused_fully("neurons", &twice, &["r.npz: neurons", "\"x\" twice", "Rename"]);
    let table = arrays(&[]).with("r.identities.csv", "neuron,identity\n1,x\n2,x\n");
    refused_fully("identities", &table, &["r.npz: identities", "x for the neurons 1 and 2"]);
    let one = [&activity()[..], &[texts("session", &["day"])]].concat();
    let folder = Folder::new().arrays("a.npz", &one).arrays("b.npz", &one);
    let output = tuning(&folder, &["a.npz", "b.npz"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && !folder.path("out").exists(), "{said}");
    for word in ["b.npz: expected each session once", "\"day\"", "a.npz", "Give each recording once"] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn what_is_no_recording() {
    let pickle = b"\x80\x04\x95\x10\0\0\0";
    let object = npy_of("|O", "3, ", pickle);
    let rows: [(&str, &str, &[u8], &[&str]); 9] = [
        ("Zarr", "x.zarr/.zgroup", b"{}", &["x.zarr: folder", "Zarr", "NWBZarrIO"]),
        ("Zarr 3", "x.nwb.zarr/zarr.json", b"{}", &["x.nwb.zarr: folder", "Zarr", "NWBZarrIO"]),
        ("a pickle", "x.pkl", pickle, &["x.pkl: header", "a Python pickle", "np.savez"]),
        ("a pickle of another name", "x.npz", pickle, &["x.npz: header", "a Python pickle", "np.savez"]),
        ("ops.npy", "ops.npy", &object, &["ops.npy: header", "pickle", "never opened", "`source.frame_rate`"]),
        ("objects", "x.npy", &object, &["x.npy: header", "a single NumPy array", "np.savez"]),
        ("an empty file", "x.npz", b"", &["x.npz: header", "an empty file", "Save it again"]),
        ("other things", "x/notes.txt", b"mice", &["x: folder", "a folder of other things", "Give"]),
        ("a table", "x.npz", HEADER.as_bytes(), &["x.npz: header", "a text", "beside a recording"]),
    ];
    for (what, file, content, words) in rows {
        let folder = Folder::new().with(file, content);
        refused(
            what,
            &folder,
            &[file.split('/').next().unwrap()],
            &[words, &["expected a recording", "found "]].concat(),
        );
    }
    let folder = Folder::new().with("x", "");
    std::fs::create_dir(folder.path("empty")).unwrap();
    refused("a folder of nothing", &folder, &["empty"], &["empty: folder", "Give the file"]);
    let words = ["cannot read absent.npz", "No such file"];
    let output = tuning(&folder, &["absent.npz"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && words.iter().all(|w| said.contains(w)), "{said}");
    let suite2p =
        Folder::new().with("r/plane0/spks.npy", &object).with("settings.toml", "[recording.source]\nframe_rate = 1\n");
    refused_fully("objects of suite2p", &suite2p, &["spks.npy: spks", "Python objects", "astype"]);
    let clockless = Folder::new().with("r/plane0/spks.npy", npy_of("<f4", "1, 2", &[0; 8]));
    refused_fully("no clock", &clockless, &["r: frame rate", "`source.frame_rate`", "ops.npy", "never opened"]);
    if let Some(path) = shared("cases/objects.npz") {
        let object = Folder::new().with("r.npz", std::fs::read(path).unwrap());
        refused("objects in an archive", &object, &["r.npz"], &["r.npz"]);
    }
}

/// An archive in which the array `activity` begins with this header.
fn archive(descr: &str, shape: &str, content: &[u8]) -> Folder {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("activity.npy", zip::write::SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut zip, &npy_of(descr, shape, content)).unwrap();
    Folder::new().with("r.npz", zip.finish().unwrap().into_inner())
}

#[test]
fn archives_that_would_harm() {
    let objects = archive("|O", "3, 4", b"\x80\x04");
    refused_fully("objects", &objects, &["r.npz: activity", "Python objects", "astype"]);
    let huge = archive("<f4", "100000, 100000", &[0; 1000]);
    refused_fully("too much", &huge, &["r.npz: activity", "more than 268435456 values", "If the file is not damaged"]);
}

#[test]
fn settings_that_cannot_be_met() {
    let rows: [(&str, &str, &[&str]); 6] = [
        ("an unknown key", "[tuning]\nwindows = 3\n", &["settings.toml, line 2", "`windows`", "expected one of"]),
        ("a value of another kind", "[tuning]\nshifts = \"many\"\n", &["settings.toml, line 2", "expected"]),
        ("no value that can be", "[tuning]\nwindow_s = 0\n", &["`window_s = 0`", "expected a time above 0"]),
        ("of another table", "[rates]\nbin_ms = 0\n", &["`rates.bin_ms = 0`", "expected"]),
        ("no TOML", "[tuning\n", &["settings.toml, line 1", "expected `]`"]),
        ("of the recording", "[recording.source]\nframe_rate = -1\n", &["`source.frame_rate = -1`", "above 0"]),
    ];
    for (what, settings, words) in rows {
        let folder = arrays(&[]).with("settings.toml", settings);
        refused(what, &folder, &["r.npz", "--config", "settings.toml"], words);
    }
    let folder = arrays(&[]).with("settings.toml", b"\xff\xfe[\0");
    refused("bytes", &folder, &["r.npz", "--config", "settings.toml"], &["settings.toml: expected a text in UTF-8"]);
    refused("draws", &arrays(&[]), &["r.npz", "--shifts", "0"], &["--shifts 0", "expected 1 to 20000."]);
}

#[test]
fn an_output_directory_that_is_none_is_refused_at_once() {
    let folder = arrays(&[]).with("out", "a file");
    let output = tuning(&folder, &["r.npz"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), said.as_str()),
        (Some(2), "error: out is no directory. Choose another --output-dir.\n")
    );
    assert_eq!(std::fs::read(folder.path("out")).unwrap(), b"a file");
}

/// A list, one line for each thing that averages cannot say.
#[test]
fn averages_are_told_what_they_cannot_say_and_what_they_can() {
    let words = [
        "found averages over trials",
        "\n  * 2 conditions of 3 neurons",
        "no trials",
        "no bouts",
        "no null distribution, so no p value",
        "no classes (self, other, mirror)",
        "no bound of prevalence and no verdict",
        "no covariates",
        "aon train",
        "aon perturb",
        "give the recording",
    ];
    let all_told = |path: &str, folder: &Folder| {
        let output = tuning(folder, &[path]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(path) && said.matches("\n  * ").count() == 9 && !folder.path("out").exists(), "{said}");
        said
    };
    for file in ["r.mat", "r.npz"] {
        let rates = ["FR1", "FR2"].map(|name| NamedArray::new(name, values(3, 5)));
        let folder = Folder::new().arrays(file, &rates);
        let said = all_told(file, &folder);
        for word in words {
            assert!(said.contains(word), "{word}: {said}");
        }
        let output = tuning(&folder, &[file, "--check"]);
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success() && said.contains("no null distribution") && said.contains("aon perturb"),
            "{said}"
        );
    }
    if let Some(path) = shared("real/jerjian2020/Firing_Rates.mat") {
        assert!(all_told(path.to_str().unwrap(), &Folder::new()).contains("6 conditions of 304 neurons"));
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = arrays(&[]);
    std::fs::set_permissions(folder.path("r.npz"), std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::File::open(folder.path("r.npz")).is_ok() {
        println!("not tested: a file without the permission to read, which this user may read all the same");
        return;
    }
    refused("no permission", &folder, &["r.npz"], &["cannot read r.npz"]);
}

#[cfg(feature = "hdf5")]
mod hdf5 {
    use super::*;
    use hdf5_pure::{AttrValue, FileBuilder};

    fn golden(name: &str, activity: &str) -> Folder {
        let settings = format!("[recording.source]\nactivity = \"{activity}\"\n");
        Folder::new().with("r.nwb", nwb_support::bytes(name)).with("settings.toml", settings)
    }

    /// An NWB file of one unit, and a table of intervals of one row with these columns of text.
    fn nwb(units: bool, columns: &[(&str, &str)], times: (f64, f64)) -> Folder {
        let mut builder = FileBuilder::new();
        builder.set_attr("nwb_version", AttrValue::String("2.7.0".into()));
        if units {
            let mut group = builder.create_group("units");
            group.create_dataset("id").with_i64_data(&[0]);
            group.create_dataset("spike_times").with_f64_data(&[0.5, 4.5, 9.5]);
            group.create_dataset("spike_times_index").with_u8_data(&[3]);
            builder.add_group(group.finish());
        }
        let mut group = builder.create_group("intervals");
        let mut table = group.create_group("acts");
        table.create_dataset("id").with_i64_data(&[0]);
        table.create_dataset("start_time").with_f64_data(&[times.0]);
        table.create_dataset("stop_time").with_f64_data(&[times.1]);
        for (column, text) in columns {
            table.create_dataset(column).with_vlen_strings(&[text]);
        }
        group.add_group(table.finish());
        builder.add_group(group.finish());
        Folder::new().with("r.nwb", builder.finish().unwrap())
    }

    #[test]
    fn nwb_files_that_cannot_be_meant() {
        let acts = [("behaviour", "eat"), ("agent", "self")];
        refused_fully("no activity", &nwb(false, &acts, (1.0, 2.0)), &["r.nwb: activity", "`units`", "Give the file"]);
        let two = Folder::new().with("r.nwb", nwb_support::bytes("calcium"));
        refused_fully("two candidates", &two, &["r.nwb: activity", "Deconvolved", "`source.activity`"]);
        let nobody = nwb(true, &acts[..1], (1.0, 2.0));
        refused_fully("no agent", &nobody, &["r.nwb: intervals/acts", "behaviour", "`bouts.agent`"]);
        let unknown = nwb(true, &[("behaviour", "eat"), ("agent", "Rex")], (1.0, 2.0));
        refused_fully("unknown subject", &unknown, &["intervals/acts", "\"Rex\" in row 0", "`bouts.self`"]);
        refused_fully("stop before start", &nwb(true, &acts, (2.0, 1.0)), &["intervals/acts", "2 to 1 s in row 0"]);
        refused_fully("beyond", &nwb(true, &acts, (2.0, 40.0)), &["r.nwb: bouts", "2 to 40 s", "`bouts.offset_s`"]);
        let elsewhere = golden("elsewhere", "dff1");
        refused_fully("an external link", &elsewhere, &["r.nwb: ", "dff1/data", "\"raw data.h5\"", "link_data"]);
    }

    #[test]
    fn objects_of_caiman_are_not_read_and_it_is_said_how_to_save_them() {
        let mut builder = FileBuilder::new();
        let group = builder.create_group("estimates");
        builder.add_group(group.finish());
        let folder = Folder::new().with("r.hdf5", builder.finish().unwrap());
        refused_fully("CaImAn", &folder, &["r.hdf5: header", "CaImAn", "load_CNMF", "np.savez"]);
    }

    /// A chunk that unpacks to a gigabyte: refused at once, in half a gigabyte of addresses.
    #[test]
    fn a_chunk_that_would_fill_the_memory_is_refused_before_it_is_unpacked() {
        let folder = golden("bomb", "dff1");
        refused_fully("a bomb", &folder, &["dff1/data", "at most 268435456 bytes", "1073741832 bytes", "h5repack"]);
        if !cfg!(target_os = "linux") {
            println!("not tested: how much memory it takes, which only Linux can limit");
            return;
        }
        let mut command = std::process::Command::new("sh");
        let limited = "ulimit -v 524288; exec \"$0\" tuning r.nwb --config settings.toml --check";
        command.current_dir(folder.0.path()).args(["-c", limited, env!("CARGO_BIN_EXE_aon")]);
        let start = std::time::Instant::now();
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains("1073741832 bytes"), "{said}");
        assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    }
}
