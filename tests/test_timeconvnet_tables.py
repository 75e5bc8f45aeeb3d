"""What stands beside the accuracies of TimeConvNets: sizes and times of the trained networks, clips, statements."""

import dataclasses
import io
import json
from types import SimpleNamespace

import fake_runs
import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from commands import standings
from common.paper import load as papers
from common.results import plans
from common.results.config import Request
from common.results.loading import load_complete
from common.results.tables import Table
from common.runs import store
from common.support import timing
from datasets import enterface
from reproductions import published
from reproductions.timeconvnet import (
    breakdown,
    data,
    experiments,
    measured,
    reconstruction,
    speed,
    speed_measured,
    tables,
)
from reproductions.timeconvnet.models import NETWORKS
from reproductions.timeconvnet.preprocessing import Settings, chosen, windows

PAPER = papers.load("timeconvnet")
PRINTED_SIZE = PAPER.claim("table2-resnet20_2plus1d-parameters")


def request(results=None, **settings) -> Request:
    return Request(PAPER, settings=PAPER.settings | settings, **({"results": results} if results else {}))


def made(results, data="real", profile="paper") -> dict[str, Table]:
    return {table.name: table for table in tables.tables(load_complete(PAPER, profile, data, results, tables.TIMED))}


def rows(table: Table, **wanted) -> list[dict]:
    return [row for row in table.rows if all(row.get(key) == value for key, value in wanted.items())]


# ------------------------------------------------------------------------------------- the networks that were trained


def builders(**settings) -> dict[str, dict]:
    asked = request(**settings)
    return {key: experiments.network_settings(asked.settings, network) for key, network in NETWORKS.items()}


def test_counted_and_timed_is_what_is_trained(tmp_path, monkeypatch):
    built = {}
    monkeypatch.setattr(
        speed, "_pipeline", lambda *given: {"frame": {"frames": 1, "mean": 1.0, "p50": 1.0, "p95": 1.0}}
    )
    monkeypatch.setattr(
        timing,
        "inference_times",
        lambda models, *given, **named: (
            built.update(models) or [timing.InferenceTime(name, 1, 1.0, 1.0, 1.0, 1.0) for name in models]
        ),
    )
    path = tmp_path / "speed.json"
    asked = request(nin="channels")
    found = speed.measure(asked, [], builders(nin="channels"), path)
    assert found.networks["resnet20_2plus1d"].parameters == 815_968
    assert built["resnet20_2plus1d"].count_params() == 815_968
    assert found.networks["resnet20_2plus1d"].settings["nin"] == "channels"
    # The same again is read; a measurement that another version of the program made of other networks is not.
    built.clear()
    assert speed.measure(asked, [], builders(nin="channels"), path) == found
    assert not built
    old = json.loads(path.read_text())
    del old["asked"]["built"]
    path.write_text(json.dumps(old))
    speed.measure(asked, [], builders(nin="channels"), path)
    assert built


def reproduced_with(results, settings: dict, sizes: dict, timed_settings: dict | None = None):
    """One reproduction of a real data set whose (2+1)D network has these builder settings and sizes."""
    found = []
    for key in fake_runs.NETWORKS:
        own = experiments.network_settings(request(**settings).settings, NETWORKS[key])
        run = fake_runs.publish(results, key, accuracy=0.85, synthetic=False, profile="paper", settings=own)
        record = json.loads((run.folder / store.RECORD).read_text())
        record |= {"decisions": PAPER.settings | settings, "parameters": sizes.get(key, NETWORKS[key].parameters)}
        (run.folder / store.RECORD).write_text(json.dumps(record))
        found.append(store.read(run.folder))
    fake_runs.write_plan(results, found, "real", "paper", settings=settings)
    path = fake_runs.write_speed(results, "paper")
    speeds = json.loads(path.read_text())
    for key, one in speeds["networks"].items():
        one["settings"] = experiments.network_settings(
            request(**(settings if timed_settings is None else timed_settings)).settings, NETWORKS[key]
        )
        one["parameters"] = sizes.get(key, one["parameters"])
    path.write_text(json.dumps(speeds))
    return {run.identity.network: run for run in found}


