"""What is trained on what: one network on FER2013, split at random as printed, and by its official parts."""

from pathlib import Path

from common.protocols import splitters
from common.results.config import Request
from common.samples.build import Samples
from datasets import fer2013
from reproductions.prepared import stills
from reproductions.standard import Experiment, official
from reproductions.still_paper.models import SMALL_STILLS


def samples(request: Request, place: Path) -> Samples:
    """All images of FER2013 as they are, 48×48."""
    return stills(request, fer2013, place)


STANDARD = {
    "table1": Experiment(
        "Table 1: accuracy on FER2013",
        fer2013.KEY,
        fer2013.CODES,
        (SMALL_STILLS,),
        samples,
        splits={"published": splitters.random_windows, "strict": official(fer2013.PARTITIONS)},
        otherwise={"strict": "the official parts instead of a random split"},
    )
}
