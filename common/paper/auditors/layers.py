"""Printed layer tables."""

from collections.abc import Sequence

from common.paper.auditors.result import AuditResult, result
from common.paper.printed import printed

LayerRow = tuple[str, Sequence[int], int]


def layer_parameters(rows: Sequence[LayerRow], input: Sequence[int], kernel: int) -> list[int]:
    """Parameters that each layer of a sequential network must have, from the printed output shapes.

    Args:
        rows: (type, output shape without the batch axis, printed parameters).
        input: shape of the network's input.
        kernel: cells of a convolution kernel, e.g. 3 for 3x1.
    """
    counts, before = [], input[-1]
    for kind, shape, _ in rows:
        after = shape[-1]
        counts.append(
            {
                "Conv2D": kernel * before * after + after,
                "Dense": before * after + after,
                "BatchNormalization": 4 * after,
            }.get(kind, 0)
        )
        before = after
    return counts


def layer_table(
    rows: Sequence[LayerRow], input: Sequence[int], kernel: int, total: str, trainable: str, non_trainable: str
) -> AuditResult:
    """Audit: whether a printed layer table follows from its shapes and adds up to its printed totals.

    Half of the parameters of a batch normalisation (its moving statistics) are not trainable.
    """
    expected = layer_parameters(rows, input, kernel)
    wrong = [kind for (kind, _, count), right in zip(rows, expected, strict=True) if count != right]
    frozen = sum(count // 2 for kind, _, count in rows if kind == "BatchNormalization")
    everything = sum(count for _, _, count in rows)
    sums = (everything, everything - frozen, frozen)
    holds = not wrong and sums == tuple(int(printed(x).value) for x in (total, trainable, non_trainable))
    text = (
        f"{len(rows) - len(wrong)} of {len(rows)} layers follow from their shapes; they add up to {sums[0]:,}, "
        f"{sums[1]:,} of them trainable and {sums[2]:,} not; printed {total}, {trainable} and {non_trainable}"
    )
    return result(holds, text, settles=True)
