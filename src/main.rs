//! The `aon` program.

fn main() {}
