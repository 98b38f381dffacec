//! Studies: the laboratories over runs, resumed, compared and exported.

pub(crate) mod across;
pub(crate) mod perturb;
pub(crate) mod perturb_arrays;
pub(crate) mod resume;
pub(crate) mod student;
pub(crate) mod validate_tables;
