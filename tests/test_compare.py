"""Two runs against each other, and a run against the printed number."""

import re

import fake_runs
import numpy as np
import pandas as pd
import pytest

from commands import compare
from common.runs import scores
from common.support.errors import UserError


def replace_predictions(run, change) -> None:
    path = run.folder / "predictions.csv"
    table = pd.read_csv(path)
    change(table).to_csv(path, index=False)


def test_the_same_samples_are_compared_pair_by_pair(tmp_path):
    better = fake_runs.publish(tmp_path, "tcn_resnet20", accuracy=0.9)
    worse = fake_runs.publish(tmp_path, "tcn_mobilenetv2", accuracy=0.7)
    found = compare.compare(better, worse)
    assert found.accuracies == pytest.approx((126 / 140, 98 / 140))
    # The same random order of samples: whatever the worse one gets right, the better one does too.
    assert found.pairs == (98, 28, 0, 14)
    assert found.p_value == pytest.approx(2 * 0.5**28)
    gain, low, high = found.difference
    assert gain == pytest.approx(0.2) and 0 < low < 0.2 < high
    assert compare.compare(worse, better).difference[0] == pytest.approx(-0.2)
    # Two seeds have the same test samples too.
    assert compare.compare(better, fake_runs.publish(tmp_path, seed=1)).pairs is not None


def test_the_order_of_the_samples_does_not_matter(tmp_path):
    first = fake_runs.publish(tmp_path, "tcn_resnet20", accuracy=0.9)
    second = fake_runs.publish(tmp_path, "tcn_mobilenetv2", accuracy=0.7)
    before = compare.compare(first, second)
    replace_predictions(second, lambda table: table.sample(frac=1, random_state=0))
    after = compare.compare(first, second)
    assert (after.pairs, after.p_value) == (before.pairs, before.p_value)


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.assign(first_frame=table.first_frame + 1),
        lambda table: table.iloc[:-7],
        lambda table: pd.concat([table.iloc[:-1], table.iloc[:1]]).assign(sample=range(len(table))),
        lambda table: table.assign(subject="CK+/S000"),
    ],
)
def test_other_samples_are_never_paired(tmp_path, change):
    first = fake_runs.publish(tmp_path, "tcn_resnet20", accuracy=0.9)
    second = fake_runs.publish(tmp_path, "tcn_mobilenetv2", accuracy=0.7)
    replace_predictions(second, change)
    found = compare.compare(first, second)
    assert found.pairs is None and found.p_value is None
    assert found.difference == scores.difference([first], [second])


def test_changes_by_emotion_are_recalls(tmp_path):
    first = fake_runs.publish(tmp_path, "tcn_resnet20", accuracy=0.9)
    second = fake_runs.publish(tmp_path, "tcn_mobilenetv2", accuracy=0.7)
    replace_predictions(second, lambda table: table[table.emotion != "Fear"])
    rows = {row["emotion"]: row for row in compare.compare(first, second).classes}
    assert set(rows) == set(fake_runs.CLASSES)
    assert "change" not in rows["Fear"] and "n_b" not in rows["Fear"]
    table = first.predictions()
    for name in set(rows) - {"Fear"}:
        mine = table[table.emotion == name]
        assert rows[name]["n_a"] == len(mine)
        assert rows[name]["recall_a"] == pytest.approx(np.mean(mine.emotion == mine.predicted))
        assert rows[name]["change"] == pytest.approx(rows[name]["recall_a"] - rows[name]["recall_b"])


def test_equal_runs_do_not_differ(tmp_path):
    one = fake_runs.publish(tmp_path, accuracy=0.8)
    found = compare.compare(one, one)
    assert found.difference[0] == 0 and found.p_value == 1
    assert all(row["change"] == 0 for row in found.classes)


def test_a_run_against_the_printed_number(tmp_path, capsys):
    real = fake_runs.publish(tmp_path, accuracy=0.98, synthetic=False, profile="paper")
    assert "no plan of a command names it" in compare.against_published(real).rows[0]["why"]
    fake_runs.write_plan(tmp_path, [real], "real", "paper")
    assert compare.against_published(real).rows[0]["verdict"] == "match"
    drawn = fake_runs.publish(tmp_path, accuracy=0.98, seed=1)
    assert compare.against_published(drawn).rows[0]["verdict"] == "not comparable"
    strict = fake_runs.publish(tmp_path, protocol="strict", accuracy=0.98, synthetic=False)
    (row,) = compare.against_published(strict).rows
    assert row["verdict"] == "not comparable" and "subject" in row["why"]
    compare.show("published", str(real.folder))
    assert re.search(r"0\.979.*0\.9786", capsys.readouterr().out, re.DOTALL)


def test_what_cannot_be_compared_is_said(tmp_path):
    control = fake_runs.publish(tmp_path, experiment="control-shuffled")
    with pytest.raises(UserError, match="prints no accuracy of tcn_resnet20 in control-shuffled"):
        compare.show(str(control.folder), "published")
    with pytest.raises(UserError, match="Both sides"):
        compare.show("published", "published")
    with pytest.raises(UserError, match="There is no run "):
        compare.show(str(control.folder), str(tmp_path / "nothing"))
