"""What the report says, as plain dictionaries for the template."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby

from commands import audit, claims, findings, obtain
from commands.findings import StatedFinding
from commands.report import charts, faces
from commands.standings import Collection, Places, Standing, together
from common.paper import load as papers
from common.paper.load import Paper
from common.results.evidence import DAMAGED, Evidence
from reproductions import registry


@dataclass(frozen=True)
class Part:
    """What the page says about one paper.

    Attributes:
        collection: its standings alone.
        told: its findings, as far as there are figures for them.
        shown: what the template shows of it.
    """

    collection: Collection
    told: list[StatedFinding]
    shown: dict


def part(places: Places, name: str) -> Part:
    """What the page says about a paper."""
    collection = places.collect([name])
    paper = papers.load(name)
    told = [one for one in findings.stated(paper, collection) if one.text]
    shown = _paper(paper, collection) | {"findings": [one.text for one in told]}
    return Part(replace(collection, evidence={}, measured={}), told, shown)


def page(parts: Sequence[Part], drawn: dict) -> dict:
    """Everything that the template shows.

    Args:
        drawn: the sample faces, as `faces.sheet` gives them.
    """
    collection = together(part.collection for part in parts)
    standings = collection.standings
    counts = Counter(one.name for one in standings)
    needed = Counter(
        one.claim.dataset for one in standings if one.name == "data needed" and one.claim.dataset != "none"
    )
    return {
        "total": len(standings),
        "headlines": [one for part in parts for one in part.told if one.finding.headline],
        "verdicts": [
            {"name": name, "count": counts[name], "share": counts[name] / len(standings), "meaning": meaning}
            for name, meaning in claims.VERDICTS.items()
            if counts[name]
        ],
        "summary": claims.summary(collection),
        "claims": [_claim(one) for one in standings],
        "papers": [part.shown for part in parts],
        "needed": [{"name": name, "count": n, "how": obtain.how(name)} for name, n in needed.most_common()],
        "faces": drawn,
        "problems": collection.problems,
        "written": datetime.now(UTC).strftime("%d %B %Y"),
    }


def _claim(standing: Standing) -> dict:
    claim, shown = standing.claim, claims.readable(standing)
    who = claim.network or claim.emotion or ""
    return standing.row | shown | {"who": who, "unit": claim.unit, "note": claim.note}


def _paper(paper: Paper, collection: Collection) -> dict:
    standings = collection.of(paper)
    plans = []
    for evidence in collection.evidence[paper.name]:
        try:
            plans.append(_plan(evidence))
        except DAMAGED as error:
            evidence.warn(f"{evidence.plan_place} cannot be shown: {error!r}.")
    audits = audit.findings(paper)
    return {
        "paper": paper,
        "counts": Counter(one.name for one in standings),
        "printed": [
            {"source": source, "rows": [_claim(one) for one in group]}
            for source, group in groupby(standings, key=lambda one: one.claim.source.partition(",")[0])
        ],
        "matrices": [charts.printed(matrix) for matrix in paper.matrices],
        "plans": plans,
        "reproduced": any(plan["matrices"] for plan in plans),
        "strips": _strips(paper),
        "audits": audits,
        "refuted": sum(result is not None and result.finding == "contradicted" for _, result in audits),
    }


def _strips(paper: Paper) -> list[dict]:
    """Rows of images of what a paper's networks see, where its package has `figures`."""
    if paper.name not in registry.having("figures"):
        return []
    strips = registry.reproduction(paper.name).figures.strips()
    return [{"title": title, "uris": [faces.uri(one[:, :, ::-1]) for one in images]} for title, images in strips]


def _plan(evidence: Evidence) -> dict:
    """One reproduction: its tables, matrices, curves, split audit and leak."""
    tables = registry.reproduction(evidence.paper.name).tables
    return {
        "profile": evidence.name or evidence.profile,
        "data": evidence.data,
        "recorded": evidence.recorded,
        "plan": evidence.plan,
        "finished": f"{len(evidence.runs)} of {len(evidence.plan.runs)} trainings are finished",
        "tables": tables.tables(evidence),
        "leaks": charts.intervals(tables.leaks(evidence)),
        "matrices": charts.reproduced(evidence),
        "curves": charts.curves(evidence),
    }
