"""What a recipe decides: optimisers, class weights, accumulated gradients, weights to begin with, and keys of runs."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from little_samples import CLASSES, LittleNetwork, LittleSamples

from common.media.clips import Provenance
from common.protocols.splitters import Fold
from common.runs.identity import Identity
from common.runs.store import Run
from common.samples.augmentation import Augmentation
from common.samples.offline_augmentation import Moves, OfflineAugmentation
from common.support.errors import UserError
from common.training.batches import class_labels
from common.training.recipe import EarlyStopping, Plateau, Recipe
from common.training.spec import Training
from common.training.train import train

SAMPLES = LittleSamples()
# Classes 0, 1, 2 have 12, 6 and 6 samples.
ROWS = np.array([n for n in range(36) if n % 3 == 0 or n < 18])
FOLD = Fold("f", ROWS, np.empty(0, np.int64), np.arange(36, 60))
RECIPE = Recipe(1, 8, 0.1, checkpoint="last", optimizer="sgd")
DRAWN = Provenance(True, {"seed": 1})


@dataclasses.dataclass(frozen=True)
class Linear:
    """One layer that begins with zeros, whose steps can be followed by hand."""

    key: str = "linear"
    layout: str = "channels"

    def build(self, classes: int):
        from keras import Sequential, layers

        softmax = layers.Dense(classes, activation="softmax", kernel_initializer="zeros", dtype="float32")
        return Sequential([layers.Input((12, 12, 5)), layers.Flatten(), softmax])


def training(recipe=RECIPE, network=None, classes=CLASSES, **more) -> Training:
    labels = class_labels(SAMPLES.table.emotion, classes)
    network = network or Linear()
    return Training("p", "table1", "strict", "quick", network, recipe, 0, SAMPLES, labels, classes, FOLD, **more)


def changed(**changes) -> Recipe:
    return dataclasses.replace(RECIPE, **changes)


# Only the moving statistics of batch normalisation change.
STILL = changed(learning_rate=0.0, debias_batch_norm=False)


def weights_of(run: Run) -> list[np.ndarray]:
    import keras

    return keras.models.load_model(run.folder / "model.keras").get_weights()


def trained(root: Path, one: Training) -> Run:
    return train(one, root, provenance=DRAWN)


def by_hand(one: Training, updates: int, batches_each: int, momentum: float = 0.0) -> list[np.ndarray]:
    """Kernel and bias after updates of gradient descent on weighted cross-entropy from zeros."""
    feed = dataclasses.replace(one.batches(FOLD.train, train=True), class_weights=False)
    share = len(ROWS) / (3 * np.bincount(one.labels[ROWS]))
    kernel, bias = np.zeros((720, 3)), np.zeros(3)
    moved = [0.0, 0.0]
    for update in range(updates):
        gradients = [0.0, 0.0]
        for number in range(update * batches_each, (update + 1) * batches_each):
            x, y = feed[number]
            x = x.reshape(len(x), -1).astype(float)
            scores = np.exp(x @ kernel + bias)
            weights = share[y.argmax(axis=1)] if one.recipe.class_weights else np.ones(len(y))
            off = weights[:, None] * (scores / scores.sum(axis=1, keepdims=True) - y) / len(y) / batches_each
            gradients = [gradients[0] + x.T @ off, gradients[1] + off.sum(axis=0)]
        moved = [momentum * m - one.recipe.learning_rate * g for m, g in zip(moved, gradients, strict=True)]
        kernel, bias = kernel + moved[0], bias + moved[1]
    return [kernel, bias]


@pytest.mark.parametrize(
    ("changes", "updates", "batches_each"),
    [
        ({}, 3, 1),
        ({"momentum": 0.9}, 3, 1),
        ({"class_weights": True}, 3, 1),
        ({"accumulation": 3, "epochs": 2}, 2, 3),
        ({"accumulation": 2, "class_weights": True, "epochs": 2, "momentum": 0.5}, 3, 2),
    ],
)
def test_steps_are_those_by_hand(changes, updates, batches_each, tmp_path):
    one = training(changed(**changes))
    expected = by_hand(one, updates, batches_each, changes.get("momentum", 0.0))
    for found, correct in zip(weights_of(trained(tmp_path, one)), expected, strict=True):
        np.testing.assert_allclose(found, correct, atol=1e-6)
    assert np.abs(expected[0]).max() > 1e-3


def test_lookahead_is_not_adam_and_unknown_optimisers_are_refused(tmp_path):
    few = {"epochs": 3, "learning_rate": 1e-2}
    adam, ahead = (
        weights_of(trained(tmp_path, training(changed(optimizer=name, **few)))) for name in ("adam", "lookahead_adam")
    )
    assert np.abs(adam[0] - ahead[0]).max() > 1e-3
    with pytest.raises(UserError, match="lookahead_adam"):
        trained(tmp_path, training(changed(optimizer="lookahed_adam")))


def test_keys_of_runs_from_before_a_field_came_stay():
    recipe = Recipe(3, 32, 1e-3, augmentation=Augmentation(), stopping=EarlyStopping("val_loss", 2))
    identity = Identity("p", "table1", "honest", "quick", "net", {}, recipe.identity(), 0, "data", "split")
    assert identity.key == "29a62588876507188169ab483f575a89"
    assert "initial" not in training().identity.recipe


def test_every_field_decides_the_key(tmp_path):
    first = trained(tmp_path, training())
    others = [
        *({"optimizer": name} for name in ("adam", "lookahead_adam")),
        {"momentum": 0.9},
        {"class_weights": True},
        {"accumulation": 2},
        {"pixel_scaling": "symmetric"},
        *({"plateau": Plateau(patience=patience)} for patience in (2, 3)),
        {"augmentation": Augmentation()},
        *({"augmentation": OfflineAugmentation((Moves(1, 2, 3),), fill=fill)} for fill in (0, "edge")),
        {"augmentation": OfflineAugmentation((Moves(1, 2, 3),), per="frame")},
    ]
    identities = [training(changed(**other)).identity for other in others]
    identities += [first.identity, training(initial=first).identity]
    assert len({identity.key for identity in identities}) == len(identities)


def test_test_samples_are_neither_augmented_nor_weighted():
    one = training(changed(augmentation=OfflineAugmentation((Moves(1, 2, 3),)), class_weights=True))
    feed = one.batches(FOLD.test, train=False)
    assert feed.per_pass == 3
    assert len(feed[0]) == 2
    assert one.batches(FOLD.train, train=True).per_pass == len(ROWS) * 7 // 8


def test_an_epoch_is_as_long_as_the_enlarged_training_part(tmp_path):
    seen = []

    class Watched(LittleSamples):
        def read(self, rows):
            seen.extend(int(row) for row in rows if row < 36)
            return super().read(rows)

    augmentation = OfflineAugmentation((Moves(1, 1), Moves(), Moves(1)))
    one = dataclasses.replace(training(changed(augmentation=augmentation)), samples=Watched())
    trained(tmp_path, one)
    counts = np.bincount(seen, minlength=36)[ROWS]
    # One batch is read once more, to learn its shape, and some are read ahead.
    assert (counts >= np.array([3, 1, 2])[one.labels[ROWS]]).all()
    assert one.batches(FOLD.train, train=True).per_pass == (12 * 3 + 6 * 1 + 6 * 2) // 8 + 1


def test_a_training_begins_with_the_weights_that_a_run_ended_with(tmp_path):
    source = trained(tmp_path, training(changed(epochs=2), LittleNetwork()))
    again = trained(tmp_path, training(STILL, LittleNetwork(), initial=source))
    names = [layer.name.split("_")[0] for layer in LittleNetwork().build(3).layers if layer.weights]
    assert names == ["conv2d", "batch", "dense"]
    for n, (found, expected) in enumerate(zip(weights_of(again), weights_of(source), strict=True)):
        if n not in (4, 5):  # the moving statistics
            np.testing.assert_array_equal(found, expected)
    assert again.record["initial"] == str(source.identity)


@pytest.mark.parametrize("classes", [("Angry", "Happy", "Sad", "Surprise"), ("Happy", "Angry", "Sad")])
def test_the_last_layer_is_new_where_the_classes_are_others(classes, tmp_path):
    source = trained(tmp_path, training(changed(epochs=2), LittleNetwork()))
    new = trained(tmp_path, training(STILL, LittleNetwork(), classes))
    begun = trained(tmp_path, training(STILL, LittleNetwork(), classes, initial=source))
    first, last = slice(0, 2), slice(-2, None)
    for part, other in ((first, source), (last, new)):
        for found, expected in zip(weights_of(begun)[part], weights_of(other)[part], strict=True):
            np.testing.assert_array_equal(found, expected)


def test_weights_of_another_network_are_refused(tmp_path):
    source = trained(tmp_path, training())
    with pytest.raises(UserError, match=r"model\.keras has other layers"):
        trained(tmp_path, training(RECIPE, LittleNetwork(), initial=source))
    (source.folder / "model.keras").write_bytes(b"half a file")
    with pytest.raises(UserError, match="is not the network that this run has trained"):
        trained(tmp_path, training(RECIPE, initial=source))
