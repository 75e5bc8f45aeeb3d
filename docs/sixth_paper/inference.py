"""The network on a video that somebody brings: each frame by itself, its face cut as for the training."""

from common.media import video
from common.runs.store import Run
from common.training import batches
from reproductions.inference import Preparation
from reproductions.sixth_paper.preprocessing import Settings, cut


def preparation(run: Run) -> Preparation:
    """How the network of a run has to be shown faces."""
    settings, scaling = Settings(), run.identity.recipe["pixel_scaling"]
    return Preparation(
        frames=1,
        crop=lambda frame, box: cut(video.grey(frame), box, settings)[..., None],
        inputs=lambda crops: batches.inputs(crops, "last", scaling),
        description=[
            "Find the face with OpenCV's haarcascade_frontalface_default.xml.",
            f"Widen its box by {settings.margin:.0%} a side, resize to {settings.size}×{settings.size} grey pixels.",
            "Divide pixels by 255.",
        ],
        detector=settings.detector,
    )
