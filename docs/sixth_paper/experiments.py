"""What is trained on what: one table, one network, one data set, divided by the three protocols for clips."""

from pathlib import Path

from common.results.config import Request
from common.samples.build import Samples
from datasets import savee
from reproductions.prepared import prepared
from reproductions.sixth_paper.models import ONE_FRAME
from reproductions.sixth_paper.preprocessing import Settings, prepare
from reproductions.standard import Experiment


def samples(request: Request, place: Path) -> Samples:
    """One face for each labelled clip of SAVEE."""
    return prepared(request, savee.index(place).labelled, prepare, Settings(), "Finding faces")


STANDARD = {"table1": Experiment("Table 1: accuracy on SAVEE", savee.KEY, savee.CLASSES, (ONE_FRAME,), samples)}
