//! What the names of files say.

/// One session of one monkey, in the order of their numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    monkey: String,
    session: Natural,
}

/// A file of the spikes of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) key: Key,
    /// As the name spells monkey and session.
    pub(super) monkey: String,
    pub(super) session: String,
    pub(super) name: String,
}

/// A file of the times of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) key: Key,
    pub(super) context: u32,
    pub(super) condition: u32,
    pub(super) object: u32,
    pub(super) number: u32,
}

/// A text in the order of the numbers in it: its digits without leading zeros, and what else it has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Natural(Vec<(u64, String)>);

impl Natural {
    pub(super) fn of(text: &str) -> Self {
        let mut parts = vec![(0, String::new())];
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let is_digit = first.is_ascii_digit();
            let length = rest.find(|c: char| c.is_ascii_digit() != is_digit).unwrap_or(rest.len());
            let (piece, after) = rest.split_at(length);
            match parts.last_mut() {
                Some(last) if !is_digit => last.1.push_str(&piece.to_lowercase()),
                _ => parts.push((piece.parse().unwrap_or(u64::MAX), String::new())),
            }
            rest = after;
        }
        Self(parts)
    }
}

/// `MonkeyX_SessionNN_Spk_UNIT`.
pub(super) fn unit(stem: &str) -> Option<Unit> {
    let (key, rest) = key(stem)?;
    let unit = after(rest, "Spk")?.trim_start_matches('_');
    let mut tokens = stem.split('_');
    let (monkey, session) = (tokens.next()?.to_string(), tokens.next()?.to_string());
    (!unit.is_empty()).then(|| Unit { key, monkey, session, name: unit.to_string() })
}

/// `MonkeyX_SessionNN_ContextC_ConditionD_ObjectO_EventE`.
pub(super) fn event(stem: &str) -> Option<Event> {
    let (key, rest) = key(stem)?;
    let mut tokens = rest.split('_');
    let mut after_word = |word: &str| after(tokens.next()?, word)?.parse().ok();
    let (context, condition, object, number) =
        (after_word("Context")?, after_word("Condition")?, after_word("Object")?, after_word("Event")?);
    tokens.next().is_none().then_some(Event { key, context, condition, object, number })
}

/// Whose the file is, and what follows in its name.
fn key(stem: &str) -> Option<(Key, &str)> {
    let mut parts = stem.splitn(3, '_');
    let (monkey, session, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let (monkey, session) = (after(monkey, "Monkey")?, after(session, "Session")?);
    let is_named = !monkey.is_empty() && !session.is_empty();
    is_named.then(|| (Key { monkey: monkey.to_lowercase(), session: Natural::of(session) }, rest))
}

/// What follows `word`, in whatever case.
fn after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(word.len())?;
    head.eq_ignore_ascii_case(word).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_whatever_their_case_and_zeros() {
        let found = unit("MonkeyA_Session02_Spk_17").unwrap();
        assert_eq!(
            (found.monkey.as_str(), found.session.as_str(), found.name.as_str()),
            ("MonkeyA", "Session02", "17")
        );
        let other = event("monkeya_session2_context1_Condition2_Object3_Event04").unwrap();
        assert_eq!(other.key, found.key);
        assert_eq!((other.context, other.condition, other.object, other.number), (1, 2, 3, 4));
        for wrong in
            ["", "MonkeyA", "MonkeyA_Session1", "Monkey_Session1_Spk_1", "MonkeyA_Session1_Spk_", "notes_of_May"]
        {
            assert_eq!(unit(wrong), None, "{wrong}");
        }
        for wrong in
            ["MonkeyA_Session1_Context1_Condition1_Object1", "MonkeyA_Session1_Context1_Condition1_Object1_Event1_x"]
        {
            assert_eq!(event(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_in_names_come_in_their_order() {
        let mut names = ["10", "9b", "9", "1a", "x"];
        names.sort_by_key(|name| Natural::of(name));
        assert_eq!(names, ["1a", "9", "9b", "10", "x"]);
    }
}
