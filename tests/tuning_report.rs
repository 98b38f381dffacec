//! The report of tuning studies, made-up ones and a small one that is really tested. Pages stay in the build directory
//! (`tuning/*/report.html` under `CARGO_TARGET_TMPDIR`), to be looked at.
#![allow(missing_docs)]

mod common;
mod tuning_studies;

use aon::data::recording::{Activity, Agent, Bout, Framed, Neuron, Session};
use aon::report::tuning::{TuningReport, text, write};
use aon::rng::{Rng, Stream};
use aon::tuning::{
    AlignSettings, Axis, SessionActivity, TuningSettings, TuningStudy, Verdict, candidates, study_session,
};
use ndarray::Array2;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use tuning_studies::{Made, put_together};

const FIGURES: [&str; 5] = ["counts", "power", "classes", "maps", "cells"];

fn report<'a>(
    study: &'a TuningStudy,
    activity: &'a [SessionActivity],
    settings: &'a TuningSettings,
) -> TuningReport<'a> {
    TuningReport { title: "Made-up <study>", choices: &[], study, settings, activity, asked: &[], notes: &[] }
}

/// Writes the report, checks what holds for all, and returns its page.
fn page(name: &str, report: &TuningReport) -> String {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("tuning").join(name);
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).unwrap();
    write(&directory.join("report.html"), report).unwrap();
    let html = std::fs::read_to_string(directory.join("report.html")).unwrap();
    common::assert_well_formed(&html);
    for outside in ["http:", "https:", "src=", "<script", "@import", "url("] {
        assert!(!html.contains(outside), "{name}: the page refers to {outside}");
    }
    let words = without_images(html.split("</style>").nth(1).unwrap());
    for bad in ["NaN", "inf ", "inf<", "inf,", "-0<", "<study>", "<b>"] {
        assert!(!words.contains(bad), "{name}: the page says {bad}");
    }
    for file in std::fs::read_dir(directory.join("figures")).unwrap() {
        let path = file.unwrap().path();
        let svg = std::fs::read_to_string(&path).unwrap();
        common::assert_well_formed(&svg);
        assert!(!svg.contains("var(") && !without_images(&svg).contains("NaN"), "{}", path.display());
        let figure = path.file_stem().unwrap().to_str().unwrap();
        assert_eq!(html.matches(&format!("<figure id=\"{figure}\">")).count(), 1, "{figure}");
        assert_eq!(html.matches(&format!("<title id=\"{figure}-title\">")).count(), 1, "{figure}: text alternative");
    }
    html
}

/// A page without its images, whose bytes may spell anything.
fn without_images(page: &str) -> String {
    let mut parts = page.split("base64,");
    let first = parts.next().unwrap().to_string();
    parts.fold(first, |all, part| all + part.split_once('"').unwrap().1)
}

/// The part of a page under a heading.
fn under<'a>(html: &'a str, heading: &str) -> &'a str {
    let (_, rest) = html.split_once(&format!("<h2>{heading}</h2>")).unwrap_or_else(|| panic!("no {heading}"));
    rest.split("</section>").next().unwrap()
}

fn two_animals() -> Vec<Made> {
    let made = |animal: &str, session: &str| Made { animal: animal.into(), session: session.into(), ..Made::default() };
    vec![made("mouse2", "day1"), made("mouse1", "day2"), made("mouse1", "day1")]
}

