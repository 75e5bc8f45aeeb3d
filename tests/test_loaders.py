"""What every loader of a data set must do; what one set has of its own is tested beside it (test_savee.py, ...)."""

from pathlib import Path

import pytest
from little_loaders import kinds, shuffled, touch

import datasets
from commands import listing, obtain
from common.media.clips import Index, provenance
from common.support.console import console
from common.support.errors import UserError
from datasets.summary import count, summarise
from datasets.synthetic import corpora

EVERY = pytest.mark.parametrize("key", datasets.names())
CLIP_SETS = [key for key in corpora._WRITERS if key != "fer2013"]
SETTINGS = {"afew": [{}, {"form": "aligned_faces"}], "oulu": [{}, {"camera": "NI", "light": "Dark"}]}

# Files that look like those of a set, by the set that must not take them for its own.
FOREIGN = {
    "savee": (
        *("DC/a1.mp4", "AB/a1.avi", "a1.avi", "S001/a1.avi", "music/DC_live.wav"),
        "subject 1/anger/sentence 1/s1_an_1.avi",
    ),
    "rml": (
        *("s1/an1.mp4", "s9/an1.avi", "an1.avi", "s1/a1.avi", "s1/x.avi"),
        *("s001/S001_001.mp4", "subject 1/anger/s1_an_1.avi"),
    ),
    "mmi": ("Sessions/1/P1-Rec1.avi", "S001-001.avi", "s001/S001_001.avi", "1/S01-001.xml"),
    "afew": (
        *("train/angry/000000280.jpg", "train/angry/im12.avi", "subject 6/disgust/s6_di.avi"),
        *("subject 1/fear/sentence 1/s1_fe_1.avi", "DC/a1.avi", "Test_AFEW/000000280.avi", "Train_AFEW/000000280.avi"),
    ),
    "oulu": (
        *("cohn-kanade-images/S005/001/000.jpeg", "P001/Anger/000.jpeg", "Strong/P001/Anger/000.jpeg"),
        *("VL/P001/Anger/000.jpeg", "VL/Bright/P001/Anger/000.jpeg", "UV/Strong/P001/Anger/000.jpeg"),
        *("VL/Strong/S001/Anger/000.jpeg", "VL_48x48/Strong/P001/Anger/000.jpeg"),
    ),
}


@pytest.mark.parametrize("key", CLIP_SETS)
def test_a_loader_reads_its_own_set_in_one_order_and_no_other(shared, key, capsys, monkeypatch):
    root = corpora.ensure(shared / "cache" / "synthetic", "tiny", sets=(key,))
    check_loader(key, root)
    monkeypatch.setattr(console, "width", 400)
    listing.verify(datasets.load(key).locate(root))
    check_summary(key, root, capsys.readouterr().out)


def check_loader(key: str, root: Path) -> None:
    """Fails if a synthetic set is not found, not read from its own folder, or otherwise in another order of files."""
    dataset = datasets.load(key)
    for chosen in SETTINGS.get(key, [{}]):
        index = dataset.index(root, **chosen)
        assert index.root == dataset.locate(root) and index.clips
        assert dataset.index(index.root, **chosen) == index
        assert provenance(index.root).synthetic
        assert len({clip.name for clip in index.clips}) == len(index.clips)
        assert kinds(index)["clip without label"] == len(index.clips) - len(index.labelled)
        for seed in range(3):
            with shuffled(seed):
                same = dataset.index(root, **chosen) == index  # a diff of thousands of clips would take minutes
            assert same
    for folder in (home := index.root, *(one for one in index.clips[0].source.parents if home in one.parents)):
        assert {other for other in datasets.names() if datasets.load(other).locate(folder)} <= {key}


def check_summary(key: str, root: Path, printed: str) -> None:
    """Fails if verify-data left out a count of a synthetic set, or one of its findings."""
    dataset = datasets.load(key)
    counted = summarise(dataset.index(root), dataset.EXPECTED)
    assert f"{dataset.NAME} at " in printed and "A synthetic corpus" in printed
    lines = printed.splitlines()
    for row in counted.rows:
        numbers = {str(row.found), *([str(row.expected)] if row.expected else [])}
        assert any(row.what in line and numbers <= set(line.replace(",", "").split()) for line in lines), row
    for group in counted.findings:
        assert f"{group.kind} ({group.count}): {group.examples[0].path}" in printed


@pytest.mark.parametrize(("key", "name"), [(key, name) for key, names in FOREIGN.items() for name in names])
def test_another_folder_is_not_taken_for_the_set(tmp_path, key, name):
    dataset = datasets.load(key)
    touch(tmp_path, name)
    assert dataset.locate(tmp_path) is None
    with pytest.raises(UserError) as caught:
        dataset.index(tmp_path)
    assert caught.value.problem == f"{dataset.NAME} is not at or below {tmp_path}."
    assert caught.value.remedy == dataset.OBTAIN == obtain.how(dataset.NAME)


@EVERY
def test_missing_and_empty_roots(tmp_path, key):
    dataset = datasets.load(key)
    with pytest.raises(UserError, match=r"nowhere does not exist.*DATA="):
        dataset.index(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"is empty.*DATA="):
        dataset.index(tmp_path)
    touch(tmp_path / "file")
    with pytest.raises(UserError, match=r"is a file.*DATA="):
        dataset.index(tmp_path / "file")
    with pytest.raises(UserError) as caught:
        dataset.index(tmp_path)
    assert dataset.NAME in caught.value.problem
    assert caught.value.remedy == dataset.OBTAIN


@EVERY
def test_every_module_keeps_the_contract(key):
    dataset = datasets.load(key)
    assert key == dataset.KEY
    assert dataset.NAME
    assert dataset.OBTAIN.endswith(".")
    assert dataset.CITATION.endswith(".")
    assert all(expectation.source for expectation in dataset.EXPECTED)
    nothing = Index(dataset.NAME, Path(), ())
    assert all(count(nothing, expectation.what) == 0 for expectation in dataset.EXPECTED)


@pytest.mark.parametrize("key", ["oulu", "savee", "afew", "rml", "mmi"])
def test_more_of_a_drawn_set_leaves_the_first_as_it_was(key):
    writer, _, sizes = corpora._WRITERS[key]

    def plan(size: str, seed: int) -> set:
        return set(writer.plan(Path(), *(getattr(corpora.SIZES[size], name) for name in sizes), seed))

    assert plan("tiny", 0) < plan("study", 0)
    assert not plan("tiny", 0) & plan("tiny", 1)
