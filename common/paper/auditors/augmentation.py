"""Stated augmentations against the stated size of the augmented set."""

from common.paper.auditors.result import AuditResult, result


def multiplicity(rotations: int, flips: int, stated: int) -> AuditResult:
    """Audit: whether rotating, keeping the original and mirroring all of it enlarges a set as stated."""
    factor = (rotations + 1) * (flips + 1)
    without = rotations * (flips + 1)
    text = f"({rotations} rotations + 1) x {flips + 1} = {factor}, stated {stated}"
    if factor != stated == without:
        text += f", which is {rotations} x {flips + 1}: the unrotated images left out"
    return result(factor == stated, text)
