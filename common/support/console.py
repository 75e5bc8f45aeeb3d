"""What a user sees while something runs: sentences, tables, and a bar for everything that lasts."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

# A log file or a pipe has no width of its own; tables are about this wide.
_PIPE_WIDTH = 150

console = Console(highlight=False)
if not console.is_terminal and "COLUMNS" not in os.environ:
    console = Console(highlight=False, width=_PIPE_WIDTH)
# Problems go apart from results, so that `claims --json > file` stays JSON.
errors = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def bar(title: str, unit: str = "") -> Iterator[Callable[[float, float, str], None]]:
    """Show a progress bar and yield `update(done, total, what)` for it.

    On a terminal the bar moves; in a log file only its start and its end are written.
    """
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
    progress = Progress(*columns, console=console, transient=console.is_terminal)
    task = progress.add_task(title, total=None, what="")
    last = {"done": 0, "total": 0}

    def update(done: float, total: float, what: str = "") -> None:
        last.update(done=done, total=total)
        progress.update(task, completed=done, total=total, what=what[-40:])

    started = progress.get_time()
    if console.is_terminal:
        with progress:
            yield update
    else:
        yield update
    seconds = progress.get_time() - started
    console.print(f"{title}: {last['done']:g} {unit} in {seconds:.1f} s", markup=False)
