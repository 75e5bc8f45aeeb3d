"""OpenCV's deep learning face detector: a single shot detector (SSD) on 300×300 pixels with a ResNet-10 in front.

Its weights are not part of OpenCV: `common.media.model_files` knows the forms in which they are published.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from common.media.model_files import FORMS
from common.support import files
from common.support.errors import UserError

# With which it was trained (samples/dnn/face_detector of OpenCV): the whole frame, squeezed; means of B, G and R.
SIDE = 300
MEANS = (104.0, 177.0, 123.0)


@dataclass(frozen=True)
class Ssd:
    """Finds faces in colour frames.

    Attributes:
        form: which files, a key of `model_files.FORMS`.
        folder: where they lie; the same files elsewhere are the same detector.
        threshold: least confidence of a face, from 0 to 1.
    """

    form: str
    folder: Path
    threshold: float = 0.5

    @property
    def version(self) -> str:
        # The weights are known by the form; of the text there are several versions.
        structure = files.fingerprint(self.folder / FORMS[self.form].structure.name)
        return f"opencv {cv2.__version__} {self.form} {structure} {self.threshold}"

    def detect(self, image: np.ndarray) -> np.ndarray:
        """The boxes (n, 4) int32 of all faces in a (H, W, 3) uint8 BGR image, the most confident first; n may be 0.

        Parts of a box outside the image are cut off.

        Raises:
            UserError: if the files of the model are gone or cannot be loaded.
        """
        network = _network(self.form, self.folder)
        network.setInput(cv2.dnn.blobFromImage(image, 1.0, (SIDE, SIDE), MEANS))
        found = network.forward()[0, 0]  # (candidates, 7): image, class, confidence, left, top, right, bottom
        return boxes(found[:, 2], found[:, 3:], image.shape[:2], self.threshold)


def boxes(confidences: np.ndarray, corners: np.ndarray, shape: tuple[int, int], threshold: float) -> np.ndarray:
    """Boxes (m, 4) int32 of the candidates that are confident enough, the most confident first.

    Args:
        confidences: (n,) from 0 to 1.
        corners: (n, 4) left, top, right, bottom as shares of the frame's sides; they may lie outside 0 to 1.
        shape: height and width of the frame in pixels.

    >>> boxes(np.array([0.6, 0.9]), np.array([[0, 0, 0.5, 0.5], [0.5, 0.5, 1.2, 1]]), (100, 200), 0.5).tolist()
    [[100, 50, 100, 50], [0, 0, 100, 50]]
    """
    height, width = shape
    inside = np.clip(corners, 0, 1) * (width, height, width, height)
    left, top, right, bottom = np.rint(inside).astype(np.int32).T
    made = np.stack([left, top, right - left, bottom - top], axis=1)
    order = np.argsort(-confidences, kind="stable")
    kept = (confidences >= threshold) & (right > left) & (bottom > top)
    return made[order[kept[order]]]


@cache
def _network(form: str, folder: Path) -> cv2.dnn.Net:
    # Kept outside the detector, which travels to worker processes: a loaded network cannot be pickled.
    structure, weights = (folder / file.name for file in FORMS[form].files)
    try:
        if structure.suffix == ".prototxt":
            network = cv2.dnn.readNetFromCaffe(str(structure), str(weights))
        else:
            network = cv2.dnn.readNetFromTensorflow(str(weights), str(structure))
        network.setInput(np.zeros((1, 3, SIDE, SIDE), np.float32))
        fits = network.forward().shape[3:] == (7,)
    except cv2.error:
        fits = False
    if not fits:
        raise UserError(
            f"{structure} and {weights.name} beside it are no face detector that OpenCV can load.",
            f"Get the former from {FORMS[form].structure.url}, and see make models for the latter.",
        )
    return network
