"""TimeConvNets from raw video to its tables in seconds: the smallest corpora, two networks, one step of training.

`python tests/little_reproduction.py CACHE RESULTS '{"seeds": [0, 1]}'` does it in a process of its own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
STEP = {"epochs": 1, "steps_per_epoch": 1}
PROFILE = {
    "synthetic": "tiny",
    "timing_runs": 2,
    "default": STEP,
    "networks": {},
    "control": STEP,
    "only": ["mini_xception_2d", "tcn_mini_xception"],
}

# Changes that leave one training a protocol and nothing to time.
SMALLEST = {"only": ["tcn_mini_xception"], "control": None, "experiments": ["table1", "table2"]}


def request(cache: Path, results: Path, **changes):
    """A request of the little profile; `changes` are keys of the profile or attributes of the request."""
    from common.paper import load as papers
    from common.results.config import Request

    sizes = {key: changes.pop(key, value) for key, value in PROFILE.items()}
    profile = {key: value for key, value in sizes.items() if value is not None}
    paper = papers.load("timeconvnet")
    paper = paper.model_copy(update={"profiles": paper.profiles | {"quick": profile}})
    settings = paper.settings | {"timing_warm_up": 0} | changes.pop("settings", {})
    lists = {key: tuple(value) if isinstance(value, list) else value for key, value in changes.items()}
    return Request(paper, cache=cache, results=results, settings=settings, **lists)


def start(cache: Path, results: Path, **changes) -> subprocess.Popen:
    """Begin the reproduction in another process, which prints whether it needed TensorFlow."""
    command = [sys.executable, str(Path(__file__)), str(cache), str(results), json.dumps(changes)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen) -> str:
    """What a process has printed when it has ended well."""
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return output


if __name__ == "__main__":
    from reproductions.timeconvnet import experiments

    experiments.reproduce(request(Path(sys.argv[1]), Path(sys.argv[2]), **json.loads(sys.argv[3])))
    print("TensorFlow was needed:", "tensorflow" in sys.modules)
