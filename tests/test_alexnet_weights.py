"""Weights of AlexNet from the forms of Caffe and MatConvNet: one network whatever the form."""

import os
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext, suppress
from multiprocessing import get_context

import little_alexnet
import numpy as np
import pytest

from common.support.errors import UserError
from reproductions.emotionalvlan import matconvnet_file, weights
from reproductions.emotionalvlan.alexnet import alexnet
from reproductions.emotionalvlan.alexnet_layers import CONVOLUTIONS, parts, sides

WIDTH, SIZE = 16, 99
SIDE = sides(SIZE)[-1]
CAFFENET = ("conv1", "pool1", "norm1", "conv2", "pool2", "norm2", *little_alexnet.STEPS[6:])


@pytest.fixture(scope="module")
def layers():
    return little_alexnet.arrays(WIDTH, SIZE)


@pytest.fixture(scope="module")
def network():
    return alexnet(width=WIDTH, size=SIZE)


def written(form: str, folder, layers):
    """A file of one of the forms."""
    if form.startswith("caffe"):
        return little_alexnet.caffemodel(folder / "a.caffemodel", layers, old=form == "caffe before 2014")
    return little_alexnet.mat(folder / "a.mat", layers, SIDE, old=form == "matconvnet before 2015")


@pytest.mark.parametrize("form", ["caffe", "caffe before 2014", "matconvnet", "matconvnet before 2015"])
def test_every_form_gives_the_same_network(form, layers, network, tmp_path):
    """Kernels as they are defined: rows, columns, channels of red, green, blue, filters."""
    path = written(form, tmp_path, layers)
    for layer in network.layers:
        layer.set_weights([np.full(weight.shape, np.nan) for weight in layer.weights])
    weights.load(network, path)
    for one in CONVOLUTIONS:
        halves = [network.get_layer(name).get_weights() for name in parts(one)]
        kernel, bias = (np.concatenate(both, axis=-1) for both in zip(*halves, strict=True))
        theirs = little_alexnet.rgb(layers)[one.name]
        np.testing.assert_array_equal(kernel, theirs[0].transpose(2, 3, 1, 0))
        np.testing.assert_array_equal(bias, theirs[1])
    kernel, bias = network.get_layer("fc6").get_weights()
    np.testing.assert_array_equal(
        kernel.reshape(SIDE, SIDE, -1, 256), layers["fc6"][0].reshape(256, -1, SIDE, SIDE).transpose(2, 3, 1, 0)
    )
    np.testing.assert_array_equal(network.get_layer("fc7").get_weights()[0], layers["fc7"][0].T)
    np.testing.assert_array_equal(network.get_layer("fc7").get_weights()[1], layers["fc7"][1])


# --- other networks --------------------------------------------------------------------------------


def torchvision():
    shapes = {"conv1": (64, 3, 11), "conv2": (192, 64, 5), "conv3": (384, 192, 3), "conv4": (256, 384, 3)}
    made = {name: (out, into, k, k) for name, (out, into, k) in (shapes | {"conv5": (256, 256, 3)}).items()}
    made |= {"fc6": (8, 9216), "fc7": (8, 8), "fc8": (3, 8)}
    return {name: (np.zeros(shape, np.float32), np.zeros(shape[0], np.float32)) for name, shape in made.items()}


def test_torchvisions_alexnet_is_told_to_be_another_network(network, tmp_path):
    path = written("caffe", tmp_path, torchvision())
    with pytest.raises(UserError, match=r"a\.\w+ is torchvision's AlexNet .*without groups.*Get bvlc_alexnet"):
        weights.load(network, path)


def test_weights_of_another_width_or_size_are_told_with_both_shapes(layers, tmp_path):
    path = written("caffe", tmp_path, layers)
    with pytest.raises(
        UserError, match=r"conv1 of .*a\.caffemodel has weights of 6×3×11×11, conv1 .* 12×3×11×11.*width=1"
    ):
        weights.load(alexnet(width=8, size=SIZE), path)
    with pytest.raises(UserError, match=r"fc6 of .* has weights of 256×64, fc6 of the network 256×16"):
        weights.load(alexnet(width=16, size=67), path)


def test_nothing_is_loaded_of_a_file_that_fits_in_part(layers, network, tmp_path):
    kernel, bias = layers["fc7"]
    path = written("caffe", tmp_path, layers | {"fc7": (kernel[:-1], bias[:-1])})
    before = network.get_weights()
    with pytest.raises(UserError, match="fc7"):
        weights.load(network, path)
    assert all(map(np.array_equal, before, network.get_weights()))


def test_a_bias_of_another_length_is_refused(layers, network, tmp_path):
    path = written("caffe", tmp_path, layers | {"conv3": (layers["conv3"][0], layers["conv3"][1][:-1])})
    with pytest.raises(UserError, match="conv3"):
        weights.load(network, path)


def test_caffenet_has_the_same_shapes_and_is_refused(layers, network, tmp_path):
    for path in (
        little_alexnet.caffemodel(tmp_path / "a.caffemodel", layers, CAFFENET),
        little_alexnet.mat(tmp_path / "a.mat", layers, SIDE, CAFFENET),
    ):
        with pytest.raises(UserError, match=r"is CaffeNet, which pools before it normalises"):
            weights.load(network, path)


