#!/usr/bin/env python3
"""Writes src/bench/card/golden.safetensors.gz: the golden case that `aon bench --gpu-report` holds a card against.

    pip install numpy scipy
    scripts/golden_case.py

Nothing is computed here: inputs and double-precision results are copied from tests/golden/small_A_clean.mat (tests/golden/README.md),
in the engine's order of axes, and packed. tests/gpu_report.rs compares the two.
"""

import gzip
import json
from pathlib import Path

import numpy as np
from scipy.io import loadmat

ROOT = Path(__file__).resolve().parent.parent
GROUPS = ["W", "W_in", "W_in2", "I_ext", "taus_param"]
mat = loadmat(ROOT / "tests/golden/small_A_clean.mat")


def groups(prefix="", suffix=""):
    return np.concatenate([mat[f"{prefix}{group}{suffix}"].ravel() for group in GROUPS])


arrays = {
    # [sequence][step][channel] and [condition][bin][neuron]
    "stimulus": mat["stim"].swapaxes(1, 2).astype("<f4"),
    "targets": mat["targets"].swapaxes(1, 2).astype("<f4"),
    "initial_x": mat["IC_x"].astype("<f4"),
    "initial_r": mat["IC_r"].astype("<f4"),
    "parameters": groups().astype("<f4"),
    "inhibitory": mat["inhibitory"].ravel().astype("<f4"),
    "areas": mat["areas"].ravel().astype("<f4"),
    "gradient": groups("grad_", "_f64").astype("<f8"),
    "losses": mat["losses_f64"].ravel().astype("<f8"),
    "norms": mat["global_norms_f64"].ravel().astype("<f8"),
}
header, data = {}, b""
for name, array in arrays.items():
    start, data = len(data), data + np.ascontiguousarray(array).tobytes()
    kind = {"<f4": "F32", "<f8": "F64"}[array.dtype.str]
    header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [start, len(data)]}
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
packed = gzip.compress(len(text).to_bytes(8, "little") + text + data, mtime=0)
(ROOT / "src/bench/card/golden.safetensors.gz").write_bytes(packed)
print(f"{len(packed)} bytes")
