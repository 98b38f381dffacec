//! Who is who: the names of subjects in a file, as agents.

use super::session::Agent;
use super::settings::BoutSettings;
use crate::error::{Error, Result};
use std::path::Path;

/// The agent that `name` means; for none, and for BORIS's "No focal subject", the one that the settings give to all.
///
/// # Errors
/// If nothing says who it is. `place` says where in `file` it stands.
pub(super) fn agent(name: &str, settings: &BoutSettings, file: &Path, place: &str) -> Result<Agent> {
    let is = |known: &str| known.trim().eq_ignore_ascii_case(name.trim());
    let own = is(Agent::Own.name()) || settings.own.iter().any(|n| is(n));
    let other = is(Agent::Other.name()) || settings.other.iter().any(|n| is(n));
    let is_unnamed = name.trim().is_empty() || is("No focal subject");
    match (own, other, settings.agent) {
        (true, false, _) => Ok(Agent::Own),
        (false, true, _) => Ok(Agent::Other),
        (false, false, Some(agent)) if is_unnamed => Ok(agent),
        (true, true, _) => Err(Error::variable(
            file,
            place,
            "one agent for each name",
            format!("\"{name}\" in both `bouts.self` and `bouts.other`"),
            "",
        )),
        _ => Err(Error::variable(
            file,
            place,
            "self, other, or a name that `bouts.self` or `bouts.other` lists",
            if is_unnamed { "no subject".into() } else { format!("\"{name}\"") },
            if is_unnamed { "Say whose these bouts are with `bouts.agent`." } else { "Add it to one of these lists." },
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_agents_or_refused() {
        let settings = BoutSettings {
            own: vec!["Mouse 1".into(), "both".into()],
            other: vec!["demonstrator".into(), "both".into()],
            ..BoutSettings::default()
        };
        let of = |name: &str, settings: &BoutSettings| agent(name, settings, Path::new("b.csv"), "line 2, Subject");
        assert_eq!(of("mouse 1", &settings).unwrap(), Agent::Own);
        assert_eq!(of(" Other", &settings).unwrap(), Agent::Other);
        for (name, words) in [("Mouse 3", "\"Mouse 3\""), ("", "`bouts.agent`"), ("both", "in both")] {
            let error = of(name, &settings).unwrap_err().to_string();
            assert!(error.starts_with("b.csv: line 2, Subject") && error.contains(words), "{error}");
        }
        let all = BoutSettings { agent: Some(Agent::Own), ..settings };
        assert_eq!(of("No focal subject", &all).unwrap(), Agent::Own);
        assert!(of("Mouse 3", &all).is_err());
    }
}
