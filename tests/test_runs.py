"""Run folders: found again by what decides their outcome, and everything else told apart from them."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import fake_runs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.runs import scores, store, writer
from common.runs.identity import Identity, labels
from common.support.errors import UserError

ROOT = Path(__file__).parents[1]
BASE = Identity(
    paper="timeconvnet",
    experiment="table2",
    protocol="strict",
    profile="quick",
    network="tcn_resnet20",
    settings={"pool": "avg8"},
    recipe={"epochs": 3, "schedule": [[80, 0.1]]},
    seed=0,
    data="d",
    split="s",
)


RECORD = {
    "provenance": {"synthetic": True, "details": {}},
    "classes": ["Happy", "Sad"],
    "samples": {"train": 4, "validation": 2, "test": 2},
    "parameters": 10,
    "chosen_epoch": 0,
}


def publish(identity, root):
    partial = identity.folder(root).with_name("x.partial")
    partial.mkdir(parents=True)
    (partial / "predictions.csv").write_text(
        "sample,corpus,clip,subject,first_frame,emotion,predicted,p_Happy,p_Sad\n3,CK+,c,s,0,Happy,Happy,0.9,0.1\n"
        "5,CK+,c,s,9,Sad,Happy,0.8,0.2\n"
    )
    (partial / "curves.csv").write_text("epoch,loss,val_loss\n0,1.5,\n")
    (partial / "model.keras").write_bytes(b"")
    (partial / "state.npz.123.tmp").write_bytes(b"")
    return writer.publish(partial, identity, RECORD, root)


def with_seed(seed, **changes):
    return dataclasses.replace(BASE, seed=seed, **changes)


def test_a_run_comes_back_as_it_was_written(tmp_path):
    run = publish(BASE, tmp_path)
    assert {path.name for path in run.folder.iterdir()} == {store.RECORD, *store.CONTENTS}
    assert run == store.finished(BASE, tmp_path)
    assert run.identity == BASE
    assert run.synthetic
    assert run.folder == tmp_path / "timeconvnet/table2/strict/tcn_resnet20" / f"seed0-{BASE.key[:8]}"
    assert run.predictions().predicted.tolist() == ["Happy", "Happy"]
    assert run.curves().val_loss.isna().all()
    assert not list(tmp_path.rglob("*.partial"))


CHANGED = {
    "paper": "other",
    "experiment": "other",
    "protocol": "published",
    "profile": "paper",
    "network": "other",
    "settings": {"pool": "gap"},
    "recipe": {"epochs": 4},
    "seed": 1,
    "data": "other",
    "split": "other",
    "fold": "fold-01",
}


def test_every_field_is_part_of_the_key():
    assert set(CHANGED) == {field.name for field in dataclasses.fields(Identity)}
    keys = {dataclasses.replace(BASE, **{name: value}).key for name, value in CHANGED.items()}
    assert len(keys | {BASE.key}) == len(CHANGED) + 1


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.tuples(st.integers(), st.floats(allow_nan=False))))
def test_the_key_survives_json(settings):
    identity = dataclasses.replace(BASE, settings=settings)
    back = Identity(**json.loads(json.dumps(dataclasses.asdict(identity))))
    assert back.key == identity.key
    assert back == identity


def test_folds_have_folders_of_their_own(tmp_path):
    folder = with_seed(2, fold="fold-03").folder(tmp_path)
    assert folder.name.startswith("fold-03-seed2-")


def test_find_selects(tmp_path):
    for seed in (1, 0):
        publish(with_seed(seed), tmp_path)
    publish(with_seed(0, protocol="published"), tmp_path)
    found, skipped = store.find(tmp_path, protocol="strict")
    assert [run.identity.seed for run in found] == [0, 1]
    assert skipped == []


def test_a_summary_of_a_part_is_refused_and_names_what_is_missing(tmp_path):
    expected = [with_seed(seed) for seed in range(3)]
    publish(expected[0], tmp_path)
    assert store.missing(expected, tmp_path) == expected[1:]
    with pytest.raises(UserError, match=r"2 of 3 runs are missing(.|\n)*seed 1\n(.|\n)*seed 2"):
        store.complete(expected, tmp_path)
    for identity in expected[1:]:
        publish(identity, tmp_path)
    assert [run.identity for run in store.complete(expected, tmp_path)] == expected


def edit(run, **changes):
    path = run.folder / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda run: (run.folder / "run.json").write_text('{"schema": 1, "ke'), "no JSON text"),
        (lambda run: (run.folder / "run.json").write_bytes(b"\xff\xfe\x00"), "no JSON text"),
        (lambda run: (run.folder / "run.json").write_text("[1, 2]"), "not written by this program"),
        (lambda run: (run.folder / "run.json").unlink(), "no finished run: it has no run.json"),
        (lambda run: (run.folder / "predictions.csv").unlink(), "predictions.csv is missing"),
        (lambda run: edit(run, identity={"paper": "x"}), "does not say what was run"),
        (lambda run: edit(run, identity=dataclasses.asdict(with_seed(9))), "another key"),
        (lambda run: edit(run, finished=False), r"finished: Input should be True"),
        (lambda run: edit(run, provenance={}), r"does not say what was run \(provenance.synthetic"),
    ],
)
def test_what_is_no_whole_run_is_named_and_computed_again(tmp_path, damage, told):
    run = publish(BASE, tmp_path)
    publish(with_seed(1), tmp_path)
    damage(run)
    with pytest.raises(UserError, match=told) as error:
        store.read(run.folder)
    assert str(run.folder) in str(error.value)
    found, (skipped,) = store.find(tmp_path)
    assert [one.identity.seed for one in found] == [1]
    assert skipped.folder == run.folder
    assert store.missing([BASE], tmp_path) == [BASE]


def test_a_run_of_a_newer_version_is_not_computed_again(tmp_path):
    run = publish(BASE, tmp_path)
    edit(run, schema=99)
    for ask in (lambda: store.read(run.folder), lambda: store.finished(BASE, tmp_path)):
        with pytest.raises(UserError, match="newer version"):
            ask()
    assert len(store.find(tmp_path)[1]) == 1


def test_a_moved_run_does_not_pass_for_another(tmp_path):
    run = publish(with_seed(1), tmp_path)
    run.folder.rename(BASE.folder(tmp_path))
    with pytest.raises(UserError, match="another key"):
        store.read(BASE.folder(tmp_path))


def test_an_unfinished_run_is_listed_with_its_reason(tmp_path):
    folder = BASE.folder(tmp_path)
    folder.with_name(folder.name + ".partial").mkdir(parents=True)
    found, (skipped,) = store.find(tmp_path)
    assert found == []
    assert "not finished" in skipped.reason


def damaged(text: str) -> dict[str, str]:
    """Everything that happens to a table, by what it is called."""
    lines = text.splitlines(keepends=True)
    return {
        "cut": text[:-9],
        "halved": "".join(lines[: len(lines) // 2 + 1]),
        "doubled": text + "".join(lines[1:]),
        "one row twice instead of another": "".join([*lines[:-1], lines[1]]),
        "no number": text.replace("0.9", "nan").replace("0.4", "nan", 1),
        "an unknown class": text.replace(",Happy,", ",Bored,", 1),
        "only a heading": lines[0],
        "empty": "",
        "other columns": "a,b\n1,2\n",
        "no text": "\0\xff",
    }


DAMAGES = list(damaged("sample\n1\n"))


@pytest.mark.parametrize("damage", DAMAGES)
def test_predictions_that_were_changed_are_no_part_of_a_run(tmp_path, damage):
    run = publish(BASE, tmp_path)
    path = run.folder / "predictions.csv"
    path.write_text(damaged(path.read_text())[damage], encoding="latin-1")
    with pytest.raises(UserError, match=r"predictions.csv is not what the run wrote") as error:
        store.read(run.folder)
    assert str(run.folder) in str(error.value)
    assert store.find(tmp_path)[0] == [] and store.missing([BASE], tmp_path) == [BASE]


def test_what_is_lacking_of_a_changed_table_is_counted(tmp_path):
    run = publish(BASE, tmp_path)
    path = run.folder / "predictions.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))
    with pytest.raises(UserError, match=r"1 rows instead of 2"):
        store.read(run.folder)


def test_curves_and_weights_that_were_changed_are_told(tmp_path):
    run = publish(BASE, tmp_path)
    (run.folder / "curves.csv").write_text("epoch,loss,val_loss\n0,1.4,\n")
    with pytest.raises(UserError, match=r"curves.csv is not what the run wrote"):
        store.read(run.folder)
    other = publish(with_seed(1), tmp_path)
    assert other.weights == other.folder / "model.keras"
    (other.folder / "model.keras").write_bytes(b"another network")
    with pytest.raises(UserError, match=r"model.keras is not the network that this run has trained"):
        _ = other.weights
    with pytest.raises(UserError, match=r"model.keras is not what the run wrote"):
        store.read(other.folder)


NEEDED = ("key", "finished", "identity", "files", "provenance", "classes", "samples", "parameters", "chosen_epoch")


@pytest.mark.parametrize("value", ["gone", None, 3.5, "word", [], {}, [None], {"test": "many"}])
@pytest.mark.parametrize("entry", [*NEEDED, "schema", "contents", "split", "decisions", "versions", "ended"])
def test_a_record_is_read_whole_or_named(tmp_path, entry, value):
    run = publish(BASE, tmp_path)
    record = json.loads((run.folder / "run.json").read_text()) | {entry: value}
    if value == "gone":
        del record[entry]
    (run.folder / "run.json").write_text(json.dumps(record))
    if entry in NEEDED:
        with pytest.raises(UserError, match=str(run.folder)):
            store.read(run.folder)
    else:
        found, skipped = store.find(tmp_path)
        assert len(found) + len(skipped) == 1 and all(str(run.folder) in one.reason for one in skipped)


def test_a_folder_that_cannot_be_listed_is_told(tmp_path, monkeypatch):
    run, other = publish(BASE, tmp_path), publish(with_seed(1, experiment="another"), tmp_path)
    closed, listed = run.folder.parents[2], Path.iterdir

    def iterdir(folder):
        if folder == closed:
            raise PermissionError(13, "Permission denied")
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    (found,), (skipped,) = store.find(tmp_path)
    assert found.folder == other.folder
    assert skipped.folder == closed and "cannot be read (Permission denied)" in skipped.reason


def test_looking_at_runs_needs_neither_a_backend_nor_pandas():
    code = """
