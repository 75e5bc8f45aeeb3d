"""The networks of sections III and IV: one AlexNet a stream, fine-tuned on single images, and what joins 30 of them.

Stage one is an AlexNet with a classifier, on a still or a flow image. Stage two takes what both say of a video,
(n, 30, 4096): fc7 of 15 stills, then of the 15 flow images between frame i and i+1. From end to end, both stages are
one network on the images themselves. Images go in as they are, 0 to 255; the networks subtract the means.

Tables 1 and 6 need more: one stream alone has the same layer with the other's term left out. The three DCNN structures
are undefined in the paper; `dcnn1` to `dcnn3` are an interpretation of them for the table, never a reproduction.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from keras import Input, Model, layers, ops

from common.support.errors import UserError, unknown
from common.training import model_file
from reproductions.emotionalvlan import alexnet as trunks
from reproductions.emotionalvlan import local_response, weights  # noqa: F401 - Keras must know the layer to read it
from reproductions.emotionalvlan.alexnet_layers import SIZE, UNITS
from reproductions.emotionalvlan.models import FRAMES, NO_WEIGHTS, STREAMS, StreamNetwork
from reproductions.emotionalvlan.vlan import EmotionalVLAN

# With random weights images come as -1 to 1, see `alexnet`.
RANDOM_DIVISOR = 128.0


def single_image(
    classes: int = 6,
    *,
    stream: str,
    width: int = 1,
    size: int = SIZE,
    local_response_normalisation: bool = True,
    dropout: float = 0.5,
    weight_decay: float = 0.0005,
    pretrained: str = NO_WEIGHTS,
    models: Path | None = None,
):
    """Stage one, (n, size, size, 3) of 0 to 255 -> (n, classes): the AlexNet of a stream, called by its name, and fc8.

    Args:
        width, size, local_response_normalisation, dropout, weight_decay: as `alexnet` has them.
        pretrained: name of a file of ImageNet weights in the folder `models`; "none" for random ones.

    Raises:
        UserError: if AlexNet cannot be of this width and size, or the file is missing, broken, or of another network.
    """
    trunk = _trunk(stream, width, size, local_response_normalisation, dropout, weight_decay, pretrained, models)
    inputs = Input((size, size, 3))
    return Model(inputs, _classified(trunk(inputs), classes, "fc8", weight_decay))


def aggregated(
    classes: int = 6,
    *,
    streams: Sequence[str] = STREAMS,
    width: int = 1,
    frames: int = FRAMES,
    aggregation: Literal["sum", "frames", "concat"] = "sum",
    aggregation_weight_init: float | Literal["normal"] = 0.0,
    dropout: float = 0.5,
    weight_decay: float = 0.0005,
):
    """Stage two, fc7 (n, 30, 4096 / width) -> (n, classes): EmotionalVLAN and fc9.

    It is what stands behind fc7 from end to end, whose dropout is therefore its first layer.

    Args:
        streams: which of the two are used; the rows of the other one are left out.
        aggregation, aggregation_weight_init: of the layer (`vlan.EmotionalVLAN`); a_k does not decay.
        width: of the AlexNets that described the images.
        frames: of a video; of each stream there is one image less.

    Raises:
        UserError: for an aggregation or initial values that do not exist.
    """
    inputs = Input((len(STREAMS) * (frames - 1), UNITS // width))
    x = layers.Dropout(dropout, name="drop_fc7")(_rows(inputs, streams))
    x = _vlan(x, streams, aggregation, aggregation_weight_init)
    return Model(inputs, _classified(x, classes, "fc9", weight_decay))


def fused_at_fc6(
    classes: int = 6, *, width: int = 1, frames: int = FRAMES, dropout: float = 0.5, weight_decay: float = 0.0005
):
    """`dcnn1`, fc6 (n, 30, 4096 / width) -> (n, classes): the mean of both streams' fc6, one fc7, a classifier."""
    inputs = Input((len(STREAMS) * (frames - 1), UNITS // width))
    x = layers.Dropout(dropout, name="drop_fc6")(inputs)
    x = layers.GlobalAveragePooling1D(name="mean")(x)
    x = layers.Dense(UNITS // width, activation="relu", name="fc7", **trunks.initial(weight_decay))(x)
    x = layers.Dropout(dropout, name="drop_fc7")(x)
    return Model(inputs, _classified(x, classes, "fc9", weight_decay))


def averaged_at_fc7(
    classes: int = 6, *, width: int = 1, frames: int = FRAMES, dropout: float = 0.5, weight_decay: float = 0.0005
):
    """`dcnn2`, fc7 (n, 30, 4096 / width) -> (n, classes): the mean of both streams' fc7 and a classifier."""
    inputs = Input((len(STREAMS) * (frames - 1), UNITS // width))
    x = layers.Dropout(dropout, name="drop_fc7")(inputs)
    x = layers.GlobalAveragePooling1D(name="mean")(x)
    return Model(inputs, _classified(x, classes, "fc9", weight_decay))


def end_to_end(
    classes: int = 6,
    *,
    streams: Sequence[str] = STREAMS,
    weight_sharing: bool = True,
    width: int = 1,
    size: int = SIZE,
    frames: int = FRAMES,
    aggregation: Literal["sum", "frames", "concat"] = "sum",
    aggregation_weight_init: float | Literal["normal"] = 0.0,
    local_response_normalisation: bool = True,
    dropout: float = 0.5,
    weight_decay: float = 0.0005,
    pretrained: str = NO_WEIGHTS,
    models: Path | None = None,
):
    """The whole network, 30 images (n, 30, size, size, 3) of 0 to 255 -> (n, classes).

    Args:
        weight_sharing: one AlexNet a stream for all 15 positions; else one a position, 1,706,046,720 parameters.
        others: as `single_image` and `aggregated` have them.

    Raises:
        UserError: as they do.
    """
    inputs = Input((len(STREAMS) * (frames - 1), size, size, 3))
    described = []
    for stream in streams:
        images = _rows(inputs, [stream])
        make = partial(
            *(_trunk, stream, width, size, local_response_normalisation, dropout, weight_decay, pretrained, models)
        )
        if weight_sharing:
            described.append(_each(make(), images))
        else:
            each = [make(name=f"{stream}_{number:02d}")(images[:, number]) for number in range(frames - 1)]
            described.append(ops.stack(each, axis=1))
    x = _vlan(_together(described), streams, aggregation, aggregation_weight_init)
    return Model(inputs, _classified(x, classes, "fc9", weight_decay))


def trained(run):
    """The network that a finished run ended with.

    Raises:
        UserError: if it cannot be read.
    """
    return model_file.of(run)


def extractor(run, layer: Literal["fc6", "fc7"] = "fc7"):
    """What the network of a finished run of stage one says of images: (n, size, size, 3) -> (n, 4096 / width).

    Raises:
        UserError: if the run's model cannot be read, or is none of stage one.
    """
    trunk = _trunk_of(trained(run))
    if trunk is None:
        raise UserError(f"{run.folder} has no AlexNet that could describe images.", "Take a run of stage one.")
    return trunks.features(trunk, layer)


def joined(aggregated, described_by: Sequence, network: StreamNetwork):
    """Both stages as they were trained, as one network: 30 images (n, 30, size, size, 3) of 0 to 255 -> (n, classes).

    Args:
        aggregated: the network of stage two.
        described_by: those of stage one whose features it takes, in the order of `STREAMS`.
        network: what the network of stage two is.
    """
    singles = {stream: _trunk_of(one) for stream, one in zip(STREAMS, described_by, strict=True)}
    inputs = Input((aggregated.input_shape[1], *singles[STREAMS[0]].input_shape[1:]))
    described = [
        _each(trunks.features(singles[stream], network.features), _rows(inputs, [stream])) for stream in network.streams
    ]
    # What stands behind the choice of rows: only the streams that count are computed.
    head = Model(aggregated.get_layer(f"drop_{network.features}").input, aggregated.output)
    return Model(inputs, head(_together(described)))


def take(model, trained) -> None:
    """Give a network the parts that a trained one has too: AlexNets of the same stream, EmotionalVLAN, fc9.

    One AlexNet a position takes that of its stream.

    Raises:
        UserError: if they have no part in common, or one of another shape.
    """
    theirs = {layer.name: layer for layer in trained.layers if layer.weights}
    taken = 0
    for layer in model.layers:
        source = theirs.get(layer.name) or theirs.get(layer.name.split("_")[0])
        if not layer.weights or source is None:
            continue
        if [weight.shape for weight in source.weights] != [weight.shape for weight in layer.weights]:
            raise UserError(
                f"{layer.name} of the trained network has other shapes than here.",
                "Train it with the same width, size, aggregation and classes.",
            )
        layer.set_weights(source.get_weights())
        taken += 1
    if not taken:
        raise UserError(
            f"The trained network has {', '.join(sorted(theirs))} and nothing of what is to take its weights.",
            "Begin with a network of the same streams.",
        )


def _trunk(stream, width, size, normalised, dropout, weight_decay, pretrained, models, name=None):
    """An AlexNet with the weights of a file, if one is named."""
    if stream not in STREAMS:
        raise unknown("stream", stream, STREAMS)
    random = pretrained == NO_WEIGHTS
    trunk = trunks.alexnet(
        stream,
        width=width,
        size=size,
        local_response_normalisation=normalised,
        dropout=dropout,
        weight_decay=weight_decay,
        divisor=RANDOM_DIVISOR if random else 1.0,
        name=name,
    )
    if not random:
        weights.load(trunk, weights.place(models, pretrained))
    return trunk


def _trunk_of(network):
    """The AlexNet of a network of stage one; None where there is none."""
    return next((layer for layer in network.layers if layer.name in STREAMS), None)


def _each(single, images):
    """What one network says of each of k images: (n, k, size, size, 3) -> (n, k, 4096 / width)."""
    rows = single(ops.reshape(images, (-1, *images.shape[2:])))
    return ops.reshape(rows, (-1, images.shape[1], rows.shape[-1]))


def _together(described: list):
    """The descriptors of all streams, one stream after the other."""
    return layers.Concatenate(axis=1, name="described")(described) if len(described) > 1 else described[0]


def _rows(x, streams: Sequence[str]):
    """The rows of some streams among all of a video."""
    if len(streams) == len(STREAMS):
        return x
    pairs = x.shape[1] // len(STREAMS)
    first = STREAMS.index(streams[0]) * pairs
    return x[:, first : first + pairs]


def _vlan(x, streams: Sequence[str], aggregation, initial):
    return EmotionalVLAN(aggregation, len(streams), initial, name="vlan")(x)


def _classified(x, classes: int, name: str, weight_decay: float):
    x = layers.Dense(classes, name=name, **trunks.initial(weight_decay, "glorot_uniform"))(x)
    return layers.Activation("softmax", dtype="float32")(x)
