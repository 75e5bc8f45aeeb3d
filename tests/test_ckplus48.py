"""CK+48 in place of CK+: clips of three frames for the papers that fill short clips, and what is said of such runs."""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

import datasets
from common.media.clips import Clip
from common.paper import load as papers
from common.results import plans
from common.results.config import check
from common.results.loading import load_complete
from common.runs import store
from common.support.errors import UserError
from common.training.train import _corpora
from datasets import ckplus48
from reproductions.cnn3d import data as cnn3d_data
from reproductions.cnn3d import experiments as cnn3d_experiments
from reproductions.cnn3d import measured as cnn3d_measured
from reproductions.cnn3d import preprocessing as cnn3d_preprocessing
from reproductions.cnn3d import tables as cnn3d_tables
from reproductions.convlstm import data as convlstm_data
from reproductions.convlstm import experiments as convlstm_experiments
from reproductions.convlstm import measured as convlstm_measured
from reproductions.convlstm import preprocessing as convlstm_preprocessing
from reproductions.convlstm import tables as convlstm_tables

CKPLUS = "CK+"
FOLDERS = ("anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise")
STEP = {"epochs": 1, "steps_per_epoch": 1, "batch_size": 4, "folds": 1}
NARROW = {
    "cnn3d": {"narrow": {"width": 64, "fc_units": 8}},
    "convlstm": {"narrow": {"filters": [2, 2, 2], "dense_units": 4}},
}