def test_normalisation_must_be_in_both_or_in_none(layers, network, tmp_path):
    without = [name for name in little_alexnet.STEPS if not name.startswith("norm")]
    bare = little_alexnet.mat(tmp_path / "a.mat", layers, SIDE, without)
    with pytest.raises(UserError, match=r"has no local response normalisation.*local_response_normalisation=false"):
        weights.load(network, bare)
    plain = alexnet(width=WIDTH, size=SIZE, local_response_normalisation=False)
    weights.load(plain, bare)
    with pytest.raises(UserError, match=r"has local response normalisation.*local_response_normalisation=true"):
        weights.load(plain, written("caffe", tmp_path, layers))


def test_batch_normalisation_is_refused(layers, network, tmp_path):
    path = little_alexnet.mat(tmp_path / "a.mat", layers, SIDE, kinds={"norm": "bnorm"})
    with pytest.raises(UserError, match="batch normalisation"):
        weights.load(network, path)


def test_fewer_layers_are_told(layers, network, tmp_path):
    some = {name: layers[name] for name in ("conv1", "conv2", "conv3")}
    with pytest.raises(UserError, match="has 3 layers with weights, AlexNet 7"):
        weights.load(network, written("caffe", tmp_path, some))


# --- broken files ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["caffe", "matconvnet"])
@pytest.mark.parametrize("left", [0.7, 0.001, 0])
def test_a_file_that_ends_too_early_is_told(form, left, layers, network, tmp_path):
    path = written(form, tmp_path, layers)
    content = path.read_bytes()
    path.write_bytes(content[: int(left * len(content))])
    with pytest.raises(UserError, match=rf"{path.name} cannot be read as weights of a network.*Get bvlc_alexnet"):
        weights.load(network, path)


@pytest.mark.parametrize("suffix", [".caffemodel", ".mat"])
def test_a_file_of_something_else_is_told(suffix, network, tmp_path):
    path = tmp_path / f"a{suffix}"
    path.write_text("<html>404 Not Found</html>" * 99)
    with pytest.raises(UserError, match="cannot be read as weights"):
        weights.load(network, path)


def test_an_unknown_ending_is_told(network, tmp_path):
    with pytest.raises(UserError, match=r"a\.pth is neither \.caffemodel nor \.mat"):
        weights.load(network, tmp_path / "a.pth")


def test_weights_that_are_no_numbers_are_told(layers, network, tmp_path):
    path = written("caffe", tmp_path, layers | {"conv4": (layers["conv4"][0] * np.nan, layers["conv4"][1])})
    with pytest.raises(UserError, match="are no numbers"):
        weights.load(network, path)


def test_a_blob_that_lacks_numbers_is_told(network, tmp_path):
    layers = little_alexnet.arrays(WIDTH, SIZE)
    path = little_alexnet.caffemodel(tmp_path / "a.caffemodel", layers)
    content = path.read_bytes().replace(b"\x2a", b"\x32", 1)  # the first blob's numbers are its gradients now
    path.write_bytes(content)
    with pytest.raises(UserError, match="cannot be read as weights"):
        weights.load(network, path)


def _falls(path) -> None:
    os.abort()


def test_a_reader_that_is_brought_down_takes_nothing_with_it(network, tmp_path, monkeypatch):
    """As SciPy's is by some changed bytes, with a segmentation fault."""
    monkeypatch.setattr(matconvnet_file, "layers", _falls)
    path = tmp_path / "a.mat"
    path.touch()
    with pytest.raises(UserError, match=r"a\.mat cannot be read .*brought the reader down.*Get bvlc_alexnet"):
        weights.load(network, path)


@pytest.mark.parametrize("form", ["caffe", "matconvnet"])
def test_changed_bytes_end_in_a_sentence_or_in_weights(form, layers, tmp_path, monkeypatch):
    path = written(form, tmp_path, layers)
    whole = path.read_bytes()
    with monkeypatch.context() as patched, ProcessPoolExecutor(1, get_context("spawn")) as process:
        # One process for all files instead of one for each.
        patched.setattr(weights, "ProcessPoolExecutor", lambda *_, **__: nullcontext(process))
        for place in np.random.default_rng(0).integers(0, 2_000, 60):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
            with suppress(UserError):
                weights.read(path)


# --- where they are --------------------------------------------------------------------------------


def test_the_best_file_of_a_folder_is_found(tmp_path):
    assert weights.find(None) == weights.find(tmp_path) == "none"
    for name in reversed(weights.NAMES):
        (tmp_path / name).touch()
        assert weights.find(tmp_path) == name
        assert weights.place(tmp_path, name) == tmp_path / name


@pytest.mark.parametrize("folder", [None, "models"])
def test_a_missing_file_is_told_with_where_to_get_it(folder, tmp_path):
    folder = folder and tmp_path / folder
    with pytest.raises(UserError, match=r"no file bvlc_alexnet\.caffemodel .*http.*MODELS=<folder>.*pretrained=none"):
        weights.place(folder, weights.CAFFE)


def test_what_is_said_without_weights_names_the_files_and_the_tables():
    said = weights.missing()
    assert "random weights" in said and "tables" in said and "MODELS=<folder>" in said
    assert all(url in said for url in weights.URLS.values())
