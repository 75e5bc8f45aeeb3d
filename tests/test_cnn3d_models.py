"""C3D against a computation without Keras, and against the counts and shapes that follow from the paper."""

import numpy as np
import pytest
from scipy import ndimage

from common.paper import load as papers
from common.support.errors import UserError
from reproductions.cnn3d.models import NETWORKS
from reproductions.cnn3d.networks import ACTIVATIONS, c3d

SMALL = {"width": 64, "fc_units": 5, "size": 48}


def table1() -> dict:
    return papers.load("cnn3d").hyperparameters["search"]


@pytest.mark.parametrize("key", NETWORKS)
def test_the_exact_networks_have_the_parameters_and_shapes_of_c3d(key):
    model = NETWORKS[key].build()
    assert model.count_params() == NETWORKS[key].parameters
    shapes = {layer.name: tuple(layer.output.shape[1:]) for layer in model.layers}
    assert [shapes[f"pool{n}"] for n in range(1, 6)] == [
        (10, 56, 56, 64),
        (5, 28, 28, 128),
        (2, 14, 14, 256),
        (1, 7, 7, 512),
        (1, 4, 4, 512),
    ]
    assert shapes["conv4b"] == (2, 14, 14, 512)
    assert model.get_layer("fc6").kernel.shape == (8192, 4096)
    assert model.output_shape == (None, 7 if key == "c3d_ckplus" else 6)


def test_the_totals_are_those_of_seven_and_six_classes():
    assert [NETWORKS[key].parameters for key in ("c3d_ckplus", "c3d_oulu")] == [78_035_463, 78_031_366]


def test_a_second_convolution_in_the_first_two_groups_adds_what_it_must():
    # 3·3·3·64·64 + 64 and 3·3·3·128·128 + 128 weights, and four numbers a filter of batch normalisation.
    one, two = (c3d(second_convolution=second, fc_units=8).count_params() for second in (False, True))
    assert two - one == 553_920


def test_defaults_are_the_best_settings_that_the_paper_prints():
    best = papers.load("cnn3d").hyperparameters["best"]
    model = c3d(**SMALL)
    names = [layer.name for layer in model.layers]
    assert best["activation"] == "relu"
    assert "relu5b" in names
    assert type(model.get_layer("pool3")).__name__.lower().startswith(best["pooling"])
    assert model.get_layer("conv5b").kernel.shape[:3] == (best["temporal_size"], 3, 3)
    assert "conv1b" not in names
    assert [layer.rate for layer in model.layers if "dropout" in layer.name] == [best["dropout"]] * 2


def test_dropout_can_be_after_the_first_dense_layer_alone():
    names = [layer.name.split("_")[0] for layer in c3d(dropout_places="fc6", **SMALL).layers]
    assert names.count("dropout") == 1
    assert names.index("fc6") < names.index("dropout") < names.index("fc7")


def test_batch_normalisation_has_the_momentum_and_epsilon_of_pytorch():
    norms = [layer for layer in c3d(**SMALL).layers if layer.name.startswith("norm")]
    assert len(norms) == 8
    assert {(norm.momentum, norm.epsilon) for norm in norms} == {(0.9, 1e-5)}


def activated(x, name: str, slope: float):
    return {
        "relu": lambda: np.maximum(x, 0),
        "elu": lambda: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        "prelu": lambda: np.where(x > 0, x, slope * x),
        "leaky_relu": lambda: np.where(x > 0, x, 0.01 * x),
        "mish": lambda: x * np.tanh(np.logaddexp(0, x)),
    }[name]()


