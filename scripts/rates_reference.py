#!/usr/bin/env python3
"""Writes tests/golden/rates/rates.json: peri-event means and responses per epoch of pynapple, that tests/tuning_rates.rs compares with.

    pip install pynapple scipy
    scripts/rates_reference.py

The recordings are drawn here, of one seed, and are in the file, with the versions of what made the numbers.
"""

import importlib.metadata
import json
import platform
from pathlib import Path

import numpy as np
import pynapple as nap
from scipy.ndimage import gaussian_filter1d

OUT = Path(__file__).resolve().parent.parent / "tests" / "golden" / "rates" / "rates.json"
rng = np.random.default_rng(13)
SPAN = (2.0, 152.0)
BIN, FROM, TO, SIGMA = 0.02, -0.4, 0.6, 0.05  # s
PAD = round(4 * SIGMA / BIN)
BINS = round((TO - FROM) / BIN)

# Trials of two agents and two objects, with the onset of a movement; one reaches beyond the recording with what the filter needs.
times = np.sort(rng.uniform(SPAN[0] + 4, SPAN[1] - 2, size=44)).round(4)
times[-1] = SPAN[1] - 0.7
kinds = rng.permutation(np.arange(44) % 4)  # self a, self b, other a, other b
trials = [[int(k // 2), "ab"[k % 2], float(t)] for k, t in zip(kinds, times)]


def rates_of(group, kind):
    """pynapple's spikes around events, counted by pynapple, averaged over events, filtered by SciPy."""
    at = times[(kinds == kind) & (times + TO + PAD * BIN <= SPAN[1])]
    window = (FROM - PAD * BIN, TO + PAD * BIN)
    # Wider than asked for, so that no spike at an edge is lost to rounding; counted in the bins themselves.
    wide = (window[0] - BIN, window[1] + BIN)
    around = nap.compute_perievent(group, nap.Ts(at), window=wide)
    edges = FROM + BIN * np.arange(-PAD, BINS + PAD + 1)
    rows = []
    for unit in group.keys():
        aligned = around[unit]
        counts = np.array([np.histogram(aligned[e].t, edges)[0] for e in aligned.keys()])
        assert len(counts) == len(at)
        # pynapple rounds times to nanoseconds; its own counts, where its bins are these.
        own = aligned.count(BIN, nap.IntervalSet(*window)).d.T
        assert own.shape == counts.shape and abs(own - counts).sum() <= 2, abs(own - counts).sum()
        mean = counts.mean(axis=0) / BIN
        rows.append(gaussian_filter1d(mean, SIGMA / BIN, truncate=4.0)[PAD : PAD + BINS].tolist())
    return rows


spikes = [np.sort(rng.uniform(*SPAN, size=int(n))) for n in (30, 400, 2500, 0)]
spikes[1] = np.sort(np.concatenate([spikes[1]] + [t + rng.uniform(0, 0.3, size=5) for t in times[kinds == 0]]))
spikes = [s.round(6) for s in spikes]
support = nap.IntervalSet(*SPAN)
group = nap.TsGroup({i: nap.Ts(s) for i, s in enumerate(spikes)}, time_support=support)


def responses_of(data, windows):
    """pynapple's mean response in each window, one trial at a time."""
    epochs = {str(k): nap.IntervalSet(a, b) for k, (a, b) in enumerate(windows)}
    found = nap.compute_response_per_epoch(data, epochs)
    return np.asarray(found.sel(epochs=[str(k) for k in range(len(windows))])).tolist()


usable = [t for t in trials if t[2] - 0.8 >= SPAN[0] and t[2] + 0.5 <= SPAN[1]]
epochs = {
    "baseline_ms": [-800, -300],
    "movement_ms": [-100, 500],
    "spikes": {
        agent: [
            responses_of(group, [(t - 0.8, t - 0.3) for a, _, t in usable if a == agent]),
            responses_of(group, [(t - 0.1, t + 0.5) for a, _, t in usable if a == agent]),
        ]
        for agent in (0, 1)
    },
}

# Frames every 0.02 s, single precision; events at the begin of a frame, so that bins are frames.
frame_times = SPAN[0] + BIN * np.arange(round(30 / BIN))
frames = rng.normal(size=(3, len(frame_times))).astype(np.float32)
on_frames = np.sort(rng.choice(np.arange(100, len(frame_times) - 100), size=20, replace=False))
frame = nap.TsdFrame(t=frame_times, d=frames.T.astype(float))
around = nap.compute_perievent(frame, nap.Ts(frame_times[on_frames]), window=(PAD * BIN - FROM + BIN / 2, TO + PAD * BIN + BIN / 2))
# [time][event][neuron], and the frame at the end of the window, which is not in it.
mean = np.asarray(around.d)[: BINS + 2 * PAD].mean(axis=1).T
assert mean.shape == (3, BINS + 2 * PAD)
of_frames = gaussian_filter1d(mean, SIGMA / BIN, truncate=4.0, axis=1)[:, PAD : PAD + BINS]

packages = ["numpy", "scipy", "pynapple"]
versions = {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in packages}
OUT.parent.mkdir(parents=True, exist_ok=True)
text = json.dumps(
    {
        "versions": versions,
        "span": SPAN,
        "bin_ms": 1000 * BIN,
        "window_ms": [1000 * FROM, 1000 * TO],
        "smoothing_ms": 1000 * SIGMA,
        "spikes": [s.tolist() for s in spikes],
        "trials": trials,
        "rates": [rates_of(group, kind) for kind in range(4)],
        "epochs": epochs,
        "frames": [[float(v) for v in row] for row in frames],
        "frame_times": frame_times.tolist(),
        "frame_events": frame_times[on_frames].tolist(),
        "frame_rates": of_frames.tolist(),
    },
    separators=(",", ":"),
)
OUT.write_text(text + "\n")
print(f"{OUT}: {OUT.stat().st_size} bytes, {versions}")
