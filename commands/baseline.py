"""What is expected of a paper's runs: accuracies with the tolerance that their own scatter asks for.

A new run with one of the seeds may differ, because another processor rounds otherwise and a training amplifies that as
much as it amplifies another seed. So a row's tolerance is the 99.9 % prediction interval for one more seed. A handful
of seeds estimates a standard deviation badly; it is therefore moderated by that of all rows together, in the manner of
Smyth (2004), whose prior weight is estimated while ours is fixed. Rows tested on few samples scatter more than others:
what rows share is how many times the binomial variance p(1-p)/n of the tested samples the seeds have (quasi-binomial
dispersion).

Where few samples are tested, single rows guard little. The mean over all networks of a protocol scatters far less, and
is a row of its own.
"""

import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from common.paper import load as papers
from common.results.loading import load_complete
from common.runs import scores
from common.runs.store import Run
from common.support import files
from common.support.errors import UserError
from reproductions import registry

LEVEL = 0.999
# Degrees of freedom with which the standard deviation of all rows enters that of each.
PRIOR = 10
# A row that lets more than this pass says why.
WIDE = 0.10
# Of what is fitted and not trained, such as a support vector machine, so many samples may come out otherwise.
FITTED = 0.02
# The row of a protocol's mean.
MEAN = "mean of all networks"
Accuracies = Mapping[str, Mapping[int, float]]  # by "protocol/experiment/network" and seed


@dataclass(frozen=True)
class BaselineRow:
    """What is expected of one network under one protocol.

    Attributes:
        mean: accuracy over the seeds, 0 to 1.
        sd: standard deviation of the seeds; None for a single one.
        trained: whether a network was trained, so that another seed may scatter.
        tested: samples that each seed is tested on.
        chance: accuracy of the constant answer that suits them best.
        tolerance: how far another run may be off.
        why: why that is more than a tenth, or does not guard anything; "" otherwise.
    """

    mean: float
    sd: float | None
    trained: bool
    tested: int
    chance: float
    tolerance: float = 0.0
    why: str = ""


@dataclass(frozen=True)
class Baseline:
    """What is expected of a paper: rows by "protocol/experiment/network", parameters by "experiment/network"."""

    paper: str
    seeds: tuple[int, ...]
    rows: dict[str, BaselineRow]
    parameters: dict[str, int]

    @classmethod
    def read(cls, path: Path) -> "Baseline":
        """Raises UserError if the file is no baseline."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            rows = {key: BaselineRow(**row) for key, row in content["rows"].items()}
            return cls(content["paper"], tuple(content["seeds"]), rows, content["parameters"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"{path} is no baseline: {error!r}.", "Take it from the repository: git checkout."
            ) from error

    def write(self, path: Path) -> None:
        with files.atomic(path) as temporary:
            temporary.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Result:
    """What was run of a paper: by "protocol/experiment/network" and seed, the folds of a seed together.

    Attributes:
        controls: experiments that are trained on what is wrong, which no mean counts.
    """

    runs: dict[str, dict[int, list[Run]]]
    controls: Sequence[str] = ()

    @classmethod
    def of(cls, name: str, plan: str, data: str, results: Path) -> "Result":
        """Raises UserError if nothing was run, or a run is missing."""
        grouped: dict[str, dict[int, list[Run]]] = {}
        for run in load_complete(papers.load(name), plan, data, results).runs:
            one = run.identity
            row = grouped.setdefault(f"{one.protocol}/{one.experiment}/{one.network}", {})
            row.setdefault(one.seed, []).append(run)
        return cls(grouped, registry.reproduction(name).experiments.CONTROLS)

    def only(self, rows: Container[str]) -> "Result":
        """What was run of these rows, so that means are taken over the same networks whatever else was run."""
        return replace(self, runs={key: row for key, row in self.runs.items() if key in rows})

    @property
    def accuracies(self) -> Accuracies:
        """Of every row, and of the mean over the trained networks of each protocol that has several."""
        single = {
            key: {seed: scores.score(members).accuracy for seed, members in row.items()}
            for key, row in self.runs.items()
        }
        return single | {key: mean_over(single, members) for key, members in self.together.items()}

    @property
    def together(self) -> dict[str, list[str]]:
        """The rows of trained networks that a protocol's mean is taken over, controls left out."""
        groups: dict[str, list[str]] = {}
        for key, row in self.runs.items():
            protocol, experiment, _ = key.split("/", 2)
            if _trained(row) and experiment not in self.controls:
                groups.setdefault(f"{protocol}/{MEAN}", []).append(key)
        return {key: members for key, members in groups.items() if len(members) > 1}

    @property
    def parameters(self) -> dict[str, int]:
        every = [run for row in self.runs.values() for members in row.values() for run in members]
        counted = [run for run in every if "parameters" in run.record]
        return {f"{run.identity.experiment}/{run.identity.network}": run.record["parameters"] for run in counted}

    def baseline(self, paper: str) -> Baseline:
        """These results as what is expected of others."""
        rows = {}
        for key, row in self.runs.items():
            score = scores.score([run for members in row.values() for run in members])
            rows[key] = BaselineRow(score.accuracy, score.spread, _trained(row), score.samples, score.chance)
        seeds = sorted({seed for row in self.runs.values() for seed in row})
        found, groups = self.accuracies, self.together
        means = {key: _mean_row([rows[one] for one in members], found[key]) for key, members in groups.items()}
        return Baseline(paper, tuple(seeds), with_tolerances(rows, groups, means, len(seeds)), self.parameters)


