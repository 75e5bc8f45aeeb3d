"""EmotionalVLAN by its formula, its gradient, and the networks around it."""

import little_alexnet
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.paper import load as papers
from common.runs import record
from common.runs.store import Run
from common.support.errors import UserError
from reproductions.emotionalvlan import models, networks
from reproductions.emotionalvlan.alexnet_layers import PARAMETERS
from reproductions.emotionalvlan.dimensions import dimensions
from reproductions.emotionalvlan.models import NETWORKS
from reproductions.emotionalvlan.networks import aggregated, end_to_end, extractor, single_image, take
from reproductions.emotionalvlan.vlan import AGGREGATIONS, EmotionalVLAN

PAPER = papers.load("emotionalvlan")
SMALL = {"width": 16, "size": 67}
D = 256  # of the narrow network


def decision(name: str) -> list:
    known = next(one for one in PAPER.decisions if one.name == name)
    return [known.default, *known.alternatives]


def formula(x, a, aggregation, streams):
    """One descriptor of (streams · 15, D), number by number."""
    parts = x.reshape(streams, 15, -1)
    values = []
    if aggregation == "sum":
        values = [sum(np.exp(a[k]) * parts[:, i, k].sum() for i in range(15)) for k in range(len(a))]
    if aggregation == "frames":
        values = [np.exp(a[k]) * parts[:, i, k].sum() for i in range(15) for k in range(len(a))]
    if aggregation == "concat":
        values = [np.exp(a[k]) * parts[s, i, k] for s in range(streams) for i in range(15) for k in range(len(a))]
    return np.array(values)


@settings(max_examples=10, deadline=None)
@given(
    aggregation=st.sampled_from(AGGREGATIONS),
    streams=st.sampled_from([1, 2]),
    size=st.integers(1, 6),
    seed=st.integers(0, 99),
)
def test_descriptors_are_those_of_the_formula(aggregation, streams, size, seed):
    rng = np.random.default_rng(seed)
    layer = EmotionalVLAN(aggregation, streams, dtype="float64")
    x, a = rng.normal(size=(3, streams * 15, size)), rng.normal(size=size)
    layer.build(x.shape)
    layer.set_weights([a])
    found = np.asarray(layer(x))
    assert found.shape == layer.compute_output_shape(x.shape)
    np.testing.assert_allclose(found, [formula(one, a, aggregation, streams) for one in x], atol=1e-10)


@pytest.mark.parametrize("streams", [1, 2])
@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_gradients_are_those_of_finite_differences(aggregation, streams):
    import tensorflow as tf

    rng = np.random.default_rng(5)
    layer = EmotionalVLAN(aggregation, streams, dtype="float64")
    x, a = rng.normal(size=(2, streams * 15, 3)), rng.normal(size=3)
    layer.build(x.shape)
    weighting = rng.normal(size=layer.compute_output_shape(x.shape))

    def loss(x, a):
        layer.set_weights([a])
        return float((weighting * np.asarray(layer(x))).sum())

    layer.set_weights([a])
    with tf.GradientTape() as tape:
        inputs = tf.constant(x)
        tape.watch(inputs)
        value = tf.reduce_sum(weighting * layer(inputs))
    by_x, by_a = tape.gradient(value, [inputs, layer.a.value])
    step = 1e-6
    for k in range(3):
        moved = step * np.eye(3)[k]
        assert float(by_a[k]) == pytest.approx((loss(x, a + moved) - loss(x, a - moved)) / (2 * step), rel=1e-6)
    for place in ((0, 0, 0), (1, streams * 15 - 1, 2), (1, 7, 1)):
        moved = np.zeros_like(x)
        moved[place] = step
        assert float(by_x[place]) == pytest.approx((loss(x + moved, a) - loss(x - moved, a)) / (2 * step), rel=1e-6)


