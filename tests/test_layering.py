"""What may import what: downwards only, never in a circle, no paper another, TensorFlow in one place. And how long.

The rooms, the lowest first: common (support, media, samples, protocols, runs, training, paper, results), datasets,
reproductions, inference, and on top commands and bench beside each other. Runs stand below the training, for a training
ends with a run. Imports inside functions and those for type checkers count as well: they hide a circle and do not
remove it.
"""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from common.paper import load

ROOT = Path(__file__).parents[1]

# The lowest first; who stands on one step does not import each other.
COMMON = ("support", "media", "samples", "protocols", "runs", "training", "paper", "results")
STEPS = [*((f"common.{room}",) for room in COMMON), ("datasets",), ("reproductions",), ("inference",)]
STEPS.append(("commands", "bench"))
STEP = {room: number for number, rooms in enumerate(STEPS) for room in rooms}
PACKAGES = ("common", "datasets", "reproductions", "inference", "commands", "bench")
LONGEST_FILE, LONGEST_FUNCTION = 300, 40


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


def dotted(path: Path, root: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def graph(root: Path) -> dict[str, set[str]]:
    """Module -> the modules of the project that it imports, for all packages below a folder."""
    files = {dotted(path, root): path for package in PACKAGES for path in (root / package).rglob("*.py")}
    named = {module: imported(path) for module, path in files.items()}
    # `from a.b import c` names the module a.b.c, or c of the module a.b.
    return {
        module: {name if name in files else name.rpartition(".")[0] for name in names} & files.keys() - {module}
        for module, names in named.items()
    }


def circle(modules: Mapping[str, set[str]]) -> list[str]:
    """Modules that import one another in this order, the first of them again at the end; none if there is no circle."""
    try:
        TopologicalSorter(modules).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def room(module: str) -> str:
    package, *below = module.split(".")
    return f"common.{below[0]}" if package == "common" and below else package


def upwards(modules: Mapping[str, set[str]]) -> Iterator[str]:
    """ "module imports module" for every import of something that does not stand lower or in the same room."""
    for module, names in modules.items():
        for name in sorted(names):
            own, other = room(module), room(name)
            if own != other and STEP[own] <= STEP[other]:
                yield f"{module} imports {name}"


@cache
def project() -> dict[str, set[str]]:
    return graph(ROOT)


def written(root: Path, **sources: str) -> dict[str, set[str]]:
    """The graph of a project with these modules, whose names have __ in place of dots."""
    for name, source in sources.items():
        path = root.joinpath(*name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return graph(root)


def test_every_module_stands_in_a_room_that_is_known():
    assert {room(module) for module in project()} - {"common"} == set(STEP)
    assert len(project()) > 200 and sum(map(len, project().values())) > 1000
    assert "common.training.spec" in project()["common.training.train"]
    assert project()["common"] == set()


def test_imports_go_downwards_only():
    assert list(upwards(project())) == []


def test_no_modules_import_each_other_in_a_circle():
    assert circle(project()) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("common__media__images", "from common.samples import store"),
        ("common__samples__store", "def f():\n    import common.training.train"),
        ("common__runs__store", "from common.training.train import Recipe"),
        ("common__results__config", "import datasets.tree"),
        ("datasets__rml", "from reproductions.registry import runnable"),
        ("reproductions__paper__tables", "def f():\n    from commands.figures import WATERMARK"),
        ("inference__card", "from commands import compare"),
        ("commands__cli", "from bench import material"),
        ("bench__material", "if TYPE_CHECKING:\n    from commands.compare import Comparison"),
    ],
)
def test_an_import_upwards_is_seen(tmp_path, module, source):
    others = ("common__samples__store", "common__training__train", "datasets__tree", "reproductions__registry")
    others += ("commands__figures", "commands__compare", "bench__material")
    modules = written(tmp_path, **dict.fromkeys(others, ""))
    assert list(upwards(modules)) == []
    (told,) = upwards(written(tmp_path, **{module: source}))
    assert told.startswith(f"{module.replace('__', '.')} imports ")


