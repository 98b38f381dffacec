//! Faults that devices have, made to happen at a chosen moment: how tests see that each ends in a sentence, and that runs
//! continue after it. `AON_GPU_FAULT=lost@12` loses the device at its twelfth submission.

use crate::error::{Error, Result};

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The device is lost at a submission.
    Lost,
    /// The device turns out to be lost while a submission is waited for.
    Gone,
    /// A submission does not end.
    Hang,
    /// The driver refuses a submission's commands.
    Invalid,
    /// There is no memory for an allocation.
    Memory,
}

impl Fault {
    const ALL: [(&'static str, Self); 5] = [
        ("lost", Self::Lost),
        ("gone", Self::Gone),
        ("hang", Self::Hang),
        ("invalid", Self::Invalid),
        ("memory", Self::Memory),
    ];
}

/// A fault and when it happens, counted from 1 in submissions or allocations of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Injection {
    fault: Fault,
    at: u64,
}

impl Injection {
    /// What the environment asks for.
    ///
    /// # Errors
    /// If it asks for something else.
    pub(super) fn of_environment() -> Result<Option<Self>> {
        std::env::var("AON_GPU_FAULT").ok().filter(|text| !text.is_empty()).map(|text| Self::parse(&text)).transpose()
    }

    fn parse(text: &str) -> Result<Self> {
        let found = text.split_once('@').and_then(|(name, at)| {
            let (_, fault) = Fault::ALL.into_iter().find(|(known, _)| *known == name)?;
            Some(Self { fault, at: at.parse().ok()? })
        });
        found.ok_or_else(|| {
            let known = Fault::ALL.map(|(name, _)| name).join(", ");
            Error::input(format!("`AON_GPU_FAULT = {text}`: expected a fault ({known}) and when, as in `lost@12`."))
        })
    }

    /// Whether a fault of this kind is to happen now.
    pub(super) fn is(&self, fault: Fault, now: u64) -> bool {
        *self == Self { fault, at: now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_a_kind_and_a_moment() {
        assert_eq!(Injection::parse("hang@7").unwrap(), Injection { fault: Fault::Hang, at: 7 });
        for wrong in ["hang", "hang@", "hang@-1", "late@3", "@3"] {
            assert!(Injection::parse(wrong).unwrap_err().to_string().contains("lost, gone, hang, invalid, memory"));
        }
    }
}
