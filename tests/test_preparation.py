"""Each paper's network is shown of a video what its own preprocessing would have made of it."""

from dataclasses import replace
from pathlib import Path

import fake_runs
import numpy as np
import pytest

from common.media import faces, video
from common.media.clips import Clip
from common.media.emotions import Emotion
from common.runs.store import Run
from common.support.errors import UserError
from datasets.synthetic import media
from datasets.synthetic.performance import Performance
from inference.finder import Face
from inference.stream import Windows
from reproductions import registry
from reproductions.cnn3d import preprocessing as cnn3d
from reproductions.convlstm import preprocessing as convlstm
from reproductions.inference import Preparation
from reproductions.thesis import preprocessing as thesis
from reproductions.timeconvnet import preprocessing as timeconvnet

FRAMES = 12


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Clip:
    """A folder of images, as CK+ has them."""
    folder = tmp_path_factory.mktemp("S001") / "001"
    performance = Performance(0, 96, 3, 0, Emotion.HAPPY, FRAMES, 30.0, (490, 640), True)
    media.write(media.Recording(performance, folder))
    return Clip("CK+", "S001/001", "S001", Emotion.HAPPY, folder)


def preparation(
    tmp_path: Path, paper: str, network: str, experiment: str = "table2", contempt: bool = False, settings=(), **more
) -> Preparation:
    made = fake_runs.publish(tmp_path)
    identity = replace(made.identity, paper=paper, network=network, experiment=experiment, settings=dict(settings))
    classes = [*fake_runs.CLASSES[:6], "Contempt" if contempt else "Neutral"]
    run = Run(made.folder, identity, made.record | {"classes": classes} | more)
    return registry.reproduction(paper).inference.preparation(run)


def watched(clip: Clip, one: Preparation) -> np.ndarray:
    """The crops of a clip (n, H, W, C) whose faces are searched frame by frame."""
    crops = []
    for frame in video.frames(clip.source):
        box = faces.largest(one.detector.detect(video.grey(frame)))
        crops.append(one.crop(frame, box))
    return np.stack(crops)


def test_timeconvnets_see_their_faces(clip, tmp_path):
    one = preparation(tmp_path, "timeconvnet", "tcn_mini_xception")
    wanted = timeconvnet.prepare(clip, timeconvnet.Settings()).frames
    assert np.array_equal(watched(clip, one), wanted)
    window = one.inputs(wanted[None, :5])
    assert np.array_equal(window[0, :, :, 2], wanted[2, :, :, 0].astype(np.float32) / 255)


def test_the_thesis_sees_its_images(clip, tmp_path):
    one = preparation(tmp_path, "thesis", "cnn_ckplus", "cnn_ckplus")
    wanted = thesis.prepare(clip, thesis.Settings()).frames
    assert np.array_equal(watched(clip, one)[-3:], wanted)
    assert one.frames == 1 and one.inputs(wanted[:, None]).shape == (3, 48, 48, 1)


@pytest.mark.parametrize("grey", [True, False])
def test_the_3d_cnn_sees_its_last_ten_faces(clip, tmp_path, grey):
    one = preparation(tmp_path, "cnn3d", "c1_narrow", "ckplus-folds", contempt=grey)
    wanted = cnn3d.prepare(clip, cnn3d.Settings(grey=grey)).frames
    assert np.array_equal(watched(clip, one)[-10:], wanted)
    assert one.frames == 10 and one.inputs(wanted[None]).shape == (1, 10, 112, 112, 3)


def test_the_convlstm_sees_faces_aligned_as_in_its_training(clip, tmp_path):
    one = preparation(tmp_path, "convlstm", "convlstm_narrow", "savee-clips")
    made = convlstm.prepare(clip, convlstm.Settings())
    found = watched(clip, one)[made.frame_numbers]
    assert found.shape == made.frames.shape == (8, 64, 64, 1)
    # Another detector's box moves the landmarks a little; unaligned faces are more than twice as far off.
    far = np.stack(
        [faces.crop(frame, np.array([0, 0, *frame.shape[1::-1]]), 64) for frame in video.frames(clip.source)]
    )
    off = np.abs(found.astype(int) - made.frames).mean()
    assert off < 12 and off < np.abs(far[made.frame_numbers, :, :, :1].astype(int) - made.frames).mean() / 2


def test_dark_windows_are_corrected_for_afew_only(tmp_path):
    windows = np.stack([np.full((8, 64, 64, 1), value, np.uint8) for value in (40, 120)])
    plain = preparation(tmp_path / "a", "convlstm", "convlstm", "savee-clips").inputs(windows)
    lit = preparation(tmp_path / "b", "convlstm", "convlstm_afew", "afew-parts").inputs(windows)
    assert np.allclose(plain[:, 0, 0, 0, 0], [40 / 255, 120 / 255])
    assert lit[0].min() > plain[0].max() and np.array_equal(lit[1], plain[1])


def test_the_network_on_fer2013_sees_single_images(clip, tmp_path):
    one = preparation(tmp_path, "convlstm", "cnn_fer2013_64", "fer2013")
    assert one.frames == 1 and one.inputs(one.blank()).shape == (1, 48, 48, 1)


def test_a_run_made_with_other_settings_watches_with_them(clip, tmp_path):
    def made_with(paper: str, network: str, experiment: str, **decisions) -> Preparation:
        return preparation(tmp_path / paper, paper, network, experiment, decisions=decisions)

    fine = made_with("timeconvnet", "tcn_mini_xception", "table2", scale_factor=1.1)
    assert fine.detector.scale_factor == 1.1 and "scale factor 1.1" in fine.description[0]

    plain = made_with("cnn3d", "c1_narrow", "oulu-folds", clahe=False, oulu_colour="grey", box_margin=0.2)
    wanted = cnn3d.prepare(clip, cnn3d.Settings(grey=True, clahe=False, box_margin=0.2)).frames
    assert np.array_equal(watched(clip, plain)[-10:], wanted)

    small = preparation(tmp_path / "small", "cnn3d", "c1_narrow", "ckplus-folds", contempt=True, settings={"size": 32})
    assert watched(clip, small).shape[1:] == small.blank().shape[2:] == (32, 32, 3)

    close = made_with("convlstm", "convlstm_narrow", "savee-clips", eye_distance=0.6)
    usual = preparation(tmp_path / "usual", "convlstm", "convlstm_narrow", "savee-clips")
    assert "60% of the width apart" in close.description[1]
    assert not np.array_equal(watched(clip, close), watched(clip, usual))


def test_windows_take_every_other_frame_where_the_training_did(tmp_path):
    one = preparation(tmp_path, "timeconvnet", "tcn_mini_xception")
    windows = Windows(one)
    frames = [np.full((100, 100, 3), 10 * k, np.uint8) for k in range(9)]
    *_, last = [windows.add(frame, [Face(4, (20, 20, 50, 50))]) for frame in frames]
    assert last[4][:, 0, 0, 0].tolist() == [0, 20, 40, 60, 80]


def test_a_paper_that_cannot_watch_is_refused(tmp_path, monkeypatch):
    from inference import trained

    monkeypatch.setattr(trained, "_watches", lambda paper: paper == "thesis")
    with pytest.raises(UserError, match=r"cannot watch a video yet.*thesis"):
        trained.find("timeconvnet", tmp_path)
    with pytest.raises(UserError, match=r"cannot watch a video yet.*thesis"):
        trained.of(fake_runs.publish(tmp_path))
