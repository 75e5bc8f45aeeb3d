"""EmotionalVLAN is used as one network of both stages, which says of a clip what its run said of it in the test."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from common.media import faces, video
from common.paper import load as papers
from common.results.config import Request, check
from common.runs import store, writer
from common.runs.store import Run
from common.support.errors import UserError
from datasets.synthetic.corpora import Size
from inference import export, formats, trained
from inference.trained import Trained
from reproductions.emotionalvlan import data, experiments, eyes
from reproductions.emotionalvlan.data import FER2013, RML
from reproductions.emotionalvlan.inference import preparation
from reproductions.emotionalvlan.preprocessing import FRAMES, SHAPE, Settings, face_image, kept, placing
from reproductions.emotionalvlan.stills import LENGTH, SizedVideos

SIDE = 67
TINY = {
    # Five groups need five subjects.
    "synthetic": Size(4, 3, 3, 1, 3, 1, 140, 4, rml_speakers=5, mmi_subjects=5),
    "narrow": {"width": 16, "size": SIDE},
    "groups": 1,
    "fer2013_pictures": 48,
    "epochs": 3,
    "learning_rate": 0.01,
    "pictures": {"steps_per_epoch": 1, "epochs": 1},
}


@pytest.fixture(scope="module")
def asked(cache, once) -> Request:
    """A request whose runs are finished: RML with both streams, FER2013 with each alone."""
    paper = papers.load("emotionalvlan").model_copy(update={"profiles": {"quick": TINY}})
    options = {"experiment": "table5,fer2013_control", "protocol": "strict", "cache": cache, "workers": 1}

    def reproduce(folder):
        experiments.reproduce(check(paper, experiments.EXPERIMENTS, results=folder, **options))

    return check(paper, experiments.EXPERIMENTS, results=once("emotionalvlan-watching", reproduce), **options)


def run_of(asked: Request, network: str, folder=None) -> Run:
    (run,) = store.find((folder or asked.results) / "runs", network=f"{network}_narrow")[0]
    return run


def said(run: Run, one: Trained) -> np.ndarray:
    """The probabilities of the run's own test, (n, classes)."""
    return run.predictions()[[f"p_{name}" for name in one.classes]].to_numpy()


@pytest.mark.parametrize(("network", "corpus"), [("emotionalvlan", RML), ("spatial", FER2013), ("temporal", FER2013)])
def test_both_stages_together_say_what_the_run_said(asked, network, corpus):
    run = run_of(asked, network)
    one = trained.of(run)
    assert one.model.input_shape[1:] == (LENGTH, SIDE, SIDE, 3)
    corpora, _ = data.load(asked, (corpus,))
    tested = run.predictions()["sample"].to_numpy()[:5]
    videos = SizedVideos(corpora[corpus].videos(asked), SIDE).read(tested).astype(np.float32)
    wanted = said(run, one)[:5]
    assert np.abs(one.model.predict_on_batch(videos) - wanted).max() <= 1e-4
    if network != "temporal":  # to which all images that do not move are one
        assert np.abs(wanted - wanted[0]).max() > 1e-3


def test_a_clip_is_seen_as_in_the_training(asked):
    run = run_of(asked, "emotionalvlan")
    one = trained.of(run)
    corpora, _ = data.load(asked, (RML,))
    ledger = corpora[RML].videos(asked).ledger.set_index("clip")
    clips = {clip.name: clip for clip in corpora[RML].clips}
    compared = 0
    for name, wanted in zip(run.predictions()["clip"], said(run, one), strict=True):
        told = ledger.loc[name]
        if told.frames_without_face or told.frames_without_eyes or told.segments_turned:
            continue  # in the training neighbours help out
        (numbers,) = kept(told.frames_read)
        frames = list(video.frames(clips[name].source))
        window = np.stack([crop(one, frames[number]) for number in numbers])[None]
        assert window.shape == (1, FRAMES, *SHAPE, 3)
        found = one.model.predict_on_batch(one.preparation.inputs(window))
        assert np.abs(found[0] - wanted).max() <= 1e-4
        compared += 1
    assert compared


def crop(one: Trained, frame: np.ndarray) -> np.ndarray:
    return one.preparation.crop(frame, faces.largest(one.preparation.detector.detect(video.grey(frame))))


def test_a_face_without_eyes_is_cut_out_where_they_usually_are(asked):
    one = preparation(run_of(asked, "emotionalvlan"))
    frame = np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)
    box = np.array([50, 40, 100, 100], np.int32)
    assert eyes.within(video.grey(frame), box, "haar_face_and_eyes") is None
    usual = eyes.usual(box, "haar_face_and_eyes")
    assert np.array_equal(one.crop(frame, box), face_image(frame, placing(usual, Settings())))


def test_it_is_used_and_exported_as_one_network(asked, monkeypatch, tmp_path):
    monkeypatch.setenv("FER_CACHE", str(tmp_path / "cache"))
    one = trained.find("emotionalvlan", asked.results)
    assert one.record.identity.protocol == "strict" and len(one.files) == 3
    windows = export.example_windows(one.preparation)[:2]
    wanted = one.model.predict_on_batch(windows)
    assert np.abs(one.probabilities(windows) - wanted).max() <= 1e-4
    place, form = tmp_path / "vlan.keras", formats.choose("keras")
    assert export.export(one, form, place, asked.results).difference <= 1e-4
    assert "Horn-Schunck" in export.card_of(place).read_text(encoding="utf-8")


def test_networks_that_stand_before_it_must_be_there(asked, tmp_path):
    copy = shutil.copytree(asked.results, tmp_path / "results")
    run = run_of(asked, "emotionalvlan", copy)
    first = store.find(copy / "runs", experiment="rml-pictures", network="temporal_cnn_narrow")[0][0]
    # Another seed's network lies there, which says something else of images.
    other = replace(first.identity, seed=1)
    written = shutil.copytree(first.folder, other.folder(copy / "runs").with_name("written.partial"))
    record = {name: value for name, value in first.record.items() if name not in ("key", "contents")}
    writer.publish(written, other, record, copy / "runs")
    assert [one.folder for one in trained.of(run).preparation.before][1] == first.folder
    shutil.rmtree(first.folder)
    with pytest.raises(UserError, match=r"two AlexNets .* not in .*rml-pictures.*make reproduce PAPER=emotionalvlan"):
        trained.of(run)


def test_stage_one_alone_is_refused(asked):
    with pytest.raises(UserError, match=r"stage one of emotionalvlan.*stage two"):
        trained.of(store.find(asked.results / "runs", network="spatial_cnn_narrow")[0][0])


def test_from_end_to_end_it_takes_images_itself(asked):
    run = run_of(asked, "emotionalvlan")
    whole = run.identity.settings | {"weight_sharing": True, "size": SIDE}
    one = preparation(Run(run.folder, replace(run.identity, settings=whole), run.record))
    assert one.before == () and one.inputs(one.blank()).shape == (1, LENGTH, SIDE, SIDE, 3)