def test_a_network_of_another_size_is_never_exact_nor_compared_with_the_printed_accuracy(tmp_path):
    found = reproduced_with(tmp_path, {"nin": "channels"}, {"resnet20_2plus1d": 815_968})
    table = made(tmp_path)["table2"]
    title = NETWORKS["resnet20_2plus1d"].title
    (size,) = rows(table, network=title, quantity="parameters (nin=channels)")
    assert (size["reproduced"], size["published"], size["verdict"]) == ("815,968", "523,357", "above")
    (accuracy,) = rows(table, network=title, quantity="accuracy")
    assert accuracy["verdict"] == "not comparable" and "nin channels instead of spatial_bug" in accuracy["why"]
    # The other networks are the paper's own all the same.
    (other,) = rows(table, network=NETWORKS["tcn_mini_xception"].title, quantity="accuracy")
    assert other["verdict"] == "match"
    (ratio,) = [row for row in made(tmp_path)["statements"].rows if "(2+1)D ConvNet (ResNet20) over" in row["what"]]
    assert ratio["verdict"] == "not comparable" and "815,968 parameters instead of 523,357" in ratio["why"]
    # The claim itself is settled by the paper's own network, and says so.
    standing = next(one for one in standings.collect(["timeconvnet"], tmp_path).standings if one.claim is not None
                    and one.claim.id == PRINTED_SIZE.id)  # fmt: skip
    assert (standing.name, standing.measured.value, standing.run) == ("exact", 523_357, "results/parameters.json")
    told = standings.stand(
        PAPER, PRINTED_SIZE, [speed_measured.parameters(fake_runs.evidence_of(request(tmp_path)), PRINTED_SIZE.network)]
    )
    assert (told.name, told.measured.value) == ("above", 815_968)
    assert published.about(PAPER, found["resnet20_2plus1d"])


def test_times_of_other_networks_than_the_trained_ones_are_left_out(tmp_path):
    reproduced_with(tmp_path, {"nin": "channels"}, {"resnet20_2plus1d": 815_968}, timed_settings={})
    evidence = fake_runs.evidence_of(request(tmp_path))
    assert speed_measured.timed(evidence, "resnet20_2plus1d") is None
    assert speed_measured.timed(evidence, "tcn_resnet20").mean == 5.5
    table = made(tmp_path)["table2"]
    mine = rows(table, network=NETWORKS["resnet20_2plus1d"].title)
    assert {row["quantity"] for row in mine} == {"accuracy", "parameters (nin=channels)"}
    assert not [row for row in made(tmp_path)["statements"].rows if "(2+1)D ConvNet (ResNet20) over" in row["what"]]


def test_a_times_file_of_before_holds_the_default_networks(tmp_path):
    fake_runs.reproduce(tmp_path, "real", "paper", seeds=(0,))
    assert speed_measured.timed(fake_runs.evidence_of(request(tmp_path)), "resnet20_2plus1d").parameters == 523_357


# ------------------------------------------------------------------------------------------------------- statements


def test_statements_about_two_networks_are_judged_with_their_interval(tmp_path):
    found = {}
    for key, accuracy in (("tcn_mini_xception", 0.85), ("mini_xception_2d", 0.75), ("resnet20_3d", 0.85)):
        found[key] = fake_runs.publish(tmp_path, key, accuracy=accuracy, synthetic=False, profile="paper", samples=1400)
    fake_runs.write_plan(tmp_path, list(found.values()), "real", "paper")
    path = fake_runs.write_speed(tmp_path, "paper")
    speeds = json.loads(path.read_text())
    for key, mean in (("tcn_mini_xception", 3.0), ("tcn_resnet20", 5.7), ("resnet20_3d", 30.0)):
        speeds["networks"][key]["mean"] = mean
    path.write_text(json.dumps(speeds))
    few = speed_measured.time_ratio(fake_runs.evidence_of(request(tmp_path)), PAPER.claim("text5-twice-as-fast"))
    assert few.differs == "100 timed runs instead of 1,000"
    path.write_text(json.dumps(speeds | {"runs": 1000}))
    by_id = {one.claim.id: one for one in standings.collect(["timeconvnet"], tmp_path).standings}
    assert by_id["text5-higher-than-2d"].measured.value == pytest.approx(10)
    low, high = by_id["text5-higher-than-2d"].measured.interval
    assert low < 10 < high and by_id["text5-higher-than-2d"].name == "match"
    # Right and wrong on the same windows: no more accurate here, and other people may tell.
    low, high = by_id["text5-higher-than-3d"].measured.interval
    assert low == -high < 0 and by_id["text5-higher-than-3d"].name == "undecided"
    assert by_id["text5-higher-than-2plus1d"].name == "data needed"
    assert by_id["text5-twice-as-fast"].measured.value == pytest.approx(1.9)
    assert by_id["text5-twice-as-fast"].name == "match"
    assert by_id["text5-folds-below-3d"].name == "holds"
    assert by_id["text5-folds-below-2plus1d"].name == "does not hold"
    assert (by_id["text5-fastest"].name, by_id["text5-highest"].name) == ("holds", "data needed")
    larger = by_id["text5-most-parameters"]
    assert (larger.name, larger.measured.value) == ("holds", 2_267_527 / 808_775)
    assert "processor without GPU" in by_id["text5-twice-as-fast"].measured.note


