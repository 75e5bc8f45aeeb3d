"""The 3D-CNN on a video that somebody brings: the last ten frames, face by face, as the paper prepares them."""

from functools import partial

import numpy as np

from common.media import faces
from common.media.emotions import Emotion
from common.media.faces import Haar
from common.paper import load as papers
from common.runs.store import Run
from common.training import batches
from reproductions.cnn3d.models import NETWORKS
from reproductions.cnn3d.preprocessing import DECISIONS, HAAR, Settings, detector_title, face_image
from reproductions.inference import Preparation, decided


def preparation(record: Run) -> Preparation:
    """How the network of a run watches, with the preprocessing of its training.

    A sequence of its training ends at the peak of an expression, which nobody knows of a video: so every ten frames
    in a row are one. Faces are found by the cascade embedded in OpenCV also where the training had the paper's SSD.
    """
    told = decided(record, {**DECISIONS, "clahe": "clahe", "colour": "oulu_colour"})
    # Of the two corpora only CK+ has contempt, and is grey.
    grey = told.pop("colour", "") == "grey" or Emotion.CONTEMPT in record.record["classes"]
    size = record.identity.settings.get("size", Settings.size)
    settings = Settings(size=size, grey=grey, **{"clahe": papers.load("cnn3d").hyperparameters["best"]["clahe"]} | told)
    scaling = record.identity.recipe["pixel_scaling"]
    return Preparation(
        frames=settings.frames,
        crop=partial(_crop, settings=settings),
        inputs=partial(batches.inputs, layout=NETWORKS["c3d_ckplus"].layout, pixel_scaling=scaling),
        description=[
            f"Find the face ({detector_title(HAAR)}).",
            f"Cut it out and resize it to {settings.size}×{settings.size} pixels (bilinear).",
            f"CLAHE, clip limit 2, 8×8 tiles, on {'grey' if grey else 'lightness'}." if settings.clahe else "No CLAHE.",
            f"Three channels, {'all grey' if grey else 'red, green, blue'}.",
            f"Windows of {settings.frames} frames in a row; in the training they end at the peak of the expression.",
            "Pixels from -1 to 1." if scaling == "symmetric" else "Pixels divided by 255.",
        ],
        detector=Haar(),
    )


def _crop(frame: np.ndarray, box: np.ndarray, settings: Settings) -> np.ndarray:
    return face_image(frame, faces.widen(box, settings.box_margin, frame.shape[:2]), settings)
