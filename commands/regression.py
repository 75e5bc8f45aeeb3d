"""Did a change make the quick reproductions worse? Their accuracies against committed ones, with a measured tolerance.

A baseline holds, for every network and protocol, mean and standard deviation over several seeds. A new run with one
of these seeds may differ, because another processor rounds otherwise and a training amplifies that as much as it
amplifies another seed. So the tolerance is the 99.9 % prediction interval for one more seed; the standard
deviations of all networks are pooled for it, as a handful of seeds would estimate each of them badly.
Parameter counts must agree exactly.
"""

import json
from pathlib import Path

import numpy as np

from common.paper import load as papers
from common.results.config import ROOT, results_from_environment
from common.results.evidence import load_complete
from common.results.tables import Table
from common.runs import scores
from common.runs.store import Run
from common.support import files
from common.support.console import console
from common.support.errors import UserError

LEVEL = 0.999
PROFILE, DATA = "quick", "synthetic"


def write(name: str, seeds: str) -> None:
    """Write the baseline of a paper from its finished quick runs.

    Raises:
        UserError: if the runs of these seeds are not all there, or it is a single seed.
    """
    measured, parameters = _measured(name, results_from_environment())
    wanted = {int(seed) for seed in seeds.split(",")}
    if len(wanted) < 2:
        raise UserError("A single seed shows no scatter to allow for.", "Run several seeds, as in SEEDS=0,1,2,3,4.")
    # What is no network, such as a support vector machine, has one seed whatever was asked for.
    repeated = [row for row in measured.values() if len(row) > 1]
    for row in repeated or measured.values():
        if set(row) != wanted:
            raise UserError(
                f"The last run of {name} had the seeds {sorted(row)}, not {sorted(wanted)}.",
                f"Run: make reproduce PAPER={name} SEEDS={seeds}",
            )
    accuracies = {key: list(row.values()) for key, row in measured.items()}
    spreads = {key: float(np.std(values, ddof=1)) for key, values in accuracies.items() if len(values) > 1}
    pooled = float(np.sqrt(np.mean(np.square(list(spreads.values())))))
    content = {
        "paper": name,
        "profile": PROFILE,
        "data": DATA,
        "seeds": sorted(wanted),
        "pooled_sd": pooled,
        "tolerance": _tolerance(pooled, len(wanted), len(spreads)),
        "accuracy": {
            key: {"mean": float(np.mean(values))} | ({"sd": spreads[key]} if key in spreads else {})
            for key, values in accuracies.items()
        },
        "parameters": parameters,
    }
    path = _path(name)
    with files.atomic(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    console.print(f"Wrote {path.relative_to(ROOT)}: tolerance {content['tolerance']:.3f} from {len(wanted)} seeds.")


def check() -> None:
    """Compare the last quick run of every paper that has a baseline; exit status 1 if anything got worse.

    Raises:
        UserError: if a paper with a baseline was not run.
    """
    failed = False
    for path in sorted((ROOT / "results" / "baselines").glob("*.json")):
        baseline = json.loads(path.read_text(encoding="utf-8"))
        table, worse = compare(baseline, *_measured(baseline["paper"], results_from_environment()))
        table.show(console)
        failed |= worse
    if failed:
        console.print("Regression: see the rows above. If the change was meant to do this: make baseline.", style="red")
        raise SystemExit(1)
    console.print("No regression.")


def compare(baseline: dict, measured: dict[str, dict[int, float]], parameters: dict[str, int]) -> tuple[Table, bool]:
    """The rows of a comparison, and whether any of them is a regression.

    Better than the tolerance allows is a regression too: look for leakage, then write a new baseline.
    """
    rows, failed = [], False
    for key, expected in baseline["accuracy"].items():
        found = measured.get(key)
        if found is None:
            rows.append({"what": key, "baseline": f"{expected['mean']:.3f}", "verdict": "missing"})
            failed = True
            continue
        mean = float(np.mean(list(found.values())))
        gap = mean - expected["mean"]
        verdict = "ok" if abs(gap) <= baseline["tolerance"] else ("worse" if gap < 0 else "too good")
        failed |= verdict != "ok"
        rows.append(
            {
                "what": key,
                "baseline": f"{expected['mean']:.3f}",
                "now": f"{mean:.3f}",
                "difference": f"{gap:+.3f}",
                "tolerance": f"±{baseline['tolerance']:.3f}",
                "verdict": verdict,
            }
        )
    for network, count in baseline["parameters"].items():
        now = parameters.get(network)
        verdict = "ok" if now == count else "changed"
        failed |= verdict != "ok"
        rows.append({"what": f"parameters {network}", "baseline": f"{count:,}", "now": now, "verdict": verdict})
    columns = {"what": "Quantity", "baseline": "Baseline", "now": "Now", "difference": "Difference"}
    columns |= {"tolerance": "Tolerance", "verdict": "Verdict"}
    return Table("regression", f"Regression check: {baseline['paper']}", columns, rows), failed


def _tolerance(sd: float, seeds: int, rows: int) -> float:
    from scipy.stats import t

    return float(t.ppf((1 + LEVEL) / 2, rows * (seeds - 1)) * sd * np.sqrt(1 + 1 / seeds))


def _measured(name: str, results: Path) -> tuple[dict[str, dict[int, float]], dict[str, int]]:
    """Of the last quick run: accuracy by "protocol/experiment/network" and seed, parameters by "experiment/network".

    The folds of one seed are scored together.
    """
    folds: dict[str, dict[int, list[Run]]] = {}
    parameters = {}
    for run in load_complete(papers.load(name), PROFILE, DATA, results).runs:
        one = run.identity
        folds.setdefault(f"{one.protocol}/{one.experiment}/{one.network}", {}).setdefault(one.seed, []).append(run)
        if "parameters" in run.record:
            parameters[f"{one.experiment}/{one.network}"] = run.record["parameters"]
    accuracies = {
        key: {seed: scores.score(members).accuracy for seed, members in row.items()} for key, row in folds.items()
    }
    return accuracies, parameters


def _path(name: str) -> Path:
    return ROOT / "results" / "baselines" / f"{name}.json"
