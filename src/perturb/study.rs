//! Everything that was found out about one run, and its tables.

use super::{
    Anatomy, CellOutcome, ConsistencyRow, DecodingRow, Lesion, LesionEffect, LesionOutcome, MeasureKey, SeedRow,
};
use crate::analysis::HeldOutSummary;
use crate::analysis::connectivity::{BalanceRow, ConnectionRow};
use crate::analysis::currents::CurrentRow;
use crate::analysis::motifs::MotifRow;
use crate::data::{csv, csv_number, csv_text};
use crate::lab::Subject;

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
    pub outcomes: Vec<LesionOutcome>,
    /// What single cells do, in each manner of lesion that was compared.
    pub cells: Vec<CellOutcome>,
    /// The lesions beside other cells.
    pub effects: Vec<LesionEffect>,
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

/// Texts, then numbers.
fn cells<const T: usize, const N: usize>(texts: [&str; T], numbers: [f64; N]) -> Vec<String> {
    texts.map(csv_text).into_iter().chain(numbers.map(csv_number)).collect()
}

/// The header of `effects.csv`.
const EFFECTS_HEADER: &str = "lesion,area,cell_type,class,size,window,mode,measure,scope,value,control_mean,\
                                  control_low,control_high,p,q,effect_size,matched,superiority";

/// `effects.csv`: the intact network's fit first, then a row per effect. What is undefined is empty.
pub fn effects_csv(study: &Study) -> String {
    let intact = study.intact.iter().map(|(measure, scope, value)| {
        let texts = ["intact", "", "", "", "0", "", "", measure, scope].map(csv_text);
        let numbers = std::iter::once(csv_number(*value)).chain(std::iter::repeat_n(String::new(), 8));
        texts.into_iter().chain(numbers).collect()
    });
    csv(EFFECTS_HEADER, intact.chain(study.effects.iter().map(|row| effect_cells(study, row))))
}

fn effect_cells(study: &Study, row: &LesionEffect) -> Vec<String> {
    let (lesion, key) = (&study.lesions[row.lesion], &study.keys[row.measure]);
    let (size, window, mode) = (row.size.to_string(), lesion.window(&study.subject), lesion.mode.label());
    let texts = [&lesion.name, &lesion.area, &lesion.cell_type, &lesion.class, &size, &window, &mode];
    let mut cells: Vec<String> = texts.into_iter().map(|t| csv_text(t)).collect();
    cells.extend([key.measure, &key.scope].map(csv_text));
    cells.push(csv_number(row.value));
    match &row.comparison {
        None => cells.extend(std::iter::repeat_n(String::new(), 8)),
        Some(c) => {
            cells.extend([c.mean, c.low, c.high, c.p, c.q, c.effect_size].map(csv_number));
            cells.push(if c.matched { "yes" } else { "no" }.into());
            cells.push(csv_number(c.superiority));
        }
    }
    cells
}

/// `decoding.csv`.
pub fn decoding_csv(rows: &[DecodingRow]) -> String {
    let header = "network,readout,scope,trained_on,tested_on,window,time_s,accuracy,auc,chance_low,chance_high";
    let row = |r: &DecodingRow| {
        let (low, high) = r.chance.unwrap_or((f64::NAN, f64::NAN));
        let texts = [&r.network, r.readout, &r.scope, r.trained_on, r.tested_on, &r.window.to_string()];
        cells(texts, [r.seconds, r.score.accuracy, r.score.auc, low, high])
    };
    csv(header, rows.iter().map(row))
}

/// `connectivity.csv`: every pair of blocks.
pub fn connectivity_csv(anatomy: &Anatomy) -> String {
    let header = "pre_area,pre_type,post_area,post_type,possible,density,mean,mean_existing,total,per_neuron";
    let row = |r: &ConnectionRow| {
        let texts = [&r.pre_area, r.pre_type, &r.post_area, r.post_type, &r.possible.to_string()];
        cells(texts, [r.density, r.mean, r.mean_existing, r.total, r.per_neuron])
    };
    csv(header, anatomy.connectivity.connections.iter().map(row))
}

/// `balance.csv`: local against inter-areal and excitatory against inhibitory input of every area.
pub fn balance_csv(anatomy: &Anatomy) -> String {
    let header = "area,local,inter_areal,local_ratio,excitatory,inhibitory,ei_ratio";
    let row = |r: &BalanceRow| {
        cells([&r.area], [r.local, r.inter_areal, r.local_ratio, r.excitatory, r.inhibitory, r.ei_ratio])
    };
    csv(header, anatomy.connectivity.balance.iter().map(row))
}

/// `currents.csv`.
pub fn currents_csv(subject: &Subject, anatomy: &Anatomy) -> String {
    let header = "condition,source,source_type,target,target_type,mean,mean_absolute,sd_in_time,share";
    let row = |r: &CurrentRow| {
        let condition = &subject.conditions[r.condition].name;
        let texts = [condition, &r.source, r.source_type, &r.target, r.target_type];
        cells(texts, [r.mean, r.mean_absolute, r.sd_in_time, r.share])
    };
    csv(header, anatomy.currents.rows.iter().map(row))
}

/// `motifs.csv`.
pub fn motifs_csv(anatomy: &Anatomy) -> String {
    let row =
        |(r, q): (&MotifRow, &f64)| cells([r.motif, &r.count.to_string()], [r.null_mean, r.null_sd, r.z, r.p, *q]);
    csv("motif,count,null_mean,null_sd,z,p,q", anatomy.motifs.iter().zip(&anatomy.motif_q).map(row))
}

/// `recurrence.csv`.
pub fn recurrence_csv(rows: &[RecurrenceRow]) -> String {
    let row = |r: &RecurrenceRow| cells([&r.scope], [r.model, r.input_only, r.model - r.input_only]);
    csv("scope,r2,r2_input_only,needs_recurrence", rows.iter().map(row))
}

/// `seeds.csv`: lesions over runs.
pub fn seeds_csv(lesions: &[Lesion], keys: &[MeasureKey], rows: &[SeedRow]) -> String {
    let header = "lesion,measure,scope,setting,runs,value,value_joint_low,value_joint_high,effect,effect_joint_low,\
                  effect_joint_high,same_sign,superiority,superiority_joint_low,superiority_joint_high,\
                  mean_rank_superiority,p,q";
    let row = |r: &SeedRow| {
        let (key, v, e, s) = (&keys[r.measure], r.value, r.effect, r.superiority);
        let texts = [&lesions[r.lesion].name, key.measure, &key.scope, &r.setting, &r.runs.to_string()];
        let of_cells = [s.mean, s.low, s.high, r.mean_rank_superiority, r.p, r.q];
        let mut row = cells(texts, [v.mean, v.low, v.high, e.mean, e.low, e.high, r.same_sign]);
        row.extend(of_cells.map(csv_number));
        row
    };
    csv(header, rows.iter().map(row))
}

/// `consistency.csv`: pairs of runs.
pub fn consistency_csv(names: &[String], settings: &[String], rows: &[ConsistencyRow]) -> String {
    let row = |r: &ConsistencyRow| {
        let (a, b) = r.runs;
        cells([&names[a], &names[b], &settings[a], &settings[b]], [r.weights, r.effects, r.cells])
    };
    csv("run_a,run_b,setting_a,setting_b,weight_correlation,effect_correlation,cell_correlation", rows.iter().map(row))
}
