"""Reference numbers for tests/decoding.rs: the documented pipeline of `analysis::decoding` in scikit-learn.

Writes decoding.json beside itself. Made with Python 3.11.7, NumPy 2.4.6, SciPy 1.17.1 and scikit-learn 1.9.1:

    python3 tests/reference/decoding_reference.py

Rates are whole numbers over 4096, so that the file holds them exactly.
"""

import json
import pathlib

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold

SCALE = 4096


def made_up_trials(rng, trials, windows, neurons, classes, signal):
    """Correlated noise around a mean that differs between windows; classes differ in the last window most."""
    labels = np.arange(trials) % classes
    noise = rng.normal(size=(trials, windows, neurons)) @ rng.normal(size=(neurons, neurons)) / neurons
    centre = rng.uniform(0.2, 0.8, size=(1, windows, neurons))
    direction = rng.normal(size=(classes, 1, neurons)) * signal * np.linspace(0, 1, windows)[:, None]
    values = np.round((centre + 0.3 * noise + direction[labels]) * SCALE).astype(int)
    values[:, :, 0] = 2000  # a neuron that is constant
    return values, labels


class Pipeline:
    """Window means, one whitened projection, a logistic regression for each window."""

    def __init__(self, x, y, components, l2):
        self.means = x.mean(axis=0)
        pooled = (x - self.means).reshape(-1, x.shape[2])
        # Beyond the rank scikit-learn would whiten rounding noise.
        components = min(components, np.linalg.matrix_rank(pooled))
        self.pca = PCA(components, whiten=True, svd_solver="full").fit(pooled)
        solver = {"solver": "newton-cholesky", "C": 1 / l2, "tol": 1e-12, "max_iter": 1000}
        self.models = [LogisticRegression(**solver).fit(z, y) for z in self.project(x)]

    def project(self, x):
        return [self.pca.transform(x[:, w] - self.means[w]) for w in range(x.shape[1])]

    def probabilities(self, x):
        """[windows][trials][classes]"""
        return np.array([m.predict_proba(z) for m, z in zip(self.models, self.project(x))])

    def scores(self, x, y):
        """Accuracy and AUC of each window."""
        result = []
        for model, z in zip(self.models, self.project(x)):
            p = model.predict_proba(z)
            if p.shape[1] == 2:
                auc = roc_auc_score(y, model.decision_function(z))
            else:
                auc = roc_auc_score(y, p, multi_class="ovr", average="macro")
            result.append([accuracy_score(y, model.predict(z)), auc])
        return np.array(result)


def case(seed, trials, windows, neurons, classes, signal, components, l2):
    rng = np.random.default_rng(seed)
    values, labels = made_up_trials(rng, trials, windows, neurons, classes, signal)
    x = values / SCALE
    folds = np.zeros(trials, int)
    splits = list(StratifiedKFold(5, shuffle=True, random_state=seed).split(x, labels))
    for fold, (_, test) in enumerate(splits):
        folds[test] = fold
    by_fold = [Pipeline(x[a], labels[a], components, l2).scores(x[b], labels[b]) for a, b in splits]
    training, test = np.arange(trials)[:40], np.arange(trials)[40:]
    decoder = Pipeline(x[training], labels[training], components, l2)
    return {
        "trials": trials,
        "windows": windows,
        "neurons": neurons,
        "classes": classes,
        "components": components,
        "l2": l2,
        "values": values.ravel().tolist(),
        "labels": labels.tolist(),
        "folds": folds.tolist(),
        "cross_validated": np.mean(by_fold, axis=0).tolist(),
        "training": training.tolist(),
        "test": test.tolist(),
        "probabilities": decoder.probabilities(x[test]).swapaxes(0, 1).ravel().tolist(),
        "scores": decoder.scores(x[test], labels[test]).tolist(),
    }


cases = [
    case(1, 61, 3, 9, 2, 0.05, 5, 1.0),
    # More components than the rank (one neuron is constant), separable, a weak penalty.
    case(2, 61, 3, 7, 2, 0.5, 30, 0.01),
    case(3, 61, 3, 9, 3, 0.05, 5, 1.0),
    case(4, 61, 3, 7, 3, 0.5, 6, 0.1),
]
path = pathlib.Path(__file__).with_name("decoding.json")
path.write_text(json.dumps(cases, separators=(",", ":")).replace('{"trials"', '\n{"trials"') + "\n")
