"""What a paper says about one of its networks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # whoever only lists networks needs no samples
    from common.training.batches import Layout


@dataclass(frozen=True)
class Network:
    """One architecture.

    Attributes:
        key: name in folders and on the command line.
        title: name in tables.
        build: `build(classes=n, **settings)` gives a fresh `keras.Model` with softmax output (n, classes).
        layout: how samples enter, as `common.training.batches` lays them out.
        parameters: what the built network has with default settings, moving statistics counted in; None where no paper
            says so.
        trainable: of these the trainable ones, where a paper prints them.
    """

    key: str
    title: str
    build: Callable
    layout: "Layout" = "last"
    parameters: int | None = None
    trainable: int | None = None
