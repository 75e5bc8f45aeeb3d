"""Which test images stand in training: copies are found whatever was done to them, other people never are."""

import csv
import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from commands import audit_split, cli
from common.media.emotions import Emotion
from common.samples import copy_search
from common.samples.copy_search import Images, Pairs, find, of_clips
from common.samples.same_image import SAME, likeness
from common.support.console import console
from common.support.errors import UserError
from datasets import fer2013, labelled, labelled_csv, subject_names
from datasets.synthetic import write_fer2013

REAL = Path(__file__).parents[2] / "shared" / "data"
SIDE = 48


def face(person: int, emotion: Emotion = Emotion.HAPPY) -> np.ndarray:
    """(48, 48) uint8: a drawn person."""
    return write_fer2013.draw(write_fer2013.Row(emotion, emotion, 1.0, "Training", person), seed=5)


def faces(*people: int) -> np.ndarray:
    return np.stack([face(person) for person in people])


def images(thumbnails: np.ndarray) -> Images:
    return Images(thumbnails, np.array([labelled.compared(one)[1] for one in thumbnails], np.uint64))


def recoded(image: np.ndarray) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 50])[1], cv2.IMREAD_GRAYSCALE)


def turned(image: np.ndarray, degrees: float) -> np.ndarray:
    turn = cv2.getRotationMatrix2D((23.5, 23.5), degrees, 1)
    return cv2.warpAffine(image, turn, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)


CHANGES = {
    "recoded": recoded,
    "mirrored": lambda image: np.ascontiguousarray(image[:, ::-1]),
    "cropped": lambda image: cv2.resize(image[4:47, 1:44], (SIDE, SIDE)),
    "brightened": lambda image: cv2.convertScaleAbs(image, alpha=1.1, beta=20),
    "turned": lambda image: turned(image, 4),
    "everything": lambda image: recoded(turned(cv2.resize(image[2:45, 2:45], (SIDE, SIDE))[:, ::-1].copy(), 3)),
}


# --- the search ------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_copy_is_found_and_nobody_else(change):
    train = faces(*range(40))
    test = np.stack([change(train[3]), face(77), change(train[30])])
    found = find(images(train), images(test))
    assert list(zip(found.test.tolist(), found.train.tolist(), strict=True)) == [(0, 3), (2, 30)]
    assert not found.exact.any() and (found.likeness >= SAME).all()
    assert found.mirrored.tolist() == [change in (CHANGES["mirrored"], CHANGES["everything"])] * 2


def test_the_training_image_may_be_the_cropped_one():
    test = faces(1, 2)
    train = np.stack([face(8), CHANGES["cropped"](test[1])])
    assert find(images(train), images(test)).train.tolist() == [1]


def test_different_people_are_never_copies_of_each_other():
    found = find(images(faces(*range(150))), images(faces(*range(1000, 1060))))
    assert len(found) == 0


def test_the_same_pixels_come_first_and_are_exact():
    copy = face(4)
    train = np.stack([recoded(copy), face(1), copy, copy])
    found = find(images(train), images(copy[None]))
    assert found.train.tolist() == [2, 3, 0]
    assert found.exact.tolist() == [True, True, False]


def test_blank_images_are_copies_only_if_their_pixels_are_the_same():
    blank = np.full((3, SIDE, SIDE), 90, np.uint8)
    blank[1] += 5
    found = find(images(np.stack([blank[0], face(1)])), images(blank))
    assert found.test.tolist() == [0, 2] and found.exact.all()


def test_pieces_and_threads_do_not_change_what_is_found(monkeypatch):
    train, test = images(faces(*range(12))), images(np.stack([recoded(face(n)) for n in range(9)]))
    whole = find(train, test)
    monkeypatch.setattr(copy_search, "_SCORES", 1)
    monkeypatch.setattr(copy_search, "cores", lambda: 1)
    pieces = find(train, test)
    assert all(np.array_equal(a, b) for a, b in zip(vars(whole).values(), vars(pieces).values(), strict=True))
    assert len(whole) == 9


@pytest.mark.parametrize(("train", "test"), [(0, 3), (3, 0), (0, 0)])
def test_nothing_is_found_in_nothing(train, test):
    assert len(find(images(faces(*range(train)).reshape(-1, 48, 48) if train else np.empty((0, 48, 48), np.uint8)),
                    images(faces(*range(test)) if test else np.empty((0, 48, 48), np.uint8)))) == 0  # fmt: skip


