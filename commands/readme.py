"""The generated parts of READMEs and documentation: tables between two markers, copied from files under results/.

`<!-- table: results/reference/timeconvnet/quick-synthetic/table2.json -->` ... `<!-- end -->`
"""

import re
from pathlib import Path

import datasets
from commands import claims, findings, record, reproduce, standings
from common.paper import load as papers
from common.results import tables
from common.results.config import RECORDS, ROOT
from common.support import files
from common.support.console import console
from common.support.errors import UserError

_BLOCK = re.compile(
    r"(<!-- (table|decisions|datasets|findings|standings|card): (\S+) -->\n).*?(<!-- end -->)", re.DOTALL
)


def readmes(root: Path = ROOT) -> list[Path]:
    return [root / "README.md", *sorted(root.glob("reproductions/*/README.md")), *sorted(root.glob("docs/*.md"))]


def write(only_check: bool = False, root: Path = ROOT) -> None:
    """Write every generated part anew, or fail with exit status 1 if one is stale.

    Raises:
        UserError: if a README names a table that does not exist.
    """
    stale = []
    for path in readmes(root):
        text = path.read_text(encoding="utf-8")
        fresh = generated(text, root)
        if fresh == text:
            continue
        stale.append(path)
        if not only_check:
            with files.atomic(path) as temporary:
                temporary.write_text(fresh, encoding="utf-8")
    named = ", ".join(str(path.relative_to(root)) for path in stale)
    if only_check and stale:
        console.print(f"Stale: {named}. Run: make readme")
        raise SystemExit(1)
    console.print(f"Written anew: {named}." if stale else "All generated parts are up to date.")


def keep(name: str, reference: Path = ROOT / "results" / "reference", records: Path = RECORDS) -> None:
    """Make the tables of a paper's records and keep them in results/reference, where READMEs take them from.

    Tables that are no longer made are deleted.

    Raises:
        UserError: if there are none.
    """
    paper, count = papers.load(name), 0
    for plan_name, data in record.recorded(paper, records):
        folder = reference / name / f"{plan_name}-{data}"
        made = {f"{table.name}.json": table for table in reproduce.all_tables(paper, plan_name, data, records)}
        for stale in folder.glob("*.json"):
            if stale.name not in made:
                stale.unlink()
        for file, table in made.items():
            with files.atomic(folder / file) as path:
                path.write_text(table.json(), encoding="utf-8")
        count += len(made)
    if not count:
        raise UserError(f"There are no records of {name} yet.", f"Run: make reproduce and make record, PAPER={name}")
    console.print(f"Kept {count} tables of {name}. Now: make readme")


def generated(text: str, root: Path = ROOT) -> str:
    """The text with every generated part made anew from the file or the paper that it names."""
    makers = {"table": lambda name: _table(root / name), "decisions": _decisions, "datasets": _datasets}
    makers |= {"findings": _findings, "standings": _standings, "card": _card}
    return _BLOCK.sub(lambda m: f"{m[1]}{makers[m[2]](m[3])}{m[4]}", text)


def _table(path: Path) -> str:
    if not path.is_file():
        raise UserError(f"A README shows {path}, which does not exist.", "Run the experiment, or mend the README.")
    return tables.read(path).markdown()


def _findings(which: str) -> str:
    """The findings of a paper, or of all."""
    return findings.markdown(papers.names() if which == "all" else [which], RECORDS)


def _standings(which: str) -> str:
    """How many printed numbers have which verdict, from arithmetic and records alone."""
    names = papers.names() if which == "all" else [which]
    return claims.summary(standings.collect(names, RECORDS)).markdown()


def _card(_: str) -> str:
    """What is known of the network that ships."""
    from inference.shipped import card

    return card.page()


def _decisions(name: str) -> str:
    """What a paper leaves open, as a table of settings."""
    rows = [
        {
            "name": f"`{one.name}`",
            "default": f"`{str(one.default).lower() if isinstance(one.default, bool) else one.default}`",
            "others": ", ".join(f"`{str(a).lower() if isinstance(a, bool) else a}`" for a in one.alternatives),
            "why": one.why,
        }
        for one in papers.load(name).decisions
    ]
    columns = {"name": "Setting", "default": "Default", "others": "Alternatives", "why": "Why"}
    return tables.Table("decisions", "Settings that the paper leaves open", columns, rows).markdown()


def _datasets(which: str) -> str:
    """How to get the data sets with these keys, separated by commas, or all."""
    modules = [datasets.load(key) for key in (datasets.names() if which == "all" else which.split(","))]
    rows = [{"name": module.NAME, "obtain": module.OBTAIN, "citation": module.CITATION} for module in modules]
    columns = {"name": "Data set", "obtain": "How to get it", "citation": "Cite"}
    return tables.Table("datasets", "Data sets that are read", columns, rows).markdown()
