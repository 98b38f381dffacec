#!/usr/bin/env python3
"""Measures how fast tuning is tested, beside other ways to do it: every program takes its turn in every round.

    pip install numpy scipy pynapple
    scripts/tuning_speed.py [--rounds 5] [--neurons 1000] [--frames 100000] [--bouts 60] [--shifts 1000]

Four executed and four observed behaviours, one context, 20 Hz, noise; the null distributions `window` and `circular`. aon
(`cargo bench --bench tuning`) and NumPy's prefix sums have two cores (--processes), the others one. The `np.roll` loop, SciPy's
FFT of many neurons and pynapple are timed on a part, and what is printed is that times as much as the part is smaller;
it is said so. All ways of this file are first held against each other, and p of NumPy and of aon against their level.
Without pynapple it is left out, and that is said too. Memory: about 4 bytes a neuron and frame, twice.
"""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # a process is a core

import argparse
import multiprocessing
import re
import shlex
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from scipy import fft
from scipy.signal import lfilter

ROOT = Path(__file__).resolve().parent.parent
RATE, WINDOW_S, LEAST_S, KINDS = 20.0, 60.0, 20.0, 8
LANES, TAKEN = 8, 2**19  # neurons side by side, and bytes that are taken at once: of several tried, the fastest


class Case:
    """Noise with a memory of ten frames, and bouts apart from each other, as in benches/tuning.rs."""

    def __init__(self, neurons, frames, bouts, shifts):
        rng = np.random.default_rng(1)
        self.frames, self.shifts, self.bouts = frames, shifts, bouts
        self.activity = np.empty((neurons, frames), np.float32)
        for row in self.activity:
            row[:] = lfilter([1], [1, -0.9], rng.uniform(-0.5, 0.5, frames))
        place = frames / (bouts * KINDS)
        length = rng.uniform(0.4, 0.8, bouts * KINDS) * min(place, 2.5 * RATE)
        start = place * np.arange(bouts * KINDS) + rng.uniform(size=bouts * KINDS) * (place - length - 1)
        edges = np.stack([np.ceil(start), np.ceil(start + length)], axis=1).astype(int)
        self.kinds = [edges[k::KINDS] for k in range(KINDS)]
        # The weight of every frame in the statistic of each kind.
        self.weights = np.zeros((frames, KINDS), np.float32)
        for k, edges in enumerate(self.kinds):
            self.weights[:, k] = -1 / (frames - (edges[:, 1] - edges[:, 0]).sum())
            for a, b in edges:
                self.weights[a:b, k] = 1 / (bouts * (b - a))
        count = max(round(frames / RATE / WINDOW_S), 1)
        margin = int(LEAST_S * RATE)
        self.windows = {"window": np.arange(count + 1) * frames // count, "circular": np.array([0, frames])}
        lengths = np.diff(self.windows["window"])
        self.drawn = {
            "window": rng.integers(0, lengths, size=(shifts, count)),
            "circular": rng.integers(margin, frames - margin, size=(shifts, 1)),
        }


def tally(statistics_, observed):
    """Two-sided p of `[draws × neurons]`."""
    above, below = (statistics_ >= observed).sum(axis=0), (statistics_ <= observed).sum(axis=0)
    return np.minimum(2 * (1 + np.minimum(above, below)) / (len(statistics_) + 1), 1)


# ---- NumPy, prefix sums: of each window twice in a row, so that a shifted bout is one difference. All edges of all bouts
# under some shifts are taken at once, of eight neurons side by side; what is taken fits the cache.


def gathers(case, null, shifts):
    """Of each kind: where sums are taken, `[edges × draws]` of a few draws at a time, and their weights; draw 0 is as recorded."""
    ends, drawn = case.windows[null], np.vstack([np.zeros_like(case.drawn[null][:1]), case.drawn[null][:shifts]])
    found = []
    for edges in case.kinds:
        outside = 1 / (case.frames - (edges[:, 1] - edges[:, 0]).sum())
        places, of, weights = [], [], []
        for a, b in edges:
            for w in range(np.searchsorted(ends, a, "right") - 1, np.searchsorted(ends, b)):
                weight = 1 / (len(edges) * (b - a)) + outside
                places += [max(a, ends[w]), min(b, ends[w + 1])]
                weights += [-weight, weight]
                of += [w, w]
        places, of = np.array(places), np.array(of)
        # Window w begins at 2 ends[w] in the doubled row, and its second copy a window later.
        base = places + ends[of] + np.diff(ends)[of]
        index = (base[:, None] - drawn[:, of].T).astype(np.intp)
        at_once = max(TAKEN // (len(base) * LANES * 8), 1)
        blocks = [np.ascontiguousarray(index[:, k : k + at_once]) for k in range(0, len(drawn), at_once)]
        found.append((blocks, np.array(weights), outside))
    return found


def prefix_block(case, null, prepared, first):
    """p of some neurons, `[kinds × neurons]`, and the statistics, `[kinds × draws + 1 × neurons]`."""
    rows = case.activity[first : first + LANES]
    ends = case.windows[null]
    doubled = np.zeros((2 * case.frames + 1, len(rows)))
    at = 1
    for a, b in zip(ends, ends[1:]):
        doubled[at : at + b - a] = rows[:, a:b].T
        doubled[at + b - a : at + 2 * (b - a)] = doubled[at : at + b - a]
        at += 2 * (b - a)
    total = rows.sum(axis=1, dtype=float)
    np.cumsum(doubled, axis=0, out=doubled)
    p, all_found = [], []
    for blocks, weights, outside in prepared:
        # `clip` spares a buffer and a check; all places are within.
        taken = (doubled.take(block, axis=0, mode="clip").reshape(len(weights), -1) for block in blocks)
        found = np.concatenate([(weights @ sums).reshape(-1, len(rows)) for sums in taken]) - total * outside
        p.append(tally(found[1:], found[0]))
        all_found.append(found)
    return np.array(p), np.array(all_found)


CASE, PREPARED = None, {}


def prefix_task(task):
    null, first = task
    return prefix_block(CASE, null, PREPARED[null], first)[0]


def prefix(null, processes):
    """All of it, on some processes that share the activity; the places are part of the time."""
    PREPARED[null] = gathers(CASE, null, CASE.shifts)
    tasks = [(null, first) for first in range(0, len(CASE.activity), LANES)]
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        return np.concatenate(pool.map(prefix_task, tasks, chunksize=max(len(tasks) // (8 * processes), 1)), axis=1)


# ---- SciPy: the statistic under every shift is a cross-correlation, in each window.


def by_fft(case, null, neurons):
    """The statistics as recorded and drawn, `[kinds × draws + 1 × neurons]`."""
    ends, drawn = case.windows[null], np.vstack([np.zeros_like(case.drawn[null][:1]), case.drawn[null]])
    found = np.zeros((KINDS, len(drawn), neurons))
    lengths = np.diff(ends)
    for length in np.unique(lengths):
        own = np.flatnonzero(lengths == length)
        frames = ends[own][:, None] + np.arange(length)
        weights = fft.rfft(case.weights[frames], axis=1)  # [windows, frequencies, kinds]
        for i in range(neurons):
            spectrum = fft.rfft(case.activity[i][frames], axis=1).conj()
            for k in range(KINDS):
                correlation = fft.irfft(spectrum * weights[:, :, k], n=length, axis=1)
                found[k, :, i] += correlation[np.arange(len(own))[None], drawn[:, own]].sum(axis=1)
    return found


# ---- The loop over shifts: roll, then average. To average is to multiply with weights, which is the fastest way.


def by_roll(case, null, neurons, shifts):
    """The statistics of some shifts, `[shifts × neurons × kinds]`."""
    ends, rows, found = case.windows[null], case.activity[:neurons], []
    for drawn in case.drawn[null][:shifts]:
        turned = [np.roll(rows[:, a:b], s, axis=1) for a, b, s in zip(ends, ends[1:], drawn)]
        found.append(np.concatenate(turned, axis=1) @ case.weights)
    return np.array(found)


def by_pynapple(case, null, neurons, shifts):
    """Means of bouts and of the rest as pynapple makes them, of frames rather than of bouts: less than what is tested."""
    import pynapple as nap

    ends, rows, times = case.windows[null], case.activity[:neurons], np.arange(case.frames) / RATE
    bouts = [nap.IntervalSet((e[:, 0] - 0.5) / RATE, (e[:, 1] - 0.5) / RATE) for e in case.kinds]
    whole = nap.IntervalSet(times[0], times[-1])
    outside = [whole.set_diff(b) for b in bouts]
    start = time.perf_counter()
    for drawn in case.drawn[null][:shifts]:
        turned = np.concatenate([np.roll(rows[:, a:b], s, axis=1) for a, b, s in zip(ends, ends[1:], drawn)], axis=1)
        frame = nap.TsdFrame(t=times, d=turned.T, time_support=whole)
        for own, rest in zip(bouts, outside):
            frame.restrict(own).d.mean(axis=0) - frame.restrict(rest).d.mean(axis=0)
    return time.perf_counter() - start


def held_together(case):
    """All ways give the same statistics; of the first neurons and shifts."""
    for null in case.windows:
        few = min(len(case.activity), LANES)
        slow = by_roll(case, null, few, 5)
        spectral = by_fft(case, null, few)
        _, found = prefix_block(case, null, gathers(case, null, 5), 0)
        assert np.allclose(slow, spectral[:, 1:6].transpose(1, 2, 0), atol=1e-4), null
        assert np.allclose(found, spectral[:, :6], atol=1e-4), null


def ours(args):
    """Seconds of each null distribution, and the shares of p below 0.05, as aon reports them."""
    size = ",".join(str(n) for n in (args.neurons, args.frames, args.bouts, args.shifts))
    environment = {**os.environ, "AON_TUNING_CASE": size, "RAYON_NUM_THREADS": str(args.processes)}
    run = subprocess.run(shlex.split(args.aon), cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    found = dict(re.findall(r"(\w+)=([0-9.]+)", run.stdout))
    assert int(found["threads"]) == args.processes, run.stdout
    return [(float(found[f"{null}_s"]), float(found[f"{null}_below"])) for null in ("window", "circular")]


def timed(action):
    start = time.perf_counter()
    found = action()
    return time.perf_counter() - start, found


def spread(values, digits=2):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def main():
    global CASE
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in [("rounds", 5), ("neurons", 1000), ("frames", 100_000), ("bouts", 60), ("shifts", 1000), ("processes", 2)]:
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--aon", default="cargo bench --quiet --bench tuning", help="the command that times aon")
    args = parser.parse_args()
    CASE = Case(args.neurons, args.frames, args.bouts, args.shifts)
    held_together(CASE)
    ours(args)  # builds it
    n, few, some = len(CASE.activity), min(args.neurons, 20), min(args.neurons, 100)
    parts = {"np.roll": (few, 10), "SciPy FFT": (some, args.shifts), "pynapple": (few, 3)}
    parts = {name: (neurons, min(shifts, args.shifts)) for name, (neurons, shifts) in parts.items()}
    scale = {name: n / neurons * args.shifts / shifts for name, (neurons, shifts) in parts.items()}
    try:
        by_pynapple(CASE, "circular", 1, 1)
    except ImportError:
        print("pynapple is not installed, and not measured.")
        del parts["pynapple"]
    ways = ["aon", "NumPy prefix sums", *parts]
    seconds, below = {way: [] for way in ways}, {way: [] for way in ways[:2]}
    for _ in range(args.rounds):
        found = {"aon": [], "NumPy prefix sums": [], **{name: [] for name in parts}}
        shares = ours(args)
        found["aon"] = [s for s, _ in shares]
        below["aon"].append([share for _, share in shares])
        p = []
        for null in ("window", "circular"):
            took, of = timed(lambda: prefix(null, args.processes))
            found["NumPy prefix sums"].append(took)
            p.append((of < 0.05).mean())
            neurons, shifts = parts["np.roll"]
            found["np.roll"].append(scale["np.roll"] * timed(lambda: by_roll(CASE, null, neurons, shifts))[0])
            neurons, _ = parts["SciPy FFT"]
            found["SciPy FFT"].append(scale["SciPy FFT"] * timed(lambda: by_fft(CASE, null, neurons))[0])
            if "pynapple" in parts:
                found["pynapple"].append(scale["pynapple"] * by_pynapple(CASE, null, *parts["pynapple"]))
        below["NumPy prefix sums"].append(p)
        for way, both in found.items():
            seconds[way].append(both)
    print(f"{args.neurons} neurons, {args.frames} frames, {KINDS} kinds of {args.bouts} bouts, {args.shifts} shifts, {args.rounds} rounds")
    own = [sum(both) for both in seconds["aon"]]
    for way in ways:
        cores = args.processes if way in ("aon", "NumPy prefix sums") else 1
        said = f", EXTRAPOLATED {scale[way]:.0f} times from {parts[way][0]} neurons, {parts[way][1]} shifts" if way in parts else ""
        print(f"\n{way}, {cores} core(s){said}")
        for k, null in enumerate(("window", "circular")):
            print(f"  {null:9} s   {spread([both[k] for both in seconds[way]])}")
        both = [sum(pair) for pair in seconds[way]]
        print(f"  both      s   {spread(both)}, times ours {spread([b / a for a, b in zip(own, both)], 1)}")
        if way in below:
            shares = np.mean(below[way], axis=0)
            print(f"  share of p < 0.05: {shares[0]:.4f} and {shares[1]:.4f} of {KINDS * n} tests each")


if __name__ == "__main__":
    sys.exit(main())
