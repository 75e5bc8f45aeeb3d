"""The two networks of Figs 3.7 and 3.8; `networks` holds their layers."""

from functools import partial

from common.training.later import later
from common.training.network import Network

_layers = partial(later, "reproductions.thesis.networks")

NETWORKS: dict[str, Network] = {
    network.key: network
    for network in (
        Network("cnn_fer2013", "CNN for FER2013", _layers("factored", dense=(512,)), "last", 3_931_975, 3_929_031),
        Network("cnn_ckplus", "CNN for CK+", _layers("factored", dense=(512, 256)), "last", 4_062_535, 4_059_079),
    )
}
