//! Encoding models of recordings whose truth is known.

use aon::data::recording::{Activity, Agent, Framed, Session};
use aon::synthetic::recording::{CellClass, Kind, RecordingSynthesis, Shares, SyntheticRecording};
use aon::tuning::{
    Class, EncodingSettings, FamilyChoice, Model, SessionEncoding, TuningSettings, contributions_csv, encode_session,
    encoding_csv, executed_against_observed, reclassed,
};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

fn tuning() -> TuningSettings {
    TuningSettings { shifts: 400, most_shifts: 0, ..TuningSettings::default() }
}

fn encoded(session: &Session, key: u64, settings: &EncodingSettings) -> SessionEncoding {
    // Of counts, fewer lags: Newton's method takes as long as the square of the columns.
    let lags = if matches!(session.activity, Activity::Spikes { .. }) { 1 } else { 4 };
    let framed = Framed::new(session, 0.05).unwrap();
    let tuning = TuningSettings { lags, ..tuning() };
    let found = encode_session(session, &framed, key, &tuning, settings, &AtomicBool::new(false)).unwrap().unwrap();
    assert_eq!(found.why_not, None);
    found
}

fn made(synthesis: &RecordingSynthesis) -> SyntheticRecording {
    SyntheticRecording::generate(synthesis).unwrap()
}

fn share(count: usize, all: usize) -> f64 {
    count as f64 / all as f64
}

/// Nobody is tuned, and the pupil has nothing to do with anything: neither behaviours nor single ones are found more often than promised.
/// `AON_RECORDINGS` asks for another number of recordings.
fn are_rarely_selected(kind: Kind, family: FamilyChoice, recordings: u64, neurons: usize) {
    let (mut selected, mut single, mut fitted, mut tests) = ([0, 0], 0, 0, 0);
    let asked = std::env::var("AON_RECORDINGS").ok().and_then(|n| n.parse::<u64>().ok());
    for seed in 0..asked.unwrap_or(recordings) {
        let settings = RecordingSynthesis { neurons, duration_s: 900.0, ..RecordingSynthesis::stationary(300 + seed) };
        let made = made(&settings.recorded_as(kind));
        let settings = EncodingSettings { family, ..EncodingSettings::default() };
        let found = encoded(&made.sessions[0], seed, &settings);
        for model in found.selected.iter().flatten() {
            selected[0] += usize::from(matches!(model, Model::Executed | Model::Both));
            selected[1] += usize::from(matches!(model, Model::Observed | Model::Both));
            fitted += 1;
        }
        for t in &found.given.as_ref().unwrap().behaviours {
            single += t.p.iter().filter(|p| **p < 0.01).count();
            tests += t.p.iter().filter(|p| !p.is_nan()).count();
        }
    }
    let shares = [share(selected[0], fitted), share(selected[1], fitted), share(single, tests)];
    println!("{kind:?}: selected of {fitted} neurons {shares:.4?}");
    // The goal, and of fewer neurons three standard errors of 0.01 more.
    let most = 0.015_f64.max(0.01 + 3.0 * (0.0099 / fitted as f64).sqrt());
    assert!(shares.iter().all(|s| *s <= most), "{kind:?}: {shares:?}, at most {most}");
}

#[test]
fn regressors_that_do_nothing_are_rarely_selected_for_fluorescence() {
    are_rarely_selected(Kind::Calcium, FamilyChoice::Auto, 2, 100);
}

#[test]
#[ignore = "takes minutes: of deconvolved events as a quasi-likelihood; run it with --ignored"]
fn regressors_that_do_nothing_are_rarely_selected_for_events() {
    are_rarely_selected(Kind::Deconvolved, FamilyChoice::Poisson, 5, 80);
}

#[test]
#[ignore = "takes minutes: of spikes with their history; run it with --ignored"]
fn regressors_that_do_nothing_are_rarely_selected_for_spikes() {
    are_rarely_selected(Kind::Spikes, FamilyChoice::Auto, 2, 80);
}

