"""The networks that a request will build."""

from collections.abc import Iterator

from common.results.config import Request
from common.training.blueprint import Blueprint
from reproductions.timeconvnet.data import CLASSES
from reproductions.timeconvnet.experiments import network_settings
from reproductions.timeconvnet.models import NETWORKS


def networks(request: Request) -> Iterator[Blueprint]:
    """All of them; a profile may train fewer."""
    for key, network in NETWORKS.items():
        yield Blueprint(key, network.build, len(CLASSES), network_settings(request.settings, network))