import sys
import common.runs, common.training.train, common.support.timing, reproductions.timeconvnet.models
print(sorted({"tensorflow", "keras", "jax", "pandas", "cv2"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_runs_are_called_by_their_network_where_that_is_enough():
    def called(*pairs, controls=()):
        made = [
            Identity("p", experiment, "strict", "quick", network, {}, {}, 0, "d", "s") for experiment, network in pairs
        ]
        return list(labels(made, controls).values())

    assert called(("table2", "a"), ("table2", "b")) == ["a", "b"]
    assert called(("fold", "a"), ("one-out", "a"), ("a", "a")) == ["a (fold)", "a (one-out)", "a"]
    assert called(("table2", "a"), ("shuffled", "a"), controls=("shuffled",)) == ["a", "a (shuffled)"]


def test_tables_are_kept_until_their_files_change(tmp_path):
    """What a reader does to a table stays its own; a file that was changed is read again."""
    run = fake_runs.publish(tmp_path, accuracy=1.0)
    first, curves = scores.predictions([run]), run.curves()
    first["predicted"], curves["loss"] = "nothing", -1.0
    assert scores.score([run]).accuracy == 1 and (run.curves().loss >= 0).all()
    path, before = run.folder / store.PREDICTIONS, run.stamp(store.PREDICTIONS)
    table = run.predictions().assign(predicted=run.record["classes"][0])
    table.to_csv(path, index=False)
    os.utime(path, ns=(before[1] + 10**9, before[1] + 10**9))
    assert scores.score([run]).accuracy < 1
