"""Sets of images: FER2013 in all its forms with FER+, CK+48, the drawn FER2013, and what training reads of them."""

import csv
import gzip
import io
import lzma
import os
import tracemalloc
import zipfile
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.media import video
from common.media.clips import Index, provenance
from common.media.emotions import Emotion
from common.media.images import BALLOT, StillImages
from common.samples import images as image_samples
from common.support.errors import UserError
from datasets import ckextended, ckplus48, fer2013, fer2013_csv, ferplus, image_duplicates
from datasets.summary import count, summarise
from datasets.synthetic import corpora, write_fer2013
from datasets.synthetic.corpora import Size

REAL = Path(__file__).parents[2] / "shared" / "data"
WORDS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def noise(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 48, 48), np.uint8)


def numbers(pixels: np.ndarray) -> str:
    return " ".join(map(str, pixels.ravel().tolist()))


def rows(count: int = 14) -> list[tuple]:
    """All seven classes in turn; the last two rows are the test parts."""
    usages = ["Training"] * (count - 2) + ["PublicTest", "PrivateTest"]
    return [(row % 7, numbers(pixels), usages[row]) for row, pixels in enumerate(noise(count))]


def text(table: list[tuple], header="emotion,pixels,Usage") -> bytes:
    return "\n".join([header, *(",".join(map(str, row)) for row in table), ""]).encode()


def write(folder: Path, table: list[tuple] | bytes, name: str = "fer2013.csv") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(table if isinstance(table, bytes) else text(table))
    return path


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.csv", content)
    return buffer.getvalue()


def kinds(index: Index) -> Counter:
    """Of what was found; the little sets of these tests never have the official counts."""
    return Counter(finding.kind for finding in index.findings if finding.kind != fer2013.OTHER_COUNTS)


def refuse(folder: Path, *told: str, read=fer2013.read) -> None:
    with pytest.raises(UserError) as caught:
        read(folder)
    for part in told:
        assert part in str(caught.value)


# --- the csv in all its forms ----------------------------------------------------------------------

FORMS = {
    "fer2013.csv": lambda plain: plain,
    "FER2013.CSV": lambda plain: plain,
    "fer2013.csv.xz": lzma.compress,
    "fer2013.csv.gz": gzip.compress,
    "fer2013.csv.zip": lambda plain: zipped(fer2013=plain),
    "fer2013.zip": lambda plain: zipped(fer2013=plain),
    "icml_face_data.csv": lambda plain: text([(e, u, p) for e, p, u in rows()], "emotion, Usage, pixels"),
    "icml_face_data.csv.xz": lambda plain: lzma.compress(FORMS["icml_face_data.csv"](plain)),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("nest", ["", "data/fer2013"])
def test_every_form_of_the_csv_reads_alike(tmp_path, name, nest):
    write(tmp_path / nest, FORMS[name](text(rows())), name)
    read = fer2013.read(tmp_path)
    assert fer2013.locate(tmp_path) == tmp_path / nest
    assert np.array_equal(read.pixels, noise(14))
    assert [Emotion(emotion) for emotion in read.emotions] == list(fer2013.CODES) * 2
    assert read.partitions.tolist() == ["Training"] * 12 + ["PublicTest", "PrivateTest"]
    assert read.clips.tolist() == read.subjects.tolist() == [f"row {row}" for row in range(14)]
    assert read.votes is None


def test_codes_are_those_of_the_challenge_and_not_the_order_of_folders():
    assert [emotion.value.lower() for emotion in fer2013.CODES] == list(WORDS)
    assert list(WORDS) != sorted(WORDS)


@given(
    count=st.integers(2, 6),
    seed=st.integers(0, 99),
    piece=st.integers(1, 60_000),
    blank=st.booleans(),
    end=st.sampled_from(["\n", "\r\n"]),
    quote=st.sampled_from(["", '"']),
    bom=st.sampled_from([b"", b"\xef\xbb\xbf"]),
)
@settings(max_examples=25, deadline=None)
def test_rows_survive_any_writing_and_any_cut_into_pieces(tmp_path_factory, count, seed, piece, blank, end, quote, bom):
    wanted = noise(count, seed)
    lines = [
        "emotion,pixels,Usage",
        *(f"{row % 7},{quote}{numbers(one)}{quote},Training" for row, one in enumerate(wanted)),
    ]
    path = tmp_path_factory.mktemp("csv") / "fer2013.csv"
    path.write_bytes(bom + (end.join(lines) + end + (end if blank else "")).encode())
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(fer2013_csv, "_PIECE", piece)
        read = fer2013_csv.read(path)
    assert np.array_equal(read.pixels, wanted)
    assert read.emotions.tolist() == [fer2013.CODES[row % 7] for row in range(count)]


def test_a_long_csv_is_never_in_memory_as_a_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(fer2013_csv, "_PIECE", 2**17)
    path = write(tmp_path, rows(500))
    tracemalloc.start()
    read = fer2013_csv.read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(read.pixels) == 500
    assert peak < path.stat().st_size


# --- a csv that is not as it should be -------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("emotion,pixels", "no column Usage"),
        ("label,image,Usage", "no column emotion and no pixels"),
        ("", "no column emotion"),
        ("0,70 80 82,Training", "no column emotion"),
    ],
)
def test_a_wrong_header(tmp_path, header, told):
    path = write(tmp_path, text(rows(), header))
    refuse(tmp_path, str(path), told, "emotion, pixels, Usage")


