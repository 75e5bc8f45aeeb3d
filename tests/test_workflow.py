"""The workflow that comes with the repository: what it calls is there."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
FILE = ROOT / ".github" / "workflows" / "reproduce.yml"
JOBS = yaml.safe_load(FILE.read_text(encoding="utf-8"))["jobs"]


def steps() -> list[dict]:
    return [step for job in JOBS.values() for step in job["steps"]]


def test_every_make_target_of_the_workflow_is_one_of_the_makefile():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    called = {name for step in steps() for name in re.findall(r"\bmake ([a-z-]+)", step.get("run", ""))}
    assert {"setup", "lint", "test", "reproduce", "regression"} <= called <= targets


def test_every_file_that_decides_a_cache_is_there():
    keys = [step["with"]["key"] for step in steps() if str(step.get("uses", "")).startswith("actions/cache@")]
    patterns = {name for key in keys for name in re.findall(r"'([^']+)'", key.partition("hashFiles(")[2])}
    assert len(patterns) >= 4
    assert all(any(ROOT.glob(pattern)) for pattern in patterns)


def test_papers_are_found_and_not_listed():
    assert "fromJSON" in JOBS["reproduce"]["strategy"]["matrix"]["paper"]
    assert not any(name.parent.name in FILE.read_text("utf-8") for name in ROOT.glob("reproductions/*/paper.yaml"))
