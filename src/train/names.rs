//! Names of the files of a run that others than the training ask for.

/// The resolved configuration. It is written last of the files that a run needs to start: where it is, there is a run.
pub const CONFIG: &str = "config.toml";
/// Where a run came from.
pub const MANIFEST: &str = "manifest.json";

/// What rates were divided by.
pub const NORMALIZATION: &str = "normalization.csv";

/// The exported network, in any [`ArrayFormat`](crate::data::ArrayFormat).
pub const EXPORT: &str = "weights";
