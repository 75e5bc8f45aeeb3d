"""The one-page report: complete, harmless whatever the files hold, and working in a real browser."""

import base64
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import cv2
import fake_runs
import numpy as np
import pytest

from commands import claims, report, standings
from commands.report import charts, faces
from common.paper import load as papers
from common.paper.verdicts import Name
from common.results.comparison import LeakEffect
from common.support import sharing

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
VOID = {"meta", "img", "input", "br", "line", "link"}


class Outline(HTMLParser):
    """Open and closed tags in balance, attributes of every tag, and the visible text."""

    def __init__(self, page: str):
        super().__init__()
        self.open, self.tags, self.words = [], [], []
        self.feed(page)
        assert self.open == [], "tags that nobody closed"

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        if not {"style", "script"} & set(self.open):
            self.words.append(text)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def write(results: Path, monkeypatch, strict: bool = False) -> str:
    """The report of these results alone, whatever records the repository has."""
    monkeypatch.setenv("FER_RESULTS", str(results))
    monkeypatch.setattr(standings, "RECORDS", results / "records")
    return report.write(strict).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """A folder with the report of a whole little reproduction."""
    folder = tmp_path_factory.mktemp("report") / "results"
    fake_runs.reproduce(folder)
    with pytest.MonkeyPatch.context() as patch:
        write(folder, patch)
    return folder


@pytest.fixture(scope="module")
def page(results) -> str:
    return (results / "report.html").read_text(encoding="utf-8")


def test_it_holds_every_claim_audit_decision_and_citation(page):
    outline = Outline(page)
    rows = [attributes for tag, attributes in outline.tags if tag == "tr" and "data-verdict" in attributes]
    assert len(rows) == sum(len(papers.load(name).claims) for name in papers.names())
    for name in papers.names():
        paper = papers.load(name)
        assert paper.title in outline.text
        assert f"@{paper.entry}{{{paper.key}," in outline.text
        for item in paper.audits:
            assert item.id in outline.text and " ".join(item.evidence.split()) in outline.text
        for decision in paper.decisions:
            assert decision.name in outline.text
        for matrix in paper.matrices:
            assert matrix.source in outline.text


def test_it_shows_the_reproduction_with_its_protocol_of_loss_and_leak(page):
    text = Outline(page).text
    for told in (
        "Reproduced: quick profile, synthetic data",
        "Table II: accuracy, inference time and parameters",
        "What became of the frames",
        "The detector lost the face in 26 of 1,170 frames",
        "133 (95.0%) come from clips that are trained on",
        "What the protocols differ by, in points of accuracy",
        "28 of 28 trainings are finished",
    ):
        assert told in text
    assert re.search(r"\+25\.0 points \(\+\d+\.\d to \+\d+\.\d\)", text)
    assert page.count('class="curve"') == 12
    assert page.count("Confusion matrix tcn_resnet20, rows: actual") == 2


def test_it_needs_no_network(page):
    outline = Outline(page)
    for tag, attributes in outline.tags:
        assert tag not in {"link", "iframe", "object", "embed"}
        assert attributes.get("src", "data:image/").startswith("data:image/")
        if tag != "a":
            assert "href" not in attributes
    assert "url(" not in page and "@import" not in page and "fetch(" not in page


def test_without_any_run_it_is_whole_too(tmp_path, monkeypatch):
    text = Outline(write(tmp_path, monkeypatch)).text
    assert "No finished run yet." in text and "Reproduced: " not in text


