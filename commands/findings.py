"""`findings`: the few things worth knowing about each paper, with every figure from its own arithmetic or from runs.

The sentences stand in paper.yaml (`common.paper.schema.Finding`) and hold no figure; a finding is told only when all of
its figures are known. Synthetic data never fill one in.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from commands import parameters
from commands.standings import Collection, collect, rank
from common.paper import auditors
from common.paper import load as papers
from common.paper.load import Check, Claim, Finding, Paper
from common.paper.verdicts import Measured
from common.results import comparison
from common.results.comparison import LeakEffect
from common.results.evidence import Evidence
from common.support.console import console
from common.support.errors import UserError
from reproductions import registry

_FIGURE = re.compile(r"\{(\w+) ([^{}]+)\}")


@dataclass(frozen=True)
class StatedFinding:
    """A finding with its figures.

    Attributes:
        text: the sentence; "" where a figure is missing.
        missing: the figures that nobody measured yet.
    """

    paper: Paper
    finding: Finding
    text: str
    missing: tuple[str, ...] = ()


def show(name: str = "") -> None:
    """Print the findings of one paper, or of all, and which ones wait for a measurement."""
    chosen = [name] if name else papers.names()
    everything = all_of(chosen)
    for paper in dict.fromkeys(one.paper.name for one in everything):
        console.print(f"\n{papers.load(paper).title}", style="bold")
        for one in everything:
            if one.paper.name == paper:
                line = one.text or f"({one.finding.id} waits for: {', '.join(one.missing)})"
                console.print(f"  · {line}", markup=False, soft_wrap=True)


def markdown(names: list[str], *places: Path) -> str:
    """The known findings of a paper as a list; of several papers the headlines, each with the name of its paper."""
    known = [one for one in all_of(names, *places) if one.text]
    if len(names) == 1:
        return "".join(f"- {one.text}\n" for one in known)
    return "".join(f"- **{one.paper.name}**: {one.text}\n" for one in known if one.finding.headline)


def all_of(names: list[str], *places: Path) -> list[StatedFinding]:
    """The findings of these papers.

    Args:
        places: as for `commands.standings.collect`.

    Raises:
        UserError: if a sentence asks for a claim, an audit or a kind of figure that there is not.
    """
    collection = collect(names, *places)
    return [one for name in names for one in stated(papers.load(name), collection)]


def stated(paper: Paper, collection: Collection) -> Iterator[StatedFinding]:
    """The findings of a paper, as far as there are figures for them."""
    # Of two of a name the first holds.
    leaks = {leak.name: leak for leak in reversed(_leaks(paper, collection))} if paper.findings else {}
    for finding in paper.findings:
        missing: list[str] = []

        def figure(match: re.Match, missing=missing) -> str:
            known = _figure(paper, collection, leaks, match[1], match[2])
            if known is None:
                missing.append(f"{match[1]} {match[2]}")
            return known or ""

        text = _FIGURE.sub(figure, finding.says)
        yield StatedFinding(paper, finding, "" if missing else text, tuple(missing))


def _figure(paper: Paper, collection: Collection, leaks: Mapping[str, LeakEffect], kind: str, what: str) -> str | None:
    """One figure of a sentence; None where nobody measured it."""
    if kind == "printed":
        return paper.claim(what).value
    if kind in ("audit", "check"):
        return auditors.run(paper, _check(paper, kind, what)).arithmetic
    if kind == "parameters":
        return f"{parameters.of(paper, what):,}"
    if kind == "leak":
        return leaks[what].cell if what in leaks else None
    if kind in ("ours", "runs", "differs"):
        id, _, protocol = what.rpartition(" ")
        claim = paper.claim(id)
        found = _real(claim, collection, paper, protocol)
        if found is None:
            return None
        return {"ours": _shown(claim, found), "runs": str(found.runs), "differs": found.differs}[kind]
    raise UserError(
        f"A finding of {paper.name} asks for {kind!r}.",
        "Known: printed, audit, check, parameters, ours, runs, differs, leak.",
    )


def _check(paper: Paper, kind: str, id: str) -> Check:
    items = paper.audits if kind == "audit" else paper.claims
    checks = {item.id: item.check for item in items if item.check}
    if id not in checks:
        raise UserError(
            f"A finding of {paper.name} asks for the {kind} {id!r}, which computes nothing.", "Name another."
        )
    return checks[id]


def _real(claim: Claim, collection: Collection, paper: Paper, protocol: str) -> Measured | None:
    """The best measurement on real data under a protocol."""
    several = collection.measured.get((paper.name, claim.id), [])
    return min((one for one in several if one.data == "real" and one.protocol == protocol), key=rank, default=None)


def _shown(claim: Claim, ours: Measured) -> str:
    figures = comparison.printed_beside(claim, ours.value, ours.interval)
    unit = " %" if claim.unit == "%" else ""
    return figures["reproduced"] + unit + (f" ({figures['interval']})" if "interval" in figures else "")


def _leaks(paper: Paper, collection: Collection) -> list[LeakEffect]:
    """Of real data, from whole plans with the default settings first, then from the paper's own profile first."""

    def lacking(one: Evidence) -> tuple[bool, bool]:
        return len(one.runs) < len(one.plan.runs), bool(one.plan.settings)

    real = [one for one in collection.evidence[paper.name] if one.data == "real"]
    tables = registry.reproduction(paper.name).tables
    return [leak for one in sorted(real, key=lacking) for leak in tables.leaks(one)]
