"""What a paper gives: the one list of everything that commands ask of a folder of `reproductions/`.

A paper is a folder with a paper.yaml (what is printed) and modules (how it is computed anew). The smallest lists its
experiments, and gives the parts below without writing them (`reproductions.standard`):

    experiments.py  STANDARD = {"table1": Experiment(title, corpus, classes, networks, samples)}

A paper that needs more writes the modules in question itself, one `Part` each. In a paper with STANDARD a module need
hold only what differs.

    experiments.py  EXPERIMENTS = {"table1": "Table 1: accuracy on SAVEE"}     required
                    PROTOCOLS = ("published", "strict")
                    PROTOCOLS_OF = {"table1": PROTOCOLS}
                    NETWORKS_OF = {"table1": ("one_frame",)}
                    CONTROLS = ()
                    CORPORA = ("savee",)
                    SIZES = ("epochs",)
                    def reproduce(request): ...                                 -> Provenance
    measured.py     def stated(request, claim, run): ...                        required
                    def measurements(evidence): ...
    tables.py       TIMED = ()                                                  required
                    def tables(evidence): ...
                    def leaks(evidence): ...
    models.py       NETWORKS = {"one_frame": Network(...)}                      where the paper has networks
    blueprints.py   def networks(request): ...                                  with models.py
    inference.py    def preparation(run): ...                                      so that predict, live and export work
    figures.py      def strips(): ...                                           images for the report
    search.py       def run(...), tables(...), draw(...)                        so that search works

`docs/sixth_paper` and `docs/still_paper` are smallest papers; `tests/full_paper` writes every part itself. A part is
imported when it is first asked for, and checked then (`reproductions.registry`): commands that only look need no
backend.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

if TYPE_CHECKING:  # for readers and type checkers: what a command does not call, it need not import
    import numpy as np

    from common.media.clips import Provenance
    from common.paper.load import Claim, Paper
    from common.paper.verdicts import Measured as Measurement
    from common.results.comparison import LeakEffect
    from common.results.config import Request
    from common.results.differences import Stated
    from common.results.evidence import Evidence
    from common.results.tables import Table
    from common.runs.store import Run
    from common.training.blueprint import Blueprint
    from reproductions.inference import Preparation

GUIDE = "docs/adding-a-paper.md"


class Experiments(Protocol):
    """From the data sets to finished runs."""

    EXPERIMENTS: Annotated[Mapping[str, str], "the title of every experiment by its key"]
    PROTOCOLS: Annotated[Sequence[str], "the protocols under which the paper can be run"]
    PROTOCOLS_OF: Annotated[
        Mapping[str, Sequence[str]], "the protocols of every experiment, those left out that do not depend on any"
    ]
    NETWORKS_OF: Annotated[Mapping[str, Sequence[str]], "the networks of every experiment that trains any"]
    CONTROLS: Annotated[Sequence[str], "the experiments whose networks are trained on what is wrong, as a control"]
    CORPORA: Annotated[Sequence[str], "the keys of the data sets that it reads"]
    SIZES: Annotated[Sequence[str], "the keys that the profiles of paper.yaml may have"]

    def reproduce(self, request: "Request") -> "Provenance":
        """Compute what is asked for and not there yet; whether the data are synthetic or real."""


class Measured(Protocol):
    """What the runs give for the printed numbers."""

    def stated(self, request: "Request", claim: "Claim", run: "Run") -> "Stated | None":
        """What the paper states of a run behind a claim; None where the claim is about something else."""

    def measurements(self, evidence: "Evidence") -> "dict[str, list[Measurement]]":
        """What finished runs give, by the id of the claim."""


class Tables(Protocol):
    """The paper's tables beside ours."""

    TIMED: Annotated[Sequence[str], "the experiments whose tables need times"]

    def tables(self, evidence: "Evidence") -> "list[Table]":
        """The tables of the experiments that were run."""

    def leaks(self, evidence: "Evidence") -> "list[LeakEffect]":
        """How much of the accuracies the strict protocol does not confirm."""


class Architecture(Protocol):
    """One architecture: `build(classes=n, **settings)` gives a fresh Keras model; `layout` is how a sample enters."""

    key: str
    title: str
    build: Callable
    layout: str


class Models(Protocol):
    """The networks."""

    NETWORKS: Annotated[Mapping[str, Architecture], "every network by its key"]


class Blueprints(Protocol):
    """Which networks a request builds, so that settings are tried before data are read."""

    def networks(self, request: "Request") -> "Iterable[Blueprint]":
        """What a request will build."""


class Inference(Protocol):
    """The networks on somebody's own video."""

    def preparation(self, run: "Run") -> "Preparation":
        """How the network of a run has to be shown faces."""


class Figures(Protocol):
    """Images for the report."""

    def strips(self) -> "list[tuple[str, list[np.ndarray]]]":
        """Rows of images (H, W, 3) uint8 RGB of what the networks see, each with a title."""


class Search(Protocol):
    """The search for settings."""

    def run(
        self, request: "Request", corpora: str, trials: int, storage: str, ended: Callable[[str, int, int, Any], None]
    ) -> "Provenance":
        """Search until every study has so many trials; whether the data are synthetic or real."""

    def tables(self, paper: "Paper", profile: str, data: str, results: Path) -> "list[Table]":
        """What was found."""

    def draw(self, paper: "Paper", profile: str, data: str, results: Path) -> list[Path]:
        """The files of the images of it."""


@dataclass(frozen=True)
class Part:
    """One module of a paper.

    Attributes:
        gives: what has to be in it.
        section: of `GUIDE` that explains it.
        required: whether every paper has it.
        needs: the part without which it is of no use.
    """

    gives: type
    section: int
    required: bool = False
    needs: str = ""


PARTS = {
    "experiments": Part(Experiments, 5, required=True),
    "measured": Part(Measured, 8, required=True),
    "tables": Part(Tables, 8, required=True),
    "models": Part(Models, 4, needs="blueprints"),
    "blueprints": Part(Blueprints, 8, needs="models"),
    "inference": Part(Inference, 6, needs="models"),
    "figures": Part(Figures, 8),
    "search": Part(Search, 8),
}