def test_networks_with_other_seeds_are_not_compared(tmp_path):
    first = fake_runs.publish(tmp_path, "tcn_mini_xception", synthetic=False, profile="paper")
    second = fake_runs.publish(tmp_path, "resnet20_3d", seed=1, synthetic=False, profile="paper")
    fake_runs.write_plan(tmp_path, [first, second], "real", "paper")
    claim = PAPER.claim("text5-higher-than-3d")
    assert measured.gap(fake_runs.evidence_of(request(tmp_path)), claim, "published") is None


def test_fewer_epochs_or_a_missing_run_forbid_a_comparison(tmp_path):
    members = [
        fake_runs.publish(tmp_path, key, accuracy=0.855, synthetic=False, profile="quick")
        for key in ("tcn_mini_xception", "resnet20_3d")
    ]
    fake_runs.write_plan(tmp_path, members, "real", "quick")
    by_id = {one.claim.id: one for one in standings.collect(["timeconvnet"], tmp_path).standings}
    for claim in ("table2-tcn_mini_xception-accuracy", "text5-higher-than-3d"):
        assert by_id[claim].name == "not comparable"
        assert "30 epochs instead of 200" in by_id[claim].measured.differs


def test_an_incomplete_plan_is_told_as_a_difference_and_no_verdict(tmp_path):
    found = [
        fake_runs.publish(tmp_path, accuracy=0.98, seed=seed, synthetic=False, profile="paper") for seed in range(2)
    ]
    plan = fake_runs.write_plan(tmp_path, found, "real", "paper")
    content = json.loads(plan.read_text())
    content["runs"] += [content["runs"][0] | {"seed": seed} for seed in (2, 3, 4)]
    plans.write(plan, content)
    evidence = fake_runs.evidence_of(request(tmp_path))
    row = tables._accuracy(evidence, "tcn_resnet20", "published")
    assert (row["verdict"], row["why"]) == ("not comparable", "2 of 5 runs")


@pytest.mark.parametrize("choice", ["last", "best_validation_loss"])
def test_every_checkpoint_choice_is_one_of_what_the_paper_leaves_open(tmp_path, choice):
    run = fake_runs.publish(tmp_path, accuracy=0.98, synthetic=False, profile="paper")
    identity = dataclasses.replace(run.identity, recipe=run.identity.recipe | {"checkpoint": choice})
    chosen_run = dataclasses.replace(
        run, identity=identity, record=run.record | {"decisions": PAPER.settings | {"checkpoint": choice}}
    )
    from common.results.differences import differences, remarks

    claim = PAPER.claim("table2-tcn_resnet20-accuracy")
    assert differences(PAPER, claim, [chosen_run], measured.stated) == []
    assert remarks(PAPER, [chosen_run]) == [f"checkpoint={choice}"]


# --------------------------------------------------------------------------------------------- what the corpora hold


def test_counts_of_the_corpora_are_held_against_the_printed_ones(tmp_path):
    one = fake_runs.publish(tmp_path, synthetic=False, profile="paper")
    plan = fake_runs.write_plan(tmp_path, [one], "real", "paper")
    content = json.loads(plan.read_text())
    content["summary"]["corpora"] = {"text4-ckplus-sequences": 327, "text4-ckplus-subjects": 118}
    plans.write(plan, content)
    by_id = {one.claim.id: one for one in standings.collect(["timeconvnet"], tmp_path).standings}
    assert (by_id["text4-ckplus-sequences"].name, by_id["text4-ckplus-subjects"].name) == ("exact", "below")
    assert by_id["text4-baum1-clips"].name == "data needed"


def test_the_corpora_are_counted_before_any_selection(tiny):
    everything = data.corpora(tiny, "spontaneous_and_acted")
    folder = enterface.locate(tiny)
    assert everything["text4-enterface-clips"] == len(enterface.index(folder, "keep").clips)
    assert set(everything) == {claim.id for claim in PAPER.select("text4-*")}
    assert 0 < everything["text4-ckplus-subjects"] < everything["text4-ckplus-sequences"]
    assert "text4-baum1-clips" not in data.corpora(tiny, "acted")


