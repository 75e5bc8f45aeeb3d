"""Weights of the public program that mini-Xception was copied from, in its own file format, in the network here.

`fer2013_mini_XCEPTION.*.hdf5` of oarriaga/face_classification were written by Keras 2: an HDF5 file with a group for
each layer, in the order of `layer_names`. Here the program's network is written down as its author has it, and its
random weights are put into such a file.
"""

import dataclasses

import h5py
import numpy as np
import pytest
from little_samples import LittleSamples
from test_training import DRAWN, FOLD, little

from common.protocols.leakage import summarise
from common.support.errors import UserError
from common.training import devices
from common.training.evaluate import Evaluation, evaluate
from common.training.model_file import of
from reproductions.timeconvnet.models import NETWORKS

devices.choose_backend()
CLASSES = ("Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise", "Neutral")
FILE = "fer2013_mini_XCEPTION.102-0.66.hdf5"


def public(shape=(48, 48, 1), classes=7):
    """`mini_XCEPTION` of src/models/cnn.py, with what Keras 2 took where it says nothing."""
    from keras import Input, Model, layers

    inputs = Input(shape)
    x = inputs
    for _ in range(2):
        x = layers.Conv2D(8, (3, 3), strides=(1, 1), use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.Activation("relu")(x)
    for filters in (16, 32, 64, 128):
        residual = layers.Conv2D(filters, (1, 1), strides=(2, 2), padding="same", use_bias=False)(x)
        residual = layers.BatchNormalization()(residual)
        x = layers.SeparableConv2D(filters, (3, 3), padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.Activation("relu")(x)
        x = layers.SeparableConv2D(filters, (3, 3), padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D((3, 3), strides=(2, 2), padding="same")(x)
        x = layers.add([x, residual])
    x = layers.Conv2D(classes, (3, 3), padding="same")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return Model(inputs, layers.Activation("softmax", name="predictions")(x))


def randomised(model):
    """The model with weights of which none is what a new network has, and answers that no weight decides alone."""
    rng = np.random.default_rng(0)
    around_one = ("gamma", "moving_variance")
    model.set_weights(
        [
            rng.uniform(0.5, 1.5, weight.shape) if weight.name in around_one else rng.normal(0, 0.2, weight.shape)
            for weight in model.weights
        ]
    )
    return model


def write(model, path) -> None:
    """A network's weights as Keras 2 wrote them with `model.save`."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = b"2.0.5", b"tensorflow"
        group = file.create_group("model_weights")
        group.attrs["keras_version"], group.attrs["backend"] = b"2.0.5", b"tensorflow"
        group.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            one = group.create_group(layer.name)
            names = [f"{layer.name}/{weight.name}:0" for weight in layer.weights]
            one.attrs["weight_names"] = [name.encode() for name in names]
            for name, weight in zip(names, layer.get_weights(), strict=True):
                one.create_dataset(name, data=weight)


def evaluation(path) -> Evaluation:
    samples = LittleSamples(length=1, size=48)
    network = NETWORKS["mini_xception_2d"]
    training = dataclasses.replace(little(), samples=samples, classes=CLASSES, network=network, fold=FOLD)
    return Evaluation(training, path, "FER2013, by O. Arriaga", summarise(samples.table, FOLD))


def test_the_public_weights_give_the_outputs_of_the_public_program(tmp_path):
    theirs = randomised(public())
    write(theirs, tmp_path / FILE)
    run = evaluate(evaluation(tmp_path / FILE), tmp_path / "runs", DRAWN)
    windows = np.random.default_rng(1).random((4, 48, 48, 1), np.float32)
    wanted = theirs.predict(windows, verbose=0)
    assert wanted.std(axis=0).max() > 1e-4  # the answer depends on the image
    np.testing.assert_array_equal(of(run).predict(windows, verbose=0), wanted)
    assert run.given == "FER2013, by O. Arriaga"


@pytest.mark.parametrize("shape", [(64, 64, 3), (48, 48, 5)])
def test_weights_for_other_images_are_refused(tmp_path, shape):
    write(randomised(public(shape)), tmp_path / FILE)
    with pytest.raises(UserError, match="does not hold the weights of mini_xception_2d"):
        evaluate(evaluation(tmp_path / FILE), tmp_path / "runs", DRAWN)
