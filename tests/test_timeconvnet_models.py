"""The networks of Table II: parameters to the unit, and the structure that the parameters cannot show."""

import numpy as np
import pytest

from common.support.errors import UserError
from common.training import devices

devices.choose_backend()

from keras import layers  # noqa: E402 - the backend is chosen first

from reproductions.timeconvnet.models import NETWORKS  # noqa: E402
from reproductions.timeconvnet.networks import middle_filters  # noqa: E402 - it imports Keras too

PRINTED = {
    "mini_xception_2d": (58_423, 56_951),
    "tcn_mini_xception": (58_711, 57_239),
    "tcn_resnet20": (274_535, 273_159),
    "tcn_mobilenetv2": (2_267_527, 2_233_415),
    "resnet20_3d": (808_775, 807_399),
    "resnet20_2plus1d": (523_357, 519_599),
    "resnet20_2plus1d_corrected": (815_968, 811_580),
}


def parameters(model):
    return model.count_params(), sum(int(np.prod(w.shape)) for w in model.trainable_weights)


def of_type(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


def test_all_networks_are_counted():
    assert set(NETWORKS) == set(PRINTED)


@pytest.mark.parametrize("key", PRINTED)
def test_parameters_are_those_of_table_ii(key):
    network = NETWORKS[key]
    model = network.build()
    assert parameters(model) == PRINTED[key] == (network.parameters, network.trainable)
    assert model.output_shape == (None, 7)
    shapes = {"last": (48, 48, 1), "channels": (48, 48, 5), "volume": (48, 48, 5, 1)}
    assert model.input_shape[1:] == shapes[network.layout]


def test_mini_xception_regularises_two_convolutions_only():
    model = NETWORKS["tcn_mini_xception"].build()
    regularised = [layer.name for layer in of_type(model, layers.Conv2D) if layer.kernel_regularizer]
    assert len(regularised) == 2
    assert len(model.losses) == 2
    for layer in of_type(model, layers.SeparableConv2D):
        assert layer.depthwise_regularizer is None
        assert layer.pointwise_regularizer is None
    assert not of_type(model, layers.Dense)


def test_batch_normalisation_is_that_of_the_sources():
    for key, momentum in (("tcn_resnet20", 0.99), ("resnet20_2plus1d", 0.99), ("tcn_mobilenetv2", 0.999)):
        norms = of_type(NETWORKS[key].build(), layers.BatchNormalization)
        assert norms
        assert {(norm.momentum, norm.epsilon) for norm in norms} == {(momentum, 1e-3)}


@pytest.mark.parametrize("key", ["tcn_resnet20", "resnet20_3d", "resnet20_2plus1d"])
def test_resnet_weight_decay_is_on_every_convolution_and_not_on_the_classifier(key):
    model = NETWORKS[key].build()
    convolutions = of_type(model, (layers.Conv2D, layers.Conv3D))
    assert len(convolutions) == (42 if key == "resnet20_2plus1d" else 21)
    assert all(float(layer.kernel_regularizer.l2) == pytest.approx(1e-4) for layer in convolutions)
    (dense,) = of_type(model, layers.Dense)
    assert dense.kernel_regularizer is None
    assert dense.input.shape[-1] == 64


def test_default_pooling_sees_the_top_left_of_the_last_map_only():
    (pool,) = of_type(NETWORKS["tcn_resnet20"].build(), layers.AveragePooling2D)
    assert pool.input.shape == (None, 12, 12, 64)
    assert pool.output.shape == (None, 1, 1, 64)
    assert not of_type(NETWORKS["tcn_resnet20"].build(pool="gap"), layers.AveragePooling2D)


def test_2plus1d_takes_the_height_for_the_channels():
    def spatial_filters(key):
        convolutions = of_type(NETWORKS[key].build(), layers.Conv3D)
        return {layer.filters for layer in convolutions if layer.kernel_size == (3, 3, 1)}

    assert spatial_filters("resnet20_2plus1d") == {43, 66, 69, 78, 101}
    assert spatial_filters("resnet20_2plus1d_corrected") == {7, 36, 57, 72, 115, 144}


def test_middle_filters_keep_the_parameters_of_the_3d_convolution():
    for n_in, n_out in ((16, 16), (32, 64), (64, 64)):
        m = middle_filters(3, n_in, n_out)
        full = 27 * n_in * n_out
        assert m * (9 * n_in + 3 * n_out) <= full < (m + 1) * (9 * n_in + 3 * n_out)


@pytest.mark.parametrize(
    ("key", "settings", "last"),
    [
        ("resnet20_3d", {}, (12, 12, 2)),
        ("resnet20_3d", {"temporal_stride": 1, "pool3d": "avg8"}, (12, 12, 5)),
        ("resnet20_2plus1d", {"temporal_stride": "spatial"}, (12, 12, 2)),
        ("resnet20_2plus1d", {"temporal_stride": "none", "pool3d": "avg8"}, (12, 12, 5)),
        ("resnet20_2plus1d", {"relu_between": False}, (12, 12, 2)),
    ],
)
def test_open_settings_change_shapes_but_no_parameter(key, settings, last):
    model = NETWORKS[key].build(**settings)
    assert parameters(model) == PRINTED[key]
    assert of_type(model, layers.Add)[-1].output.shape[1:4] == last


def test_relu_between_space_and_time_can_be_left_out():
    with_relu, without = (
        len(of_type(NETWORKS["resnet20_2plus1d"].build(relu_between=choice), layers.Activation))
        for choice in (True, False)
    )
    assert with_relu - without == 21


@pytest.mark.parametrize(
    ("key", "settings"),
    [
        ("tcn_resnet20", {"pool": "max"}),
        ("resnet20_3d", {"pool3d": "max"}),
        ("resnet20_3d", {"temporal_stride": 3}),
        ("resnet20_2plus1d", {"nin": "x"}),
        ("resnet20_2plus1d", {"temporal_stride": 2}),
    ],
)
def test_an_unknown_setting_is_refused(key, settings):
    with pytest.raises(UserError, match=f"no setting of {next(iter(settings))}"):
        NETWORKS[key].build(**settings)


def test_classes_are_free():
    assert NETWORKS["tcn_mini_xception"].build(classes=3).output_shape == (None, 3)
