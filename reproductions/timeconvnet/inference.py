"""TimeConvNets on a video that somebody brings: the faces of BigFaceX, in windows of five."""

from functools import partial

import numpy as np

from common.runs.store import Run
from common.training import batches
from reproductions.inference import Preparation
from reproductions.timeconvnet.models import NETWORKS
from reproductions.timeconvnet.preprocessing import Settings, chosen, face_image


def preparation(record: Run) -> Preparation:
    """How the network of a run watches, with the preprocessing of its training.

    Frames follow each other as in the training's clips of BAUM-1 and eNTERFACE'05, whose 25 to 30 frames a second are
    those of an ordinary camera.
    """
    settings = chosen(record.record["decisions"])
    network = NETWORKS[record.identity.network]
    still = network.layout == "last"
    scaling = record.identity.recipe["pixel_scaling"]
    return Preparation(
        frames=1 if still else settings.window,
        crop=partial(_crop, settings=settings),
        inputs=partial(batches.inputs, layout=network.layout, pixel_scaling=scaling),
        description=_description(settings, still, scaling),
        step=1 if still else settings.step,
        detector=settings.detector,
    )


def _crop(frame: np.ndarray, box: np.ndarray, settings: Settings) -> np.ndarray:
    return face_image(frame, box, settings)[..., None]


def _description(settings: Settings, still: bool, scaling: str) -> list[str]:
    size = settings.size
    each = f"one of every {settings.step} frames" if settings.step > 1 else "of consecutive frames,"
    window = f"Windows of {settings.window} faces, {each} at 25 frames a second."
    return [
        settings.detector.description,
        f"Widen its box by {settings.margin:.0%} of its size on each side, within the frame.",
        f"Grey, resized to {size}×{size} pixels ({settings.interpolation}).",
        "The network sees single faces." if still else window,
        {"unit": "Pixels divided by 255.", "symmetric": "Pixels from -1 to 1.", "none": "Pixels from 0 to 255."}[
            scaling
        ],
    ]
