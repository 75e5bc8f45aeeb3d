"""How many parameters the (2+1)D network of Table II has under every reading: one gives the printed number."""

from collections.abc import Callable
from itertools import product
from math import ceil, floor

from common.paper import load

# At each stage of the network, for an input of 48×48 and five frames.
SIDES, TIMES = (48, 24, 12), (5, 3, 2)
FILTERS = (16, 32, 64)
CLASSES = 7
# What may stand for the number of input channels in the formula of Tran et al. 2018 for the filters between.
SOURCES: dict[str, Callable[[int, int, int], int]] = {
    "input channels": lambda channels, filters, stage: channels,
    "first spatial axis": lambda channels, filters, stage: SIDES[stage],
    "time axis": lambda channels, filters, stage: TIMES[stage],
    "filters": lambda channels, filters, stage: filters,
    "one": lambda channels, filters, stage: 1,
}
READINGS = {
    "source": SOURCES,
    "rounded": (floor, round, ceil),
    # Of the convolutions in space and in time.
    "biases": ((1, 1), (1, 0), (0, 1), (0, 0)),
    # Parameters a filter of the normalisation between the two, and of that after them.
    "between": (0, 2, 3, 4),
    "after": (0, 2, 3, 4),
    "shortcut": ("factored", "factored, normalised", "plain", "plain, normalised", "without weights"),
    "stem": ("factored", "plain"),
    # Of the last map, that the dense layer sees.
    "cells": (1, 2, 4, 8, 9, 18, 36, 144),
}


def factored(channels, filters, size, stage, source, rounded, biases, between, after):
    """Parameters of one convolution of size × size × size, taken apart into space and time."""
    inputs = SOURCES[source](channels, filters, stage)
    middle = max(rounded(size**3 * inputs * filters / (size**2 * inputs + size * filters)), 1)
    in_space = (size**2 * channels + biases[0] + between) * middle
    return in_space + (size * middle + biases[1] + after) * filters


def parameters(source, rounded, biases, between, after, shortcut, stem, cells) -> int:
    how = source, rounded, biases, between

    def plain(channels, filters, size, normalised):
        return (size**3 * channels + biases[1] + normalised) * filters

    total = factored(1, FILTERS[0], 3, 0, *how, after) if stem == "factored" else plain(1, FILTERS[0], 3, after)
    channels = FILTERS[0]
    for stage, filters in enumerate(FILTERS):
        for block in range(3):
            first = block == 0 and stage > 0
            before = stage - first
            total += factored(channels, filters, 3, before, *how, after)
            total += factored(filters, filters, 3, stage, *how, after)
            if first:
                normalised = after if "normalised" in shortcut else 0
                if shortcut.startswith("factored"):
                    total += factored(channels, filters, 1, before, *how, normalised)
                elif shortcut.startswith("plain"):
                    total += plain(channels, filters, 1, normalised)
            channels = filters
    return total + (FILTERS[-1] * cells + 1) * CLASSES


def test_one_reading_gives_the_printed_number_of_parameters():
    printed = int(load.load("timeconvnet").claim("table2-resnet20_2plus1d-parameters").value.replace(",", ""))
    readings = list(product(*READINGS.values()))
    fit = [reading for reading in readings if parameters(*reading) == printed]
    assert len(readings) > 70_000
    assert fit == [("first spatial axis", floor, (1, 1), 4, 4, "factored", "factored", 1)]


def test_the_formula_as_its_inventors_mean_it_gives_more():
    assert parameters("input channels", floor, (1, 1), 4, 4, "factored", "factored", 1) == 815_968