WHOLE = numbers(noise(1)[0])
SHORT = WHOLE.rpartition(" ")[0]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ((0, SHORT, "Training"), "line 4 has 2,303 pixels instead of 2,304"),
        ((0, SHORT.replace(" ", "  ", 1), "Training"), "line 4 has 2,303 pixels"),
        ((0, f"{WHOLE} 7", "Training"), "line 4 has 2,305 pixels"),
        ((0, "", "Training"), "line 4 has 0 pixels"),
        ((0, f"{SHORT} 256", "Training"), "line 4 has the value 256, which is over 255"),
        ((0, f"{SHORT} 99999999999999999999", "Training"), "over 255"),
        ((0, f"{SHORT} -1", "Training"), "line 4 has pixels that are no whole numbers (-)"),
        ((0, f"{SHORT} 0.5", "Training"), "no whole numbers (.)"),
        ((0, f"{SHORT} x", "Training"), "no whole numbers (x)"),
        ((0, WHOLE, ""), "line 4 has an empty Usage"),
        ((0, WHOLE, "Test"), "line 4 has the unknown Usage 'Test'"),
        ((7, WHOLE, "Training"), "line 4 has the label 7, but FER2013 has only 0 to 6"),
        (("happy", WHOLE, "Training"), "line 4 has the label 'happy', which is no number"),
        (("", WHOLE, "Training"), "line 4 has the label ''"),
        (("-1", WHOLE, "Training"), "line 4 has the label '-1'"),
        (("²", WHOLE, "Training"), "line 4 has the label '²'"),
        ((0, WHOLE), "line 4 has 2 columns instead of 3"),
    ],
)
def test_a_row_that_is_wrong(tmp_path, row, told):
    table = rows()
    table[2] = row
    path = write(tmp_path, table)
    refuse(tmp_path, str(path), told)


def test_lines_are_counted_over_all_pieces_and_empty_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(fer2013_csv, "_PIECE", 1)
    table = rows()
    table[9] = (7, WHOLE, "Training")
    write(tmp_path, text(table).replace(b"\n", b"\n\n", 3))
    refuse(tmp_path, "line 14 has the label 7")


