"""Writes stability.json: spectral radii of Jacobians by numpy.linalg.eigvals.

    python3 tests/reference/stability.py

Made with Python 3.11.7 and NumPy 2.4.6.

J = diag(1 - alpha) + diag(alpha) W diag(g s (1 - s)). Weights, alpha, s and g are stored in thousandths.
"""

import json
import pathlib

import numpy as np

rng = np.random.default_rng(5)


def case(n, weights, silenced):
    np.fill_diagonal(weights, 0.0)
    w = np.round(1000 * weights).astype(int)
    alpha = rng.integers(10, 300, n)
    s = rng.integers(20, 980, n)
    g = np.ones(n, int) * 1000
    g[:silenced] = 0
    slope = g / 1000 * (s / 1000) * (1 - s / 1000)
    jacobian = np.diag(1 - alpha / 1000) + (alpha / 1000)[:, None] * (w / 1000) * slope[None, :]
    values = np.linalg.eigvals(jacobian)
    top = values[np.argmax(np.abs(values))]
    return {"n": n, "weights": w.ravel().tolist(), "alpha": alpha.tolist(), "sigmoid": s.tolist(), "gain": g.tolist(),
            "radius": abs(top), "real": top.real, "imaginary": abs(top.imag)}


n = 60
signs = np.where(np.arange(n) % 4 == 3, -3.0, 1.0)
dale = signs * np.abs(rng.standard_normal((n, n))) * 0.5
antisymmetric = rng.standard_normal((n, n))
antisymmetric = 4.0 * (antisymmetric - antisymmetric.T)
cases = [case(n, dale, 0), case(n, dale, 17), case(n, antisymmetric, 0), case(8, 2 * dale[:8, :8], 0)]
path = pathlib.Path(__file__).with_name("stability.json")
path.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
