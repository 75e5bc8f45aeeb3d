"""The control that decides FER2013: a temporal stream on images that do not move sees the same image every time."""

from common.paper.load import Claim
from common.results import comparison
from common.results.evidence import Evidence
from common.results.tables import Table
from common.runs import scores
from common.runs.store import Run
from reproductions.emotionalvlan import groups, measured
from reproductions.emotionalvlan.data import FER2013

COLUMNS = {
    "network": "Stream",
    "protocol": "Protocol",
    "tested": "Tested",
    "answers": "Different answers in a fold",
    "chance": "Largest class",
    **comparison.COLUMNS,
}


def control(evidence: Evidence, title: str) -> Table:
    """What both streams make of FER2013, beside the largest class and the printed accuracies."""
    claims = {claim.network: claim for claim in evidence.paper.select("table1-*-fer2013-accuracy")}
    rows = []
    for network in ("temporal", "spatial"):
        for protocol in evidence.plan.protocols:
            if runs := measured.runs_of(evidence, FER2013, network, protocol):
                rows.append(_row(evidence, claims[network], runs, protocol))
    title = f"FER2013: what is there without movement, accuracy in %{title}"
    notes = _notes(evidence, claims["temporal"].value) + comparison.budget_note(rows, "AlexNet with all its filters")
    return Table(measured.CONTROL, title, COLUMNS, rows, notes)


def _row(evidence: Evidence, claim: Claim, runs: list[Run], protocol: str) -> dict:
    """What the runs of one stream under one protocol came to, beside the printed accuracy."""
    table, score = scores.predictions(runs), measured.score(evidence, FER2013, claim.network, protocol)
    ours = measured.measure(evidence, claim, protocol)
    row = comparison.row(
        evidence,
        claim,
        ours,
        network=f"{claim.network} stream",
        protocol=protocol,
        tested=score.samples,
        answers=int(table.groupby(["seed", "fold"]).predicted.nunique().max()),
        chance=f"{100 * score.chance:.2f}",
    )
    # More training would not help what never sees movement.
    return row | ({"verdict": evidence.judge(claim, ours).name} if claim.network == "temporal" else {})


def _notes(evidence: Evidence, printed: str) -> list[str]:
    """What the temporal stream can see at all, which images were used, and how they were divided."""
    notes, summary = [], evidence.plan.summary[FER2013]
    largest, count = max(summary.emotions.items(), key=lambda item: item[1])
    used = summary.ledger["clips"]
    if evidence.settings["fer2013_video"] == "still_repeated":
        notes.append(
            f"Repeated stills have no flow, so the temporal stream is shown one image {used:,} times and gives one "
            f"answer. Its best is the largest class, {largest}: {100 * count / used:.2f} % of these {used:,} images. "
            f"The printed {printed} % would need one class with that share of the images."
        )
    else:
        notes.append("The stills are moved by small random warps (setting fer2013_video), which say nothing of a face.")
    if used < summary.of:
        notes.append(f"{used:,} of {summary.of:,} images, at equal steps, for two cores.")
    notes.append(f"published: {groups.RANDOM.replace('-', ' ')}; strict: {groups.OFFICIAL.replace('-', ' ')}.")
    return notes
