"""What people have beside the frames of a sequence: index and reader agree on which files are its frames."""

import cv2
import numpy as np
import pytest

from common.media import video
from common.support import files
from datasets import afew, ckplus, numbering, oulu


def write_image(path, value=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((8, 8), value, np.uint8))


def ck(home, number: int, ending: str = ".png"):
    return home / "cohn-kanade-images" / "S005" / "001" / f"S005_001_{number:08d}{ending}"


def ck_sequence(home, ending=".png"):
    for number in range(1, 12):
        write_image(ck(home, number, ending), 10 * number)
    label = home / "Emotion" / "S005" / "001" / "S005_001_00000011_emotion.txt"
    label.parent.mkdir(parents=True)
    label.write_text("3")


def oulu_sequence(home, ending=".jpeg"):
    for number in range(11):
        write_image(home / "VL" / "Strong" / "P001" / "Anger" / f"{number:03d}{ending}", 10 * number + 10)


def afew_faces(home, ending=".jpg"):
    for part in afew.PARTS:
        place = home / f"{part}_AFEW"
        (place / "Angry").mkdir(parents=True)
        (place / "Angry" / "000000280.avi").touch()
        for number in range(11):
            write_image(place / "AlignedFaces" / "Faces" / "000000280" / f"{number:03d}{ending}", 10 * number + 10)


SETS = {
    "CK+": (ck_sequence, ".png", ckplus.index),
    "Oulu-CASIA": (oulu_sequence, ".jpeg", oulu.index),
    "AFEW": (afew_faces, ".jpg", lambda home: afew.index(home, "aligned_faces")),
}
# What croppers, landmark programs, file managers and copying leave beside a frame.
BESIDE = {
    "crop in another format": lambda frame: frame.with_suffix(".bmp"),
    "crop in a format with loss": lambda frame: frame.with_suffix(".jpeg" if frame.suffix == ".jpg" else ".jpg"),
    "webp": lambda frame: frame.with_suffix(".webp"),
    "crop with a word": lambda frame: frame.with_name(f"{frame.stem}_crop{frame.suffix}"),
    "crop with a word before": lambda frame: frame.with_name(f"face_{frame.name}"),
    "copy": lambda frame: frame.with_name(f"{frame.stem} - Copy{frame.suffix}"),
    "second copy": lambda frame: frame.with_name(f"{frame.stem} (1){frame.suffix}"),
    "other case": lambda frame: frame.with_name(f"{frame.stem}{frame.suffix.upper()}"),
}


@pytest.mark.parametrize("kind", BESIDE)
@pytest.mark.parametrize("name", SETS)
def test_a_file_beside_each_frame_is_named_and_left_out(tmp_path, name, kind):
    write, ending, index = SETS[name]
    write(tmp_path)
    clean = index(tmp_path).clips[0]
    kept = files.fingerprint(clean.source, clean.frames)
    frames = [*tmp_path.rglob(f"*{ending}")]
    for frame in frames:
        beside = BESIDE[kind](frame)
        assert not beside.exists()
        if beside.suffix == ".webp":
            beside.write_bytes(b"RIFF")
        else:
            write_image(beside, 255)
    found = index(tmp_path)
    (stray,) = {one for one in found.findings if one.kind == numbering.STRAY and one.path.startswith(clean.name)}
    assert stray.detail == "11 such images, left out"
    clip = found.clips[0]
    assert clip == clean and len(clip.frames) == video.length(clip) == len(video.images(clip)) == 11
    assert [round(float(image.mean()), -1) for image in video.frames(clip)] == list(range(10, 120, 10))
    assert files.fingerprint(clip.source, clip.frames) == kept == files.fingerprint(clip.source, clip.frames[::-1])


@pytest.mark.parametrize("name", SETS)
def test_a_clean_folder_is_known_by_the_same_content_as_before(tmp_path, name):
    write, _, index = SETS[name]
    write(tmp_path)
    found = index(tmp_path)
    assert [one for one in found.findings if one.kind == numbering.STRAY] == []
    assert files.fingerprint(found.clips[0].source, found.clips[0].frames) == files.fingerprint(found.clips[0].source)


def test_a_crop_does_not_fill_a_gap(tmp_path):
    ck_sequence(tmp_path)
    for number in (10, 11, 12):
        write_image(ck(tmp_path, number, ".jpg"))
    ck(tmp_path, 11).unlink()
    found = ckplus.index(tmp_path)
    assert found.clips[0].frames[-1] == ck(tmp_path, 10).name
    assert {one.kind: one.detail for one in found.findings} == {
        numbering.STRAY: "3 such images, left out",
        "peak is not the last frame": "labelled S005_001_00000011, last S005_001_00000010",
    }


def test_a_copy_that_was_converted_as_a_whole_is_read(tmp_path):
    ck_sequence(tmp_path, ".jpg")
    found = ckplus.index(tmp_path)
    assert len(found.clips[0].frames) == 11 and found.findings == ()


def test_frames_under_other_names_are_read_and_named(tmp_path):
    ck_sequence(tmp_path)
    folder = ck(tmp_path, 1).parent
    for frame in [*folder.iterdir()]:
        frame.rename(folder / f"frame{int(frame.stem[-8:])}.png")
    write_image(folder / "frame3.jpg")
    found = ckplus.index(tmp_path)
    assert found.clips[0].frames == tuple(f"frame{number}.png" for number in range(1, 12))
    assert {one.kind: one.detail for one in found.findings} == {
        numbering.STRAY: "1 such images, left out",
        "irregular file name": "11 such images, read",
        "peak is not the last frame": "labelled S005_001_00000011, last frame11",
    }
