"""What a teacher says of the images that its student learns from."""

from pathlib import Path

import numpy as np

from common.runs.store import Run
from common.samples.build import Samples
from common.support import arrays
from common.training import model_file
from common.training.batches import inputs

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
    model, parts = model_file.of(run), []
    for start in range(0, len(samples.table), BATCH):
        rows = np.arange(start, min(start + BATCH, len(samples.table)))
        faces = inputs(samples.read(rows), "last", "unit")
        both = [model.predict_on_batch(one) for one in (faces, faces[:, :, ::-1])]
        parts.append(np.mean(both, axis=0, dtype=np.float32))
    answered = np.concatenate(parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays.save(path, {"answers": answered})
    return answered
