//! Everything that was found out about one run, and its tables.

use super::effects::{number, quoted};
use super::{Anatomy, ConsistencyRow, DecodingRow, Effect, Lesion, MeasureKey, Outcome, SeedRow, Subject};
use crate::analysis::HeldOutSummary;

/// A study of one trained network.
#[derive(Clone, Debug)]
pub struct Study {
    /// The network.
    pub subject: Subject,
    /// What was done to it.
    pub lesions: Vec<Lesion>,
    /// What was measured.
    pub keys: Vec<MeasureKey>,
    /// The intact network: (measure, scope, value).
    pub intact: Vec<(&'static str, String, f64)>,
    /// The measures of each lesion and its controls, in the order of the lesions.
    pub outcomes: Vec<Outcome>,
    /// The lesions beside their controls.
    pub effects: Vec<Effect>,
    /// Rates of each lesion, `[C][B][N]`.
    pub lesioned_rates: Vec<Vec<f32>>,
    /// The read-outs of the intact and of every lesioned network.
    pub decoding: Vec<DecodingRow>,
    /// Wiring and currents.
    pub anatomy: Anatomy,
    /// How much of the fit needs recurrence; empty where the run has no input-only baseline.
    pub recurrence: Vec<RecurrenceRow>,
    /// The fit on conditions that were held out of the training.
    pub held_out: Option<HeldOutSummary>,
}

/// The fit of some neurons with and without recurrence.
#[derive(Clone, Debug, PartialEq)]
pub struct RecurrenceRow {
    /// All neurons, an area, a class or a condition.
    pub scope: String,
    /// R² of the trained network.
    pub model: f64,
    /// R² of a network trained with all recurrent weights held at zero.
    pub input_only: f64,
}

/// `decoding.csv`.
pub fn decoding_csv(rows: &[DecodingRow]) -> String {
    let mut csv =
        String::from("network,readout,scope,trained_on,tested_on,window,time_s,accuracy,auc,chance_low,chance_high\n");
    for r in rows {
        let (low, high) = r.chance.unwrap_or((f64::NAN, f64::NAN));
        let texts = [r.network.as_str(), r.readout, &r.scope, r.trained_on, r.tested_on].map(quoted).join(",");
        let numbers = [r.seconds, r.score.accuracy, r.score.auc, low, high].map(number).join(",");
        csv.push_str(&format!("{texts},{},{numbers}\n", r.window));
    }
    csv
}

/// `connectivity.csv`: every pair of blocks, then the balance of every area as rows from `area` to `balance`.
pub fn connectivity_csv(anatomy: &Anatomy) -> String {
    let mut csv =
        String::from("pre_area,pre_type,post_area,post_type,possible,density,mean,mean_existing,total,per_neuron\n");
    for r in &anatomy.connectivity.connections {
        let texts = [r.pre_area.as_str(), r.pre_type, &r.post_area, r.post_type].map(quoted).join(",");
        let numbers = [r.density, r.mean, r.mean_existing, r.total, r.per_neuron].map(number).join(",");
        csv.push_str(&format!("{texts},{},{numbers}\n", r.possible));
    }
    csv
}

/// `balance.csv`: local against inter-areal and excitatory against inhibitory input of every area.
pub fn balance_csv(anatomy: &Anatomy) -> String {
    let mut csv = String::from("area,local,inter_areal,local_ratio,excitatory,inhibitory,ei_ratio\n");
    for r in &anatomy.connectivity.balance {
        let numbers = [r.local, r.inter_areal, r.local_ratio, r.excitatory, r.inhibitory, r.ei_ratio];
        csv.push_str(&format!("{},{}\n", quoted(&r.area), numbers.map(number).join(",")));
    }
    csv
}

/// `currents.csv`.
pub fn currents_csv(subject: &Subject, anatomy: &Anatomy) -> String {
    let mut csv = String::from("condition,source,source_type,target,target_type,mean,mean_absolute,sd_in_time,share\n");
    for r in &anatomy.currents.rows {
        let condition = &subject.conditions[r.condition].name;
        let texts = [condition.as_str(), &r.source, r.source_type, &r.target, r.target_type].map(quoted).join(",");
        let numbers = [r.mean, r.mean_absolute, r.sd_in_time, r.share].map(number).join(",");
        csv.push_str(&format!("{texts},{numbers}\n"));
    }
    csv
}

/// `motifs.csv`.
pub fn motifs_csv(anatomy: &Anatomy) -> String {
    let mut csv = String::from("motif,count,null_mean,null_sd,z,p,q\n");
    for (r, q) in anatomy.motifs.iter().zip(&anatomy.motif_q) {
        let numbers = [r.null_mean, r.null_sd, r.z, r.p, *q].map(number).join(",");
        csv.push_str(&format!("{},{},{numbers}\n", r.motif, r.count));
    }
    csv
}

/// `recurrence.csv`.
pub fn recurrence_csv(rows: &[RecurrenceRow]) -> String {
    let mut csv = String::from("scope,r2,r2_input_only,needs_recurrence\n");
    for r in rows {
        let numbers = [r.model, r.input_only, r.model - r.input_only].map(number).join(",");
        csv.push_str(&format!("{},{numbers}\n", quoted(&r.scope)));
    }
    csv
}

/// `seeds.csv`: lesions over runs.
pub fn seeds_csv(lesions: &[Lesion], keys: &[MeasureKey], rows: &[SeedRow]) -> String {
    let mut csv = String::from(
        "lesion,measure,scope,setting,runs,value,value_low,value_high,effect,effect_low,effect_high,same_sign\n",
    );
    for r in rows {
        let key = &keys[r.measure];
        let texts = [lesions[r.lesion].name.as_str(), key.measure, &key.scope, &r.setting].map(quoted).join(",");
        let (v, e) = (r.value, r.effect);
        let numbers = [v.mean, v.low, v.high, e.mean, e.low, e.high, r.same_sign].map(number).join(",");
        csv.push_str(&format!("{texts},{},{numbers}\n", r.runs));
    }
    csv
}

/// `consistency.csv`: pairs of runs.
pub fn consistency_csv(names: &[String], settings: &[String], rows: &[ConsistencyRow]) -> String {
    let mut csv = String::from("run_a,run_b,setting_a,setting_b,weight_correlation,effect_correlation\n");
    for r in rows {
        let (a, b) = r.runs;
        let texts = [&names[a], &names[b], &settings[a], &settings[b]].map(|t| quoted(t)).join(",");
        csv.push_str(&format!("{texts},{}\n", [r.weights, r.effects].map(number).join(",")));
    }
    csv
}