/// The share of untuned neurons that have a class before covariates are in the model, and with them; what neurons share that covariates
/// leave; and whether the report should warn.
fn driven_by_arousal(of: fn(u64) -> RecordingSynthesis) -> ([f64; 2], f64, bool) {
    let recording = made(&RecordingSynthesis { neurons: 150, ..of(11) });
    let found = encoded(&recording.sessions[0], 5, &EncodingSettings::default());
    let proxy = found.proxy.clone().unwrap();
    println!("{} ({:.2} shared)", proxy.sentence(), proxy.shared());
    let classes = reclassed(&[found], 0.05);
    let labelled = |of: &dyn Fn(&aon::tuning::Reclassed) -> Class| {
        share(
            classes.iter().filter(|c| matches!(of(c), Class::Own | Class::Other | Class::Mirror)).count(),
            classes.len(),
        )
    };
    let changed = classes.iter().filter(|c| c.is_changed()).count();
    let shares = [labelled(&|c| c.before), labelled(&|c| c.given)];
    println!("labelled {shares:.3?}, {changed} changed");
    (shares, proxy.remaining(), proxy.is_poor())
}

#[test]
fn arousal_is_taken_for_tuning_unless_a_good_pupil_is_in_the_model() {
    let ([before, given], remaining, poor) = driven_by_arousal(RecordingSynthesis::arousal);
    assert!(before > 0.2 && given < 0.05 && given < before / 5.0 && !poor, "{before} {given} {remaining}");
    // A pupil that follows arousal late, and is measured with four times as much noise as it varies.
    let ([before, given], remaining, poor) = driven_by_arousal(|seed| {
        let mut settings = RecordingSynthesis::slow_pupil(seed);
        settings.nuisance.arousal.pupil_noise = 4.0;
        settings
    });
    assert!(before > 0.2 && given > before / 4.0 && poor, "{before} {given} {remaining}");
}

/// What is known of spikes whose rates are known: the mutual information rate of executed bouts and counts, to first order in the length of
/// a bin, in bits a second.
fn information(rate: f64, factors: &[(f64, f64)]) -> f64 {
    // (share of the time, factor) of each behaviour; the rest has the factor 1.
    let rest = 1.0 - factors.iter().map(|(share, _)| share).sum::<f64>();
    let all: Vec<(f64, f64)> = factors.iter().copied().chain([(rest, 1.0)]).collect();
    let mean: f64 = all.iter().map(|(share, factor)| share * factor).sum();
    all.iter().map(|(share, factor)| share * rate * factor * (factor / mean).log2()).sum()
}

/// Executing cells: what executed behaviours contribute lies within its interval as often as that promises, and observed ones, which do
/// nothing, contribute nothing.
#[test]
fn contributions_are_recovered() {
    let shares = Shares { execution: 0.6, ..Shares::default() };
    let synthesis = RecordingSynthesis {
        neurons: 60,
        shares,
        duration_s: 1200.0,
        effect: 1.0,
        ..RecordingSynthesis::stationary(21)
    };
    let recording = made(&synthesis.recorded_as(Kind::Spikes));
    // Rates do not follow the past: what history would explain is in the bouts.
    let settings = EncodingSettings { history: 0, ..EncodingSettings::default() };
    let found = encoded(&recording.sessions[0], 3, &settings);
    assert!(found.models[3].bits_per_s.iter().zip(&found.models[0].bits_per_s).filter(|(b, c)| b > c).count() > 30);
    let mut covered = [(0, 0), (0, 0)];
    let (mut detected, mut executing) = (0, 0);
    let mut bias = Vec::new();
    for (i, cell) in recording.truth_of(0).enumerate() {
        let factors: Vec<(f64, f64)> = cell.executed.iter().map(|e| (40.0 * 2.0 / 1200.0, 1.0 + e)).collect();
        let truth = [information(cell.event_rate, &factors), 0.0];
        for (k, truth) in truth.into_iter().enumerate() {
            let c = &found.contributions[k];
            covered[k].0 += usize::from((c.low[i]..=c.high[i]).contains(&truth));
            covered[k].1 += 1;
        }
        if cell.class == CellClass::Execution {
            bias.push(found.contributions[0].bits_per_s[i] / truth[0]);
            executing += 1;
            detected += usize::from(found.contributions[0].p[i] < 0.01);
        }
    }
    bias.sort_by(f64::total_cmp);
    println!(
        "executed {covered:?} covered; {detected} of {executing} detected; median of found / true {:.3}",
        bias[bias.len() / 2]
    );
    // 95 % of 60, less three standard errors; a little more of what cannot be gained, for coefficients are estimated.
    assert!(
        covered.iter().all(|(hit, all)| *hit as f64 >= (0.95 - 3.0 * (0.0475 / *all as f64).sqrt()) * *all as f64),
        "{covered:?}"
    );
    assert!(share(detected, executing) > 0.8);
    let compared = executed_against_observed(std::slice::from_ref(&found), 1000, 1).unwrap();
    let all = compared.all;
    println!("{compared:?}");
    assert!(all.difference.low > 0.0 && all.wilcoxon.p < 1e-3 && all.bootstrap_p < 0.01, "{all:?}");
    assert_eq!(found.matched.as_ref().unwrap().draws, 0, "all bouts are alike");
}

