"""AlexNet: counts and shapes, normalisation by the formula, groups, and the function that OpenCV computes of a file."""

import cv2
import little_alexnet
import numpy as np
import pytest

from common.paper import load as papers
from common.support.errors import UserError
from reproductions.emotionalvlan import weights
from reproductions.emotionalvlan.alexnet import MEANS, WIDTHS, alexnet, features
from reproductions.emotionalvlan.alexnet_layers import CONVOLUTIONS, PARAMETERS, parts, sides
from reproductions.emotionalvlan.local_response import LocalResponseNormalisation

SMALL = {"width": 16, "size": 99}


def predicted(model, x):
    return np.asarray(model.predict_on_batch(x))


@pytest.fixture(scope="module")
def full():
    return alexnet()


def test_the_papers_network_has_the_parameters_of_alexnet_up_to_fc7(full):
    assert full.count_params() == PARAMETERS == 56_868_224
    assert full.input_shape == (None, 227, 227, 3) and full.output_shape == (None, 4096)
    shapes = {layer.name: tuple(layer.output.shape[1:]) for layer in full.layers}
    assert shapes["conv1"] == (55, 55, 96) and shapes["pool_conv1"] == (27, 27, 96)
    assert shapes["conv2"] == (27, 27, 256) and shapes["pool_conv2"] == (13, 13, 256)
    assert shapes["conv3"] == shapes["conv4"] == (13, 13, 384) and shapes["conv5"] == (13, 13, 256)
    assert shapes["pool_conv5"] == (6, 6, 256) and shapes["flat"] == (9216,)
    stated = papers.load("emotionalvlan").hyperparameters
    assert (shapes["fc6"], shapes["fc7"]) == ((stated["fc6"],), (stated["fc7"],))


def test_three_pools_and_two_normalisations_in_the_order_of_alexnet(full):
    names = [layer.name for layer in full.layers]
    assert [name for name in names if name.startswith("pool")] == ["pool_conv1", "pool_conv2", "pool_conv5"]
    assert [name for name in names if name.startswith("norm")] == ["norm_conv1", "norm_conv2"]
    assert names.index("relu_conv1") < names.index("norm_conv1") < names.index("pool_conv1")
    assert [name for name in names if name.startswith("drop")] == ["drop_fc6", "drop_fc7"]


