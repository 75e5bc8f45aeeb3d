"""The control that decides FER2013: a temporal stream on images that do not move sees the same image every time."""

from common.results.evidence import Evidence
from common.results.tables import Table
from common.runs import scores
from reproductions.emotionalvlan import groups, measured
from reproductions.emotionalvlan.data import FER2013


def control(evidence: Evidence, title: str) -> Table:
    """What both streams make of FER2013, beside the largest class and the printed accuracies."""
    rows, notes = [], []
    claims = {claim.network: claim for claim in evidence.paper.claims if claim.experiment == "table1"
              and claim.dataset == FER2013}  # fmt: skip
    for network in ("temporal", "spatial"):
        for protocol in evidence.plan.protocols:
            members = measured.runs_of(evidence, FER2013, network, protocol)
            if not members:
                continue
            table, found = scores.predictions(members), measured.score(evidence, FER2013, network, protocol)
            answers = table.groupby(["seed", "fold"]).predicted.nunique().max()
            value, (low, high) = measured.accuracy(table, evidence.setting("accuracy_average"))
            rows.append(
                {
                    "network": f"{network} stream",
                    "protocol": protocol,
                    "tested": found.samples,
                    "answers": int(answers),
                    "published": claims[network].value,
                    "reproduced": f"{100 * value:.2f}",
                    "interval": f"{100 * low:.2f} to {100 * high:.2f}",
                    "chance": f"{100 * found.chance:.2f}",
                }
            )
    summary = evidence.plan.summary[FER2013]
    largest, count = max(summary.emotions.items(), key=lambda item: item[1])
    used, share = summary.ledger["clips"], 100 * count / summary.ledger["clips"]
    settings = evidence.settings
    if settings["fer2013_video"] == "still_repeated":
        notes.append(
            f"Repeated stills have no flow, so the temporal stream is shown one image {used:,} times and gives one "
            f"answer. Its best is the largest class, {largest}: {share:.2f} % of these {used:,} images. The printed "
            f"{claims['temporal'].value} % cannot be had in this way."
        )
    else:
        notes.append("The stills are moved by small random warps (setting fer2013_video), which say nothing of a face.")
    if used < summary.of:
        notes.append(f"{used:,} of {summary.of:,} images, every {summary.of / used:.3g}th row, for two cores.")
    notes.append(f"published: {groups.RANDOM.replace('-', ' ')}; strict: {groups.OFFICIAL.replace('-', ' ')}.")
    columns = {
        "network": "Stream",
        "protocol": "Protocol",
        "tested": "Tested",
        "answers": "Different answers in a fold",
    }
    columns |= {"published": "Published", "reproduced": "Reproduced", "interval": "95 % interval"}
    return Table(
        "fer2013_control",
        f"FER2013: what is there without movement, accuracy in %{title}",
        columns | {"chance": "Largest class"},
        rows,
        notes,
    )
