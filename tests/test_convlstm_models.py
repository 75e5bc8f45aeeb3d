"""The ConvLSTM against the paper's six equations, the whole network against a computation without Keras, its counts."""

import numpy as np
import pytest
from scipy import ndimage

from common.paper import load as papers
from common.support.errors import UserError
from reproductions.convlstm.models import NETWORKS
from reproductions.convlstm.networks import CHOICES, FER, convlstm, fer2013, take_fer

SMALL = {"filters": (2, 3, 4), "dense_units": 5}


def decision(name: str) -> list:
    known = next(one for one in papers.load("convlstm").decisions if one.name == name)
    return [known.default, *known.alternatives]


# --- counts and shapes -----------------------------------------------------------------------------


@pytest.mark.parametrize("key", NETWORKS)
def test_networks_have_the_parameters_that_are_told(key):
    model = NETWORKS[key].build()
    assert model.count_params() == NETWORKS[key].parameters
    assert model.output_shape == (None, 7)
    assert model.input_shape == ((None, 48, 48, 1) if NETWORKS[key].layout == "last" else (None, 8, 64, 64, 1))


@pytest.mark.parametrize(
    ("settings", "parameters"),
    [
        ({}, 641_127),
        ({"filters": [32, 32, 32]}, 609_287),
        ({"filters": [32, 64, 64]}, 738_375),
        ({"pools": 1}, 2_213_991),  # the dense layer sees 32·32·16 values
        ({"pool_size": [2, 2, 2]}, 641_127),
        ({"convlstm_output": "sequence"}, 641_127 + 7 * 4096 * 128),
        ({"dense_units": 64}, 641_127 - 64 * (4096 + 1 + 7)),
        ({"convlstm_kernel": 5}, 641_127 + (25 - 9) * (64 + 16) * 4 * 16),
        ({"kernel": [3, 5, 5]}, 641_127 + 3 * (25 - 9) * (16 + 16 * 32 + 32 * 64)),
        ({"recurrent_activation": "hard_sigmoid", "unit_forget_bias": False}, 641_127),
    ],
)
def test_alternatives_have_the_parameters_that_follow(settings, parameters):
    assert convlstm(**settings).count_params() == parameters


def test_shapes_on_the_way():
    shapes = {layer.name: tuple(layer.output.shape[1:]) for layer in convlstm().layers}
    assert shapes["conv1"] == (8, 64, 64, 16)
    assert shapes["pool1"] == (8, 32, 32, 16) and shapes["conv2"] == (8, 32, 32, 32)
    assert shapes["conv3"] == (8, 32, 32, 64) and shapes["pool3"] == (8, 16, 16, 64)
    assert shapes["convlstm"] == (16, 16, 16) and shapes["dense"] == (128,)
    shorter = {layer.name: tuple(layer.output.shape[1:]) for layer in convlstm(pool_size=(2, 2, 2)).layers}
    assert shorter["pool1"] == (4, 32, 32, 16) and shorter["pool3"] == (2, 16, 16, 64)
    once = {layer.name: tuple(layer.output.shape[1:]) for layer in convlstm(pools=1).layers}
    assert "pool3" not in once and once["convlstm"] == (32, 32, 16)


@pytest.mark.parametrize(
    "name",
    [
        *("filters", "kernel", "pools", "pool_size", "convlstm_kernel", "convlstm_output", "dense_units"),
        *("recurrent_activation", "unit_forget_bias", "fer_network", "fer_features", "fer_frozen"),
    ],
)
def test_every_decision_is_a_setting_and_the_default_is_that_of_the_paper(name):
    default, *others = decision(name)
    plain = convlstm(7, fer=name.startswith("fer"))
    assert [w.shape for w in convlstm(fer=name.startswith("fer"), **{name: default}).weights] == [
        w.shape for w in plain.weights
    ]
    for other in others:
        assert convlstm(fer=name.startswith("fer"), **{name: other}).output_shape == (None, 7)
    if name in CHOICES:
        assert set(CHOICES[name]) == {default, *others}


@pytest.mark.parametrize(
    "setting",
    [
        {"pools": 3},
        {"convlstm_output": "first"},
        {"recurrent_activation": "relu"},
        {"fer_network": "vgg"},
        {"fer_features": "all"},
    ],
)
def test_settings_that_do_not_exist_are_refused(setting):
    (name, value), *_ = setting.items()
    with pytest.raises(UserError, match=rf"{name}.*{value}.*Known: {min(map(str, CHOICES[name]))}"):
        convlstm(**setting)


