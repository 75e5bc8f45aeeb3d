"""EmotionalVLAN on a video that somebody brings: the last 16 frames as 15 faces and the flow between them."""

from functools import partial

import numpy as np

from common.media import video
from common.results.config import models_from_environment
from common.results.differences import NARROW
from common.runs.store import Run
from common.support.errors import UserError
from common.training import batches
from reproductions.emotionalvlan import eyes, partners, preprocessing
from reproductions.emotionalvlan.models import NETWORKS, StreamNetwork
from reproductions.emotionalvlan.preprocessing import DECISIONS, SHAPE, Settings
from reproductions.emotionalvlan.stills import resized
from reproductions.inference import Preparation, decided

# What finds faces here, be the eyes in them found by it or by landmarks.
CASCADES = "haar_face_and_eyes"


def preparation(record: Run) -> Preparation:
    """How the network of a run watches, with the preprocessing of its training.

    In the training a video has one window, its middle; here every 16 frames in a row are one. A frame in which not both
    eyes are found takes those of a neighbour there, here their usual places in the box of the face. A run of stage two
    stands behind the AlexNets that it was trained with, as one network.

    Raises:
        UserError: for a network of single images, and if the runs of those AlexNets are missing.
    """
    # Keras reads the networks only once it knows their own layers.
    from reproductions.emotionalvlan import local_response, vlan  # noqa: F401

    settings = Settings(**decided(record, {name: name for name in DECISIONS}), models=models_from_environment())
    identity = record.identity
    known = NETWORKS[identity.network.removesuffix(NARROW)]
    if known.layout == "last":
        raise UserError(
            f"{record.folder} is stage one of emotionalvlan, an AlexNet on single images of one stream.",
            "Choose a run of stage two, which needs it: make reproduce PAPER=emotionalvlan trains both.",
        )
    # Trained from end to end, a network takes images itself.
    before = [] if "weight_sharing" in identity.settings else partners.find(record, known.features)
    size = partners.size(before[0] if before else record)
    return Preparation(
        frames=settings.frames,
        crop=partial(_crop, settings=settings),
        inputs=partial(_inputs, settings=settings, size=size, scaling=identity.recipe["pixel_scaling"]),
        description=_description(settings, size),
        before=tuple(before),
        join=partial(_joined, network=known),
    )


def _crop(frame: np.ndarray, box: np.ndarray, settings: Settings) -> np.ndarray:
    found = eyes.within(video.grey(frame), box, settings.detector, settings.models)
    places = eyes.usual(box, CASCADES) if found is None else found
    return preprocessing.face_image(frame, preprocessing.placing(places, settings))


def _inputs(windows: np.ndarray, settings: Settings, size: int, scaling: str) -> np.ndarray:
    images = np.concatenate([preprocessing.video(faces, settings) for faces in windows])
    videos = resized(images, size).reshape(-1, 2 * settings.pairs, size, size, 3)
    return batches.inputs(videos, "sequence", scaling)


def _joined(own, *before, network: StreamNetwork):
    from reproductions.emotionalvlan import networks

    return networks.joined(own, before, network)


def _description(settings: Settings, size: int) -> list[str]:
    height, width = SHAPE
    finds_eyes = "haarcascade_eye.xml" if settings.detector == CASCADES else "dlib's landmarks"
    scaled = settings.crop_reading == "three_by_two_eye_distances"
    part = "three distances of the eyes in height and two in width" if scaled else f"{height}×{width} pixels"
    level = "at a third of" if settings.crop_offset == "eyes_at_one_third" else "in the middle of"
    stills = "first" if settings.still_frames == "first_15" else "last"
    return [
        f"Find the face with OpenCV's haarcascade_frontalface_default.xml, in it both eyes with {finds_eyes}; "
        "where these are not found, take their usual places.",
        f"Cut out {part}, the eyes {level} the height of each frame's image; {height}×{width} pixels "
        "(height × width, red, green, blue).",
        f"Windows of {settings.frames} faces of frames in a row; their {stills} {settings.pairs} are the stills.",
        f"Horn-Schunck flow between neighbours ({settings.flow_scheme} scheme, smoothness {settings.scheme.smoothness} "
        f"for levels of 0 to 255, {settings.flow_iterations} sweeps): {settings.pairs} images of dx, dy and "
        f"magnitude, scaled as {settings.flow_scaling!r} in reproductions/emotionalvlan/flow_images.py.",
        f"The stills, then the flow images, each resized to {size}×{size} pixels, 0 to 255.",
    ]
