"""The paper's own layer, EmotionalVLAN (section III.a): all descriptors of a video become one."""

from typing import Literal

import keras
from keras import ops

from common.support.errors import unknown

AGGREGATIONS = ("sum", "frames", "concat")
INITIAL = (0.0, "normal")


@keras.saving.register_keras_serializable(package="emotionalvlan")
class EmotionalVLAN(keras.layers.Layer):
    """Descriptors (n, streams · 15, D), one stream after the other -> one descriptor a video; D weights a_k.

    The formula, printed twice, where x_s,i and x_t,i are the spatial and the temporal descriptor of frame i:

        V[k] = Σ_i e^(a_k) · (x_s,i[k] + x_t,i[k])         for the "4096 cells" k, of which fc7 has as many values

    Cell k is read as coordinate k: only then V has 4096 numbers. The other sizes in the text leave out sums:

        sum      (n, D)                 as printed                                           4,096 with D = 4096
        frames   (n, 15 · D)            e^(a_k) · (x_s,i[k] + x_t,i[k]) for each i          61,440
        concat   (n, streams · 15 · D)  e^(a_k) · x_s,i[k], then e^(a_k) · x_t,i[k]        122,880

    With one stream, for Table 1, the other's term is left out. There may be another number of frames than 15.

    Args:
        aggregation: which of the three.
        streams: 2, or 1 for a single one.
        initial: what a_k begin with: 0.0, with which the layer begins as a plain sum, or "normal" with standard
            deviation 0.01.

    Raises:
        UserError: for an aggregation or initial values that do not exist.
    """

    def __init__(
        self,
        aggregation: Literal["sum", "frames", "concat"] = "sum",
        streams: Literal[1, 2] = 2,
        initial: float | Literal["normal"] = 0.0,
        **layer,
    ):
        super().__init__(**layer)
        if aggregation not in AGGREGATIONS:
            raise unknown("setting of aggregation", str(aggregation), AGGREGATIONS)
        if initial not in INITIAL:
            raise unknown("setting of aggregation_weight_init", str(initial), map(str, INITIAL))
        self.aggregation, self.streams, self.initial = aggregation, streams, initial

    def build(self, shape: tuple) -> None:
        initial = keras.initializers.RandomNormal(stddev=0.01) if self.initial == "normal" else "zeros"
        self.a = self.add_weight(shape=shape[-1:], initializer=initial, name="a")

    def call(self, x):
        if self.aggregation == "sum":
            # The common factor comes last: the 30 descriptors are read once.
            return ops.exp(self.a) * ops.sum(x, axis=1)
        if self.aggregation == "frames":
            x = ops.sum(ops.reshape(x, (-1, self.streams, x.shape[1] // self.streams, x.shape[-1])), axis=1)
        return ops.reshape(ops.exp(self.a) * x, (-1, x.shape[1] * x.shape[2]))

    def compute_output_shape(self, shape: tuple) -> tuple:
        terms = {"sum": 1, "frames": shape[1] // self.streams, "concat": shape[1]}[self.aggregation]
        return shape[0], terms * shape[-1]

    def get_config(self) -> dict:
        own = {"aggregation": self.aggregation, "streams": self.streams, "initial": self.initial}
        return super().get_config() | own
