//! Settings, which the library names as configuration files do, as the flags that stand for them.

use clap::Command;
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// The flags that are known.
static FLAGS: OnceLock<BTreeSet<String>> = OnceLock::new();

/// From here on the flags of these commands are known.
pub(super) fn learn<'a>(commands: impl Iterator<Item = &'a Command>) {
    let flags = commands.flat_map(Command::get_arguments).filter_map(|a| a.get_long());
    FLAGS.get_or_init(|| flags.map(String::from).collect());
}

/// Settings whose flags have other names.
const RENAMED: [(&str, &str); 3] =
    [("firing_rates", "firing-rates-mat"), ("inhibitory_mask", "inhibitory-mask-mat"), ("mirror", "mirror-mat")];

/// `text` with every setting in backquotes that has a flag spelt as this: `` `tau_min` `` as `--tau-min`, and
/// `` `dale = none` `` as `--dale none`.
pub(super) fn with_flags(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    // Every second part is quoted, unless nothing closes it.
    let spelt = |(k, part): (usize, &&str)| match flag(part) {
        Some(flag) if k % 2 == 1 && k + 1 < parts.len() => flag,
        _ if k % 2 == 1 && k + 1 < parts.len() => format!("`{part}`"),
        _ if k % 2 == 1 => format!("`{part}"),
        _ => (*part).to_string(),
    };
    parts.iter().enumerate().map(spelt).collect()
}

/// The flag of `setting`, or of `setting = value`, where there is one.
fn flag(quoted: &str) -> Option<String> {
    let (setting, value) = quoted.split_once(" = ").map_or((quoted, None), |(setting, value)| (setting, Some(value)));
    let renamed = RENAMED.iter().find(|(theirs, _)| *theirs == setting);
    let name = renamed.map_or_else(|| setting.replace('_', "-"), |(_, flag)| (*flag).to_string());
    FLAGS.get()?.get(&name)?;
    Some(value.map_or_else(|| format!("--{name}"), |value| typed(&name, value)))
}

/// A flag and its value as they are typed at a shell, whatever is in the value.
pub(super) fn typed(flag: &str, value: &str) -> String {
    // A value that begins with a dash would be taken for a flag.
    format!("--{flag}{}{}", if value.starts_with('-') { '=' } else { ' ' }, word(value))
}

/// A value as it is typed at a shell.
pub(super) fn word(value: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_@%+:,./=-…".contains(c);
    let plain = !value.is_empty() && value.chars().all(is_plain);
    if plain { value.into() } else { format!("'{}'", value.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::super::Cli;
    use super::*;
    use crate::config::Preset;
    use clap::CommandFactory;

    #[test]
    fn settings_become_flags_and_everything_else_stays() {
        learn(Cli::command().get_subcommands());
        for (text, spelt) in [
            ("`tau_min`: expected 1, found 0.", "--tau-min: expected 1, found 0."),
            (
                "`dale = none` gives none. Give `firing_rates = FILE`",
                "--dale none gives none. Give --firing-rates-mat FILE",
            ),
            ("there is no condition `go`; `adam.beta1` stays, `", "there is no condition `go`; `adam.beta1` stays, `"),
            ("with `resume = out/my $(run)`", "with --resume 'out/my $(run)'"),
            ("with `init = -x`, `init = it's`", r"with --init=-x, --init 'it'\''s'"),
            ("", ""),
        ] {
            assert_eq!(with_flags(text), spelt);
        }
    }

    #[test]
    fn a_shell_takes_what_is_to_be_typed_for_one_word() {
        for value in ["a b", "it's", "$HOME", "-dash", "`id`", "a\"b", "*", "~", "", "x;y", "a\\b", "µ/plain.mat"] {
            let script = format!("printf '%s\\n' {}", typed("resume", value));
            let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            let joint = if value.starts_with('-') { '=' } else { '\n' };
            assert_eq!(said, format!("--resume{joint}{value}\n"));
        }
    }

    #[test]
    fn what_the_library_refuses_is_named_as_it_is_typed() {
        learn(Cli::command().get_subcommands());
        let mut config = Preset::Default.config();
        config.training.learning_rate = -1.0;
        let error = config.check().unwrap_err().to_string();
        assert_eq!(with_flags(&error), "--learning-rate: expected a positive number, found -1.");
        assert!(error.starts_with("`learning_rate`"));
    }
}
