"""The thesis' networks on a video that somebody brings: single grey faces of 48×48 pixels."""

from functools import partial

import numpy as np

from common.media import faces
from common.results.differences import NARROW
from common.runs.store import Run
from common.training import batches
from reproductions.inference import Preparation
from reproductions.thesis.models import NETWORKS
from reproductions.thesis.preprocessing import Settings


def preparation(record: Run) -> Preparation:
    """How the network of a run watches: each frame by itself, with the faces as they are cut from CK+.

    Those of FER2013 were cut by its makers, about as closely.
    """
    settings, network = Settings(), NETWORKS[record.identity.network.removesuffix(NARROW)]
    scaling = record.identity.recipe["pixel_scaling"]
    size = settings.size
    return Preparation(
        frames=1,
        crop=partial(_crop, size=size),
        inputs=partial(batches.inputs, layout=network.layout, pixel_scaling=scaling),
        description=[
            settings.detector.description,
            f"Grey, resized to {size}×{size} pixels (bilinear).",
            "The network sees single faces.",
            "Pixels divided by 255."
            if scaling == "unit"
            else f"Pixels scaled as {scaling!r} in common/training/batches.py.",
        ],
        detector=settings.detector,
    )


def _crop(frame: np.ndarray, box: np.ndarray, size: int) -> np.ndarray:
    return faces.crop(frame, box, size, grey=True)[..., None]
