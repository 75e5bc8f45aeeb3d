"""Files as people have them, given to `predict`: any name, any format, damaged ones, folders within folders."""

import csv
import json
import os
from pathlib import Path

import cv2
import little_damage
import little_trained
import numpy as np
import pytest
from little_damage import RATE

from commands import cli
from common.media import kinds
from common.media.emotions import Emotion
from common.support import names
from common.support.errors import UserError
from datasets.synthetic.performance import Performance, draw
from inference import film, predict
from inference.chosen import ABOUT, TABLE, Chosen, choose, places

FRAMES = 40


@pytest.fixture(scope="module")
def faces() -> list[np.ndarray]:
    return list(draw(Performance(0, 97, 1, 0, Emotion.SURPRISE, FRAMES, float(RATE), (288, 360), False)))


@pytest.fixture
def trained(tmp_path):
    return little_trained.make(tmp_path / "results")


def rows(folder: Path) -> list[dict]:
    return list(csv.DictReader((folder / TABLE).read_text(encoding="utf-8").splitlines()))


def about(folder: Path) -> dict:
    return json.loads((folder / ABOUT).read_text(encoding="utf-8"))


def seen_names(folder: Path) -> set[str]:
    return {row["file"] for row in rows(folder)}


# --- videos of which a part is missing ---------------------------------------------------------------


def test_a_trimmed_video_is_whole(faces, trained, tmp_path):
    path = little_damage.write(tmp_path / "clip.mp4", faces)
    little_damage.trim(path, 15)
    outcome = predict.predict(choose(path), trained, tmp_path / "out")
    assert outcome.frames == 25 and outcome.partial == [] and outcome.remarks == []


