"""Standard output and errors as they can be: in ASCII, closed, or a file on a full disk."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from common.support.errors import UserError

_GONE = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF)


def prepare() -> None:
    """Print what an encoding lacks as "?", and nothing at all where output or errors are closed."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - until the end
        elif hasattr(getattr(sys, name), "reconfigure"):
            getattr(sys, name).reconfigure(errors="replace")


@contextmanager
def user_errors() -> Iterator[None]:
    """Raise UserError if standard output takes no more: what a command writes to files names its file.

    Raises:
        UserError: if the disk below the output is full, or the output is gone.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OSError as error:
        _forget()
        if error.filename is not None or error.errno not in (*_GONE, errno.EPIPE):
            raise
        if error.errno == errno.EPIPE:
            raise SystemExit(1) from None  # whoever read has enough, as `head` does
        raise UserError(
            f"The output cannot be written ({os.strerror(error.errno).lower()}).",
            "Free some space or write it elsewhere, and run again: what is finished is kept.",
        ) from error


def _forget() -> None:
    """Send what is still to be written nowhere: Python would fail over it once more as it ends."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
