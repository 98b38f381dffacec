//! The steps by which a run is claimed (src/sweep/claims.rs), as a model, in every order in which processes can do them.
//!
//! Each may be taken for dead between any two of its steps, as one that is stopped beyond its lease is. Never are two
//! owners of the run at once, as `Claim::check` answers: each owner's claim is there, and none just above it.

use std::collections::HashSet;

const PROCESSES: usize = 3;
/// Claims of a process.
const CLAIMS: u8 = 2;
const GENERATIONS: usize = PROCESSES * CLAIMS as usize;

/// Whose claim has a generation: 0 nobody's, else a number that no other claim has.
type Files = [u8; GENERATIONS];

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Doing {
    Nothing,
    /// Whether all owners are dead: below which generation it would go.
    Judge(usize),
    /// A claim above another.
    Create(Below, usize),
    /// Is the claim below what it was?
    LookBelow(Below, usize),
    /// Are they a row?
    LookAll(bool, usize),
    Work(usize),
    /// Releases: is there one above, is its own there, which are lower, and one after the other.
    LookAbove(usize),
    LookOwn(usize),
    ListLower(usize),
    Remove(usize, [bool; GENERATIONS]),
}

/// The claim that was the highest.
type Below = Option<(usize, u8)>;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Process {
    doing: Doing,
    claims: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    files: Files,
    processes: [Process; PROCESSES],
}

/// What of the third step is done.
#[derive(Clone, Copy)]
struct Rules {
    looks_for_higher: bool,
    looks_for_gaps: bool,
}

const ALL: Rules = Rules { looks_for_higher: true, looks_for_gaps: true };

fn number(process: usize, claims: u8) -> u8 {
    process as u8 * CLAIMS + claims
}

fn there(files: &Files) -> impl Iterator<Item = usize> {
    (0..GENERATIONS).filter(|g| files[*g] != 0)
}

/// The end of the first row.
fn end_of_row(files: &Files) -> Option<usize> {
    let first = there(files).next()?;
    (first..GENERATIONS).take_while(|g| files[*g] != 0).last()
}

fn is_row_up_to(files: &Files, own: usize, rules: Rules) -> bool {
    let Some(first) = there(files).next().filter(|first| *first <= own) else { return false };
    let is_highest = there(files).last() == Some(own);
    let has_gap = files[first..=own].contains(&0);
    (is_highest || !rules.looks_for_higher) && !(has_gap && rules.looks_for_gaps)
}

/// Each thing that the process may do next, and the files after it.
fn steps(files: &Files, of: usize, process: Process, rules: Rules) -> Vec<(Process, Files)> {
    let next = |doing| (Process { doing, ..process }, *files);
    let mine = number(of, process.claims);
    match process.doing {
        Doing::Nothing if process.claims == CLAIMS => vec![],
        Doing::Nothing => vec![next(end_of_row(files).map_or(Doing::Create(None, 0), Doing::Judge))],
        Doing::Judge(below) if files[below] == 0 => vec![next(Doing::Nothing)],
        Doing::Judge(below) => {
            vec![next(Doing::Nothing), next(Doing::Create(Some((below, files[below])), below + 1))]
        }
        Doing::Create(_, own) if files[own] != 0 => vec![next(Doing::Nothing)],
        Doing::Create(below, own) => {
            let mut files = *files;
            files[own] = mine + 1;
            vec![(Process { doing: Doing::LookBelow(below, own), claims: process.claims + 1 }, files)]
        }
        Doing::LookBelow(below, own) => {
            vec![next(Doing::LookAll(below.is_none_or(|(below, was)| files[below] == was), own))]
        }
        Doing::LookAll(stands, own) => {
            let is_mine = stands && is_row_up_to(files, own, rules);
            vec![next(if is_mine { Doing::Work(own) } else { Doing::Nothing })]
        }
        Doing::Work(own) => vec![next(Doing::LookAbove(own))],
        Doing::LookAbove(own) => {
            let is_replaced = files.get(own + 1).is_some_and(|above| *above != 0);
            vec![next(if is_replaced { Doing::Nothing } else { Doing::LookOwn(own) })]
        }
        Doing::LookOwn(own) => vec![next(if files[own] == mine { Doing::ListLower(own) } else { Doing::Nothing })],
        Doing::ListLower(own) => vec![next(Doing::Remove(own, std::array::from_fn(|g| g < own && files[g] != 0)))],
        Doing::Remove(own, _) if files[own] != mine => vec![next(Doing::Nothing)],
        Doing::Remove(own, mut lower) => {
            let (lowest, mut files) = (lower.iter().position(|is| *is), *files);
            files[lowest.unwrap_or(own)] = 0;
            let doing = lowest.map_or(Doing::Nothing, |lowest| {
                lower[lowest] = false;
                Doing::Remove(own, lower)
            });
            vec![(Process { doing, ..process }, files)]
        }
    }
}

fn owners(state: &State) -> usize {
    let owns = |(k, process): (usize, &Process)| {
        let Doing::Work(own) = process.doing else { return false };
        state.files[own] == number(k, process.claims) && state.files.get(own + 1).is_none_or(|above| *above == 0)
    };
    state.processes.iter().enumerate().filter(|p| owns(*p)).count()
}

/// All states that can be reached, and whether one of them has two owners.
fn explore(rules: Rules) -> (usize, bool) {
    let nobody = Process { doing: Doing::Nothing, claims: 0 };
    let begin = State { files: [0; GENERATIONS], processes: [nobody; PROCESSES] };
    let (mut seen, mut open) = (HashSet::from([begin]), vec![begin]);
    while let Some(state) = open.pop() {
        if owners(&state) > 1 {
            return (seen.len(), true);
        }
        for k in 0..PROCESSES {
            for (process, files) in steps(&state.files, k, state.processes[k], rules) {
                let mut next = State { files, ..state };
                next.processes[k] = process;
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
    }
    (seen.len(), false)
}

#[test]
fn a_run_never_has_two_owners() {
    let (states, is_wrong) = explore(ALL);
    println!("{states} states");
    assert!(!is_wrong && states > 100_000);
}

/// The model can fail: each part of the third step is needed.
#[test]
fn without_a_part_of_the_third_step_it_does() {
    assert!(explore(Rules { looks_for_higher: false, ..ALL }).1);
    assert!(explore(Rules { looks_for_gaps: false, ..ALL }).1);
}
