"""On what a network runs: Keras backend, threads, precision, determinism, several GPUs."""

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from common.support.errors import UserError, unknown

BACKENDS = ("tensorflow", "jax", "torch")


def choose_backend() -> str:
    """Name the Keras backend before Keras is imported: $KERAS_BACKEND, else the first that is installed.

    Raises:
        UserError: if the one asked for is unknown or not installed, or if none is installed.
    """
    asked = os.environ.get("KERAS_BACKEND")
    if asked and asked not in BACKENDS:
        raise unknown("Keras backend", asked, BACKENDS)
    installed = [name for name in ((asked,) if asked else BACKENDS) if find_spec(name)]
    if not installed:
        raise UserError(
            f"Keras has no backend to run on: {asked or 'none of ' + ', '.join(BACKENDS)} is not installed.",
            "Run `make setup`, or install one of them and set KERAS_BACKEND.",
        )
    os.environ["KERAS_BACKEND"] = installed[0]
    # TensorFlow leaves oneDNN off on processors without AVX-512, and 3D convolutions are five times as fast with it.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    # TensorFlow tells of missing CUDA drivers on every start; errors are still shown.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    return installed[0]


def prepare(seed: int, *, mixed_precision: bool = False, xla: bool = False, threads: int | None = None) -> dict:
    """Make this process ready to train one network; gives what the run's record says about it.

    Operations are deterministic except with XLA: Keras does not compile with XLA where TensorFlow is told to be
    deterministic. On a CPU XLA is also far slower here (mini-Xception 1,214 ms a step against 50 ms).

    Raises:
        UserError: if there is no backend, or if `threads` comes too late.
    """
    backend = choose_backend()
    deterministic = not xla
    with silent():
        import keras

        if backend == "tensorflow":
            from common.training.tf import runtime

            runtime.prepare(threads, deterministic)
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(_sixteen_bits(backend) if mixed_precision else "float32")
    return {
        "backend": backend,
        "deterministic": deterministic,
        "precision": keras.config.dtype_policy().name,
        "threads": threads,
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "gpus": gpus(backend),
    }


def _sixteen_bits(backend: str) -> str:
    """The 16-bit type that the device is fast with: processors have instructions for bfloat16 only."""
    return "mixed_float16" if gpus(backend) else "mixed_bfloat16"


@contextmanager
def silent() -> Iterator[None]:
    """Keep off the screen what TensorFlow's C++ libraries print beside all log levels. Exceptions are not affected.

    On every start they say that there are no CUDA drivers, and converting a network they tell of each step.
    """
    sys.stderr.flush()
    screen = os.dup(2)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a descriptor is needed, not a path
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(screen, 2)
        os.close(screen)


def gpus(backend: str) -> list[str]:
    """Names of the GPUs that the backend sees."""
    if backend == "tensorflow":
        from common.training.tf import runtime

        return runtime.gpus()
    if backend == "jax":
        import jax

        return [device.device_kind for device in jax.devices() if device.platform == "gpu"]
    import torch

    return [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]


def all_devices() -> AbstractContextManager:
    """A scope in which a model is built and trained on all devices of the backend, where there are several.

    This is the Keras distribution API, which as of Keras 3.15 distributes on JAX only. On TensorFlow and PyTorch
    a training uses one GPU; several GPUs are best used by several trainings at once (CUDA_VISIBLE_DEVICES).
    """
    import keras

    if keras.config.backend() == "jax" and len(keras.distribution.list_devices()) > 1:
        return keras.distribution.DataParallel().scope()
    return nullcontext()


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that can change a result."""
    found = {"python": platform.python_version()}
    for package in ("keras", *BACKENDS, "numpy", "opencv-python-headless", "h5py"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def cpu() -> str:
    """Name of the processor."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
