"""The network on a video that somebody brings: what `predict`, `live` and `export` need to know of this paper."""

from common.media import video
from common.runs.store import Run
from common.training import batches
from reproductions.full_paper.models import NETWORKS
from reproductions.full_paper.preprocessing import Settings, cut
from reproductions.inference import Preparation


def preparation(record: Run) -> Preparation:
    """How the network of a run watches: each frame by itself, cut as for the training."""
    settings, layout = Settings(), NETWORKS[record.identity.network].layout
    return Preparation(
        frames=1,
        crop=lambda frame, box: cut(video.grey(frame), box, settings)[..., None],
        inputs=lambda crops: batches.inputs(crops, layout, record.identity.recipe["pixel_scaling"]),
        description=[
            "Find the face with OpenCV's haarcascade_frontalface_default.xml.",
            f"Widen its box by {settings.margin:.0%} a side, resize to {settings.size}×{settings.size} grey pixels.",
            "Divide pixels by 255.",
        ],
        detector=settings.detector,
    )
