#!/usr/bin/env python3
"""Measures the speed figures of docs/results.md in one run: every program that is compared takes its turn in every round.

    cargo build --release
    scripts/measure.py [--rounds 5] [--gpu] [--peer "python3 other.py --models {networks}"] [--recordings DIR]

--peer names another program that does the same training step on {networks} networks, and prints its median as
`median_s_per_step=SECONDS`; it may be given several times. --recordings is a folder with Firing_Rates.mat,
InhibitoryMask.mat and Mirror.mat of the task `jerjian2020`. Medians are over rounds, of each round's own median; the
share of the peak is that of the same round.
"""

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AON = ROOT / "target" / "release" / "aon"


def bench(*flags):
    """One `aon bench --json` as a dictionary."""
    line = subprocess.run([AON, "bench", "--json", *map(str, flags)], check=True, capture_output=True, text=True).stdout
    return json.loads(line)


def peer_seconds(command, networks):
    """Seconds per step that another program reports for so many networks."""
    run = subprocess.run(command.format(networks=networks), shell=True, check=True, capture_output=True, text=True)
    return float(re.search(r"median_s_per_step=([0-9.e-]+)", run.stdout).group(1))


def median(values):
    return statistics.median(list(values))


def spread(values, digits=4):
    return f"{median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def compare(engine, networks, peers, rounds, steps):
    """A table row per program for `networks` networks of the reference size."""
    ours, theirs = [], [[] for _ in peers]
    for _ in range(rounds):
        ours.append(bench("--engine", engine, "--networks", networks, "--steps", steps))
        for seconds, command in zip(theirs, peers):
            seconds.append(peer_seconds(command, networks))
    own = [m["seconds_per_step"] for m in ours]
    share = [m["share_of_peak"] for m in ours if m.get("share_of_peak")]
    trials = 12 * networks
    print(f"\n{engine}, {networks} network(s), {ours[0]['adapter']}, {ours[0]['strategy']}")
    print(f"  s per step        {spread(own)}")
    print(f"  trials/s          {trials / median(own):.1f}")
    if share:
        print(f"  share of the peak {100 * median(share):.0f} % ({100 * min(share):.0f} to {100 * max(share):.0f} %)")
    print(f"  memory, process   {max(m['peak_memory_bytes'] for m in ours) / 1e6:.0f} MB")
    for seconds, command in zip(theirs, peers):
        ratio = [b / a for a, b in zip(own, seconds)]
        print(f"  {command.format(networks=networks)}")
        print(f"    s per step      {spread(seconds)}, {trials / median(seconds):.1f} trials/s")
        print(f"    times ours      {spread(ratio, 2)}")
    sys.stdout.flush()


def flatness(engine, rounds):
    """Cost of a trial and time step over K and T."""
    cases = [(k, 800) for k in (1, 2, 4, 8, 16)] + [(1, t) for t in (200, 400, 1600, 3200)]
    cost = {case: [] for case in cases}
    for _ in range(rounds):
        for networks, time_steps in cases:
            m = bench("--engine", engine, "--networks", networks, "--time-steps", time_steps, "--steps", 5)
            cost[networks, time_steps].append(1e6 * m["seconds_per_step"] / (networks * 12 * time_steps))
    print(f"\n{engine}: microseconds per trial and time step")
    for (networks, time_steps), values in cost.items():
        print(f"  K = {networks:2}, T = {time_steps:4}   {spread(values, 3)}, least {min(values):.3f}")
    middle = [median(v) for v in cost.values()]
    least = [min(v) for v in cost.values()]
    print(f"  largest over smallest: medians {max(middle) / min(middle):.2f}, least {max(least) / min(least):.2f}")
    sys.stdout.flush()


def fit(name, rounds, flags):
    """Time from the command to the written run, and the fit."""
    seconds, found = [], []
    for seed in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "run"
            start = time.perf_counter()
            command = [AON, "train", "--engine", "cpu", "--quiet", "--output-dir", out, "--seed", str(seed), *flags]
            subprocess.run(command, check=True, cwd=ROOT)
            seconds.append(time.perf_counter() - start)
            summary = json.loads((out / "summary.json").read_text())
            found.append((summary["median_r2"], summary["baseline"]["input_only"]["median_r2"]))
    print(f"\n{name}: {' '.join(map(str, flags[-2:]))}, seeds 0 to {rounds - 1}")
    print(f"  median R2  {', '.join(f'{r:.3f}' for r, _ in found)}; input-only {', '.join(f'{b:.3f}' for _, b in found)}")
    print(f"  seconds    {spread(seconds, 1)}")
    sys.stdout.flush()


def data_flags(folder):
    names = {"firing-rates": "Firing_Rates", "inhibitory-mask": "InhibitoryMask", "mirror": "Mirror"}
    return [text for flag, name in names.items() for text in (f"--{flag}-mat", str(folder / f"{name}.mat"))]


def fits(recordings, rounds):
    with tempfile.TemporaryDirectory() as folder:
        synthetic = Path(folder) / "data"
        subprocess.run([AON, "synth", "--output-dir", synthetic], check=True, capture_output=True)
        flags = ["--task", str(synthetic / "task.toml"), *data_flags(synthetic)]
        fit("aon synth, default", rounds, [*flags, "--n-trials", "100"])
        fit("aon synth, published", 1, [*flags, "--preset", "published", "--n-trials", "100"])
    if recordings:
        flags = ["--task", str(ROOT / "tasks" / "jerjian2020.toml"), "--normalize", "soft", *data_flags(recordings)]
        fit("jerjian2020, default", rounds, [*flags, "--n-trials", "360"])
        fit("jerjian2020, published", 1, [*flags, "--preset", "published", "--n-trials", "360"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--gpu", action="store_true", help="measure the GPU engine too")
    parser.add_argument("--peer", action="append", default=[], help="a program to compare with")
    parser.add_argument("--recordings", type=Path)
    parser.add_argument("--only", choices=["compare", "flatness", "fit"], help="a part of it")
    args = parser.parse_args()
    if not shutil.which(AON):
        sys.exit(f"{AON} is missing: cargo build --release")
    if args.only in (None, "compare"):
        for networks in (1, 4):
            compare("cpu", networks, args.peer, args.rounds, 9)
        if args.gpu:
            compare("gpu", 1, [], args.rounds, 5)
    if args.only in (None, "flatness"):
        flatness("cpu", args.rounds)
    if args.only in (None, "fit"):
        fits(args.recordings, min(args.rounds, 3))


if __name__ == "__main__":
    main()
