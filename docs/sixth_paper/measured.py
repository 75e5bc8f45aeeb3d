"""What finished runs give for the printed numbers: one `Measured` a claim and protocol."""

from common.evidence import Evidence
from common.paper import Claim
from common.verdicts import TOO_SMALL, Measured

# What sets a protocol apart from the printed one: such a measurement is never compared with the printed number.
DIFFERS = {"clip-disjoint": "no clip on both sides", "honest": "no subject on both sides"}


def measurements(evidence: Evidence) -> dict[str, list[Measured]]:
    """Everything that was measured, by the id of its claim."""
    protocols = evidence.plan["protocols"]
    return evidence.measured(lambda claim: [accuracy(evidence, claim, protocol) for protocol in protocols])


def accuracy(evidence: Evidence, claim: Claim, protocol: str) -> Measured | None:
    """Accuracy over all seeds; None for other figures (parameters are counted without runs) and where no run is."""
    group = (claim.experiment, claim.network, protocol)
    score = evidence.score(*group) if claim.metric == "accuracy" else None
    if score is None:
        return None
    remarks = ["" if score.learnt else TOO_SMALL, evidence.lacking(*group)]
    return Measured(
        score.accuracy * claim.scale,
        evidence.data,
        (score.interval[0] * claim.scale, score.interval[1] * claim.scale),
        differs=DIFFERS.get(protocol, ""),
        note="; ".join(remark for remark in remarks if remark),
        run=evidence.place(evidence.of(*group)),
    )
