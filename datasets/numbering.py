"""The frames of a sequence that lies as images in a folder: which files they are, by the naming of the set."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from common.media import kinds
from common.media.clips import Finding
from datasets import tree

STRAY = "image that is no frame"


def frames(
    folder: Path, name: str, naming: str, endings: Sequence[str], first: int | None
) -> tuple[tuple[str, ...], list[Finding]]:
    """The file names of the frames in `folder`, in the order of their numbers, and what is odd about them.

    Of two images with one number only those with the earlier ending are frames: the others are crops or copies. Where
    no image has a name of the set, all with its endings are read.

    Args:
        name: of the sequence, for the findings.
        naming: pattern of a frame's name without its ending, in any case; its last digits are the frame's number.
        endings: of the set's images, the most official first.
        first: number of the first frame; None where numbers may lack.
    """
    images = [path for path in tree.all_files(folder) if path.suffix.lower() in kinds.IMAGES]
    known = [path for path in images if path.suffix.lower() in endings]
    numbered = [path for path in known if re.fullmatch(naming, path.stem, re.IGNORECASE)]
    found = _one_each(numbered, _number, endings) or _one_each(known, lambda path: tree.key(Path(path.stem)), endings)
    strays = [path.name for path in images if path not in found]
    findings = [Finding(STRAY, f"{name}/{strays[0]}", f"{len(strays)} such images, left out")] if strays else []
    if numbered and first is not None:
        findings += _gaps(name, [_number(path) for path in found], first)
    elif found and not numbered:
        findings.append(Finding("irregular file name", f"{name}/{found[0].name}", f"{len(found)} such images, read"))
    return tuple(path.name for path in found), findings


def _one_each(paths: Sequence[Path], number: Callable, endings: Sequence[str]) -> list[Path]:
    """Files in the order of their numbers, one for each; if a number is there twice, files of the first ending only."""
    ordered = sorted(paths, key=lambda path: (endings.index(path.suffix.lower()), not path.suffix.islower()))
    if len({str(number(path)) for path in ordered}) < len(ordered):
        ordered = [path for path in ordered if path.suffix == ordered[0].suffix]
    one_each = {str(number(path)): path for path in reversed(ordered)}
    return sorted(one_each.values(), key=number)


def _number(path: Path) -> int:
    return int(re.search(r"\d+$", path.stem)[0])


def _gaps(name: str, numbers: Sequence[int], first: int) -> list[Finding]:
    findings = []
    if numbers[0] != first:
        findings.append(Finding(f"first frame is not number {first}", name, f"starts at {numbers[0]}"))
    missing = numbers[-1] - numbers[0] + 1 - len(numbers)
    if missing:
        findings.append(Finding("gap in the frame numbers", name, f"{missing} missing"))
    return findings