def test_the_records_of_the_repository_are_shown_where_nothing_was_run(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_RESULTS", str(tmp_path))
    text = Outline(report.write(False).read_text(encoding="utf-8")).text
    assert "Recorded: paper profile, real data" in text and "Reproduced: " not in text


def test_two_processes_write_the_page_that_one_writes(results, monkeypatch):
    monkeypatch.setenv("FER_RESULTS", str(results))
    alone = report.write(strict=False).read_text(encoding="utf-8")
    with sharing.with_helper("commands.report.content") as share:
        assert report.write(False, share).read_text(encoding="utf-8") == alone


def test_findings_come_first_and_all_claims_last_and_folded(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_RESULTS", str(tmp_path))
    page = report.write(False).read_text(encoding="utf-8")
    places = [page.index(f'id="{name}"') for name in ("findings", "standings", "paper-thesis", "data", "all-claims")]
    assert places == sorted(places)
    assert "<details>" in page[places[-1] : page.index('id="claims"')]
    assert "{" not in page[places[0] : places[1]].split("<ul", 1)[1]


def test_whatever_comes_from_a_file_is_escaped(tmp_path, monkeypatch):
    attack = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'"
    run = fake_runs.publish(tmp_path, network="tcn_resnet20", settings={"pool": attack})
    fake_runs.write_plan(tmp_path, [run], settings={attack: attack})
    plan = run.folder.parents[3] / "plan-quick-synthetic.json"
    plan.write_text(plan.read_text().replace('"CK+"', '"<b>CK</b>"').replace("Of 140", "<i>Of 140"))
    path = run.folder / "run.json"
    path.write_text(path.read_text().replace('"Neutral"', '"<u>Neutral</u>"'))
    predictions = run.folder / "predictions.csv"
    predictions.write_text(predictions.read_text().replace("Neutral", "<u>Neutral</u>"))
    fake_runs.seal(run.folder)
    bad = tmp_path / "runs" / "<svg onload=alert(3)>" / "a" / "b" / "c" / "d"
    bad.mkdir(parents=True)

    written = write(tmp_path, monkeypatch)
    outline = Outline(written)
    assert sum(tag == "script" for tag, _ in outline.tags) == 1
    assert not {"i", "u"} & {tag for tag, _ in outline.tags}
    assert not any(name.startswith("on") and name != "onsubmit" for _, each in outline.tags for name in each)
    for harmless in (attack, "<b>CK</b>", "<i>Of 140", "<u>Neutral</u>", "<svg onload=alert(3)>"):
        assert " ".join(harmless.split()) in outline.text


def test_what_cannot_be_read_is_named_on_the_page_and_fails_under_strict(tmp_path, monkeypatch, capsys):
    fake_runs.reproduce(tmp_path)
    first, second = sorted(tmp_path.glob("runs/*/table2/published/*/*"))[:2]
    (first / "run.json").write_text("{")
    (second / "curves.csv").write_text("")
    (tmp_path / "runs" / "timeconvnet" / "speed-quick.json").write_text("[]")
    with pytest.raises(SystemExit) as stopped:
        write(tmp_path, monkeypatch, strict=True)
    assert stopped.value.code == 1
    told = capsys.readouterr().err
    text = Outline((tmp_path / "report.html").read_text(encoding="utf-8")).text
    for path in (first / "run.json", second, "speed-quick.json"):
        assert str(path) in told and str(path) in text


def test_faces_are_images_of_different_people_and_expressions():
    sheet = faces.sheet()
    uris = [uri for person in sheet["people"] for uri in person] + sheet["motion"]
    images = []
    for uri in uris:
        kind, data = uri.split(",")
        assert kind == "data:image/jpeg;base64"
        images.append(cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_GRAYSCALE))
        assert images[-1].shape == (faces.PIXELS, faces.PIXELS) and images[-1].std() > 15
    assert len(set(uris)) == len(uris) == 3 * 7 + 7


def test_a_printed_matrix_keeps_its_digits_and_its_gaps():
    (first, _) = papers.load("cnn3d").matrices
    drawn = charts.printed(first)
    assert drawn["cells"][0][0] == ("0.96", 0.96) and drawn["cells"][0][3] == (None, None)
    percent = charts.printed(papers.load("emotionalvlan").matrices[0])
    assert percent["cells"][0][0] == ("79.0", 0.79)
    assert charts.printed(papers.load("convlstm").matrices[0])["cells"] is None


def test_intervals_share_one_axis_with_zero_on_it():
    drawn = charts.intervals([LeakEffect("a", 10.0, 5.0, 15.0), LeakEffect("b", -5.0, -20.0, 10.0)])
    places = [place for row in drawn["rows"] for place in (row["from"], row["at"], row["to"])] + [drawn["zero"]]
    assert all(0 < place < 100 for place in places)
    a, b = drawn["rows"]
    assert b["from"] < b["at"] < drawn["zero"] < a["from"] < a["at"] < a["to"]
    assert charts.intervals([]) is None
    assert charts.intervals([LeakEffect("flat", 0.0, 0.0, 0.0)])["zero"] == 50


def test_a_curve_of_one_epoch_is_still_a_line(tmp_path):
    run = fake_runs.publish(tmp_path)
    (run.folder / "curves.csv").write_text("epoch,loss,accuracy,val_accuracy\n0,1.5,0.25,\n")
    fake_runs.seal(run.folder)
    fake_runs.write_plan(tmp_path, [run])
    (evidence,) = standings.collect(["timeconvnet"], tmp_path).evidence["timeconvnet"]
    (drawn,) = charts.curves(evidence)
    assert drawn["lines"] == [("training", "0.0,82.5 240.0,82.5")]


def test_every_verdict_has_a_meaning_and_a_colour():
    style = (report.HERE / "style.css").read_text(encoding="utf-8")
    assert set(get_args(Name)) | {"runs disagree"} == set(claims.VERDICTS) and all(claims.VERDICTS.values())
    for name in claims.VERDICTS:
        assert f".{report.slug(name)} {{ --tone:" in style


# ------------------------------------------------------------------------------------------------- in a real browser


@pytest.fixture(scope="module")
def browse(results, tmp_path_factory):
    """`browse(hash)` opens the report in Chromium and returns the page as it is after its script has run."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt install chromium")
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    flags += " --disable-component-update --disable-sync --disable-extensions --virtual-time-budget=2000"

    def open_at(place: str) -> str:
        profile = tmp_path_factory.mktemp("profile")
        address = (results / "report.html").as_uri() + place
        command = [CHROMIUM, *flags.split(), f"--user-data-dir={profile}", "--dump-dom", address]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout

    return open_at


def visible(dom: str) -> list[str]:
    rows = re.findall(r"<tr (data-paper[^>]*)>(.*?)</tr>", dom, re.DOTALL)
    return [re.search(r"<code>(.*?)</code>", body)[1] for attributes, body in rows if "hidden" not in attributes]


def test_the_search_filters_rows_in_a_browser(browse, page):
    everything = browse("")
    total = len(re.findall("<tr data-paper", page))
    assert len(visible(everything)) == total and f"{total} of {total}" in everything

    found = browse("#q=Table+II+mobilenetv2")
    assert visible(found) == [f"table2-tcn_mobilenetv2-{what}" for what in ("accuracy", "inference_time", "parameters")]
    assert f"3 of {total}" in found

    expected = [claim.id for claim in papers.load("thesis").claims if claim.metric == "images"]
    found = browse("#q=images&paper=thesis&verdict=contradicted")
    assert visible(found) == ["text2_1-total-images"] and "text2_1-total-images" in expected
    assert visible(browse("#q=%3Cscript%3E")) == []
