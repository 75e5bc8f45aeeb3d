"""The networks that a request will build."""

from collections.abc import Iterator

from common.results.config import Request
from common.training.blueprint import Blueprint
from datasets import fer2013
from reproductions.convlstm import data
from reproductions.convlstm.models import NETWORKS
from reproductions.convlstm.trainings import FER, network, network_settings


def networks(request: Request) -> Iterator[Blueprint]:
    """That of each corpus, and the one on FER2013 whose features AFEW's takes."""
    for name in data.KEYS:
        known = network(request, name)
        classes = len(data.classes(request, name))
        yield Blueprint(f"{known.key} on {name}", known.build, classes, network_settings(request, name))
    settings = {"fer_network": request.settings["fer_network"]}
    yield Blueprint(FER, NETWORKS[FER].build, len(fer2013.CODES), settings)
