"""The six networks of Table II, and the (2+1)D network as its inventors meant it; `networks` holds their layers."""

from functools import partial

from common.training.later import later
from common.training.network import Network

FRAMES = 5

_layers = partial(later, "reproductions.timeconvnet.networks")

NETWORKS: dict[str, Network] = {
    network.key: network
    for network in (
        Network(
            "mini_xception_2d",
            "2D ConvNet (mini-Xception)",
            _layers("mini_xception", frames=1),
            "last",
            58_423,
            56_951,
        ),
        Network(
            "resnet20_2plus1d",
            "(2+1)D ConvNet (ResNet20)",
            _layers("resnet20_2plus1d"),
            "volume",
            523_357,
            519_599,
        ),
        Network("resnet20_3d", "3D ConvNet (ResNet20)", _layers("resnet20_3d"), "volume", 808_775, 807_399),
        Network(
            "tcn_mini_xception", "TimeConvNet (mini-Xception)", _layers("mini_xception"), "channels", 58_711, 57_239
        ),
        Network("tcn_resnet20", "TimeConvNet (ResNet20)", _layers("resnet20"), "channels", 274_535, 273_159),
        Network(
            "tcn_mobilenetv2", "TimeConvNet (MobileNetV2)", _layers("mobilenet_v2"), "channels", 2_267_527, 2_233_415
        ),
        Network(
            "resnet20_2plus1d_corrected",
            "(2+1)D ConvNet (ResNet20), channels as meant",
            _layers("resnet20_2plus1d", nin="channels"),
            "volume",
            815_968,
            811_580,
        ),
    )
}
