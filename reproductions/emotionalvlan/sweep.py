"""How many frames of a video? The paper tried L from 2 to 20 and found 16 best (section III.b), without a figure.

The sweep trains the whole network with every L on RML, the smallest set; the paper does not say on which it was made.
It runs only where it is asked for: make reproduce PAPER=emotionalvlan EXPERIMENT=frames.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from common.paper.load import Claim
from common.results.config import Request
from common.results.differences import network_name
from common.results.evidence import Evidence
from common.results.tables import Table
from common.runs import scores
from common.runs.store import Run
from reproductions.emotionalvlan import trainings
from reproductions.emotionalvlan.data import KEYS, RML, Corpus
from reproductions.emotionalvlan.models import FRAMES

EXPERIMENT = "frames"
NETWORK = "emotionalvlan"
SWEPT = range(2, 21)


def run_name(corpus: str, frames: int) -> str:
    """The experiment under which runs of the sweep are kept, apart from those of the tables.

    >>> run_name("RML", 8)
    'rml-08-frames'
    """
    return f"{KEYS[corpus]}-{frames:02d}-frames"


def stages(request: Request, corpus: Corpus, protocols: Sequence[str]) -> Iterator[tuple[Request, trainings.Stages]]:
    """The trainings with each number of frames, and the request that they follow."""
    for frames in request.sizes.get("frames_swept", SWEPT):
        asked = replace(request, settings=request.settings | {"frames": frames})
        again = corpus.renewed()
        for protocol in protocols:
            yield asked, trainings.stages(asked, again, protocol, [NETWORK], run_name(corpus.name, frames))


def members(evidence: Evidence, corpus: str, protocol: str) -> dict[int, list[Run]]:
    """The finished runs by number of frames, those numbers without runs left out."""
    network = network_name(NETWORK, evidence.plan.narrow)
    by_frames = {frames: evidence.of(run_name(corpus, frames), network, protocol) for frames in SWEPT}
    return {frames: several for frames, several in by_frames.items() if several}


def ahead(evidence: Evidence, claim: Claim, protocol: str) -> tuple[float, tuple[float, float]] | None:
    """By how much the paper's number of frames is more accurate than the best other one; None without a comparison.

    Each end of the interval is the lowest of all comparisons: the statement holds only if it does against every other
    number of frames.

    Returns:
        the difference and its 95 % interval over subjects, as part of 1.
    """
    by_frames = members(evidence, claim.dataset, protocol)
    best = by_frames.pop(FRAMES, None)
    if best is None or not by_frames:
        return None
    differences = [scores.difference_by_subject(best, other) for other in by_frames.values()]
    value, low, high = map(min, zip(*differences, strict=True))
    return value, (low, high)


def table(evidence: Evidence, title: str) -> Table:
    """A row a number of frames and protocol."""
    rows = []
    for protocol in evidence.plan.protocols:
        by_frames = members(evidence, RML, protocol)
        for frames, several in by_frames.items():
            score = scores.score(several)
            row = {"frames": frames, "protocol": protocol, "tested": score.samples}
            row |= {"accuracy": f"{100 * score.accuracy:.2f}", "chance": f"{100 * score.chance:.2f}"}
            row["interval"] = " to ".join(f"{100 * end:.2f}" for end in score.interval)
            if frames != FRAMES and FRAMES in by_frames:
                value, low, high = scores.difference_by_subject(by_frames[FRAMES], several)
                row["ahead"] = f"{100 * value:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"
            rows.append(row)
    columns = {"frames": "Frames", "protocol": "Protocol", "tested": "Tested", "accuracy": "Accuracy, %"}
    columns |= {"interval": "95 % interval", "chance": "Constant answer"}
    columns["ahead"] = f"{FRAMES} frames are ahead by, points"
    notes = [
        f"The paper tried {SWEPT[0]} to {SWEPT[-1]} frames and found {FRAMES} best; it gives no figure and names "
        "no data set.",
        "Accuracies are of all tested samples together; intervals are bootstraps over people.",
    ]
    return Table("frames", f"Number of frames of a video, {RML}{title}", columns, rows, notes)
