"""What a paper lacks is said in one sentence, for every part of the contract, before anything is computed."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

import reproductions
from commands import reproduce
from common.paper import load
from common.support.errors import UserError
from reproductions import contract, registry
from reproductions.contract import PARTS
from reproductions.registry import Reproduction

ROOT = Path(__file__).parents[1]
FULL = ROOT / "tests" / "full_paper"
SMALLEST = ROOT / "docs" / "sixth_paper"
# What the full paper lacks: a search, and figures.
SEARCH = """
def run(request, corpora, trials, storage, ended): ...
def tables(paper, profile, data, results): ...
def draw(paper, profile, data, results): ...
"""
FIGURES = "def strips(): ..."
GIVEN = {
    "experiments": [
        "EXPERIMENTS",
        "PROTOCOLS",
        "PROTOCOLS_OF",
        "NETWORKS_OF",
        "CONTROLS",
        "CORPORA",
        "SIZES",
        "reproduce",
    ],
    "measured": ["stated", "measurements"],
    "tables": ["TIMED", "tables", "leaks"],
    "models": ["NETWORKS"],
    "blueprints": ["networks"],
    "inference": ["preparation"],
    "figures": ["strips"],
    "search": ["run", "tables", "draw"],
}
_numbers = count()


@pytest.fixture
def added(tmp_path, monkeypatch) -> Callable[..., Path]:
    """`added()`: the folder of another paper that gives everything, under a name that no other test has used.

    `added(SMALLEST)` is one that lists standard experiments.
    """
    monkeypatch.setattr(reproductions, "__path__", [*reproductions.__path__, str(tmp_path)])
    monkeypatch.setattr(load, "REPRODUCTIONS", tmp_path)

    def add(template: Path = FULL) -> Path:
        name = f"paper_{next(_numbers)}"
        folder = shutil.copytree(template, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        if template == FULL:
            # It prepares clips as the template does.
            clips = (SMALLEST / "preprocessing.py").read_text(encoding="utf-8")
            (folder / "preprocessing.py").write_text(clips, encoding="utf-8")
            (folder / "search.py").write_text(SEARCH)
            (folder / "figures.py").write_text(FIGURES)
        for path in folder.glob("*.py"):
            code = path.read_text(encoding="utf-8").replace(f"reproductions.{template.name}", f"reproductions.{name}")
            path.write_text(code, encoding="utf-8")
        return folder

    return add


def refused(action: Callable, *arguments) -> str:
    with pytest.raises(UserError) as caught:
        action(*arguments)
    assert caught.value.problem.count(". ") == 0  # one sentence
    return str(caught.value)


def part_of(folder: Path, part: str):
    return getattr(registry.reproduction(folder.name), part)


def change(path: Path, old: str, new: str) -> None:
    code = path.read_text(encoding="utf-8")
    assert re.search(old, code)
    path.write_text(re.sub(old, new, code), encoding="utf-8")


def without(path: Path, given: str) -> None:
    """Give a name that the contract asks for another name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        for field in ("id", "name"):
            if getattr(node, field, "") == given:
                setattr(node, field, f"{given}_of_old")
    path.write_text(ast.unparse(tree), encoding="utf-8")


def test_the_contract_is_what_these_tests_look_at():
    given = {
        name: {one for one in {*vars(part.gives), *part.gives.__annotations__} if not one.startswith("_")}
        for name, part in PARTS.items()
    }
    assert given == {name: set(names) for name, names in GIVEN.items()}


@pytest.mark.parametrize("name", registry.runnable())
def test_every_paper_gives_what_it_has_to(name):
    paper = registry.reproduction(name)
    paper.check()
    for part in PARTS:
        assert not paper.has(part) or getattr(paper, part)
    assert all(paper.has(part) for part in ("models", "blueprints", "inference"))


def test_the_full_paper_gives_everything(added):
    paper = registry.reproduction(added().name)
    paper.check()
    assert all(getattr(paper, part) for part in PARTS)
    assert dict(paper.experiments.EXPERIMENTS) == {"table1": "Table 1: accuracy on SAVEE, by protocol"}


def test_a_list_of_standard_experiments_gives_what_every_paper_has_to(added):
    paper = registry.reproduction(added(SMALLEST).name)
    paper.check()
    assert [part for part in PARTS if not paper.has(part)] == ["figures", "search"]
    assert dict(paper.experiments.EXPERIMENTS) == {"table1": "Table 1: accuracy on SAVEE"}
    assert paper.experiments.PROTOCOLS_OF == {"table1": ("published", "clip-disjoint", "strict")}
    assert paper.experiments.NETWORKS_OF == {"table1": ("one_frame",)} and paper.experiments.CORPORA == ("savee",)
    assert list(paper.models.NETWORKS) == ["one_frame"]
    assert paper.name in registry.having("inference") and paper.name not in registry.having("search")


def test_a_module_of_such_a_paper_need_hold_only_what_differs(added):
    folder = added(SMALLEST)
    (folder / "tables.py").write_text("def tables(evidence):\n    return ['mine']\n")
    given = part_of(folder, "tables")
    assert given.tables(None) == ["mine"] and callable(given.leaks) and given.TIMED == ()
    (folder / "measured.py").write_text("def stated(request): ...\n")
    assert "stated in " in refused(part_of, folder, "measured") and "cannot be called" in refused(
        part_of, folder, "measured"
    )


