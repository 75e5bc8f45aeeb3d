"""Weights of AlexNet from the forms of Caffe, MatConvNet, PyTorch and NumPy: one network whatever the form."""

import io
import pickle
import zipfile

import little_alexnet
import numpy as np
import pytest

from common.support.errors import UserError
from reproductions.emotionalvlan import torch_file, weights
from reproductions.emotionalvlan.alexnet import CONVOLUTIONS, alexnet, parts, sides

WIDTH, SIZE = 16, 99
SIDE = sides(SIZE)[-1]
CAFFENET = ("conv1", "pool1", "norm1", "conv2", "pool2", "norm2", *little_alexnet.STEPS[6:])
# Names that torchvision gives to the layers of its AlexNet.
PLACES = ("features.0", "features.3", "features.6", "features.8", "features.10")
NUMBERED = dict(zip([one.name for one in CONVOLUTIONS], PLACES, strict=True))
NUMBERED |= {"fc6": "classifier.1", "fc7": "classifier.4", "fc8": "classifier.6"}


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
    if form.startswith("mat"):
        return little_alexnet.mat(folder / "a.mat", layers, SIDE, old=form == "matconvnet before 2015")
    arrays = little_alexnet.named(layers, NUMBERED if "numbered" in form else None)
    if form == "npz":
        np.savez(folder / "a.npz", **arrays)
        return folder / "a.npz"
    return little_alexnet.pth(folder / "a.pth", {"epoch": 3, "state_dict": arrays} if "training" in form else arrays)


FORMS = [
    "caffe",
    "caffe before 2014",
    "matconvnet",
    "matconvnet before 2015",
    "pth",
    "pth numbered",
    "pth of a training",
]


@pytest.mark.parametrize("form", [*FORMS, "npz"])
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


@pytest.mark.parametrize("form", ["pth numbered", "npz", "caffe"])
def test_torchvisions_alexnet_is_told_to_be_another_network(form, network, tmp_path):
    path = written(form, tmp_path, torchvision())
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
    path = written("npz", tmp_path, layers | {"fc7": (kernel[:-1], bias[:-1])})
    before = network.get_weights()
    with pytest.raises(UserError, match="fc7"):
        weights.load(network, path)
    assert all(map(np.array_equal, before, network.get_weights()))


def test_a_bias_of_another_length_is_refused(layers, network, tmp_path):
    path = written("npz", tmp_path, layers | {"conv3": (layers["conv3"][0], layers["conv3"][1][:-1])})
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
    arrays = little_alexnet.named(layers) | {"bn1.running_mean": np.zeros(3)}
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(UserError, match="batch normalisation"):
        weights.load(network, tmp_path / "a.npz")


def test_fewer_layers_are_told(layers, network, tmp_path):
    some = {name: layers[name] for name in ("conv1", "conv2", "conv3")}
    with pytest.raises(UserError, match="has 3 layers with weights, AlexNet 7"):
        weights.load(network, written("npz", tmp_path, some))


# --- broken files ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["caffe", "matconvnet", "pth", "npz"])
@pytest.mark.parametrize("left", [0.7, 0.001, 0])
def test_a_file_that_ends_too_early_is_told(form, left, layers, network, tmp_path):
    path = written(form, tmp_path, layers)
    content = path.read_bytes()
    path.write_bytes(content[: int(left * len(content))])
    with pytest.raises(UserError, match=rf"{path.name} cannot be read as weights of a network.*Get bvlc_alexnet"):
        weights.load(network, path)


@pytest.mark.parametrize("suffix", [".caffemodel", ".mat", ".pth", ".npz"])
def test_a_file_of_something_else_is_told(suffix, network, tmp_path):
    path = tmp_path / f"a{suffix}"
    path.write_text("<html>404 Not Found</html>" * 99)
    with pytest.raises(UserError, match="cannot be read as weights"):
        weights.load(network, path)


def test_an_unknown_ending_is_told(network, tmp_path):
    with pytest.raises(UserError, match=r"a\.h5 is none of \.caffemodel, \.mat, \.pth, \.npz"):
        weights.load(network, tmp_path / "a.h5")


def test_weights_that_are_no_numbers_are_told(layers, network, tmp_path):
    path = written("npz", tmp_path, layers | {"conv4": (layers["conv4"][0] * np.nan, layers["conv4"][1])})
    with pytest.raises(UserError, match="are no numbers"):
        weights.load(network, path)


def test_a_blob_that_lacks_numbers_is_told(network, tmp_path):
    layers = little_alexnet.arrays(WIDTH, SIZE)
    path = little_alexnet.caffemodel(tmp_path / "a.caffemodel", layers)
    content = path.read_bytes().replace(b"\x2a", b"\x32", 1)  # the first blob's numbers are its gradients now
    path.write_bytes(content)
    with pytest.raises(UserError, match="cannot be read as weights"):
        weights.load(network, path)


# --- pickles that would run something --------------------------------------------------------------


class Harmful:
    def __init__(self, call, *arguments):
        self.made = call, arguments

    def __reduce__(self):
        return self.made


def zipped(path, content: bytes):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", content)
    return path


def test_a_pickle_that_calls_something_is_refused_and_calls_nothing(network, tmp_path):
    victim = tmp_path / "victim"
    for call, arguments in ((open, (str(victim), "w")), (eval, (f"open({str(victim)!r}, 'w')",))):
        path = zipped(tmp_path / "a.pth", pickle.dumps({"conv1.weight": Harmful(call, *arguments)}, 2))
        with pytest.raises(UserError, match=r"a\.pth cannot be read .* asks for .*no tensor"):
            weights.load(network, path)
        assert not victim.exists()


def test_a_whole_module_is_refused_by_name(network, tmp_path):
    path = zipped(tmp_path / "a.pth", b"\x80\x02ctorch.nn.modules.conv\nConv2d\nq\x00.")
    with pytest.raises(UserError, match=r"torch\.nn\.modules\.conv\.Conv2d"):
        weights.load(network, path)


def test_an_npz_of_objects_is_not_unpickled(network, tmp_path):
    victim = tmp_path / "victim"
    harmful = np.array([Harmful(open, str(victim), "w")], object)
    np.savez(tmp_path / "a.npz", **{"conv1.weight": harmful, "conv1.bias": np.zeros(3)})
    with pytest.raises(UserError, match="cannot be read"):
        weights.load(network, tmp_path / "a.npz")
    assert not victim.exists()


def test_tensors_are_views_of_their_storage_and_stay_in_it(tmp_path):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    found = torch_file.tensors(little_alexnet.pth(tmp_path / "a.pth", {"one": array}))
    np.testing.assert_array_equal(found["one"], array)
    with pytest.raises(ValueError, match="beyond its storage"):
        torch_file.tensors(little_alexnet.pth(tmp_path / "a.pth", {"one": (array, 1)}))


@pytest.mark.parametrize(
    ("offset", "size", "stride"), [(-1, (2,), (1,)), (0, (2,), (-1,)), (0, (2, 2), (1,)), (5, (2,), (1,))]
)
def test_shapes_that_leave_memory_are_refused(offset, size, stride):
    with pytest.raises(ValueError, match="tensor"):
        torch_file._tensor(np.zeros(6, np.float32), offset, size, stride)


def test_the_form_before_pytorch_1_6_is_told(network, tmp_path):
    stream = io.BytesIO()
    pickle.dump(0x1950A86A20F9469CFC6C, stream, 2)
    (tmp_path / "a.pth").write_bytes(stream.getvalue())
    with pytest.raises(UserError, match=r"since 1\.6"):
        weights.load(network, tmp_path / "a.pth")


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