def test_it_begins_as_a_plain_sum_or_near_one():
    x = np.random.default_rng(0).random((2, 30, 500), np.float32)
    np.testing.assert_allclose(np.asarray(EmotionalVLAN()(x)), x.sum(axis=1), rtol=1e-5)
    near = EmotionalVLAN(initial="normal")
    near.build(x.shape)
    (a,) = near.get_weights()
    assert 0.005 < a.std() < 0.015
    again = EmotionalVLAN(initial="normal")
    again.build(x.shape)
    assert not np.array_equal(a, again.get_weights()[0])


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"aggregation": "mean"}, r"aggregation.*mean.*Known: concat, frames, sum"),
        ({"initial": 1.0}, r"weight_init.*1\.0"),
    ],
)
def test_settings_that_do_not_exist_are_refused(wrong, named):
    with pytest.raises(UserError, match=named):
        EmotionalVLAN(**wrong)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_a_stored_layer_is_the_same(aggregation, tmp_path):
    import keras

    model = aggregated(width=16, aggregation=aggregation, aggregation_weight_init="normal")
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    x = np.random.default_rng(0).random((2, 30, D), np.float32)
    np.testing.assert_array_equal(again.predict_on_batch(x), model.predict_on_batch(x))
    layer = again.get_layer("vlan")
    assert (layer.aggregation, layer.streams, layer.initial) == (aggregation, 2, "normal")


# --- counts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [key for key, network in NETWORKS.items() if network.features])
def test_networks_of_features_have_the_parameters_that_are_told(key):
    model = NETWORKS[key].build()
    assert model.count_params() == NETWORKS[key].parameters
    assert model.input_shape == (None, 30, 4096) and model.output_shape == (None, 6)


def test_the_whole_network_has_113_765_126_parameters():
    model = end_to_end()
    assert model.count_params() == NETWORKS["end_to_end"].parameters == 113_765_126
    assert model.input_shape == (None, 30, 227, 227, 3) and model.output_shape == (None, 6)
    counts = {layer.name: layer.count_params() for layer in model.layers if layer.weights}
    assert counts == {"spatial": PARAMETERS, "temporal": PARAMETERS, "vlan": 4096, "fc9": 6 * 4097}


@pytest.mark.parametrize("key", [key for key, network in NETWORKS.items() if not network.features])
def test_networks_of_images_are_what_is_told_but_for_their_width(key):
    network, narrow = NETWORKS[key], NETWORKS[key].build(5, **SMALL)
    trunk = next(layer for layer in narrow.layers if layer.name in models.STREAMS).count_params()
    trunks = len(network.streams)
    ends = 5 * (D + 1) + (D if network.layout == "sequence" else 0)
    assert narrow.count_params() == trunks * trunk + ends
    assert network.parameters == trunks * PARAMETERS + 6 * 4097 + (4096 if network.layout == "sequence" else 0)
    assert narrow.input_shape == ((None, 67, 67, 3) if network.layout == "last" else (None, 30, 67, 67, 3))
    assert narrow.output_shape == (None, 5)


def test_without_sharing_there_is_a_network_a_position():
    """At full width that makes 30 · 56,868,224 = 1,706,046,720."""
    shared, own = (end_to_end(weight_sharing=value, **SMALL) for value in (True, False))
    trunk = shared.get_layer("spatial").count_params()
    assert own.count_params() - shared.count_params() == 28 * trunk
    assert 30 * PARAMETERS == 1_706_046_720


def test_every_printed_dimension_fits_one_interpretation_of_two_streams():
    rows = {row.get("aggregation"): row for row in dimensions(PAPER).rows if row["streams"] == 2}
    assert [rows[name]["numbers"] for name in AGGREGATIONS] == [4096, 61_440, 122_880]
    assert [rows[name]["printed"].split(":")[0] for name in AGGREGATIONS] == [
        "formula",
        "section III.a",
        "section III.c",
    ]
    assert rows[None]["numbers"] == 4096**2 and rows[None]["printed"] == "nowhere"
    assert rows["sum"]["total"] == 113_765_126 and rows["concat"]["classifier"] == 6 * 122_881
    assert all(rows[name]["layer"] == 4096 for name in AGGREGATIONS)
    one = {row["aggregation"]: row["numbers"] for row in dimensions(PAPER).rows if row["streams"] == 1}
    assert one == {"sum": 4096, "concat": 61_440}


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("aggregation", aggregated),
        ("aggregation_weight_init", aggregated),
        ("dropout", aggregated),
        ("weight_decay", aggregated),
        ("frames", aggregated),
        ("frames", end_to_end),
        ("frames", networks.fused_at_fc6),
        ("frames", networks.averaged_at_fc7),
        ("weight_sharing", end_to_end),
        ("local_response_normalisation", single_image),
    ],
)
def test_decisions_are_settings_and_the_default_is_that_of_the_paper(name, build):
    default, *others = decision(name)
    assert build.__kwdefaults__[name] == default
    on_features = build in (aggregated, networks.fused_at_fc6, networks.averaged_at_fc7)
    # End to end, each network takes a second to build: the smallest and the largest number stand for all.
    others = others if on_features or len(others) < 5 else [others[0], others[-1]]
    fixed = {"width": 16} if on_features else SMALL | ({"stream": "spatial"} if build is single_image else {})
    for other in others:
        assert build(**{name: other}, **fixed).output_shape == (None, 6)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@pytest.mark.parametrize("frames", [2, 7, 20])
