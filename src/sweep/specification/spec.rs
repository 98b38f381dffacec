//! A sweep as its file states it.

use super::conduct::{Confirm, Halving, Keep, Objective, count_value, read_seeds, seeds_value};
use super::exclude::Exclusion;
use super::fields::{Fields, within};
use super::keys::Keys;
use super::nearest::nearest;
use super::points::Drawing;
use super::space::{Block, drawn, grid, listed, together};
use crate::config::{Config, Preset};
use crate::data::{read_text, toml_fault};
use crate::error::{Error, Result, ensure};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Version of what settings mean in bits. It is raised when the same settings, data and seed come to give other numbers, so
/// that runs of before are not taken for runs of now: it is part of every [run's hash](super::run_hash).
pub const NUMERICS: u32 = 1;

/// All that a specification may hold; the last two stand in the copy that a sweep keeps of it.
const SECTIONS: [&str; 14] = [
    "objective",
    "base",
    "seeds",
    "grid",
    "list",
    "random",
    "sobol",
    "together",
    "exclude",
    "halving",
    "confirm",
    "keep",
    "numerics",
    "files",
];

/// A sweep as its file states it: settings that vary, seeds, and what is done with the runs.
///
/// Sections multiply. Within a section, settings go by the order of their names, not of the lines.
#[derive(Clone, Debug)]
pub struct Specification {
    /// Where it comes from, as errors name it.
    pub origin: PathBuf,
    /// What settings are ranked by.
    pub objective: Objective,
    /// The settings that all runs have, unless a section gives others; paths are absolute.
    pub base: Config,
    /// The seeds of every setting.
    pub seeds: Vec<u64>,
    /// Successive halving, if it is asked for.
    pub halving: Option<Halving>,
    /// Confirmation on fresh seeds, if it is asked for.
    pub confirm: Option<Confirm>,
    /// What is kept of the runs.
    pub keep: Keep,
    /// SHA-256 of the input files when the sweep began; empty unless this is the copy that the sweep keeps.
    pub files: BTreeMap<PathBuf, String>,
    pub(super) blocks: Vec<Block>,
    pub(super) exclusions: Vec<Exclusion>,
    /// All of it, resolved: the base whole, paths absolute, values as configurations hold them.
    pub(super) document: Table,
}

impl Specification {
    /// Reads a specification. Paths in it are relative to the working directory, as those of configuration files are.
    ///
    /// # Errors
    /// If the file cannot be read, or as [`Self::parse`].
    pub fn read(path: &Path) -> Result<Self> {
        Self::parse(&read_text(path)?, path)
    }

    /// The specification in `text`; `origin` is how errors name it.
    ///
    /// # Errors
    /// If it is not TOML, or holds a section, a setting or a value that there is not. The sentence says where.
    pub fn parse(text: &str, origin: &Path) -> Result<Self> {
        let document: Table = toml::from_str(text).map_err(|e: toml::de::Error| {
            let (line, message) = toml_fault(&e, text);
            Error::input(format!("{}, line {}: {message}.", origin.display(), line.unwrap_or(1)))
        })?;
        Self::from_table(document, origin).map_err(within(&origin.display().to_string()))
    }

    /// What the sweep is called: its file without the ending.
    pub fn name(&self) -> String {
        self.origin.file_stem().map_or_else(|| "sweep".into(), |stem| stem.to_string_lossy().into_owned())
    }

    /// The fresh seeds on which the best settings are trained again; none without `[confirm]`.
    pub fn confirm_seeds(&self) -> &[u64] {
        self.confirm.as_ref().map_or(&[], |confirm| &confirm.seeds)
    }

    fn from_table(document: Table, origin: &Path) -> Result<Self> {
        check_sections(&document)?;
        let mut fields = Fields::of("the specification", Value::Table(document), &SECTIONS)?;
        check_numerics(fields.count("numerics", 0)?)?;
        let keys = Keys::new()?;
        let objective = fields.take("objective").map_or(Ok(Objective::default()), |v| Objective::read(&v))?;
        let mut base = base(fields.take("base"))?;
        let seeds = match fields.take("seeds") {
            Some(seeds) => read_seeds("`seeds`", seeds, base.seed)?,
            // As many as the configuration alone would train.
            None => read_seeds("`networks` of the base", count_value(base.networks), base.seed)?,
        };
        base.networks = 1;
        let mut document = Table::from_iter([
            ("objective".into(), Value::String(objective.name().into())),
            ("base".into(), Value::Table(base.to_table()?)),
            ("seeds".into(), seeds_value(&seeds)),
        ]);
        let blocks = blocks(&keys, &mut fields, &mut document)?;
        check_shared(&blocks)?;
        let mut exclusions = Vec::new();
        if let Some(sections) = fields.take("exclude") {
            let (read, resolved) = Exclusion::read_all(&keys, sections)?;
            exclusions = read;
            document.insert("exclude".into(), resolved);
        }
        let halving = section(&mut fields, &mut document, "halving", Halving::read)?;
        let confirm = section(&mut fields, &mut document, "confirm", |s| Confirm::read(s, &seeds))?;
        if let (Some(confirm), Some(Value::Table(section))) = (&confirm, document.get_mut("confirm")) {
            section.insert("seeds".into(), seeds_value(&confirm.seeds));
        }
        let keep = section(&mut fields, &mut document, "keep", Keep::read)?.unwrap_or_default();
        let files = fields.take("files").map_or(Ok(BTreeMap::new()), files)?;
        let origin = origin.to_path_buf();
        Ok(Self { origin, objective, base, seeds, halving, confirm, keep, files, blocks, exclusions, document })
    }
}