def test_likeness_is_one_for_the_same_and_none_for_nothing_to_see():
    assert likeness(face(2), face(2)) > 0.9999
    assert likeness(face(2), np.zeros((SIDE, SIDE), np.uint8)) == -1


def test_clips_need_half_of_their_frames():
    # Test clip 0: frames 0, 1, 2; clip 1: frames 3, 4, 5. Training clips 0 and 1 of three frames each.
    owners = np.array([0, 0, 0, 1, 1, 1])
    rows = [(0, 0, 1, 0, 1.0), (0, 1, 0, 0, 0.99), (1, 1, 1, 0, 1.0), (2, 2, 1, 0, 1.0), (3, 4, 0, 1, 0.98)]
    pairs = Pairs(*(np.array(column, kind) for column, kind in zip(zip(*rows), (int, int, bool, bool, float))))  # noqa: B905
    found = of_clips(pairs, owners, owners)
    assert (found.test.tolist(), found.train.tolist(), found.exact.tolist()) == ([0], [0], [True])


@pytest.mark.skipif(not (REAL / "fer2013.csv.xz").is_file(), reason="fer2013.csv.xz is not beside this checkout")
def test_the_exact_copies_of_fer2013_are_all_found():
    pictures = fer2013.read(REAL)
    training = pictures.partitions == "Training"
    train, test = pictures.pixels[training], pictures.pixels[~training][:300]
    found = find(images(train), images(test))
    known = {one.tobytes() for one in train}
    by_hand = [number for number, one in enumerate(test) if one.tobytes() in known]
    assert by_hand and np.unique(found.test[found.exact]).tolist() == by_hand


# --- reading ---------------------------------------------------------------------------------------


def write(path: Path, image: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())
    return path


def film(path: Path, shots: list[np.ndarray]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (96, 96))
    for shot in shots:
        writer.write(cv2.cvtColor(cv2.resize(shot, (96, 96)), cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


def test_a_folder_gives_labels_subjects_and_what_is_wrong(tmp_path):
    write(tmp_path / "happy/S001_002_01.png", face(1))
    write(tmp_path / "Sadness/deep/S002_001_07.jpg", face(2))
    write(tmp_path / "S003_x.png", face(3))
    (tmp_path / "happy/S004_cut.png").write_bytes(write(tmp_path / "happy/S005_whole.png", face(5)).read_bytes()[:90])
    (tmp_path / "happy/notes.txt").write_text("text")
    read = labelled.folder(tmp_path)
    assert read.names == ["S003_x.png", "Sadness/deep/S002_001_07.jpg", "happy/S001_002_01.png", "happy/S005_whole.png"]
    assert read.labels == ["", "Sad", "Happy", "Happy"]
    assert read.subjects == ["S003", "S002", "S001", "S005"]
    assert len(read.left_out) == 1 and "S004_cut.png" in read.left_out[0]
    assert read.ignored == 1 and not read.clips


def test_links_in_a_circle_are_read_once(tmp_path):
    write(tmp_path / "happy/a.png", face(1))
    (tmp_path / "happy/again").symlink_to(tmp_path)
    assert len(labelled.folder(tmp_path)) == 1


def test_a_video_is_three_frames(tmp_path):
    film(tmp_path / "happy/clip.avi", [face(1, Emotion.HAPPY)] * 12)
    film(tmp_path / "happy/short.avi", [face(2)])
    read = labelled.folder(tmp_path)
    assert read.owners.tolist() == [0, 0, 0, 1] and read.clips


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["anger/S010_004_17.png", "fear/S011_001_2.png"], ["S010", "S011"]),
        (["KA.AN1.39.tiff", "YM.HA2.1.tiff"], ["KA", "YM"]),
        (["01/03-01-05-01-02-01-12.mp4"], ["12"]),
        (["happy/AF01HAS.JPG", "sad/BM35SAS.JPG"], ["F01", "M35"]),
        (["s1/clip.avi", "s22/clip.avi"], ["1", "22"]),
        (["happy/im0001.png", "happy/im0002.png"], ["", ""]),
    ],
)
def test_subjects_are_told_by_known_rules(names, told):
    assert subject_names.subjects(names) == told


def test_a_rule_for_subjects_can_be_given():
    assert subject_names.subjects(["x-ann.png", "x-bob.png", "y.png"], r"x-(\w+)") == ["ANN", "BOB", ""]
    for rule in ("(", "x"):
        with pytest.raises(UserError, match="--subject"):
            subject_names.subjects(["x"], rule)


