//! A sweep on several adapters: a process each, since a device that is lost must not take the others along.

use super::{interrupt, output};
use crate::error::{Error, Result};
use std::process::{Child, Command};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Runs this command again for each of these adapters, and waits for all.
pub(super) fn run_on_each(adapters: &[String]) -> Result<()> {
    let program = std::env::current_exe().map_err(|e| Error::run(format!("cannot find this program: {e}.")))?;
    let others = without_adapters(std::env::args().skip(1));
    let start = |adapter: &String| {
        let mut command = Command::new(&program);
        command.args(&others).arg("--adapter").arg(adapter);
        command.spawn().map_err(|e| Error::run(format!("cannot start a process for adapter {adapter}: {e}.")))
    };
    let mut children = adapters.iter().map(start).collect::<Result<Vec<_>>>()?;
    interrupt::save_first();
    let mut is_told = false;
    loop {
        let ended: Vec<_> = children.iter_mut().map(|child| child.try_wait().ok().flatten()).collect();
        if ended.iter().all(Option::is_some) {
            let failed = adapters.iter().zip(&ended).filter(|(_, end)| !end.is_some_and(|end| end.success()));
            let failed: Vec<&str> = failed.map(|(adapter, _)| adapter.as_str()).collect();
            return if failed.is_empty() || is_told {
                Ok(())
            } else {
                Err(Error::run(format!(
                    "the process of adapter {} failed; its runs go on when the command is repeated.",
                    failed.join(", ")
                )))
            };
        }
        if interrupt::flag().load(Ordering::Relaxed) && !is_told {
            children.iter_mut().for_each(ask_to_end);
            is_told = true;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The arguments but for `--adapter` and its values.
fn without_adapters(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let (mut kept, mut is_value) = (Vec::new(), false);
    for argument in arguments {
        let is_flag = argument == "--adapter";
        if !is_flag && !is_value && !argument.starts_with("--adapter=") {
            kept.push(argument);
        }
        is_value = is_flag;
    }
    kept
}

/// Asks a process to save and end. Where there are no signals, Ctrl-C has reached it already.
fn ask_to_end(child: &mut Child) {
    #[cfg(unix)]
    if let Err(error) = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status() {
        output::warn(format!("process {} cannot be asked to end: {error}.", child.id()));
    }
    #[cfg(not(unix))]
    let _ = (child, output::warn::<&str>);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adapters_are_left_out_and_nothing_else() {
        let given = ["sweep", "run", "--adapter", "A", "x.toml", "--adapter=B", "--budget", "1h"].map(String::from);
        assert_eq!(without_adapters(given.into_iter()), ["sweep", "run", "x.toml", "--budget", "1h"]);
    }
}
