"""What networks the paper has, by name; `networks` holds their layers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from common.training.later import later
from reproductions.emotionalvlan import alexnet as trunks
from reproductions.emotionalvlan.alexnet import UNITS

# Frames of a video, and pictures of each stream that they give.
FRAMES, PAIRS = 16, 15
STREAMS = ("spatial", "temporal")
NO_WEIGHTS = "none"


@dataclass(frozen=True)
class Network:
    """One architecture of the paper, or a part of it that is trained by itself.

    Attributes:
        key: name in folders and on the command line.
        title: name in tables.
        build: `build(classes=n, **settings)` gives a fresh `keras.Model` with softmax output (n, classes).
        parameters: what the network has with 6 classes and default settings.
        layout: how its inputs are laid out (`common.training.batches`): (size, size, 3), 30 of these, or features.
        features: the layer of both AlexNets that describes pictures for it; "" where it takes pictures.
        streams: what it sees of a video.
    """

    key: str
    title: str
    build: Callable
    parameters: int
    layout: Literal["last", "sequence", "vectors"] = "vectors"
    features: Literal["", "fc6", "fc7"] = "fc7"
    streams: tuple[str, ...] = STREAMS


_layers = partial(later, "reproductions.emotionalvlan.networks")

_FC9 = 6 * (UNITS + 1)
_VLAN = UNITS + _FC9

NETWORKS: dict[str, Network] = {
    network.key: network
    for network in (
        *(
            Network(
                f"{stream}_cnn",
                f"{stream.capitalize()} AlexNet on single pictures",
                _layers("single_picture", stream=stream),
                trunks.PARAMETERS + _FC9,
                "last",
                "",
                (stream,),
            )
            for stream in STREAMS
        ),
        Network("spatial", "Spatial CNN", _layers("aggregated", streams=("spatial",)), _VLAN, streams=("spatial",)),
        Network("temporal", "Temporal CNN", _layers("aggregated", streams=("temporal",)), _VLAN, streams=("temporal",)),
        Network("emotionalvlan", "EmotionalVLAN", _layers("aggregated"), _VLAN),
        Network(
            "dcnn1",
            "DCNN-1, read as fusion at fc6",
            _layers("fused_at_fc6"),
            (UNITS + 1) * UNITS + _FC9,
            features="fc6",
        ),
        Network("dcnn2", "DCNN-2, read as mean of fc7", _layers("averaged_at_fc7"), _FC9),
        Network("dcnn3", "DCNN-3, read as EmotionalVLAN", _layers("aggregated"), _VLAN),
        Network(
            "end_to_end",
            "EmotionalVLAN from end to end",
            _layers("end_to_end"),
            2 * trunks.PARAMETERS + _VLAN,
            "sequence",
            "",
        ),
        *(
            Network(
                f"{stream}_end_to_end",
                f"{stream.capitalize()} CNN from end to end",
                _layers("end_to_end", streams=(stream,)),
                trunks.PARAMETERS + _VLAN,
                "sequence",
                "",
                (stream,),
            )
            for stream in STREAMS
        ),
    )
}
