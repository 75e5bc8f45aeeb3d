"""The two templates are small, and work as docs/adding-a-paper.md says: every command that it shows is run on each."""

import csv
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from common.paper import load
from common.protocols import leakage
from datasets import savee
from datasets.synthetic import corpora

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "adding-a-paper.md").read_text(encoding="utf-8")
SECTIONS = {int(text.partition(".")[0]): text for text in GUIDE.split("\n## ")[1:]}
# Template -> its network, and the section of the guide that it belongs to.
NETWORKS = {"sixth_paper": "one_frame", "still_paper": "small_stills"}
SECTION = {"sixth_paper": 1, "still_paper": 2}
each_template = pytest.mark.parametrize("name", NETWORKS)


def blocks(section: int, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", SECTIONS[section], re.DOTALL | re.MULTILINE)


def shown(name: str) -> list[str]:
    """The commands of the first section, with the names of a template, and what its own section has besides."""
    lines = blocks(1, "sh")[0].replace("sixth_paper", name).replace(NETWORKS["sixth_paper"], NETWORKS[name])
    own = blocks(SECTION[name], "sh")[0].splitlines()
    assert set(own) <= set(lines.splitlines())
    return lines.splitlines()


@pytest.fixture
def suite(tmp_path) -> Path:
    """A copy of the suite without a paper."""
    papers = [path.parent.name for path in ROOT.glob("reproductions/*/paper.yaml")]
    for package in ("common", "datasets", "reproductions", "inference", "commands", "docs"):
        unwanted = shutil.ignore_patterns("__pycache__", *papers)
        shutil.copytree(ROOT / package, tmp_path / package, ignore=unwanted)
    (tmp_path / "results").mkdir()
    shutil.copy(ROOT / "results" / "parameters.json", tmp_path / "results")
    shutil.copy(ROOT / "README.md", tmp_path)
    return tmp_path


@pytest.fixture
def follow(suite, cache) -> Callable[[str], str]:
    """`follow(line)`: do what a line of the guide says; returns all that it printed."""
    videos = corpora.ensure(cache / "synthetic", "tiny", sets=[savee.KEY])
    places = {"FER_CACHE": str(cache), "FER_RESULTS": str(suite / "results"), "COLUMNS": "1000"}

    def run(line: str) -> str:
        words = [_filled(word, suite, videos) for word in shlex.split(line)]
        printed = ""
        for program in _programs(words):
            done = subprocess.run(
                program, cwd=suite, env=os.environ | places, capture_output=True, text=True, check=False
            )
            printed += done.stdout + done.stderr
            assert done.returncode == 0, f"{line}\n{printed}"
        assert "Traceback" not in printed
        return printed

    return run


def _filled(word: str, suite: Path, videos: Path) -> str:
    """A word as a reader types it: a folder that is there for one with <key>, a video for clip.mp4."""
    if "<key>" in word:
        variable, _, path = word.partition("=")
        (folder,) = suite.glob(path.replace("<key>", "*"))
        return f"{variable}={folder}"
    if word.endswith("clip.mp4"):
        return word.replace("clip.mp4", str(min(videos.rglob("AudioVisualClip/*/*.avi"))))
    return word


def _programs(words: list[str]) -> Iterator[list[str]]:
    """What a line starts; make with this Python in place of an environment of its own."""
    if words[0] != "make":
        yield words
        return
    # As if nothing was installed, make says what it would do.
    planned = subprocess.run(
        ["make", "-n", "VENV=nowhere", *words[1:]], cwd=ROOT, capture_output=True, text=True, check=True
    )
    started = re.findall(r"-m (commands [^&|;\n]+)", planned.stdout)
    assert started, words
    for program in started:
        yield [sys.executable, "-m", *shlex.split(program)]


@each_template
def test_a_template_is_small(name):
    files = sorted((ROOT / "docs" / name).iterdir())
    lines = {path.name: path.read_text(encoding="utf-8").count("\n") for path in files if path.is_file()}
    assert sum(count for file, count in lines.items() if file.endswith(".py")) <= 150
    assert lines["paper.yaml"] <= 60


@each_template
def test_every_decision_of_a_template_is_one_that_standard_experiments_read(name):
    from common.training.recipe import Recipe

    paper = load.read(ROOT / "docs" / name / "paper.yaml")
    read = {*Recipe.__dataclass_fields__, "split_seed"}
    assert {one.name for one in paper.decisions} | set(paper.hyperparameters) <= read


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@each_template
def test_every_command_of_the_guide_works_on_a_template(name, follow, suite):
    printed = {line.split()[1]: follow(line) for line in shown(name)}
    assert set(printed) == {
        *("-r", "list", "reproduce", "table", "claims", "audit", "report", "compare", "predict", "export")
    }
    paper = load.read(ROOT / "docs" / name / "paper.yaml")
    table = json.loads((suite / f"results/tables/{name}/quick-1-epochs-synthetic/table1.json").read_text())
    assert {row["protocol"] for row in table["rows"]} == {"published", "strict"}
    assert {row["verdict"] for row in table["rows"]} <= {"not comparable", "budget too small"}
    assert table["meta"]["epochs"] == 1
    assert "Table 1" in printed["table"] and paper.claims[0].value in printed["compare"]
    assert paper.title in (suite / "results" / "report.html").read_text(encoding="utf-8")
    assert (suite / f"results/figures/{name}/quick-1-epochs-synthetic/curves-strict.png").is_file()
    notes = " ".join(table["notes"])
    assert ("subjects that are trained on" if name == "sixth_paper" else leakage.NAMELESS) in notes
    records = [json.loads(path.read_text()) for path in (suite / "results/runs" / name).rglob("run.json")]
    clean = {record["identity"]["protocol"]: record["split"]["clean"] for record in records}
    assert clean == {"published": False, "strict": name == "sixth_paper"}
    _check_inference(name, suite)
    if name == "sixth_paper":
        _check_parameters(follow)
    else:
        _check_given_weights(follow, suite)


def _check_inference(name: str, suite: Path) -> None:
    (about,) = (suite / "results" / "seen").rglob("about.json")
    assert name in about.read_text() and json.loads(about.read_text())["synthetic"] is True
    first, *others = csv.DictReader((about.parent / "faces.csv").read_text().splitlines())
    assert len(others) > 5
    assert sum(float(first[column]) for column in first if column.startswith("p_")) == pytest.approx(1, abs=1e-4)
    exported = suite / "results" / "exported"
    assert list(exported.rglob("*.keras")) and list(exported.rglob("*.md"))


def _check_parameters(follow: Callable[[str], str]) -> None:
    (line,) = blocks(4, "sh")[0].splitlines()
    follow(line)
    claims = json.loads(follow("make claims PAPER=sixth_paper FORMAT=json"))
    assert {claim["metric"]: claim["verdict"] for claim in claims} == {
        "accuracy": "not comparable",
        "parameters": "exact",
    }


def _check_given_weights(follow: Callable[[str], str], suite: Path) -> None:
    """Weights of a run of ours stand for those of the makers: tested again, they answer as that run did."""
    (trained,) = (suite / "results/runs/still_paper/table1/strict/small_stills").iterdir()
    (suite / "models").mkdir()
    _built(suite, trained / "model.keras").save_weights(suite / "models" / "stills.weights.h5")
    experiments, (added,) = suite / "reproductions/still_paper/experiments.py", blocks(7, "python")
    code = experiments.read_text(encoding="utf-8").replace("STANDARD = {", f"{added}\nSTANDARD = {{")
    experiments.write_text(code.replace("    )\n}", "        weights=WEIGHTS,\n    )\n}"), encoding="utf-8")
    (line,) = blocks(7, "sh")[0].splitlines()
    assert "Small-Stills Net, weights makers" in follow(line)
    (tested,) = (suite / "results/runs/still_paper/table1-makers").rglob("run.json")
    record = json.loads(tested.read_text())
    assert (record["kind"], record["trained_on"]) == ("evaluate", "FER2013 (Training), by its makers")
    assert (record["tested_on"], record["identity"]["protocol"]) == ("FER2013", "strict")
    ours, theirs = (pd.read_csv(folder / "predictions.csv") for folder in (trained, tested.parent))
    pd.testing.assert_frame_equal(ours, theirs, atol=1e-5)
    (suite / "models" / "stills.weights.h5").unlink()
    assert "are not tested: stills.weights.h5 is not in" in follow(line)
    said = follow(f"make predict VIDEO=clip.mp4 MODEL={tested.parent} OUT=seen")
    assert "trained on FER2013 (Training), by its makers; tested on synthetic faces" in said
    assert "synthetic)" not in said
    assert json.loads((suite / "seen" / "about.json").read_text())["synthetic"] is False
    said = follow("make predict VIDEO=clip.mp4 MODEL=still_paper OUT=again")
    assert "weights of others" in said  # before networks of synthetic faces
    follow(f"make export RUN={tested.parent} OUT=makers.keras")
    card = (suite / "makers.keras.md").read_text(encoding="utf-8")
    assert "Its weights come from stills.weights.h5" in card and "Trained on synthetic faces" not in card


def _built(suite: Path, weights: Path):
    path = suite / "reproductions" / "still_paper" / "models.py"
    spec = importlib.util.spec_from_file_location("template_models", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.small_stills(classes=7)
    model.load_weights(weights)
    return model
