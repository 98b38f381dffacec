"""Reference numbers for tests/glm_reference.rs. Writes glm.json beside itself.

Made with Python 3.11, NumPy 2.4.6, SciPy 1.17.1, statsmodels 0.15.0, scikit-learn 1.9.1 and NeMoS 0.2.8 (JAX 0.10.2):

    python3 tests/reference/glm_reference.py
"""

import json
import pathlib
import warnings

import jax

jax.config.update("jax_enable_x64", True)

import nemos as nmo
import numpy as np
import statsmodels.api as sm
from scipy import stats
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from statsmodels.discrete.discrete_model import NegativeBinomial

rng = np.random.default_rng(3)
frames = 90
FAMILIES = {"gaussian": sm.families.Gaussian, "poisson": sm.families.Poisson, "bernoulli": sm.families.Binomial}


def single(values):
    """Responses are held in 32 bits."""
    return np.asarray(values, dtype=np.float32).astype(float)


def columns(kind):
    x = rng.normal(size=(frames, 3)).round(3)
    if kind == "scales":
        x = x * [1e4, 1.0, 1e-4] + [3e5, -2.0, 0.0]
    elif kind == "correlated":
        x[:, 2] = (x[:, 0] - x[:, 1] + 0.01 * x[:, 2]).round(5)
    elif kind == "collinear":
        x = np.column_stack([x, x[:, 0] - 2.0 * x[:, 1] + 3.0])
    elif kind == "boxcars":
        x = (rng.uniform(size=(frames, 3)) < [0.2, 0.1, 0.3]).astype(float)
    elif kind == "one":
        x = x[:, :1]
    elif kind == "many":
        x = rng.normal(size=(frames, 8)).round(2)
    elif kind == "heavy":
        x = rng.standard_t(3, size=(frames, 2)).round(3)
    return x


def responses(x, kind):
    z = (x - x.mean(0)) / x.std(0)
    eta = 0.3 + z @ rng.normal(scale=0.4, size=x.shape[1])
    mean = np.exp(np.clip(eta, -4, 3)) * (5.0 if kind == "high" else 1.0)
    return {
        "gaussian": single((eta + rng.normal(size=frames) + (100.0 if kind == "high" else 0.0)).round(4)),
        # Of one design real numbers, as deconvolution gives them.
        "poisson": single(rng.gamma(2.0, mean / 2.0).round(4) if kind == "heavy" else rng.poisson(mean)),
        "bernoulli": (rng.uniform(size=frames) < 1 / (1 + np.exp(-eta))).astype(float),
        "negativebinomial": single(rng.poisson(mean * rng.gamma(1.5, 1 / 1.5, size=frames))),
    }


def by_statsmodels(family, y, x, weights):
    exog = sm.add_constant(x, has_constant="add")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if family == "negativebinomial":
            fit = NegativeBinomial(y, exog).fit(method="bfgs", maxiter=2000, disp=0, gtol=1e-8)
            if np.isnan(fit.llf) or not fit.mle_retvals["converged"]:
                return None
            alpha, beta = fit.params[-1], fit.params[:-1]
            mean = np.exp(exog @ beta)
            deviance = 2 * np.sum(
                np.where(y > 0, y * np.log(np.where(y > 0, y, 1) / mean), 0)
                - (y + 1 / alpha) * np.log((1 + alpha * y) / (1 + alpha * mean))
            )
            return {"params": beta.tolist(), "llf": float(fit.llf), "deviance": float(deviance), "alpha": float(alpha), "fitted": mean.tolist()}
        model = sm.GLM(y, exog, FAMILIES[family](), freq_weights=weights)
        fit = model.fit(tol=1e-13, maxiter=500, tol_criterion="params")
    llf = fit.llf
    if family == "gaussian":
        # With the variance of the largest likelihood, as statsmodels takes it without weights.
        n = weights.sum()
        llf = -0.5 * n * (np.log(2 * np.pi * fit.deviance / n) + 1)
        if (weights == 1).all():
            assert abs(llf - fit.llf) < 1e-9 * abs(llf)
    return {"params": fit.params.tolist(), "llf": float(llf), "deviance": float(fit.deviance), "fitted": fit.fittedvalues.tolist()}