# --- the six equations -----------------------------------------------------------------------------


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def keras_2_hard_sigmoid(x):
    return np.clip(0.2 * x + 0.5, 0, 1)


def convolved(x, kernel):
    """(H, W, in) with (h, w, in, out): the `*` of the equations, zeros beyond the border."""
    made = np.zeros((*x.shape[:2], kernel.shape[3]))
    for i, o in np.ndindex(*kernel.shape[2:]):
        made[..., o] += ndimage.correlate(x[..., i], kernel[..., i, o], mode="constant")
    return made


def equations(x, weights, gate=sigmoid):
    """The hidden state (T, H, W, units) after each frame of (T, H, W, in), by equations (1) to (6)."""
    w_x, w_h, b = (np.split(part.astype(float), 4, axis=-1) for part in weights)
    # Keras keeps input gate, forget gate, modulation and output gate in this order.
    (w_xi, w_xf, w_xg, w_xo), (w_hi, w_hf, w_hg, w_ho), (b_i, b_f, b_g, b_o) = w_x, w_h, b
    h = c = np.zeros((*x.shape[1:3], len(b_i)))
    states = []
    for frame in x.astype(float):
        f = gate(convolved(frame, w_xf) + convolved(h, w_hf) + b_f)  # (1)
        i = gate(convolved(frame, w_xi) + convolved(h, w_hi) + b_i)  # (2)
        g = np.tanh(convolved(frame, w_xg) + convolved(h, w_hg) + b_g)  # (3)
        c = c * f + g * i  # (4)
        o = gate(convolved(frame, w_xo) + convolved(h, w_ho) + b_o)  # (5), with the sign that the print lacks
        h = np.tanh(c) * o  # (6)
        states.append(h)
    return np.stack(states)


def with_random_weights(model, seed: int):
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        layer.set_weights([rng.normal(0, 1.2 / np.sqrt(max(w[..., 0].size, 4)), w.shape) for w in layer.get_weights()])
    return model


@pytest.mark.parametrize("output", ["last", "sequence"])
@pytest.mark.parametrize(("activation", "gate"), [("sigmoid", sigmoid), ("hard_sigmoid", keras_2_hard_sigmoid)])
@pytest.mark.parametrize("kernel", [3, 5])
def test_the_cell_obeys_the_six_equations(output, activation, gate, kernel):
    import keras

    settings = {"convlstm_output": output, "recurrent_activation": activation, "convlstm_kernel": kernel}
    cell = convlstm(**SMALL, **settings).get_layer("convlstm")
    rng = np.random.default_rng(2)
    x = rng.normal(0, 1, (2, 6, 16, 16, 4)).astype(np.float32)
    cell.set_weights([rng.normal(0, 0.25, w.shape) for w in cell.get_weights()])
    found = keras.ops.convert_to_numpy(cell(x))
    states = np.stack([equations(one, cell.get_weights(), gate) for one in x])
    np.testing.assert_allclose(found, states if output == "sequence" else states[:, -1], atol=1e-5)
    assert states.std() > 0.1
    if activation == "hard_sigmoid":
        soft = np.stack([equations(one, cell.get_weights()) for one in x])
        assert np.abs(soft - states).max() > 1e-2


@pytest.mark.parametrize("forget", [True, False])
def test_the_forget_gate_begins_open_where_keras_says_so(forget):
    bias = np.split(convlstm(unit_forget_bias=forget, **SMALL).get_layer("convlstm").get_weights()[2], 4)
    assert [set(part.tolist()) for part in bias] == [{0}, {float(forget)}, {0}, {0}]