def pooled(x, kind: str, group: int):
    """(n, T, H, W, C); windows one by one."""
    if group == 5:
        edge = 0 if kind == "average" else -np.inf
        x = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1), (0, 0)], constant_values=edge)
    size, step = ((1, 2, 2), (1, 2, 2)) if group == 1 else ((1 if group == 5 else 2, 2, 2), (2, 2, 2))
    counts = [(extent - s) // d + 1 for extent, s, d in zip(x.shape[1:4], size, step, strict=True)]
    result = np.empty((len(x), *counts, x.shape[4]))
    for place in np.ndindex(*counts):
        window = tuple(slice(p * d, p * d + s) for p, d, s in zip(place, step, size, strict=True))
        values = x[(slice(None), *window)]
        result[(slice(None), *place)] = values.mean(axis=(1, 2, 3)) if kind == "average" else values.max(axis=(1, 2, 3))
    return result


def reference(model, x, activation: str, pooling: str, slope: float):
    """What the last pool gives, and the probabilities."""
    x = x.astype(float)
    for group in range(1, 6):
        for part in "ab":
            if f"conv{group}{part}" not in [layer.name for layer in model.layers]:
                continue
            kernel, bias = model.get_layer(f"conv{group}{part}").get_weights()
            gamma, beta, mean, variance = model.get_layer(f"norm{group}{part}").get_weights()
            convolved = np.zeros((*x.shape[:4], len(bias)))
            for sample in range(len(x)):
                for i, o in np.ndindex(*kernel.shape[3:]):
                    taps = kernel[..., i, o].astype(float)
                    convolved[sample, ..., o] += ndimage.correlate(x[sample, ..., i], taps, mode="constant")
            x = (convolved + bias - mean) / np.sqrt(variance + 1e-5) * gamma + beta
            x = activated(x, activation, slope)
        x = pooled(x, pooling, group)
    features = x
    x = x.reshape(len(x), -1)
    for name in ("fc6", "fc7", "fc8"):
        kernel, bias = model.get_layer(name).get_weights()
        x = x @ kernel + bias
        x = activated(x, activation, slope) if name != "fc8" else x
    x = np.exp(x - x.max(axis=1, keepdims=True))
    return features, x / x.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("activation", "pooling", "more"),
    [
        ("relu", "average", {}),
        ("elu", "max", {}),
        ("prelu", "max", {"temporal": 1}),
        ("leaky_relu", "average", {"temporal": 5}),
        ("mish", "max", {"temporal": 9, "second_convolution": True}),
    ],
)
def test_outputs_are_those_of_a_computation_without_keras(activation, pooling, more):
    import keras

    model = c3d(4, activation=activation, pooling=pooling, **SMALL, **more)
    rng = np.random.default_rng(1)
    slope = 0.1
    for layer in model.layers:
        if layer.name.startswith("norm"):
            # Mostly negative values, so that a maximum over padding of zeros would be seen.
            count = len(layer.get_weights()[0])
            values = rng.uniform(0.5, 1, count), rng.uniform(-0.5, 0.2, count), rng.normal(0, 0.1, count)
            layer.set_weights([*values, rng.uniform(0.02, 0.05, count)])
        elif layer.name.startswith("prelu"):
            layer.set_weights([np.full(layer.alpha.shape, slope)])
        elif layer.name.startswith(("conv", "fc")):
            kernel, bias = layer.get_weights()
            layer.set_weights([2 * kernel, rng.normal(0, 0.2, bias.shape)])
    x = rng.uniform(-1, 1, (2, 10, 48, 48, 3)).astype(np.float32)
    both = keras.Model(model.input, [model.get_layer("pool5").output, model.output])
    expected = reference(model, x, activation, pooling, slope)
    for found, correct in zip(both.predict_on_batch(x), expected, strict=True):
        np.testing.assert_allclose(found, correct, atol=1e-4 * np.abs(correct).max())
    assert expected[0].std(axis=0).max() > 1e-2


def test_prelu_has_one_slope_a_layer_as_in_pytorch():
    plain, learnt = (c3d(activation=name, **SMALL) for name in ("relu", "prelu"))
    assert learnt.count_params() - plain.count_params() == 8 + 2
    assert all(np.ravel(layer.get_weights()) == 0.25 for layer in learnt.layers if layer.name.startswith("prelu"))


@pytest.mark.parametrize("kind", ["xavier_uniform", "xavier_normal"])
def test_weights_begin_as_glorot_says(kind):
    model = c3d(initializer=kind, width=64, fc_units=1024, size=48)
    kernel, bias = model.get_layer("fc7").get_weights()
    sigma = np.sqrt(2 / (1024 + 1024))
    assert kernel.std() == pytest.approx(sigma, rel=0.01)
    assert not bias.any()
    largest = np.abs(kernel).max() / sigma
    # A uniform one ends at √3 σ; one that is cut off at two of its own σ would end at 2.27 σ.
    assert largest <= np.sqrt(3) + 1e-3 if kind == "xavier_uniform" else largest > 3.5


def test_layers_do_not_share_their_first_numbers():
    model = c3d(width=64, fc_units=8, size=48)
    first, second = (model.get_layer(name).get_weights()[0] for name in ("conv5a", "conv5b"))
    assert first.shape == second.shape
    assert np.abs(first - second).max() > 0.01


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("pooling", ["average", "max"])
def test_a_stored_network_predicts_the_same(activation, pooling, tmp_path):
    import keras

    model = c3d(activation=activation, pooling=pooling, **SMALL)
    model.save(tmp_path / "model.keras")
    x = np.random.default_rng(0).random((2, 10, 48, 48, 3), np.float32)
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict_on_batch(x), model.predict_on_batch(x))


def test_every_option_of_table_1_is_known():
    search = table1()
    assert tuple(search["activation"]) == ACTIVATIONS
    for option in ("activation", "pooling", "initializer", "second_convolution"):
        for value in search[option]:
            c3d(**{option: value}, **SMALL)
    for temporal in search["temporal_size"]:
        assert c3d(temporal=temporal, **SMALL).get_layer("conv1a").kernel.shape[0] == temporal


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"activation": "relo"}, "relu"),
        ({"pooling": "mean"}, "average"),
        ({"temporal": 4}, "3"),
        ({"initializer": "he"}, "xavier_normal"),
        ({"dropout_places": "fc7"}, "fc6"),
        ({"dropout": 1.5}, "probability"),
    ],
)
def test_what_table_1_does_not_have_is_refused(setting, says):
    with pytest.raises(UserError, match=says):
        c3d(**SMALL, **setting)


def test_a_narrow_network_has_the_layers_of_the_exact_one():
    exact, narrow = c3d(fc_units=8), c3d(width=16, fc_units=8)
    assert [layer.name.split("_")[0] for layer in narrow.layers] == [layer.name.split("_")[0] for layer in exact.layers]
    assert narrow.get_layer("pool5").output.shape == (None, 1, 4, 4, 32)
    assert narrow.input_shape == exact.input_shape == (None, 10, 112, 112, 3)
