"""The network on a video that somebody brings: each frame by itself, its face about as close as in FER2013."""

from common.media import faces
from common.runs.store import Run
from common.training import batches
from reproductions.inference import Preparation

SIZE = 48


def preparation(run: Run) -> Preparation:
    """How the network of a run has to be shown faces."""
    scaling = run.identity.recipe["pixel_scaling"]
    return Preparation(
        frames=1,
        crop=lambda frame, box: faces.crop(frame, box, SIZE, grey=True)[..., None],
        inputs=lambda crops: batches.inputs(crops, "last", scaling),
        description=[
            "Find the face with OpenCV's haarcascade_frontalface_default.xml.",
            f"Resize it to {SIZE}×{SIZE} grey pixels.",
            "Divide pixels by 255.",
        ],
    )
