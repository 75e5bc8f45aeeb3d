"""The networks that a request will build."""

from collections.abc import Iterator

from common.results.config import Request
from common.training.blueprint import Blueprint
from reproductions.cnn3d.trainings import WITHOUT_TABLE_3, network, network_settings

CLASSES = {"c3d_ckplus": 7, "c3d_oulu": 6}


def networks(request: Request) -> Iterator[Blueprint]:
    """Those of Table 2, and that of what stands for Table 3. What a search tries besides has no setting of its own."""
    best = request.paper.hyperparameters["best"]
    for key, name, options in (
        ("c3d_ckplus", "Table 2", best),
        ("c3d_oulu", "Table 2", best),
        ("c3d_oulu", "in place of Table 3", best | WITHOUT_TABLE_3),
    ):
        known = network(request, key)
        yield Blueprint(f"{known.key}, {name}", known.build, CLASSES[key], network_settings(request, options))
