//! Sweeps: hundreds of networks of different settings, trained side by side on one machine, from a specification to a table
//! that can be cited.
