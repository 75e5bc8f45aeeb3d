"""A paper as data: its printed results, its settings, what it leaves open and what it contradicts.

Each paper of the suite is described by one file, `reproductions/<name>/paper.yaml`, whose schema is
`common.paper.schema`. This module finds and reads these files; a mistake in one is told with file, line, key
and the nearest key that exists. Nothing else in the project types a published number.
"""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from rapidfuzz import process

from common.paper.schema import AuditItem, Check, Claim, Decision, LayerTable, Matrix, Paper
from common.support.errors import UserError, unknown

__all__ = ["AuditItem", "Check", "Claim", "Decision", "LayerTable", "Matrix", "Paper", "load", "names", "read"]

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
    text = path.read_text(encoding="utf-8")
    try:
        tree = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UserError(f"{path}:{line} is not YAML: {error.problem}.", "Mend that line.") from error
    if not isinstance(tree, yaml.MappingNode):
        raise UserError(f"{path}:1 does not describe a paper.", "Begin with `key:`, `title:` and so on.")
    _refuse_repeated_keys(path, tree)
    data = yaml.load(text, Loader=yaml.CSafeLoader)
    try:
        paper = Paper.model_validate({"name": path.resolve().parent.name, **data})
    except ValidationError as error:
        # A misspelt key shows twice, as unknown and as missing: the former tells more.
        first = min(error.errors(), key=lambda mistake: mistake["type"] != "extra_forbidden")
        raise _explain(path, tree, first) from error
    for section, key in (("claims", "id"), ("audits", "id"), ("decisions", "name")):
        _refuse_repeated_ids(path, tree, section, [getattr(item, key) for item in getattr(paper, section)])
    return paper


def _refuse_repeated_keys(path: Path, node: yaml.Node) -> None:
    # YAML readers keep the last of two equal keys without a word, which would hide a lost result.
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            _refuse_repeated_keys(path, child)
    elif isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                remedy = f"Keep one of the two: the first is on line {seen[key.value]}."
                raise UserError(f"{path}:{line} repeats the key {key.value!r}.", remedy)
            seen[key.value] = line
            _refuse_repeated_keys(path, value)


def _refuse_repeated_ids(path: Path, tree: yaml.MappingNode, section: str, ids: list[str]) -> None:
    first: dict[str, int] = {}
    for position, id in enumerate(ids):
        line = _find(tree, (section, position)).start_mark.line + 1
        if id in first:
            problem = f"{path}:{line} repeats {id!r} among the {section}."
            raise UserError(problem, f"Give it another name: the first is on line {first[id]}.")
        first[id] = line


def _find(node: yaml.Node, location: tuple[str | int, ...]) -> yaml.Node:
    """The node at a location, or the deepest one on the way there that exists."""
    for step in location:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
        elif isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == str(step)), node)
    return node


_SECTIONS: dict[str, type[BaseModel]] = {
    "claims": Claim,
    "matrices": Matrix,
    "layers": LayerTable,
    "decisions": Decision,
    "audits": AuditItem,
}


def _explain(path: Path, tree: yaml.MappingNode, error: dict[str, Any]) -> UserError:
    location = error["loc"]
    key = str(location[-1])
    model = _SECTIONS.get(str(location[0]), Paper) if len(location) > 1 else Paper
    valid = sorted(set(model.model_fields) - {"name"} if model is Paper else model.model_fields)
    if error["type"] == "extra_forbidden":
        line = _key_line(tree, location)
        nearest = process.extractOne(key, valid)[0]
        return UserError(f"{path}:{line} has the unknown key {key!r}.", f"Did you mean {nearest!r}?")
    line = _find(tree, location).start_mark.line + 1
    if error["type"] == "missing":
        return UserError(f"{path}:{line} lacks the key {key!r}.", f"Add it; known keys: {', '.join(valid)}.")
    remedy = "Put the number in quotes, so that its printed digits survive."
    if not (error["type"] == "string_type" and isinstance(error["input"], int | float)):
        remedy = f"It is {error['input']!r} now."
    return UserError(f"{path}:{line}, key {key!r}: {error['msg']}.", remedy)


def _key_line(tree: yaml.MappingNode, location: tuple[str | int, ...]) -> int:
    parent = _find(tree, location[:-1])
    return next(key.start_mark.line + 1 for key, _ in parent.value if key.value == str(location[-1]))
