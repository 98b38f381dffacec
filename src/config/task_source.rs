//! Where a task comes from.

use crate::error::{Error, Result};
use crate::task::{BUILT_IN, TaskSpec};
use serde::de::{MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};
use std::path::{Path, PathBuf};

/// A task, or the name or file of one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum TaskSource {
    /// A built-in task or a task file.
    Named(String),
    /// The task itself.
    Spec(Box<TaskSpec>),
}

impl TaskSource {
    /// The task, checked.
    ///
    /// # Errors
    /// If there is none of that name, or it contradicts itself.
    pub fn load(&self) -> Result<TaskSpec> {
        let task = match self {
            Self::Named(name) => TaskSpec::load(name)?,
            Self::Spec(task) => TaskSpec::clone(task),
        };
        task.check()?;
        Ok(task)
    }

    /// Where the task stands, made absolute, if it is in a file.
    ///
    /// # Errors
    /// If there is no current directory.
    pub(crate) fn resolve_path(&mut self) -> Result<Option<PathBuf>> {
        let Self::Named(name) = self else { return Ok(None) };
        if BUILT_IN.iter().any(|(built_in, _)| built_in == name) {
            return Ok(None);
        }
        // One that does not exist is reported by the name that was given.
        if !Path::new(name).exists() {
            return Ok(None);
        }
        let path = std::path::absolute(&*name).map_err(Error::io("read", Path::new(name)))?;
        // One that is not Unicode has no other name than the one that was given.
        if let Some(text) = path.to_str() {
            text.clone_into(name);
        }
        Ok(Some(path))
    }
}

/// By hand, because a derived untagged enum cannot say what is wrong with a task.
impl<'de> Deserialize<'de> for TaskSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(TaskVisitor)
    }
}

struct TaskVisitor;

impl<'de> Visitor<'de> for TaskVisitor {
    type Value = TaskSource;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("the name of a task, a task file, or a task as a table")
    }

    fn visit_str<E>(self, name: &str) -> std::result::Result<TaskSource, E> {
        Ok(TaskSource::Named(name.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<TaskSource, A::Error> {
        TaskSpec::deserialize(MapAccessDeserializer::new(map)).map(|t| TaskSource::Spec(Box::new(t)))
    }
}
