"""What the peers have in common: the problem, its known numbers, the command line, and the lines that are printed.

The mathematics is that of docs/model.md with the published settings: signs of rows, `reflect`, loss `l2`, lambda 1e-3, clip norm 1,
Adam at 1e-3. Arrays are f32; K networks differ in their parameters.
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent.parent
GROUPS = ["W", "W_in", "W_in2", "I_ext", "taus_param"]
WIDTH, TAU_RANGE, LAMBDA, CLIP = 4, 99.0, 1e-3, 1.0
RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-7
# Of tests/golden/README.md: relative, of f32 against double precision; gradients by the norm of the error.
LOSS, LOSSES, NORMS, GRADIENT, TAU_GRADIENT = 2e-6, 5e-6, 2e-5, 1e-5, 3e-5


@dataclass
class Problem:
    parameters: list  # W [K,N,N], W_in and W_in2 [K,N,U], I_ext and theta [K,N]
    stimulus: np.ndarray  # [T,S,U]
    targets: np.ndarray  # [B,C,N]
    r0: np.ndarray  # [C,N]
    x0: np.ndarray  # [C,N]
    across: np.ndarray  # [N,N], whether two neurons are in different areas
    sign: np.ndarray  # [N,N], of each weight, zero on the diagonal
    thermal: int

    @property
    def sequences(self):
        return self.stimulus.shape[1]


def single(array):
    return np.ascontiguousarray(array, np.float32)


def described(areas, inhibitory):
    area = np.repeat(np.arange(len(areas)), areas)
    sign = np.where(inhibitory, -1.0, 1.0)[:, None] * (1 - np.eye(len(area)))
    return area[:, None] != area[None, :], single(sign)


def made_up(networks, neurons, conditions, time_steps):
    """As large as the problem of `aon bench`, of other random numbers."""
    n, c, t = neurons, conditions, time_steps
    thermal, sequences = min(100, t // 9), -(-c // 2)
    rng = np.random.default_rng(0)
    areas = [n * 86 // 355, n * 106 // 355]
    across, sign = described([*areas, n - sum(areas)], np.arange(n) % 5 == 0)
    draw = lambda *shape: rng.standard_normal((networks, *shape))
    parameters = [np.abs(draw(n, n)) * sign / n**0.5, 0.05 * draw(n, 10), 0.05 * draw(n, 10), 0 * draw(n), 0.1 * draw(n)]
    r0 = rng.uniform(0.1, 0.9, (c, n))
    return Problem(
        parameters=[single(p) for p in parameters],
        stimulus=single(rng.random((t, sequences, 10))),
        targets=single(rng.random(((t - thermal) // WIDTH, c, n))),
        r0=single(r0),
        x0=single(np.log(r0 / (1 - r0))),
        across=across,
        sign=sign,
        thermal=thermal,
    )


def golden():
    """The golden case, with which aon itself is checked, and its double-precision numbers."""
    from scipy.io import loadmat

    mat = loadmat(ROOT / "tests/golden/small_A_clean.mat")
    across, sign = described(mat["areas"].ravel().astype(int), mat["inhibitory"].ravel() != 0)
    shapes = [(12, 12), (12, 10), (12, 10), (12,), (12,)]
    problem = Problem(
        parameters=[single(mat[name].reshape(1, *shape)) for name, shape in zip(GROUPS, shapes)],
        stimulus=single(mat["stim"].transpose(2, 0, 1)),
        targets=single(mat["targets"].transpose(2, 0, 1)),
        r0=single(mat["IC_r"]),
        x0=single(mat["IC_x"]),
        across=across,
        sign=sign,
        thermal=100,
    )
    known = {name: mat[f"grad_{name}_f64"].reshape(shape) for name, shape in zip(GROUPS, shapes)}
    return problem, mat["losses_f64"].ravel(), mat["global_norms_f64"].ravel(), known


def arguments(name, precisions):
    parser = argparse.ArgumentParser(description=f"Times the training step of docs/model.md in {name}: one JSON line for each K.")
    parser.add_argument("--networks", type=int, nargs="+", default=[1, 4, 16, 64, 128, 256], help="K, one after another")
    parser.add_argument("--neurons", type=int, default=355)
    parser.add_argument("--conditions", type=int, default=12)
    parser.add_argument("--time-steps", type=int, default=800)
    parser.add_argument("--steps", type=int, default=10, help="steps that are timed, after two to warm up")
    parser.add_argument("--seconds", type=float, default=20.0, help="no further step of a K is timed after so many seconds")
    parser.add_argument("--precision", choices=precisions, default=precisions[0], help="of matrix products")
    parser.add_argument("--check", action="store_true", help="compare with the golden case instead (needs SciPy), exit 1 where it differs")
    return parser.parse_args()


def say(**fields):
    print(json.dumps(fields), flush=True)


def timed(step, args, **about):
    """Times `step()`, which returns the loss of the first network after it was waited for, and prints a line."""
    begun = time.perf_counter()
    first = step()
    compiled = time.perf_counter() - begun
    step()
    times, begun = [], time.perf_counter()
    while len(times) < args.steps and (not times or time.perf_counter() - begun < args.seconds):
        start = time.perf_counter()
        last = step()
        times.append(time.perf_counter() - start)
    say(
        **about,
        neurons=args.neurons,
        conditions=args.conditions,
        time_steps=args.time_steps,
        precision=args.precision,
        steps=len(times),
        seconds_per_step=float(np.median(times)),
        seconds_range=[min(times), max(times)],
        first_step_seconds=compiled,
        first_loss=float(first),
        last_loss=float(last),
    )


def series(args, one, **about):
    """`one(K)` for each K, until one does not fit."""
    for networks in args.networks:
        try:
            one(networks)
        except Exception as error:  # out of memory has a class of its own in every version
            say(**about, networks=networks, precision=args.precision, error=f"{type(error).__name__}: {str(error).splitlines()[0][:200]}")
            break


def check(gradient, step):
    """Holds `gradient()` (loss, list of gradients) and ten times `step()` (loss, norm) against the golden case."""
    _, losses, norms, known = golden()
    loss, found = gradient()
    rows = [("loss", abs(loss / losses[0] - 1), LOSS)]
    for name, array in zip(GROUPS, found):
        error = np.linalg.norm(np.asarray(array, np.float64).ravel() - known[name].ravel()) / np.linalg.norm(known[name])
        rows.append((f"gradient of {name}", error, TAU_GRADIENT if name == "taus_param" else GRADIENT))
    steps = [step() for _ in norms]
    rows.append(("losses before ten updates", max(abs(s[0] / e - 1) for s, e in zip(steps, losses)), LOSSES))
    rows.append(("norms before ten updates", max(abs(s[1] / e - 1) for s, e in zip(steps, norms)), NORMS))
    rows.append(("loss after ten updates", abs(gradient()[0] / losses[10] - 1), LOSSES))
    for name, error, limit in rows:
        print(f"{name:<28} {error:8.1e}  {'within' if error <= limit else 'BEYOND'} {limit:.0e}")
    sys.exit(0 if all(error <= limit for _, error, limit in rows) else 1)
