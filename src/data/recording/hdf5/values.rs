//! Values of datasets: numbers, truth values and texts.

use super::fault;
use super::file::{Hdf5, Object};
use crate::error::{Error, Result};
use hdf5_pure::{ChunkIndex, DType, Dataset, Datatype, Layout, VlenStringReadOptions};

/// No array of more values is read, 2³⁰.
const MOST_VALUES: u64 = 1 << 30;
/// No chunk unpacks to more than this, 256 MiB.
const LARGEST_CHUNK: u64 = 1 << 28;
/// Deflate packs at most 1032 bytes into one; a few bytes more are its header.
const DENSEST: u64 = 1032;
const HEADER: u64 = 4096;
/// Values that a file does not hold, but leaves to be filled in, are this many times as many as those that it holds, at most.
const MOST_FILLED: u64 = 4;
/// Arrays of this size need no further reason, 1 MiB.
const SMALL: u64 = 1 << 20;
/// Texts are at most this long together, 256 MiB.
const LONGEST_TEXTS: u64 = 1 << 28;

/// The values of a column.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Column {
    /// Numbers; truth values are 0 and 1.
    Numbers(Vec<f64>),
    /// Texts.
    Texts(Vec<String>),
}

impl Column {
    /// How many there are.
    pub(in super::super) fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Texts(values) => values.len(),
        }
    }

    /// Each as a text.
    pub(in super::super) fn texts(&self) -> Vec<String> {
        match self {
            Self::Numbers(values) => values.iter().map(ToString::to_string).collect(),
            Self::Texts(values) => values.clone(),
        }
    }
}

impl Hdf5 {
    /// The dimensions of a dataset, slowest first.
    ///
    /// # Errors
    /// If it is damaged, or of more values than the file can hold.
    pub(in super::super) fn shape(&self, object: &Object) -> Result<Vec<usize>> {
        let dataset = self.open_dataset(object)?;
        self.plausible(object, &dataset)?;
        let shape = dataset.shape().map_err(|e| self.damaged(&object.path, &e))?;
        Ok(shape.into_iter().map(|d| d as usize).collect())
    }

    /// Whether a dataset holds numbers or truth values.
    ///
    /// # Errors
    /// If it is damaged.
    pub(in super::super) fn is_numeric(&self, object: &Object) -> Result<bool> {
        let dataset = self.open_dataset(object)?;
        let kind = dataset.dtype().map_err(|e| self.damaged(&object.path, &e))?;
        Ok(is_number(&kind))
    }

    /// All values of a dataset in their order.
    ///
    /// # Errors
    /// If they are no numbers and no texts, more than the file can hold, or damaged.
    pub(in super::super) fn column(&self, object: &Object) -> Result<Column> {
        let dataset = self.open_dataset(object)?;
        let damaged = |e| self.damaged(&object.path, &e);
        let kind = dataset.dtype().map_err(damaged)?;
        let elements = self.plausible(object, &dataset)?;
        let column = match kind {
            _ if elements == 0 && is_number(&kind) => Column::Numbers(Vec::new()),
            _ if elements == 0 => Column::Texts(Vec::new()),
            DType::String => Column::Texts(dataset.read_string().map_err(damaged)?),
            DType::VariableLengthString => Column::Texts(self.texts_of(object, &dataset, elements)?),
            _ if is_number(&kind) => Column::Numbers(dataset.read_f64().map_err(damaged)?),
            other => {
                return Err(self.fault(
                    &object.path,
                    "numbers or texts",
                    other.to_string(),
                    "Save them as one of these.",
                ));
            }
        };
        self.check_count(object, column.len() as u64, elements)?;
        Ok(column)
    }

    /// Refuses datasets of which fewer values were stored than their dimensions say.
    fn check_count(&self, object: &Object, found: u64, elements: u64) -> Result<()> {
        if found == elements {
            return Ok(());
        }
        Err(self.fault(&object.path, format!("{elements} values"), found.to_string(), fault::DAMAGED))
    }

    /// All values of a dataset of numbers.
    ///
    /// # Errors
    /// As [`Hdf5::column`], and if they are texts.
    pub(in super::super) fn numbers(&self, object: &Object) -> Result<Vec<f64>> {
        match self.column(object)? {
            Column::Numbers(values) => Ok(values),
            Column::Texts(_) => Err(self.fault(&object.path, "numbers", "texts", "Save them as numbers.")),
        }
    }

    /// The one text of a dataset, where it is one.
    ///
    /// # Errors
    /// As [`Hdf5::column`].
    pub(in super::super) fn text(&self, object: &Object) -> Result<Option<String>> {
        let text = self.column(object)?.texts().into_iter().next().map(|t| t.trim().to_string());
        Ok(text.filter(|t| !t.is_empty()))
    }

    /// The numbers of a dataset of rows, some rows at a time: `take` gets the number of the first, and the values.
    ///
    /// # Errors
    /// As [`Hdf5::numbers`].
    pub(in super::super) fn each_rows(&self, object: &Object, mut take: impl FnMut(usize, &[f64])) -> Result<()> {
        const WINDOW: u64 = 1 << 20;
        let dataset = self.open_dataset(object)?;
        let damaged = |e| self.damaged(&object.path, &e);
        if !is_number(&dataset.dtype().map_err(damaged)?) {
            return Err(self.fault(&object.path, "numbers", "values of another kind", "Save them as numbers."));
        }
        let elements = self.plausible(object, &dataset)?;
        let shape = dataset.shape().map_err(damaged)?;
        let rows = shape.first().copied().unwrap_or(1);
        if elements == 0 || shape.is_empty() {
            return Ok(());
        }
        let chunk = dataset.chunk_shape().map_err(damaged)?.and_then(|c| c.first().copied()).unwrap_or(1).max(1);
        // Whole chunks, so that none is unpacked twice.
        let window = (WINDOW / (elements / rows)).max(1).next_multiple_of(chunk);
        let (mut start, mut count) = (0, 0);
        while start < rows {
            let values = dataset.read_f64_rows(start, window).map_err(damaged)?;
            count += values.len() as u64;
            take(start as usize, &values);
            start = start.saturating_add(window);
        }
        self.check_count(object, count, elements)
    }

