"""The sampler of a search: tree-structured Parzen estimators with every argument that decides a trial.

Nothing is left to the defaults of the installed Optuna, which change: up to 4 its estimator had one mixture for each
parameter, since 5 it has one for all together. How the arguments are carried out changes too (from the eleventh trial
on 4.4 draws others than 4.9, which draws those of 5.0), so a study notes arguments and version and goes on with the
same alone.
"""

import math
import warnings
from typing import Any

import numpy as np
import optuna
from optuna.samplers import TPESampler

ARGUMENTS: dict[str, Any] = {
    # "On each trial, for each parameter, TPE fits one Gaussian Mixture Model" (Haddad et al. 2020, section 3.3).
    "multivariate": False,
    "group": False,
    # A trial that runs elsewhere counts as a bad one, so that processes that search together do not all try the same.
    # A process that searches alone has no such trial, and draws the same with and without.
    "constant_liar": True,
    # Those of Optuna's first estimator, of 2019, and of all since.
    "n_startup_trials": 10,
    "n_ei_candidates": 24,
    "consider_prior": True,
    "prior_weight": 1.0,
    "consider_magic_clip": True,
    "consider_endpoints": False,
}


def gamma(trials: int) -> int:
    """How many of the finished trials count as the best: a tenth, at most 25."""
    return min(math.ceil(0.1 * trials), 25)


def weights(trials: int) -> np.ndarray:
    """What each trial counts in a mixture, (trials,) float, the oldest first: 1 for the last 25, less before them."""
    if trials < 25:
        return np.ones(trials)
    return np.concatenate([np.linspace(1 / trials, 1, trials - 25), np.ones(25)])


def stated() -> dict[str, Any]:
    """What is noted with a study: sampler, arguments and version, as JSON holds them."""
    functions = {"gamma": "min(n / 10, 25)", "weights": "last 25 in full"}
    return {"name": "TPE", **ARGUMENTS, **functions, "optuna": optuna.__version__}


def sampler(seed: int):
    """Optuna's `TPESampler` with these arguments."""
    with warnings.catch_warnings():
        # Some arguments are called experimental in one version and outdated in the next; all of them work.
        warnings.simplefilter("ignore")
        return TPESampler(seed=seed, gamma=gamma, weights=weights, **ARGUMENTS)
