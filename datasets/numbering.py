"""Frames of a sequence whose names carry their numbers: what is odd about them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from common.media.clips import Finding


def odd_frames(
    name: str, frames: Sequence[Path], fits: Callable[[str], object], digits: int, first: int
) -> list[Finding]:
    """Findings on the frames of the sequence `name`: foreign files, or a late start and gaps.

    Args:
        fits: whether a name without its ending is that of a frame.
        digits: how many end it.
        first: number of the first frame.
    """
    strangers = [frame.name for frame in frames if not fits(frame.stem)]
    if strangers:
        return [Finding("irregular file name", f"{name}/{strangers[0]}", f"{len(strangers)} such images")]
    numbers = sorted(int(frame.stem[-digits:]) for frame in frames)
    findings = []
    if numbers[0] != first:
        findings.append(Finding(f"first frame is not number {first}", name, f"starts at {numbers[0]}"))
    missing = numbers[-1] - numbers[0] + 1 - len(numbers)
    if missing:
        findings.append(Finding("gap in the frame numbers", name, f"{missing} missing"))
    return findings
