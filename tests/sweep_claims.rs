//! Claims on runs, as threads of one process take them, which play processes of several machines.

use aon::sweep::{Claim, ClaimSettings, Claims, Clock, Life, Owner, Taken, standing};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const HOUR: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(40);

fn settings(host: &str, lease: Duration, touch_every: Duration) -> ClaimSettings {
    ClaimSettings { host: Some(host.into()), lease, touch_every }
}

/// A process on `host` that gives a sign of life often enough.
fn lively(sweep: &Path, host: &str) -> Claims {
    Claims::join(sweep, &settings(host, Duration::from_secs(2), Duration::from_millis(200))).unwrap()
}

/// One that gives a sign of life when it begins, and never again by itself; others, which have a short lease, replace it.
fn silent(sweep: &Path, host: &str) -> Claims {
    Claims::join(sweep, &settings(host, HOUR, HOUR)).unwrap()
}

fn impatient(sweep: &Path, host: &str) -> Claims {
    Claims::join(sweep, &settings(host, SHORT, SHORT / 4)).unwrap()
}

fn mine(claims: &Claims, hash: &str) -> Claim {
    match claims.take(hash).unwrap() {
        Taken::Mine(claim) => claim,
        Taken::Other(owner) => panic!("{hash} is held by {owner:?}"),
    }
}

