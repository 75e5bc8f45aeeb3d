"""How fast the networks and the whole pipeline are, and how many parameters they have (Table II, section VI)."""

import platform
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from common.media import video
from common.media.clips import Clip
from common.results import plans
from common.results.config import Request
from common.results.plan_schema import SpeedFile
from common.support import timing
from common.support.console import bar
from common.support.errors import UserError
from common.training import devices
from reproductions.timeconvnet.models import FRAMES, NETWORKS
from reproductions.timeconvnet.preprocessing import CHOICES, Settings, chosen, face_image

REFERENCE = "tcn_mini_xception"
FRAMES_TIMED = 60


def measure(request: Request, clips: list[Clip], built: Mapping[str, dict], path: Path) -> SpeedFile:
    """Build and time all networks and the pipeline, once: a finished measurement of this machine is kept.

    Args:
        built: key of every network -> keyword arguments of its builder, those with which it is trained.

    Returns:
        what is in the file.
    """
    runs, warm_up = request.sizes["timing_runs"], request.settings["timing_warm_up"]
    batch = request.settings["timing_batch"]
    asked = {"runs": runs, "warm_up": warm_up, "batch": batch, "built": dict(built)}
    asked |= {"settings": request.changed_settings, "versions": devices.versions()}
    with suppress(UserError):  # not timed yet, or damaged: timed anew
        known = plans.read(path, request.paper, SpeedFile)
        if not request.fresh and known.asked.model_dump() == asked and known.machine.name == platform.node():
            return known

    hardware = devices.prepare(seed=0)
    with bar("Timing networks", "runs") as progress:
        models = {}
        for number, (key, network) in enumerate(NETWORKS.items(), start=1):
            models[key] = network.build(**built[key])
            progress(0, runs, f"building {number} of {len(NETWORKS)}")
        measured = timing.inference_times(models, REFERENCE, runs, warm_up, batch=batch)
        progress(runs, runs)
    networks = {
        time.name: {
            "parameters": models[time.name].count_params(),
            "trainable": int(sum(np.prod(w.shape) for w in models[time.name].trainable_weights)),
            "settings": dict(built[time.name]),
            "mean": time.mean,
            "p50": time.p50,
            "p95": time.p95,
        }
        for time in measured
    }
    found = {
        "asked": asked,
        "runs": runs,
        "networks": networks,
        "pipeline": _pipeline(chosen(request.settings), clips, models[REFERENCE]),
        "machine": {"name": platform.node(), **hardware},
    }
    plans.write(path, found)
    return plans.read(path, request.paper, SpeedFile)


def _pipeline(settings: Settings, clips: list[Clip], model) -> dict:
    """Milliseconds of each step from a decoded-on-the-fly frame to probabilities, one frame after the other."""
    detector = settings.detector
    took = {"decode": [], "detect": [], "crop": [], "inference": []}
    window: list[np.ndarray] = []
    for image in _frames(clips):
        clock = [image[0], time.perf_counter()]
        grey = video.grey(image[1])
        box = CHOICES[settings.several](detector.detect(grey))
        clock.append(time.perf_counter())
        if box is None:
            continue
        window = [*window, face_image(grey, box, settings)][-FRAMES:]
        clock.append(time.perf_counter())
        if len(window) == FRAMES:
            stack = np.stack(window, axis=-1)[None].astype(np.float32) / 255
            model.predict_on_batch(stack)
            clock.append(time.perf_counter())
            for step, began, ended in zip(took, clock, clock[1:], strict=False):
                took[step].append((ended - began) * 1000)
    together = np.sum(list(took.values()), axis=0)
    return {step: _milliseconds(np.array(times)) for step, times in (took | {"frame": together}).items()}


def _frames(clips: list[Clip]):
    """Frames of the video clips (the camera's size, 720x576 in BAUM-1 and eNTERFACE'05) with their starting time."""
    count = 0
    for clip in clips:
        if clip.source.is_dir():
            continue
        began = time.perf_counter()
        for image in video.frames(clip):
            yield began, image
            count += 1
            if count == FRAMES_TIMED:
                return
            began = time.perf_counter()


def _milliseconds(times: np.ndarray) -> dict:
    return {
        "frames": len(times),
        "mean": float(times.mean()),
        "p50": float(np.median(times)),
        "p95": float(np.percentile(times, 95)),
    }
