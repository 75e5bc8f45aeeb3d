"""The network that ships, as `predict`, `live` and `export` use it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from common.media import faces
from common.training import batches, devices, model_file
from inference import quick
from inference.light import BRIGHT, MOST, brightened
from inference.quick import Predictor
from inference.shipped import files as kept
from inference.shipped.files import About
from inference.shipped.network import KEY, SIZE
from inference.trained import Trained
from reproductions.inference import Preparation


@dataclass(frozen=True)
class Shipped(Trained):
    """The network in a folder with model.json; no run belongs to it here, its record is among those of the suite.

    Attributes:
        about: what model.json says.
        folder: where the files lie.
    """

    about: About | None = None
    folder: Path = kept.FOLDER

    @property
    def synthetic(self) -> bool:
        return False

    @property
    def origin(self) -> str:
        return f"the network that ships with the suite, training {self.about.run.key}"

    @property
    def name(self) -> str:
        return f"shipped-{KEY}"

    def light(self, frame: np.ndarray) -> np.ndarray:
        return brightened(frame)

    @property
    def files(self) -> tuple[Path, ...]:
        return (self.folder / kept.KERAS,)

    @cached_property
    def model(self):
        return model_file.load(*self.files)

    @cached_property
    def _network(self) -> Predictor:
        if devices.choose_backend() != "tensorflow":
            return quick.through_keras(self.model)
        devices.prepare(seed=0)
        from common.training.tf import exports

        return exports.read_litert(self.folder / kept.LITERT, threads=1)


def load(folder: Path | None = None) -> Shipped:
    """The network that ships; its files are compared with model.json before they are used.

    Raises:
        UserError: if model.json or one of the files is missing, damaged or another one.
    """
    folder = folder or kept.FOLDER
    about = kept.read(folder)
    for name in (kept.KERAS, kept.LITERT):
        kept.checked(about, name, folder)
    return Shipped(
        None,
        "shipped",
        about.network,
        tuple(about.classes),
        preparation(),
        about.description,
        unsure_below=about.unsure.below,
        about=about,
        folder=folder,
    )


def preparation() -> Preparation:
    """How the network watches: each frame by itself.

    The box of the cascade is cut out as it is. Over 1,264 training images of FER2013 in which the cascade finds the
    face, its box is the image itself (median of each side within 1 % of its width).
    """
    detector = faces.Haar()
    return Preparation(
        frames=1,
        crop=_crop,
        inputs=inputs,
        description=[
            f"Make the frame grey. If it is dark, multiply it so that its brightest hundredth reaches {BRIGHT}, by "
            f"{MOST:g} at most.",
            detector.description,
            f"Cut it out and resize it to {SIZE}×{SIZE} pixels (by area where it is larger, else bilinear).",
            "Give each face on its own, without its neighbours in time.",
            "Pixels divided by 255.",
        ],
        detector=detector,
    )


def inputs(crops: np.ndarray) -> np.ndarray:
    """Windows (n, 1, 48, 48, 1) uint8 as the network takes them: (n, 48, 48, 1) float32."""
    return batches.inputs(crops, layout="last", pixel_scaling="unit")


def _crop(frame: np.ndarray, box: np.ndarray) -> np.ndarray:
    interpolation = "area" if min(box[2:]) > SIZE else "bilinear"
    return faces.crop(frame, box, SIZE, interpolation, grey=True)[..., None]
