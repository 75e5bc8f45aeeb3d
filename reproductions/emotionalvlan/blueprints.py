"""The networks that a request will build."""

from collections.abc import Iterator

from common.results.config import Request
from common.training.blueprint import Blueprint
from common.training.later import parameters
from reproductions.emotionalvlan.models import NETWORKS, NO_WEIGHTS


def networks(request: Request) -> Iterator[Blueprint]:
    """All of them, each with those decisions that its builder takes, and without weights of others to begin with."""
    chosen = request.settings | {"pretrained": NO_WEIGHTS} | request.sizes.get("narrow", {})
    for key, network in NETWORKS.items():
        taken = parameters(network.build)
        settings = {name: chosen[name] for name in taken if name in chosen and name not in ("streams", "classes")}
        yield Blueprint(key, network.build, 6, settings)
