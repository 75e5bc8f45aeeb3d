"""The ConvLSTM on a video that somebody brings: eight aligned faces, as the paper prepares them."""

from functools import partial
from pathlib import Path

import numpy as np

from common.media import alignment, faces, landmarks, video
from common.paper import load as papers
from common.results.config import models_from_environment
from common.runs.store import Run
from common.training import batches
from reproductions.convlstm.data import AFEW
from reproductions.convlstm.models import NETWORKS
from reproductions.convlstm.preprocessing import DECISIONS, Settings, correct, is_dark
from reproductions.convlstm.trainings import FER
from reproductions.inference import Preparation, decided

# A window spans this many frames from one of its faces to the next: about a second and a half at 25 a second, where
# the paper takes eight of a whole clip.
STEP = 5
# Where the eyes mostly are in a box of the cascade, for a face whose landmarks are not found.
USUAL_EYES = np.array([[0.30, 0.39], [0.70, 0.39]])


def preparation(record: Run) -> Preparation:
    """How the network of a run watches, with the preprocessing of its training.

    Faces are found by the cascade in place of dlib's detector and tracker, and then turned by their landmarks as in
    the training.

    Raises:
        UserError: if the landmark predictor is missing.
    """
    # Keras reads the networks only once it knows their own activation.
    from reproductions.convlstm import networks  # noqa: F401

    scaling = record.identity.recipe["pixel_scaling"]
    if record.identity.network == FER:
        return _of_images(scaling)
    dark = AFEW in record.identity.experiment.upper()
    gamma = papers.load("convlstm").hyperparameters["gamma_afew"] if dark else 1.0
    settings = Settings(gamma=gamma, **decided(record, DECISIONS))
    predictor = landmarks.locate(models_from_environment())
    darker = "Windows" if settings.gamma_of == "clip" else "Faces"
    return Preparation(
        frames=settings.frames,
        crop=partial(_crop, settings=settings, predictor=predictor),
        inputs=partial(_inputs, settings=settings, scaling=scaling),
        description=[
            "Find the face, and its 68 landmarks (dlib).",
            f"Grey; turned, scaled and shifted so that the eyes lie level at {settings.eye_level:.0%} of the height, "
            f"{settings.eye_distance:.0%} of the width apart, in {settings.size}×{settings.size} pixels.",
            f"Windows of {settings.frames} faces, one of every {STEP} frames; the training took {settings.frames} of a "
            "clip from its first to its last frame.",
            *([f"{darker} darker than {settings.gamma_when_mean_below}: gamma {settings.gamma}."] if dark else []),
            "Pixels divided by 255." if scaling == "unit" else "Pixels from -1 to 1.",
        ],
        step=STEP,
    )


def _of_images(scaling: str) -> Preparation:
    """Of the network that is trained on the images of FER2013 for the second branch."""
    return Preparation(
        frames=1,
        crop=lambda frame, box: faces.crop(frame, box, 48, grey=True)[..., None],
        inputs=partial(batches.inputs, layout=NETWORKS[FER].layout, pixel_scaling=scaling),
        description=["Find the face.", "Grey, resized to 48×48 pixels (bilinear).", "Pixels divided by 255."],
    )


def _crop(frame: np.ndarray, box: np.ndarray, settings: Settings, predictor: Path) -> np.ndarray:
    grey = video.grey(frame)
    points = landmarks.find(grey, box, predictor)
    eyes = box[:2] + USUAL_EYES * box[2:]
    if landmarks.plausible(points, box):
        eyes = landmarks.eyes(points)
    return alignment.align(grey, eyes, settings.size, settings.eye_level, settings.eye_distance)[..., None]


def _inputs(windows: np.ndarray, settings: Settings, scaling: str) -> np.ndarray:
    if settings.gamma != 1:
        dark = is_dark(windows, settings)
        windows = windows.copy()
        windows[dark] = correct(windows[dark], settings.gamma, settings.gamma_direction)
    return batches.inputs(windows, NETWORKS["convlstm"].layout, scaling)