def whole_enterface() -> list[SimpleNamespace]:
    """Clips of all subjects but the uncut one: 42 with 30 sentences, one with 27."""
    numbers = [n for n in range(1, 45) if n != 6]
    return [SimpleNamespace(subject=f"subject {n}", take=k) for n in numbers for k in range(27 if n == 23 else 30)]


def test_the_clips_of_enterface_can_be_those_of_42_people_or_as_many_as_are_printed():
    clips = whole_enterface()
    assert data.select(clips, "all", request()) == clips and len(clips) == 1287
    complete = data.select(clips, "complete_subjects", request())
    assert (len(complete), len({clip.subject for clip in complete})) == (1260, 42)
    drawn = data.select(clips, "printed_share", request())
    assert len(drawn) == 1166 == PAPER.claim("text4-enterface-clips").number
    assert [clips.index(clip) for clip in drawn] == sorted(clips.index(clip) for clip in drawn)
    assert drawn == data.select(clips, "printed_share", request())
    assert drawn != data.select(clips, "printed_share", request(split_seed=1))
    assert len(data.select(clips[:100], "printed_share", request())) == 91


def test_chosen_clips_are_the_samples_of_a_run(tiny):
    def count(**settings):
        found, _ = data.clips(request(**settings), tiny)
        return sum(clip.corpus == enterface.NAME for clip in found)

    everything = count()
    assert 0 < count(enterface_clips="printed_share") < everything
    assert 0 < count(enterface_clips="complete_subjects") <= everything


# ---------------------------------------------------------------------------------------------------- reconstruction


@pytest.mark.parametrize("frames", [0, 3, 5, 8, 9, 10, 13, 14, 17, 70, 71])
def test_possible_windows_are_those_that_the_preprocessing_makes(frames):
    for name, stride in (("frames thinned", "thinning"), ("windows thinned", "hop")):
        settings = chosen({"stride": stride})
        kept = len(range(settings.skip_first, frames, settings.step))
        starts, _ = windows(np.ones(kept, bool), settings.window, settings.hop)
        assert reconstruction.possible(np.array([frames]), settings, *reconstruction.STRIDES[name]) == len(starts)
    gaps = reconstruction.possible(np.array([frames]), Settings(), *reconstruction.STRIDES["gaps within windows"])
    assert gaps == len([first for first in range(5, frames) if first + 8 < frames])


def ledger() -> pd.DataFrame:
    clips = [
        ("CK+", "", "s1", "Happy", 20, 16, 0),
        ("BAUM-1", "1s", "s2", "Neutral", 25, 6, 0),
        ("BAUM-1", "1a", "s2", "Happy", 45, 8, 8),
        ("eNTERFACE'05", "", "subject 1", "Fear", 65, 26, 0),
        ("eNTERFACE'05", "", "subject 1", "Happy", 65, 13, 13),
        ("eNTERFACE'05", "", "subject 2", "Fear", 65, 26, 0),
    ]
    columns = ["corpus", "partition", "subject", "emotion", "frames_read", "windows", "windows_without_face"]
    return pd.DataFrame(clips, columns=columns).assign(problem="", clip=[f"c{n}" for n in range(len(clips))])


def test_the_reconstruction_varies_stride_clips_and_lost_windows_together():
    found = {(row["stride"], row["enterface"], row["baum1"]): row for row in reconstruction.rows(request(), ledger())}
    assert len(found) == 3 * 3 * 3
    own = found["frames thinned", "all", "spontaneous and acted"]
    # The run's own interpretation gives back what the run has, with and without the lost windows.
    assert own["kept"] == {"Fear": 52, "Happy": 16 + 8 + 13, "Neutral": 6}
    assert own["possible"] == {"Fear": 52, "Happy": 16 + 16 + 26, "Neutral": 6}
    hop = found["windows thinned", "all", "spontaneous and acted"]
    assert hop["possible"]["Fear"] == 2 * len(range(0, 60 - 4, 2)) and hop["kept"]["Happy"] == 16 + 9 + 14
    assert found["frames thinned", "complete_subjects", "acted"]["possible"] == {"Fear": 26, "Happy": 58, "Neutral": 0}
    assert found["frames thinned", "all", "spontaneous"]["possible"]["Happy"] == 16 + 26


def test_a_part_can_only_be_reconstructed_from_what_was_read():
    some = ledger()[lambda one: one.partition != "1a"].reset_index(drop=True)
    found = reconstruction.rows(request(enterface_clips="complete_subjects"), some)
    assert {(row["enterface"], row["baum1"]) for row in found} == {("complete_subjects", "spontaneous")}
    broken = ledger().assign(problem=["", "", "", "cannot be read", "", ""])
    assert reconstruction.rows(request(), broken)[0]["possible"]["Fear"] == 26


