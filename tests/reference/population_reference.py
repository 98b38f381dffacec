"""Reference numbers for tests/population.rs: silhouettes, balanced accuracy, balanced decoders and trustworthiness by
scikit-learn, alignment indices by NumPy.

Writes population.json beside itself. Made with Python 3.11.7, NumPy 2.4.6, SciPy 1.17.1 and scikit-learn 1.9.1:

    OMP_NUM_THREADS=1 python3 tests/reference/population_reference.py

Points are whole numbers over 4096, so that the file holds them exactly.
"""

import json
import pathlib

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import TSNE, trustworthiness
from sklearn.metrics import balanced_accuracy_score, silhouette_samples, silhouette_score

SCALE = 4096


def whole(values):
    return np.round(values * SCALE).astype(int)


def clusters(rng, n, features, classes, distance):
    """Unequal clusters in correlated noise."""
    labels = np.minimum(rng.integers(0, 2 * classes, n), classes - 1)
    labels[:classes] = np.arange(classes)
    centres = distance * rng.normal(size=(classes, features))
    noise = rng.normal(size=(n, features)) @ rng.normal(size=(features, features)) / np.sqrt(features)
    return whole(centres[labels] + noise), labels


def silhouettes(seed, n, features, classes, distance, singleton):
    values, labels = clusters(np.random.default_rng(seed), n, features, classes, distance)
    if singleton:
        labels[labels == classes - 1] = 0
        labels[-1] = classes - 1
    x = values / SCALE
    return {
        "features": features,
        "values": values.ravel().tolist(),
        "labels": labels.tolist(),
        "samples": silhouette_samples(x, labels).tolist(),
        "mean": silhouette_score(x, labels),
    }


def decoder(seed, classes):
    """A balanced decoder of unbalanced classes, on new trials."""
    rng = np.random.default_rng(seed)
    values, labels = clusters(rng, 70, 8, classes, 0.5)
    x, training = values / SCALE, np.arange(70) < 45
    pca = PCA(5, whiten=True, svd_solver="full").fit(x[training])
    model = LogisticRegression(solver="newton-cholesky", C=1.0, tol=1e-12, max_iter=1000, class_weight="balanced")
    model.fit(pca.transform(x[training]), labels[training])
    probabilities = model.predict_proba(pca.transform(x[~training]))
    predicted = probabilities.argmax(axis=1)
    return {
        "features": 8,
        "classes": classes,
        "training": int(training.sum()),
        "values": values.ravel().tolist(),
        "labels": labels.tolist(),
        "probabilities": probabilities.ravel().tolist(),
        "predicted": predicted.tolist(),
        "balanced_accuracy": balanced_accuracy_score(labels[~training], predicted),
    }


def alignment(seed, bins, neurons, axes, soften):
    """Rates of two sets that share some of their directions; observed ones have an offset of their own."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(4, neurons))
    executed = whole(20 + 6 * rng.normal(size=(bins, 4)) @ mixing + rng.normal(size=(bins, neurons)))
    observed = whole(25 + 4 * rng.normal(size=(bins + 3, 2)) @ mixing[2:] + rng.normal(size=(bins + 3, neurons)))
    factors = np.ptp(np.vstack([executed, observed]) / SCALE, axis=0) + soften
    a, b = executed / SCALE / factors, observed / SCALE / factors

    def index(projected, onto):
        covariance = np.cov(projected.T)
        vectors = np.linalg.eigh(np.cov(onto.T))[1][:, ::-1][:, :axes]
        return np.trace(vectors.T @ covariance @ vectors) / np.linalg.eigvalsh(covariance)[::-1][:axes].sum()

    return {
        "neurons": neurons,
        "axes": axes,
        "soften": soften,
        "executed": executed.ravel().tolist(),
        "observed": observed.ravel().tolist(),
        "observed_on_executed": index(b, a),
        "executed_on_observed": index(a, b),
    }


def embedding(seed, n, features, perplexity):
    values, _ = clusters(np.random.default_rng(seed), n, features, 6, 0.8)
    x = PCA(features, svd_solver="full").fit_transform(values / SCALE)
    y = TSNE(perplexity=perplexity, init="pca", random_state=0, n_jobs=1).fit_transform(x)
    plane = whole(rng_plane(x))
    return {
        "features": features,
        "perplexity": perplexity,
        "values": values.ravel().tolist(),
        "tsne": [trustworthiness(x, y, n_neighbors=k) for k in (5, 12)],
        "plane": plane.ravel().tolist(),
        "of_plane": [trustworthiness(x, plane / SCALE, n_neighbors=k) for k in (5, 12)],
    }


def rng_plane(x):
    """The first two components, disturbed: an embedding whose trustworthiness is neither 1 nor chance."""
    return x[:, :2] + 0.1 * np.random.default_rng(0).normal(size=(len(x), 2))


reference = {
    "silhouettes": [silhouettes(1, 40, 6, 3, 1.0, False), silhouettes(2, 30, 3, 4, 0.2, True)],
    "decoders": [decoder(3, 2), decoder(4, 4)],
    # Fewer bins than neurons, and more.
    "alignments": [alignment(5, 12, 20, 3, 5.0), alignment(6, 30, 8, 2, 0.0)],
    "embeddings": [embedding(7, 250, 6, 30.0), embedding(8, 90, 4, 10.0)],
}
path = pathlib.Path(__file__).with_name("population.json")
path.write_text(json.dumps(reference, separators=(",", ":")).replace('"features"', '\n"features"') + "\n")
