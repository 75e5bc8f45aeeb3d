"""How soon the commands answer that train nothing, and that they load no TensorFlow for it."""

import subprocess
import sys
import time
from statistics import median

from bench.figures import Figure
from common.results.config import ROOT
from common.support.errors import UserError

TITLE = "Commands that train nothing"
# What is looked at, and how many seconds it may take.
COMMANDS = {"--help": 2, "list": 2, "table timeconvnet": 2, "claims": 3, "report": 5}


def measure(small: bool) -> list[Figure]:
    """Wall-clock time from the start of Python to its end.

    Raises:
        UserError: if there are no finished runs to print tables of.
    """
    figures = []
    for words, most in COMMANDS.items():
        times, loaded = zip(*(_call(words) for _ in range(2 if small else 7)), strict=True)
        figures.append(Figure(f"time of {words.split()[0]}", median(times), "s", at_most=most))
        figures.append(Figure(f"TensorFlow modules loaded by {words.split()[0]}", max(loaded), "", at_most=0))
    return figures


def _call(words: str) -> tuple[float, int]:
    command = [sys.executable, "-m", "commands", *words.split()]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if done.returncode:
        raise UserError(f"`{' '.join(command[1:])}` failed.", "Run: make reproduce PAPER=timeconvnet")
    told = subprocess.run([sys.executable, "-X", "importtime", *command[1:]], cwd=ROOT, capture_output=True, text=True)
    return seconds, sum(line.split("|")[-1].strip().startswith("tensorflow") for line in told.stderr.splitlines())
