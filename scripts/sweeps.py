#!/usr/bin/env python3
"""Measures what `aon sweep` costs around its networks, and what halving saves; docs/results.md has the figures.

    cargo build --release
    scripts/sweeps.py [--rounds 3] [--gpu] [--only bits,busy,around,halving]

Needs NumPy. Programs that are compared take turns in every round; figures are medians over rounds.
"""

import argparse
import csv
import json
import os
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
AON = ROOT / "target" / "release" / "aon"


def aon(*arguments, **others):
    """Runs the program; seconds, and what it printed."""
    start = time.monotonic()
    done = subprocess.run([AON, *map(str, arguments)], check=True, capture_output=True, text=True, **others)
    return time.monotonic() - start, done.stdout


def data(folder, neurons, bins=30, conditions=12):
    """Smooth random rates of a population of one area, a fifth of it inhibitory, and a base configuration."""
    rng = np.random.default_rng(1)
    phase, speed = rng.uniform(0, 2 * np.pi, (2, neurons, 1))
    time_axis = np.linspace(0, 2 * np.pi, bins)
    rates = {
        f"FR{c + 1}": 0.5 + 0.4 * np.sin(speed * time_axis / 3 + phase + 2 * np.pi * c / conditions)
        for c in range(conditions)
    }
    np.savez(folder / "rates.npz", **rates)
    np.savez(folder / "mask.npz", inhibitory=(np.arange(neurons) % 5 == 0).astype(np.uint8))
    task = (ROOT / "tasks" / "go-nogo.toml").read_text()
    head, rest = task.split("[[areas]]", 1)
    rest = rest[rest.index("[stimulus]") :]
    (folder / "task.toml").write_text(f'{head}[[areas]]\nname = "A"\nsize = {neurons}\n\n{rest}')
    return folder


def specification(folder, name, text, steps, baseline=False, noise="frozen"):
    """Writes a specification over the data in a folder."""
    path = folder / f"{name}.toml"
    path.write_text(
        f"""{text}
[base]
task = "{folder}/task.toml"
[base.data]
firing_rates = "{folder}/rates.npz"
inhibitory_mask = "{folder}/mask.npz"
[base.training]
n_trials = {steps}
baseline = {str(baseline).lower()}
stimulus_noise = "{noise}"
"""
    )
    return path


def sweep(folder, name, path, *flags):
    """A sweep from nothing; its seconds."""
    shutil.rmtree(folder / name, ignore_errors=True)
    return aon("sweep", "run", path, "--output-dir", folder / name, "--quiet", *flags)[0]


GRID = """seeds = 4
[grid]
"training.learning_rate" = [0.03, 0.06, 0.1, 0.2]
"network.gain" = [0.05, 0.1, 0.2, 0.4]
"""


def sizes(folder):
    """Neurons, conditions and time steps of a run, for `aon bench`."""
    run = next((folder / "runs").iterdir())
    line = aon("eval", run)[1]
    assert line
    manifest = json.loads((run / "manifest.json").read_text())
    task = manifest["settings"]["task"]
    neurons = sum(area["size"] for area in task["areas"])
    time_of = task["time"]
    rates = np.load(manifest["settings"]["data"]["firing_rates"])
    bins = max(rates[name].shape[1] for name in rates)
    return neurons, len(task["conditions"]), time_of["thermal"] + bins * time_of["steps_per_bin"]


def busy(folder, rounds, engine, steps):
    """64 networks in 16 places against the speed of a batch, and against 64 runs one after another."""
    path = specification(data(folder, 64), "busy", GRID, steps)
    walls, singles, speeds = [], [], []
    for _ in range(rounds):
        walls.append(sweep(folder, "busy", path, "--places", 16, "--engine", engine))
        neurons, conditions, length = sizes(folder / "busy")
        flags = ["--networks", 16, "--neurons", neurons, "--conditions", conditions, "--time-steps", length]
        bench = json.loads(aon("bench", "--json", "--engine", engine, "--steps", 10, *flags)[1])
        speeds.append(bench["seconds_per_step"] / 16)
        start = time.monotonic()
        for run in (folder / "busy" / "runs").iterdir():
            out = folder / "single"
            shutil.rmtree(out, ignore_errors=True)
            aon("train", "--config", run / "config.toml", "--no-baseline", "--output-dir", out, "--quiet", "--engine", engine)
        singles.append(time.monotonic() - start)
    ideal = [64 * steps * speed for speed in speeds]
    ratio = statistics.median(w / i for w, i in zip(walls, ideal))
    alone = statistics.median(w / s for w, s in zip(walls, singles))
    print(f"busy, {engine}: 64 networks of 64 neurons x {steps} steps in 16 places: {statistics.median(walls):.1f} s")
    print(f"  of network-steps x seconds of `aon bench` ({statistics.median(speeds) * 1e3:.2f} ms): {ratio:.2f}")
    print(f"  of 64 runs of `aon train --no-baseline` ({statistics.median(singles):.1f} s): {alone:.2f}")


MIXED = """seeds = 4
[grid]
"network.gain" = [0.05, 0.1, 0.2, 0.4]
[[together]]
"training.learning_rate" = [0.03, 0.06, 0.1, 0.3]
"training.schedule" = ["cosine", "plateau", "cosine", "plateau"]
"training.patience" = [200, 3, 200, 3]
"network.freeze" = [[], [], ["I_ext"], []]
"""


