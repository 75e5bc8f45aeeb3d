"""Did a change make accuracies worse? Finished runs against committed ones, each row with its own measured tolerance.

Of the quick reproductions a baseline is committed, made from several seeds (`commands.baseline`). Of real data there
are the records that come with the repository (`commands.record`): whoever has the data compares what was run on them
in the same way. Parameter counts must agree exactly.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from commands import record
from commands.baseline import WIDE, Accuracies, Baseline, BaselineRow, Result
from common.paper import load as papers
from common.results.config import RECORDS, ROOT, results_from_environment
from common.results.tables import Table
from common.support.console import console
from common.support.errors import UserError

PROFILE, DATA = "quick", "synthetic"


def write(name: str, seeds: str) -> None:
    """Write the baseline of a paper from its finished quick runs.

    Raises:
        UserError: if the runs of these seeds are not all there, or it is a single seed.
    """
    found = Result.of(name, PROFILE, DATA, results_from_environment())
    wanted = {int(seed) for seed in seeds.split(",")}
    if len(wanted) < 2:
        raise UserError("A single seed shows no scatter to allow for.", "Run several seeds, as in SEEDS=0,1,2,3,4.")
    # What is no network, such as a support vector machine, has one seed whatever was asked for.
    repeated = [row for row in found.runs.values() if len(row) > 1]
    for row in repeated or found.runs.values():
        if set(row) != wanted:
            raise UserError(
                f"The last run of {name} had the seeds {sorted(row)}, not {sorted(wanted)}.",
                f"Run: make reproduce PAPER={name} SEEDS={seeds}",
            )
    baseline = found.baseline(name)
    baseline.write(_path(name))
    wide = [row for row in baseline.rows.values() if row.tolerance > WIDE]
    console.print(
        f"Wrote {_path(name).relative_to(ROOT)}: {len(baseline.rows)} rows from {len(wanted)} seeds, "
        f"{len(wide)} of them with a tolerance above {WIDE:g}."
    )


def check(name: str = "", data: Path | None = None) -> None:
    """Compare the last runs with what is expected; exit status 1 if anything got worse.

    Args:
        name: only this paper; by default every paper that has a baseline (or a record).
        data: compare what was run on real data with the records, not quick runs with the baselines.

    Raises:
        UserError: if there is nothing to compare with, or a paper was not run.
    """
    failed = False
    for paper, plan, expected in _expected(name, real=data is not None):
        found = Result.of(paper, plan, "real" if data else DATA, results_from_environment()).only(expected.rows)
        table, worse = compare(expected, found.accuracies, found.parameters)
        table.show(console)
        failed |= worse
    if failed:
        console.print("Regression: see the rows above. If the change was meant to do this: make baseline.", style="red")
        raise SystemExit(1)
    console.print("No regression.")


def compare(baseline: Baseline, accuracies: Accuracies, parameters: Mapping[str, int]) -> tuple[Table, bool]:
    """The rows of a comparison, and whether any of them is a regression.

    Better than the tolerance allows is a regression too: look for leakage, then write a new baseline.
    """
    rows = [_compared(key, row, accuracies.get(key)) for key, row in baseline.rows.items()]
    for network, count in baseline.parameters.items():
        now = parameters.get(network)
        verdict = "ok" if now == count else "changed"
        rows.append({"what": f"parameters {network}", "baseline": f"{count:,}", "now": now, "verdict": verdict})
    columns = {"what": "Quantity", "baseline": "Baseline", "now": "Now", "difference": "Difference"}
    columns |= {"tolerance": "Tolerance", "verdict": "Verdict"}
    notes = [f"{key}: {row.why}." for key, row in baseline.rows.items() if row.why]
    table = Table("regression", f"Regression check: {baseline.paper}", columns, rows, notes=notes)
    return table, any(row["verdict"] != "ok" for row in rows)


def _compared(key: str, expected: BaselineRow, accuracies: Mapping[int, float] | None) -> dict:
    if accuracies is None:
        return {"what": key, "baseline": f"{expected.mean:.3f}", "verdict": "missing"}
    mean = float(np.mean(list(accuracies.values())))
    gap = mean - expected.mean
    verdict = "ok" if abs(gap) <= expected.tolerance else ("worse" if gap < 0 else "too good")
    return {
        "what": key,
        "baseline": f"{expected.mean:.3f}",
        "now": f"{mean:.3f}",
        "difference": f"{gap:+.3f}",
        "tolerance": f"±{expected.tolerance:.3f}",
        "verdict": verdict,
    }


def _expected(name: str, real: bool) -> Iterable[tuple[str, str, Baseline]]:
    """Paper, name of the plan and what is expected of it."""
    if not real:
        for path in [_path(name)] if name else sorted(_path("").parent.glob("*.json")):
            if not path.is_file():
                raise UserError(f"{name} has no baseline.", f"Run several seeds, then: make baseline PAPER={name}")
            yield (baseline := Baseline.read(path)).paper, PROFILE, baseline
        return
    known = [
        (paper, plan)
        for paper in ([name] if name else papers.names())
        for plan, kind in record.recorded(papers.load(paper))
        if kind == "real"
    ]
    if not known:
        raise UserError(f"There is no record of {name or 'any paper'} on real data.", "Make one: make record.")
    for paper, plan in known:
        yield paper, plan, Result.of(paper, plan, "real", RECORDS).baseline(paper)


def _path(name: str) -> Path:
    return ROOT / "results" / "baselines" / f"{name}.json"
