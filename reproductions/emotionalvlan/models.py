"""What networks the paper has, by name; `networks` holds their layers."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

from common.training import network
from common.training.later import later
from reproductions.emotionalvlan.alexnet_layers import PARAMETERS, UNITS

# Frames of a video, and images of each stream that they give.
FRAMES, PAIRS = 16, 15
STREAMS = ("spatial", "temporal")
NO_WEIGHTS = "none"


@dataclass(frozen=True)
class StreamNetwork(network.Network):
    """One architecture of the paper, or a part of it that is trained by itself.

    Attributes:
        features: the layer of both AlexNets that describes images for it; "" where it takes images.
        streams: what it sees of a video.
    """

    layout: Literal["last", "sequence", "vectors"] = "vectors"
    features: Literal["", "fc6", "fc7"] = "fc7"
    streams: tuple[str, ...] = STREAMS


_layers = partial(later, "reproductions.emotionalvlan.networks")

_FC9 = 6 * (UNITS + 1)
_VLAN = UNITS + _FC9

NETWORKS: dict[str, StreamNetwork] = {
    one.key: one
    for one in (
        *(
            StreamNetwork(
                f"{stream}_cnn",
                f"{stream.capitalize()} AlexNet on single images",
                _layers("single_image", stream=stream),
                "last",
                PARAMETERS + _FC9,
                features="",
                streams=(stream,),
            )
            for stream in STREAMS
        ),
        StreamNetwork(
            "spatial",
            "Spatial CNN",
            _layers("aggregated", streams=("spatial",)),
            parameters=_VLAN,
            streams=("spatial",),
        ),
        StreamNetwork(
            "temporal",
            "Temporal CNN",
            _layers("aggregated", streams=("temporal",)),
            parameters=_VLAN,
            streams=("temporal",),
        ),
        StreamNetwork("emotionalvlan", "EmotionalVLAN", _layers("aggregated"), parameters=_VLAN),
        StreamNetwork(
            "dcnn1",
            "DCNN-1, read as fusion at fc6",
            _layers("fused_at_fc6"),
            parameters=(UNITS + 1) * UNITS + _FC9,
            features="fc6",
        ),
        StreamNetwork("dcnn2", "DCNN-2, read as mean of fc7", _layers("averaged_at_fc7"), parameters=_FC9),
        StreamNetwork("dcnn3", "DCNN-3, read as EmotionalVLAN", _layers("aggregated"), parameters=_VLAN),
        StreamNetwork(
            "end_to_end",
            "EmotionalVLAN from end to end",
            _layers("end_to_end"),
            "sequence",
            2 * PARAMETERS + _VLAN,
            features="",
        ),
        *(
            StreamNetwork(
                f"{stream}_end_to_end",
                f"{stream.capitalize()} CNN from end to end",
                _layers("end_to_end", streams=(stream,)),
                "sequence",
                PARAMETERS + _VLAN,
                features="",
                streams=(stream,),
            )
            for stream in STREAMS
        ),
    )
}
