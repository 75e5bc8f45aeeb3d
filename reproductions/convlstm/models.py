"""The network of each corpus, and the one on FER2013 whose features AFEW's takes; `networks` holds their layers."""

from functools import partial

from common.training.later import later
from common.training.network import Network

_layers = partial(later, "reproductions.convlstm.networks")

NETWORKS: dict[str, Network] = {
    network.key: network
    for network in (
        Network("convlstm", "3DCNN-ConvLSTM", _layers("convlstm"), "sequence", 641_127),
        Network(
            "convlstm_afew", "3DCNN-ConvLSTM with FER2013 branch", _layers("convlstm", fer=True), "sequence", 752_263
        ),
        Network("cnn_fer2013_64", "CNN for FER2013, 64×64", _layers("fer2013"), "last", 1_336_039),
    )
}

# Gives the second branch the weights that FER2013 left.
take_fer = _layers("take_fer")