def by_nemos(family, y, x, params):
    """NeMoS' pseudo-R² of statsmodels' coefficients."""
    observed = {"poisson": "Poisson", "bernoulli": "Bernoulli", "gaussian": "Gaussian"}.get(family)
    if observed is None or not hasattr(nmo.observation_models, observed + "Observations"):
        return None
    model = nmo.glm.GLM(observation_model=getattr(nmo.observation_models, observed + "Observations")())
    model.coef_, model.intercept_ = np.array(params[1:]), np.array([params[0]])
    model.scale_ = 1.0
    model.dof_resid_ = len(y) - len(params)
    return [float(model.score(x, y, score_type="pseudo-r2-" + kind)) for kind in ("McFadden", "Cohen")]


cases = []
for kind in ["plain", "scales", "correlated", "collinear", "boxcars", "one", "many", "heavy", "high", "weights"]:
    x = columns(kind)
    weights = (rng.uniform(size=frames) < 0.8).astype(float) if kind == "weights" else np.ones(frames)
    case = {"kind": kind, "columns": x.T.tolist(), "weights": weights.tolist(), "fits": {}}
    for family, y in responses(x, kind).items():
        if family == "negativebinomial" and kind in ("weights", "collinear", "scales"):
            continue
        fit = by_statsmodels(family, y, x, weights)
        if fit is None:
            continue
        fit["y"] = y.tolist()
        if kind != "weights":
            fit["pseudo"] = by_nemos(family, y, x, fit["params"])
        case["fits"][family] = fit
    cases.append(case)

x = columns("plain")
separable = {"columns": x.T.tolist(), "y": (x @ [1.0, -0.5, 0.2] > 0.1).astype(float).tolist()}

ridge = []
for alpha in (1e-3, 0.1, 1.0):
    for kind in ("plain", "collinear"):
        x = columns(kind)
        drawn = responses(x, kind)
        poisson = PoissonRegressor(alpha=alpha, solver="newton-cholesky", tol=1e-10, max_iter=1000).fit(x, drawn["poisson"])
        gaussian = Ridge(alpha=alpha * frames, solver="svd").fit(x, drawn["gaussian"])
        logistic = LogisticRegression(C=1 / (alpha * frames), tol=1e-12, max_iter=10000).fit(x, drawn["bernoulli"])
        fits = {"poisson": poisson, "gaussian": gaussian, "bernoulli": logistic}
        ridge.append(
            {
                "alpha": alpha,
                "columns": x.T.tolist(),
                "fits": {
                    name: {
                        "y": drawn[name].tolist(),
                        "params": [float(np.ravel(fit.intercept_)[0]), *np.ravel(fit.coef_).tolist()],
                    }
                    for name, fit in fits.items()
                },
            }
        )

wilcoxon = []
samples = [rng.normal(0.4, 1, size=n).round(3) for n in (1, 2, 3, 8, 10, 13, 25, 50, 51, 80)]
samples += [rng.integers(-3, 5, size=n).astype(float) for n in (5, 10, 13, 14, 30, 60)]
samples += [np.array([1.0, 1.0, 2.0, -3.0]), np.array([0.0, 1.5, -0.5, 2.0, 3.0]), np.arange(1.0, 11.0), np.zeros(4)]
for x in samples:
    row = {"x": x.tolist()}
    for side in ("two-sided", "greater", "less"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            test = stats.wilcoxon(x, alternative=side)
        row[side] = [float(test.statistic), None if np.isnan(test.pvalue) else float(test.pvalue)]
    wilcoxon.append(row)

def plain(value):
    """NaN is not JSON."""
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return None if isinstance(value, float) and np.isnan(value) else value


path = pathlib.Path(__file__).with_name("glm.json")
path.write_text(json.dumps(plain({"cases": cases, "separable": separable, "ridge": ridge, "wilcoxon": wilcoxon}), separators=(",", ":")) + "\n")