def mean_over(accuracies: Accuracies, rows: Sequence[str]) -> dict[int, float]:
    """The mean accuracy over some rows, by seed; of seeds that all of them have."""
    seeds = set.intersection(*(set(accuracies[key]) for key in rows))
    return {seed: float(np.mean([accuracies[key][seed] for key in rows])) for seed in sorted(seeds)}


def _trained(row: Mapping[int, list[Run]]) -> bool:
    return any("parameters" in run.record for members in row.values() for run in members)


def _mean_row(rows: Sequence[BaselineRow], accuracies: Mapping[int, float]) -> BaselineRow:
    values = list(accuracies.values())
    return BaselineRow(
        mean=float(np.mean(values)),
        sd=float(np.std(values, ddof=1)) if len(values) > 1 else None,
        trained=True,
        tested=sum(row.tested for row in rows),
        chance=float(np.mean([row.chance for row in rows])),
    )


def with_tolerances(
    rows: Mapping[str, BaselineRow], groups: Mapping[str, Sequence[str]], means: Mapping[str, BaselineRow], seeds: int
) -> dict[str, BaselineRow]:
    """The rows with the tolerance that the scatter of the seeds asks for, and the reason where it is wide.

    Args:
        groups: the rows that each row of `means` is the mean of.
    """
    scattered = [row for row in rows.values() if row.sd is not None and row.trained]
    dispersion = float(np.mean([row.sd**2 / _binomial(row) for row in scattered])) if scattered else None

    def expected(key: str) -> float | None:
        """Variance that all rows together lead to expect of one, or of a mean of independent ones."""
        if dispersion is None:
            return None
        members = [rows[member] for member in groups.get(key, [key])]
        return dispersion * sum(_binomial(row) for row in members) / len(members) ** 2

    return {
        key: _explained(replace(row, tolerance=_tolerance(row, expected(key), seeds)))
        for key, row in (rows | means).items()
    }


def _binomial(row: BaselineRow) -> float:
    """Variance of an accuracy on so many independent samples; one right and one wrong answer are added (Laplace)."""
    share = (row.mean * row.tested + 1) / (row.tested + 2)
    return share * (1 - share) / row.tested


def _tolerance(row: BaselineRow, expected: float | None, seeds: int) -> float:
    """Half the prediction interval for one more seed.

    Args:
        expected: variance of the seeds that all rows lead to expect; None where nothing was run with several.
    """
    from scipy.stats import t

    if not row.trained:
        return max(FITTED, 1 / row.tested)
    if expected is None:
        return WIDE
    known = seeds - 1 if row.sd is not None else 0
    variance = (known * (row.sd or 0) ** 2 + PRIOR * expected) / (known + PRIOR)
    return float(t.ppf((1 + LEVEL) / 2, known + PRIOR) * np.sqrt(variance * (1 + 1 / (known + 1))))


def _explained(row: BaselineRow) -> BaselineRow:
    reasons = []
    if row.tolerance > WIDE:
        scatter = "nobody knows how seeds scatter" if row.sd is None else f"seeds scatter by {row.sd:.3f}"
        reasons.append(f"tolerance above {WIDE:g}, as {scatter} on {row.tested:,} tested samples")
    if row.mean - row.tolerance <= row.chance:
        reasons.append(f"a constant answer, {row.chance:.3f}, is within the tolerance")
    return replace(row, why="; ".join(reasons))
