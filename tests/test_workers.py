"""Tasks on several processes, and their end."""

import os
import signal
import subprocess
import sys
import time

import pytest

from common.support import workers
from common.support.errors import UserError

SLEEPERS = """
import time
from common.support import workers
print("begun", flush=True)
for _ in workers.run(time.sleep, [0.01, 600, 600], 2):
    print("one", flush=True)
"""


def test_all_results_come_each_with_its_task():
    found = {task: future.result() for task, future in workers.run(abs, [-1, -2, -3], 2)}
    assert found == {-1: 1, -2: 2, -3: 3}


def test_an_error_stays_in_its_future_and_the_others_go_on():
    found = {task: future.exception() for task, future in workers.run(int, ["1", "x", "3"], 2)}
    assert isinstance(found["x"], ValueError) and found["1"] is None is found["3"]


def test_leaving_early_does_not_wait_for_what_is_running():
    began = time.monotonic()
    for task, _ in workers.run(time.sleep, [0.01, 600], 2):
        assert task == 0.01
        break
    assert time.monotonic() - began < 60


def test_ctrl_c_does_not_wait_for_what_is_running():
    process = subprocess.Popen(
        [sys.executable, "-c", SLEEPERS],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # A shell that runs tests in the background has its children ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    with process:
        assert [process.stdout.readline() for _ in range(2)] == ["begun\n", "one\n"]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) != 0


def test_a_script_without_a_guard_ends_and_says_what_it_lacks(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\nfrom common.support import files, workers\n"
        f"with files.lock(Path({str(tmp_path)!r})):\n    workers.run_all(abs, [1, 2], 2)\n"
    )
    command = [sys.executable, str(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=os.environ | {"PYTHONPATH": "."})
    assert done.returncode != 0 and 'below `if __name__ == "__main__":`' in done.stderr


def die(how: str) -> None:
    if how == "status":
        os._exit(3)
    os.kill(os.getpid(), getattr(signal, how))


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("SIGKILL", r"was killed from outside \(SIGKILL\).*when memory runs out"),
        ("SIGTERM", r"was asked to end from outside \(SIGTERM\)"),
        ("SIGSEGV", r"crashed \(SIGSEGV\)"),
        ("SIGABRT", r"crashed \(SIGABRT\)"),
        ("status", "ended with status 3"),
    ],
)
def test_of_a_dead_worker_is_told_what_is_known(how, told):
    with pytest.raises(UserError, match=told) as error:
        list(workers.run(die, [how, how], 2))
    assert ("memory" in str(error.value)) == (how == "SIGKILL")
