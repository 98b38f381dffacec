//! How many networks are trained at once: what they need on their device, and what there is.

use crate::cli::output;
use crate::engine::device::Device;
use crate::engine::{MemoryNeed, Problem, memory_text};
use crate::error::Result;
use std::path::Path;

/// Most networks that are trained at once. Each holds the lock of its directory, an open file, and systems grant a
/// process 256 (macOS) to 1024 of them; a device is busy with far fewer networks.
const MOST_NETWORKS: usize = 200;

/// What a batch needs and may use.
#[derive(Debug)]
pub(crate) struct MemoryPlan {
    need: MemoryNeed,
    /// Bytes to stay within, where they are known, and who says so.
    limit: Option<(u64, &'static str)>,
    device: String,
    /// Networks that share a set of buffers on a GPU.
    bank: Option<usize>,
}

impl MemoryPlan {
    /// The plan for networks of `problem` on `device`, within `budget` bytes if they are given.
    ///
    /// # Errors
    /// If not even one network fits.
    pub(crate) fn new(device: &Device, problem: &Problem, budget: Option<u64>) -> Result<Self> {
        let need = device.memory(problem)?;
        let (name, known) = match device {
            Device::Cpu { .. } => ("the CPU".to_string(), available_memory().map(|bytes| (bytes, "available"))),
            // Graphics drivers do not say how much memory they would hand out.
            Device::Gpu { device, .. } => (device.info().name.clone(), None),
        };
        let limit = budget.map(|bytes| (bytes, "allowed by --memory")).or(known);
        if let Some((bytes, _)) = limit {
            need.check(1, bytes, &name)?;
        }
        Ok(Self { need, limit, device: name, bank: device.bank(problem)? })
    }

    /// Most networks at once.
    pub(crate) fn most(&self) -> usize {
        self.limit.map_or(usize::MAX, |(bytes, _)| self.need.most(bytes)).min(MOST_NETWORKS)
    }

    /// Says what `networks` networks need, and in how many waves they are trained.
    pub(crate) fn say(&self, networks: usize) {
        let at_once = networks.min(self.most());
        let parts = match self.bank {
            Some(bank) => format!(" in {} of buffers", output::counted(at_once.div_ceil(bank), "set", "sets")),
            None => format!(
                ", {} of {} (one per thread)",
                output::counted(self.need.workspaces.min(at_once), "workspace", "workspaces"),
                memory_text(self.need.workspace)
            ),
        };
        let limit = match self.limit {
            Some((bytes, who)) => format!("{} {who}", memory_text(bytes)),
            None => "its limit is not known, --memory sets one".into(),
        };
        output::say(format!(
            "memory     {} on {}: {} of {}{parts}; {limit}",
            memory_text(self.need.bytes(at_once)),
            self.device,
            output::counted(at_once, "network", "networks"),
            memory_text(self.need.network)
        ));
        if at_once < networks {
            let waves = networks.div_ceil(at_once);
            output::say(format!(
                "waves      {networks} networks, at most {at_once} at once: trained in {waves} waves, one after another"
            ));
        }
    }
}

/// Networks of the next wave: as many as the others, so that none is left with few.
pub(crate) fn wave_size(networks: usize, most: usize) -> usize {
    networks.div_ceil(networks.div_ceil(most.max(1)).max(1))
}

/// Bytes that this process may still take, where the system tells (Linux).
fn available_memory() -> Option<u64> {
    let machine = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| field(&text, "MemAvailable:"));
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    [machine.map(|kilobytes| 1024 * kilobytes), group_available(Path::new("/sys/fs/cgroup"), &groups)]
        .into_iter()
        .flatten()
        .min()
}

/// The least that the control groups (version 2) leave, from the process's own, by which schedulers and containers
/// limit a job, up to the root.
fn group_available(root: &Path, groups: &str) -> Option<u64> {
    let own = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let own = root.join(own.trim_start_matches('/'));
    own.ancestors().take_while(|group| group.starts_with(root)).filter_map(left_in_group).min()
}

fn left_in_group(group: &Path) -> Option<u64> {
    let read = |file: &str| std::fs::read_to_string(group.join(file)).ok();
    let number = |file: &str| read(file)?.trim().parse::<u64>().ok();
    // `max` is no number: no limit.
    let limit = number("memory.max")?;
    // Cached files count as used, and give way.
    let cached = read("memory.stat").and_then(|text| field(&text, "inactive_file")).unwrap_or(0);
    let used = number("memory.current").unwrap_or(0).saturating_sub(cached);
    Some(limit.saturating_sub(used))
}

/// The number after `name` on its line.
fn field(text: &str, name: &str) -> Option<u64> {
    let mut words = text.lines().map(str::split_whitespace).find(|w| w.clone().next() == Some(name))?;
    words.nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waves_are_even_and_no_larger_than_what_fits() {
        let sizes = |mut networks: usize, most| {
            let mut sizes = Vec::new();
            while networks > 0 {
                sizes.push(wave_size(networks, most));
                networks -= sizes[sizes.len() - 1];
            }
            sizes
        };
        assert_eq!(sizes(5, 4), [3, 2]);
        assert_eq!(sizes(8, 8), [8]);
        assert_eq!(sizes(9, 2), [2, 2, 2, 2, 1]);
        assert_eq!(sizes(3, usize::MAX), [3]);
    }

    #[test]
    fn the_tightest_control_group_counts() {
        let root = tempfile::tempdir().unwrap();
        let job = root.path().join("slurm/job");
        std::fs::create_dir_all(&job).unwrap();
        let write = |directory: &Path, file: &str, text: &str| std::fs::write(directory.join(file), text).unwrap();
        assert_eq!(group_available(root.path(), "0::/slurm/job\n"), None);
        write(&job, "memory.max", "max\n");
        write(&root.path().join("slurm"), "memory.max", "5000\n");
        write(&root.path().join("slurm"), "memory.current", "1500\n");
        write(&root.path().join("slurm"), "memory.stat", "anon 800\ninactive_file 700\n");
        assert_eq!(group_available(root.path(), "1:cpu:/x\n0::/slurm/job\n"), Some(4200));
        write(&job, "memory.max", "3000\n");
        assert_eq!(group_available(root.path(), "0::/slurm/job\n"), Some(3000));
        // Outside the job nothing but its own groups counts.
        assert_eq!(group_available(root.path(), "0::/\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_machine_says_what_is_left() {
        assert!(available_memory().unwrap() > 1 << 20);
    }
}