#[test]
fn the_verdict_comes_first_and_numbers_stand_beside_what_chance_gives() {
    let settings = TuningSettings::default();
    let (study, activity) = put_together(&two_animals(), &settings);
    let asked = [(2, 5), (0, 0)];
    let choices = [("null".to_string(), "window <60 s>".to_string())];
    let notes = ["A & note.".to_string()];
    let report =
        TuningReport { asked: &asked, choices: &choices, notes: &notes, ..report(&study, &activity, &settings) };
    let html = page("found", &report);
    assert_eq!(study.judgement.verdict, Verdict::Found, "{:?}", study.judgement);
    let lead = html.split("class=\"lead\">").nth(1).unwrap().split("</p>").next().unwrap();
    assert!(lead.starts_with("Mirror neurons were found in 2 of 2 animals"), "{lead}");
    let order = [
        "class=\"lead\"",
        "class=\"numbers\"",
        "id=\"counts\"",
        "Tuned neurons in numbers",
        "id=\"power\"",
        "id=\"classes\"",
        "<h2>Mirror cells",
        "id=\"maps\"",
        "id=\"cells\"",
        "id=\"asked-cells\"",
        "Overlap beyond independence",
        "Stability across sessions",
        "own movements",
        "does it see?",
        "given covariates",
        "What could not be tested",
        "A &amp; note.",
        "window &lt;60 s&gt;",
    ];
    let places: Vec<usize> = order.iter().map(|o| html.find(o).unwrap_or_else(|| panic!("no {o}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
    let table = under(&html, "Tuned neurons in numbers");
    for row in &study.counts {
        let cells =
            [row.tested.to_string(), row.observed.to_string()].map(|n| format!("<td class=\"number\">{n}</td>"));
        assert!(table.contains(&format!("<bdi>{}</bdi></th>{}", row.behaviour, cells.concat())), "{row:?} {table}");
    }
    assert_eq!(table.matches("<tr").count(), study.counts.len() + 1);
    let stability = under(&html, "Stability across sessions");
    assert!(
        stability.contains("Of 59 neurons") && stability.contains("59 have the same class in both: 100 %"),
        "{stability}"
    );
    assert_eq!(html, page("again", &report), "a page is a function of its data");
}

#[test]
fn controls_say_which_labels_fall() {
    let settings = TuningSettings::default();
    let (study, activity) = put_together(&[Made::default()], &settings);
    let html = page("controls", &report(&study, &activity, &settings));
    // Twelve neurons are tuned to observed eating; of these every second rests on movement.
    let movement = under(&html, "Controls: the animal’s own movements");
    assert!(
        movement.contains("12 observation labels") && movement.contains("6 stand") && movement.contains("6 rest"),
        "{movement}"
    );
    assert_eq!(under(&html, "Labels that rest on movement").matches("<tr>").count(), 7);
    let seen = under(&html, "Controls: does it see?");
    assert!(
        seen.contains("tuned to observation</th><td class=\"number\">12</td><td class=\"number\">0</td>"),
        "{seen}"
    );
    // Neuron 1 is tuned to execution, and no longer given the pupil.
    let given = under(&html, "Controls: given covariates");
    assert!(given.contains("1 of 60 change") && given.contains("on what pupil leaves"), "{given}");
    let untested = under(&html, "What could not be tested");
    assert!(untested.contains("rearing") && untested.contains("fewer than 10 bouts"), "{untested}");
    assert!(html.contains("1 neuron could not be tested"));
    let least = under(&html, "How small p can become");
    assert!(least.contains("2.0e−6") && least.contains("<td class=\"number\">118</td>"), "{least}");
}

/// An asterisk has one meaning.
#[test]
fn asterisks_stand_where_q_is_small_and_nowhere_else() {
    let settings = TuningSettings::default();
    let (study, activity) = put_together(&[Made::default()], &settings);
    let html = page("asterisks", &report(&study, &activity, &settings));
    let texts = |svg: &str| -> Vec<String> {
        svg.split("<text")
            .skip(1)
            .map(|t| t.split_once('>').unwrap().1.split('<').next().unwrap().trim().into())
            .collect()
    };
    let body = html.split("</style>").nth(1).unwrap();
    let starred: Vec<String> = texts(body).into_iter().filter(|t: &String| t.contains('*')).collect();
    assert!(starred.len() >= 12 && starred.iter().all(|t| t.ends_with("p &lt; 0.001*")), "{starred:?}");
    assert!(html.contains("An asterisk means q ≤ 0.05"));
}

#[test]
fn nothing_found_comes_with_its_power() {
    let settings = TuningSettings::default();
    let of = |power, tuned| put_together(&[Made { power, tuned, neurons: 200, ..Made::default() }], &settings);
    let (study, activity) = of(10, [0, 5, 0]);
    assert_eq!(study.judgement.verdict, Verdict::Absent);
    let html = page("absent", &report(&study, &activity, &settings));
    assert!(
        html.contains("Mirror neurons are absent at this sensitivity") && html.contains("100 % would be found"),
        "absent"
    );
    assert!(!html.contains("<h2>Mirror cells"));
    let (study, activity) = of(2, [0, 5, 0]);
    assert_eq!(study.judgement.verdict, Verdict::Inconclusive);
    let html = page("inconclusive", &report(&study, &activity, &settings));
    assert!(html.contains("Inconclusive: ") && html.contains("20 % would be found"), "inconclusive");
    let (study, activity) = of(2, [0, 0, 0]);
    let html = page("nothing", &report(&study, &activity, &settings));
    assert!(html.contains("That nothing was found says nothing.") && !html.contains("id=\"power\""));
    assert!(html.contains("id=\"cells\""), "the most surely tuned are shown even so");
}

#[test]
fn one_agent_alone_makes_a_page_without_a_verdict() {
    let settings = TuningSettings::default();
    let made = Made { observed: false, ..Made::default() };
    let (study, activity) = put_together(&[made], &settings);
    let html = page("executed", &report(&study, &activity, &settings));
    assert!(html.contains("no behaviour could be tested both executed and observed"));
    assert!(
        html.contains("not recorded") && html.contains("obs. not tested") && html.contains("Too few observed bouts")
    );
    let words = text(&study, &settings);
    assert!(words.contains("untestable") && words.contains("no neuron is tuned to an executed behaviour"), "{words}");
    let nothing = TuningStudy::new(Vec::new(), &settings);
    let html = page("empty", &report(&nothing, &[], &settings));
    assert!(html.contains("No behaviour could be tested."));
    assert!(!text(&nothing, &settings).contains("NaN"));
}

#[test]
fn names_can_be_long_and_hostile() {
    let settings = TuningSettings::default();
    let long = "a behaviour with a very long name ".repeat(20);
    let made = |animal: &str| Made {
        animal: format!("<b>&\"{animal}\u{202e}\u{1b}[31m"),
        session: "day\n1\0".into(),
        behaviours: vec![long.clone(), "</svg><b>\"&".into(), "食べる🧠".into()],
        prefix: "</text><b>".into(),
        ..Made::default()
    };
    let (study, activity) = put_together(&[made("a"), made("b")], &settings);
    let choices = [("<b>".to_string(), long.clone())];
    let report = TuningReport { choices: &choices, title: "<b>\u{202e}", ..report(&study, &activity, &settings) };
    let html = page("hostile", &report);
    assert!(html.contains("&lt;b&gt;&amp;&quot;a") && html.contains("食べる🧠"));
    let all = html + &text(&study, &settings);
    for bad in ['\u{202e}', '\u{1b}', '\0'] {
        assert!(!all.contains(bad), "{bad:?}");
    }
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let settings = TuningSettings::default();
    let (study, mut activity) = put_together(&[Made::default()], &settings);
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("tuning-refused.html");
    let refused = |report: &TuningReport| {
        let error = write(&path, report).unwrap_err();
        assert!(error.exit_code() == 1 && !path.exists());
        error.to_string()
    };
    let asked = [(0, 60)];
    let words = refused(&TuningReport { asked: &asked, ..report(&study, &activity, &settings) });
    assert!(words.contains("neuron 60 of session 0"), "{words}");
    assert!(refused(&report(&study, &[], &settings)).contains("session `day1` of `mouse1`"));
    activity[0].aligned[0].even = Array2::zeros((3, 3));
    assert!(refused(&report(&study, &activity, &settings)).contains("different neurons"));
}

#[test]
fn the_terminal_says_the_verdict_counts_classes_and_the_bound() {
    let settings = TuningSettings::default();
    let (study, _) = put_together(&two_animals(), &settings);
    let words = text(&study, &settings);
    let lines: Vec<&str> = words.lines().collect();
    assert!(lines[0] == study.judgement.sentence && lines[2].starts_with("agent"), "{words}");
    assert!(lines[2].contains("p < 0.01") && lines[2].contains("expected") && lines[2].contains("q ≤ 0.05"));
    assert_eq!(
        lines.iter().filter(|l| l.starts_with("executed") || l.starts_with("observed")).count(),
        study.counts.len()
    );
    assert!(words.contains("classes  54 self (execution), 18 other (observation), 18 mirror"), "{words}");
    assert!(words.contains("at 0.5 of the executed response: power 9"), "{words}");
}

/// Sixteen neurons, of which four eat and two of them when others eat, too.
fn recorded() -> Session {
    let rng = Rng::new(3, 0, Stream::Synthetic);
    let bout = |agent, start: f64| Bout { agent, behaviour: "eating".into(), start, stop: start + 2.0, object: None };
    let bouts: Vec<Bout> = (0..20)
        .flat_map(|k| [bout(Agent::Own, 5.0 + 20.0 * f64::from(k)), bout(Agent::Other, 14.0 + 20.0 * f64::from(k))])
        .collect();
    let answers = |i: usize, t: f64| {
        let during = |b: &&Bout| (b.start..b.stop).contains(&t);
        bouts.iter().filter(during).any(|b| i < if b.agent == Agent::Own { 4 } else { 2 })
    };
    let values = Array2::from_shape_fn((16, 4200), |(i, t)| {
        let noise = rng.at_step(i as u32).normal(t as u32) as f32;
        noise + 2.0 * f32::from(u8::from(answers(i, t as f64 * 0.1)))
    });
    Session {
        source: "made up".into(),
        animal: "mouse".into(),
        name: "day".into(),
        neurons: (0..16).map(|i| Neuron { name: i.to_string(), ..Neuron::default() }).collect(),
        activity: Activity::Frames { values: values.into(), times: (0..4200).map(|t| f64::from(t) * 0.1).collect() },
        bouts,
        trials: Vec::new(),
        contexts: Vec::new(),
        covariates: Vec::new(),
        remarks: Vec::new(),
    }
}

#[test]
fn a_recording_that_is_really_tested_makes_a_page() {
    let settings = TuningSettings { shifts: 300, most_shifts: 20_000, ..TuningSettings::default() };
    let session = recorded();
    let framed = Framed::new(&session, 0.1).unwrap();
    let stop = AtomicBool::new(false);
    let found = study_session(&session, &framed, &[], 1, 1, &settings, &stop).unwrap().unwrap();
    let axis = Axis::new(&session, &framed).unwrap();
    let kept = candidates(&found, settings.false_discoveries);
    let activity = [SessionActivity::new(&session, &framed, &axis, &kept, &AlignSettings::default())];
    let study = TuningStudy::new(vec![found], &settings);
    let html = page("recorded", &report(&study, &activity, &settings));
    for figure in FIGURES {
        assert!(html.contains(&format!("<figure id=\"{figure}\">")), "{figure}");
    }
    let mirror = under(&html, "Mirror cells");
    assert!(mirror.contains("<bdi>0</bdi>") && mirror.contains("<bdi>1</bdi>"), "{mirror}");
    assert!(html.contains("No covariate was recorded") && html.contains("bouts enough"));
}
