"""A paper as data: its printed results, its settings, what it leaves open and what it contradicts.

Each paper of the suite is described by one file, `reproductions/<name>/paper.yaml`. This module holds its
schema and reads it; a mistake in the file is told with file, line, key and the nearest key that exists.
Nothing else in the project types a published number.
"""

from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rapidfuzz import process

from common.errors import UserError, unknown
from common.printed import Printed, printed

REPRODUCTIONS = Path(__file__).resolve().parents[1] / "reproductions"

COUNTS = {"parameters", "windows", "images"}
PROPORTIONS = {"%": 100.0, "fraction": 1.0}
TIMES = {"ms", "FPS"}


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Check(BaseModel):
    """Which auditor settles or refutes something, and its arguments (see `common.auditors`)."""

    model_config = ConfigDict(extra="allow", frozen=True)
    auditor: str

    @property
    def arguments(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class Claim(Strict):
    """One printed result.

    Attributes:
        id: stable name, e.g. "table2-tcn_resnet20-accuracy".
        source: where it is printed: table, row and column.
        dataset, protocol: what was measured on what.
        experiment: which experiment of the paper produces it, e.g. "table2".
        network: the network or system of that row.
        emotion: the class, for a number of one class only.
        fold: number of the fold, counted from 1 as printed, for a number of one fold only.
        metric: what was measured, e.g. "accuracy", "recall", "parameters".
        value: the characters as printed.
        unit: "%", "fraction", "ms", "FPS", "parameters", "windows", "images", "p" or "probability".
        test_size: samples of the random test part behind the value, where a random draw that the paper
            does not let one repeat made that part (so that the printed value carries sampling noise of its own).
        undefined: what the paper does not say, where that makes the number impossible to reproduce.
        check: the auditor that recomputes or refutes the value from the paper alone.
    """

    id: str = Field(pattern=r"^[a-z0-9_+.-]+$")
    source: str
    dataset: str
    protocol: str
    experiment: str
    metric: str
    value: str
    unit: Literal["%", "fraction", "ms", "FPS", "parameters", "windows", "images", "p", "probability"]
    network: str | None = None
    emotion: str | None = None
    fold: int | None = None
    test_size: int | None = None
    undefined: str = ""
    note: str = ""
    check: Check | None = None

    @property
    def printed(self) -> Printed:
        return printed(self.value)

    @property
    def number(self) -> float:
        """The value in its own unit."""
        return float(self.printed.value)

    @property
    def digits(self) -> int:
        """How many decimals are printed."""
        return self.printed.decimals

    @property
    def kind(self) -> Literal["count", "proportion", "time", "other"]:
        """What sort of comparison the unit allows."""
        if self.unit in COUNTS:
            return "count"
        if self.unit in PROPORTIONS:
            return "proportion"
        return "time" if self.unit in TIMES else "other"

    @property
    def scale(self) -> float:
        """What one whole is in this unit: 100 for percentages, else 1."""
        return PROPORTIONS.get(self.unit, 1.0)


class Matrix(Strict):
    """A printed confusion matrix.

    Attributes:
        rows: what a row is: "actual", "predicted", or "unknown" where the paper does not say.
        values: (classes, classes) cells as printed; None for a cell, or for all, that the text has lost.
        counts: (classes, classes) integers behind the printed ratios, where they can be reconstructed.
    """

    source: str
    dataset: str
    protocol: str
    labels: list[str] = []
    unit: Literal["%", "fraction", "count", "unknown"]
    rows: Literal["actual", "predicted", "unknown"]
    values: list[list[str | None]] | None = None
    counts: list[list[int]] | None = None
    note: str = ""

    @property
    def diagonal(self) -> list[str | None]:
        return [row[i] for i, row in enumerate(self.values or [])]


class LayerTable(Strict):
    """A printed table of layers: (type, output shape without the batch, parameters) a row, and its totals."""

    source: str
    network: str
    input: list[int]
    kernel: int
    rows: list[Annotated[tuple[str, list[int], int], Field(strict=False)]]
    total: str
    trainable: str
    non_trainable: str


class Decision(Strict):
    """Something that the paper leaves open, as a named setting: what we do, what else one could do, and why."""

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    default: Any
    alternatives: list[Any]
    why: str


class AuditItem(Strict):
    """Something that the paper contradicts, hides or gets wrong; `check` says so by arithmetic, where it can."""

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    kind: str
    says: str
    evidence: str
    check: Check | None = None


class Paper(Strict):
    """One `paper.yaml`. `name` is the folder of the reproduction, `text` the file of the paper's text."""

    name: str
    key: str
    title: str
    authors: list[str]
    year: int
    entry: Literal["article", "inproceedings", "mastersthesis", "misc"]
    venue: str
    doi: str = ""
    arxiv: str = ""
    url: str = ""
    text: str
    claims: list[Claim]
    matrices: list[Matrix] = []
    layers: list[LayerTable] = []
    hyperparameters: dict[str, Any] = {}
    decisions: list[Decision] = []
    audits: list[AuditItem] = []
    profiles: dict[str, dict[str, Any]] = {}

    @cached_property
    def _claims_by_id(self) -> dict[str, Claim]:
        return {claim.id: claim for claim in self.claims}

    def claim(self, id: str) -> Claim:
        """The claim with this id; a UserError with the nearest id where there is none."""
        if id not in self._claims_by_id:
            raise unknown(f"claim of {self.name}", id, self._claims_by_id)
        return self._claims_by_id[id]

    def select(self, pattern: str) -> list[Claim]:
        """The claims whose id matches a shell pattern, in the order of the file; a UserError if none does."""
        found = [claim for claim in self.claims if fnmatchcase(claim.id, pattern)]
        if not found:
            raise unknown(f"claim of {self.name}", pattern, self._claims_by_id)
        return found

    @property
    def settings(self) -> dict[str, Any]:
        """The default of every decision, by name."""
        return {decision.name: decision.default for decision in self.decisions}

    def bibtex(self) -> str:
        """The citation as a BibTeX entry."""
        place = {"article": "journal", "inproceedings": "booktitle", "mastersthesis": "school"}
        fields = {
            "title": f"{{{self.title}}}",
            "author": " and ".join(self.authors),
            "year": str(self.year),
            place.get(self.entry, "howpublished"): self.venue,
            "doi": self.doi,
            "eprint": self.arxiv,
            "url": self.url,
        }
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
        return "\n".join([f"@{self.entry}{{{self.key},", *lines, "}"])


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
        raise _explain(path, tree, error.errors()[0]) from error
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
