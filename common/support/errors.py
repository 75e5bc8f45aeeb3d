"""Mistakes that a user can mend are told in one sentence that names the file and the remedy."""

from collections.abc import Iterable

from rapidfuzz import fuzz, process


class UserError(Exception):
    """A problem with the input or the machine, and what to do about it.

    The command line prints `problem` and `remedy` without a traceback and exits with status 2.
    """

    def __init__(self, problem: str, remedy: str):
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy

    def __reduce__(self):
        # Exceptions are rebuilt from `args`, which holds the joined text: workers send these across processes.
        return type(self), (self.problem, self.remedy)


def unknown(kind: str, name: str, known: Iterable[str]) -> UserError:
    """The error for a name that does not exist, with the nearest one that does.

    >>> unknown("paper", "timeconvnets", ["timeconvnet", "thesis"]).remedy
    'Did you mean timeconvnet? Known: thesis, timeconvnet.'
    """
    known = sorted(known)
    best = process.extractOne(name, known, scorer=fuzz.ratio, score_cutoff=50)
    hint = f"Did you mean {best[0]}? " if best else ""
    return UserError(f"There is no {kind} called {name!r}.", f"{hint}Known: {', '.join(known)}.")
