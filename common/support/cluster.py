"""`common.support.workers.run` on a Ray cluster: Ray decides where a task runs, and runs it again if its worker dies.

All machines see the project, the results and the cache in the same places (a shared file system), so a task is a
small message and what it makes is a file. Ray is an optional extra: requirements-cluster.txt.
"""

import os
import socket
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common.support import files
from common.support.errors import UserError

PROJECT = Path(__file__).resolve().parents[2]
ADDRESS = "RAY_ADDRESS"
# How often Ray begins a task anew whose worker died; each time it goes on from what it left on disk.
RETRIES = 3
PATIENCE = 5.0
# How a gRPC connection begins: the preface of HTTP/2 and an empty SETTINGS frame; the answer is a SETTINGS frame.
HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
FRAME_HEADING, SETTINGS = 9, 4


@contextmanager
def cluster() -> Iterator[None]:
    """A connection to the cluster at RAY_ADDRESS, or to one on this machine's cores and GPUs that is started for it.

    Raises:
        UserError: if Ray is not installed, or there is no cluster at that address.
    """
    ray = _ray()
    if ray.is_initialized():
        yield
        return
    address = os.environ.get(ADDRESS, "")
    _knock(address)
    try:
        ray.init(
            address=address or "local",
            # The workers import the same code, from the same place.
            runtime_env={"env_vars": {"PYTHONPATH": os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")])}},
            include_dashboard=False if not address else None,
            log_to_driver=False,
            logging_level="ERROR",
        )
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        raise _unreachable(address, str(error).partition("\n")[0]) from error
    try:
        yield
    finally:
        ray.shutdown()


def _ray():
    try:
        import ray
    except ImportError:
        raise UserError(
            "Ray, which the launcher needs, is not installed.",
            "Run: make setup CLUSTER=1, or leave LAUNCHER=ray out to use this machine alone.",
        ) from None
    return ray


def _knock(address: str) -> None:
    """Ray itself waits for minutes for a host that does not answer, or that is no Ray."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdigit():
        return
    try:
        with socket.create_connection((host, int(port)), PATIENCE) as line:
            if os.environ.get("RAY_USE_TLS", "0") == "0":
                line.sendall(HELLO)
                answer = line.recv(FRAME_HEADING)
                if len(answer) < FRAME_HEADING or answer[3] != SETTINGS:
                    raise ConnectionError("what answers there is not Ray")
    except OSError as error:
        raise _unreachable(address, str(error)) from error


def _unreachable(address: str, reason: str) -> UserError:
    return UserError(
        f"There is no Ray cluster at {address or 'this machine'} ({reason}).",
        f"Start one with 'ray start --head' and name it as in {ADDRESS}=host:6379, or leave {ADDRESS} out to use this "
        "machine alone.",
    )


def threads(processes: int | None) -> int | None:
    """Threads of a task on CPUs, shared out as `common.training.launch` does; None where there are GPUs.

    Args:
        processes: tasks at the same time; one for each CPU if None.
    """
    resources = _ray().cluster_resources()
    if resources.get("GPU"):
        return None
    cpus = int(resources.get("CPU", 1))
    return max(1, cpus // min(processes or cpus, cpus))


def slots(processes: int | None) -> int:
    """Tasks that the connected cluster runs at the same time, at least 1."""
    resources, cpus = _ray().cluster_resources(), threads(processes)
    return max(1, int(resources.get("GPU", 0) if cpus is None else resources.get("CPU", 1) // cpus))


def run(
    function: Callable[[Any], Any], tasks: Iterable[Any], shared: Path, cpus: int | None = 1
) -> Iterator[tuple[Any, Future]]:
    """Yield every task with its future, in the order in which they finish, as `common.support.workers.run` does.

    Args:
        function: can be imported by its name; what it makes is small or lies below `shared`.
        shared: folder that all machines must see.
        cpus: of one task; None gives it a GPU.

    The futures fail with what the function raised; with UserError if a machine does not see `shared`, or if a task
    killed its workers time and again, as it does when the memory is too small.
    """
    ray = _ray()
    wanted = {"num_gpus": 1} if cpus is None else {"num_cpus": cpus}
    remote = ray.remote(max_retries=RETRIES, **wanted)(_checked)
    token = shared / f".seen-{uuid.uuid4().hex}.tmp"
    with files.storage_errors(shared):
        shared.mkdir(parents=True, exist_ok=True)
        token.touch()
    try:
        running = {remote.remote(function, task, token): task for task in tasks}
        while running:
            (done,), _ = ray.wait(list(running), num_returns=1)
            yield running.pop(done), _outcome(ray, done)
    finally:
        for left in running:
            ray.cancel(left, force=True)
        token.unlink(missing_ok=True)


def _checked(function: Callable[[Any], Any], task: Any, token: Path) -> tuple[Any, Exception | None]:
    """Runs on a worker. An exception is returned: Ray would wrap it in one of its own."""
    if not token.exists():
        return None, UserError(
            f"{socket.gethostname()} does not see {token.parent} of the machine that sent the work.",
            "Keep the project, its results and its cache on a file system that all machines of the cluster share.",
        )
    try:
        return function(task), None
    except Exception as error:  # travels as a value and is raised by its future at home
        return None, error


def _outcome(ray, done) -> Future:
    value, error = None, None
    try:
        value, error = ray.get(done)
    except ray.exceptions.OutOfMemoryError:
        error = UserError(
            "A worker of the Ray cluster was ended because the memory ran out.",
            "Run again with WORKERS= a smaller number: what is finished is kept.",
        )
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError) as problem:
        error = UserError(
            f"A worker of the Ray cluster died {RETRIES + 1} times with the same task ({type(problem).__name__}).",
            "Run again: what is finished is kept. If it happens again and memory is short, write WORKERS= a smaller "
            "number.",
        )
    except ray.exceptions.RayError as problem:
        error = UserError(
            f"The Ray cluster could not run a task ({str(problem).strip().splitlines()[-1]}).",
            "Check that project and environment lie in the same place on all its machines.",
        )
    future = Future()
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)
    return future
