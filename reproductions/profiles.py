"""The keys of a paper's profiles, checked against those that its experiments read.

A profile changes sizes by name. One with a misspelt name would change nothing, and nobody would notice: so
`experiments.SIZES` lists the names, those of a mapping as "control.epochs", with "networks.*.epochs" for any network.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from common.paper import load
from common.paper.load import Paper
from common.paper.places import Place, Source

# Read for every paper: the size of the synthetic corpora, and the seeds and experiments where the user names none.
ALWAYS = ("synthetic", "seeds", "experiments")


def check(paper: Paper, sizes: Iterable[str]) -> None:
    """Refuse keys of a paper's profiles that nothing reads.

    Args:
        sizes: the keys that its experiments read, `ALWAYS` aside.

    Raises:
        UserError: for the first other key, with its line in paper.yaml and the nearest key that exists.
    """
    known = [word.split(".") for word in (*ALWAYS, *sizes)]
    for name, profile in paper.profiles.items():
        for place, valid in _unknown(profile, known):
            source = Source(load.REPRODUCTIONS / paper.name / "paper.yaml")
            raise source.unknown_key(("profiles", name, *place), valid)


def _unknown(given: Mapping[str, Any], known: Sequence[Sequence[str]]) -> Iterable[tuple[Place, list[str]]]:
    """Every key that is not known, by its place, and those that are known there."""
    for key, value in given.items():
        below = [steps[1:] for steps in known if steps[0] in (key, "*")]
        if not below:
            yield (key,), [steps[0] for steps in known]
        elif isinstance(value, Mapping) and all(below):
            yield from (((key, *place), valid) for place, valid in _unknown(value, below))
