//! A session at a glance: what was recorded when, in few numbers.

use super::framed::Framed;
use super::session::{Activity, Bout, Context, Session};
use crate::error::Result;
use ndarray::Array2;
use rayon::prelude::*;

/// Columns: pieces of time that are alike long.
const COLUMNS: usize = 460;
/// Neurons at most, evenly chosen.
const NEURONS: usize = 150;

/// What was recorded of a session, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// The animal.
    pub animal: String,
    /// The session.
    pub session: String,
    /// From when to when activity was recorded, in s.
    pub span: (f64, f64),
    /// Its contexts.
    pub contexts: Vec<Context>,
    /// Its bouts.
    pub bouts: Vec<Bout>,
    /// All of its neurons.
    pub neurons: usize,
    /// Mean activity of some of them in each column, in standard deviations from their mean, `[neurons × columns]`; NaN where
    /// nothing was recorded, and where a neuron has frames without a number or never changes.
    pub activity: Array2<f32>,
    /// Name and mean in each column of each covariate, `[columns]`; NaN where none was measured.
    pub covariates: Vec<(String, Vec<f64>)>,
}

impl Outline {
    /// Of a session, whose spikes are counted in bins of `bin_s`; `None` for averages, which have no time.
    ///
    /// # Errors
    /// If it has no frames.
    pub fn new(session: &Session, bin_s: f64) -> Result<Option<Self>> {
        if let Activity::Averages(_) = session.activity {
            return Ok(None);
        }
        let framed = Framed::new(session, bin_s)?;
        let last = framed.times.last().copied().unwrap_or_default();
        let span = (framed.times[0], last + framed.interval);
        let columns = COLUMNS.min(framed.frames());
        let column = |time: &f64| (((time - span.0) / (span.1 - span.0) * columns as f64) as usize).min(columns - 1);
        let of_frames: Vec<usize> = framed.times.iter().map(column).collect();
        let neurons = session.neurons.len();
        let rows = neurons.min(NEURONS);
        let row = |k: usize| {
            let values: Vec<f64> = framed.activity.row(k * neurons / rows).iter().map(|v| f64::from(*v)).collect();
            means(&standardised(&values), &of_frames, columns)
        };
        let values: Vec<f32> = (0..rows).into_par_iter().flat_map_iter(row).map(|v| v as f32).collect();
        let covariate = |(c, values): (&super::Covariate, &Vec<f64>)| {
            let measured: Vec<f64> = means(values, &of_frames, columns);
            (c.name.clone(), measured)
        };
        Ok(Some(Self {
            animal: session.animal.clone(),
            session: session.name.clone(),
            span,
            contexts: session.contexts.clone(),
            bouts: session.bouts.clone(),
            neurons,
            activity: Array2::from_shape_vec((rows, columns), values).unwrap_or_default(),
            covariates: session.covariates.iter().zip(&framed.covariates).map(covariate).collect(),
        }))
    }
}

/// Less the mean, over the standard deviation; all NaN where that is no number above 0.
fn standardised(values: &[f64]) -> Vec<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let sd = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    let scale = if sd > 0.0 { sd } else { f64::NAN };
    values.iter().map(|v| (v - mean) / scale).collect()
}

/// The mean of the frames of each column that have a number; NaN where none has.
fn means(values: &[f64], of_frames: &[usize], columns: usize) -> Vec<f64> {
    let mut sums = vec![(0.0, 0_u32); columns];
    for (value, column) in values.iter().zip(of_frames).filter(|(v, _)| v.is_finite()) {
        sums[*column].0 += value;
        sums[*column].1 += 1;
    }
    sums.into_iter().map(|(sum, count)| sum / f64::from(count)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Covariate, Neuron};
    use super::*;

    #[test]
    fn columns_are_means_by_time_and_pauses_are_empty() {
        let times: Vec<f64> = (0..600).chain(1200..1800).map(f64::from).collect();
        let values = Array2::from_shape_fn((3, 1200), |(i, t)| match i {
            0 => {
                if t < 600 {
                    0.0
                } else {
                    2.0
                }
            }
            1 => 7.0,
            _ => {
                if t == 5 {
                    f32::NAN
                } else {
                    t as f32
                }
            }
        });
        let session = Session {
            source: "made up".into(),
            animal: "a".into(),
            name: "s".into(),
            neurons: vec![Neuron::default(); 3],
            activity: Activity::Frames { values: values.into(), times: times.clone() },
            bouts: Vec::new(),
            trials: Vec::new(),
            contexts: Vec::new(),
            covariates: vec![Covariate {
                name: "pupil".into(),
                values: times.iter().map(|t| t + 0.5).collect(),
                times,
            }],
            remarks: Vec::new(),
        };
        let found = Outline::new(&session, 0.1).unwrap().unwrap();
        assert_eq!((found.span, found.neurons, found.activity.dim()), ((0.0, 1800.0), 3, (3, COLUMNS)));
        let row = found.activity.row(0);
        assert!(row[0] == -1.0 && row[COLUMNS - 1] == 1.0 && row[COLUMNS / 2].is_nan(), "{row}");
        assert!(found.activity.row(1).iter().chain(found.activity.row(2)).all(|v| v.is_nan()));
        let pupil = &found.covariates[0].1;
        // Four frames to a column, at their middles: 1, 2, 3, 4.
        assert!((pupil[0] - 2.5).abs() < 1e-9 && pupil[COLUMNS / 2].is_nan(), "{pupil:?}");
    }
}
