"""From recorded frames to the faces of the 3D-CNN, with each detector that is at hand."""

import time

import cv2

from bench import material
from bench.figures import Figure
from common.media import model_files
from common.media.clips import Clip
from common.results.config import models_from_environment
from reproductions.cnn3d.preprocessing import HAAR, Settings, detector_title, prepare

TITLE = "Faces of 112×112 from frames of 640×490, on one core"

# Frames per second: what makes the 327 sequences of CK+ a matter of minutes.
HAAR_GOAL, SSD_GOAL = 40, 15


def measure(small: bool) -> list[Figure]:
    """Frames per second from the image on disk to the equalised face; the SSD only where FER_MODELS has one."""
    clips = [clip for clip in material.clips(small) if clip.corpus == "CK+"][: 3 if small else 30]
    folder = models_from_environment()
    form = model_files.find(folder)
    detectors = [HAAR, *([form.key] if form else [])]
    return [
        Figure(
            detector_title(detector),
            _frames_per_second(clips, Settings(detector=detector, models=folder, grey=True)),
            "frames/s",
            at_least=HAAR_GOAL if detector == HAAR else SSD_GOAL,
        )
        for detector in detectors
    ]


def _frames_per_second(clips: list[Clip], settings: Settings) -> float:
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        prepare(clips[0], settings)  # loads the detector
        began = time.perf_counter()
        used = sum(
            made["frames_read"] - made["frames_skipped"] for made in (prepare(c, settings).counts for c in clips)
        )
        return used / (time.perf_counter() - began)
    finally:
        cv2.setNumThreads(threads)