@pytest.mark.parametrize("name", ["fer2013.csv.xz", "fer2013.csv.gz", "fer2013.csv.zip"])
@pytest.mark.parametrize(
    "damage", [lambda whole: whole[: len(whole) // 2], lambda whole: whole[:-9], lambda _: b"none"]
)
def test_a_packed_file_that_is_cut_off(tmp_path, name, damage):
    path = write(tmp_path, damage(FORMS[name](text(rows()))), name)
    refuse(tmp_path, f"{path} is cut off or damaged", "Download it again")


def test_a_plain_file_that_is_cut_off(tmp_path):
    write(tmp_path, text(rows())[:-3000])
    refuse(tmp_path, "line 15 has")


@pytest.mark.parametrize("content", [b"", b"emotion,pixels,Usage\n", b"emotion,pixels,Usage\n\n"])
def test_no_rows(tmp_path, content):
    path = write(tmp_path, content)
    refuse(tmp_path, str(path))


def test_an_archive_of_several_tables(tmp_path):
    write(tmp_path, zipped(train=b"", test=b""), "fer2013.zip")
    refuse(tmp_path, "fer2013.zip holds 2 csv files instead of one")


def test_a_class_without_rows_is_refused_for_use_and_counted_for_a_census(tmp_path):
    write(tmp_path, [row for row in rows() if row[0] != 1])
    refuse(tmp_path, f"FER2013 at {tmp_path} has no image of Disgust", "verify-data")
    status = {row.what: row.status for row in summarise(fer2013.index(tmp_path), fer2013.EXPECTED).rows}
    assert status["images Disgust"] == "missing"


# --- findings --------------------------------------------------------------------------------------


def test_images_that_are_there_twice_are_reported_and_kept(tmp_path):
    table = rows(21)
    pixels = [row[1] for row in table]
    table[7] = (0, pixels[0], "Training")
    table[8] = (1, pixels[0], "Training")
    table[19] = (5, pixels[5], "PublicTest")
    table[20] = (6, numbers(np.full((48, 48), 9)), "PrivateTest")
    write(tmp_path, table)
    index = fer2013.index(tmp_path)
    assert kinds(index) == {
        "same image twice": 1,
        "same image with another label": 1,
        "same image in another part": 1,
        "blank image": 1,
        image_duplicates.leaked("PublicTest"): 1,
    }
    told = {finding.kind: (finding.path, finding.detail) for finding in index.findings}
    assert told["same image with another label"] == ("row 8", "Disgust, as row 0 Angry")
    assert told["same image in another part"] == ("row 19", "PublicTest, as row 5 Training")
    assert told["blank image"] == ("row 20", "")
    assert len(index.clips) == len(fer2013.read(tmp_path)) == 21


def test_the_published_counts_fit_together():
    counts = {expectation.what: expectation.count for expectation in fer2013.EXPECTED}
    for part in fer2013.PARTITIONS:
        assert sum(counts[f"images {part} {emotion}"] for emotion in fer2013.CODES) == counts[f"images {part}"]
    for emotion in fer2013.CODES:
        assert sum(counts[f"images {p} {emotion}"] for p in fer2013.PARTITIONS) == counts[f"images {emotion}"]
    assert sum(counts[f"images {emotion}"] for emotion in fer2013.CODES) == counts["images"] == 35_887


@pytest.mark.skipif(not (REAL / "fer2013.csv.xz").is_file(), reason="fer2013.csv.xz is not beside this checkout")
def test_the_real_set_has_every_published_count():
    index = fer2013.index(REAL)
    assert {row.status for row in summarise(index, fer2013.EXPECTED).rows} == {"ok"}
    assert len({clip.name for clip in index.clips}) == 35_887
    assert kinds(index)["same image in another part"] == 573
    assert kinds(index)["not ten votes"] == 1


# --- folders ---------------------------------------------------------------------------------------


def image(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels)
    return path


def folders(root: Path, name="im{}.png") -> dict[str, np.ndarray]:
    """Two images of every class in train, one in test."""
    content = {}
    for side, each in (("train", 2), ("test", 1)):
        for word in WORDS:
            for number in range(each):
                pixels = noise(1, seed=len(content))[0]
                content[f"{side}/{word}/{name.format(number)}"] = pixels
                image(root / side / word / name.format(number), pixels)
    return content


def test_folders_are_read_by_the_names_of_their_classes(tmp_path):
    content = folders(tmp_path / "archive")
    (tmp_path / "archive" / "train" / "happy" / ".DS_Store").touch()
    read = fer2013.read(tmp_path)
    assert read.clips.tolist() == [f"train/{w}/im{n}.png" for w in sorted(WORDS) for n in (0, 1)] + [
        f"test/{w}/im0.png" for w in sorted(WORDS)
    ]
    assert [emotion.lower() for emotion in read.emotions] == [name.split("/")[1] for name in read.clips]
    assert read.partitions.tolist() == ["Training"] * 14 + ["Test"] * 7
    assert all(np.array_equal(pixels, content[name]) for name, pixels in zip(read.clips, read.pixels, strict=True))
    index = fer2013.index(tmp_path)
    assert index.clips[0].source == tmp_path / "archive" / index.clips[0].name
    assert index.clips[0].source.is_file()
    assert kinds(index) == {"PublicTest and PrivateTest are not told apart": 1}
    assert count(index, "images Test Happy") == 1


def test_names_of_images_that_are_no_utf8_are_read(tmp_path):
    folders(tmp_path)
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/train/happy/Gr\xfcn.png")
    (tmp_path / "train" / "happy" / "im0.png").rename(odd)
    read = fer2013.read(tmp_path)
    assert "train/happy/Gr%FCn.png" in read.clips
    assert len(read.key()) == 24 and "train/happy/Gr%FCn.png" in {c.name for c in fer2013.index(tmp_path).clips}


PARTS = {
    ("train", "test"): ("Training", "Test"),
    ("Training", "PublicTest", "PrivateTest"): ("Training", "PublicTest", "PrivateTest"),
    ("train", "val", "test"): ("Training", "PublicTest", "PrivateTest"),
    ("TRAIN", "valid", "Test"): ("Training", "PublicTest", "PrivateTest"),
    ("training_set", "validation-set", "test_set"): ("Training", "PublicTest", "PrivateTest"),
    ("train", "public_test", "private_test"): ("Training", "PublicTest", "PrivateTest"),
    ("train", "dev", "private test"): ("Training", "PublicTest", "PrivateTest"),
    ("train", "validation"): ("Training", "Test"),
    ("train", "PublicTest"): ("Training", "PublicTest"),
    ("train", "PrivateTest"): ("Training", "PrivateTest"),
    ("train/train", "validation/validation", "test/test"): ("Training", "PublicTest", "PrivateTest"),
}


@pytest.mark.parametrize("names", PARTS)
@pytest.mark.parametrize("nest", ["", "archive/images"])
def test_parts_are_known_by_the_names_of_their_folders(tmp_path, names, nest):
    for number, (name, part) in enumerate(zip(names, PARTS[names], strict=True)):
        for word in WORDS:
            image(tmp_path / nest / name / word / f"{number}.png", noise(1, hash((part, word)) % 999)[0])
    index = fer2013.index(tmp_path)
    assert Counter(clip.partition for clip in index.clips) == dict.fromkeys(PARTS[names], 7)
    assert kinds(index)["folder of no known part"] == 0
    assert set(fer2013.read(tmp_path).partitions) == set(PARTS[names])


def test_a_folder_of_no_known_part_is_named(tmp_path):
    folders(tmp_path)
    for name in ("extra/happy/1.png", "train_augmented/sad/2.png", "notes/readme.txt"):
        image(tmp_path / name, noise(1)[0]) if name.endswith("png") else (tmp_path / "notes").mkdir()
    found = {one.path: one.detail for one in fer2013.index(tmp_path).findings if "known part" in one.kind}
    assert found == dict.fromkeys(("extra", "train_augmented"), "1 images, left out")


def test_two_folders_of_one_part_are_refused(tmp_path):
    folders(tmp_path)
    image(tmp_path / "training" / "happy" / "1.png", noise(1)[0])
    refuse(tmp_path, "are both named after Training", "Keep the one of the set")


def test_folders_of_videos_are_not_taken_for_fer2013(tmp_path):
    for part in ("Train", "Val"):
        (tmp_path / part / "Angry").mkdir(parents=True)
        (tmp_path / part / "Angry" / "000000280.avi").touch()
    assert fer2013.locate(tmp_path) is None


def test_counts_that_are_not_the_official_ones_are_said(tmp_path):
    folders(tmp_path)
    (told,) = [one for one in fer2013.index(tmp_path).findings if one.kind == fer2013.OTHER_COUNTS]
    assert told.detail.startswith("Training 14 instead of 28,709, Test 7 instead of 7,178: augmented, cut")


def changed(pixels: np.ndarray, how: str) -> np.ndarray:
    if how == "mirrored":
        return pixels[:, ::-1]
    if how == "brighter":
        return np.clip(pixels.astype(int) + 20, 0, 255).astype(np.uint8)
    if how == "JPEG":
        return cv2.imdecode(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], cv2.IMREAD_GRAYSCALE)
    return pixels


@pytest.mark.parametrize("how", ["copied", "mirrored", "brighter", "JPEG"])
def test_test_images_in_training_are_counted_with_their_other_labels(tmp_path, how):
    smooth = [cv2.GaussianBlur(one, (0, 0), 3) for one in noise(30)]
    smooth = [cv2.normalize(one, None, 20, 220, cv2.NORM_MINMAX) for one in smooth]
    table = [[row % 7, one, "Training"] for row, one in enumerate(smooth)]
    for row, part in ((20, "PublicTest"), (21, "PrivateTest"), (22, "PrivateTest")):
        table[row][2] = part
    table[20][1], table[21][1] = changed(smooth[3], how), changed(smooth[7], how)
    write(tmp_path, [(label, numbers(one), part) for label, one, part in table])
    found = {one.kind: (one.path, one.detail) for one in fer2013.index(tmp_path).findings}
    assert found[image_duplicates.leaked("PublicTest")] == ("row 20", "as row 3")
    assert found[image_duplicates.leaked("PrivateTest")] == ("row 21", "as row 7")
    assert found[image_duplicates.OTHER_LABEL] == ("row 20", "Neutral, as row 3 Happy")


def test_an_image_that_is_named_after_its_part_keeps_it(tmp_path):
    folders(tmp_path)
    for path in (tmp_path / "test").rglob("*.png"):
        path.rename(path.with_name("PrivateTest_10131363.png" if path.parent.name < "n" else "PublicTest_7.png"))
    index = fer2013.index(tmp_path)
    assert Counter(clip.partition for clip in index.clips) == {"Training": 14, "PrivateTest": 4, "PublicTest": 3}
    assert kinds(index) == {}


def test_jpeg_images_are_read_and_reported(tmp_path):
    folders(tmp_path, "im{}.jpg")
    index = fer2013.index(tmp_path)
    assert len(index.clips) == 21
    assert kinds(index)["JPEG, so not the pixels of the csv"] == 1


def test_a_csv_is_preferred_to_folders(tmp_path):
    folders(tmp_path)
    write(tmp_path / "more", rows())
    assert fer2013.locate(tmp_path) == tmp_path / "more"


COLOUR = np.dstack([noise(1)[0], noise(1, 1)[0], noise(1, 2)[0]])


@pytest.mark.parametrize(
    ("pixels", "told"),
    [
        (noise(1)[0][:40], "is 48x40 pixels instead of 48x48"),
        (COLOUR, "is in colour"),
        (noise(1)[0].astype(np.uint16) * 200, "has 16 bits a pixel instead of 8"),
    ],
)
def test_an_image_that_is_wrong(tmp_path, pixels, told):
    folders(tmp_path)
    path = image(tmp_path / "train" / "fear" / "im1.png", pixels)
    refuse(tmp_path, str(path), told)
    refuse(tmp_path, str(path), told, read=fer2013.index)


def test_a_grey_image_that_was_stored_in_colour_is_grey(tmp_path):
    folders(tmp_path)
    pixels = noise(1, seed=99)[0]
    path = image(tmp_path / "train" / "fear" / "im1.png", cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR))
    assert cv2.imread(str(path), cv2.IMREAD_UNCHANGED).ndim == 3
    read = fer2013.read(tmp_path)
    assert np.array_equal(read.pixels[read.clips == "train/fear/im1.png"][0], pixels)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
