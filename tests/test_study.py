"""`make study` on the smallest corpora and for a single epoch."""

import json
import sys

import pytest

from commands import cli, study
from common.paper import load as papers


def test_the_study_trains_and_judges(cache, tmp_path, monkeypatch, capsys):
    paper = papers.load("timeconvnet")
    profile = paper.profiles["study"] | {"synthetic": "tiny", "default": {"epochs": 1}}
    smaller = paper.model_copy(update={"profiles": paper.profiles | {"study": profile}})
    monkeypatch.setattr(study.papers, "load", lambda name: smaller)
    for name, folder in (("FER_CACHE", cache), ("FER_RESULTS", tmp_path)):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setattr(sys, "argv", ["fer", "study", "--seeds", "0"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    rows = json.loads((tmp_path / "studies" / "synthetic_difficulty.json").read_text())["rows"]
    assert [row["what"] for row in rows[:2]] == [f"accuracy of {study.ONE}, {name}" for name in ("published", "strict")]
    assert len(rows) == 8 and {row["holds"] for row in rows} <= {"yes", "no"}
    assert "seeds 0, each with its own split" in " ".join(capsys.readouterr().out.split())
