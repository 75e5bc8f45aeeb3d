"""`claims`: where every printed number of the suite stands, one row each.

What is measured comes from the finished runs on disk (real data before synthetic ones, the paper's own protocol and
profile before others), from the committed parameter counts, and from arithmetic on the paper alone. Where equally
good runs lead to different verdicts, the row says so instead of choosing one.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from commands import obtain, parameters
from common.paper import auditors
from common.paper import load as papers
from common.paper.auditors import AuditResult
from common.paper.load import Claim, Paper
from common.paper.verdicts import FITTED, Measured, Verdict, judge
from common.results import loading
from common.results.comparison import as_printed, printed_beside
from common.results.config import RECORDS, results_from_environment
from common.results.evidence import DAMAGED, Evidence
from common.results.tables import Table
from common.runs import store
from common.runs.store import Run
from common.support.console import console
from reproductions import registry

KEYS = (
    "id",
    "paper",
    "source",
    "dataset",
    "protocol",
    "metric",
    "relation",
    "published",
    "measured",
    "interval",
    "verdict",
    "data",
    "run",
    "why",
    "remarks",
)
VERDICTS = {
    "consistent": "The paper's other figures give it, within their rounding; nothing was built or measured for it.",
    "exact": "The same number: counted on the rebuilt network or in the data, or computed by the rebuilt method.",
    "match": "Our 95 % interval meets the printed value; on the paper's own test images, ours rounds to it.",
    "close": "Outside the interval, or on the paper's own test images not the same, by no more than 2 points.",
    "below": "We measure less than that, beyond the interval and 2 points.",
    "above": "We measure more than that, beyond the interval and 2 points. An accuracy above: look for leakage first.",
    "holds": "A statement, such as one network better than another, that our 95 % interval confirms.",
    "does not hold": "A statement whose opposite our 95 % interval shows.",
    "undecided": "A statement that our 95 % interval neither confirms nor refutes.",
    "runs disagree": "Equally good runs on this disk lead to different verdicts.",
    "contradicted": "The paper's own figures refute the number.",
    "undefined": "The paper does not say what was computed.",
    "not comparable": "Measured on synthetic faces, with something other than the paper states, or on another machine.",
    "data needed": "Needs a data set that was not there.",
    "cited": "Another method's number, printed for comparison; it is not judged.",
}


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
        """The row with just the keys of `KEYS`; `measured` and `interval` are in the claim's unit."""
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
    """

    standings: list[Standing] = field(default_factory=list)
    measured: dict[tuple[str, str], list[Measured]] = field(default_factory=dict)
    evidence: dict[str, list[Evidence]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def of(self, paper: Paper) -> list[Standing]:
        return [one for one in self.standings if one.paper is paper]


def collect(names: list[str], *places: Path) -> Collection:
    """Where the claims of these papers stand.

    Args:
        places: folders of results, those of this machine first; by default these and the records of the repository.
    """
    places = places or (results_from_environment(), RECORDS)
    collection = Collection()

    def warn(problem: str) -> None:
        if problem not in collection.problems:
            collection.problems.append(problem)

    found: dict[Path, list[Run]] = {}
    others = set(papers.names()) - set(names)
    for place in places:
        found[place], skipped = store.find(place / "runs")
        for one in skipped:
            if others.isdisjoint(one.folder.relative_to(place / "runs").parts[:1]):
                warn(one.reason)
    for name in names:
        paper, available = papers.load(name), []
        for place, finished in found.items():
            mine = [run for run in finished if run.identity.paper == name]
            available += loading.load_available(paper, mine, place, warn)
        collection.evidence[name] = sorted(available, key=loading.preference)
        measured = _measurements(paper, collection.evidence[name], warn)
        collection.measured |= {(name, claim): several for claim, several in measured.items()}
        collection.standings += [stand(paper, claim, measured.get(claim.id, [])) for claim in paper.claims]
    return collection


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


def raw(collection: Collection) -> Table:
    """The rows for programs."""
    rows = [one.row for one in collection.standings]
    return Table("claims", f"{len(rows)} printed numbers", {key: key for key in KEYS}, rows)


def table(collection: Collection) -> Table:
    """The rows for people; numbers in the digits of the paper."""
    rows = [one.row | readable(one) for one in collection.standings]
    columns = {key: key for key in KEYS}
    aside = [f"{one.paper.name}: {note}" for some in collection.evidence.values() for one in some for note in one.notes]
    return Table("claims", f"{len(rows)} printed numbers", columns, rows, _needed(collection.standings) + aside)


def readable(standing: Standing) -> dict[str, str | None]:
    """`published` with "less than" and the like, `measured` and `interval`, all in the digits of the papers' tables."""
    claim, measured = standing.claim, standing.measured
    beside = printed_beside(claim, measured.value, standing.verdict.interval) if measured else {}
    return {"published": as_printed(claim), "measured": beside.get("reproduced"), "interval": beside.get("interval")}


