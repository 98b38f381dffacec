#!/usr/bin/env python3
"""Writes tests/golden/statistics/statistics.json: numbers of other programs that tests/statistics_reference.rs compares with.

    pip install scipy statsmodels pingouin bayesprev
    scripts/statistics_reference.py

The arrays are drawn here, of one seed, and are in the file, with the versions of what made the numbers.
"""

import importlib.metadata
import json
import platform
import warnings
from pathlib import Path

import bayesprev
import numpy as np
import pandas as pd
import pingouin
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.multitest import multipletests

OUT = Path(__file__).resolve().parent.parent / "tests" / "golden" / "statistics" / "statistics.json"
rng = np.random.default_rng(20)


def anova(trials, kinds):
    """pingouin's mixed_anova, or its rm_anova where there is one kind."""
    trials = np.asarray(trials)
    long = pd.DataFrame(trials).assign(trial=range(len(trials)), kind=kinds)
    long = long.melt(id_vars=["trial", "kind"], var_name="epoch", value_name="rate")
    case = {"trials": trials.tolist(), "kinds": [int(k) for k in kinds]}
    # Unrounded, and corrected whether or not a test of sphericity asks for it; of two epochs there is nothing to correct.
    old, pingouin.options["round"] = pingouin.options.get("round"), None
    if len(set(kinds)) == 1:
        table = pingouin.rm_anova(long, dv="rate", within="epoch", subject="trial", correction=True)
        df = ["ddof1", "ddof2"]
    else:
        table = pingouin.mixed_anova(
            long, dv="rate", within="epoch", between="kind", subject="trial", correction=True
        )
        df = ["DF1", "DF2"]
    pingouin.options["round"] = old
    tests = table.set_index("Source")
    for source, name in [("kind", "between"), ("epoch", "within"), ("Interaction", "interaction")]:
        row = tests.loc[source] if source in tests.index else None
        case[name] = None if row is None else [float(row[v]) for v in ["F", *df, "p_unc"]]
        if name != "between":
            case[f"{name}_corrected"] = None if row is None or "p_GG_corr" not in row else float(row["p_GG_corr"])
    case["epsilon"] = float(tests.loc["epoch", "eps"])
    # Epochs against the first; pingouin and SciPy agree on what a paired test is.
    paired = [stats.ttest_rel(trials[:, j], trials[:, 0]) for j in range(1, trials.shape[1])]
    case["against_first"] = [[float(t.statistic), float(t.df), float(t.pvalue)] for t in paired]
    return case


def made(sizes, epochs, effect=0.0, interaction=0.0, drift=0.0, offset=0.0, digits=3):
    """Trials with an offset each, epochs that differ, kinds that differ, epochs of growing variance."""
    kinds = np.repeat(np.arange(len(sizes)), sizes)
    n = len(kinds)
    noise = rng.normal(size=(n, epochs)) * (1 + drift * np.arange(epochs))
    of_kind = effect * rng.normal(size=(len(sizes), 1)) + interaction * rng.normal(size=(len(sizes), epochs))
    values = offset + rng.normal(size=(n, 1)) + effect * np.arange(epochs) + of_kind[kinds] + noise
    order = rng.permutation(n)
    return anova(values[order].round(digits), kinds[order])


anovas = [
    made([10, 10, 10], 4),
    made([10, 10, 10], 4, effect=0.5, interaction=0.7),
    made([12, 7, 3], 5, effect=0.3, interaction=0.4, drift=0.8),
    made([18, 5], 3, effect=2.0, drift=1.5),
    made([4, 9, 6, 2, 1], 2, effect=0.4),
    made([9], 4, effect=0.4, drift=1.0),
    made([20, 14], 6, effect=0.2, offset=5000.0),
]
# Counts of spikes, with ties and zeros.
anovas.append(anova(rng.poisson([0.2, 0.5, 3.0, 1.0], size=(25, 4)).astype(float), [0] * 11 + [1] * 6 + [2] * 8))

families = []
for n, exponent, digits in [(1, 1, 3), (8, 3, 3), (60, 2, 2), (500, 4, 5), (40, 1, 4)]:
    p = (rng.uniform(size=n) ** exponent).round(digits)
    families.append({"p": p.tolist(), "q": multipletests(p, method="fdr_bh")[1].tolist()})


def upper(k, n, level):
    return 1.0 if k == n else float(stats.beta.ppf(level, k + 1, n - k))


def lower(k, n, level):
    return 0.0 if k == 0 else float(stats.beta.ppf(1 - level, k, n - k + 1))


def clipped(theta, alpha, power):
    return float(np.clip((theta - alpha) / (power - alpha), 0, 1))


bounds, estimated = [], []
for k, n in [(0, 20), (1, 30), (3, 355), (12, 86), (40, 163), (163, 163), (700, 2000), (9000, 20000)]:
    for alpha, power, level in [(0.0, 1.0, 0.95), (0.01, 0.8, 0.95), (0.05, 0.55, 0.9), (0.001, 0.97, 0.99)]:
        bounds.append(
            [k, n, alpha, power, level, clipped(lower(k, n, level), alpha, power), clipped(upper(k, n, level), alpha, power)]
        )
    for detected, planted in [(70, 86), (355, 355), (200, 355)]:
        # A fifth of the 5 % is the power's.
        bound = clipped(upper(k, n, 0.96), 0.01, lower(detected, planted, 0.99))
        low = clipped(lower(k, n, 0.96), 0.01, upper(detected, planted, 0.99))
        estimated.append([k, n, detected, planted, low, bound])

