"""Which network is used: the one that ships with the suite, or one that a finished run has trained."""

from pathlib import Path

from common.support.errors import UserError
from inference import trained
from inference.shipped import files, use
from inference.trained import Trained

SHIPPED = "shipped"


def find(which: str, results: Path) -> Trained:
    """A network to use.

    Args:
        which: "" or "shipped" for the network that ships; a run's folder or the name of a paper for others, as
            `inference.trained.find` takes them.
        results: the folder below which runs lie.

    Raises:
        UserError: if there is no such network, or a file of it is damaged.
    """
    if which in ("", SHIPPED) and files.there():
        return use.load()
    if which == SHIPPED:
        raise UserError("No network ships with this copy of the suite.", "Train it: make ship DATA=<root>.")
    return trained.find(which, results)
