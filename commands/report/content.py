"""What the report says, as plain dictionaries for the template."""

from collections import Counter
from datetime import UTC, datetime
from itertools import groupby

from commands import audit, claims, findings, obtain
from commands.claims import Collection, Standing
from commands.report import charts, faces
from common.paper.load import Paper
from common.results.evidence import DAMAGED, Evidence
from reproductions import registry


def page(collection: Collection) -> dict:
    """Everything that the template shows."""
    standings = collection.standings
    counts = Counter(one.name for one in standings)
    needed = Counter(
        one.claim.dataset for one in standings if one.name == "data needed" and one.claim.dataset != "none"
    )
    papers = list({one.paper.name: one.paper for one in standings}.values())
    told = {paper.name: [one for one in findings.stated(paper, collection) if one.text] for paper in papers}
    shown = [_paper(paper, collection) | {"findings": [one.text for one in told[paper.name]]} for paper in papers]
    return {
        "total": len(standings),
        "headlines": [one for some in told.values() for one in some if one.finding.headline],
        "verdicts": [
            {"name": name, "count": counts[name], "share": counts[name] / len(standings), "meaning": meaning}
            for name, meaning in claims.VERDICTS.items()
            if counts[name]
        ],
        "summary": claims.summary(collection),
        "claims": [_claim(one) for one in standings],
        "papers": shown,
        "needed": [{"name": name, "count": n, "how": obtain.how(name)} for name, n in needed.most_common()],
        "faces": faces.sheet(),
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
