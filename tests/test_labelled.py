"""Any folder and any csv of labelled images or videos is read, and what is wrong with it is said."""

import numpy as np
import pytest
from little_copies import face, film, pixels, write

from common.media.emotions import Emotion
from common.support.errors import UserError
from datasets import labelled, labelled_csv, subject_names


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
