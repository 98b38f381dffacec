//! What a batch takes on its device, known before anything is allocated.

use super::Problem;
use crate::error::{Error, Result};

/// Bytes that an engine will need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryNeed {
    /// Of each network's own arrays.
    pub network: u64,
    /// Of arrays that networks use in turn (CPU).
    pub workspace: u64,
    /// How many of those there are at most: one per thread; 0 on a GPU.
    pub workspaces: usize,
    /// Of what all networks share.
    pub shared: u64,
}

impl MemoryNeed {
    /// Bytes of `networks` networks together.
    pub fn bytes(&self, networks: usize) -> u64 {
        let own = self.network.saturating_mul(networks as u64);
        own.saturating_add(self.shared).saturating_add(self.workspace * self.workspaces.min(networks) as u64)
    }

    /// Most networks that `limit` bytes hold at once.
    pub fn most(&self, limit: u64) -> usize {
        let Some(rest) = limit.checked_sub(self.shared) else { return 0 };
        let with_workspace = rest / (self.network + self.workspace).max(1);
        let most = if with_workspace < self.workspaces as u64 {
            with_workspace
        } else {
            (rest - self.workspace * self.workspaces as u64) / self.network.max(1)
        };
        usize::try_from(most).unwrap_or(usize::MAX)
    }

    /// Refuses a batch that `limit` bytes do not hold; `device` is named in the sentence.
    ///
    /// # Errors
    /// Saying how many networks fit.
    pub fn check(&self, networks: usize, limit: u64, device: &str) -> Result<()> {
        if self.bytes(networks) <= limit {
            return Ok(());
        }
        let what = if networks == 1 { "one network needs".into() } else { format!("{networks} networks need") };
        let most = match self.most(limit) {
            0 if networks == 1 => "Choose a smaller problem or another device".into(),
            0 => format!("Not even one fits, which needs {}", memory_text(self.bytes(1))),
            most => format!("At most {most} fit at once"),
        };
        Err(Error::input(format!(
            "{what} {} on {device}, but there are {}. {most}.",
            memory_text(self.bytes(networks)),
            memory_text(limit)
        )))
    }
}

impl Problem {
    /// Bytes of its arrays.
    pub fn bytes(&self) -> u64 {
        let numbers = self.stimulus.len() + self.targets.len() + self.initial_x.len() + self.initial_r.len();
        4 * numbers as u64
    }
}

/// Bytes in words: `1.2 GB`, `34.5 MB`, `39 kB` (decimal units).
pub fn memory_text(bytes: u64) -> String {
    let megabytes = bytes as f64 / 1e6;
    match megabytes {
        m if m >= 1000.0 => format!("{:.1} GB", m / 1e3),
        m if m >= 100.0 => format!("{m:.0} MB"),
        m if m >= 1.0 => format!("{m:.1} MB"),
        m => format!("{:.0} kB", 1e3 * m),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_networks_fit_and_one_more_does_not() {
        for need in [
            MemoryNeed { network: 7, workspace: 100, workspaces: 4, shared: 30 },
            MemoryNeed { network: 7, workspace: 0, workspaces: 0, shared: 0 },
            MemoryNeed { network: 900, workspace: 1, workspaces: 16, shared: 1 },
        ] {
            for limit in 0..5000 {
                let most = need.most(limit);
                assert!(most == 0 || need.bytes(most) <= limit, "{need:?}: {most} networks exceed {limit}");
                assert!(need.bytes(most + 1) > limit, "{need:?}: {limit} hold more than {most} networks");
                assert!(need.check(most + 1, limit, "cpu").is_err());
            }
        }
    }

    #[test]
    fn a_refusal_says_how_many_fit() {
        let need = MemoryNeed { network: 300_000_000, workspace: 0, workspaces: 0, shared: 0 };
        let message = |networks, limit| need.check(networks, limit, "the GPU").unwrap_err().to_string();
        assert_eq!(
            message(8, 1_000_000_000),
            "8 networks need 2.4 GB on the GPU, but there are 1.0 GB. At most 3 fit at once."
        );
        assert!(message(8, 1_000_000).ends_with("Not even one fits, which needs 300 MB."));
        assert!(message(1, 1_000_000).starts_with("one network needs 300 MB on the GPU, but there are 1.0 MB."));
        assert!(need.check(3, 1_000_000_000, "the GPU").is_ok());
    }
}