fn other(claims: &Claims, hash: &str) -> Owner {
    match claims.take(hash).unwrap() {
        Taken::Mine(claim) => panic!("took {claim:?}"),
        Taken::Other(owner) => *owner,
    }
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn wait_for<T>(what: impl Fn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = what() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "what was waited for does not happen");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Takes the run as soon as its owner is dead.
fn take_over(claims: &Claims, hash: &str) -> Claim {
    wait_for(|| match claims.take(hash).unwrap() {
        Taken::Mine(claim) => Some(claim),
        Taken::Other(_) => None,
    })
}

fn refusal(claim: &Claim) -> String {
    let error = claim.check().unwrap_err();
    assert_eq!(error.exit_code(), 1);
    error.to_string()
}

#[test]
fn a_run_is_one_process_s_until_it_gives_it_back() {
    let sweep = tempfile::tempdir().unwrap();
    let (a, b) = (lively(sweep.path(), "a"), lively(sweep.path(), "b"));
    let claim = mine(&a, "ab12");
    assert_eq!((claim.hash(), claim.generation()), ("ab12", 0));
    claim.check().unwrap();
    let owner = other(&b, "ab12");
    assert_eq!(owner.process.unwrap(), *a.process());
    assert!(owner.life == Life::Alive && owner.since == claim.since());
    assert_eq!(other(&a, "ab12").process.unwrap().host, "a", "not twice in one process either");
    mine(&b, "cd34").check().unwrap();
    claim.release().unwrap();
    assert_eq!(mine(&b, "ab12").generation(), 0);
    drop((a, b));
    for directory in ["claims", "alive"] {
        assert!(names(&sweep.path().join(directory)).is_empty());
    }
}

#[test]
fn a_claim_lives_as_long_as_its_last_clone() {
    let sweep = tempfile::tempdir().unwrap();
    let (a, b) = (lively(sweep.path(), "a"), lively(sweep.path(), "b"));
    let claim = mine(&a, "ab12");
    let clone = claim.clone();
    drop(claim);
    drop(a);
    clone.check().unwrap();
    assert_eq!(other(&b, "ab12").life, Life::Alive, "its sign of life lives as long");
    let another = clone.clone();
    clone.release().unwrap();
    assert!(refusal(&another).contains("was released"));
    let taken = mine(&b, "ab12");
    drop(another);
    taken.check().unwrap();
    drop(taken);
    assert!(names(&sweep.path().join("claims")).is_empty());
    assert_eq!(names(&sweep.path().join("alive")).len(), 1);
}

#[test]
fn threads_of_many_hosts_race_and_each_claim_has_one_winner() {
    let sweep = tempfile::tempdir().unwrap();
    let hashes: Vec<String> = (0..200).map(|k| format!("{k:04x}")).collect();
    let race = |joined: &[Claims]| -> Vec<Claim> {
        std::thread::scope(|scope| {
            let race = |claims: &Claims| -> Vec<Claim> {
                let taken = hashes.iter().map(|hash| claims.take(hash).unwrap());
                taken.filter_map(|taken| if let Taken::Mine(claim) = taken { Some(claim) } else { None }).collect()
            };
            let threads: Vec<_> = joined.iter().map(|claims| scope.spawn(move || race(claims))).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        })
    };
    let join = |names: [&str; 6]| names.map(|name| silent(sweep.path(), name));
    let first = race(&join(["a", "b", "c", "d", "e", "f"]));
    assert!(first.len() == 200 && first.iter().all(|claim| claim.generation() == 0 && claim.check().is_ok()));
    // To one with a short lease, all of them are silent by now.
    std::thread::sleep(SHORT * 2);
    let heir = Claims::join(sweep.path(), &settings("heir", SHORT, HOUR)).unwrap();
    let taken = race(&[heir]);
    assert!(taken.len() == 200 && taken.iter().all(|claim| claim.generation() == 1));
    assert!(first.iter().all(Claim::is_lost));
    drop(first);
    assert_eq!(names(&sweep.path().join("claims")).len(), 400, "who lost a claim leaves the files to the winner");
    drop(taken);
    assert!(names(&sweep.path().join("claims")).is_empty());
}

/// Runs change hands thousands of times; while one holds a run, and is lively, nobody else does.
#[test]
fn no_two_hold_a_run_at_once_however_fast_it_changes_hands() {
    let sweep = tempfile::tempdir().unwrap();
    let holders: Vec<AtomicU32> = (0..3).map(|_| AtomicU32::new(0)).collect();
    let end = Instant::now() + Duration::from_millis(800);
    let taken: usize = std::thread::scope(|scope| {
        let worker = |k: usize| {
            let claims = silent(sweep.path(), &format!("host{}", k % 3));
            let mut taken = 0;
            while Instant::now() < end {
                for (h, holder) in holders.iter().enumerate() {
                    let Taken::Mine(claim) = claims.take(&format!("run{h}")).unwrap() else { continue };
                    assert_eq!(holder.fetch_add(1, Ordering::SeqCst), 0, "run {h} is held twice");
                    claim.check().unwrap();
                    holder.fetch_sub(1, Ordering::SeqCst);
                    claim.release().unwrap();
                    taken += 1;
                }
            }
            taken
        };
        let threads: Vec<_> = (0..6).map(|k| scope.spawn(move || worker(k))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    println!("{taken} claims");
    assert!(taken > 50, "{taken}");
    assert!(names(&sweep.path().join("claims")).is_empty() && names(&sweep.path().join("alive")).is_empty());
}

#[test]
fn a_silent_owner_is_replaced_and_knows_it_at_every_later_time() {
    let sweep = tempfile::tempdir().unwrap();
    let (a, b) = (silent(sweep.path(), "a"), impatient(sweep.path(), "b"));
    let lost = mine(&a, "ab12");
    lost.check().unwrap();
    let taken = take_over(&b, "ab12");
    assert_eq!(taken.generation(), 1);
    assert!(refusal(&lost).contains(&format!("was taken over by {} on b", b.process().name)), "{}", refusal(&lost));
    assert!(lost.is_lost() && !taken.is_lost());
    // The winner has ended the run.
    taken.release().unwrap();
    assert!(names(&sweep.path().join("claims")).is_empty());
    assert!(refusal(&lost).contains("ab12.0") && refusal(&lost).ends_with("its work here is dropped."));
    // A third one has the run under the very name of the first's claim; even the same process may.
    for claims in [&b, &a] {
        let again = mine(claims, "ab12");
        assert_eq!(again.generation(), 0);
        assert!(lost.is_lost() && lost.clone().release().is_ok());
        again.check().unwrap();
    }
}

#[test]
fn takeovers_are_counted_and_each_loser_knows() {
    let sweep = tempfile::tempdir().unwrap();
    let mut losers: Vec<Claim> = Vec::new();
    for generation in 0..4 {
        let host = format!("host{generation}");
        let claims = Claims::join(sweep.path(), &settings(&host, SHORT, HOUR)).unwrap();
        let claim = take_over(&claims, "ab12");
        assert_eq!(claim.generation(), generation);
        assert!(losers.iter().all(Claim::is_lost));
        losers.push(claim);
    }
    let winner = losers.pop().unwrap();
    for loser in losers.drain(..2) {
        loser.release().unwrap();
    }
    assert_eq!(names(&sweep.path().join("claims")), ["ab12.0", "ab12.1", "ab12.2", "ab12.3"]);
    winner.release().unwrap();
    assert!(names(&sweep.path().join("claims")).is_empty() && losers[0].is_lost());
}

/// Stopped and continued, or asleep: nobody wanted the run meanwhile, so it goes on.
#[test]
fn who_was_silent_and_not_replaced_goes_on() {
    let sweep = tempfile::tempdir().unwrap();
    let a = Claims::join(sweep.path(), &settings("a", SHORT, HOUR)).unwrap();
    let b = lively(sweep.path(), "b");
    let claim = mine(&a, "ab12");
    std::thread::sleep(SHORT * 2);
    let before = other(&b, "ab12").silent;
    claim.check().unwrap();
    std::thread::sleep(SHORT / 2);
    assert!(other(&b, "ab12").silent < before, "the check gave a sign of life");
}

#[test]
fn who_cannot_give_a_sign_of_life_considers_its_claims_lost() {
    let sweep = tempfile::tempdir().unwrap();
    let (alive, away) = (sweep.path().join("alive"), sweep.path().join("away"));
    let a = impatient(sweep.path(), "a");
    let claim = mine(&a, "ab12");
    std::fs::rename(&alive, &away).unwrap();
    std::fs::write(&alive, "in the way").unwrap();
    let said = wait_for(|| claim.check().err()).to_string();
    assert!(said.contains("could give no sign of life") && said.contains("cannot write"), "{said}");
    assert!(claim.is_lost() && a.fault().is_some());
    assert!(a.take("cd34").is_ok_and(|t| matches!(t, Taken::Mine(_))) || a.fault().is_some());
    std::fs::remove_file(&alive).unwrap();
    std::fs::rename(&away, &alive).unwrap();
    claim.check().unwrap();
    assert!(a.fault().is_none());
}

#[test]
fn a_claim_that_names_nobody_holds_for_a_lease() {
    let sweep = tempfile::tempdir().unwrap();
    let (a, b) = (lively(sweep.path(), "a"), impatient(sweep.path(), "b"));
    for (hash, text) in [("empty", ""), ("half", "{\"hash\":\"ha"), ("other", "[1, 2]"), ("binary", "\u{0}\u{1}")] {
        std::fs::write(sweep.path().join(format!("claims/{hash}.0")), text).unwrap();
        let owner = other(&a, hash);
        assert!(owner.process.is_none() && owner.life == Life::Alive, "{owner:?}");
        assert_eq!(take_over(&b, hash).generation(), 1);
    }
    assert!(names(&sweep.path().join("claims")).is_empty());
}

/// The file of a process that lives comes back; until then its claims count for a lease.
#[test]
fn a_sign_of_life_that_somebody_removed_comes_back() {
    let sweep = tempfile::tempdir().unwrap();
    let (a, b) = (lively(sweep.path(), "a"), lively(sweep.path(), "b"));
    let claim = mine(&a, "ab12");
    std::fs::remove_file(sweep.path().join("alive").join(&a.process().name)).unwrap();
    assert_eq!(other(&b, "ab12").life, Life::Alive);
    wait_for(|| sweep.path().join("alive").join(&a.process().name).exists().then_some(()));
    claim.check().unwrap();
}

#[test]
fn who_removes_claims_takes_the_run_away() {
    let sweep = tempfile::tempdir().unwrap();
    let (a, b) = (lively(sweep.path(), "a"), lively(sweep.path(), "b"));
    let claim = mine(&a, "ab12");
    std::fs::remove_dir_all(sweep.path().join("claims")).unwrap();
    assert!(refusal(&claim).contains("removed by somebody"));
    let error = b.take("ab12").unwrap_err();
    assert!(error.exit_code() == 1 && error.to_string().contains("claims/ab12.0"), "{error}");
    std::fs::create_dir(sweep.path().join("claims")).unwrap();
    let taken = mine(&b, "ab12");
    assert!(claim.release().is_ok() && taken.check().is_ok());
}

#[cfg(unix)]
#[test]
fn what_is_no_claim_is_left_alone_and_named_where_it_is_in_the_way() {
    let sweep = tempfile::tempdir().unwrap();
    let b = impatient(sweep.path(), "b");
    let (claims, outside) = (sweep.path().join("claims"), sweep.path().join("outside"));
    std::fs::write(&outside, "kept").unwrap();
    for name in ["ab12.0", "notes", ".aon-link.tmp"] {
        std::os::unix::fs::symlink(&outside, claims.join(name)).unwrap();
    }
    std::fs::create_dir(claims.join("cd34.1")).unwrap();
    std::fs::write(claims.join("cd34.01"), "a number that nobody writes so").unwrap();
    let error = b.take("ab12").unwrap_err();
    assert!(error.exit_code() == 1 && error.to_string().contains("ab12.0 is in the way"), "{error}");
    let claim = mine(&b, "cd34");
    claim.check().unwrap();
    std::thread::sleep(SHORT * 2);
    impatient(sweep.path(), "c");
    claim.release().unwrap();
    assert_eq!(names(&claims), [".aon-link.tmp", "ab12.0", "cd34.01", "cd34.1", "notes"]);
    assert_eq!(std::fs::read_to_string(&outside).unwrap(), "kept");
}

#[test]
fn what_dead_processes_left_is_removed_by_the_next() {
    let sweep = tempfile::tempdir().unwrap();
    let dead = Claims::join(sweep.path(), &settings("a", SHORT, HOUR)).unwrap();
    let left = [sweep.path().join("claims/.aon-x.tmp"), sweep.path().join("alive/.aon-y.tmp")];
    for path in left.iter().chain([&sweep.path().join("alive/README")]) {
        std::fs::write(path, "half").unwrap();
    }
    drop(impatient(sweep.path(), "b"));
    assert!(left.iter().all(|path| path.exists()), "they may be in use");
    std::thread::sleep(SHORT * 22);
    drop(impatient(sweep.path(), "b"));
    assert_eq!(names(&sweep.path().join("alive")), ["README"]);
    assert!(names(&sweep.path().join("claims")).is_empty());
    // Whoever was forgotten and comes back has its file again.
    mine(&dead, "ab12").check().unwrap();
    assert_eq!(names(&sweep.path().join("alive")).len(), 2);
}

/// `claims/` and `alive/` of another machine come along, with times that are as old or new as the copying made them.
#[test]
fn a_copy_of_a_sweep_is_free_after_a_lease() {
    let (sweep, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let a = lively(sweep.path(), "a");
    let claim = mine(&a, "ab12");
    for name in ["claims", "alive"] {
        std::fs::create_dir(copy.path().join(name)).unwrap();
        for file in names(&sweep.path().join(name)) {
            std::fs::copy(sweep.path().join(name).join(&file), copy.path().join(name).join(&file)).unwrap();
        }
    }
    assert_eq!(other(&lively(copy.path(), "c"), "ab12").life, Life::Alive);
    let b = impatient(copy.path(), "b");
    assert_eq!(take_over(&b, "ab12").generation(), 1);
    claim.check().unwrap();
}

#[test]
fn bad_names_and_bad_places_are_refused() {
    let sweep = tempfile::tempdir().unwrap();
    let a = lively(sweep.path(), "../a/b\n");
    assert!(names(&sweep.path().join("alive"))[0].starts_with('_'), "{:?}", names(&sweep.path().join("alive")));
    for hash in ["", "../ab12", "ab12.0", "a b", "a/b"] {
        let error = a.take(hash).unwrap_err();
        assert!(error.exit_code() == 2 && error.to_string().contains("letters and digits"), "{error}");
    }
    std::fs::write(sweep.path().join("file"), "").unwrap();
    let error = Claims::join(&sweep.path().join("file"), &ClaimSettings::default()).unwrap_err();
    assert!(error.exit_code() == 1 && error.to_string().contains("cannot create"), "{error}");
    let error = standing(&sweep.path().join("none"), &ClaimSettings::default()).unwrap_err();
    assert!(error.exit_code() == 2 && error.to_string().contains("none"), "{error}");
}

#[test]
fn who_only_looks_sees_who_holds_what() {
    let sweep = tempfile::tempdir().unwrap();
    let look = |lease| standing(sweep.path(), &settings("z", lease, HOUR)).unwrap();
    assert!(look(HOUR).owners.is_empty());
    let (a, b) = (silent(sweep.path(), "a"), silent(sweep.path(), "b"));
    let held = [mine(&a, "cd34"), mine(&b, "ab12")];
    std::fs::write(sweep.path().join("claims/ef56.0"), "").unwrap();
    let seen = look(HOUR);
    assert_eq!(seen.clock, Clock::FileServer);
    let said: Vec<_> = seen.owners.iter().map(|o| (&*o.hash, o.process.as_ref().map(|p| &*p.host), o.life)).collect();
    let alive = Life::Alive;
    assert_eq!(said, [("ab12", Some("b"), alive), ("cd34", Some("a"), alive), ("ef56", None, alive)]);
    std::thread::sleep(SHORT * 2);
    let stuck = look(SHORT);
    assert!(stuck.owners.iter().all(|o| o.life == Life::Stuck && o.silent > SHORT && o.held >= o.silent));
    let c = Claims::join(sweep.path(), &settings("c", SHORT, HOUR)).unwrap();
    let taken = take_over(&c, "ab12");
    let owner = look(HOUR).owners.remove(0);
    assert_eq!((owner.generation, owner.process.unwrap().host.as_str()), (1, "c"));
    drop((held, taken));
    assert_eq!(names(&sweep.path().join("claims")), ["ef56.0"]);
    assert_eq!(names(&sweep.path().join("alive")).len(), 3, "a look leaves nothing");
}

/// Where nothing may be written, the newest sign of life is the clock. A file in the place of `alive/` refuses even root.
#[test]
fn who_may_not_write_measures_by_the_newest_sign() {
    let sweep = tempfile::tempdir().unwrap();
    let a = silent(sweep.path(), "a");
    let _first = mine(&a, "ab12");
    std::thread::sleep(SHORT);
    let _second = mine(&a, "cd34");
    std::fs::rename(sweep.path().join("alive"), sweep.path().join("away")).unwrap();
    std::fs::write(sweep.path().join("alive"), "").unwrap();
    let seen = standing(sweep.path(), &settings("z", SHORT / 2, HOUR)).unwrap();
    assert_eq!(seen.clock, Clock::NewestSign);
    // File systems stamp in steps of some milliseconds.
    assert!(seen.owners[0].held >= SHORT * 3 / 4 && seen.owners[0].life == Life::Stuck, "{seen:?}");
    assert!(seen.owners[1].held.is_zero() && seen.owners[1].life == Life::Alive, "{seen:?}");
}

/// What a check costs, and a claim: printed, and held against far more.
#[test]
fn a_check_is_cheap() {
    let sweep = tempfile::tempdir().unwrap();
    let a = silent(sweep.path(), "a");
    let begun = Instant::now();
    let claims: Vec<Claim> = (0..200).map(|k| mine(&a, &format!("run{k}"))).collect();
    let taking = begun.elapsed() / 200;
    let begun = Instant::now();
    for claim in &claims {
        claim.check().unwrap();
    }
    let checking = begun.elapsed() / 200;
    println!("taking a run takes {taking:?}, a check {checking:?}");
    assert!(checking < Duration::from_millis(20) && taking < Duration::from_millis(500), "{checking:?}, {taking:?}");
}
