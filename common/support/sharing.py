"""Work of a few seconds shared by this process and one that starts beside it.

A process takes a second to start and to import what it needs: too long to wait for where all work takes three. So a
command starts its helper first, and both import at the same time.
"""

import gc
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

from common.support import workers

# From a function and tasks to the results, in the order of the tasks.
Share = Callable[[Callable[[Any], Any], Sequence[Any]], list]


def alone(function: Callable[[Any], Any], tasks: Sequence[Any]) -> list:
    """All results, made in this process."""
    return [function(task) for task in tasks]


@contextmanager
def with_helper(module: str) -> Iterator[Share]:
    """Gives what shares tasks with a process that imports a module in the meantime; without a second core, `alone`.

    Args:
        module: of the functions that will be shared, by its full name.
    """
    if multiprocessing.cpu_count() == 1:
        yield alone
        return
    context = multiprocessing.get_context("spawn")
    begun = context.Value("i", 0)
    here, there = context.Pipe()
    gc.disable()  # which takes a tenth of the time, and both processes end soon
    helper = context.Process(target=_help, args=(module, there, begun), daemon=True)
    helper.start()
    there.close()

    def share(function: Callable[[Any], Any], tasks: Sequence[Any]) -> list:
        with suppress(OSError):  # the helper has died already
            here.send((function, tasks))
        results = _results(function, tasks, begun)
        if len(results) < len(tasks):
            results |= _received(here)
        # A helper that was killed has told nothing.
        return [results[number] if number in results else function(task) for number, task in enumerate(tasks)]

    try:
        yield share
    finally:
        gc.enable()
        helper.kill()
        helper.join()


def _help(module: str, there, begun) -> None:
    workers.stay_with_parent()
    gc.disable()
    import_module(module)
    function, tasks = there.recv()
    try:
        there.send(_results(function, tasks, begun))
    except Exception as error:  # the command tells it, wherever it came up
        there.send(error)


def _received(here) -> dict[int, Any]:
    try:
        told = here.recv()
    except (EOFError, OSError):
        return {}
    if isinstance(told, Exception):
        raise told
    return told


def _results(function: Callable[[Any], Any], tasks: Sequence[Any], begun) -> dict[int, Any]:
    """The results of the tasks that this process was the first to begin, by their numbers."""
    results = {}
    while True:
        with begun.get_lock():
            number, begun.value = begun.value, begun.value + 1
        if number >= len(tasks):
            return results
        results[number] = function(tasks[number])
