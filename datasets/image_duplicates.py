"""Which images of a test part stand, exactly or nearly, in the part for training too, and under which label."""

import numpy as np

from common.media.clips import Finding
from common.media.images import StillImages
from common.samples.near_duplicates import pairs_between

OTHER_LABEL = "near-duplicates with different labels in test and training"


def leaked(part: str) -> str:
    """The kind of the findings on images of a part."""
    return f"image of {part} that is, at least nearly, in Training too"


def findings(images: StillImages, names: list[str]) -> list[Finding]:
    """One finding for each image outside Training with a near-duplicate in it, and one more if their labels differ."""
    training = np.flatnonzero(images.partitions == "Training")
    found = []
    for part in dict.fromkeys(images.partitions.tolist()):
        tested = np.flatnonzero(images.partitions == part)
        if part == "Training":
            continue
        # Training first, as it stands in the csv: the search is not quite symmetric, and other counts go by rows.
        pairs = pairs_between(images.pixels[training], images.pixels[tested])
        matches: dict[int, list[int]] = {}
        for train, test in zip(training[pairs[:, 0]].tolist(), tested[pairs[:, 1]].tolist(), strict=True):
            matches.setdefault(test, []).append(train)
        found += [Finding(leaked(part), names[test], f"as {names[trains[0]]}") for test, trains in matches.items()]
        found += [one for test, trains in matches.items() for one in _contradiction(images, names, test, trains)]
    return found


def _contradiction(images: StillImages, names: list[str], test: int, trains: list[int]) -> list[Finding]:
    label = images.emotions[test]
    other = next((train for train in trains if images.emotions[train] != label), None)
    if other is None:
        return []
    return [Finding(OTHER_LABEL, names[test], f"{label}, as {names[other]} {images.emotions[other]}")]