def pooled(x, size):
    """Maxima of (T, H, W, C) over windows side by side."""
    t, h, w = (extent // step for extent, step in zip(x.shape[:3], size, strict=True))
    return x.reshape(t, size[0], h, size[1], w, size[2], x.shape[3]).max(axis=(1, 3, 5))


def reference(model, x, pools, size, output):
    """Probabilities of one sequence (8, 64, 64, 1)."""
    x = x.astype(float)
    for number in (1, 2, 3):
        kernel, bias = (part.astype(float) for part in model.get_layer(f"conv{number}").get_weights())
        made = np.zeros((*x.shape[:3], len(bias)))
        for i, o in np.ndindex(*kernel.shape[3:]):
            made[..., o] += ndimage.correlate(x[..., i], kernel[..., i, o], mode="constant")
        x = np.maximum(made + bias, 0)
        if number == 1 or (number == 3 and pools == 2):
            x = pooled(x, size)
    states = equations(x, model.get_layer("convlstm").get_weights())
    x = (states if output == "sequence" else states[-1]).ravel()
    kernel, bias = model.get_layer("dense").get_weights()
    x = np.maximum(x @ kernel + bias, 0)
    kernel, bias = model.get_layer("logits").get_weights()
    x = np.exp(x @ kernel + bias)
    return x / x.sum()


@pytest.mark.parametrize(
    ("pools", "size", "output"), [(2, (1, 2, 2), "last"), (1, (2, 2, 2), "last"), (2, (2, 2, 2), "sequence")]
)
def test_outputs_are_those_of_a_computation_without_keras(pools, size, output):
    model = convlstm(**SMALL, pools=pools, pool_size=size, convlstm_output=output)
    with_random_weights(model, 5)
    x = np.random.default_rng(1).random((1, 8, 64, 64, 1)).astype(np.float32)
    expected = reference(model, x[0], pools, size, output)
    np.testing.assert_allclose(model.predict_on_batch(x)[0], expected, atol=1e-5)
    assert np.ptp(expected) > 0.02


# --- the branch for AFEW ---------------------------------------------------------------------------


@pytest.mark.parametrize("network", ["vgg_32_64_128", "mini_xception"])
def test_both_branches_have_one_shape(network):
    model = convlstm(fer=True, fer_network=network)
    shapes = {layer.name: tuple(layer.output.shape[1:]) for layer in model.layers}
    assert shapes["convlstm"] == shapes["convlstm_fer"] == shapes["sum"] == (16, 16, 16)
    assert model.get_layer("convlstm_fer").input.shape == (None, 8, 16, 16, 64 if "vgg" in network else 32)
    assert model.get_layer("dense").kernel.shape == (4096, 128)


def test_the_last_convolution_has_the_same_maps_and_more_of_them():
    model = convlstm(fer=True, fer_features="last_convolution")
    assert model.get_layer("convlstm_fer").input.shape == (None, 8, 16, 16, 128)


@pytest.mark.parametrize(
    ("settings", "layer", "maps"),
    [
        ({"pools": 1}, "pool1", (32, 32, 32)),
        ({"pools": 1, "fer_features": "last_convolution"}, "conv2b", (32, 32, 64)),
        ({"fer_features": "last_convolution"}, "conv3b", (16, 16, 128)),
        ({"fer_network": "mini_xception", "fer_features": "last_convolution"}, "norm3b", (16, 16, 64)),
        ({"fer_network": "mini_xception", "fer_features": "last_convolution", "pools": 1}, "norm2b", (32, 32, 32)),
    ],
)
def test_features_have_the_size_of_the_other_branch_whatever_its_pools(settings, layer, maps):
    model = convlstm(fer=True, **SMALL, **settings)
    named = model.get_layer(f"{FER}{layer}")
    assert named.output.shape[1:] == maps
    assert model.get_layer("convlstm_fer").input.shape == (None, 8, *maps)
    # Nothing of that network behind this layer is part of the branch.
    known = [one.name for one in fer2013(fer_network=settings.get("fer_network", "vgg_32_64_128")).layers]
    later = set(known[known.index(named.name) + 1 :]) & {one.name for one in model.layers if one.weights}
    assert not {name for name in later if name.startswith(FER)}


def test_with_one_pool_mini_xception_gives_its_first_module():
    model = convlstm(fer=True, fer_network="mini_xception", pools=1, **SMALL)
    assert model.get_layer("convlstm_fer").input.shape == (None, 8, 32, 32, 16)


@pytest.mark.parametrize(("pools", "steps"), [(2, 2), (1, 4)])
def test_all_states_of_both_branches_are_of_the_same_times(pools, steps):
    import keras

    model = convlstm(fer=True, **SMALL, pools=pools, pool_size=(2, 2, 2), convlstm_output="sequence")
    assert model.get_layer("sum").output.shape[1] == steps
    pooled = model.get_layer(f"{FER}pool_time")
    look = keras.Model(model.input, [pooled.input, pooled.output])
    before, after = look.predict_on_batch(np.random.default_rng(1).random((1, 8, 64, 64, 1)))
    np.testing.assert_array_equal(after, before.reshape(1, steps, 8 // steps, *before.shape[2:]).max(axis=2))


def test_the_branches_are_added_before_the_dense_layer():
    import keras

    model = with_random_weights(convlstm(fer=True, **SMALL), 3)
    names = ("convlstm", "convlstm_fer", "sum")
    look = keras.Model(model.input, [*(model.get_layer(name).output for name in names), model.output])
    first, second, both, found = look.predict_on_batch(np.random.default_rng(1).random((2, 8, 64, 64, 1)))
    np.testing.assert_allclose(both, first + second, atol=1e-6)
    assert min(first.std(), second.std()) > 1e-3
    dense, logits = model.get_layer("dense").get_weights(), model.get_layer("logits").get_weights()
    x = np.exp(np.maximum(both.reshape(2, -1) @ dense[0] + dense[1], 0) @ logits[0] + logits[1])
    np.testing.assert_allclose(found, x / x.sum(axis=1, keepdims=True), atol=1e-5)


def test_features_are_those_of_each_frame_by_itself():
    import keras

    model, alone = with_random_weights(convlstm(fer=True, **SMALL), 3), fer2013()
    take_fer_back(model, alone)
    x = np.random.default_rng(1).random((2, 8, 64, 64, 1)).astype(np.float32)
    features = keras.Model(model.input, model.get_layer("convlstm_fer").input).predict_on_batch(x)
    # The network for FER2013 from behind the layer that enlarges its images.
    entrance = alone.get_layer(f"{FER}conv1a").input
    one = keras.Model(entrance, alone.get_layer(f"{FER}pool2").output)
    for sample, frame in ((0, 0), (0, 7), (1, 3)):
        expected = one.predict_on_batch(x[sample, frame][None])[0]
        np.testing.assert_allclose(features[sample, frame], expected, atol=1e-5 * np.abs(expected).max())


def take_fer_back(model, alone):
    """Give the network for FER2013 the second branch's weights."""
    for layer in alone.layers:
        if layer.weights and layer.name in [one.name for one in model.layers]:
            layer.set_weights(model.get_layer(layer.name).get_weights())


@pytest.mark.parametrize(
    ("network", "features"),
    [("vgg_32_64_128", "second_pool"), ("vgg_32_64_128", "last_convolution"), ("mini_xception", "second_pool")],
)
def test_the_branch_takes_what_was_learnt_on_fer2013(network, features):
    model, trained = convlstm(fer=True, fer_network=network, fer_features=features), fer2013(fer_network=network)
    with_random_weights(trained, 4)
    others = {layer.name: layer.get_weights() for layer in model.layers if not layer.name.startswith(FER)}
    take_fer(model, trained)
    taken = [layer for layer in model.layers if layer.name.startswith(FER) and layer.weights]
    assert len(taken) >= 4
    for layer in taken:
        for ours, theirs in zip(layer.get_weights(), trained.get_layer(layer.name).get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    for name, weights in others.items():
        assert all(map(np.array_equal, model.get_layer(name).get_weights(), weights))


def test_a_branch_of_another_network_is_refused():
    with pytest.raises(UserError, match=r"no layer like fer_.*fer_network"):
        take_fer(convlstm(fer=True, fer_network="mini_xception"), fer2013())


@pytest.mark.parametrize("network", ["vgg_32_64_128", "mini_xception"])
@pytest.mark.parametrize("frozen", [True, False])
def test_a_frozen_branch_stays_as_it_is(network, frozen):
    model = convlstm(3, fer=True, fer_network=network, fer_frozen=frozen, **SMALL)
    model.compile("adam", "categorical_crossentropy", jit_compile=False)
    before = {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
    rng = np.random.default_rng(0)
    model.train_on_batch(rng.random((2, 8, 64, 64, 1)), np.eye(3)[[0, 1]])
    kept = {name for name, old in before.items() if all(map(np.array_equal, old, model.get_layer(name).get_weights()))}
    assert kept == ({name for name in before if name.startswith(FER)} if frozen else set())


def test_fer2013_is_enlarged_before_the_first_convolution():
    model = fer2013()
    assert model.get_layer(f"{FER}conv1a").input.shape == (None, 64, 64, 1)
    assert model.get_layer(f"{FER}conv3b").output.shape == (None, 16, 16, 128)


def test_mini_xception_has_the_parameters_of_its_authors():
    """58,423, which the paper on TimeConvNets prints too: another padding changes no weight."""
    assert fer2013(fer_network="mini_xception").count_params() == 58_423


@pytest.mark.parametrize("settings", [{}, {"recurrent_activation": "hard_sigmoid"}, {"fer": True}])
def test_a_stored_network_predicts_the_same(settings, tmp_path):
    import keras

    model = convlstm(**SMALL, **settings)
    model.save(tmp_path / "model.keras")
    x = np.random.default_rng(0).random((2, 8, 64, 64, 1), np.float32)
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict_on_batch(x), model.predict_on_batch(x))
    assert [w.shape for w in again.trainable_weights] == [w.shape for w in model.trainable_weights]
