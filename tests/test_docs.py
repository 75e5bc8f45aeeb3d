"""The documentation is true: its commands, options, variables, links and quoted errors exist."""

import ast
import re
import shlex
import shutil
import subprocess
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
import typer
import yaml

from bench.__main__ import GROUPS
from commands import claims, cli, reproduce
from common.paper import load as papers
from common.results.config import PROTOCOLS
from common.support.errors import UserError
from inference import formats
from reproductions import registry

ROOT = Path(__file__).parents[1]
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS, *sorted(ROOT.glob("reproductions/*/README.md"))]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):.*?##", MAKEFILE, re.MULTILINE))
COMMANDS = typer.main.get_command(cli.app).commands
CODE = "\n".join(
    path.read_text(encoding="utf-8")
    for folder in ("common", "datasets", "reproductions", "inference", "commands", "bench")
    for path in sorted((ROOT / folder).rglob("*.py"))
)
PROGRAM = re.compile(r"(?:\.venv/bin/)?python -m (commands|bench)\b")


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def spans(page: Path) -> list[str]:
    """The inline code of a page; a span may run over a line's end."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text)]


def commands(page: Path) -> list[str]:
    """Everything on a page that a reader could type."""
    lines = [line.partition(" #")[0].strip() for block in blocks(page, "sh") for line in block.splitlines()]
    return [line for line in lines if line] + [
        span for span in spans(page) if PROGRAM.match(span) or (span.startswith("make ") and "=" in span)
    ]


def check(line: str) -> None:
    """Fails if a command, one of its options or one of its variables does not exist."""
    words = shlex.split(line)
    while re.match(r"[A-Z_]+=", words[0]):  # of the environment
        assert words.pop(0).partition("=")[0] in CODE
    if words[0] == "make":
        check_make(words[1:])
    elif words[0] == "cp":
        assert (ROOT / words[-2]).exists()
    else:
        program = PROGRAM.fullmatch(" ".join(words[:3]))
        assert program, f"{line}: what is {words[0]}?"
        check_program(program[1], words[3:])


def check_make(words: list[str]) -> None:
    """Every target exists, every variable changes what is run, and what is run exists."""
    variables = [word for word in words if "=" in word]
    targets = [word for word in words if "=" not in word]
    assert set(targets) <= TARGETS, targets
    for variable in variables:
        others = [word for word in words if word != variable]
        assert dry_run(*words) != dry_run(*others), f"make {' '.join(targets)} does not look at {variable}"
    for line in re.findall(r"-m (commands [^&|;\n]+)", dry_run(*words)):
        program, *rest = shlex.split(line)
        check_program(program, rest)


@cache
def dry_run(*words: str) -> str:
    # As if nothing was installed: setting the environment up is then printed for every target.
    make = ["make", "-n", "VENV=nowhere", *words]
    done = subprocess.run(make, cwd=ROOT, capture_output=True, text=True, check=False)
    # A target that asks for a variable refuses without it, by a printed test.
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_program(program: str, words: list[str]) -> None:
    if program == "bench":
        assert set(words) - {"--small"} <= set(GROUPS)
    elif words != ["--help"] and words:
        name, *rest = words
        assert name in COMMANDS, name
        if rest != ["--help"]:
            chosen = COMMANDS[name].make_context(name, rest).params
            if name == "reproduce" and chosen["paper"] in registry.runnable():
                names = {key: chosen[key] for key in ("protocol", "experiment", "seeds", "launcher")}
                names["settings"] = [word for word in chosen["setting"] if word != "name=value"]
                reproduce.checked(chosen["paper"], profile=chosen["profile"] or "quick", **names)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@each_page
def test_every_command_exists_with_its_options(page):
    for line in commands(page):
        check(line)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(
    "line",
    [
        "make reprodce PAPER=thesis",
        "make reproduce PAPR=thesis",
        "make reproduce PAPER=thesis EXPERIMENT=cnn_ckpuls",
        'make reproduce PAPER=timeconvnet SET="pol=gap"',
        "make report PAPER=thesis",
        ".venv/bin/python -m commands tabel thesis",
        "python -m commands table thesis --formt csv",
        "python -m bench spede",
        "NO_SUCH_NAME=1 make test",
        "reproduce everything",
    ],
)
def test_a_wrong_command_is_noticed(line):
    with pytest.raises((AssertionError, UserError, typer.BadParameter.__base__)):
        check(line)


@each_page
def test_targets_that_are_named_without_variables_exist(page):
    named = {span.removeprefix("make ") for span in spans(page) if span.startswith("make ") and "=" not in span}
    assert named <= TARGETS


@each_page
def test_options_and_variables_that_are_named_exist(page):
    options = {name for command in COMMANDS.values() for option in command.params for name in option.opts} | {"--help"}
    for span in spans(page):
        if not PROGRAM.match(span):
            assert set(re.findall(r"(?<![\w-])--[a-z-]+", span)) <= options, span
        variable = re.fullmatch(r"([A-Z][A-Z_]+)(=.*)?", span)
        if variable:
            assert re.search(rf"\b{variable[1]}\b", MAKEFILE + CODE), span


@each_page
def test_every_link_leads_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if link.startswith("http"):
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_page
def test_source_files_that_are_named_exist(page):
    for span in spans(page):
        if re.fullmatch(r"[\w/]+/[\w/]+\.(py|yaml|json|md)", span):
            assert (ROOT / span).exists() or span.startswith("results/"), span


@each_page
def test_imports_of_examples_work(page):
    for block in blocks(page, "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom):
                module = import_module(node.module)
                for alias in node.names:
                    assert hasattr(module, alias.name) or import_module(f"{node.module}.{alias.name}")


def test_every_page_is_found_from_the_readme():
    readme, index = ((path / "README.md").read_text(encoding="utf-8") for path in (ROOT, ROOT / "docs"))
    for page in DOCS:
        assert f"(docs/{page.name})" in readme
        assert page.name == "README.md" or f"({page.name})" in index


def texts() -> set[str]:
    """Every text in the code, with … for what is filled in, as the questions quote them."""
    found = set()
    for node in ast.walk(ast.parse(CODE)):
        if isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
            found.add(" ".join("".join(parts).split()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(" ".join(node.value.split()))
    return found


def test_the_questions_quote_errors_that_are_raised():
    headings = re.findall(r"^### (.+)$", (ROOT / "docs" / "faq.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(headings) > 15
    assert sorted(set(headings) - texts()) == []


@pytest.mark.parametrize("known", [claims.VERDICTS, PROTOCOLS], ids=["verdicts", "protocols"])
def test_all_words_of_the_tables_are_explained(known):
    named = spans(ROOT / "docs" / "reading-the-tables.md")
    assert set(known) <= set(named)


def test_all_formats_of_an_export_are_named():
    assert set(formats.FORMATS) <= set(spans(ROOT / "docs" / "using-the-model.md"))


@pytest.mark.parametrize("template", ["sixth_paper", "still_paper"])
def test_the_walk_names_every_file_of_a_template(template):
    walk = (ROOT / "docs" / "adding-a-paper.md").read_text(encoding="utf-8")
    files = [path.name for path in (ROOT / "docs" / template).iterdir() if path.suffix in (".py", ".yaml")]
    assert [name for name in files if name != "__init__.py" and f"({template}/{name})" not in walk] == []


# --- citation, licence, changelog ------------------------------------------------------------------

PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def of_project(key: str) -> str:
    return re.search(rf'^{key} = "(.+)"$', PROJECT, re.MULTILINE)[1]


@pytest.fixture
def citation() -> dict:
    return yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def test_the_citation_names_this_version_and_every_paper(citation):
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["version"] == of_project("version")
    cited = {one["title"]: one for one in citation["references"]}
    missing = {papers.load(name).title for name in papers.names()} ^ set(cited)
    assert not missing, f"CITATION.cff and the papers do not agree: {missing} (docs/adding-a-paper.md)"
    for paper in map(papers.load, papers.names()):
        one = cited[paper.title]
        assert [f"{who['family-names']}, {who['given-names']}" for who in one["authors"]] == paper.authors
        assert one["year"] == paper.year
        assert (one.get("doi", ""), one.get("url", "")) == (paper.doi, paper.url)


def test_the_licence_is_the_one_that_is_declared(citation):
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License\n" in text and "Version 2.0, January 2004" in text and "END OF TERMS AND CONDITIONS" in text
    assert citation["license"] == of_project("license") == "Apache-2.0"


def test_the_changelog_begins_with_this_version():
    versions = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert versions[0] == of_project("version")
