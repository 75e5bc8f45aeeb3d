"""A paper as data: its printed results, its settings, what it leaves open and what it contradicts.

Each paper of the suite is described by one file, `reproductions/<name>/paper.yaml`, whose schema is
`common.paper.schema`. Its printed results stand in tables, which `common.paper.tables` expands into claims. This
module finds and reads these files; a mistake in one is told with file, line, key and the nearest key that exists.
Nothing else in the project types a published number.
"""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from common.paper.places import Place, Source
from common.paper.schema import AuditItem, Check, Claim, Decision, Finding, LayerTable, Matrix, Paper
from common.paper.tables import Stated, Table, Tables, expand
from common.support.errors import UserError, unknown

__all__ = [
    "AuditItem",
    "Check",
    "Claim",
    "Decision",
    "Finding",
    "LayerTable",
    "Matrix",
    "Paper",
    "load",
    "names",
    "read",
]

REPRODUCTIONS = Path(__file__).resolve().parents[2] / "reproductions"


def names() -> list[str]:
    """The papers of the suite: every folder of `reproductions/` that holds a paper.yaml."""
    return sorted(path.parent.name for path in REPRODUCTIONS.glob("*/paper.yaml"))


def load(name: str) -> Paper:
    """The paper of that name.

    Raises:
        UserError: if there is no such paper, or its paper.yaml has a mistake.
    """
    if name not in names():
        raise unknown("paper", name, names())
    return read(REPRODUCTIONS / name / "paper.yaml")


def read(path: Path) -> Paper:
    """Read and check one paper.yaml; its folder gives the paper its name.

    Raises:
        UserError: naming file, line and key of the first mistake, and the nearest valid key for a misspelt one.
    """
    source = Source(path)
    data = dict(source.data)
    if "claims" in data:
        problem = f"{source.at(('claims',))} has the unknown key 'claims'."
        raise UserError(problem, "Printed results stand under `tables`, see docs/adding-a-paper.md.")
    claims: list[Stated] = []
    try:
        tables = Tables.model_validate({key: data.pop(key) for key in ("tables",) if key in data}).tables
        claims = expand(tables, source)
        fields = {"name": path.resolve().parent.name, **data, "claims": [claim.fields for claim in claims]}
        paper = Paper.model_validate(fields)
    except ValidationError as error:
        # A misspelt key shows twice, as unknown and as missing: the former tells more.
        first = min(error.errors(), key=lambda mistake: mistake["type"] != "extra_forbidden")
        raise _explain(source, claims, first) from error
    _refuse_repeated_ids(source, "claims", [(claim.fields["id"], claim.place) for claim in claims])
    for section, key in (("audits", "id"), ("findings", "id"), ("decisions", "name")):
        items = enumerate(getattr(paper, section))
        _refuse_repeated_ids(source, section, [(getattr(item, key), (section, position)) for position, item in items])
    return paper


def _refuse_repeated_ids(source: Source, section: str, ids: list[tuple[str, Place]]) -> None:
    first: dict[str, Place] = {}
    for id, place in ids:
        if id in first:
            problem = f"{source.at(place)} repeats {id!r} among the {section}."
            raise UserError(problem, f"Give it another name: the first is on line {source.line(first[id])}.")
        first[id] = place


_SECTIONS: dict[str, type[BaseModel]] = {
    "tables": Table,
    "claims": Claim,
    "matrices": Matrix,
    "layers": LayerTable,
    "decisions": Decision,
    "audits": AuditItem,
    "findings": Finding,
}


def _explain(source: Source, claims: list[Stated], error: dict[str, Any]) -> UserError:
    """The sentence for the first mistake that the schema found, at the place in the file where it was made."""
    place = location = error["loc"]
    key = str(location[-1])
    model = _SECTIONS.get(str(location[0]), Paper) if len(location) > 1 else Paper
    if location[0] == "claims":
        claim, field = claims[location[1]], location[2]
        place = (*claim.places.get(field, claim.place), *location[3:])
    if location[-2:-1] == ("check",):
        model = Check
    valid = set(model.model_fields)
    if model is Paper:
        valid = valid - {"name", "claims"} | {"tables"}
    if error["type"] == "extra_forbidden":
        return source.unknown_key(place, valid)
    if error["type"] == "missing":
        remedy = f"Add it; known keys: {', '.join(sorted(valid))}."
        return UserError(f"{source.at(place)} lacks the key {key!r}.", remedy)
    if key == "[key]":
        at = source.at((*place[:-2], error["input"]))
        return UserError(f"{at}: the key {error['input']!r} is not text.", "Put it in quotes.")
    remedy = "Put the number in quotes, so that its printed digits survive."
    if not (error["type"] == "string_type" and isinstance(error["input"], int | float)):
        remedy = f"It is {error['input']!r} now."
    return UserError(f"{source.at(place)}, key {key!r}: {error['msg']}.", remedy)
