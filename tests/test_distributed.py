"""The bench of distributed folds: its simulation, and the samples that kill a worker once."""

import os
import signal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.distributed import SUBJECTS, Noise, simulated
from common.training.launch import makespan

seconds = st.lists(st.integers(1, 50), min_size=1, max_size=30)


def test_the_longest_is_taken_first_by_whoever_is_free():
    assert makespan([2, 2, 2, 3, 3], 2) == 7
    assert makespan([1, 1, 1, 1, 4], 2) == 4


@given(seconds, st.integers(1, 40))
def test_the_last_task_ends_neither_too_early_nor_too_late(tasks, workers):
    least = max(sum(tasks) / workers, max(tasks))
    assert least <= makespan(tasks, workers) < sum(tasks) / workers + max(tasks)
    assert makespan(tasks, 1) == sum(tasks) and makespan(tasks, len(tasks)) == max(tasks)


def test_all_subjects_are_simulated_with_the_measured_times():
    found = {one.name: one.value for one in simulated([10.0, 10.0])}
    times = {name: value for name, value in found.items() if name.startswith(f"simulated: {SUBJECTS} folds")}
    assert list(times.values()) == [1180, 150, 20]
    assert found["simulated: share of the time of 64 workers that is work"] == pytest.approx(118 / 128)


def test_samples_end_their_process_once_and_say_each_time_that_they_begin(tmp_path, monkeypatch):
    killed = []
    monkeypatch.setattr(os, "kill", lambda process, how: killed.append((process, how)))
    for _ in range(2):
        samples = Noise(2, 3, tmp_path, name="s0", fatal=3)
        for _ in range(5):
            windows = samples.read(np.arange(4))
    assert killed == [(os.getpid(), signal.SIGKILL)]
    assert windows.shape == (4, 5, 48, 48, 1) and windows.dtype == np.uint8
    assert [path.stem for path in tmp_path.iterdir()] == ["s0", "s0"]
    assert len(samples) == len(samples.table) == 6