@pytest.mark.parametrize("given", ["STANDARD = [1]", 'STANDARD = {"table1": "Table 1"}'])
def test_a_list_of_something_else_is_named(added, given):
    folder = added(SMALLEST)
    (folder / "experiments.py").write_text(given)
    told = refused(Reproduction(folder.name).check)
    assert told.startswith(f"STANDARD in reproductions/{folder.name}/experiments.py is no Mapping of an Experiment")


def test_the_guide_has_the_sections_that_are_pointed_at():
    headings = re.findall(r"^## (\d+)\. (.*)$", (ROOT / contract.GUIDE).read_text(encoding="utf-8"), re.MULTILINE)
    texts = (ROOT / contract.GUIDE).read_text(encoding="utf-8").split("\n## ")
    assert [int(number) for number, _ in headings] == list(range(1, len(headings) + 1))
    assert [name for name, part in PARTS.items() if f"{name}.py" not in texts[part.section]] == []


@pytest.mark.parametrize(("part", "given"), [(part, one) for part, names in GIVEN.items() for one in names])
def test_what_a_part_lacks_is_named(added, part, given):
    folder = added()
    without(folder / f"{part}.py", given)
    told = refused(part_of, folder, part)
    assert told.startswith(f"reproductions/{folder.name}/{part}.py lacks {given}")
    assert told.endswith(f"docs/adding-a-paper.md, section {PARTS[part].section}, says what belongs there.")


@pytest.mark.parametrize("part", GIVEN)
def test_a_missing_module_is_named(added, part):
    folder = added()
    (folder / f"{part}.py").unlink()
    if part == "experiments":
        assert registry.runnable() == []
        assert "no experiments yet" in refused(registry.reproduction, folder.name)
    else:
        assert not registry.reproduction(folder.name).has(part)
        assert f"reproductions/{folder.name} has no {part}.py (" in refused(part_of, folder, part)


@pytest.mark.parametrize("part", [name for name, part in PARTS.items() if part.required and name != "experiments"])
def test_a_reproduction_does_not_begin_without_what_it_needs_at_its_end(added, part):
    folder = added()
    (folder / f"{part}.py").unlink()
    assert f"has no {part}.py" in refused(reproduce.reproduce, folder.name)


@pytest.mark.parametrize(
    ("part", "needed"), [("models", "blueprints"), ("blueprints", "models"), ("inference", "models")]
)
def test_what_another_part_needs_is_named(added, part, needed):
    folder = added()
    for other in {"models", "blueprints", "inference"} - {part, needed}:
        (folder / f"{other}.py").unlink()
    (folder / f"{needed}.py").unlink()
    told = refused(Reproduction(folder.name).check)
    assert f"has no {needed}.py" in told and f"which {part}.py needs" in told


@pytest.mark.parametrize(
    ("part", "old", "new", "told"),
    [
        ("experiments", r"EXPERIMENTS = \{.*\}", "EXPERIMENTS = {}", "EXPERIMENTS in .* is no Mapping of the title"),
        ("experiments", r"EXPERIMENTS = \{.*\}", "EXPERIMENTS = {1: 2}", "2 is no text"),
        (
            "experiments",
            r"PROTOCOLS = .*",
            'PROTOCOLS = "published"',
            "PROTOCOLS in .* is no Sequence of the",
        ),
        ("experiments", r"NETWORKS_OF = .*", 'NETWORKS_OF = {"table1": "one_frame"}', "'one_frame' is no list"),
        (
            "experiments",
            r"def reproduce\(request: Request\)",
            "def reproduce()",
            r"called as reproduce\(request\)",
        ),
        (
            "tables",
            r"def leaks\(evidence: Evidence\)",
            "def leaks(evidence, more)",
            r"called as leaks\(evidence\)",
        ),
        ("measured", "import recipe", "import reciped", "cannot be imported: cannot import name 'reciped'"),
        ("models", r"NETWORKS = .*", 'NETWORKS = {"one": 1}', "A network of NETWORKS in .* lacks the attribute key"),
    ],
)
def test_another_form_is_named(added, part, old, new, told):
    folder = added()
    change(folder / f"{part}.py", old, new)
    assert re.search(told, refused(part_of, folder, part))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (r"CORPORA = .*", 'CORPORA = ("savee", "savoy")', "names the data set 'savoy', which there is not"),
        (r"\nPROTOCOLS = .*", '\nPROTOCOLS = ("publishd",)', "names the protocol 'publishd', which there is not"),
    ],
)
def test_names_that_nothing_has_are_told(added, old, new, told):
    folder = added()
    change(folder / "experiments.py", old, new)
    assert told in refused(Reproduction(folder.name).check)


def test_a_protocol_that_a_paper_has_not_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("FER_RESULTS", str(tmp_path))
    told = refused(lambda: reproduce.reproduce("emotionalvlan", protocol="clip-disjoint"))
    assert told.startswith("There is no protocol clip-disjoint in emotionalvlan. Choose published or strict")


def test_what_only_looks_needs_no_backend(tmp_path):
    """`list` and `claims` import every paper, and neither Keras nor what is behind it."""
    program = (
        "import sys\n"
        "from commands import claims, listing\n"
        "from reproductions import registry\n"
        "listing.show(None)\n"
        "[registry.reproduction(name).measured for name in registry.runnable()]\n"
        "[registry.reproduction(name).check() for name in registry.runnable()]\n"
        "assert not {'keras', 'tensorflow', 'jax', 'torch', 'optuna'} & set(sys.modules), sorted(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True)


def test_the_example_in_the_contract_names_every_part():
    described = contract.__doc__
    for part, names in GIVEN.items():
        assert f"{part}.py" in described and all(one in described for one in names)