@pytest.mark.parametrize("width", WIDTHS[1:])
def test_a_narrow_network_has_all_layers_divided(width):
    model = alexnet(width=width, size=67)
    for one in CONVOLUTIONS:
        assert sum(model.get_layer(name).filters for name in parts(one)) == one.filters // width
    assert model.output_shape == (None, 4096 // width)


def test_options_leave_layers_out():
    names = [layer.name for layer in alexnet(local_response_normalisation=False, **SMALL).layers]
    assert not [name for name in names if name.startswith("norm")]
    assert alexnet(dropout=0.0, **SMALL).get_layer("drop_fc7").rate == 0
    assert alexnet(**SMALL).get_layer("drop_fc7").rate == 0.5


@pytest.mark.parametrize(("width", "remedy"), [(3, "Choose a width of 1, 2, 4, 8, 16"), (0, "Choose"), (32, "Choose")])
def test_widths_that_do_not_divide_are_refused(width, remedy):
    with pytest.raises(UserError, match=remedy):
        alexnet(width=width)


@pytest.mark.parametrize("size", [66, 20, 0])
def test_images_that_the_pools_eat_up_are_refused(size):
    with pytest.raises(UserError, match=f"{size}×{size}.*67 or more"):
        alexnet(size=size)
    assert sides(67) == [7, 3, 1]


# --- what it computes ------------------------------------------------------------------------------


def formula(x):
    """x / (1 + 1e-4/5 · Σ x²)^0.75 over five channels."""
    found = np.empty_like(x)
    for c in range(x.shape[-1]):
        near = x[..., max(c - 2, 0) : c + 3]
        found[..., c] = x[..., c] / (1 + 1e-4 / 5 * (near**2).sum(axis=-1)) ** 0.75
    return found


@pytest.mark.parametrize("channels", [1, 3, 5, 16])
def test_normalisation_is_that_of_the_formula(channels):
    x = np.random.default_rng(channels).normal(0, 200, (2, 3, 4, channels)).astype(np.float32)
    expected = formula(x.astype(float))
    np.testing.assert_allclose(np.asarray(LocalResponseNormalisation()(x)), expected, rtol=2e-5, atol=1e-4)
    assert np.abs(expected / x).min() < 0.8  # the divisor matters


def test_normalisation_stays_finite_in_16_bits():
    x = np.full((1, 2, 2, 8), 3000, np.float16)
    found = np.asarray(LocalResponseNormalisation(dtype="float16")(x)).astype(float)
    np.testing.assert_allclose(found, formula(x.astype(float)), rtol=2e-2)


def test_groups_see_their_half_of_the_channels_alone():
    import keras

    model = alexnet(**SMALL)
    before, after = model.get_layer("pool_conv1").output, model.get_layer("conv2").output
    part = keras.Model(before, after)
    x = np.random.default_rng(0).random((1, *before.shape[1:]), np.float32)
    changed = x.copy()
    changed[..., 3:] = 0  # the second half of 6 channels
    one, other = predicted(part, x), predicted(part, changed)
    assert np.array_equal(one[..., :8], other[..., :8]) and not np.array_equal(one[..., 8:], other[..., 8:])


def with_offsets(model, seed=1):
    """Biases that are not zero, so that a lost one shows."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        if layer.weights:
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel, rng.normal(0, 0.1, bias.shape)])
    return model


def test_a_split_convolution_is_one_with_groups():
    import keras

    model = with_offsets(alexnet(**SMALL))
    for name in ("conv2", "conv4", "conv5"):
        (convolution,) = (one for one in CONVOLUTIONS if one.name == name)
        halves = [model.get_layer(part) for part in parts(convolution)]
        whole = keras.layers.Conv2D(2 * halves[0].filters, convolution.kernel, padding="same", groups=2)
        inputs = halves[0].kernel.shape[2] * 2
        whole.build((None, 13, 13, inputs))
        whole.set_weights([np.concatenate(both, -1) for both in zip(*(h.get_weights() for h in halves), strict=True)])
        x = np.random.default_rng(0).random((2, 13, 13, inputs), np.float32)
        ours = np.concatenate(
            [half(x[..., i * inputs // 2 :][..., : inputs // 2]) for i, half in enumerate(halves)], -1
        )
        np.testing.assert_allclose(np.asarray(whole(x)), ours, atol=1e-5)


@pytest.mark.parametrize("old", [False, True])
def test_it_computes_what_opencv_computes_of_the_same_caffemodel(old, tmp_path):
    width, size = 16, 99
    layers = little_alexnet.arrays(width, size)
    path = little_alexnet.caffemodel(tmp_path / "alexnet.caffemodel", layers, old=old)
    structure = tmp_path / "deploy.prototxt"
    structure.write_text(little_alexnet.prototxt(width, size))
    theirs = cv2.dnn.readNetFromCaffe(str(structure), str(path))
    images = np.random.default_rng(2).integers(0, 256, (3, size, size, 3), np.uint8)  # RGB
    blue_first = np.ascontiguousarray(images[..., ::-1])
    theirs.setInput(cv2.dnn.blobFromImages(list(blue_first), 1.0, mean=MEANS["spatial"][::-1]))
    expected = theirs.forward("relu_fc7")
    ours = alexnet(width=width, size=size)
    weights.load(ours, path)
    found = predicted(ours, images.astype(np.float32))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3 * expected.max())
    assert (expected > 0).mean() > 0.1 and expected.std(axis=0).max() > 0.1 * expected.std()


def test_means_are_subtracted_and_the_rest_divided():
    import keras

    for stream, mean in MEANS.items():
        model = alexnet(stream, divisor=128.0, **SMALL)
        centred = keras.Model(model.input, model.get_layer("centred").output)
        x = np.random.default_rng(0).uniform(0, 255, (1, 99, 99, 3)).astype(np.float32)
        np.testing.assert_allclose(predicted(centred, x), (x - mean) / 128, atol=1e-5)


def test_a_flow_image_without_motion_is_zero_for_the_temporal_network():
    import keras

    model = alexnet("temporal", **SMALL)
    centred = keras.Model(model.input, model.get_layer("centred").output)
    still = np.broadcast_to(np.float32([128, 128, 0]), (1, 99, 99, 3))
    assert not predicted(centred, still).any()


@pytest.mark.parametrize("layer", ["fc6", "fc7"])
def test_features_are_what_a_layer_gives_after_its_relu(layer):
    model = with_offsets(alexnet(**SMALL))
    x = np.random.default_rng(0).uniform(0, 255, (2, 99, 99, 3)).astype(np.float32)
    found = predicted(features(model, layer), x)
    assert found.shape == (2, 256) and found.min() == 0 and found.max() > 0
    if layer == "fc7":
        np.testing.assert_allclose(found, predicted(model, x), rtol=1e-5, atol=1e-5)
    else:
        kernel, bias = model.get_layer("fc7").get_weights()
        expected = np.maximum(found @ kernel + bias, 0)
        np.testing.assert_allclose(predicted(model, x), expected, rtol=1e-3, atol=1e-3 * expected.max())


def test_weight_decay_adds_half_of_lambda_times_the_squares_of_kernels_alone():
    model = with_offsets(alexnet(weight_decay=0.01, **SMALL))
    kernels = [layer.get_weights()[0] for layer in model.layers if layer.weights]
    expected = 0.01 / 2 * sum(float((kernel.astype(float) ** 2).sum()) for kernel in kernels)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)
    assert alexnet(weight_decay=0.0, **SMALL).losses == []


def test_a_stored_network_predicts_the_same(tmp_path):
    import keras

    model = alexnet(**SMALL)
    model.save(tmp_path / "model.keras")
    x = np.random.default_rng(0).uniform(0, 255, (2, 99, 99, 3)).astype(np.float32)
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(predicted(again, x), predicted(model, x))
