"""What TensorFlow has to be told before its first operation."""

import logging
from collections.abc import Callable

import tensorflow as tf

from common.support.errors import UserError


def prepare(threads: int | None, deterministic: bool) -> None:
    """Let GPU memory grow with need, limit threads, and make operations repeatable.

    Args:
        threads: threads of one operation and operations at a time; None for as many as there are cores.

    Raises:
        UserError: if `threads` changes after TensorFlow has begun to compute.
    """
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # several networks in one process are meant here
    found = tf.config.list_physical_devices("GPU")
    if not found:
        # The graph optimiser takes longer than it saves: a (2+1)D network starts in 18 s instead of 25 s on one
        # core, and its steps are no slower.
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    for gpu in found:
        if not tf.config.experimental.get_memory_growth(gpu):
            tf.config.experimental.set_memory_growth(gpu, True)
    if threads is not None:
        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        except RuntimeError as error:
            raise UserError(
                "TensorFlow already computes in this process, its threads cannot be changed any more.",
                "Train in a fresh process.",
            ) from error
    if deterministic:
        tf.config.experimental.enable_op_determinism()


def traced(function: Callable) -> Callable:
    """The same function as a graph, made at its first call, which runs without Python."""
    return tf.function(function, jit_compile=False)


def gpus() -> list[str]:
    """Names of the GPUs that TensorFlow sees."""
    return [
        tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
        for gpu in tf.config.list_physical_devices("GPU")
    ]