    /// Each object that a dataset of references refers to, if all are objects of the file.
    pub(in super::super) fn dereference(&self, object: &Object) -> Option<Vec<hdf5_pure::Object>> {
        let dataset = self.open_dataset(object).ok()?;
        self.plausible(object, &dataset).ok()?;
        dataset.dereference().ok()
    }

    fn open_dataset(&self, object: &Object) -> Result<Dataset> {
        self.dataset(&object.path).map_err(|e| self.damaged(&object.path, &e))
    }

    fn texts_of(&self, object: &Object, dataset: &Dataset, elements: u64) -> Result<Vec<String>> {
        let longest = LONGEST_TEXTS.min(self.length.saturating_mul(DENSEST));
        let options =
            VlenStringReadOptions::new().with_max_elements(elements as usize).with_max_payload_bytes(longest as usize);
        dataset.read_vlen_strings(options).map_err(|e| self.damaged(&object.path, &e))
    }

    /// The number of values, if memory can hold them.
    fn count(&self, object: &Object, shape: &[u64]) -> Result<u64> {
        let count = shape.iter().try_fold(1_u64, |product, d| product.checked_mul(*d)).filter(|c| *c <= MOST_VALUES);
        count.ok_or_else(|| {
            let found = format!("{shape:?}");
            self.fault(
                &object.path,
                format!("at most {MOST_VALUES} values"),
                found,
                "Save only the part that is needed.",
            )
        })
    }

    /// The number of values of a dataset, if the file can hold them: what it stores can unpack to them, and no chunk is larger than
    /// memory should bear.
    fn plausible(&self, object: &Object, dataset: &Dataset) -> Result<u64> {
        let damaged = |e| self.damaged(&object.path, &e);
        let elements = self.count(object, &dataset.shape().map_err(damaged)?)?;
        let bytes = elements.saturating_mul(dataset.element_size().map_err(damaged)?);
        let held = match dataset.layout().map_err(damaged)? {
            Layout::Compact { size } => size,
            Layout::Contiguous { address: Some(_), size } => size.min(self.length),
            Layout::Chunked { chunk_shape, .. } => {
                let chunk = self.chunk_bytes(object, dataset, &chunk_shape)?;
                self.unpacked(object, dataset, chunk)?.saturating_mul(MOST_FILLED)
            }
            _ => 0,
        };
        if bytes > held.max(SMALL) {
            let found = format!("{elements} values ({bytes} bytes), of which {held} bytes can be in it");
            return Err(self.implausible(object, "no more values than the file can hold", found));
        }
        Ok(elements)
    }

    /// The bytes of one unpacked chunk, if memory should bear them.
    fn chunk_bytes(&self, object: &Object, dataset: &Dataset, shape: &[u64]) -> Result<u64> {
        let size = dataset.element_size().map_err(|e| self.damaged(&object.path, &e))?;
        let bytes = shape.iter().try_fold(size, |product, d| product.checked_mul(*d));
        bytes.filter(|b| *b <= LARGEST_CHUNK).ok_or_else(|| {
            let found = bytes.map_or_else(|| format!("{shape:?} values"), |b| format!("{b} bytes"));
            self.implausible(object, &format!("chunks of at most {LARGEST_CHUNK} bytes"), found)
        })
    }

    /// The bytes that all chunks unpack to, if what is stored of each can.
    fn unpacked(&self, object: &Object, dataset: &Dataset, chunk: u64) -> Result<u64> {
        let damaged = |e| self.damaged(&object.path, &e);
        if dataset.chunk_index().map_err(damaged)? == Some(ChunkIndex::BTreeV2) {
            let found = "a B-tree of version 2, as the newest format has for several unlimited dimensions";
            return Err(self.fault(&object.path, "a list of chunks that can be read", found, fault::REPACK));
        }
        let chunks = dataset.chunks().map_err(damaged)?;
        let densest = if dataset.filters().is_empty() { 1 } else { DENSEST };
        let mut stored = 0_u64;
        for one in &chunks {
            if chunk > one.storage_size.saturating_mul(densest).saturating_add(HEADER) {
                let found = format!("one of {} bytes that would unpack to {chunk}", one.storage_size);
                return Err(self.implausible(object, "chunks as gzip or lzf pack them", found));
            }
            stored = stored.saturating_add(one.storage_size);
        }
        if stored > self.length {
            let found = format!("chunks of {stored} bytes in a file of {}", self.length);
            return Err(self.implausible(object, "chunks that do not overlap", found));
        }
        Ok(chunk.saturating_mul(chunks.len() as u64))
    }

    fn implausible(&self, object: &Object, expected: &str, found: String) -> Error {
        let remedy = "The file is damaged, or was packed to harm. If it is neither, write it in smaller chunks: h5repack -l CHUNK=1000x100 FILE SMALLER.";
        self.fault(&object.path, expected, found, remedy)
    }
}

fn is_number(kind: &DType) -> bool {
    use DType::{Enum, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
    match kind {
        F32 | F64 | I8 | I16 | I32 | I64 | U8 | U16 | U32 | U64 | Enum(_) => true,
        DType::Other(other) => matches!(**other, Datatype::FloatingPoint { .. } | Datatype::FixedPoint { .. }),
        _ => false,
    }
}