@pytest.mark.parametrize("keep", [0, 10, 700])
def test_an_image_that_is_cut_off(tmp_path, suffix, keep):
    folders(tmp_path, f"im{{}}.{suffix}")
    path = tmp_path / "test" / "sad" / f"im0.{suffix}"
    path.write_bytes(path.read_bytes()[:keep])
    refuse(tmp_path, f"{path} is damaged or not an image" if keep else f"{path} is empty")


def test_folders_of_other_classes(tmp_path):
    folders(tmp_path)
    (tmp_path / "train" / "contempt").mkdir()
    refuse(tmp_path, f"{tmp_path / 'train' / 'contempt'} is named after no class", "Angry, Disgust, Fear")
    (tmp_path / "train" / "contempt").rename(tmp_path / "train" / "bored stiff")
    refuse(tmp_path, "bored stiff is named after no class")
    (tmp_path / "train" / "bored stiff").rename(tmp_path / "train" / "anger")
    refuse(tmp_path, f"{tmp_path / 'train'} has two folders for Angry")


def test_images_that_would_be_left_out_are_named(tmp_path):
    folders(tmp_path)
    sad = tmp_path / "train" / "sad"
    image = next(sad.iterdir())
    (sad / "more").mkdir()
    image = image.rename(sad / "more" / image.name)
    refuse(tmp_path, f"{image} lies deeper than the images of its class", f"Move it to {sad}.")
    image.rename(sad / "x.bmp")
    refuse(tmp_path, f"{sad / 'x.bmp'} is not read: only PNG and JPEG are", "Convert it to PNG.")


