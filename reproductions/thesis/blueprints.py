"""The networks that a request will build; support vector machines have no layers that could not fit."""

from collections.abc import Iterator

from common.results.config import Request
from common.training.blueprint import Blueprint
from reproductions.thesis import trainings
from reproductions.thesis.models import NETWORKS


def networks(request: Request) -> Iterator[Blueprint]:
    """Both."""
    for key, network in NETWORKS.items():
        yield Blueprint(key, network.build, 7, trainings.settings_of_network(request))
