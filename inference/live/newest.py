"""The newest of something, handed from the thread that makes it to threads that may be slower."""

from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")


class Newest(Generic[T]):
    """One place that each new item replaces: who makes items never waits, and who takes them may miss some.

    Items are numbered from 1, so that whoever takes them knows how many were missed.

    Attributes:
        closed: nothing comes any more.
    """

    def __init__(self):
        self._changed = Condition()
        self._number = 0
        self._item: T | None = None
        self.closed = False
        self._problem: Exception | None = None

    def put(self, item: T) -> None:
        """Replace the item; returns at once."""
        with self._changed:
            self._number += 1
            self._item = item
            self._changed.notify_all()

    def close(self, problem: Exception | None = None) -> None:
        """Say that nothing comes any more; whoever waits is told, by raising `problem` if there is one."""
        with self._changed:
            self.closed, self._problem = True, problem
            self._changed.notify_all()

    def after(self, number: int, seconds: float | None = None) -> tuple[int, T] | None:
        """The newest item and its number, as soon as that is larger than `number`.

        Returns:
            None if nothing came within `seconds`, or after `close`.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._number > number or self.closed, seconds)
            if self._problem:
                raise self._problem
            if self.closed or self._number <= number:
                return None
            return self._number, self._item
