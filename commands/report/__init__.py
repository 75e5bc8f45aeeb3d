"""`report`: one HTML file for people, with everything inside it."""

from functools import partial
from operator import call
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from commands import audit, claims, standings
from commands.report import content, faces
from common.paper import load as papers
from common.results.config import results_from_environment
from common.results.tables import Table
from common.support import files
from common.support.console import console
from common.support.sharing import Share, alone

HERE = Path(__file__).parent


def write(strict: bool, share: Share = alone) -> Path:
    """Write results/report.html and return its path; exit status 1 under `strict` if a file had to be left out.

    Args:
        share: who makes the papers' parts.
    """
    places = standings.here_and_recorded()
    names = places.longest_first(papers.names())
    *parts, drawn = share(call, [*(partial(content.part, places, name) for name in names), faces.sheet])
    page = content.page([parts[names.index(name)] for name in papers.names()], drawn)
    path = results_from_environment() / "report.html"
    text = render(page)
    with files.atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    console.print(f"Wrote {path}: {len(text.encode()) / 1e6:.1f} MB, opens in any browser without a network.")
    claims.print_problems(page["problems"], strict)
    return path


def render(page: dict) -> str:
    """The page as HTML; whatever comes from a file is escaped."""
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals |= {"slug": slug, "numeric": numeric, "zip": zip, "outcome": audit.outcome}
    return environment.get_template("page.html").render(page)


def slug(text: str) -> str:
    """A word for a CSS class or an anchor."""
    return "".join(letter if letter.isalnum() else "-" for letter in text.lower())


def numeric(table: Table) -> list[bool]:
    """Which columns hold short numbers, and so stand to the right."""
    columns = zip(*table.cells(), strict=True)
    return [all(len(cell) < 12 and cell[:1] in "+-−–0123456789" for cell in column) for column in columns]
