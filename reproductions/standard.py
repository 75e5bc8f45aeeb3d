"""A standard experiment: networks on one data set, divided by protocol, with accuracies to hold against printed ones.

A paper whose experiments are all of this kind lists them as `STANDARD` in its experiments.py and needs no other module
besides its preprocessing and its networks: runs, plan, measurements, tables and leaks follow from that list. A paper
that needs more writes the part in question itself (`reproductions.registry`); what its module lacks is taken from here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields

from common.protocols import splitters
from common.protocols.splitters import Fold
from common.results.config import Request
from common.samples.build import Samples
from common.support.errors import UserError
from common.training.network import Network
from common.training.recipe import Recipe

# A table of samples, a seed -> one division.
Split = Callable[..., Fold]
# The unit that stays whole under each protocol: nothing but the sample, the clip, the subject.
SPLITTERS: Mapping[str, Split] = {
    "published": splitters.random_windows,
    "clip-disjoint": splitters.clip_disjoint,
    "strict": splitters.subject_disjoint,
}
OTHERWISE = {"clip-disjoint": "no clip on both sides", "strict": "no subject on both sides"}


def official(partitions: Sequence[str]) -> Split:
    """The parts that the makers of a data set named: those of training, validation and test."""
    return lambda table, seed: splitters.official(table, partitions)


def recipe(request: Request, **more) -> Recipe:
    """The training that paper.yaml describes, in the size that the profile sets.

    Each hyperparameter and each decision that is called like a field of `Recipe` sets that field.

    Args:
        more: fields that paper.yaml does not hold.

    Raises:
        UserError: if paper.yaml gives no learning rate or batch size.
    """
    known = {one.name for one in fields(Recipe)}
    stated = {
        name: value for name, value in (request.paper.hyperparameters | request.settings).items() if name in known
    }
    stated |= {"epochs": request.trained_for(request.sizes["epochs"])} | more
    absent = [name for name in ("learning_rate", "batch_size") if name not in stated]
    if absent:
        place = f"reproductions/{request.paper.name}/paper.yaml"
        raise UserError(f"{place} states no {' and no '.join(absent)}.", "Add it to its hyperparameters or decisions.")
    return Recipe(**stated, mixed_precision=request.mixed_precision, xla=request.xla)


@dataclass(frozen=True)
class Weights:
    """A file of weights that others have trained, found in MODELS=, and tested like a network of ours.

    Attributes:
        key: name in folders.
        file: name in the folder.
        network: that they fit.
        trained_on: what they were trained on, and by whom, in words.
        protocols: those whose test part they have not been trained on.
        classes: in the order of the outputs, where it is not the experiment's.
    """

    key: str
    file: str
    network: Network
    trained_on: str
    protocols: Sequence[str] = ("published", "strict")
    classes: Sequence[str] = ()

    def under(self, experiment: str) -> str:
        """The experiment that their tests stand under, so that they are not taken for trainings."""
        return f"{experiment}-{self.key}"


@dataclass(frozen=True)
class Experiment:
    """One table of a paper.

    Attributes:
        title: what it shows.
        corpus: key of the data set.
        classes: names of the classes, in the order of the outputs.
        networks: that it trains.
        samples: `samples(request, place)` gives those of the data set that lies in the folder `place`.
        recipe: `recipe(request)` gives the paper's training in the size that the profile sets.
        splits: how each protocol divides the samples.
        otherwise: what every protocol but `published` does otherwise, in words.
        weights: given ones that are tested besides.
    """

    title: str
    corpus: str
    classes: Sequence[str]
    networks: Sequence[Network]
    samples: Callable[..., Samples]
    recipe: Callable[[Request], Recipe] = recipe
    splits: Mapping[str, Split] = field(default_factory=lambda: SPLITTERS)
    otherwise: Mapping[str, str] = field(default_factory=lambda: OTHERWISE)
    weights: Sequence[Weights] = ()

    @property
    def architectures(self) -> dict[str, Network]:
        """The networks by key, those of given weights among them."""
        return {one.key: one for one in (*self.networks, *(given.network for given in self.weights))}
