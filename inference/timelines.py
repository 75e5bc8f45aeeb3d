"""The timeline of a video as an image: what the network said of each face, second by second."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from common.support import files
from inference.colours import css
from inference.stream import Seen
from inference.trained import Trained

# Faces that get a row of their own: those that were in sight longest.
ROWS = 4


@dataclass
class Line:
    """Times and smoothed probabilities by track."""

    tracks: dict[int, list[tuple[float, np.ndarray]]] = field(default_factory=dict)

    def add(self, seen: Seen) -> None:
        for track, row in seen.smooth.items():
            self.tracks.setdefault(track, []).append((seen.time_s, row))

    def draw(self, path: Path, trained: Trained) -> None:
        """Write a PNG with their curves, one row for each of the faces that were in sight longest."""
        from matplotlib.figure import Figure  # half a second, and images have no timeline

        longest = sorted(sorted(self.tracks, key=lambda track: -len(self.tracks[track]))[:ROWS])
        figure = Figure(figsize=(10, 1 + 2.2 * len(longest)), layout="constrained")
        axes = figure.subplots(len(longest), 1, sharex=True, squeeze=False)[:, 0]
        for track, one in zip(longest, axes, strict=True):
            seconds = [time_s for time_s, _ in self.tracks[track]]
            curves = np.array([row for _, row in self.tracks[track]])
            for number, name in enumerate(trained.classes):
                one.plot(seconds, curves[:, number], color=css(name), label=name)
            one.set(ylim=(0, 1), ylabel=f"face {track}")
        axes[0].legend(ncols=len(trained.classes), fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1))
        axes[-1].set_xlabel(f"seconds\n{trained.description}", fontsize="small")
        with files.atomic(path) as temporary:
            figure.savefig(temporary, format="png", dpi=110)