/// Twice as many executed bouts as observed ones: what both contribute differs, unless bouts are matched.
#[test]
fn matched_bouts_are_as_many_and_as_long() {
    let shares = Shares { mirror: 0.8, ..Shares::default() };
    let synthesis = RecordingSynthesis {
        neurons: 60,
        shares,
        effect: 2.0,
        behaviours_per_cell: 2,
        ..RecordingSynthesis::stationary(31)
    };
    let mut recording = made(&synthesis);
    // Every other observed bout is not listed.
    let mut seen = 0;
    recording.sessions[0].bouts.retain(|b| {
        seen += usize::from(b.agent == Agent::Other);
        b.agent == Agent::Own || seen % 2 == 0
    });
    let found = encoded(&recording.sessions[0], 3, &EncodingSettings { matchings: 2, ..EncodingSettings::default() });
    let matched = found.matched.as_ref().unwrap();
    assert!(matched.draws == 2 && matched.pairs > 35.0 && matched.pairs <= 40.0, "{} pairs", matched.pairs);
    let compared = executed_against_observed(&[found], 1000, 1).unwrap();
    println!("{compared:?}");
    let (all, matched) = (compared.all, compared.matched.unwrap());
    assert!(all.difference.low > 0.0, "{all:?}");
    assert!(matched.difference.mean < 0.7 * all.difference.mean, "{matched:?}");
}

/// The same bits again, from what was kept too; tables of every fitted neuron; neurons without numbers are left out.
#[test]
fn encodings_repeat_and_are_kept() {
    let synthesis = RecordingSynthesis { neurons: 12, duration_s: 600.0, ..RecordingSynthesis::stationary(2) };
    let mut recording = made(&synthesis);
    let session = &mut recording.sessions[0];
    let Activity::Frames { values, .. } = &mut session.activity else { unreachable!() };
    let values = Arc::make_mut(values);
    values.row_mut(3).fill(0.5);
    values[[7, 100]] = f32::NAN;
    let session = &recording.sessions[0];
    let found = encoded(session, 9, &EncodingSettings::default());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let again = pool.install(|| encoded(session, 9, &EncodingSettings::default()));
    let text = serde_json::to_string(&found).unwrap();
    assert_eq!(text, serde_json::to_string(&again).unwrap());
    let kept: SessionEncoding = serde_json::from_str(&text).unwrap();
    assert_eq!(text, serde_json::to_string(&kept).unwrap());
    assert_eq!(found.fitted.iter().filter(|f| **f).count(), 10);
    assert_eq!(encoding_csv(std::slice::from_ref(&found)).lines().count(), 1 + 10 * 4);
    assert_eq!(contributions_csv(std::slice::from_ref(&found)).lines().count(), 1 + 10 * 2);
    assert_eq!(found.coefficients.len(), 12 * found.columns.len());
    let stop = AtomicBool::new(true);
    let framed = Framed::new(session, 0.05).unwrap();
    assert!(encode_session(session, &framed, 9, &tuning(), &EncodingSettings::default(), &stop).unwrap().is_none());
    // Nothing that could be encoded is no error.
    let mut empty = session.clone();
    empty.bouts.clear();
    let found = encode_session(&empty, &framed, 9, &tuning(), &EncodingSettings::default(), &AtomicBool::new(false));
    assert!(found.unwrap().unwrap().why_not.is_some());
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let with = |change: fn(&mut EncodingSettings)| {
        let mut settings = EncodingSettings::default();
        change(&mut settings);
        settings.check().unwrap_err().to_string()
    };
    assert!(EncodingSettings::default().check().is_ok());
    assert!(with(|s| s.ridge = -1.0).contains("`ridge = -1`"));
    assert!(with(|s| s.folds = 1).contains("`folds = 1`"));
    assert!(with(|s| s.block_s = f64::NAN).contains("`block_s"));
    assert!(with(|s| s.cosines = 31).contains("`cosines = 31`"));
    assert!(toml::from_str::<EncodingSettings>("family = \"poisson\"\nknots = 3").is_ok());
    assert!(toml::from_str::<EncodingSettings>("foldz = 3").is_err());
}