def test_the_layer_joins_any_number_of_frames(frames, aggregation):
    model = aggregated(width=16, frames=frames, aggregation=aggregation, dropout=0.0)
    pairs = frames - 1
    assert model.input_shape == (None, 2 * pairs, D)
    numbers = {"sum": 1, "frames": pairs, "concat": 2 * pairs}[aggregation] * D
    assert model.get_layer("vlan").output.shape[1] == numbers
    # Of one stream alone, the rows of the other do not count.
    alone = aggregated(width=16, frames=frames, streams=("temporal",))
    x = np.random.default_rng(0).random((1, 2 * pairs, D), np.float32)
    changed = [x.copy(), x.copy()]
    changed[0][:, pairs - 1] += 1
    changed[1][:, pairs] += 1
    same = [np.array_equal(alone.predict_on_batch(one), alone.predict_on_batch(x)) for one in changed]
    assert same == [True, False]


# --- what they see ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "seen"), [("spatial", (0, 15)), ("temporal", (15, 30)), ("emotionalvlan", (0, 30))])
def test_a_stream_alone_sees_its_own_rows(key, seen):
    model = NETWORKS[key].build(width=16)
    x = np.random.default_rng(0).random((1, 30, D), np.float32)
    answer = model.predict_on_batch(x)
    for row in (0, 14, 15, 29):
        changed = x.copy()
        changed[:, row] += 1
        assert np.array_equal(model.predict_on_batch(changed), answer) == (not seen[0] <= row < seen[1])


def test_structures_are_means_of_fc6_and_fc7():
    x = np.random.default_rng(0).random((2, 30, D), np.float32)
    first, second = (NETWORKS[key].build(width=16) for key in ("dcnn1", "dcnn2"))

    def softmax(x):
        return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)

    kernel, bias = second.get_layer("fc9").get_weights()
    np.testing.assert_allclose(second.predict_on_batch(x), softmax(x.mean(axis=1) @ kernel + bias), rtol=1e-4)
    middle, offset = first.get_layer("fc7").get_weights()
    kernel, bias = first.get_layer("fc9").get_weights()
    expected = softmax(np.maximum(x.mean(axis=1) @ middle + offset, 0) @ kernel + bias)
    np.testing.assert_allclose(first.predict_on_batch(x), expected, rtol=1e-4)
    assert (NETWORKS["dcnn1"].features, NETWORKS["dcnn2"].features) == ("fc6", "fc7")
    assert NETWORKS["dcnn3"].build.args == NETWORKS["emotionalvlan"].build.args


def stage_one(stream):
    return single_image(3, stream=stream, **SMALL)


def stored(model, folder):
    folder.mkdir()
    model.save(folder / "model.keras")
    return run_of(folder, [str(number) for number in range(model.output_shape[-1])])


def run_of(folder, classes):
    return Run(folder, None, {"classes": classes, "files": record.described(folder, ["model.keras"])})


