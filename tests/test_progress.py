"""What a log file or CI sees while something lasts: a line for what is finished, and one each minute at least."""

import queue
import re
import time

import pytest
from rich.console import Console

from common.support import console as shown
from common.training import launch


@pytest.fixture
def log(tmp_path, monkeypatch):
    """Reads what was written to a log file so far."""
    with (tmp_path / "log").open("w") as file:
        monkeypatch.setattr(shown, "console", Console(file=file, highlight=False, width=150))

        def read() -> list[str]:
            file.flush()
            return (tmp_path / "log").read_text().splitlines()

        yield read


def test_lines_come_also_while_nothing_is_finished(log):
    with shown.bar("Training", "epochs", interval_s=0.05) as update:
        time.sleep(0.2)
        assert re.fullmatch(r"Training: begun after 0:00:00", log()[0])
        update(2, 8, "3D ConvNet [narrow]")
        time.sleep(0.2)
        assert re.fullmatch(
            r"Training: 2 of 8 epochs after 0:00:00, about 0:00:0\d left \(3D ConvNet \[narrow\]\)", log()[-1]
        )
    assert re.fullmatch(r"Training: 2 epochs in 0\.\d s", log()[-1])
    count = len(log())
    time.sleep(0.2)
    assert len(log()) == count


def test_what_is_finished_has_a_line_at_once(log):
    with shown.bar("Training", "epochs") as update:
        update(1, 4, "a")
        assert log() == []
        update(2, 4, "a", "a finished, training 1 of 2")
        assert re.fullmatch(r"Training: 2 of 4 epochs after .* left \(a finished, training 1 of 2\)", log()[0])


def test_where_all_is_there_from_before_it_says_so(log):
    with shown.bar("Training", "epochs") as update:
        update(0, 0)
    assert log() == ["Training: nothing left to do"]


def test_an_error_ends_the_lines(log):
    with pytest.raises(ZeroDivisionError), shown.bar("Training", "epochs", interval_s=0.05):
        raise ZeroDivisionError
    time.sleep(0.2)
    assert log() == []


def test_a_training_that_ends_early_counts_as_done_and_is_named():
    told, messages = [], queue.SimpleQueue()
    for message in (("a", 1, False), ("b", 1, False), ("a", 9, True), ("b", 9, True), None):
        messages.put(message)
    launch._listen(messages, 20, 2, lambda *step: told.append(step))
    assert [step[0] for step in told] == [1, 2, 11, 20]
    assert [step[3] for step in told] == ["", "", "a finished, training 1 of 2", "b finished, training 2 of 2"]