posteriors, replaced = [], 0
with warnings.catch_warnings():
    # fsolve complains where the interval ends at a limit, which hpdi then does itself.
    warnings.simplefilter("ignore")
    for k, n in [(0, 20), (1, 20), (3, 20), (7, 20), (14, 20), (20, 20), (12, 86), (40, 163), (60, 163), (30, 355), (340, 355)]:
        for alpha, power, level in [(0.05, 1.0, 0.95), (0.05, 0.8, 0.95), (0.01, 0.6, 0.9), (0.001, 0.97, 0.5)]:
            of = (k, n, alpha, power)
            low, high = bayesprev.hpdi(level, *of)
            x = np.linspace(0, 1, 200001)
            density = bayesprev.posterior(x, *of)
            inside = (x >= low) & (x <= high)
            mass = density[inside].sum() / density.sum()
            # Its equations have no solution where the density has no peak between the limits, and what fsolve leaves then is
            # used unless it is outside of them: such an answer is no interval of that probability, and is not compared with.
            # The interval ends at the limit then, and its other end is a bound.
            sound = bool(abs(mass - level) < 2e-3 and density[inside].min() >= density[~inside].max() * (1 - 1e-3))
            at = [bayesprev.map(*of), bayesprev.bound(level, *of), bayesprev.bound(1 - level, *of)]
            if np.isfinite([low, high, *at]).all():
                interval = [float(low), float(high)]
                if not sound:
                    assert k / n >= power or k / n <= alpha, "a peak between the limits, and no interval"
                    interval = [float(at[1]), 1.0] if k / n >= power else [0.0, float(at[2])]
                    replaced += 1
                posteriors.append([k, n, [alpha, power, level], [float(v) for v in [*at, *interval]]])

overlaps = []
for items, strata, rates in [(60, 3, (0.4, 0.5)), (355, 18, (0.2, 0.3)), (100, 1, (0.3, 0.3)), (40, 9, (0.5, 0.6))]:
    stratum = rng.integers(strata, size=items)
    first = rng.uniform(size=items) < rates[0]
    second = rng.uniform(size=items) < np.where(first, rates[1] + 0.15, rates[1])
    pmf, least, tables, expected = np.ones(1), 0, [], 0.0
    for s in np.unique(stratum):
        a, b = first[stratum == s], second[stratum == s]
        n, m, k = len(a), int(a.sum()), int(b.sum())
        support = np.arange(max(0, m + k - n), min(m, k) + 1)
        pmf = np.convolve(pmf, stats.hypergeom.pmf(support, n, m, k))
        least += support[0]
        expected += m * k / n
        both = int((a & b).sum())
        tables.append([[both, m - both], [k - both, n - m - k + both]])
    observed = int((first & second).sum())
    overlaps.append(
        {
            "first": first.tolist(),
            "second": second.tolist(),
            "strata": stratum.tolist(),
            "observed": observed,
            "expected": expected,
            "p": float(pmf[observed - least :].sum()),
            "mid_p": float(pmf[observed - least :].sum() - pmf[observed - least] / 2),
            "odds_ratio": float(StratifiedTable([np.array(t) for t in tables]).oddsratio_pooled),
        }
    )

agreements = []
for items, kinds, kept in [(50, 4, 0.4), (200, 3, 0.0), (30, 2, 0.7)]:
    one = rng.integers(kinds, size=items)
    two = np.where(rng.uniform(size=items) < kept, one, rng.integers(kinds, size=items))
    table = np.zeros((kinds, kinds))
    np.add.at(table, (one, two), 1)
    kappa = float(cohens_kappa(table, return_results=False))
    agreements.append({"first": one.tolist(), "second": two.tolist(), "kappa": kappa})

regression = rng.normal(size=(120, 4)).round(4)
responses = (regression @ rng.normal(size=(4, 3)) + rng.normal(size=(120, 3)) + 7).round(4).astype(np.float32)
valid = rng.uniform(size=120) < 0.9
with_constant = np.column_stack([np.ones(valid.sum()), regression[valid]])
solution = np.linalg.lstsq(with_constant, responses[valid].astype(float), rcond=None)[0]
residuals = responses[valid] - with_constant @ solution

packages = ["numpy", "scipy", "pandas", "statsmodels", "pingouin", "bayesprev"]
versions = {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in packages}
OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text(
    json.dumps(
        {
            "versions": versions,
            "anovas": anovas,
            "families": families,
            "bounds": bounds,
            "estimated": estimated,
            "posteriors": posteriors,
            "overlaps": overlaps,
            "agreements": agreements,
            "regression": {
                "design": regression.T.tolist(),
                "responses": responses.T.astype(float).tolist(),
                "valid": valid.tolist(),
                "residuals": residuals.T.tolist(),
            },
        },
        separators=(",", ":"),
    )
    + "\n"
)
print(f"{OUT}: {OUT.stat().st_size} bytes, {versions}")
print(f"intervals of bayesprev that were none, and are replaced by bounds: {replaced} of {len(posteriors)}")
