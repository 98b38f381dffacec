//! `history.csv`: one row per step that was done.

use super::RunDirectory;
use super::seal::hex;
use crate::data::read_text;
use crate::engine::StepRecord;
use crate::error::{Error, Result};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Write;
use std::path::Path;
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

    /// What of it two runs of the same settings share: all but the clock.
    fn result(self) -> String {
        let line = self.to_line();
        line.rsplit_once(',').map_or(line.clone(), |(result, _)| result.to_string()) + "\n"
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

/// The file.
const HISTORY: &str = "history.csv";

/// The rows of the history of the run in `directory`, none where it has none yet.
///
/// # Errors
/// As [`read_history`].
pub fn read_history_of(directory: &RunDirectory) -> Result<Vec<HistoryRow>> {
    let path = directory.file(HISTORY);
    if path.exists() { read_history(&path) } else { Ok(Vec::new()) }
}

/// The text of a history that holds `rows`.
fn text_of(rows: &[HistoryRow]) -> String {
    rows.iter().fold(format!("{HEADER}\n"), |text, row| text + &row.to_line() + "\n")
}

/// SHA-256 of `rows` without their seconds.
pub(super) fn digest(rows: &[HistoryRow]) -> String {
    hex(&rows.iter().fold(Sha256::new(), |sum, row| sum.chain_update(row.result())).finalize())
}

/// Appends rows, those of a few seconds at once and all of them at [`Self::sync`]. The file is open only then: a batch
/// has more runs than a process may have open files.
#[derive(Debug)]
pub struct HistoryWriter {
    directory: RunDirectory,
    /// Lines that are not in the file yet.
    pending: String,
    /// Of all rows without their seconds, those that are pending too.
    sum: Sha256,
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
    pub fn create(directory: &RunDirectory, rows: &[HistoryRow]) -> Result<Self> {
        directory.write(HISTORY, &text_of(rows))?;
        let sum = rows.iter().fold(Sha256::new(), |sum, row| sum.chain_update(row.result()));
        Ok(Self { directory: directory.clone(), pending: String::new(), sum, written: Instant::now() })
    }

    /// Appends one row.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn append(&mut self, row: &HistoryRow) -> Result<()> {
        self.sum.update(row.result());
        self.pending.push_str(&(row.to_line() + "\n"));
        if self.written.elapsed() < ROW_INTERVAL { Ok(()) } else { self.write(false) }
    }

    /// SHA-256 of all rows until now, without their seconds, so that it is the same of the same run.
    pub fn digest(&self) -> String {
        hex(&self.sum.clone().finalize())
    }

    /// Returns when the rows are on the disk.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn sync(&mut self) -> Result<()> {
        self.write(true)
    }

    /// Writes the rows that wait.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn flush(&mut self) -> Result<()> {
        self.write(false)
    }

    fn write(&mut self, sync: bool) -> Result<()> {
        self.directory.check_place()?;
        let path = self.directory.file(HISTORY);
        let write = || {
            let mut file = File::options().append(true).open(&path)?;
            file.write_all(self.pending.as_bytes())?;
            if sync { file.sync_data() } else { Ok(()) }
        };
        write().map_err(Error::io("write", &path))?;
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
        let parent = tempfile::tempdir().unwrap();
        let directory = RunDirectory::create(&parent.path().join("run"), false).unwrap();
        let path = directory.file(HISTORY);
        let mut writer = HistoryWriter::create(&directory, &[row(1)]).unwrap();
        writer.append(&row(2)).unwrap();
        writer.append(&row(3)).unwrap();
        writer.sync().unwrap();
        assert_eq!(writer.digest(), digest(&[row(1), row(2), row(3)]));
        let later = HistoryRow { seconds: 9.0, ..row(2) };
        assert_eq!(writer.digest(), digest(&[row(1), later, row(3)]));
        assert_ne!(writer.digest(), digest(&[row(1), HistoryRow { loss: 3.0, ..row(2) }, row(3)]));
        assert_eq!(read_history(&path).unwrap(), [row(1), row(2), row(3)]);

        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 4]).unwrap();
        assert_eq!(read_history(&path).unwrap(), [row(1), row(2)]);

        HistoryWriter::create(&directory, &[row(1)]).unwrap().append(&row(2)).unwrap();
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
