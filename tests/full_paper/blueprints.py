"""The networks that a request will build, laid out before data are read where a setting was changed."""

from collections.abc import Iterator

from common.results.config import Request
from common.training.blueprint import Blueprint
from datasets import savee
from reproductions.full_paper.models import NETWORKS


def networks(request: Request) -> Iterator[Blueprint]:
    """The only one there is; no setting changes it."""
    for key, network in NETWORKS.items():
        yield Blueprint(key, network.build, len(savee.CLASSES))
