//! How much memory there is.

use std::path::Path;

/// Bytes that this process may still take, where the system tells (Linux).
pub fn available_memory() -> Option<u64> {
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
