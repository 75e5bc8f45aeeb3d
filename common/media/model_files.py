"""Files of trained models that are not part of this project: what they are, where to get them, and if they are right.

They lie in one folder of the user's, under the names that their makers gave them.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from common.support.errors import UserError

_SAMPLES = "https://raw.githubusercontent.com/opencv/opencv/4.x/samples/dnn/face_detector"
_WEIGHTS = "https://raw.githubusercontent.com/opencv/opencv_3rdparty/dnn_samples_face_detector"


class State(StrEnum):
    """What is at the place of a file."""

    RIGHT = "right"
    MISSING = "missing"
    OTHER = "another content"


@dataclass(frozen=True)
class ModelFile:
    """One file, as its makers published it.

    Attributes:
        name: in the user's folder.
        size: in bytes.
        sha256: of its content.
        url: where it can be downloaded.
    """

    name: str
    size: int
    sha256: str
    url: str

    def state(self, folder: Path) -> State:
        """Whether the folder holds this file.

        Raises:
            UserError: if there is something of that name that cannot be read.
        """
        path = folder / self.name
        if not path.exists():
            return State.MISSING
        try:
            with path.open("rb") as file:
                actual = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise UserError(f"{path} cannot be read ({error.strerror}).", f"Get it from {self.url}.") from error
        return State.RIGHT if actual == self.sha256 else State.OTHER


@dataclass(frozen=True)
class Form:
    """A form in which OpenCV's SSD face detector is published.

    Attributes:
        key: short name.
        title: what tables call it.
        structure: the text that lists its layers. OpenCV has reworded it several times, so another content is used
            as it is, if the weights fit it.
        weights: of which there is only one right content.
    """

    key: str
    title: str
    structure: ModelFile
    weights: ModelFile

    @property
    def files(self) -> tuple[ModelFile, ModelFile]:
        return self.structure, self.weights


_PROTOTXT = ModelFile(
    "deploy.prototxt",
    28_103,
    "dcd661dc48fc9de0a341db1f666a2164ea63a67265c7f779bc12d6b3f2fa67e9",
    f"{_SAMPLES}/deploy.prototxt",
)

# The first complete one is used: what the paper can have had comes first, the one with eight bits a weight last.
FORMS = {
    form.key: form
    for form in (
        Form(
            "ssd_caffe",
            "OpenCV's SSD face detector (Caffe)",
            _PROTOTXT,
            ModelFile(
                "res10_300x300_ssd_iter_140000.caffemodel",
                10_666_211,
                "2a56a11a57a4a295956b0660b4a3d76bbdca2206c4961cea8efe7d95c7cb2f2d",
                f"{_WEIGHTS}_20170830/res10_300x300_ssd_iter_140000.caffemodel",
            ),
        ),
        Form(
            "ssd_caffe_fp16",
            "OpenCV's SSD face detector (Caffe, 16 bits)",
            _PROTOTXT,
            ModelFile(
                "res10_300x300_ssd_iter_140000_fp16.caffemodel",
                5_351_047,
                "510ffd2471bd81e3fcc88a5beb4eae4fb445ccf8333ebc54e7302b83f4158a76",
                f"{_WEIGHTS}_20180205_fp16/res10_300x300_ssd_iter_140000_fp16.caffemodel",
            ),
        ),
        Form(
            "ssd_tensorflow",
            "OpenCV's SSD face detector (TensorFlow, 8 bits)",
            ModelFile(
                "opencv_face_detector.pbtxt",
                34_912,
                "5397808362fc6fb7c4044484848e297b22449d913a267fa7f8bd9d86dce29144",
                f"{_SAMPLES}/opencv_face_detector.pbtxt",
            ),
            ModelFile(
                "opencv_face_detector_uint8.pb",
                2_727_750,
                "5c71d752ef2cbf2f457ac82fdd580fcb2522fd04c5efdaed18eb6d9e2843fbed",
                f"{_WEIGHTS}_20180220_uint8/opencv_face_detector_uint8.pb",
            ),
        ),
    )
}


def require_folder(folder: Path) -> None:
    """Nothing, if the folder exists.

    Raises:
        UserError: if it does not.
    """
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder} with models.", "Name the right one as MODELS=<folder>.")


def find(folder: Path | None) -> Form | None:
    """The form of the SSD that a folder holds, the first of `FORMS` that is complete; None where nothing of it is.

    Raises:
        UserError: if the folder is missing, holds only one of the two files of a form, or weights that are not the
            published ones.
    """
    if folder is None:
        return None
    require_folder(folder)
    present = {file for form in FORMS.values() for file in form.files if (folder / file.name).exists()}
    if not present:
        return None
    complete = next((form for form in FORMS.values() if present.issuperset(form.files)), None)
    if complete is None:
        raise _incomplete(folder, present)
    weights = complete.weights
    if weights.state(folder) is State.OTHER:
        path = folder / weights.name
        raise UserError(
            f"{path} ({path.stat().st_size:,} bytes) is not the file that OpenCV published ({weights.size:,} bytes, "
            f"sha256 {weights.sha256[:12]}…).",
            f"Get it from {weights.url}.",
        )
    return complete


def _incomplete(folder: Path, present: set[ModelFile]) -> UserError:
    form = next(form for form in FORMS.values() if present.intersection(form.files))
    lone, absent = sorted(form.files, key=lambda file: file not in present)
    return UserError(f"{folder} holds {lone.name} without {absent.name}.", f"Get the other one from {absent.url}.")
