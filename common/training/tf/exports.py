"""Networks as files of TensorFlow's two own formats: LiteRT (once called TensorFlow Lite) and SavedModel."""

import re
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from common.support import workers
from common.training import devices

Predictor = Callable[[np.ndarray], np.ndarray]
THREADS = 4  # of LiteRT for one window: more would wait for each other
# Operations that stay in 32 bits in a file of 8: all but convolutions and the pooling between them.
PRECISE = ["ADD", "FULLY_CONNECTED", "MEAN", "MUL", "NEG", "RSQRT", "SOFTMAX", "SQUARED_DIFFERENCE", "SUB", "SUM"]


class MissingOperation(Exception):
    """The format has no such operation; its text is the operation's name."""


class Pooling(keras.layers.Layer):
    """Largest values over three axes, as MaxPooling3D gives them, by pooling over two axes twice: LiteRT has no other.

    (n, a, b, c, channels) -> (n, a', b', c', channels).
    """

    def __init__(self, pool_size: tuple, strides: tuple, padding: str, **options):
        super().__init__(**options)
        self.pool_size, self.strides, self.padding = pool_size, strides, padding

    def call(self, x):
        _, a, b, c, channels = x.shape
        (size, *sizes), (stride, *strides), padding = self.pool_size, self.strides, self.padding.upper()
        x = tf.nn.max_pool2d(tf.reshape(x, (-1, b, c, channels)), sizes, strides, padding)
        _, b, c, _ = x.shape
        x = tf.nn.max_pool2d(tf.reshape(x, (-1, a, b * c, channels)), (size, 1), (stride, 1), padding)
        return tf.reshape(x, (-1, x.shape[1], b, c, channels))

    @classmethod
    def instead_of(cls, layer: keras.layers.Layer) -> keras.layers.Layer:
        """A copy of the layer, or what stands for it where it is a MaxPooling3D."""
        if not isinstance(layer, keras.layers.MaxPooling3D):
            return type(layer).from_config(layer.get_config())
        return cls(layer.pool_size, layer.strides, layer.padding, name=layer.name)


def write_litert(model: keras.Model, path: Path, examples: np.ndarray | None = None) -> None:
    """Write a network for LiteRT, with nothing but its built-in operations; the file takes one window at a time.

    Args:
        examples: windows (n, ...) float32 whose values say how far 8-bit numbers must reach: convolutions are computed
            in these then, in less than half of the time where a processor has instructions for it. None for 32 bits.

    Raises:
        MissingOperation: if LiteRT has none of its own for one of the network's.
    """
    plain = keras.models.clone_model(model, clone_function=Pooling.instead_of, recursive=True)
    plain.set_weights(model.get_weights())
    # A loop over the frames of a window needs to know the sizes of all that it carries along.
    one = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32, name="window")
    function = tf.function(lambda window: plain(window, training=False), input_signature=[one], autograph=False)
    try:
        with _quiet():
            # The converter loses sight of variables that are used within a loop.
            constant = convert_variables_to_constants_v2(function.get_concrete_function(), lower_control_flow=False)
            converter = tf.lite.TFLiteConverter.from_concrete_functions([constant], plain)
            path.write_bytes(converter.convert() if examples is None else _in_eight_bits(converter, examples))
    except Exception as error:  # the converter's own class lies in a private module
        named = re.search(r"'tf\.(\w+)' op", str(error))
        if not named:
            raise
        raise MissingOperation(named.group(1)) from error


def _in_eight_bits(converter: tf.lite.TFLiteConverter, examples: np.ndarray) -> bytes:
    def each():
        return ([example[None]] for example in examples)

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = each
    chosen = tf.lite.experimental.QuantizationDebugOptions(denylisted_ops=PRECISE)
    return tf.lite.experimental.QuantizationDebugger(
        converter=converter, debug_dataset=each, debug_options=chosen
    ).get_nondebug_quantized_model()


def read_litert(path: Path, threads: int = THREADS) -> Predictor:
    """The network in a LiteRT file, from (n, ...) float32 to (n, classes) float32.

    Args:
        threads: at most so many; a network that answers within a fraction of a millisecond is fastest with one.

    Raises:
        ValueError, RuntimeError: if this is no LiteRT file, or one of another version or with foreign operations.
    """
    with _quiet():
        interpreter = tf.lite.Interpreter(model_content=path.read_bytes(), num_threads=min(threads, workers.cores()))
        interpreter.allocate_tensors()
    (entry,), (end,) = interpreter.get_input_details(), interpreter.get_output_details()

    def network(windows: np.ndarray) -> np.ndarray:
        found = []
        for window in windows:
            interpreter.set_tensor(entry["index"], window[None])
            interpreter.invoke()
            found.append(interpreter.get_tensor(end["index"])[0].copy())
        return np.array(found)

    return network


@contextmanager
def _quiet() -> Iterator[None]:
    """Without two warnings: LiteRT shall come from another package, and ranges of 8-bit inputs are not given.

    TensorFlow still has a LiteRT of its own, and inputs stay in 32 bits.
    """
    with warnings.catch_warnings(), devices.silent():
        told = r"\s*Warning: tf.lite.Interpreter is deprecated|Statistics for quantized inputs were expected"
        warnings.filterwarnings("ignore", message=told, category=UserWarning)
        yield


def write_saved_model(model: keras.Model, path: Path) -> None:
    """Write a network as the folder of a SavedModel, with the endpoint `serve`."""
    with devices.silent():
        model.export(path, format="tf_saved_model", verbose=False)


def read_saved_model(path: Path) -> Predictor:
    """The network in the folder of a SavedModel, from (n, ...) float32 to (n, classes) float32.

    A SavedModel is a program that TensorFlow runs: only for one that was written here a moment ago.
    """
    # TensorFlow takes brackets in the path for a pattern, and then finds no variables.
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "saved").symlink_to(path.absolute())
        loaded = tf.saved_model.load(f"{folder}/saved")  # holds the variables, which `serve` alone does not
    return lambda windows: loaded.serve(tf.constant(windows)).numpy()
