"""Reference numbers for tests/statistics.rs. Writes statistics.json beside itself; a script called
statistics.py would stand in for Python's own module.

Made with Python 3.11.7, NumPy 2.4.6, SciPy 1.17.1, statsmodels 0.15.0 and scikit-learn 1.9.1:

    python3 tests/reference/statistics_reference.py
"""

import json
import pathlib

import numpy as np
from scipy import stats
from scipy.stats._ksstats import _kolmogn_Pomeranz
from sklearn.decomposition import PCA
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

rng = np.random.default_rng(1)


def family(p):
    return {"p": list(p), "q": multipletests(p, method="fdr_bh")[1].tolist()}


families = [family(p) for p in ([0.03], [0.01, 0.01, 0.04, 0.04, 0.04, 1.0, 0.0])]
families += [family((rng.uniform(size=n) ** 2).round(digits).tolist()) for n, digits in [(5, 6), (40, 2), (300, 4)]]


def uniformity(p):
    """kstest approximates (Pelz and Good) for larger samples, to six digits; Pomeranz is exact but for far tails."""
    test = stats.kstest(p, "uniform", method="exact")
    exact = test.pvalue if test.pvalue < 1e-6 else float(_kolmogn_Pomeranz(len(p), test.statistic, cdf=False))
    return {"p": list(p), "p_value": exact}


uniform = [uniformity([0.4, 0.2, 0.9])]
uniform += [uniformity(rng.uniform(size=n).round(5).tolist()) for n in (10, 99, 400)]
uniform += [uniformity((rng.uniform(size=n) ** e).round(5).tolist()) for n, e in ((30, 1.5), (200, 1.3), (200, 3.0))]

x = rng.normal(size=31).round(3)
y = (x + rng.normal(size=31)).round(1)

rates = []
for successes, trials in [(0, 20), (3, 20), (20, 20), (57, 1000), (1, 1)]:
    for level in (0.9, 0.95, 0.999):
        low, high = proportion_confint(successes, trials, 1 - level, method="beta")
        rates.append([successes, trials, level, float(low), float(high)])

rows = (rng.normal(size=(24, 5)) @ rng.normal(size=(5, 5)) * 64).round() / 64
pca = PCA(4, svd_solver="full").fit(rows)
signs = np.sign(pca.components_[np.arange(4), np.abs(pca.components_).argmax(axis=1)])

path = pathlib.Path(__file__).with_name("statistics.json")
path.write_text(
    json.dumps(
        {
            "families": families,
            "uniform": uniform,
            "x": x.tolist(),
            "y": y.tolist(),
            "mean": x.mean(),
            "sd": x.std(ddof=1),
            "quantiles": [[q, np.quantile(x, q)] for q in (0.0, 0.025, 0.1, 0.5, 0.77, 1.0)],
            "pearson": stats.pearsonr(x, y).statistic,
            "spearman": stats.spearmanr(x, y).statistic,
            "clopper_pearson": rates,
            "rows": rows.ravel().tolist(),
            "components": (pca.components_ * signs[:, None]).ravel().tolist(),
            "explained_variance": pca.explained_variance_.tolist(),
            "explained_variance_ratio": pca.explained_variance_ratio_.tolist(),
            "scores": (pca.transform(rows) * signs).ravel().tolist(),
        },
        separators=(",", ":"),
    )
    + "\n"
)
