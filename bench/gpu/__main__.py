"""`python -m bench.gpu`: measure every paper's network on this machine's GPU, then use the time left for real results.

What is measured stays; the same command goes on where it was stopped. Nothing here needs a backend: each network, and
each paper, has a process of its own, whose memory on the card is free again afterwards.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bench.gpu import record
from bench.gpu.work import works
from common.results.config import ROOT, results_from_environment
from common.support.console import console, errors
from common.support.errors import UserError, unknown
from common.training import devices

# Real results for which time is left, the most wanted first: the words of `reproduce`.
REAL = (
    ("thesis", "--experiment", "cnn_fer2013,cnn_ckplus", "--protocol", "both"),
    ("emotionalvlan", "--experiment", "table1", "--network", "spatial"),
    ("cnn3d", "--experiment", "table6", "--protocol", "both"),
)


def main(
    minutes: Annotated[float, typer.Option(help="When to stop; the same command goes on.")] = 10,
    data: Annotated[Path | None, typer.Option(help="Folder with the licensed data sets, for real results.")] = None,
    only: Annotated[str, typer.Option(help="Only these networks, separated by commas.")] = "",
    small: Annotated[bool, typer.Option("--small", help="Try it in small sizes, on a processor too.")] = False,
) -> None:
    """Measure what is not measured yet, print it, and go on with real results until the time is over."""
    end, folder = time.monotonic() + 60 * minutes, results_from_environment() / "bench" / "gpu"
    os.environ["KERAS_BACKEND"] = devices.choose_backend()
    known = [work.network for work in works()]
    wanted = only.split(",") if only else known
    for one in set(wanted) - set(known):
        raise unknown("network of the check", one, known)
    done = [_ran(end, "bench.gpu.steps", one, str(folder), *(["small"] if small else [])) for one in wanted]
    for path in sorted(folder.glob("*.json")):
        for table in record.tables(record.load(path)):
            table.show(console)
    if data:
        done += [_ran(end, "commands", "reproduce", *words, "--data", str(data)) for words in REAL]
    if not all(done):
        errors.print("Not all is done: the same command goes on where this one ended.", markup=False)
    raise SystemExit(0 if all(done) else 3)


def _ran(end: float, *words: str) -> bool:
    """Whether a module did its work before the time was over; else it is stopped, and goes on from there next time."""
    left = end - time.monotonic()
    if left <= 0:
        return False
    console.print(f"{' '.join(words[1:3])}: {left:.0f} s are left", markup=False)
    try:
        return _finished([sys.executable, "-m", *words], left)
    except subprocess.TimeoutExpired:
        return False


def _finished(command: Sequence[str], seconds: float) -> bool:
    return subprocess.run(command, cwd=ROOT, timeout=seconds).returncode == 0


if __name__ == "__main__":
    try:
        typer.run(main)
    except UserError as error:
        errors.print(f"error: {error.problem}\nwhat to do: {error.remedy}", markup=False)
        raise SystemExit(2) from error
