"""How many clips of AFEW are tested at all, by how often frames are doubled before a face is searched.

A clip without a face cannot be tested, so the setting `detector_upsample` decides who is. It is measured
on the folder that FER_DATA names, or on the synthetic corpus; there the small faces and those that are hidden were put
in on purpose, so its counts show the mechanism and say nothing about AFEW.
"""

import os
import time
from dataclasses import replace
from pathlib import Path

from bench.figures import Figure
from common.paper import load as papers
from common.results.config import Request, cache_from_environment, models_from_environment
from reproductions.convlstm import data
from reproductions.convlstm.data import AFEW

TITLE = "AFEW: clips of Val with a face, by doublings of the frames before the search"


def measure(small: bool) -> list[Figure]:
    """For 0, 1 and 2 doublings: tested clips of Val, and seconds a clip where its samples are not in the cache.

    Raises:
        UserError: if AFEW or the landmark predictor is missing.
    """
    return [one for doublings in ((0, 1) if small else (0, 1, 2)) for one in _figures(_request(doublings))]


def _request(doublings: int) -> Request:
    """Everything at its default but the upsampling."""
    paper, folder = papers.load("convlstm"), os.environ.get("FER_DATA")
    settings = paper.settings | {"detector_upsample": doublings}
    request = Request(paper, settings=settings, cache=cache_from_environment(), models=models_from_environment())
    return replace(request, data=Path(folder) if folder else None)


def counted(request: Request) -> tuple[int, int]:
    """Clips of Val with a face, and all of them that could be read."""
    corpus = data.load(request, (AFEW,))[0][AFEW]
    ledger = corpus.samples(request).ledger
    readable = ledger[(ledger.partition == "Val") & (ledger.problem == "")]
    return int((readable.rows > 0).sum()), len(readable)


def _figures(request: Request) -> list[Figure]:
    began = time.perf_counter()
    tested, clips = counted(request)
    told = f"upsampling {request.settings['detector_upsample']}, of {clips} clips of Val"
    took = time.perf_counter() - began
    return [Figure(f"{told}: with a face", tested, "clips"), Figure(f"{told}: all clips aligned, or read", took, "s")]