def test_both_stages_together_are_the_network_from_end_to_end(tmp_path):
    """Trained in two stages and taken over, it gives the same answers on the images."""
    images = np.random.default_rng(0).uniform(0, 255, (2, 30, 67, 67, 3)).astype(np.float32)
    first = {stream: stage_one(stream) for stream in models.STREAMS}
    second = aggregated(3, width=16, aggregation_weight_init="normal")
    rows = {"spatial": slice(0, 15), "temporal": slice(15, 30)}
    described = [
        extractor(stored(first[stream], tmp_path / stream))
        .predict_on_batch(images[:, part].reshape(-1, 67, 67, 3))
        .reshape(2, 15, D)
        for stream, part in rows.items()
    ]
    expected = second.predict_on_batch(np.concatenate(described, axis=1))
    whole = end_to_end(3, **SMALL)
    for trained in (*first.values(), second):
        take(whole, trained)
    np.testing.assert_allclose(whole.predict_on_batch(images), expected, rtol=1e-3, atol=1e-6)
    assert np.ptp(expected) > 1e-3


def test_without_sharing_every_position_begins_as_its_stream():
    whole, trained = end_to_end(3, weight_sharing=False, streams=("temporal",), **SMALL), stage_one("temporal")
    take(whole, trained)
    expected = trained.get_layer("temporal").get_weights()
    for number in range(15):
        own = whole.get_layer(f"temporal_{number:02d}").get_weights()
        assert len(own) == 20 and all(map(np.array_equal, own, expected))


def test_networks_without_a_common_part_are_told():
    with pytest.raises(UserError, match=r"has fc8, spatial and nothing"):
        take(NETWORKS["temporal_end_to_end"].build(3, **SMALL), stage_one("spatial"))
    with pytest.raises(UserError, match=r"vlan|fc9"):
        take(aggregated(3, width=16), aggregated(4, width=8))


def test_an_extractor_needs_a_readable_network_of_stage_one(tmp_path):
    with pytest.raises(UserError, match=r"has no AlexNet"):
        extractor(stored(aggregated(width=16), tmp_path / "second"))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "model.keras").write_text("nothing")
    with pytest.raises(UserError, match=r"is no network that Keras has saved"):
        extractor(run_of(tmp_path / "broken", ["a", "b", "c"]))


@pytest.mark.parametrize("layer", ["fc6", "fc7"])
def test_an_extractor_ends_with_the_relu_of_its_layer(layer, tmp_path):
    model = stage_one("temporal")
    found = extractor(stored(model, tmp_path / "run"), layer)
    x = np.random.default_rng(0).uniform(0, 255, (2, 67, 67, 3)).astype(np.float32)
    features = found.predict_on_batch(x)
    assert features.shape == (2, D) and features.min() == 0
    if layer == "fc7":
        kernel, bias = model.get_layer("fc8").get_weights()
        logits = features @ kernel + bias
        expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(model.predict_on_batch(x), expected, rtol=1e-3)


def test_a_file_of_weights_is_what_both_streams_begin_with(tmp_path):
    layers = little_alexnet.arrays(16, 67)
    name = "bvlc_alexnet.caffemodel"
    little_alexnet.caffemodel(tmp_path / name, layers)
    model = end_to_end(3, pretrained=name, models=tmp_path, **SMALL)
    for stream in models.STREAMS:
        kernel = model.get_layer(stream).get_layer("conv3").get_weights()[0]
        np.testing.assert_array_equal(kernel, layers["conv3"][0].transpose(2, 3, 1, 0))
        assert model.get_layer(stream).get_layer("centred").scale == 1
    random = stage_one("spatial").get_layer("spatial").get_layer("centred")
    assert random.scale == 1 / 128
    with pytest.raises(UserError, match=r"no file alexnet\.npz"):
        single_image(stream="spatial", pretrained="alexnet.npz", models=tmp_path, **SMALL)


def test_an_unknown_stream_is_refused():
    with pytest.raises(UserError, match=r"stream called 'audio'"):
        single_image(stream="audio", **SMALL)


def test_it_learns_from_end_to_end():
    model = end_to_end(2, dropout=0.0, **SMALL)
    rng = np.random.default_rng(0)
    labels = np.arange(8) % 2
    x = rng.uniform(0, 100, (8, 30, 67, 67, 3)).astype(np.float32)
    x[labels == 1, :15, 20:50, 20:50] += 120
    import keras

    model.compile(keras.optimizers.SGD(1e-3, momentum=0.9), "categorical_crossentropy", jit_compile=False)
    losses = [float(model.train_on_batch(x, np.eye(2)[labels])) for _ in range(8)]
    assert losses[-1] < losses[0] - 0.2
