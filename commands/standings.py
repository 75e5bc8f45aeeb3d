"""Where every printed number of the suite stands: what was measured for it, and the verdict.

What is measured comes from the finished runs on disk (real data before synthetic ones, the paper's own protocol and
profile before others), from the committed parameter counts, and from arithmetic on the paper alone. Where equally
good runs lead to different verdicts, the standing says so instead of choosing one.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from commands import parameters
from common.paper import auditors
from common.paper import load as papers
from common.paper.auditors import AuditResult
from common.paper.load import Claim, Paper
from common.paper.verdicts import Measured, Verdict, judge
from common.results import loading
from common.results.config import RECORDS, results_from_environment
from common.results.evidence import DAMAGED, Evidence
from common.runs import store
from common.runs.store import Run, Skipped
from reproductions import registry


@dataclass(frozen=True)
class Standing:
    """A claim with all that is known about it.

    Attributes:
        measured: the best measurement, or None where arithmetic decides or nothing was run.
        verdict: `name` is that of `common.paper.verdicts`, or "runs disagree".
        audit: what the claim's own check found.
    """

    paper: Paper
    claim: Claim
    measured: Measured | None
    verdict: Verdict
    audit: AuditResult | None
    name: str
    run: str

    @property
    def row(self) -> dict:
        """The row with just the keys of `commands.claims.KEYS`; `measured` and `interval` are in the claim's unit."""
        claim, ours = self.claim, self.measured
        return {
            "id": claim.id,
            "paper": self.paper.name,
            "source": claim.source,
            "dataset": claim.dataset,
            "protocol": claim.protocol,
            "metric": claim.metric,
            "relation": claim.relation,
            "published": claim.value,
            "measured": ours.value if ours else None,
            "interval": list(self.verdict.interval) if self.verdict.interval else None,
            "verdict": self.name,
            "data": ours.data if ours else "none",
            "run": self.run,
            "why": self.verdict.why,
            "remarks": self.verdict.note,
        }


@dataclass
class Collection:
    """All standings, what they rest on, and the files that had to be left out.

    Attributes:
        evidence: paper -> its plans, the best first.
        measured: (paper, claim) -> all that was measured for it, plans in this order.
        notes: what a reader should know of the plans besides.
    """

    standings: list[Standing] = field(default_factory=list)
    measured: dict[tuple[str, str], list[Measured]] = field(default_factory=dict)
    evidence: dict[str, list[Evidence]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def of(self, paper: Paper) -> list[Standing]:
        return [one for one in self.standings if one.paper.name == paper.name]


@dataclass(frozen=True)
class Places:
    """Folders of results, those of this machine first; what lies in them is looked for once."""

    folders: tuple[Path, ...]

    @cached_property
    def _found(self) -> dict[Path, tuple[list[Run], list[Skipped]]]:
        return {folder: store.find(folder / "runs") for folder in self.folders}

    def collect(self, names: list[str]) -> Collection:
        """Where the claims of these papers stand."""
        collection = Collection()

        def warn(problem: str) -> None:
            if problem not in collection.problems:
                collection.problems.append(problem)

        others = set(papers.names()) - set(names)
        for folder, (_, skipped) in self._found.items():
            for one in skipped:
                if others.isdisjoint(one.folder.relative_to(folder / "runs").parts[:1]):
                    warn(one.reason)
        for name in names:
            paper, available = papers.load(name), []
            for folder, (finished, _) in self._found.items():
                mine = [run for run in finished if run.identity.paper == name]
                available += loading.load_available(paper, mine, folder, warn)
            collection.evidence[name] = sorted(available, key=loading.preference)
            measured = _measurements(paper, collection.evidence[name], warn)
            collection.measured |= {(name, claim): several for claim, several in measured.items()}
            collection.standings += [stand(paper, claim, measured.get(claim.id, [])) for claim in paper.claims]
            collection.notes += [f"{name}: {note}" for one in collection.evidence[name] for note in one.notes]
        return collection

    def longest_first(self, names: list[str]) -> list[str]:
        """The papers with the most runs first, so that two processes which share them end at about the same time."""
        runs = Counter(run.identity.paper for found, _ in self._found.values() for run in found)
        return sorted(names, key=lambda name: -runs[name])

    def standings(self, name: str) -> Collection:
        """Where the claims of a paper stand, without what they rest on: little enough for another process to send."""
        return replace(self.collect([name]), evidence={}, measured={})


def here_and_recorded() -> Places:
    """The results of this machine, and the records of the repository."""
    return Places((results_from_environment(), RECORDS))


def collect(names: list[str], *folders: Path) -> Collection:
    """Where the claims of these papers stand in some folders of results; by default as `here_and_recorded`."""
    return (Places(folders) if folders else here_and_recorded()).collect(names)


def together(collections: Iterable[Collection]) -> Collection:
    """The standings of several papers."""
    whole = Collection()
    for one in collections:
        whole.standings += one.standings
        whole.notes += one.notes
        whole.problems += [problem for problem in one.problems if problem not in whole.problems]
    return whole


def _measurements(paper: Paper, evidences: list[Evidence], warn: Callable[[str], None]) -> dict[str, list[Measured]]:
    together: dict[str, list[Measured]] = {id: [one] for id, one in parameters.measurements(paper).items()}
    for one in evidences:
        try:
            measured = registry.reproduction(paper.name).measured.measurements(one)
        except DAMAGED as error:
            warn(f"{one.plan_place} cannot be used: {error!r}. Run: make reproduce PAPER={paper.name}")
            continue
        for id, several in measured.items():
            together.setdefault(id, []).extend(several)
    return together


def stand(paper: Paper, claim: Claim, measured: list[Measured]) -> Standing:
    """The standing of one claim.

    Args:
        measured: everything that was measured for it, plans in order of preference.
    """
    audit = auditors.run(paper, claim.check) if claim.check else None
    if audit and (audit.settles or audit.finding == "contradicted") and not claim.undefined:
        verdict = judge(claim, None, audit)
        return Standing(paper, claim, None, verdict, audit, verdict.name, f"arithmetic: {claim.check.auditor}")
    if not measured:
        verdict = judge(claim, None, audit)
        return Standing(paper, claim, None, verdict, audit, verdict.name, "")
    ranked = sorted(measured, key=rank)
    best = [one for one in ranked if rank(one) == rank(ranked[0])]
    verdicts = [judge(claim, one, audit) for one in best]
    name, run = verdicts[0].name, best[0].run
    if len({verdict.name for verdict in verdicts}) > 1:
        name = "runs disagree"
        run = "; ".join(
            f"{one.run} gives {one.value:.6g} ({verdict.name})" for one, verdict in zip(best, verdicts, strict=True)
        )
    return Standing(paper, claim, best[0], verdicts[0], audit, name, run)


def rank(measured: Measured) -> tuple[bool, int, bool, bool]:
    """Sorts what was measured for a claim, the best first: real data, few differences, no remark, this machine."""
    return measured.data == "synthetic", measured.differences, bool(measured.note), measured.recorded
