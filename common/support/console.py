"""What a user sees while something runs: sentences, tables, and a bar for everything that lasts."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from common.support.names import shown

# Seconds between two lines of a log file.
EVERY = 60.0
# A log file or a pipe has no width of its own; tables are about this wide.
_PIPE_WIDTH = 150

# Zero columns, as some tools set, means that nobody knows.
if os.environ.get("COLUMNS") == "0":
    del os.environ["COLUMNS"]

# What is printed is text: a folder called br[x] or clip[final].mp4 is no markup. Colours are styles.
console = Console(highlight=False, markup=False, emoji=False)
if not console.is_terminal and "COLUMNS" not in os.environ:
    console = Console(highlight=False, markup=False, emoji=False, width=_PIPE_WIDTH)
# Problems go apart from results, so that `claims --format json > file` stays JSON.
errors = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


@contextmanager
def bar(title: str, unit: str = "", interval_s: float = EVERY) -> Iterator[Callable[..., None]]:
    """Show a progress bar and yield `update(done, total, what, line="")` for it.

    On a terminal the bar moves. In a log file or CI a line is written for each `line` (what has just been finished),
    every so many seconds, and at the end, each with what is left.
    """
    progress = _progress(unit)
    task = progress.add_task(title, total=None, what="")
    began = time.monotonic()
    state = {"done": 0, "total": 0, "what": ""}

    def update(done: float, total: float, what: str = "", line: str = "") -> None:
        state.update(done=done, total=total, what=what)
        progress.update(task, completed=done, total=total, what=shown(what)[-40:])
        if line and not console.is_terminal:
            say(line)

    def say(what: str) -> None:
        passed = time.monotonic() - began
        console.print(f"{title}: {_progress_line(**(state | {'what': what}), unit=unit, passed=passed)}", markup=False)

    if console.is_terminal:
        with progress:
            yield update
    else:
        ended = threading.Event()
        ticking = threading.Thread(target=_tick, args=(ended, interval_s, lambda: say(state["what"])), daemon=True)
        ticking.start()
        try:
            yield update
        finally:
            ended.set()
            ticking.join()
    done = f"{state['done']:g} {unit} in {time.monotonic() - began:.1f} s"
    console.print(f"{title}: {done if state['done'] or state['total'] else 'nothing left to do'}", markup=False)


def _progress(unit: str) -> Progress:
    columns = (
        TextColumn("{task.description:<24}", markup=False),
        BarColumn(30),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[what]}", style="dim", markup=False),
    )
    return Progress(*columns, console=console, transient=console.is_terminal)


def _tick(ended: threading.Event, interval_s: float, say: Callable[[], None]) -> None:
    while not ended.wait(interval_s):
        say()


def _progress_line(done: float, total: float, what: str, unit: str, passed: float) -> str:
    """As in: 30 of 200 epochs after 0:02:10, about 0:12:17 left (3D ConvNet)."""
    of = f"{done:g} of {total:g} {unit}" if total else "begun"
    left = f", about {_clock(passed / done * (total - done))} left" if done and total else ""
    return f"{of} after {_clock(passed)}{left}" + (f" ({shown(what)})" if what else "")


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
