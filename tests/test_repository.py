"""What is written in more than one place agrees: READMEs and results, lock and requirements, Makefile and commands."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typer
from packaging.requirements import Requirement

from commands import cli, readme
from common.paper import load as papers
from reproductions import registry

ROOT = Path(__file__).parents[1]
TEXTS = {".py", ".md", ".txt", ".lock", ".toml", ".yaml", ".yml", ".json", ".csv", ".html", ""}
MACHINE = re.compile(rf"{re.escape(str(ROOT))}|(?<![\w.:/-])/(?:home|root|Users|scratch)/[A-Za-z]")


def repository_files() -> list[Path]:
    """The files of the repository: what git knows or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git repository")
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


def test_no_file_names_a_place_on_somebodys_machine():
    named = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in repository_files()
        if path.suffix in TEXTS and path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if MACHINE.search(line)
    ]
    assert named == []


@pytest.mark.parametrize("path", readme.readmes(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_generated_parts_of_a_readme_are_fresh(path):
    text = path.read_text(encoding="utf-8")
    assert readme.generated(text) == text, "run: make readme"


def requirements(name: str) -> list[Requirement]:
    lines = (line.partition("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def locked() -> dict[str, set[str]]:
    """Versions by name: a package may have several, for several Pythons."""
    versions: dict[str, set[str]] = {}
    for line in requirements("requirements.lock"):
        (version,) = line.specifier
        assert version.operator == "=="
        versions.setdefault(line.name.lower(), set()).add(version.version)
    return versions


def test_the_lock_holds_every_requirement_in_an_allowed_version():
    pinned = locked()
    for needed in requirements("requirements.txt"):
        assert needed.name.lower() in pinned, needed
        assert all(needed.specifier.contains(version) for version in pinned[needed.name.lower()]), needed
        assert {"<", "=="} & {part.operator for part in needed.specifier}, f"{needed} has no upper bound"


@pytest.mark.parametrize("name", registry.runnable())
def test_every_decision_of_a_paper_is_read_by_its_code(name):
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "reproductions" / name).rglob("*.py"))
    idle = [one.name for one in papers.load(name).decisions if not re.search(rf"[\"']{one.name}[\"']", code)]
    assert idle == []


MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = re.findall(r"^([a-z-]+):.*?##", MAKEFILE, re.MULTILINE)
VARIABLES = {
    "PAPER": "timeconvnet",
    "DATA": "/data",
    "PROFILE": "paper",
    "PROTOCOL": "strict",
    "EXPERIMENT": "table1",
    "SEEDS": "0,1",
    "WORKERS": "2",
    "FRESH": "1",
}


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("target", TARGETS)
def test_every_target_calls_a_command_with_options_that_it_has(target):
    words = [f"{name}={value}" for name, value in VARIABLES.items()]
    make = ["make", "-n", target, *words]
    printed = subprocess.run(make, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for line in re.findall(r"-m commands ([^&|;\n]+)", printed):
        command, *options = [word.strip('"') for word in line.split()]
        typer.main.get_command(cli.app).commands[command].make_context(command, options)


def test_every_target_is_explained_and_every_variable_named():
    phony = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)[1].split()
    assert sorted(phony) == sorted(TARGETS)
    shown = re.search(r'"Variables: (.+)"', MAKEFILE)[1]
    assert all(name in shown for name in VARIABLES)