/// A section that may be absent; what is read is kept in the document as it stands.
fn section<T>(
    fields: &mut Fields,
    document: &mut Table,
    name: &str,
    read: impl FnOnce(Value) -> Result<T>,
) -> Result<Option<T>> {
    let Some(section) = fields.take(name) else { return Ok(None) };
    document.insert(name.into(), section.clone());
    read(section).map(Some)
}

/// Says of a section that there is not which one may have been meant.
fn check_sections(document: &Table) -> Result<()> {
    let Some(unknown) = document.keys().find(|key| !SECTIONS.contains(&key.as_str())) else { return Ok(()) };
    let settings = Preset::Default.config().to_table()?;
    ensure!(
        !settings.contains_key(unknown),
        "`{unknown}` is a setting of runs: give it in [base] if all have it, and in [grid], [sobol] and so on if it varies."
    );
    let known = &SECTIONS[..SECTIONS.len() - 2];
    let near = nearest(unknown, known.iter().copied());
    Err(Error::input(format!(
        "there is no section `{unknown}`. Did you mean `{near}`? There are {}.",
        known.join(", ")
    )))
}

fn check_numerics(numerics: Option<u64>) -> Result<()> {
    match numerics {
        Some(then) if then != u64::from(NUMERICS) => Err(Error::input(format!(
            "the sweep was begun under version {then} of the numerics, and this program has version {NUMERICS}: the same settings give other bits. Go on with the program that began it, or begin another sweep."
        ))),
        _ => Ok(()),
    }
}

/// The settings that all runs have: from a file, or the section itself.
fn base(value: Option<Value>) -> Result<Config> {
    let mut base = match value {
        None => Preset::Default.config(),
        Some(Value::String(path)) => Config::read(Path::new(&path)).map_err(within("`base`"))?,
        Some(Value::Table(table)) => Config::from_table(table).map_err(|why| Error::input(format!("[base]: {why}")))?,
        Some(other) => {
            return Err(Error::input(format!(
                "`base = {other}`: expected the path of a configuration file, or a section [base]."
            )));
        }
    };
    base.resolve_files()?;
    base.task.resolve_path()?;
    Ok(base)
}

/// The rows of all sections, the slowest first.
fn blocks(keys: &Keys, fields: &mut Fields, document: &mut Table) -> Result<Vec<Block>> {
    let mut blocks = Vec::new();
    let mut add = |name: &str, read: (Vec<Block>, Value)| {
        blocks.extend(read.0);
        document.insert(name.into(), read.1);
    };
    let one = |(block, resolved): (Block, Value)| (vec![block], resolved);
    if let Some(section) = fields.take("grid") {
        add("grid", grid(keys, section)?);
    }
    if let Some(sections) = fields.take("list") {
        add("list", one(listed(keys, sections)?));
    }
    for (name, drawing) in [("random", Drawing::Random), ("sobol", Drawing::Sobol)] {
        if let Some(section) = fields.take(name) {
            add(name, one(drawn(keys, drawing, section)?));
        }
    }
    if let Some(sections) = fields.take("together") {
        add("together", together(keys, sections)?);
    }
    Ok(blocks)
}

/// Refuses a setting that two sections vary.
fn check_shared(blocks: &[Block]) -> Result<()> {
    let mut places: HashMap<&str, &str> = HashMap::new();
    for block in blocks {
        for key in &block.keys {
            if let Some(other) = places.insert(key, &block.place) {
                return Err(Error::input(format!(
                    "`{key}` is in {other} and in {}: its values would contradict each other. Leave one out.",
                    block.place
                )));
            }
        }
    }
    Ok(())
}

/// What a sweep keeps of its input files.
fn files(section: Value) -> Result<BTreeMap<PathBuf, String>> {
    section.try_into().map_err(|_| Error::input("[files] must hold paths and their SHA-256."))
}
