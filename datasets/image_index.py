"""Still images as an index: what the data set's summary counts, and which images are blank or there twice."""

from pathlib import Path

from common.media.clips import Clip, Finding, Index
from common.media.emotions import Emotion
from common.media.images import StillImages
from common.support.errors import UserError


def index(images: StillImages, names: list[str], source: Path, home: Path) -> Index:
    """One clip an image.

    Args:
        names: what identifies each image within the set.
        source: the file of all images, or the folder to which `names` are relative.
    """
    columns = (names, images.subjects.tolist(), images.emotions.tolist(), images.partitions.tolist())
    clips = tuple(
        Clip(images.corpus, name, subject, Emotion(emotion), source / name if source.is_dir() else source, partition)
        for name, subject, emotion, partition in zip(*columns, strict=True)
    )
    return Index(images.corpus, home, clips, tuple(findings(images, names)), unit="images")


def findings(images: StillImages, names: list[str]) -> list[Finding]:
    """The images that are blank or there twice, by their names."""
    return _blank(images, names) + _repeated(images, names)


def require(images: StillImages, emotions: tuple[Emotion, ...], place: Path) -> StillImages:
    """Images that show all these emotions.

    Raises:
        UserError: naming those that no image shows.
    """
    present = set(images.emotions.tolist())
    absent = [emotion for emotion in emotions if emotion not in present]
    if absent:
        raise UserError(
            f"{images.corpus} at {place} has no image of {', '.join(absent)}.",
            "Complete the copy (verify-data lists what is missing).",
        )
    return images


def _blank(images: StillImages, names: list[str]) -> list[Finding]:
    flat = images.pixels.reshape(len(images), -1)
    blank = (flat == flat[:, :1]).all(axis=1)
    return [Finding("blank image", name) for name, is_blank in zip(names, blank.tolist(), strict=True) if is_blank]


def _repeated(images: StillImages, names: list[str]) -> list[Finding]:
    """Images that are equal, pixel by pixel, to an earlier one."""
    first, findings = {}, []
    for row, image in enumerate(images.pixels):
        earlier = first.setdefault(image.tobytes(), row)
        if earlier != row:
            findings.append(_repetition(images, names, earlier, row))
    return findings


def _repetition(images: StillImages, names: list[str], earlier: int, row: int) -> Finding:
    labels, parts = images.emotions[[earlier, row]].tolist(), images.partitions[[earlier, row]].tolist()
    if labels[0] != labels[1]:
        return Finding("same image with another label", names[row], f"{labels[1]}, as {names[earlier]} {labels[0]}")
    if parts[0] != parts[1]:
        return Finding("same image in another part", names[row], f"{parts[1]}, as {names[earlier]} {parts[0]}")
    return Finding("same image twice", names[row], f"as {names[earlier]}")
