"""What may import what: shared parts never know the papers, papers never each other, TensorFlow has one place."""

import ast
from pathlib import Path

import pytest

from common.paper import load

ROOT = Path(__file__).parents[1]


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Dotted names of everything that a module imports anywhere, also inside functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written out in this project"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def offences(folder: str, *forbidden: str) -> list[str]:
    """ "file imports name" for every import of a forbidden package below a folder."""
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(folder)
        for name in sorted(imported(path))
        if any(name == package or name.startswith(f"{package}.") for package in forbidden)
    ]


def test_imports_are_seen_wherever_they_stand(tmp_path):
    source = tmp_path / "module.py"
    source.write_text("import a.b\n\ndef f():\n    from c import d\n")
    assert imported(source) == {"a.b", "c.d"}
    assert modules("common") and modules("datasets") and modules("reproductions")


def test_common_knows_neither_data_sets_nor_papers():
    assert offences("common", "datasets", "reproductions", "bench", "tests") == []


def test_data_sets_know_no_papers():
    assert offences("datasets", "reproductions", "bench", "tests") == []


def test_only_tests_and_benchmarks_stand_above_the_papers():
    assert offences("reproductions", "bench", "tests") == []


@pytest.mark.parametrize("name", load.names())
def test_no_paper_imports_another(name):
    others = [f"reproductions.{other}" for other in load.names() if other != name]
    assert offences(f"reproductions/{name}", *others) == []


def test_tensorflow_is_imported_in_one_place_only():
    found = [
        line
        for folder in ("common", "datasets", "reproductions", "inference", "commands", "bench")
        for line in offences(folder, "tensorflow")
    ]
    assert found
    assert [line for line in found if not line.startswith("common/training/tf/")] == []
