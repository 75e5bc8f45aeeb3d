"""Ray: the same runs as without it, also where a worker is killed half-way; an unreachable cluster is told."""

import os
import signal
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread

import pytest
from little_samples import LittleSamples
from test_samples import Settings, corpus, prepare
from test_training import DRAWN, little

from common.protocols.leakage import summarise
from common.samples.build import build
from common.support import cluster
from common.support.errors import UserError
from common.training.launch import launch
from common.training.spec import Job

ray = pytest.importorskip("ray", reason="the optional extra Ray is not installed: make setup CLUSTER=1")


@pytest.fixture(scope="module")
def nodes():
    """Two nodes with one CPU each, found through RAY_ADDRESS as a user's cluster is."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        # The workers import this module; a user's workers import the project's own.
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        started = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        started.add_node(num_cpus=1)
        patch.setenv(cluster.ADDRESS, started.address)
        with cluster.cluster():
            yield started
        started.shutdown()


@dataclass
class Fatal(LittleSamples):
    """Kills the process that reads them for the `after`-th time, once for each marker that is not there yet.

    Each process that begins to read them leaves a file beside the marker.
    """

    marker: Path | None = None
    name: str = ""
    after: int = 0
    reads: int = 0

    def read(self, rows):
        self.reads += 1
        if self.marker:
            (self.marker.parent / f"{self.name}.{os.getpid()}").touch()
        if self.marker and self.after and self.reads > self.after and not self.marker.exists():
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().read(rows)


def jobs(marker: Path) -> list[Job]:
    made = [
        replace(little(seed=seed), samples=Fatal(marker=marker, name=f"seed{seed}", after=8 if seed == 1 else 0))
        for seed in range(3)
    ]
    return [
        Job(training, summarise(training.samples.table, training.fold), cost=number)
        for number, training in enumerate(made)
    ]


def test_a_killed_worker_is_replaced_and_the_runs_are_those_of_one_machine(tmp_path, nodes):
    marker, steps = tmp_path / "killed", []
    on_ray = launch(jobs(marker), tmp_path / "ray", DRAWN, launcher="ray", progress=lambda *step: steps.append(step))
    assert marker.exists(), "no worker was killed"
    begun = Counter(path.stem for path in tmp_path.glob("seed*"))
    assert begun == {"seed0": 1, "seed1": 2, "seed2": 1}, "more was lost than what the killed worker trained"
    assert [step[0] for step in steps] == [0, 4, 8, 12] and {step[1] for step in steps} == {12}

    alone = launch(jobs(marker), tmp_path / "alone", DRAWN, processes=2)
    for one, other in zip(on_ray, alone, strict=True):
        assert one.identity == other.identity and one.record["split"] == other.record["split"]
        assert (one.folder / "predictions.csv").read_bytes() == (other.folder / "predictions.csv").read_bytes()
    assert launch(jobs(tmp_path / "never"), tmp_path / "ray", DRAWN, launcher="ray") == on_ray
    assert not (tmp_path / "never").exists(), "what is finished was trained again"


def test_clips_are_prepared_on_the_cluster_as_on_one_machine(tmp_path, nodes):
    clips = corpus(tmp_path / "corpus", (6,) * 4)
    on_ray = build(clips, prepare, Settings(), tmp_path / "ray", launcher="ray")
    alone = build(clips, prepare, Settings(), tmp_path / "alone", workers=1)
    assert on_ray.path.read_bytes() == alone.path.read_bytes()


def work(task: tuple[Path, str]) -> str:
    folder, name = task
    if name == "wrong":
        raise UserError("a problem", "a remedy")
    if name == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    (folder / name).write_text(socket.gethostname())
    return name


def test_problems_come_with_their_task_and_the_others_end(tmp_path, nodes):
    tasks = [(tmp_path, name) for name in ("wrong", "right", "deadly", "good")]
    found = {task[1]: future for task, future in cluster.run(work, tasks, tmp_path)}
    assert found["right"].result() == "right" and found["good"].result() == "good"
    assert type(found["wrong"].exception()) is UserError and found["wrong"].exception().remedy == "a remedy"
    assert f"died {cluster.RETRIES + 1} times" in str(found["deadly"].exception())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good", "right"]


def test_the_cluster_is_shared_out(nodes):
    assert (cluster.threads(None), cluster.slots(None)) == (1, 2)
    assert (cluster.threads(1), cluster.slots(1)) == (2, 1)


def test_a_machine_that_does_not_see_the_results_says_so(tmp_path):
    value, error = cluster._checked(work, (tmp_path, "right"), tmp_path / "elsewhere" / "token")
    assert value is None and isinstance(error, UserError) and "elsewhere" in str(error) and "share" in str(error)
    assert not (tmp_path / "right").exists()


@pytest.fixture
def unconnected(monkeypatch):
    monkeypatch.setattr(ray, "is_initialized", lambda: False)


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_an_unreachable_address_is_told_at_once(tmp_path, monkeypatch, unconnected, scheme):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"{scheme}127.0.0.1:{free.getsockname()[1]}"
        monkeypatch.setenv(cluster.ADDRESS, address)
        with pytest.raises(UserError, match=address) as raised:
            launch([Job(little())], tmp_path, DRAWN, launcher="ray")
    assert "RAY_ADDRESS" in raised.value.remedy


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_an_address_where_something_else_answers_is_told(monkeypatch, unconnected, answer):
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv(cluster.ADDRESS, f"127.0.0.1:{other.getsockname()[1]}")
        Thread(target=lambda: other.accept()[0].sendall(answer) or time.sleep(2), daemon=True).start()
        with pytest.raises(UserError, match="no Ray cluster"), cluster.cluster():
            pass


def test_an_address_that_is_none_is_told(monkeypatch, unconnected):
    monkeypatch.setenv(cluster.ADDRESS, "nonsense")
    with pytest.raises(UserError, match="nonsense"), cluster.cluster():
        pass


def test_without_ray_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match="CLUSTER=1"), cluster.cluster():
        pass


def test_the_extra_names_ray_with_bounds():
    from packaging.requirements import Requirement

    text = (Path(__file__).parents[1] / "requirements-cluster.txt").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if not line.startswith("#")]
    assert Requirement(line).specifier.contains(ray.__version__)
    assert not Requirement(line).specifier.contains("3.0")
