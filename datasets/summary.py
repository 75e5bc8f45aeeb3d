"""What a copy of a data set holds beside what a complete one should hold.

Differences are warnings, never errors: copies of one set differ between years and hosts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from common.media.clips import Clip, Expectation, Finding, Index
from common.media.emotions import Emotion

Status = Literal["ok", "missing", "extra", "differs", "unpublished"]


@dataclass(frozen=True)
class CountRow:
    """One count.

    Attributes:
        what: what is counted, in the words of `count`.
        expected: the published count, or None if there is none.
        found: the count on this disk.
        source: who published the count.
        status: "ok", "missing" (fewer found than any source says), "extra" (more than any source says),
            "differs" (sources contradict each other), "unpublished" (found, but nobody gives a count).
    """

    what: str
    expected: int | None
    found: int
    source: str
    status: Status


@dataclass(frozen=True)
class FindingGroup:
    """All findings of one kind."""

    kind: str
    count: int
    examples: tuple[Finding, ...]


@dataclass(frozen=True)
class DatasetSummary:
    """The counts of one copy of a data set, and what was odd about it."""

    corpus: str
    rows: tuple[CountRow, ...]
    findings: tuple[FindingGroup, ...]


def summarise(index: Index, expected: Iterable[Expectation], examples: int = 3) -> DatasetSummary:
    """Compare an index with the published counts, then list the classes that nobody counted.

    Counts include the clips that a setting leaves out, so a complete copy is complete under every setting.
    """
    expected = tuple(expected)
    rows = [_row(index, expectation, expected) for expectation in expected]
    counted = {expectation.what for expectation in expected}
    rows += [
        CountRow(what, None, count(index, what), "", "unpublished") for what in _classes(index) if what not in counted
    ]
    return DatasetSummary(index.corpus, tuple(rows), group(index.findings, examples))


def count(index: Index, what: str) -> int:
    """How many `what` an index holds, those that a setting leaves out included.

    `what` is "clips" (or "images") or "subjects", before it optionally "labelled", after it optionally a partition
    and an emotion ("clips", "labelled subjects", "clips Happy", "clips 1s Happy"), or "findings <kind>".
    """
    unit, _, rest = what.removeprefix("labelled ").partition(" ")
    if unit == "findings":
        return sum(finding.kind == rest for finding in index.findings)
    chosen = [
        clip
        for clip in _on_disk(index)
        if (clip.emotion is not None or not what.startswith("labelled "))
        and all(word in (*clip.partition.split(), clip.emotion) for word in rest.split())
    ]
    return len({clip.subject for clip in chosen}) if unit == "subjects" else len(chosen)


def group(findings: Iterable[Finding], examples: int = 3) -> tuple[FindingGroup, ...]:
    """Findings by kind in order of appearance, with the first few as examples."""
    by_kind: dict[str, list[Finding]] = {}
    for finding in findings:
        by_kind.setdefault(finding.kind, []).append(finding)
    return tuple(FindingGroup(kind, len(all_), tuple(all_[:examples])) for kind, all_ in by_kind.items())


def _row(index: Index, expectation: Expectation, expected: Sequence[Expectation]) -> CountRow:
    found = count(index, expectation.what)
    counts = {other.count for other in expected if other.what == expectation.what}
    return CountRow(
        expectation.what, expectation.count, found, expectation.source, _status(expectation.count, found, counts)
    )


def _status(expected: int, found: int, sources: set[int]) -> Status:
    if found == expected:
        return "ok"
    if found < min(sources):
        return "missing"
    return "extra" if found > max(sources) else "differs"


def _classes(index: Index) -> list[str]:
    """The word for each labelled class of each partition, in the order of `Emotion`."""
    pairs = {(clip.partition, clip.emotion) for clip in _on_disk(index) if clip.emotion is not None}
    order = list(Emotion)
    ordered = sorted(pairs, key=lambda pair: (pair[0], order.index(pair[1])))
    return [" ".join(filter(None, (index.unit, partition, emotion))) for partition, emotion in ordered]


def _on_disk(index: Index) -> tuple[Clip, ...]:
    return index.clips + index.dropped
