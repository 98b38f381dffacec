//! Who is who.

use super::session::Agent;
use super::settings::BoutSettings;

/// Who a file calls `subject`: a name of the settings, or `self` or `other`.
pub(super) fn agent(settings: &BoutSettings, subject: &str) -> Option<Agent> {
    let subject = subject.trim();
    let is_in = |names: &[String]| names.iter().any(|name| name.trim() == subject);
    if is_in(&settings.own) {
        return Some(Agent::Own);
    }
    if is_in(&settings.other) {
        return Some(Agent::Other);
    }
    Agent::ALL.into_iter().find(|agent| agent.name().eq_ignore_ascii_case(subject))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_settings_come_before_those_of_files() {
        let settings = BoutSettings {
            own: vec!["M1".into()],
            other: vec!["demonstrator".into(), "Self".into()],
            ..Default::default()
        };
        let of = |name| agent(&settings, name);
        assert_eq!((of("M1"), of(" self "), of("OTHER")), (Some(Agent::Own), Some(Agent::Own), Some(Agent::Other)));
        assert_eq!((of("demonstrator"), of("Self"), of("m1")), (Some(Agent::Other), Some(Agent::Other), None));
        assert_eq!(of(""), None);
    }
}
