"""What a paper.yaml holds: claims, matrices, layer tables, decisions, audits and the citation, with their meaning."""

from fnmatch import fnmatchcase
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from common.paper.printed import ROUNDING, Printed, printed
from common.support.errors import unknown

Count = Literal[
    "parameters",
    "windows",
    "images",
    "subjects",
    "sequences",
    "clips",
    "samples",
    "frames",
    "epochs",
    "errors",
]
COUNTS = set(get_args(Count))
PROPORTIONS = {"%": 100.0, "fraction": 1.0}
TIMES = {"ms", "FPS"}


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Check(BaseModel):
    """Which auditor settles or refutes something, and its arguments (see `common.paper.auditors`)."""

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
        pair: two networks that the text compares: the number is the figure of the first less that of the second, or
            where the unit is "ratio" the one over the other.
        emotion: the class, for a number of one class only.
        fold: number of the fold, counted from 1 as printed, for a number of one fold only.
        metric: what was measured, e.g. "accuracy", "recall", "parameters".
        value: the characters as printed.
        unit: "%", "fraction", "ms", "FPS", "ratio" (of two times or accuracies), a count ("parameters", "windows",
            "images", "subjects", "sequences", "clips", "samples", "frames", "epochs", "errors"), "p" or "probability".
        relation: how the text relates the measured quantity to the value: "equal"; "about", where the value stands for
            all that rounds to it at its last digit that is not zero ("approximately 60,000"); "more" or "less", where
            it is a bound, as in "more accurate than" (value 0 for a difference).
        cited: whose number it is, for one that the paper prints of another method for comparison; it is not judged.
        tested: test samples behind the value, where paper or arithmetic says how many.
        test_size: samples of the random test part behind the value, where a random draw that the paper
            does not let one repeat made that part (so that the printed value carries sampling noise of its own).
        known_test_part: whether the test part behind the value is known sample by sample, so that ours is the same and
            the value carries no sampling noise; it was then printed by a program, which rounds.
        decimals: how many the table prints where it drops trailing zeros; None where all digits stand.
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
    unit: Literal["%", "fraction", "ratio", "ms", "FPS", Count, "p", "probability"]
    relation: Literal["equal", "about", "more", "less"] = "equal"
    cited: str = ""
    network: str | None = None
    pair: tuple[str, str] | None = Field(None, strict=False)
    emotion: str | None = None
    fold: int | None = None
    tested: int | None = None
    test_size: int | None = None
    known_test_part: bool = False
    undefined: str = ""
    note: str = ""
    decimals: int | None = None
    check: Check | None = None

    @property
    def printed(self) -> Printed:
        return printed(self.value, self.decimals)

    @property
    def number(self) -> float:
        """The value in its own unit."""
        return float(self.printed.value)

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest number that the printed value can stand for."""
        step = Fraction(0)
        if self.relation == "about":
            digits = self.value.replace(",", "").removesuffix("%")
            zeros = 0 if "." in digits else len(digits) - len(digits.rstrip("0"))
            step = Fraction(10) ** zeros / Fraction(10) ** self.digits
        rounded = self.known_test_part or self.relation == "about"
        low, high = self.printed.bounds(["round"] if rounded else ROUNDING)
        return float(min(low, self.printed.value - step / 2)), float(max(high, self.printed.value + step / 2))

    @property
    def unchecked(self) -> "Claim":
        """The same without its own check, which is of the paper's figures, whatever was trained here."""
        return self.model_copy(update={"check": None})

    @property
    def digits(self) -> int:
        """How many decimals are printed."""
        return self.printed.decimals

    @property
    def kind(self) -> Literal["count", "proportion", "time", "ratio", "other"]:
        """What sort of comparison the unit allows."""
        if self.unit in COUNTS:
            return "count"
        if self.unit in PROPORTIONS:
            return "proportion"
        if self.unit in TIMES:
            return "time"
        return "ratio" if self.unit == "ratio" else "other"

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
    """Something that the paper leaves open, as a named setting: what we do, what else one could do, and why.

    Attributes:
        departs: choices that the paper's own words rule out, or that stand in for what is lost, each (as one types it;
            "other" is every choice but the default) with what it does otherwise than the paper. A figure measured with
            one is not comparable.
    """

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    default: Any
    alternatives: list[Any]
    why: str
    departs: dict[str, str] = {}

    def departure(self, choice: Any) -> str:
        """What this choice does otherwise than the paper, or ""."""
        word = str(choice).lower().replace(" ", "")
        return self.departs.get(word, "" if choice == self.default else self.departs.get("other", ""))


class AuditItem(Strict):
    """Something that the paper contradicts, hides or gets wrong; `check` says so by arithmetic, where it can."""

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    kind: str
    says: str
    evidence: str
    check: Check | None = None


class Finding(Strict):
    """Something worth knowing about a paper, in a sentence or two whose figures are filled in.

    Attributes:
        says: the text. Figures stand in braces: `{printed ID}` the value that claim prints, `{audit ID}` what the check
            of an audit item computes, `{check ID}` what that of a claim computes, `{parameters NETWORK}` how many the
            built network has, `{ours ID PROTOCOL}` what real runs give for a claim, with its interval, `{runs ID
            PROTOCOL}` how many runs these are, `{differs ID PROTOCOL}` what sets them apart from the claim,
            `{leak NAME}` how much of an accuracy the strict protocol does not confirm. A finding with a figure that
            nobody measured yet is not shown.
        headline: whether it stands in the README of the project too.
    """

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    says: str
    headline: bool = False


class Paper(Strict):
    """One `paper.yaml`. `name` is the folder of the reproduction, `text` the file of its text, where there is one."""

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
    text: str = ""
    claims: list[Claim]
    matrices: list[Matrix] = []
    layers: list[LayerTable] = []
    hyperparameters: dict[str, Any] = {}
    decisions: list[Decision] = []
    audits: list[AuditItem] = []
    findings: list[Finding] = []
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
