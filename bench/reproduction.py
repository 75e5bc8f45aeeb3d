"""The whole quick reproduction of TimeConvNets, all six networks: cold, with warm samples, with finished runs."""

import os
import subprocess
import sys
import time
from tempfile import TemporaryDirectory

from bench.figures import Figure
from common.results.config import ROOT
from common.support.errors import UserError

TITLE = "Quick reproduction of TimeConvNets, from nothing to its tables"


def measure(small: bool) -> list[Figure]:
    """In a cache and a results folder of its own; in small size only the first table."""
    part = ("--experiment", "table1") if small else ()
    with TemporaryDirectory() as folder:
        return [
            Figure("cold", _seconds(folder, *part), "s", at_most=180),
            Figure("warm samples, fresh training", _seconds(folder, *part, "--fresh"), "s", at_most=180),
            Figure("finished runs", _seconds(folder, *part), "s", at_most=15),
        ]


def _seconds(folder: str, *words: str) -> float:
    places = {"FER_CACHE": f"{folder}/cache", "FER_RESULTS": f"{folder}/results"}
    command = [sys.executable, "-m", "commands", "reproduce", "timeconvnet", *words]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=os.environ | places, capture_output=True, text=True)
    if done.returncode:
        raise UserError(
            f"The reproduction failed: {(done.stdout + done.stderr)[-500:]}", "Mend it, then measure again."
        )
    return time.perf_counter() - began
