"""Copies are found among training images whatever was done to them; other people never are."""

from pathlib import Path

import numpy as np
import pytest
from little_copies import CHANGES, SIDE, face, faces, images, recoded

from common.samples import duplicate_search
from common.samples.duplicate_search import Pairs, find, of_clips
from common.samples.same_image import SAME, likeness
from datasets import fer2013

REAL = Path(__file__).parents[2] / "shared" / "data"


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
    monkeypatch.setattr(duplicate_search, "_SCORES", 1)
    monkeypatch.setattr(duplicate_search, "cores", lambda: 1)
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
    pairs = Pairs(*(np.array(column, kind) for column, kind in zip(zip(*rows), (int, int, bool, bool, float))))  # noqa: B905 - there may be no row
    found = of_clips(pairs, owners, owners)
    assert (found.test.tolist(), found.train.tolist(), found.exact.tolist()) == ([0], [0], [True])


@pytest.mark.skipif(not (REAL / "fer2013.csv.xz").is_file(), reason="fer2013.csv.xz is not beside this checkout")
def test_the_exact_copies_of_fer2013_are_all_found():
    stills = fer2013.read(REAL)
    training = stills.partitions == "Training"
    train, test = stills.pixels[training], stills.pixels[~training][:300]
    found = find(images(train), images(test))
    known = {one.tobytes() for one in train}
    by_hand = [number for number, one in enumerate(test) if one.tobytes() in known]
    assert by_hand and np.unique(found.test[found.exact]).tolist() == by_hand
