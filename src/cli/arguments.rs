//! The published program's spelling of the command line.

use std::ffi::OsString;

/// Rewrites the arguments (program name first) so that the published program's command line runs: flags may be spelt
/// with underscores, and flags without a subcommand are those of `train`.
pub(super) fn normalise(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut flags = true;
    let mut list: Vec<OsString> = Vec::new();
    for argument in arguments {
        flags &= argument != "--";
        list.push(if flags { with_dashes(argument) } else { argument });
    }
    let is_train_flag = |a: &OsString| a != "--help" && a != "--version" && is_flag(a);
    if list.get(1).is_some_and(is_train_flag) {
        list.insert(1, "train".into());
    }
    list
}

fn is_flag(argument: &OsString) -> bool {
    argument.to_str().is_some_and(|a| a.starts_with("--") && a.len() > 2)
}

/// `--a_b=c_d` as `--a-b=c_d`.
fn with_dashes(argument: OsString) -> OsString {
    match argument.to_str() {
        Some(text) if is_flag(&argument) => {
            let (name, value) = text.split_at(text.find('=').unwrap_or(text.len()));
            format!("{}{value}", name.replace('_', "-")).into()
        }
        _ => argument,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalised(line: &str) -> String {
        let list = normalise(line.split(' ').map(OsString::from));
        list.iter().map(|a| a.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_published_command_line_becomes_ours() {
        assert_eq!(
            normalised("aon --firing_rates_mat ./Firing_Rates.mat --mode train --n_trials=1000 --N1 86"),
            "aon train --firing-rates-mat ./Firing_Rates.mat --mode train --n-trials=1000 --N1 86"
        );
    }

    #[test]
    fn values_subcommands_and_help_stay_as_they_are() {
        assert_eq!(
            normalised("aon train --output_dir out/my_run --task=my_task.toml"),
            "aon train --output-dir out/my_run --task=my_task.toml"
        );
        for line in ["aon --help", "aon --version", "aon -V", "aon", "aon eval out/a_b", "aon train -- --a_b"] {
            assert_eq!(normalised(line), line);
        }
    }
}