def test_an_empty_class(tmp_path):
    folders(tmp_path)
    for path in tmp_path.rglob("disgust/*"):
        path.unlink()
    refuse(tmp_path, f"FER2013 at {tmp_path} has no image of Disgust")
    assert count(fer2013.index(tmp_path), "images Disgust") == 0
    for path in tmp_path.rglob("*.png"):
        path.unlink()
    refuse(tmp_path, f"FER2013 at {tmp_path} has no images")


# --- CK+ as a csv ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ckextended.csv", "CKextended.csv", "ck_extended.csv"])
def test_the_csv_of_ckplus_is_read_with_what_it_lacks(tmp_path, name):
    table = [(row % 8, numbers(one), "Training" if row < 14 else "PrivateTest") for row, one in enumerate(noise(16))]
    write(tmp_path / "more", table, name)
    index = ckextended.index(tmp_path)
    assert count(index, "images Contempt") == 2 == count(index, "images PrivateTest")
    (told,) = [one.detail for one in index.findings if one.kind == "what the copy lacks"]
    assert told.startswith("no subjects and no sequences")
    read = ckextended.read(tmp_path)
    assert read.emotions[:8].tolist() == [*fer2013.CODES, Emotion.CONTEMPT]
    assert len(set(read.subjects)) == 16
    assert fer2013.locate(tmp_path) is None


def test_the_csv_of_ckplus_under_the_name_of_fer2013_is_told(tmp_path):
    table = [(row % 8, numbers(one), "Training") for row, one in enumerate(noise(8))]
    write(tmp_path, table)
    refuse(tmp_path, "has the label 7, but FER2013 has only 0 to 6", "must be called ckextended.csv")


def test_the_published_counts_of_the_csv_of_ckplus_fit_together():
    whole, *each = (one.count for one in ckextended.EXPECTED)
    assert whole == sum(each) == 327 + 593


# --- FER+ ------------------------------------------------------------------------------------------


def ballots(table: list[tuple]) -> list[dict[str, str]]:
    """Ten votes for the label of each row."""
    order = [BALLOT.index(emotion) for emotion in fer2013.CODES]
    return [
        {"Usage": usage, "Image name": f"fer{row:07d}.png"}
        | {column: "10" if place == order[label] else "0" for place, column in enumerate(ferplus.COLUMNS)}
        for row, (label, _, usage) in enumerate(table)
    ]