def test_the_reconstruction_names_the_farthest_emotion_and_begins_with_the_nearest_interpretation():
    printed = {claim.emotion: claim.number for claim in PAPER.select("table1-windows-*")}
    exactly = {emotion: int(count) for emotion, count in printed.items()}
    kinds = {"enterface": "all", "baum1": "spontaneous and acted"}
    near = kinds | {"stride": "frames thinned", "possible": exactly | {"Fear": 6069 * 2}, "kept": exactly}
    far = kinds | {
        "stride": "windows thinned",
        "possible": exactly | {"Sad": 0},
        "kept": exactly | {"Happy": 12832 // 2},
    }
    table = reconstruction.table(PAPER, [far, near], "synthetic")
    assert [row["stride"] for row in table.rows] == ["frames thinned", "windows thinned"]
    assert table.rows[0]["possible_off"] == "Fear +100.0%" and table.rows[1]["kept_off"] == "Happy -50.0%"
    assert table.rows[0]["kept"] == PAPER.claim("table1-total-windows").number
    assert any("nothing about BigFaceX" in note for note in table.notes)


@pytest.mark.parametrize(
    ("counts", "ratio"), [({"Happy": 30, "Sad": 20, "Fear": 5, "Surprise": 8}, 2.5), ({"Happy": 30, "Sad": 20}, None)]
)
def test_the_imbalance_is_that_of_the_nearest_of_two_emotions(counts, ratio):
    counted = [{"emotion": emotion, "windows": count, "corpus": "CK+"} for emotion, count in counts.items()]
    plan = SimpleNamespace(experiments=("table1",), summary=SimpleNamespace(windows=counted))
    evidence = SimpleNamespace(plan=plan, counted=lambda value: value)
    assert measured.windows(evidence, PAPER.claim(measured.IMBALANCE)) == ratio


# --------------------------------------------------------------------------------------------------------- breakdown


def test_long_clips_dominate_windows_and_count_once_among_clips(tmp_path):
    names = [str(name) for name in data.CLASSES]

    def window(clip, emotion, sure):
        """A window whose probability of its own emotion is `sure`, the rest being Sad's or Happy's."""
        rest = "Sad" if emotion != "Sad" else "Happy"
        shares = dict.fromkeys(names, 0.0) | {rest: 1 - sure}
        shares[emotion] += sure
        predicted = max(shares, key=shares.get)
        return {"clip": clip, "emotion": emotion, "predicted": predicted} | {f"p_{n}": shares[n] for n in names}

    long = [window("long", "Happy", 0.9)] * 8
    doubtful = [window("doubtful", "Fear", 0.4), window("doubtful", "Fear", 0.9)]
    table = pd.DataFrame([*long, *doubtful, window("wrong", "Angry", 0.1)])
    table = table.assign(seed=0, fold="", corpus="CK+", subject=table["clip"])
    found = breakdown.clips(table).set_index("clip")
    assert found.windows.to_dict() == {"long": 8, "doubtful": 2, "wrong": 1}
    assert found.share.to_dict() == {"long": 1.0, "doubtful": 0.5, "wrong": 0.0}
    assert found.correct.to_dict() == {"long": True, "doubtful": True, "wrong": False}
    row = breakdown._row(table)
    assert (row["windows"], row["share"], row["clips"]) == ("0.818", "0.500", "0.667")
    assert (row["emotions"], row["Happy"], row["Fear"], row["Angry"]) == ("0.500", "1.000", "0.500", "0.000")
    assert row["longest"] == "73%" and "Neutral" not in row


def test_the_breakdown_stands_beside_table_2(tmp_path):
    fake_runs.reproduce(tmp_path, "real", "paper")
    found = made(tmp_path)
    accuracies = {
        (row["network"], row["protocol"]): row["reproduced"] for row in rows(found["table2"], quantity="accuracy")
    }
    assert {(row["network"], row["protocol"]): row["windows"] for row in found["breakdown"].rows} == accuracies
    assert len(found["breakdown"].rows) == len(found["breakdown-emotions"].rows) == 12
    assert list(found["breakdown-emotions"].columns) == ["network", "protocol", *map(str, data.CLASSES), "emotions"]
    for name in ("breakdown", "breakdown-emotions"):
        shown = Console(width=150, file=io.StringIO())
        found[name].show(shown)
        lines = shown.file.getvalue().splitlines()
        assert any("(mini-Xception)" in line and "strict" in line for line in lines), (
            "one row a line, as a terminal has it"
        )