def pixels(image: np.ndarray) -> str:
    return " ".join(map(str, image.ravel().tolist()))


def test_a_csv_is_read_whatever_its_columns_are_called(tmp_path):
    path = tmp_path / "fer.csv"
    rows = [
        f"Training;3;{pixels(face(1))}",
        f"PublicTest;7;{pixels(face(2))}",
        "PublicTest;1;1 2 3",
        f";1;{pixels(face(2))}",
    ]
    path.write_text("\n".join([" Usage;emotion; pixels", *rows]), encoding="utf-8-sig")
    parts = labelled_csv.read(path)
    assert [(name, part.labels, part.names) for name, part in parts.items()] == [
        ("Training", ["Happy"], ["row 0"]),
        ("PublicTest", ["Contempt"], ["row 1"]),
    ]
    assert "line 4" in parts["PublicTest"].left_out[0]
    assert np.array_equal(parts["Training"].images.thumbnails[0], face(1))


def test_a_csv_may_name_files_and_subjects(tmp_path):
    write(tmp_path / "img/a.png", face(1))
    path = tmp_path / "list.csv"
    path.write_text(
        "path,label,split,subject\nimg/a.png,joy,train,ann\nimg/none.png,joy,test,bob\nimg/a.png,3,test,ann\n"
    )
    parts = labelled_csv.read(path)
    assert parts["train"].labels == ["Happy"] and parts["test"].labels == ["3"]
    assert parts["test"].subjects == ["ann"] and "none.png" in parts["test"].left_out[0]