def image(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (48, 48), np.uint8)


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """14 subjects, each with a sequence of two emotions."""
    root = tmp_path_factory.mktemp("data")
    for number in range(28):
        folder = root / "CK+48" / FOLDERS[(number + number // 14) % 7]
        folder.mkdir(parents=True, exist_ok=True)
        for frame in (9, 10, 11):
            name = f"S{100 + number % 14}_{1 + number // 14:03d}_{frame:08d}.png"
            cv2.imwrite(str(folder / name), image(100 * number + frame))
    return root


def request(name: str, experiments, **options):
    paper = papers.load(name)
    small = paper.model_copy(update={"profiles": paper.profiles | {"quick": STEP | NARROW[name]}})
    return check(small, experiments.EXPERIMENTS, experiments.PROTOCOLS_OF, experiments.NETWORKS_OF, **options)


def test_the_copy_is_taken_only_where_the_set_itself_is_not(copy, tmp_path):
    assert datasets.or_copy(tmp_path, "ckplus") == "ckplus"
    (tmp_path / "CK+48").symlink_to(copy / "CK+48")
    assert datasets.or_copy(tmp_path, "ckplus") == "ckplus48" and datasets.or_copy(tmp_path, "oulu") == "oulu"
    for half in ("cohn-kanade-images", "Emotion"):
        (tmp_path / "CK+" / half / "S005").mkdir(parents=True)
    assert ckplus48.locate(tmp_path) and datasets.or_copy(tmp_path, "ckplus") == "ckplus"


@pytest.mark.parametrize(
    ("paper", "module", "tables", "measured", "experiment", "network", "accuracy"),
    [
        ("cnn3d", cnn3d_experiments, cnn3d_tables, cnn3d_measured, "table4", "c1", "table4-c1-mean"),
        ("convlstm", convlstm_experiments, convlstm_tables, convlstm_measured, "table1", "", "table1-ckplus-accuracy"),
    ],
)
def test_papers_that_fill_short_clips_run_on_the_copy(
    copy, tmp_path, paper, module, tables, measured, experiment, network, accuracy
):
    options = {"data": copy, "cache": tmp_path, "results": tmp_path, "workers": 1}
    asked = request(paper, module, experiment=experiment, network=network, protocol="all", **options)
    assert not module.reproduce(asked).synthetic
    runs, _ = store.find(tmp_path / "runs")
    assert {run.identity.protocol for run in runs} == {"published", "clip-disjoint", "strict"}
    assert all(run.record["corpora"] == ["CK+48"] for run in runs)
    evidence = load_complete(asked.paper, "quick", "real", tmp_path)
    summary = evidence.plan.summary[CKPLUS]
    assert summary.instead == "CK+48" and summary.subjects == 14
    assert (summary.ledger["clips"], summary.ledger["frames_read"]) == (28, 84)
    made = {table.name: table for table in tables.tables(evidence)}
    assert "CK+48 instead of CK+" in made[experiment].title
    assert [row["corpus"] for row in made["ledger"].rows] == ["CK+48"]
    found = measured.measurements(evidence)
    assert len(found[accuracy]) == 3
    for claim, several in found.items():
        for one in several:
            assert ckplus48.INSTEAD in one.differs
            assert evidence.judge(evidence.paper.claim(claim).model_copy(update={"check": None}), one).name == (
                "not comparable"
            )
    of_ckplus = {CKPLUS: summary.model_copy(update={"instead": ""})}
    assert plans.alike(evidence.plan, evidence.plan)
    assert not plans.alike(evidence.plan, evidence.plan.model_copy(update={"summary": of_ckplus}))


def test_what_a_network_begins_with_counts_as_well():
    """A network that was trained on the copy before is none of CK+ either."""
    before = SimpleNamespace(record={"corpora": ["CK+48"]})
    samples = SimpleNamespace(table=SimpleNamespace(corpus=["Oulu-CASIA", "Oulu-CASIA"]))
    assert _corpora(SimpleNamespace(samples=samples, initial=before)) == ["Oulu-CASIA", "CK+48"]
    assert _corpora(SimpleNamespace(samples=samples, initial=None)) == ["Oulu-CASIA"]


def clip(copy: Path) -> Clip:
    return ckplus48.index(copy).clips[0]


def test_frames_of_the_copy_are_faces_and_none_is_searched(copy, tmp_path):
    asked = request("cnn3d", cnn3d_experiments, data=copy, cache=tmp_path)
    settings = cnn3d_preprocessing.settings(asked, CKPLUS, clahe=False, cropped=True)
    made = cnn3d_preprocessing.prepare(clip(copy), settings)
    assert made.frame_numbers.tolist() == [0, 1, 2, 2, 2, 2, 2, 2, 2, 2]
    assert made.counts["frames_repeated"] == 7 and made.counts["frames_without_face"] == 0
    for row, number in enumerate((9, 10, 11, 11)):
        whole = cv2.resize(image(number), (112, 112))
        assert np.array_equal(made.frames[row], np.repeat(whole[..., None], 3, axis=2))
    assert "none" in settings.version and "none" in cnn3d_preprocessing.detector_title(settings.detector)

    asked = request("convlstm", convlstm_experiments, data=copy, cache=tmp_path)
    settings = convlstm_preprocessing.settings(asked, CKPLUS, aligned=True)
    made = convlstm_preprocessing.prepare(clip(copy), settings)
    assert made.frame_numbers.tolist() == [0, 0, 1, 1, 1, 1, 2, 2] and made.counts["searches"] == 0
    assert np.array_equal(made.frames[2, ..., 0], cv2.resize(image(10), (64, 64)))


def test_a_search_does_not_take_the_copy(copy, tmp_path):
    asked = request("cnn3d", cnn3d_experiments, data=copy, cache=tmp_path)
    assert cnn3d_data.load(asked, (CKPLUS,))[0][CKPLUS].instead == "CK+48"
    with pytest.raises(UserError, match=r"CK\+ is not at or below"):
        cnn3d_data.load(asked, (CKPLUS,), copies=False)


def test_what_else_is_missing_is_left_out_and_named(copy, capsys):
    asked = request("convlstm", convlstm_experiments, data=copy)
    assert convlstm_experiments._wanted(asked) == ["table1"]
    told = capsys.readouterr().out
    assert "SAVEE is not at or below" in told and "CK+ is not" not in told
    assert convlstm_data.load(asked, (CKPLUS,))[0][CKPLUS].instead == "CK+48"
