//! Columns that explain responses.

use crate::error::{Result, ensure};
use ndarray::Array2;

/// A column that varies by less than this share of its largest value is constant.
const CONSTANT: f64 = 1e-12;

/// Columns over frames, held in standard units: mean 0 and standard deviation 1 over all frames. The constant is not among them.
#[derive(Clone, Debug)]
pub struct Design {
    /// `[P × T]`; 0 where a column is constant.
    standard: Array2<f64>,
    /// `[P]`.
    mean: Vec<f64>,
    /// `[P]`; 1 where a column is constant.
    sd: Vec<f64>,
    constant: Vec<usize>,
}

impl Design {
    /// Of columns `[P][T]`.
    ///
    /// # Errors
    /// If a column has another length than `frames`, or a value that is no number.
    pub fn new(columns: &[Vec<f64>], frames: usize) -> Result<Self> {
        let mut design = Self {
            standard: Array2::zeros((columns.len(), frames)),
            mean: vec![0.0; columns.len()],
            sd: vec![1.0; columns.len()],
            constant: Vec::new(),
        };
        for (k, column) in columns.iter().enumerate() {
            ensure!(
                column.len() == frames,
                "Column {k} of a design: expected {frames} frames, as its responses have, found {}.",
                column.len()
            );
            let strange = column.iter().position(|v| !v.is_finite());
            ensure!(
                strange.is_none(),
                "Column {k} of a design: expected numbers, found {} in frame {}. Leave out frames in which a regressor was not measured.",
                strange.map_or(f64::NAN, |t| column[t]),
                strange.unwrap_or(0)
            );
            design.fill(k, column);
        }
        Ok(design)
    }

    /// The same with further columns behind.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with(&self, columns: &[Vec<f64>]) -> Result<Self> {
        let more = Self::new(columns, self.frames())?;
        let rows = [self.standard.view(), more.standard.view()];
        let standard = ndarray::concatenate(ndarray::Axis(0), &rows).unwrap_or_else(|_| self.standard.clone());
        let constant = more.constant.iter().map(|k| k + self.columns());
        Ok(Self {
            standard,
            mean: [&self.mean[..], &more.mean].concat(),
            sd: [&self.sd[..], &more.sd].concat(),
            constant: self.constant.iter().copied().chain(constant).collect(),
        })
    }

    fn fill(&mut self, k: usize, column: &[f64]) {
        // Scaled, so that no square overflows.
        let largest = column.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
        let mean = column.iter().sum::<f64>() / column.len() as f64;
        let reach = column.iter().fold(0.0_f64, |most, v| most.max((v - mean).abs()));
        self.mean[k] = mean;
        if column.is_empty() || reach <= CONSTANT * largest || !mean.is_finite() {
            self.constant.push(k);
            return;
        }
        let square = column.iter().map(|v| ((v - mean) / reach).powi(2)).sum::<f64>() / column.len() as f64;
        let sd = reach * square.sqrt();
        self.sd[k] = sd;
        self.standard.row_mut(k).iter_mut().zip(column).for_each(|(z, v)| *z = (v - mean) / sd);
    }

    /// P.
    pub fn columns(&self) -> usize {
        self.mean.len()
    }

    /// T.
    pub fn frames(&self) -> usize {
        self.standard.ncols()
    }

    /// The columns that are constant: nothing tells them from the constant, and their coefficients are 0.
    pub fn constant(&self) -> &[usize] {
        &self.constant
    }

    /// In standard units, `[P × T]`.
    pub fn standard(&self) -> &Array2<f64> {
        &self.standard
    }

    /// What a standard unit of each column is in its own, `[P]`.
    pub fn scale(&self) -> &[f64] {
        &self.sd
    }

    /// Constant and coefficients of columns in standard units, in the columns' own.
    pub(super) fn to_own(&self, constant: f64, standard: &[f64]) -> (f64, Vec<f64>) {
        let own: Vec<f64> = standard.iter().zip(&self.sd).map(|(b, sd)| b / sd).collect();
        (constant - own.iter().zip(&self.mean).map(|(b, mean)| b * mean).sum::<f64>(), own)
    }

    /// The inverse of [`Self::to_own`].
    pub(super) fn to_standard(&self, constant: f64, own: &[f64]) -> (f64, Vec<f64>) {
        let at_mean = constant + own.iter().zip(&self.mean).map(|(b, mean)| b * mean).sum::<f64>();
        (at_mean, own.iter().zip(&self.sd).map(|(b, sd)| b * sd).collect())
    }
}