# --- the command -----------------------------------------------------------------------------------


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """`run(*words)` gives exit status and output of the command, in one line; results go to tmp_path/results."""
    monkeypatch.setenv("FER_RESULTS", str(tmp_path / "results"))
    monkeypatch.setattr(console, "width", 1000)

    def command(*words) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["commands", "audit-split", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        told = capsys.readouterr()
        assert "Traceback" not in told.out + told.err
        return stopped.value.code or 0, " ".join((told.out + told.err).split())

    return command


@pytest.fixture
def split(tmp_path) -> tuple[Path, Path]:
    """Four training faces; of five in test two stand there: one exactly, one changed and with another label."""
    train, test = tmp_path / "train", tmp_path / "test"
    for person, emotion in enumerate(("happy", "happy", "sad", "fear")):
        write(train / emotion / f"S00{person}_1.png", face(person))
    write(test / "happy/S000_9.png", face(0))
    write(test / "angry/S002_9.jpg", CHANGES["cropped"](face(2)))
    for person in (11, 12, 13):
        write(test / "happy" / f"S0{person}_1.png", face(person))
    return train, test


def cells(table) -> dict[str, str]:
    return {row["quantity"]: list(row.values())[-1] for row in table.rows}


def test_everything_is_counted(split):
    found = audit_split.audit(audit_split.from_folders(*split))
    assert list(cells(found.table).values()) == [
        "5", "1 (20.0%)", "1 (20.0%)", "2 (40.0%)", "1 (20.0%)", "2", "2 (40.0%)", "0.800", "0.500", "0.800",
    ]  # fmt: skip
    assert "On both sides: S000, S002." in found.table.notes


def test_the_files_show_the_worst_pair_first(run, split, tmp_path):
    page = tmp_path / "new" / "audit.html"
    status, output = run("--train", split[0], "--test", split[1], "--output", page)
    assert status == 0 and "2 (40.0%)" in output and "audit.csv" in output
    assert "same pixels, 1.0000" in page.read_text()
    rows = list(csv.DictReader(page.with_suffix(".csv").open()))
    assert [(row["test"], row["training"], row["copy"], row["labels"]) for row in rows] == [
        ("angry/S002_9.jpg", "sad/S002_1.png", "changed", "other"),
        ("happy/S000_9.png", "happy/S000_1.png", "same pixels", "same"),
    ]
    html = page.read_text()
    assert 0 < html.index("S002_9.jpg") < html.index("S000_9.png") and html.count("<img") == 4
    assert json.loads(page.with_suffix(".json").read_text())["name"] == "audit_split"


def test_two_runs_write_the_same_bytes(run, split, tmp_path):
    pages = [tmp_path / name / "audit.html" for name in ("one", "two")]
    for page in pages:
        run("--train", split[0], "--test", split[1], "--output", page)
    for ending in (".html", ".csv", ".json"):
        assert len({page.with_suffix(ending).read_bytes() for page in pages}) == 1


def test_names_are_no_markup_and_no_formula(run, split):
    write(split[1] / "=1+1" / "<script>[red].png", face(3))
    assert run("--train", split[0], "--test", split[1])[0] == 0
    (page,) = (split[0].parent / "results").rglob("*.html")
    assert "<script>" not in page.read_text()
    assert "\n'=1+1/" in page.with_suffix(".csv").read_text()


def test_clips_are_compared_by_frames(run, tmp_path):
    shots = [face(1, emotion) for emotion in (Emotion.NEUTRAL, Emotion.HAPPY, Emotion.SURPRISE) for _ in range(4)]
    others = [face(2)] * 12
    film(tmp_path / "a/happy/one.avi", shots)
    film(tmp_path / "a/sad/two.avi", others)
    film(tmp_path / "b/happy/copy.avi", [image[:, ::-1].copy() for image in shots])
    film(tmp_path / "b/sad/new.avi", [face(3)] * 12)
    status, output = run("--train", tmp_path / "a", "--test", tmp_path / "b")
    assert status == 0 and "test clips" in output and "1 (50.0%)" in output
    (table,) = (tmp_path / "results").rglob("*.csv")
    assert [(row["test"], row["copy"]) for row in csv.DictReader(table.open())] == [("happy/copy.avi", "mirrored")]


def test_a_drawn_fer2013_has_the_copies_that_it_was_given(tmp_path):
    (table,) = write_fer2013.plan(tmp_path, 300, 3)
    table.path.parent.mkdir()
    write_fer2013.write(table)
    found = audit_split.audit(audit_split.from_csv(table.path))
    rows = table.rows
    pairs = {
        (found.test.names[i], found.train.names[j]) for i, j in zip(found.pairs.test, found.pairs.train, strict=True)
    }
    made = {
        (f"row {i}", f"row {j}")
        for i, one in enumerate(rows)
        for j, other in enumerate(rows)
        if one.partition != "Training" and other.partition == "Training" and one.picture == other.picture
    }
    assert made and pairs == made
    assert list(found.table.columns.values())[1:] == ["PublicTest", "PrivateTest", "all"]


def test_one_label_and_no_labels_are_said(tmp_path):
    for side in ("a", "b"):
        write(tmp_path / side / "happy/x.png", face(1))
        write(tmp_path / f"{side}-bare/x.png", face(1))
    notes = " ".join(audit_split.audit(audit_split.from_folders(tmp_path / "a", tmp_path / "b")).table.notes)
    assert "one label only (Happy)" in notes
    bare = audit_split.audit(audit_split.from_folders(tmp_path / "a-bare", tmp_path / "b-bare")).table
    assert "have no label" in " ".join(bare.notes) and cells(bare)["with a copy that has another label"] == "not known"


def test_labels_that_have_nothing_in_common_are_not_compared(tmp_path):
    write(tmp_path / "a/happy/x.png", face(1))
    write(tmp_path / "b/3/x.png", face(1))
    table = audit_split.audit(audit_split.from_folders(tmp_path / "a", tmp_path / "b")).table
    assert "no label in common" in " ".join(table.notes)


def refused(run, told: str, *words) -> None:
    status, output = run(*words)
    assert status == 2 and output.count("error:") == output.count("what to do:") == 1 and told in output, output


def test_bad_input_is_one_sentence_and_a_remedy(run, split, tmp_path):
    train, test = split
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/x.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    refused(run, "What should be compared?")
    refused(run, "What should be compared?", "--train", train)
    refused(run, "What should be compared?", "--train", train, "--test", test, "--csv", "x.csv")
    refused(run, "is no folder", "--train", train, "--test", tmp_path / "none")
    refused(run, "holds no image", "--train", train, "--test", tmp_path / "empty")
    refused(run, "x.png", "--train", train, "--test", tmp_path / "bad")
    refused(run, "lies within the other", "--train", tmp_path, "--test", test)
    refused(run, "There is no file", "--csv", tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "cannot be read as a csv"),
        ("a,b\n1,2\n", "no column for the label"),
        ("label,split\n1,train\n", "neither pixels nor names of files"),
        ("label,split,pixels\n", "no row that can be read"),
        ("label,split,pixels\n1,train,x\n", "no whole numbers"),
        ("label,split,pixels\n1,train,1\n1,train,1,2\n", "cannot be read as a csv"),
        (f"label,split,pixels\n1,only,{pixels(np.zeros((8, 8), int))}\n", "has the parts only"),
    ],
)
def test_a_bad_csv_is_named(run, tmp_path, text, told):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    refused(run, told, "--csv", path)
