"""The same function on many tasks, in as many processes as there are cores."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from common.support.errors import UserError


def cores() -> int:
    """Cores that this process may use, within the limits of its container."""
    from joblib import cpu_count

    return cpu_count()


def run(
    function: Callable[[Any], Any], tasks: Iterable[Any], workers: int | None = None
) -> Iterator[tuple[Any, Future]]:
    """Yield every task with its finished future, in the order in which they finish.

    One worker is this process; more are new ones, be it for a single task, and `function` and the tasks must be
    picklable. Results should be small: what does not fit a message goes to a file. Whoever iterates decides about
    a failed task. Leaving the loop early, be it by Ctrl-C, ends the workers at once, in the middle of a training if
    need be: all that they write is atomic, and continues from there. OpenCV uses one thread in each worker.

    Raises:
        UserError: if a worker process dies: says by which signal, or with which status; or as `refuse_script_again`.
    """
    refuse_script_again()
    tasks = list(tasks)
    if not tasks:
        return
    count = workers or cores()
    if count == 1:
        yield from _run_here(function, tasks)
        return
    # Started afresh, not forked: a fork of a process with threads (TensorFlow, BLAS) can hang.
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    with ProcessPoolExecutor(min(count, len(tasks)), mp_context=context, initializer=_settle_in) as pool:
        futures = {pool.submit(function, task): task for task in tasks}
        started = set(multiprocessing.active_children()) - others
        try:
            for future in as_completed(futures):
                if isinstance(future.exception(), BrokenProcessPool):
                    raise died(started)
                yield futures[future], future
        except BaseException:
            for worker in set(multiprocessing.active_children()) - others:
                worker.terminate()
            raise


def refuse_script_again() -> None:
    """Refuse to work in a new process that is only just reading the script that its parent runs.

    A script without a guard begins again in each worker, which would wait for ever for what its parent is at.

    Raises:
        UserError: if this is such a process.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):  # as multiprocessing itself checks it
        raise UserError(
            "This script starts worker processes, and each of them runs it again.",
            'Put what it does into a function, and call that below `if __name__ == "__main__":`.',
        )


def died(started: Iterable[multiprocessing.Process]) -> UserError:
    """What is known of the first worker that died: the pool itself ends the others, with SIGTERM."""
    for worker in started:
        worker.join(timeout=5)
    codes = sorted({worker.exitcode for worker in started} - {None, 0}, key=lambda code: code == -signal.SIGTERM)
    again = "Run again: what is finished is kept."
    if not codes:
        return UserError("A worker process ended before its work was done.", again)
    if codes[0] > 0:
        return UserError(f"A worker process ended with status {codes[0]} before its work was done.", again)
    name = signal.Signals(-codes[0]).name
    if codes[0] == -signal.SIGKILL:
        return UserError(
            f"A worker process was killed from outside ({name}).",
            "A person or a batch system does so, and the system itself when memory runs out. "
            f"{again} If it happens again and memory is short, use fewer workers.",
        )
    if codes[0] == -signal.SIGTERM:
        return UserError(f"A worker process was asked to end from outside ({name}).", again)
    return UserError(f"A worker process crashed ({name}).", f"{again} If it crashes again, report it with this line.")


def run_all(
    function: Callable[[Any], Any],
    tasks: Iterable[Any],
    workers: int | None = None,
    finished: Callable[[int, Any], None] = lambda number, task: None,
) -> None:
    """Run every task, as `run` does, and raise the first problem when all others have ended.

    Args:
        finished: called with the number of tasks that have ended, and the last of them.
    """
    settle(run(function, tasks, workers), finished)


def settle(results: Iterable[tuple[Any, Future]], finished: Callable[[int, Any], None]) -> None:
    """Wait for all results of a `run`, then raise the first problem among them."""
    errors = []
    for number, (task, future) in enumerate(results, start=1):
        errors.append(future.exception())
        finished(number, task)
    for error in filter(None, errors):
        raise error


def _run_here(function: Callable[[Any], Any], tasks: list) -> Iterator[tuple[Any, Future]]:
    import cv2

    threads = cv2.getNumThreads()
    for task in tasks:
        future = Future()
        cv2.setNumThreads(1)
        try:
            future.set_result(function(task))
        except Exception as error:  # kept in the future, as a process pool does
            future.set_exception(error)
        finally:
            cv2.setNumThreads(threads)
        yield task, future


def _settle_in() -> None:
    """Make the new process one of many: one thread, and no life without its parent."""
    import cv2

    cv2.setNumThreads(1)
    stay_with_parent()


def stay_with_parent() -> None:
    """Let this process end when its parent does, and not by Ctrl-C, which the parent hears too.

    A killed parent cannot tell its children to stop, and they would wait for work for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


def end_with_parent() -> None:
    """Let this process end when its parent does; Ctrl-C ends it as it ends any other."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