@pytest.mark.parametrize(
    "back",
    ["import inference.a", "def f():\n    from inference import a", "if TYPE_CHECKING:\n    from inference.a import A"],
)
def test_a_circle_is_seen(tmp_path, back):
    modules = written(tmp_path, inference__a="from inference.b import B", inference__b="from inference import c")
    assert circle(modules) == []
    assert set(circle(written(tmp_path, inference__c=back))) == {"inference.a", "inference.b", "inference.c"}


def test_nothing_imports_the_tests():
    assert [line for package in PACKAGES for line in offences(package, "tests")] == []


@pytest.mark.parametrize("name", load.names())
def test_no_paper_imports_another(name):
    others = [f"reproductions.{other}" for other in load.names() if other != name]
    assert offences(f"reproductions/{name}", *others) == []


def test_tensorflow_is_imported_in_one_place_only():
    found = [line for folder in PACKAGES for line in offences(folder, "tensorflow")]
    assert found
    assert [line for line in found if not line.startswith("common/training/tf/")] == []


def inside_functions(path: Path) -> set[str]:
    """Dotted names of what a module imports within functions only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    nodes = [node for function in functions for node in ast.walk(function)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module for node in nodes if isinstance(node, ast.ImportFrom)}


def keras_in_functions(folder: Path) -> list[str]:
    return [
        path.name for path in sorted(folder.glob("*.py")) if any(n.startswith("keras") for n in inside_functions(path))
    ]


@pytest.mark.parametrize("name", load.names())
def test_every_paper_has_its_layers_in_networks_and_their_names_in_models(name):
    """The one reads as Keras, the other needs none; no module of a paper hides an import of Keras in a function."""
    folder = ROOT / "reproductions" / name
    assert any(one.startswith("keras") for one in imported(folder / "networks.py"))
    assert not any(one.startswith("keras") for one in imported(folder / "models.py"))
    assert f"reproductions.{name}.networks" in (folder / "models.py").read_text(encoding="utf-8")
    assert keras_in_functions(folder) == []


def test_keras_in_a_function_is_seen(tmp_path):
    (tmp_path / "models.py").write_text("def build():\n    from keras import layers\n")
    (tmp_path / "networks.py").write_text("import keras\n")
    assert keras_in_functions(tmp_path) == ["models.py"]


def lengths(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Each function, also within classes and functions, and its lines from `def` to its end without its docstring."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            docstring = first.end_lineno - first.lineno + 1 if ast.get_docstring(node) is not None else 0
            yield node.name, node.end_lineno - node.lineno + 1 - docstring


def too_long(path: Path) -> list[str]:
    source = path.read_text(encoding="utf-8")
    long = [f"{name}: {lines}" for name, lines in lengths(ast.parse(source)) if lines > LONGEST_FUNCTION]
    count = len(source.splitlines())
    return ([f"the file: {count}"] if count > LONGEST_FILE else []) + long


@pytest.mark.parametrize("package", [package for package in PACKAGES if package != "bench"])
def test_no_file_and_no_function_is_too_long(package):
    found = {path.relative_to(ROOT).as_posix(): too_long(path) for path in modules(package)}
    assert found
    assert {name: what for name, what in found.items() if what} == {}


def test_a_file_and_a_function_that_are_too_long_are_seen(tmp_path):
    """A docstring does not count; a function within a class does, and so does an `async` one."""
    path = tmp_path / "module.py"
    described = 'def f():\n    """One.\n\n    Two.\n    """\n' + 39 * "    a = 1\n"
    path.write_text(described)
    assert too_long(path) == []
    path.write_text(described + "    a = 1\n")
    assert too_long(path) == ["f: 41"]
    path.write_text("class A:\n    async def g(self):\n" + 40 * "        a = 1\n")
    assert too_long(path) == ["g: 41"]
    path.write_text(300 * "a = 1\n")
    assert too_long(path) == []
    path.write_text(301 * "a = 1\n")
    assert too_long(path) == ["the file: 301"]
