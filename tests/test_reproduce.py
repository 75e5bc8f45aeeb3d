"""From raw video to the tables: complete, repeatable, never repeated without need, and indifferent to kills."""

import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from little_reproduction import SMALLEST, finish, request, start

from commands import reproduce
from common.media.clips import Clip
from common.media.emotions import Emotion
from common.results import plans
from common.results.loading import load_complete
from common.results.tables import DASH
from common.runs import store
from common.samples.build import build
from common.support.errors import UserError
from common.training.batches import Batches
from common.training.loop import predict
from reproductions.timeconvnet import preprocessing, tables
from reproductions.timeconvnet.data import CLASSES
from reproductions.timeconvnet.inference import preparation
from reproductions.timeconvnet.models import NETWORKS

VIDEOS = Path(__file__).parents[2] / "shared" / "videos"
TRAINED = ("mini_xception_2d", "tcn_mini_xception")
PROTOCOLS = ("published", "strict")


def made(results: Path, **changes) -> dict:
    """The tables by name."""
    asked = request(results, results, **changes)
    return {
        table.name: table
        for table in tables.tables(load_complete(asked.paper, "quick", "synthetic", results, tables.TIMED))
    }


def files(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def folders(results: Path) -> set[str]:
    """The finished runs, by protocol, network, seed and key."""
    found, unfinished = store.find(results / "runs")
    assert unfinished == []
    return {run.folder.relative_to(results / "runs/timeconvnet").as_posix() for run in found}


# --- the tables ------------------------------------------------------------------------------------


def test_table_1_counts_the_windows_of_every_emotion_and_corpus(finished):
    table = made(finished)["table1"]
    assert [row["emotion"] for row in table.rows] == [*CLASSES, "Total"]
    *emotions, total = table.rows
    assert all(row["reproduced"] > 0 for row in emotions)
    assert total["reproduced"] == sum(row["reproduced"] for row in emotions)
    neutral = emotions[-1]
    assert neutral["BAUM-1"] and neutral["CK+"] is None and neutral["eNTERFACE'05"] is None
    assert total["published"] == "68,363"
    assert made(finished)["ledger"].rows[-1]["windows"] == total["reproduced"]


def test_table_2_has_every_row(finished):
    table = made(finished)["table2"]
    quantities = {(row["network"], row["quantity"], row.get("protocol")) for row in table.rows}
    for key, network in NETWORKS.items():
        assert (network.title, "parameters", None) in quantities
        assert (network.title, "inference time, ms", None) in quantities
        for protocol in PROTOCOLS:
            assert ((network.title, "accuracy", protocol) in quantities) == (key in TRAINED)
    counted = {row["network"]: row["reproduced"] for row in table.rows if row["quantity"] == "parameters"}
    assert counted == {network.title: f"{network.parameters:,}" for network in NETWORKS.values()}


def test_the_notes_say_who_stands_on_both_sides(finished):
    published, strict = made(finished)["table2"].notes[:2]
    assert published.startswith("published:")
    assert "share frames with a training sample" in published
    assert "show subjects that are trained on" in published
    assert strict.startswith("strict:")
    assert "No test sample has a subject, clip, frame or copy in common with training." in strict


def test_synthetic_data_confirm_nothing(finished):
    everything = made(finished)
    beside = {"reconstruction", "statements", "breakdown", "breakdown-emotions"}
    assert set(everything) == {"table1", "ledger", "table2", "controls", "speed"} | beside
    verdicts = [row for table in everything.values() for row in table.rows if row.get("verdict", DASH) != DASH]
    assert len(verdicts) > 20
    for row in verdicts:
        needs_no_data = row.get("quantity", row.get("what", "")).startswith("parameters")
        assert (row["verdict"] in ("match", "exact", "close", "holds")) == needs_no_data, row
    whole = reproduce.all_tables(request(finished, finished).paper, "quick", "synthetic", finished)
    assert all(table.meta["data"] == "synthetic" and table.meta["details"]["seed"] == 0 for table in whole)


def test_controls_stand_beside_the_networks(finished):
    rows = made(finished)["controls"].rows
    assert len(rows) == 3 * len(PROTOCOLS)
    assert all(0 <= float(row["accuracy"]) <= 1 for row in rows)


def test_a_table_of_a_part_is_refused(finished, tmp_path):
    results = shutil.copytree(finished, tmp_path / "results")
    (lost,) = (results / "runs/timeconvnet/table2/strict/tcn_mini_xception").iterdir()
    shutil.rmtree(lost)
    with pytest.raises(UserError, match=r"1 of 6 runs are missing(.|\n)*table2, strict, tcn_mini_xception, seed 0"):
        made(results)


# --- again -----------------------------------------------------------------------------------------


def test_what_is_finished_is_used_and_needs_no_tensorflow(finished, cache, tmp_path):
    results = shutil.copytree(finished, tmp_path / "results")
    before = files(results)
    assert "TensorFlow was needed: False" in finish(start(cache, results))
    changed = {path.name for path, when in files(results).items() if before.get(path) != when}
    assert {name for name in changed if name != ".lock"} == {"plan-quick-synthetic.json"}


def test_fresh_trains_anew_to_the_same_predictions(finished, cache, tmp_path):
    results = shutil.copytree(finished, tmp_path / "results")
    finish(start(cache, results, fresh=True, protocols=["published"], **SMALLEST))
    first, second = (one_run(place, "published") for place in (finished, results))
    assert first.folder.name == second.folder.name
    assert (second.folder / "run.json").stat().st_mtime > (first.folder / "run.json").stat().st_mtime
    assert (first.folder / "predictions.csv").read_bytes() == (second.folder / "predictions.csv").read_bytes()
    others = {p: t for p, t in files(results).items() if p.name == "run.json" and second.folder not in p.parents}
    assert others == {p: t for p, t in files(results).items() if p in others}
    assert len(others) == 5


def one_run(results: Path, protocol: str) -> store.Run:
    found, _ = store.find(results / "runs", experiment="table2", network="tcn_mini_xception", protocol=protocol)
    (run,) = found
    return run


def own_cache(cache: Path, tmp_path: Path) -> Path:
    """A cache with the synthetic corpora and no samples."""
    mine = tmp_path / "cache"
    mine.mkdir()
    (mine / "synthetic").symlink_to(cache / "synthetic", target_is_directory=True)
    return mine


def test_two_at_once_with_a_changed_setting(finished, cache, tmp_path):
    mine, results = own_cache(cache, tmp_path), shutil.copytree(finished, tmp_path / "results")
    before = folders(results)
    changed = {"settings": {"interpolation": "area"}, "protocols": ["published"], **SMALLEST}
    both = [start(mine, results, **changed) for _ in range(2)]
    for process in both:
        finish(process)
    assert len(list((mine / "samples").glob("*.h5"))) == 1
    (new,) = folders(results) - before
    assert "table2/published/tcn_mini_xception" in new
    old = one_run(finished, "published").identity
    plan = plans.read(plans.plan_path(request(mine, results).paper, "quick", "synthetic", results), None)
    (identity,) = plan.runs
    assert identity.data == plan.summary.key != old.data
    assert plan.settings["interpolation"] == "area"
    made = [
        run for run in store.find(results / "runs", network="tcn_mini_xception")[0] if run.identity.data != old.data
    ]
    assert [run.record["decisions"]["interpolation"] for run in made] == ["area"]
    assert "(area)" in preparation(made[0]).description[2]


# --- kills -----------------------------------------------------------------------------------------


def kill_when(happened, process) -> None:
    deadline = time.monotonic() + 600
    while not happened():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.communicate(timeout=60)  # ends when the workers have ended too


def test_kills_leave_no_trace_in_the_tables(finished, cache, tmp_path):
    mine, results = own_cache(cache, tmp_path), tmp_path / "results"
    trained = results / "runs/timeconvnet/table2"
    changes = SMALLEST | {"only": TRAINED}  # four trainings, on two cores two at a time

    def whole_runs() -> list[Path]:
        return [path for path in trained.glob("*/*/*/run.json") if not path.parent.name.endswith(store.PARTIAL)]

    kill_when(lambda: len(list(mine.glob("samples/shards/*.npz"))) >= 3, start(mine, results, **changes))
    assert list(mine.glob("samples/*.h5")) == []

    kill_when(lambda: list(trained.glob("*/*/*.partial")), start(mine, results, **changes))
    assert len(list(mine.glob("samples/*.h5"))) == 1
    assert whole_runs() == []

    kill_when(whole_runs, start(mine, results, **changes))
    assert 0 < len(whole_runs()) < 4
    with pytest.raises(UserError, match="of 4 runs are missing"):
        made(with_times(finished, results), **changes)

    finish(start(mine, results, **changes))
    untouched = shutil.copytree(finished, tmp_path / "untouched")
    for plan in untouched.rglob("plan-*.json"):
        plan.unlink()  # of the same experiment, with times: it would be continued
    finish(start(cache, untouched, **changes))
    for name, table in made(results, **changes).items():
        assert table.json() == made(untouched, **changes)[name].json()
    for protocol in PROTOCOLS:
        killed, whole = one_run(results, protocol), one_run(finished, protocol)
        assert (killed.folder / "predictions.csv").read_bytes() == (whole.folder / "predictions.csv").read_bytes()


def with_times(finished: Path, results: Path) -> Path:
    """The results with the times of the finished ones, which no kill test measures again."""
    for source in finished.glob("runs/*/speed-*.json"):
        shutil.copy(source, results / source.relative_to(finished))
    return results


# --- real pixels -----------------------------------------------------------------------------------


@pytest.mark.skipif(not VIDEOS.is_dir(), reason="shared/ with its videos is not beside the repository")
def test_a_real_video_goes_through_the_whole_chain(tmp_path):
    clips = [
        Clip("videos", name, f"subject {number}", Emotion.NEUTRAL, VIDEOS / name)
        for number, name in enumerate(("single_face.mp4", "no_face.mp4"))
    ]
    samples = build(clips, preprocessing.prepare, preprocessing.Settings(), tmp_path, workers=1)
    ledger = samples.ledger.set_index("clip")
    with_face, without = ledger.loc["single_face.mp4"], ledger.loc["no_face.mp4"]
    looked_at = with_face.frames_read - with_face.frames_skipped
    print(f"lost faces: {with_face.frames_without_face} of {looked_at} frames with a person, ", end="")
    print(f"{without.frames_without_face} of {without.frames_read - without.frames_skipped} without")
    assert 0 <= with_face.frames_without_face < 0.2 * looked_at
    assert with_face.windows == len(samples) > 0
    assert with_face.windows + with_face.windows_without_face == looked_at - 4
    assert without.without_any_face == 1

    network = NETWORKS["tcn_mini_xception"]
    labels, rows = np.zeros(len(samples), int), np.arange(len(samples))
    batches = Batches(samples, labels, len(CLASSES), rows, network.layout, 32)
    probabilities = predict(network.build(), batches)
    assert probabilities.shape == (len(samples), len(CLASSES))
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert np.ptp(probabilities, axis=0).max() > 0  # frames differ, and so do the answers
