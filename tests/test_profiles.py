"""A key of a profile that nothing reads is refused, with its line and the nearest one that is read."""

import shutil
from pathlib import Path

import pytest

import reproductions
from commands import reproduce
from common.paper import load
from common.support.errors import UserError
from reproductions import profiles, registry

ROOT = Path(__file__).parents[1]
SIZES = ("epochs", "fer.epochs", "networks.*.epochs", "narrow")


@pytest.fixture
def paper(tmp_path, monkeypatch):
    """`paper(text)`: the smallest paper with these profiles."""
    monkeypatch.setattr(load, "REPRODUCTIONS", tmp_path)

    def written(text: str) -> load.Paper:
        folder = tmp_path / "little"
        folder.mkdir(exist_ok=True)
        known = (ROOT / "docs/sixth_paper/paper.yaml").read_text(encoding="utf-8").partition("profiles:")[0]
        (folder / "paper.yaml").write_text(f"{known}profiles:\n{text}\n", encoding="utf-8")
        return load.load("little")

    return written


@pytest.mark.parametrize("name", registry.runnable())
def test_the_profiles_of_every_paper_hold_what_its_experiments_read(name):
    profiles.check(load.load(name), registry.reproduction(name).experiments.SIZES)


def test_what_is_read_may_stand_in_any_profile(paper):
    text = "  quick: {synthetic: tiny, seeds: '0,1', epochs: 1, fer: {epochs: 2}, networks: {a: {epochs: 3}, b: {}}}\n"
    profiles.check(paper(text + "  paper: {narrow: {width: 8}, networks: {}}"), SIZES)


@pytest.mark.parametrize(
    ("profile", "key", "nearest"),
    [
        ("{epoch: 1}", "epoch", "epochs"),
        ("{syntetic: tiny}", "syntetic", "synthetic"),
        ("{fer: {epoch: 1}}", "epoch", "epochs"),
        ("{networks: {a: {epochs: 1, Epochs: 2}}}", "Epochs", "epochs"),
        ("{network: {}}", "network", "networks"),
    ],
)
def test_a_misspelt_key_is_refused_with_its_line(paper, profile, key, nearest):
    made = paper(f"  quick: {{epochs: 1}}\n  paper:\n    {profile}")
    with pytest.raises(UserError) as caught:
        profiles.check(made, SIZES)
    path = load.REPRODUCTIONS / "little" / "paper.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert caught.value.problem == f"{path}:{len(lines)} has the unknown key {key!r}."
    assert caught.value.remedy == f"Did you mean {nearest!r}?"
    assert profile in lines[-1]


@pytest.mark.parametrize("template", ["sixth_paper", "still_paper"])
def test_a_command_refuses_it_in_a_paper_made_from_a_template(template, tmp_path, monkeypatch):
    monkeypatch.setattr(reproductions, "__path__", [*reproductions.__path__, str(tmp_path)])
    monkeypatch.setattr(load, "REPRODUCTIONS", tmp_path)
    name = f"misspelt_{template}"
    folder = shutil.copytree(ROOT / "docs" / template, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in folder.glob("*.py"):
        code = path.read_text(encoding="utf-8").replace(f"reproductions.{template}", f"reproductions.{name}")
        path.write_text(code, encoding="utf-8")
    assert reproduce.checked(name).sizes["epochs"] == 2
    path = folder / "paper.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("epochs: 2", "epoch: 2"), encoding="utf-8")
    with pytest.raises(UserError, match=r"paper\.yaml:\d+ has the unknown key 'epoch'\. Did you mean 'epochs'"):
        reproduce.checked(name)
