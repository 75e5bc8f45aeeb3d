"""Which files of a folder are looked at, and how what comes of them is called."""

from dataclasses import dataclass, field
from pathlib import Path

from common.media import kinds
from common.support.errors import UserError
from common.support.names import fitting, shown
from inference.film import REMEDY

TABLE = "faces.csv"
ABOUT = "about.json"


@dataclass
class Chosen:
    """Files to look at.

    Attributes:
        files: by the names that results have for them: their path within the folder that was given.
        left_out: why others are not looked at, a sentence each.
    """

    files: dict[str, Path] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def add(self, name: str, path: Path) -> None:
        """Add a file by a name of its own."""
        name, number = shown(name), 1
        while name in self.files:
            number += 1
            name = f"{name}-{number}"
        self.files[name] = path


def choose(given: Path) -> Chosen:
    """The file that is named, or the videos and images of a folder and those within it, told by their content.

    Results of an earlier run and hidden files are left alone.

    Raises:
        UserError: if there is none.
    """
    chosen = Chosen()
    if not given.is_dir():
        if not given.exists():
            raise UserError(f"There is no file {shown(given)}.", REMEDY)
        if not given.is_file():
            raise UserError(f"{shown(given)} is no file.", REMEDY)
        chosen.add(given.name, given)
        return chosen
    _walk(given, "", chosen, set())
    if not chosen.files:
        reasons = f" {' '.join(chosen.left_out)}" if chosen.left_out else ""
        raise UserError(f"{shown(given)} holds neither videos nor images.{reasons}", REMEDY)
    return chosen


def _walk(folder: Path, name: str, chosen: Chosen, visited: set[tuple[int, int]]) -> None:
    try:
        status = folder.stat()
        inside = sorted(folder.iterdir())
    except OSError as error:
        chosen.left_out.append(f"{shown(folder)} cannot be listed ({error.strerror}).")
        return
    # A link may lead back to a folder above it.
    if (status.st_dev, status.st_ino) in visited:
        return
    visited.add((status.st_dev, status.st_ino))
    if (folder / TABLE).exists() and (folder / ABOUT).exists():
        chosen.left_out.append(f"{shown(folder)} holds results of an earlier predict.")
        return
    for path in inside:
        if path.name.startswith("."):
            continue
        if path.is_dir():
            _walk(path, f"{name}{path.name}/", chosen, visited)
        elif path.is_file() and kinds.of(path) is not kinds.Kind.OTHER:
            chosen.add(name + path.name, path)


def places(names: list[str]) -> dict[str, str]:
    """How the results of each file begin: its name without ending where that is its own, else its whole path.

    >>> places(["a.png", "b/c.mp4", "d/c.mp4"])
    {'a.png': 'a', 'b/c.mp4': 'b-c-mp4', 'd/c.mp4': 'd-c-mp4'}
    """
    stems = [_stem(name).casefold() for name in names]
    taken, result = set(), {}
    for name, stem in zip(names, stems, strict=True):
        place = _stem(name) if stems.count(stem) == 1 else name.replace("/", "-").replace(".", "-")
        place, number = fitting(place), 1
        while place.casefold() in taken:
            number += 1
            place = f"{place}-{number}"
        taken.add(place.casefold())
        result[name] = place
    return result


def _stem(name: str) -> str:
    return Path(name).stem
