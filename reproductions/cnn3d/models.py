"""The 3D-CNN with the settings that were best on each corpus; `networks` holds its layers."""

from functools import partial

from common.training.later import later
from common.training.network import Network

FRAMES, SIZE = 10, 112

_layers = partial(later, "reproductions.cnn3d.networks")

NETWORKS: dict[str, Network] = {
    network.key: network
    for network in (
        Network("c3d_ckplus", "3D-CNN, best of CK+", _layers("c3d"), "sequence", 78_035_463),
        # Our text of the paper lacks Table 3: the settings that a new search is to replace.
        Network(
            "c3d_oulu",
            "3D-CNN, best of Oulu-CASIA",
            _layers("c3d", classes=6, activation="elu", pooling="max"),
            "sequence",
            78_031_366,
        ),
    )
}
