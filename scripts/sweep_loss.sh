#!/usr/bin/env bash
# Kills, stops, doubles and pauses a sweep of about forty short runs, and checks each time that it ends with the same bytes
# as one that nobody disturbed: every run ended once, nothing lost, nothing left over. Prints a table of what was done; its
# exit code is 1 where anything differs.
#   scripts/sweep_loss.sh [DIRECTORY]   keeps what it made in DIRECTORY, which must not be there
# AON names the program; without it, a release is built. RANDOM_SEED repeats the moments of an earlier call.
# Hosts are played by names, and their clocks by `faketime` where that is installed: no NFS or Lustre is at hand here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ -z "${AON:-}" ]; then
    cargo build --locked --release
    AON=$PWD/${CARGO_TARGET_DIR:-target}/release/aon
fi
if [ $# -gt 0 ]; then
    scratch=$1
    mkdir "$scratch"
else
    scratch=$(mktemp -d)
fi
children=()
# No call leaves a process behind, least of all a stopped one.
end() {
    local status=$?
    for child in "${children[@]}"; do kill -KILL "$child" 2>/dev/null || true; done
    if [ $# -eq 0 ] && [ "$status" -eq 0 ]; then rm -rf "$scratch"; else echo "kept: $scratch"; fi
}
trap 'end "$@"' EXIT
RANDOM=${RANDOM_SEED:=$RANDOM}
echo "the moments are those of RANDOM_SEED=$RANDOM_SEED"

"$AON" synth --small --output-dir "$scratch/data" >/dev/null
cat >"$scratch/spec.toml" <<TOML
seeds = 3
[base]
task = "$scratch/data/task.toml"
[base.data]
firing_rates = "$scratch/data/Firing_Rates.mat"
inhibitory_mask = "$scratch/data/InhibitoryMask.mat"
mirror = "$scratch/data/Mirror.mat"
[base.training]
n_trials = 24
[grid]
"network.dale" = ["presynaptic", "postsynaptic"]
"training.learning_rate" = [0.03, 0.05, 0.1, 0.2, 0.3]
# The larger one diverges.
"network.gain" = [0.1, 3e38]
[[exclude]]
"network.gain" = 3e38
"training.learning_rate" = [0.05, 0.1, 0.2, 0.3]
[halving]
rungs = [5, 12]
keep = 0.5
[confirm]
top = 2
seeds = 3
[keep]
reports = 1
TOML

# What a sweep that has ended must be: COMPARE NAME prints what is not, and how many runs were looked at.
cat >"$scratch/compare.py" <<'PYTHON'
import csv, json, pathlib, sys

def without(rows, *names):
    rows = list(csv.reader(rows))
    keep = [k for k, name in enumerate(rows[0]) if name not in names]
    return [[row[k] for k in keep] for row in rows]

def content(path):
    """What must be the same of a run, and the number of its files, the page aside."""
    files = {f.relative_to(path).as_posix(): f for f in path.rglob("*") if f.is_file()}
    own = {n: f for n, f in files.items() if n != "report.html" and not n.startswith("figures/")}
    kept = {n: f.read_bytes() for n, f in own.items() if n in ("best.safetensors", "fit.csv")}
    if "history.csv" in own:
        kept["history.csv"] = without(own["history.csv"].open(newline=""), "seconds")
    for name in {"summary.json", "diverged.json"} & own.keys():
        # The rest of the summary: all but times, the machine and its threads, and the seals over them.
        it = json.loads(own[name].read_text())
        for key in ("seconds", "trials_per_second", "host", "engine", "sha256", "run"):
            it.pop(key, None)
        kept[name] = it
    return kept, sorted(own)

def compare(true, sweep):
    runs = lambda place: {p.name: p for p in (place / "runs").iterdir()}
    a, b = runs(true), runs(sweep)
    faults = [f"run {n} is missing" for n in a.keys() - b] + [f"run {n} is none of it" for n in b.keys() - a]
    for name in sorted(a.keys() & b):
        (expected, _), (found, files) = content(a[name]), content(b[name])
        if len({"summary.json", "diverged.json"} & set(files)) != 1:
            faults.append(f"run {name} has not ended once: {files}")
        if len(files) > 6 or any(f.startswith((".", "checkpoint")) for f in files):
            faults.append(f"run {name} has more files than its six: {files}")
        faults += [f"run {name}: {f} differs" for f in expected.keys() | found.keys() if expected.get(f) != found.get(f)]
    rows = lambda place: without((place / "runs.csv").open(newline=""), "seconds", "host", "engine", "path")
    if rows(true) != rows(sweep):
        faults.append("runs.csv differs")
    states = [row[rows(sweep)[0].index("state")] for row in rows(sweep)[1:]]
    if not set(states) <= {"ended", "halved", "diverged"} or len(states) != len(b):
        faults.append(f"the table is not complete: {len(states)} rows of {len(b)} runs, {sorted(set(states))}")
    for part in ("claims", "alive"):
        # A temporary file that a kill left is in nobody's way, and goes when a process comes after a lease.
        left = sorted(p.name for p in (sweep / part).iterdir() if not p.name.startswith(".aon-"))
        if left:
            faults.append(f"left in {part}: {left}")
    ends = [json.loads(line) for log in sweep.parent.glob(sweep.name + ".*.jsonl") for line in torn(log)]
    ended = [event["hash"] for event in ends if event["event"] == "ended"]
    twice = {h for h in ended if ended.count(h) > 1}
    if twice:
        faults.append(f"said to have ended twice: {sorted(twice)}")
    return faults, len(b), len(ended)

def torn(log):
    """Lines but a last one that a kill cut."""
    return [line for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")]

faults, runs, told = compare(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
print(*faults, sep="\n", file=sys.stderr)
print(f"{runs} runs, {told} told of")
sys.exit(bool(faults))
PYTHON

status=0
log=0
now() { date +%s.%N; }
since() { python3 -c "print(f'{$(now) - $1:.1f}')"; }
# A moment between A and B tenths of a second.
moment() { sleep "$(python3 -c "print(($1 + $RANDOM % ($2 - $1 + 1)) / 10)")"; }
# start NAME [PREFIX… --] FLAGS…: a process of the sweep NAME, whose number is then in $started.
start() {
    local name=$1 prefix=()
    shift
    if [[ " $* " == *" -- "* ]]; then
        while [ "$1" != -- ]; do prefix+=("$1"); shift; done
        shift
    fi
    log=$((log + 1))
    "${prefix[@]}" "$AON" sweep run "$scratch/spec.toml" --output-dir "$scratch/$name" --engine cpu --json "$@" \
        >"$scratch/$name.$log.jsonl" 2>"$scratch/$name.$log.err" &
    started=$!
    children+=("$started")
}
# Waits for a process, and leaves its exit code in $code.
ended() {
    code=0
    # What the shell says of a killed process is what was meant.
    wait "$1" 2>/dev/null || code=$?
}
fail() {
    echo "  FAILED: $*"
    status=1
}
# Where the result of every run stands and since when: what has ended must not be written again.
results() { stat -c '%n %i %.9Y' "$scratch/$1"/runs/*/{summary,diverged}.json 2>/dev/null | sort || true; }
not_again() {
    local changed
    changed=$(comm -23 <(echo "$2") <(results "$1"))
    [ -z "$changed" ] || fail "$1: results were written again: $changed"
}
row() { printf '%-34s %-44s %8s  %s\n' "$@"; }
# finish NAME WHAT HOW BEGIN: until complete, then compared.
finish() {
    local name=$1 looked same=same
    looked=$(python3 "$scratch/compare.py" "$scratch/undisturbed" "$scratch/$name" 2>"$scratch/$name.differs") || same=DIFFERS
    row "$2" "$3" "$(since "$4")" "$looked, $same"
    [ "$same" = same ] || { fail "$(cat "$scratch/$name.differs")"; }
}
row "what was done" "how often, and how" "seconds" "at the end"

begin=$(now)
start undisturbed --places 16
ended "$started"
[ "$code" -eq 0 ] || { cat "$scratch"/undisturbed.*.err; exit 1; }
took=$(since "$begin")
finish undisturbed "nothing" "one process" "$begin"
# Tenths of a second of the undisturbed sweep.
tenths=$(python3 -c "print(max(10, int($took * 10)))")

# (a)
begin=$(now)
kills=0
before=""
while [ "$kills" -lt 10 ]; do
    start killed --places $((RANDOM % 16 + 1))
    moment 1 $((tenths / 6))
    kill -KILL "$started" 2>/dev/null || true
    ended "$started"
    [ "$code" -eq 137 ] || [ "$code" -eq 0 ] || fail "killed: exit code $code: $(cat "$scratch/killed.$log.err")"
    [ "$code" -ne 137 ] || kills=$((kills + 1))
    not_again killed "$before"
    before=$(results killed)
    # Where it was complete before the tenth kill, it begins anew.
    if [ "$code" -eq 0 ]; then
        finish killed "kill -9" "complete after $kills kills; begun anew" "$begin"
        rm -rf "$scratch"/killed*
        before=""
    fi
done
start killed
ended "$started"
[ "$code" -eq 0 ] || fail "killed: exit code $code: $(cat "$scratch/killed.$log.err")"
not_again killed "$before"
finish killed "kill -9" "$kills at random moments" "$begin"

# (b)
for processes in 2 3; do
    begin=$(now)
    name=together$processes
    pids=()
    for process in $(seq "$processes"); do
        start "$name" --places $((process * 3)) --threads 1
        pids+=("$started")
    done
    for pid in "${pids[@]}"; do
        ended "$pid"
        [ "$code" -eq 0 ] || fail "$name: exit code $code: $(cat "$scratch/$name".*.err)"
    done
    finish "$name" "$processes processes at once" "on one directory" "$begin"
done
begin=$(now)
pids=()
for host in ada bob eve; do
    start hosts --places 4 --threads 1 --host "$host" --lease 2s
    pids+=("$started")
done
moment 5 $((tenths / 2))
kill -KILL "${pids[1]}" 2>/dev/null || true
ended "${pids[1]}"
for pid in "${pids[0]}" "${pids[2]}"; do
    ended "$pid"
    [ "$code" -eq 0 ] || fail "hosts: exit code $code: $(cat "$scratch"/hosts.*.err)"
done
# Whose host is another's cannot be known to be dead but by the lease, so that its sign of life outlives it.
rm -f "$scratch"/hosts/alive/bob-*
finish hosts "3 hosts, one killed" "kill -9, a lease of 2 s" "$begin"

# (c)
begin=$(now)
start stopped --places 4 --threads 1 --host ada --lease 2s
pids=("$started")
start stopped --places 4 --threads 1 --host bob --lease 2s
pids+=("$started")
stops=0
takeovers=0
hosts=(ada bob)
claims_of() { grep -ls "\"host\":\"$1\"" "$scratch"/stopped/claims/*.* | sort || true; }
for turn in 0 1 0; do
    moment 1 5
    held=""
    for _ in $(seq 100); do
        held=$(claims_of "${hosts[$turn]}")
        [ -z "$held" ] || break
        sleep 0.02
    done
    kill -STOP "${pids[$turn]}" 2>/dev/null || break
    held=$(claims_of "${hosts[$turn]}")
    # Past its lease, and until another has taken a run of it.
    for _ in $(seq 150); do
        sleep 0.1
        if [ -n "$(comm -23 <(echo "$held") <(claims_of "${hosts[$turn]}"))" ]; then
            takeovers=$((takeovers + 1))
            break
        fi
    done
    moment 1 20
    kill -CONT "${pids[$turn]}" 2>/dev/null || break
    stops=$((stops + 1))
done
for pid in "${pids[@]}"; do
    ended "$pid"
    [ "$code" -eq 0 ] || fail "stopped: exit code $code: $(cat "$scratch"/stopped.*.err)"
done
[ "$takeovers" -gt 0 ] || fail "stopped: no run was taken over, so that nothing was tried"
finish stopped "2 hosts, stopped and continued" "$stops × SIGSTOP past a lease of 2 s, $takeovers × taken over" "$begin"

# (d)
if command -v faketime >/dev/null; then
    for wrong in '-11y' '+9y'; do
        begin=$(now)
        name=clock$wrong
        start "$name" --places 4 --threads 1 --host ada --lease 2s
        pids=("$started")
        start "$name" faketime --exclude-monotonic -f "$wrong" -- --places 4 --threads 1 --host bob --lease 2s
        pids+=("$started")
        said=nothing
        for _ in $(seq 100); do
            said=$(cat "$scratch/$name"/alive/bob-* 2>/dev/null | grep -o '"time":"[0-9]*' | grep -o '[0-9]*$' || true)
            [ -z "$said" ] || break
            sleep 0.05
        done
        [ -n "$said" ] && [ "$said" != "$(date +%Y)" ] || fail "$name: the clock was not wrong: ${said:-nothing seen}"
        for pid in "${pids[@]}"; do
            ended "$pid"
            [ "$code" -eq 0 ] || fail "$name: exit code $code: $(cat "$scratch/$name".*.err)"
        done
        finish "$name" "2 hosts, one with a wrong clock" "in the year $said, lease 2 s" "$begin"
    done
else
    row "a wrong clock" "NOT TESTED: faketime is not installed" "-" "-"
fi

# (e)
for signal in TERM INT; do
    begin=$(now)
    name=signal$signal
    slowest=0
    pauses=0
    before=""
    for _ in 1 2 3 4; do
        start "$name" --places $((RANDOM % 16 + 1))
        moment 3 $((tenths / 4))
        asked=$(now)
        kill "-$signal" "$started" 2>/dev/null || true
        ended "$started"
        after=$(since "$asked")
        case $signal:$code in
            TERM:143 | INT:130)
                pauses=$((pauses + 1))
                slowest=$(python3 -c "print(max($slowest, $after))")
                ;;
            *:0) ;;
            *) fail "$name: exit code $code: $(cat "$scratch/$name.$log.err")" ;;
        esac
        not_again "$name" "$before"
        before=$(results "$name")
    done
    start "$name"
    ended "$started"
    [ "$code" -eq 0 ] || fail "$name: exit code $code: $(cat "$scratch/$name.$log.err")"
    finish "$name" "SIG$signal" "$pauses pauses, the slowest after $slowest s" "$begin"
done

# (f)
begin=$(now)
calls=0
before=""
while :; do
    calls=$((calls + 1))
    [ "$calls" -le 200 ] || { fail "budget: no end after 200 calls"; break; }
    start budget --places 6 --budget "$((RANDOM % (tenths * 20) + 500))ms"
    ended "$started"
    [ "$code" -eq 0 ] || fail "budget: exit code $code: $(cat "$scratch/budget.$log.err")"
    not_again budget "$before"
    before=$(results budget)
    [ ! -f "$scratch/budget/runs.csv" ] || break
done
finish budget "--budget" "$((calls - 1)) pauses" "$begin"

[ "$status" -eq 0 ] && echo "nothing was lost"
exit "$status"
