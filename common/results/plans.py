"""What the last `reproduce` of a paper ran: the file from which tables and pictures are made."""

import json
from pathlib import Path

from common.media.clips import Provenance
from common.paper.load import Paper
from common.results.config import Request
from common.support import files
from common.support.errors import UserError


def plan_path(paper: Paper, profile: str, data: str, results: Path) -> Path:
    """One plan a paper, profile and kind of data ("real" or "synthetic"); a later command replaces it."""
    return results / "runs" / paper.name / f"plan-{profile}-{data}.json"


def speed_path(paper: Paper, profile: str, results: Path) -> Path:
    return results / "runs" / paper.name / f"speed-{profile}.json"


def asked(request: Request, origin: Provenance, experiments: list[str]) -> dict:
    """What every plan begins with: what was asked for, and of which data."""
    return {
        "paper": request.paper.name,
        "profile": request.profile,
        "data": origin.word,
        "details": origin.details,
        "protocols": list(request.protocols),
        "experiments": experiments,
        "seeds": list(request.seeds),
        "settings": request.changed_settings,
    }


def write(path: Path, content: dict) -> None:
    """Write JSON in one step."""
    with files.atomic(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read(path: Path, paper: Paper) -> dict:
    """Read what `write` wrote.

    Raises:
        UserError: if it is not there yet, or damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"There are no such runs of {paper.name} yet ({path.name}).", f"Run: make reproduce PAPER={paper.name}"
        ) from None
    except ValueError as error:
        raise UserError(f"{path} is damaged.", "Delete it and run reproduce again; finished runs are kept.") from error
