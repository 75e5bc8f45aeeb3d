"""A helper that starts beside a command: who does what, and that nothing is lost with it."""

import gc
import multiprocessing
import os
import signal
import time

import pytest

from common.support import sharing
from common.support.errors import UserError


def slow_square(number: int) -> tuple[int, int]:
    """Takes long enough that both processes get some; says which one it was."""
    time.sleep(0.1)
    return number**2, os.getpid()


def die_in_helper(number: int) -> int:
    if multiprocessing.parent_process():
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.1)
    return number


def refuse_in_helper(number: int) -> int:
    time.sleep(0.1)
    if multiprocessing.parent_process():
        raise UserError("This is refused.", "Ask here.")
    return number


def test_two_processes_share_the_tasks_and_give_results_in_their_order():
    with sharing.with_helper(__name__) as share:
        results = share(slow_square, range(40))
    assert [square for square, _ in results] == [number**2 for number in range(40)]
    processes = {process for _, process in results}
    assert os.getpid() in processes and len(processes) == 2


def test_without_a_second_core_everything_is_done_here(monkeypatch):
    monkeypatch.setattr(multiprocessing, "cpu_count", lambda: 1)
    with sharing.with_helper(__name__) as share:
        assert share is sharing.alone
        assert share(slow_square, [3]) == [(9, os.getpid())]


def test_a_helper_that_starts_too_late_is_not_waited_for(tmp_path, monkeypatch):
    (tmp_path / "takes_ten_minutes.py").write_text("import time\ntime.sleep(600)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with sharing.with_helper("takes_ten_minutes") as share:
        assert share(abs, [-1, -2]) == [1, 2]
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("module", [__name__, "a_module_that_is_not_there"])
def test_what_a_dead_helper_has_begun_is_done_here(module):
    with sharing.with_helper(module) as share:
        assert share(die_in_helper, range(30)) == list(range(30))


def test_what_is_refused_in_the_helper_is_told():
    with pytest.raises(UserError, match="This is refused"), sharing.with_helper(__name__) as share:
        share(refuse_in_helper, range(60))
    assert gc.isenabled()