def write_votes(path: Path, votes: list[dict[str, str]], columns=None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns or list(votes[0]), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(votes)
    return path


@pytest.mark.parametrize("name", ["ferplus.csv", "fer2013new.csv", "FERPlus-master/fer2013new.csv"])
def test_votes_are_read_by_the_names_of_their_columns(tmp_path, name):
    write(tmp_path / "fer2013", rows())
    votes = ballots(rows())
    votes[3] |= dict.fromkeys(ferplus.COLUMNS, "0") | {"NF": "10", "Image name": ""}
    votes[4] |= {"unknown": "1"}
    write_votes(tmp_path / name, votes, columns=[*reversed(ferplus.COLUMNS), "Usage"])
    read = fer2013.read(tmp_path)
    assert read.votes.shape == (14, 10)
    assert read.votes.dtype == np.uint8
    favourites = np.array(BALLOT)[read.votes.argmax(axis=1)]
    assert [a == b for a, b in zip(favourites, read.emotions, strict=True)] == [row != 3 for row in range(14)]
    assert favourites[3] == "Not a face"
    assert kinds(fer2013.index(tmp_path)) == {"no face, say all of FER+": 1, "not ten votes": 1}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda votes: votes[:-1], "has 13 rows that are not those of a FER2013 with 14"),
        (lambda votes: [votes[-1], *votes[:-1]], "are not those of a FER2013"),
        (lambda votes: [votes[1], votes[0], *votes[2:]], "in another order than FER2013"),
        (lambda votes: [votes[0] | {"fear": "x"}, *votes[1:]], "line 2 has votes that are no small whole numbers"),
        (lambda votes: [votes[0] | {"fear": "-1"}, *votes[1:]], "line 2 has votes"),
        (lambda votes: [votes[0] | {"fear": "256"}, *votes[1:]], "line 2 has votes"),
        (lambda votes: [{k: v for k, v in row.items() if k != "NF"} for row in votes], "has no column NF"),
    ],
)
def test_votes_that_are_wrong(tmp_path, change, told):
    write(tmp_path, rows())
    path = write_votes(tmp_path / "ferplus.csv", change(ballots(rows())))
    refuse(tmp_path, str(path), told, "github.com/microsoft/FERPlus")


# --- the cache -------------------------------------------------------------------------------------


def equal(one: StillImages, other: StillImages) -> bool:
    return all(
        np.array_equal(a, b) for a, b in zip(vars(one).values(), vars(other).values(), strict=True) if a is not None
    )


def test_a_csv_is_parsed_once(tmp_path, monkeypatch):
    write(tmp_path / "data", rows())
    write_votes(tmp_path / "data" / "ferplus.csv", ballots(rows()))
    first = fer2013.read(tmp_path / "data", tmp_path / "cache")
    monkeypatch.setattr(fer2013_csv, "read", None)
    again = fer2013.read(tmp_path / "data", tmp_path / "cache")
    assert equal(first, again)
    assert again.corpus == "FER2013"
    assert again.votes is not None


def test_a_digit_that_changes_is_seen_although_the_size_stays(tmp_path):
    path = write(tmp_path / "data", rows(300))  # more than a fingerprint reads whole
    assert path.stat().st_size > 2**20
    first = fer2013.read(tmp_path / "data", tmp_path / "cache")
    table = rows(300)
    label, pixels, usage = table[70]
    table[70] = (label, ("1" if pixels[0] != "1" else "2") + pixels[1:], usage)
    size = path.stat().st_size
    assert write(tmp_path / "data", table).stat().st_size == size
    assert not equal(first, fer2013.read(tmp_path / "data", tmp_path / "cache"))


@pytest.mark.parametrize(
    "damage", [lambda whole: whole[:-100], lambda whole: b"", lambda w: w[:5000] + b"x" + w[5001:]]
)
def test_a_damaged_cache_is_written_again(tmp_path, damage):
    write(tmp_path / "data", rows())
    first = fer2013.read(tmp_path / "data", tmp_path / "cache")
    (kept,) = (tmp_path / "cache").glob("*.npz")
    whole = kept.read_bytes()
    kept.write_bytes(damage(whole))
    assert equal(first, fer2013.read(tmp_path / "data", tmp_path / "cache"))
    assert len(kept.read_bytes()) == len(whole)


# --- what training reads ---------------------------------------------------------------------------