@pytest.mark.parametrize("name", ["clip.avi", "clip.mkv", "clip.mp4"])
def test_half_a_video_says_that_it_is_partial(faces, trained, tmp_path, name):
    path = little_damage.write(tmp_path / name, faces)
    if name == "clip.mp4":
        little_damage.front(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    outcome = predict.predict(choose(path), trained, tmp_path / "out")
    assert 10 < outcome.frames < 30 and outcome.partial == [name]
    assert f"{name}: damaged: {outcome.frames} of its {FRAMES} frames could be read" in outcome.remarks[0]
    assert about(tmp_path / "out")["partial"] == [name]


@pytest.mark.parametrize("name", ["clip.avi", "clip.mkv", "clip.mp4"])
def test_behind_a_hole_it_goes_on_and_no_window_reaches_over_it(faces, trained, tmp_path, name):
    path = little_damage.write(tmp_path / name, faces)
    little_damage.hole(path)
    source = film.film(path)
    times = [time_s for time_s, _ in source]
    assert times[-1] == pytest.approx((FRAMES - 1) / RATE, abs=0.09) and source.holes
    outcome = predict.predict(choose(path), trained, tmp_path / "out")
    assert outcome.partial == [name] and f"{outcome.frames} of its {FRAMES} frames" in outcome.remarks[0]
    written, (hole, *_) = rows(tmp_path / "out"), sorted(source.holes)
    reach = trained.preparation.reach()
    behind = [row["emotion"] for row in written if hole <= int(row["frame"]) < hole + reach - 1]
    assert behind and not any(behind)


def test_an_intact_video_has_no_holes(faces, tmp_path):
    for name in ("clip.avi", "clip.mkv", "clip.mp4", "clip.webm", "clip.ts"):
        source = film.film(little_damage.write(tmp_path / name, faces))
        assert len(list(source)) == FRAMES and not source.holes and source.partial == ""


def test_a_video_that_goes_away_is_told_and_nobody_waits(faces, tmp_path):
    source = film.film(little_damage.write(tmp_path / "clip.mp4", faces))
    source.path.unlink()
    with pytest.raises(UserError, match="There is no file"):
        list(source)


# --- images by their content -----------------------------------------------------------------------


def encoded(image: np.ndarray, ending: str) -> bytes:
    return cv2.imencode(ending, image)[1].tobytes()


def test_images_are_told_by_their_content(faces, trained, tmp_path):
    folder = tmp_path / "mine"
    (folder / "below" / "deeper").mkdir(parents=True)
    jpeg = encoded(faces[0], ".jpg")
    little_damage.write(tmp_path / "clip.mp4", faces[:3])
    expected = set()
    for name in ("a.jfif", "b.jpe", "c.JPG", "d.heic", "e", "f.mp4", "below/g.jpg", "below/deeper/h.JPEG"):
        (folder / name).write_bytes(jpeg)
        expected.add(name)
    for ending in (".webp", ".png", ".bmp", ".tiff", ".gif", ".ppm"):
        (folder / f"x{ending}").write_bytes(encoded(faces[0], ending))
        expected.add(f"x{ending}")
    (folder / "motion.jpg").write_bytes(jpeg + (tmp_path / "clip.mp4").read_bytes())
    (folder / "notes.txt").write_text("PS: BM GIF")
    (folder / "table.csv").write_text("a,b\n")
    outcome = predict.predict(choose(folder), trained, tmp_path / "out")
    assert outcome.unreadable == [] and seen_names(tmp_path / "out") == expected | {"motion.jpg"}
    assert all(row["emotion"] for row in rows(tmp_path / "out"))
    assert len(list((tmp_path / "out").glob("*-seen.png"))) == len(expected) + 1


def test_what_only_looks_like_an_image_or_video_is_named(faces, trained, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "ok.png").write_bytes(encoded(faces[0], ".png"))
    (folder / "photo.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(500))
    (folder / "cut.webp").write_bytes(encoded(faces[0], ".webp")[:500])
    (folder / "song.mp4").write_bytes(b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42" + bytes(500))
    cv2.imwritemulti(str(folder / "scan.tif"), [faces[0], faces[1]])
    outcome = predict.predict(choose(folder), trained, tmp_path / "out")
    assert outcome.frames == 1 and len(outcome.unreadable) == 4
    told = " ".join(outcome.unreadable)
    assert "scan.tif has 2 pages" in told
    assert "photo.heic is a HEIC photograph" in told and "cut.webp is damaged" in told and "song.mp4" in told
    assert about(tmp_path / "out")["unreadable"] == outcome.unreadable


@pytest.mark.parametrize("ending", [".gif", ".webp", ".png"])
def test_an_animation_is_a_film(faces, trained, tmp_path, ending):
    path = tmp_path / f"moving{ending}"
    animation = cv2.Animation()
    animation.frames = [cv2.cvtColor(frame, cv2.COLOR_BGR2BGRA) for frame in faces[:12]]
    animation.durations = np.full(12, 40, np.int32)
    assert cv2.imwriteanimation(str(path), animation)
    assert kinds.of(path) is kinds.Kind.ANIMATION and not film.is_image(path)
    times = [time_s for time_s, frame in film.film(path) if frame.shape == (288, 360, 3)]
    assert len(times) == 12 and np.diff(times) == pytest.approx(0.04, abs=0.011)
    assert predict.predict(choose(path), trained, tmp_path / "out").answers > 0


def test_kinds():
    def told(start: bytes, name: str = "x") -> kinds.Kind:
        return kinds._of(start + bytes(64)) or name

    assert told(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif") is kinds.Kind.IMAGE
    assert told(b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic") is kinds.Kind.HEIF
    assert told(b"\0\0\0\x1cftypavis") is kinds.Kind.ANIMATION
    assert told(b"\0\0\0\x14ftypqt  ") is kinds.Kind.VIDEO
    assert told(b"RIFF\0\0\0\0WAVE") == told(b"%PDF-1.7") == told(b"PK\x03\x04") == "x"


# --- names and folders -------------------------------------------------------------------------------


def test_names_that_are_no_utf_8(faces, trained, tmp_path):
    folder = tmp_path / os.fsdecode(b"f\xfcr alle")
    folder.mkdir()
    (folder / os.fsdecode(b"Gr\xfcn.jpg")).write_bytes(encoded(faces[0], ".jpg"))
    (folder / os.fsdecode(b"Gr\xf6n.jpg")).write_bytes(encoded(faces[0], ".jpg"))
    little_damage.write(tmp_path / "clip.mp4", faces[:12]).rename(folder / os.fsdecode(b"M\xfcller.mp4"))
    (folder / os.fsdecode(b"kaputt\xff.mp4")).write_bytes(b"no film")
    out = folder / "out"
    outcome = predict.predict(choose(folder), trained, out)
    assert seen_names(out) == {"Gr%FCn.jpg", "Gr%F6n.jpg", "M%FCller.mp4"}
    assert "kaputt%FF.mp4 is no video" in outcome.unreadable[0]
    assert {path.name for path in out.glob("*-seen.*")} == {"Gr%FCn-seen.png", "Gr%F6n-seen.png", "M%FCller-seen.mp4"}
    assert (out / "M%FCller-timeline.png").exists() and len(list(film.film(out / "M%FCller-seen.mp4"))) == 12


def test_names_of_240_bytes_get_results_that_fit(faces, trained, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    long = ["漢" * 80, "漢" * 79 + "字"]
    for name in long:
        little_damage.write(tmp_path / "clip.mp4", faces[:12]).rename(folder / f"{name}.mp4")
    (folder / "z.jpg").write_bytes(encoded(faces[0], ".jpg"))
    outcome = predict.predict(choose(folder), trained, tmp_path / "out")
    assert outcome.unreadable == [] and seen_names(tmp_path / "out") == {f"{name}.mp4" for name in long} | {"z.jpg"}
    assert len(list((tmp_path / "out").glob("*-seen.mp4"))) == len(list((tmp_path / "out").glob("*-timeline.png"))) == 2


def test_a_folder_whose_name_is_too_long_is_told_before_the_work(faces, trained, tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(encoded(faces[0], ".png"))
    with pytest.raises(UserError, match="too long"):
        predict.predict(choose(path), trained, tmp_path / ("x" * 300))


def test_names_fit_and_stay_apart():
    one, other = names.fitting("漢" * 90), names.fitting("漢" * 91)
    assert one != other and max(len(one.encode()), len(other.encode())) <= names.ROOM
    assert names.fitting("short") == "short"
    assert places(["a.png", "A.jpg", "b-c.png", "b/c.png", "d/c.png"]) == {
        "a.png": "a-png",
        "A.jpg": "A-jpg",
        "b-c.png": "b-c",
        "b/c.png": "b-c-png",
        "d/c.png": "d-c-png",
    }
    assert len(set(places(["x/a-b.png", "x-a/b.png", "b.png", "a-b.png"]).values())) == 4


def test_a_link_back_is_followed_once_and_a_folder_that_cannot_be_listed_named(faces, trained, tmp_path, monkeypatch):
    folder = tmp_path / "mine"
    (folder / "sub").mkdir(parents=True)
    (folder / "closed").mkdir()
    (folder / "sub" / "a.png").write_bytes(encoded(faces[0], ".png"))
    (folder / "sub" / "again").symlink_to("..")
    (folder / "gone.png").symlink_to("nowhere.png")
    listed = Path.iterdir

    def iterdir(path):
        if path.name == "closed":
            raise OSError(5, "Input/output error")
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    chosen = choose(folder)
    assert list(chosen.files) == ["sub/a.png"]
    assert chosen.left_out == [f"{folder / 'closed'} cannot be listed (Input/output error)."]
    with pytest.raises(UserError, match=r"cannot be listed"):
        choose(folder / "closed")


def test_results_of_an_earlier_run_are_not_looked_at(faces, trained, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.png").write_bytes(encoded(faces[0], ".png"))
    predict.predict(choose(tmp_path / "mine"), trained, tmp_path / "mine" / "out")
    chosen = choose(tmp_path / "mine")
    assert list(chosen.files) == ["a.png"] and "earlier predict" in chosen.left_out[0]


def test_names_are_no_markup_and_no_formula(faces, trained, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(predict, "find", lambda which, results: trained)
    folder = tmp_path / "br[x]"
    folder.mkdir()
    little_damage.write(tmp_path / "clip.mp4", faces[:12]).rename(folder / "interview [final].mp4")
    (folder / '=HYPERLINK("x").png').write_bytes(encoded(faces[0], ".png"))
    (folder / "[bold].mp4").write_bytes(b"no film")
    predict.show(folder, "", tmp_path / "out [1]")
    told = capsys.readouterr().out
    assert "interview [final].mp4: 12 frames" in told and "br[x]/[bold].mp4 is no video" in told
    assert "out [1]" in told
    assert seen_names(tmp_path / "out [1]") == {"interview [final].mp4", './=HYPERLINK("x").png'}


# --- no answer ---------------------------------------------------------------------------------------


def test_a_clip_shorter_than_the_window_is_told(faces, trained, tmp_path):
    path = little_damage.write(tmp_path / "short.mp4", faces[:8])
    outcome = predict.predict(choose(path), trained, tmp_path / "out")
    assert outcome.with_face == 8 and outcome.answers == 0
    (told,) = outcome.remarks
    assert "needs 9 unbroken frames with a face, of 25 a second; the longest sequence here has 8" in told


def test_a_face_that_flickers_is_told_and_can_be_bridged(faces, trained, tmp_path):
    flicker = [np.full_like(face, 90) if number % 5 == 0 else face for number, face in enumerate(faces)]
    path = little_damage.write(tmp_path / "flicker.mp4", flicker)
    outcome = predict.predict(choose(path), trained, tmp_path / "out")
    assert outcome.answers == 0 and "the longest sequence here has 4" in outcome.remarks[0]
    assert "--bridge" in outcome.remarks[0]
    bridged = predict.predict(choose(path), trained, tmp_path / "bridged", predict.Options(bridge=1))
    assert bridged.answers > 15 and bridged.remarks == []
    assert about(tmp_path / "bridged")["options"]["bridge"] == 1


def test_faces_that_fill_their_images(trained, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(predict, "find", lambda which, results: trained)
    (tmp_path / "mine").mkdir()
    crop = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    cv2.imwrite(str(tmp_path / "mine" / "crop.png"), crop)
    little_damage.noise(tmp_path / "mine" / "crops.mp4", 12)
    predict.show(tmp_path / "mine", "", tmp_path / "out")
    assert "No face was found" in (told := capsys.readouterr().out) and "--cropped" in told
    outcome = predict.predict(choose(tmp_path / "mine"), trained, tmp_path / "cropped", predict.Options(cropped=True))
    assert outcome.with_face == 13 and outcome.answers == 5
    assert rows(tmp_path / "cropped")[0]["width"] == "48"


def test_a_face_that_is_not_there_is_told(trained, tmp_path):
    for name in ("a", "b"):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((48, 48, 3), 77, np.uint8))
    first, other = predict.Options(cropped=True, face=1), predict.Options(cropped=True, face=3)
    assert predict.predict(choose(tmp_path / "a.png"), trained, tmp_path / "1", first).remarks == []
    (told,) = predict.predict(choose(tmp_path / "a.png"), trained, tmp_path / "2", other).remarks
    assert told == "a.png: no bars are shown, for there is no face 3, only 1."
    (tmp_path / "both").mkdir()
    for name in ("a.png", "b.png"):
        (tmp_path / name).rename(tmp_path / "both" / name)
    (told,) = predict.predict(choose(tmp_path / "both"), trained, tmp_path / "3", other).remarks
    assert told == "No bars are shown in 2 of 2 files, for there is no face 3 (a.png)."


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (301, 2)])
def test_cropped_faces_may_have_any_size(trained, tmp_path, shape):
    cv2.imwrite(str(tmp_path / "x.png"), np.full((*shape, 3), 77, np.uint8))
    outcome = predict.predict(choose(tmp_path / "x.png"), trained, tmp_path / "out", predict.Options(cropped=True))
    assert outcome.answers == 1


def test_a_turned_image_of_any_format_is_seen_upright(faces, tmp_path):
    from PIL import Image

    turned = Image.fromarray(np.ascontiguousarray(cv2.rotate(faces[0], cv2.ROTATE_90_COUNTERCLOCKWISE)[..., ::-1]))
    note = turned.getexif()
    note[0x0112] = 6
    for ending in (".jpg", ".png", ".webp", ".tiff"):
        turned.save(tmp_path / f"x{ending}", exif=note)
        assert film.image(tmp_path / f"x{ending}").shape == (288, 360, 3), ending


def test_the_options_of_the_command(trained, tmp_path, monkeypatch):
    from typer.testing import CliRunner

    told = {}
    monkeypatch.setattr(predict, "show", lambda source, model, out, options: told.update(options=options))
    ended = CliRunner().invoke(cli.app, ["predict", "x.mp4", "--cropped", "--bridge", "2"])
    assert ended.exit_code == 0 and told["options"] == predict.Options(cropped=True, bridge=2)


def test_equal_names_stay_apart():
    chosen = Chosen()
    for name in ("a.png", "a.png"):
        chosen.add(name, Path(name))
    assert list(chosen.files) == ["a.png", "a.png-2"]
