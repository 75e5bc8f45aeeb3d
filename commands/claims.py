"""`claims`: where every printed number of the suite stands, one row each (`commands.standings`)."""

import json
import sys
from collections import Counter

from commands import obtain, standings
from commands.standings import Collection, Standing
from common.paper import load as papers
from common.paper.verdicts import FITTED
from common.results.comparison import as_printed, printed_beside
from common.results.tables import Table
from common.support.console import console
from common.support.sharing import Share, alone

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


def raw(collection: Collection) -> Table:
    """The rows for programs."""
    rows = [one.row for one in collection.standings]
    return Table("claims", f"{len(rows)} printed numbers", {key: key for key in KEYS}, rows)


def table(collection: Collection) -> Table:
    """The rows for people; numbers in the digits of the paper."""
    rows = [one.row | readable(one) for one in collection.standings]
    columns = {key: key for key in KEYS}
    return Table(
        "claims", f"{len(rows)} printed numbers", columns, rows, _needed(collection.standings) + collection.notes
    )


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


def show(paper: str, form: str, strict: bool, share: Share = alone) -> None:
    """Print the claims of one paper, or of all, in one of `commands.options.FORMATS`.

    Exit status 1 under `strict` if a file had to be left out.

    Args:
        share: who reads the papers' evidence.

    Raises:
        UserError: if there is no such paper.
    """
    names = [papers.load(paper).name] if paper else papers.names()
    places = standings.here_and_recorded()
    ordered = places.longest_first(names)
    found = dict(zip(ordered, share(places.standings, ordered), strict=True))
    collection = standings.together(found[name] for name in names)
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