def little(count=9, clip=1) -> StillImages:
    """Images of which `clip` neighbours each belong together."""
    number = np.arange(count)
    names = np.array([f"c{n // clip}" for n in number])
    emotions = np.array([fer2013.CODES[n // clip % 7].value for n in number])
    return StillImages("Little", noise(count), emotions, np.full(count, "Training"), names, names, number % clip)


@given(count=st.integers(1, 12), clip=st.integers(1, 3), data=st.data())
@settings(max_examples=20, deadline=None)
def test_samples_are_the_images_in_their_order(tmp_path_factory, count, clip, data):
    images = little(count, clip)
    samples = image_samples.samples(images, tmp_path_factory.mktemp("samples"))
    positions = data.draw(st.lists(st.integers(0, count - 1)))
    assert (len(samples), samples.length, samples.shape) == (count, 1, (48, 48, 1))
    assert np.array_equal(samples.read(positions), images.pixels[positions][:, None, :, :, None])
    table = samples.table
    assert table.emotion.tolist() == images.emotions.tolist()
    assert table["clip"].tolist() == images.clips.tolist()
    assert table.subject.tolist() == [f"Little/{name}" for name in images.subjects]
    assert table.first_frame.tolist() == table.last_frame.tolist() == images.frames.tolist()
    assert samples.ledger.rows.sum() == count
    assert len(samples.ledger) == -(-count // clip)


def test_samples_are_written_once_and_again_when_damaged(tmp_path, monkeypatch):
    first = image_samples.samples(little(), tmp_path)
    written = first.path.stat().st_mtime_ns
    assert image_samples.samples(little(), tmp_path).path.stat().st_mtime_ns == written
    first.path.write_bytes(first.path.read_bytes()[:-500])
    assert np.array_equal(image_samples.samples(little(), tmp_path).read([0])[0, 0, ..., 0], noise(1)[0])
    with pytest.raises(UserError, match="has no images"):
        image_samples.samples(little().take([]), tmp_path)


def test_everything_that_a_samples_file_holds_changes_its_key():
    images = little()
    others = [
        StillImages(**vars(images) | {"corpus": "Other"}),
        StillImages(**vars(images) | {"pixels": 255 - images.pixels}),
        *(
            StillImages(**vars(images) | {name: np.roll(getattr(images, name), 1)})
            for name in ("emotions", "subjects", "clips")
        ),
        StillImages(**vars(images) | {"partitions": np.full(9, "Test")}),
        StillImages(**vars(images) | {"frames": images.frames + 1}),
        images.take([1, 0, *range(2, 9)]),
    ]
    assert len({one.key() for one in (images, *others)}) == len(others) + 1
    assert little().key() == images.key()


def test_images_are_chosen_by_emotion():
    images = StillImages(**vars(little(14)) | {"votes": np.arange(140, dtype=np.uint8).reshape(14, 10)})
    chosen = images.take(images.emotions == Emotion.SAD)
    assert np.array_equal(chosen.pixels, images.pixels[[4, 11]])
    assert np.array_equal(chosen.votes, images.votes[[4, 11]])


# --- CK+48 -----------------------------------------------------------------------------------------

FOLDERS = ("anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise")


def ckplus_copy(root: Path) -> None:
    """Each class has one sequence of three images by a subject of its own, the first class one more."""
    for number, word in enumerate(FOLDERS):
        for frame in (17, 18, 19):
            image(root / word / f"S{10 + number:03d}_004_{frame:08d}.png", noise(1, 50 * number + frame)[0])
    for frame in (9, 10, 11):
        image(root / "anger" / f"S010_002_{frame:08d}.png", noise(1, 1000 + frame)[0])


def test_ckplus48_names_subject_sequence_and_frame(tmp_path):
    ckplus_copy(tmp_path / "CK+48" / "CK+48")
    read = ckplus48.read(tmp_path)
    assert read.clips.tolist()[:6] == ["S010_002"] * 3 + ["S010_004"] * 3
    assert read.subjects.tolist()[3:9] == ["S010"] * 3 + ["S011"] * 3
    assert read.frames.tolist()[:6] == [8, 9, 10, 16, 17, 18]
    assert Counter(read.emotions.tolist()) == {
        emotion.value: 6 if emotion is Emotion.ANGRY else 3 for emotion in ckplus48.CLASSES
    }
    assert set(read.partitions.tolist()) == {""}
    assert np.array_equal(read.pixels[-1], noise(1, 50 * 6 + 19)[0])
    samples = image_samples.samples(read, tmp_path / "samples")
    assert samples.ledger.rows.tolist() == [3] * 8
    index = ckplus48.index(tmp_path)
    assert [one.name for one in index.clips][:3] == ["anger/S010_002", "anger/S010_004", "contempt/S011_004"]
    assert index.clips[0].frames == tuple(f"S010_002_{frame:08d}.png" for frame in (9, 10, 11))
    assert video.images(index.clips[0])[2].is_file()
    assert (count(index, "clips"), count(index, "subjects"), index.findings) == (8, 7, ())
    assert equal(read, ckplus48.read(tmp_path, tmp_path / "cache"))
    assert equal(read, ckplus48.read(tmp_path, tmp_path / "cache"))


def test_ckplus48_with_the_published_numbers(tmp_path):
    images = iter(noise(981))
    sizes = dict(zip(FOLDERS, (45, 18, 59, 25, 69, 28, 83), strict=True))
    sequence = 0
    for word, size in sizes.items():
        (tmp_path / word).mkdir()
        for _ in range(size):
            subject, take = sequence % 118, sequence // 118 + 1
            for frame in (1, 2, 3):
                path = tmp_path / word / f"S{subject:03d}_{take:03d}_{frame:08d}.png"
                path.write_bytes(cv2.imencode(".png", next(images))[1].tobytes())
            sequence += 1
    assert {row.status for row in summarise(ckplus48.index(tmp_path), ckplus48.EXPECTED).rows} == {"ok"}


def test_ckplus48_that_is_wrong(tmp_path):
    ckplus_copy(tmp_path)
    stranger = image(tmp_path / "fear" / "augmented_3.png", noise(1)[0])
    refuse(tmp_path, f"{stranger} names no subject, sequence and frame", read=ckplus48.read)
    stranger.unlink()
    (tmp_path / "neutral").mkdir()
    refuse(tmp_path, "neutral is named after no class of the set", "Contempt", read=ckplus48.read)
    (tmp_path / "neutral").rmdir()
    path = image(tmp_path / "fear" / "S013_004_00000018.png", noise(1)[0][:, :47])
    refuse(tmp_path, f"{path} is 47x48 pixels", read=ckplus48.read)
    for path in (tmp_path / "fear").iterdir():
        path.unlink()
    refuse(tmp_path, f"CK+48 at {tmp_path} has no image of Fear", read=ckplus48.read)
    assert count(ckplus48.index(tmp_path), "clips Fear") == 0


def test_sequences_of_ckplus48_that_lack_an_image_or_repeat_one_are_told(tmp_path):
    ckplus_copy(tmp_path)
    (tmp_path / "anger" / "S010_002_00000010.png").unlink()
    first = tmp_path / "happy" / "S014_004_00000017.png"
    first.with_name("S014_004_00000018.png").write_bytes(first.read_bytes())
    index = ckplus48.index(tmp_path)
    assert index.clips[0].frames == ("S010_002_00000009.png", "S010_002_00000011.png")
    assert [(one.kind, one.path) for one in index.findings] == [
        ("same image twice", "happy/S014_004_00000018.png"),
        ("sequence without three images", "anger/S010_002"),
    ]


def test_class_folders_of_other_sets_are_not_taken_for_ckplus48(tmp_path):
    folders(tmp_path)
    assert ckplus48.locate(tmp_path) is None


# --- the synthetic set ---------------------------------------------------------------------------------

SMALL = Size(1, 1, 1, 1, 1, 1, write_fer2013.FEWEST)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    return corpora.ensure(tmp_path_factory.mktemp("drawn"), SMALL, sets=("fer2013",), workers=1)


def test_the_drawn_set_is_read_like_the_real_one(drawn):
    read = fer2013.read(drawn)
    planned = write_fer2013.plan(drawn, SMALL.fer2013_pictures, seed=0)[0].rows
    assert len(read) == SMALL.fer2013_pictures
    assert read.emotions.tolist() == [row.label for row in planned]
    for part in fer2013.PARTITIONS:
        assert set(read.emotions[read.partitions == part]) == {emotion.value for emotion in fer2013.CODES}
    assert set(read.votes.sum(axis=1)) == {10}
    assert kinds(fer2013.index(drawn))["no face, say all of FER+"] >= 1
    assert provenance(fer2013.locate(drawn)).synthetic


def test_only_what_is_asked_for_is_drawn_and_what_is_there_stays(tmp_path):
    root = corpora.ensure(tmp_path, SMALL, sets=("fer2013",), workers=1)
    assert {path.name for path in root.iterdir()} == {"FER2013", "SYNTHETIC.json"}
    written = {path: path.stat().st_mtime_ns for path in root.rglob("*.csv")}
    assert corpora.ensure(tmp_path, SMALL, sets=("fer2013", "ckplus"), workers=1) == root
    assert {path.name for path in root.iterdir()} == {"FER2013", "CK+", "SYNTHETIC.json"}
    assert written == {path: path.stat().st_mtime_ns for path in root.rglob("*.csv")}


def test_a_set_whose_drawing_was_killed_is_drawn_again(tmp_path, monkeypatch):
    root = corpora.ensure(tmp_path, SMALL, sets=("fer2013",), workers=1)
    whole = (root / "FER2013" / "fer2013.csv").read_bytes()

    def fails(table):
        table.path.write_text("half a row")
        raise KeyboardInterrupt

    (root / "FER2013" / "fer2013.csv").unlink()
    (root / "fer2013.unfinished").touch()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setitem(corpora._WRITERS, "fer2013", (write_fer2013, fails, ("fer2013_pictures",)))
        corpora.ensure(tmp_path, SMALL, sets=("fer2013",), workers=1)
    corpora.ensure(tmp_path, SMALL, sets=("fer2013",), workers=1)
    assert (root / "FER2013" / "fer2013.csv").read_bytes() == whole
    assert not (root / "fer2013.unfinished").exists()


def test_the_seed_decides_every_image():
    def pixels(seed: int) -> bytes:
        rows = write_fer2013.plan(Path(), 70, seed)[0].rows[:4]
        return b"".join(write_fer2013.draw(row, seed).tobytes() for row in rows)

    assert pixels(0) == pixels(0) != pixels(1)


def test_drawn_near_duplicates_are_equal_or_nearly_so():
    (table,) = write_fer2013.plan(Path(), 700, seed=0)
    repeated = [row for number, row in enumerate(table.rows) if row.image != number]
    assert len(repeated) > 10
    assert {row.changed for row in repeated} == {True, False}
    for row in repeated[:4]:
        original = next(other for other in table.rows if other.image == row.image)
        assert original.label is row.label
        first, second = (write_fer2013.draw(one, 0).astype(float) for one in (original, row))
        assert np.array_equal(first, second) != row.changed
        assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.9
