"""What a teacher says of the images that its student learns from."""

from pathlib import Path

import numpy as np

from common.runs.store import Run
from common.samples.build import Samples
from common.support import arrays
from common.training import model_file
from inference.shipped.use import inputs

BATCH = 512


def answers(run: Run, samples: Samples, cache: Path) -> np.ndarray:
    """Its probabilities (all samples, classes) float32, the mean of those for an image and for its mirror image.

    Args:
        run: of the teacher.
        cache: where they are kept, by the keys of the run and of the samples.

    Raises:
        UserError: if the network of the run is missing or damaged.
    """
    path = cache / "teachers" / f"{run.identity.key}-{samples.key}.npz"
    kept = arrays.load(path)
    if kept is not None:
        return kept["answers"]
    model, faces = model_file.of(run), inputs(samples.read(np.arange(len(samples.table))))
    both = [model.predict(one, batch_size=BATCH, verbose=0) for one in (faces, faces[:, :, ::-1])]
    answered = np.mean(both, axis=0)
    arrays.save(path, {"answers": answered})
    return answered