def essence(run):
    """What of a run must not depend on where and beside which others it was trained."""
    history = [line.rsplit(",", 1)[0] for line in (run / "history.csv").read_text().splitlines()]
    return history, *((run / file).read_bytes() for file in ("best.safetensors", "fit.csv"))


def bits(folder, engine, steps):
    """64 networks of different settings and age in 16 places against 64 runs, byte for byte."""
    path = specification(data(folder, 64), "bits", MIXED, steps, noise="fresh")
    sweep(folder, "bits", path, "--places", 16, "--engine", engine)
    runs, same, lengths = list((folder / "bits" / "runs").iterdir()), 0, set()
    for run in runs:
        out = folder / "single"
        shutil.rmtree(out, ignore_errors=True)
        aon("train", "--config", run / "config.toml", "--no-baseline", "--output-dir", out, "--quiet", "--engine", engine)
        same += essence(run) == essence(out)
        lengths.add(len(essence(run)[0]) - 1)
    print(f"bits, {engine}: {same} of {len(runs)} networks of 64 neurons are byte for byte those that they are alone ({min(lengths)} to {max(lengths)} steps)")


def around(folder, rounds):
    """1000 networks of 12 neurons x 20 steps."""
    grid = 'seeds = 50\n[grid]\n"training.learning_rate" = [0.03, 0.06, 0.1, 0.2]\n"network.gain" = [0.05, 0.1, 0.2, 0.3, 0.4]\n'
    path = specification(data(folder, 12), "around", grid, 20)
    walls, speeds = [], []
    for _ in range(rounds):
        walls.append(sweep(folder, "around", path))
        neurons, conditions, length = sizes(folder / "around")
        flags = ["--networks", 64, "--neurons", neurons, "--conditions", conditions, "--time-steps", length]
        bench = json.loads(aon("bench", "--json", "--engine", "cpu", "--steps", 20, *flags)[1])
        speeds.append(bench["seconds_per_step"] / 64)
    extra = statistics.median((w - 20_000 * s) / 1000 for w, s in zip(walls, speeds))
    files = max(len(list(run.iterdir())) for run in (folder / "around" / "runs").iterdir() if not (run / "report.html").exists())
    status, table = aon("sweep", "status", folder / "around")[0], aon("sweep", "table", folder / "around")[0]
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"around: 1000 networks of 12 neurons x 20 steps: {statistics.median(walls):.1f} s, {extra * 1e3:.1f} ms a run beyond the steps")
    print(f"  at most {files} files a run; status {status:.2f} s, table {table:.2f} s; the largest process {memory:.0f} MB")


def rows(folder):
    with open(folder / "runs.csv", newline="") as file:
        return list(csv.DictReader(file))


def halving(folder):
    """64 settings x 3 seeds in full, and halved."""
    space = """seeds = 3
[sobol]
points = 64
"training.learning_rate" = { log = [0.003, 1.0] }
"network.gain" = { log = [0.02, 1.0] }
"training.regularisation" = { log = [0.0001, 1.0] }
"""
    data(folder, 96)
    full = specification(folder, "full", space, 300)
    halved = specification(folder, "halved", space + "[halving]\nrungs = [30, 100]\nkeep = 0.34\n", 300)
    seconds = [sweep(folder, "full", full), sweep(folder, "halved", halved)]
    complete, some = rows(folder / "full"), rows(folder / "halved")
    steps = [sum(int(row["steps"]) for row in table) for table in (complete, some)]
    values = {}
    for row in complete:
        values.setdefault(row["setting"], []).append(float(row["objective"] or "-inf"))
    best = max(values, key=lambda s: statistics.median(values[s]))
    ended = {row["setting"] for row in some if row["state"] == "ended"}
    chosen = max(ended, key=lambda s: statistics.median(values[s]))
    at_end = {s: statistics.median(float(r["objective"]) for r in some if r["setting"] == s) for s in ended}
    winner = max(at_end, key=at_end.get)
    low, high = min(values[best]), max(values[best])
    print(f"halving: {steps[1] / steps[0]:.2f} of the network-steps, {seconds[1] / seconds[0]:.2f} of the time ({seconds[0]:.0f} s)")
    print(f"  the best in full: {statistics.median(values[best]):.4f} (its seeds {low:.4f} to {high:.4f})")
    print(f"  halving ends with {statistics.median(values[winner]):.4f}; of those that reached the end the best is {statistics.median(values[chosen]):.4f}")
    shutil.rmtree(folder / "again", ignore_errors=True)
    aon("sweep", "run", halved, "--output-dir", folder / "again", "--quiet", "--places", 3)
    decisions = lambda table: sorted((row["hash"], row["state"], row["steps"]) for row in table)
    same = decisions(some) == decisions(rows(folder / "again"))
    print(f"  again, in 3 places: {'the same decisions' if same else 'OTHER DECISIONS'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--gpu", action="store_true", help="measure how busy a GPU is, too")
    parser.add_argument("--only", default="bits,busy,around,halving")
    arguments = parser.parse_args()
    chosen = arguments.only.split(",")
    os.environ.setdefault("AON_CACHE_DIR", str(ROOT / "target" / "tmp" / "cache"))
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        if "bits" in chosen:
            bits(folder, "cpu", 40)
            if arguments.gpu:
                bits(folder, "gpu", 12)
        if "busy" in chosen:
            busy(folder, arguments.rounds, "cpu", 200)
            if arguments.gpu:
                busy(folder, arguments.rounds, "gpu", 20)
        if "around" in chosen:
            around(folder, arguments.rounds)
        if "halving" in chosen:
            halving(folder)


if __name__ == "__main__":
    main()
