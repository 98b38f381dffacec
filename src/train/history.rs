//! `history.csv`: one row per step that was done.

use crate::data::{read_text, write_atomically};
use crate::engine::StepRecord;
use crate::error::{Error, Result};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The header, exactly.
pub const HEADER: &str = "step,loss,data_term,reg_term,grad_norm,seconds";

/// One row. `loss` and `grad_norm` belong to the parameters before the update of `step`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HistoryRow {
    /// The step, from 1.
    pub step: u32,
    /// Data term plus regulariser.
    pub loss: f64,
    /// √E, or E₁ under L1.
    pub data_term: f64,
    /// λ √(‖W‖² + Σ ‖W_in‖²).
    pub reg_term: f64,
    /// Global norm of the gradient before clipping.
    pub grad_norm: f64,
    /// Seconds of training up to this step's record, summed over the parts of an interrupted run.
    pub seconds: f64,
}

impl HistoryRow {
    /// The row of `record`.
    pub fn new(record: &StepRecord, seconds: f64) -> Self {
        let l = record.loss;
        Self {
            step: record.step,
            loss: l.loss,
            data_term: l.data_term,
            reg_term: l.reg_term,
            grad_norm: record.grad_norm,
            seconds,
        }
    }

    /// The row as a line without its end. Losses and norms are written with as many digits as read back the same bits.
    fn to_line(self) -> String {
        let Self { step, loss, data_term, reg_term, grad_norm, seconds } = self;
        format!("{step},{loss},{data_term},{reg_term},{grad_norm},{seconds:.6}")
    }

    fn parse(line: &str) -> Option<Self> {
        let (step, numbers) = line.split_once(',')?;
        let values: Vec<f64> = numbers.split(',').map(|v| v.parse().ok()).collect::<Option<_>>()?;
        let [loss, data_term, reg_term, grad_norm, seconds] = values[..] else { return None };
        Some(Self { step: step.parse().ok()?, loss, data_term, reg_term, grad_norm, seconds })
    }
}

/// The complete rows of a history file, up to a line that a crash cut short.
///
/// # Errors
/// If the file cannot be read or does not begin with [`HEADER`].
pub fn read_history(path: &Path) -> Result<Vec<HistoryRow>> {
    let text = read_text(path)?;
    let mut lines = text.split_inclusive('\n');
    if lines.next().map(str::trim_end) != Some(HEADER) {
        return Err(Error::run(format!("{}: the first line is not `{HEADER}`.", path.display())));
    }
    Ok(lines.map_while(|l| HistoryRow::parse(l.strip_suffix('\n')?)).collect())
}

/// Appends rows, those of a few seconds at once and all of them at [`Self::sync`]. The file is open only then: a batch
/// has more runs than a process may have open files.
#[derive(Debug)]
pub struct HistoryWriter {
    path: PathBuf,
    /// Lines that are not in the file yet.
    pending: String,
    written: Instant,
}

/// Rows wait no longer than this for those that follow.
const ROW_INTERVAL: Duration = Duration::from_secs(2);

impl HistoryWriter {
    /// A file that begins with `rows`, replacing what was there: no rows for a new run, those up to the checkpoint
    /// for a resumed one.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn create(path: &Path, rows: &[HistoryRow]) -> Result<Self> {
        write_atomically(path, |w| {
            writeln!(w, "{HEADER}")?;
            rows.iter().try_for_each(|row| writeln!(w, "{}", row.to_line()))
        })?;
        Ok(Self { path: path.to_path_buf(), pending: String::new(), written: Instant::now() })
    }

    /// Appends one row.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn append(&mut self, row: &HistoryRow) -> Result<()> {
        self.pending.push_str(&row.to_line());
        self.pending.push('\n');
        if self.written.elapsed() < ROW_INTERVAL { Ok(()) } else { self.write(false) }
    }

    /// Returns when the rows are on the disk.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn sync(&mut self) -> Result<()> {
        self.write(true)
    }

    fn write(&mut self, sync: bool) -> Result<()> {
        let write = || {
            let mut file = File::options().append(true).open(&self.path)?;
            file.write_all(self.pending.as_bytes())?;
            if sync { file.sync_data() } else { Ok(()) }
        };
        write().map_err(Error::io("write", &self.path))?;
        self.pending.clear();
        self.written = Instant::now();
        Ok(())
    }
}

/// A training that fails still shows how far it came.
impl Drop for HistoryWriter {
    fn drop(&mut self) {
        if !self.pending.is_empty() {
            let _ = self.write(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(step: u32) -> HistoryRow {
        // The loss of an f32 engine as f64: the digits must bring back exactly these bits.
        let loss = f64::from(65.371_91_f32) / f64::from(step);
        HistoryRow {
            step,
            loss,
            data_term: loss - 1e-3,
            reg_term: 1e-3,
            grad_norm: 17.364_108_821_027_134,
            seconds: 0.5,
        }
    }

    #[test]
    fn rows_come_back_with_the_same_bits_and_a_torn_line_is_left_out() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history.csv");
        let mut writer = HistoryWriter::create(&path, &[row(1)]).unwrap();
        writer.append(&row(2)).unwrap();
        writer.append(&row(3)).unwrap();
        writer.sync().unwrap();
        assert_eq!(read_history(&path).unwrap(), [row(1), row(2), row(3)]);

        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 4]).unwrap();
        assert_eq!(read_history(&path).unwrap(), [row(1), row(2)]);

        HistoryWriter::create(&path, &[row(1)]).unwrap().append(&row(2)).unwrap();
        assert_eq!(read_history(&path).unwrap(), [row(1), row(2)]);
    }

    #[test]
    fn another_csv_file_is_not_taken_for_a_history() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history.csv");
        std::fs::write(&path, "epoch,loss\n1,2\n").unwrap();
        assert!(read_history(&path).unwrap_err().to_string().contains("first line"));
    }
}
