"""What GPUs multiply at best, as their maker states it."""

from dataclasses import dataclass
from typing import Literal

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class Card:
    """One GPU.

    Attributes:
        name: a part of the name that its driver gives it.
        tf32, bf16: 10¹² multiplications and additions a second on its matrix units, dense, without sparsity.
        source: the data sheet. Where it states sparse rates alone, these are halved.
    """

    name: str
    tf32: float
    bf16: float
    source: str

    def peak(self, precision: Precision) -> float:
        """Operations a second. In float32 the frameworks let matrix units round to TF32."""
        return 1e12 * (self.tf32 if precision == "float32" else self.bf16)


# The longer names first.
CARDS = (
    Card("H100 PCIe", 378, 756, "NVIDIA H100 data sheet"),
    Card("H100 NVL", 417.5, 835.5, "NVIDIA H100 data sheet"),
    Card("H100", 494.5, 989.5, "NVIDIA H100 data sheet, SXM"),
    Card("H200 NVL", 417.5, 835.5, "NVIDIA H200 data sheet"),
    Card("H200", 494.5, 989.5, "NVIDIA H200 data sheet, SXM"),
    Card("A100", 156, 312, "NVIDIA A100 data sheet"),
    Card("A10", 62.5, 125, "NVIDIA A10 data sheet"),
    Card("L40S", 183, 362, "NVIDIA L40S data sheet"),
    Card("L4", 60, 121, "NVIDIA L4 data sheet"),
    Card("RTX 4090", 82.6, 165.2, "NVIDIA Ada GPU architecture, white paper"),
    Card("RTX 3090", 35.6, 71, "NVIDIA Ampere GA102 GPU architecture, white paper"),
)


def known(name: str) -> Card | None:
    """The card whose driver gives this name; None for a processor, or a card that is not listed.

    >>> known("NVIDIA H100 80GB HBM3").bf16, known("AMD EPYC")
    (989.5, None)
    """
    words = f" {name.replace('-', ' ')} "
    return next((card for card in CARDS if f" {card.name} " in words), None)
