//! Numbers and names as people read them.

pub(super) use crate::report::parts::words::{distinct, listed, probability, short};

use crate::perturb::{ControlComparison, Lesion, LesionEffect, MeasureKey, SIGNIFICANT, Study};

/// Effect sizes, with a sign.
pub(super) fn signed(value: f64) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    let text = if value.abs() < 9.95 { format!("{value:+.1}") } else { format!("{value:+.0}") };
    if text.trim_start_matches(['+', '-']) == "0.0" { "0.0".into() } else { text.replace('-', "−") }
}

/// What a measure is called in figures.
pub(super) fn measure(name: &str) -> String {
    match name {
        "r2_change" => "ΔR²".into(),
        "rmse_change" => "ΔRMSE".into(),
        "self_other_distance_change" => "Δ self–other distance".into(),
        "saturated_fraction_change" => "Δ saturated fraction".into(),
        "spectral_radius_change" => "Δ spectral radius".into(),
        "kick_remaining" => "kick remaining".into(),
        other => match other.strip_suffix("_change") {
            Some(stem) => format!("Δ {}", stem.replace('_', " ").replace("auc", "AUC")),
            None => other.replace('_', " "),
        },
    }
}

/// What its scope is called.
pub(super) fn scope(name: &str) -> &str {
    if name == "all" { "all neurons" } else { name }
}

/// The measures of what can be read out.
pub(super) const ACCURACIES: [&str; 3] = ["agent_accuracy_change", "go_accuracy_change", "object_accuracy_change"];

/// The number of a measure among `keys`.
pub(super) fn key_number(keys: &[MeasureKey], measure: &str, scope: &str) -> Option<usize> {
    keys.iter().position(|k| k.measure == measure && k.scope == scope)
}

/// The numbers of all scopes of a measure.
pub(super) fn scopes_of(keys: &[MeasureKey], measure: &str) -> Vec<usize> {
    (0..keys.len()).filter(|k| keys[*k].measure == measure).collect()
}

/// How a lesion compares with other cells in a measure, where it was compared.
pub(super) fn compared(study: &Study, lesion: usize, measure: usize) -> Option<(&LesionEffect, &ControlComparison)> {
    let is = |e: &&LesionEffect| e.lesion == lesion && e.measure == measure;
    study.effects.iter().filter(is).find_map(|e| Some((e, e.comparison.as_ref()?)))
}

/// What an asterisk means, in every figure that has one.
pub(super) const ASTERISK: &str = "q < 0.05 of the labels dealt: the rank test of the lesion's cells, each lesioned alone, against \
    labels dealt anew, one-sided, for harm, after Benjamini and Hochberg over all lesions and scopes of the measure; measures are \
    corrected together in the sentences above, not in single asterisks";

/// Whether q of the labels dealt is below 0.05, in the measure by itself: an asterisk, in every figure.
pub(super) fn is_significant(comparison: &ControlComparison) -> bool {
    comparison.q < SIGNIFICANT
}

/// How many neurons of a lesion were compared with control sets: `66`, `35 of 66`, or `0`.
pub(super) fn sizes(study: &Study, lesion: usize) -> String {
    let whole = study.lesions[lesion].neurons.len();
    match &study.outcomes[lesion].controls {
        Some(controls) if !controls.is_whole(whole) => format!("{} of {whole}", controls.drawn.size),
        _ => whole.to_string(),
    }
}

/// How well the network fits, on what it was trained on and on what it was not: without it, nobody can judge what its
/// lesions mean.
pub(super) fn fit_sentence(study: &Study) -> String {
    let of_all = study.intact.iter().find(|(measure, scope, _)| *measure == "r2" && scope == "all");
    let r2 = |value: Option<f64>| value.filter(|v| v.is_finite()).map_or("unknown".into(), |v| short(v, 2));
    let fit = format!("Fit of the intact network: R² {}", r2(of_all.map(|(.., value)| *value)));
    let Some(held_out) = &study.held_out else {
        return format!("{fit}. No condition was held out: nothing is known about generalisation.");
    };
    let count = held_out.conditions.len();
    let noun = if count == 1 { "condition" } else { "conditions" };
    let mut others = Vec::new();
    if let Some(siblings) = &held_out.baseline.siblings {
        others.push(format!("mean of sibling conditions {}", r2(siblings.r2)));
    }
    if let Some(input_only) = &held_out.baseline.input_only {
        others.push(format!("input-only network {}", r2(input_only.r2)));
    }
    let beside = if others.is_empty() { String::new() } else { format!(" ({})", others.join(", ")) };
    format!("{fit}; on {count} held-out {noun}: R² {}{beside}.", r2(held_out.model.r2))
}

/// Names of the lesions, `[lesions]`.
pub(super) fn names(lesions: &[Lesion]) -> Vec<String> {
    lesions.iter().map(|l| l.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effect_sizes_have_a_sign_and_are_never_nan() {
        assert_eq!([2.449, -0.04, -12.4, f64::NAN].map(signed), ["+2.4", "0.0", "−12", "–"]);
    }

    #[test]
    fn unknown_measures_keep_their_words() {
        assert_eq!(measure("go_auc_change"), "Δ go AUC");
        assert_eq!(measure("kick_remaining"), "kick remaining");
    }
}