def summary(collection: Collection) -> Table:
    """How many claims have which verdict, by paper."""
    counts = {
        name: Counter(s.name for s in collection.standings if s.paper.name == name) for name in _names(collection)
    }
    rows = [{"paper": name, **count, "all": sum(count.values())} for name, count in counts.items()]
    if len(rows) > 1:
        whole = sum(counts.values(), Counter())
        rows.append({"paper": "all", **whole, "all": sum(whole.values())})
    columns = {"paper": "Paper"} | {v: v for v in VERDICTS if any(v in row for row in rows)} | {"all": "Claims"}
    return Table("summary", "Where the printed numbers stand", columns, rows, _fitted(collection.standings))


def _fitted(standings: list[Standing]) -> list[str]:
    """A note on the good verdicts that are no independent evidence."""
    counts = Counter(one.name for one in standings if one.measured and FITTED in one.measured.note)
    some = [f"{counts[name]} {name}" for name in ("match", "close", "holds") if counts[name]]
    return [f"Of these, measured {FITTED} and so no independent evidence: {', '.join(some)}."] if some else []


def _names(collection: Collection) -> list[str]:
    return list(dict.fromkeys(one.paper.name for one in collection.standings))


def _needed(standings: list[Standing]) -> list[str]:
    lacking = Counter(one.claim.dataset for one in standings if one.name == "data needed")
    return [f"data needed: {name} ({n} numbers). {obtain.how(name)}" for name, n in lacking.items() if name != "none"]


def show(paper: str, form: str, strict: bool) -> None:
    """Print the claims of one paper, or of all, in one of `commands.options.FORMATS`.

    Exit status 1 under `strict` if a file had to be left out.

    Raises:
        UserError: if there is no such paper.
    """
    names = [papers.load(paper).name] if paper else papers.names()
    collection = collect(names)
    if form == "json":
        print(json.dumps(raw(collection).rows, indent=1, ensure_ascii=False))
    elif form == "csv":
        print(raw(collection).csv(), end="")
    elif form == "markdown":
        print(table(collection).markdown(), end="")
    else:
        _screen(table(collection))
        summary(collection).show(console)
    print_problems(collection.problems, strict)


def _screen(rows: Table) -> None:
    narrow = {"paper": "Paper", "id": "Claim", "metric": "Quantity", "published": "Published", "measured": "Measured"}
    narrow |= {"interval": "95 % interval", "verdict": "Verdict", "data": "Data", "run": "Run"}
    Table("claims", rows.title, narrow, rows.rows, rows.notes).show(console)


def print_problems(problems: list[str], strict: bool) -> None:
    """Name what was left out on standard error; exit status 1 under `strict`."""
    for problem in problems:
        print(f"warning: left out: {problem}", file=sys.stderr)
    if problems and strict:
        raise SystemExit(1)
