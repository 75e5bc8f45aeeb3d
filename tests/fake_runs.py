"""Finished runs without a training: written by the program's own writers, with predictions of a chosen accuracy."""

import dataclasses
import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from common.paper import load as papers
from common.paper.load import Paper
from common.results import plans
from common.results.config import Request
from common.results.evidence import Evidence
from common.results.loading import load_available
from common.runs import record, store, writer
from common.runs.store import Identity, Run
from common.training.batches import class_labels
from common.training.spec import Job

CLASSES = ("Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise", "Neutral")
NETWORKS = (
    "mini_xception_2d",
    "tcn_mini_xception",
    "tcn_resnet20",
    "tcn_mobilenetv2",
    "resnet20_3d",
    "resnet20_2plus1d",
)


@cache
def _paper() -> Paper:
    return papers.load("timeconvnet")


def publish(
    results: Path,
    network: str = "tcn_resnet20",
    protocol: str = "published",
    seed: int = 0,
    accuracy: float = 0.8,
    synthetic: bool = True,
    profile: str = "quick",
    experiment: str = "table2",
    samples: int = 140,
    settings: dict | None = None,
) -> Run:
    """One finished run of timeconvnet whose test accuracy is `accuracy`, rounded to whole samples.

    It is trained as the profile says, so that a real one of the paper's own differs in nothing from what is printed.
    """
    from reproductions.timeconvnet import experiments
    from reproductions.timeconvnet.models import NETWORKS as BUILT

    paper = _paper()
    request = Request(paper, profile, settings=paper.settings)
    chosen = experiments.network_settings(request.settings, BUILT[network]) if settings is None else settings
    recipe = experiments.recipe(request, BUILT[network], experiment).identity()
    identity = Identity(
        "timeconvnet",
        experiment,
        protocol,
        profile,
        network,
        chosen,
        recipe,
        seed,
        "drawn" if synthetic else "recorded",
        f"split-{protocol}",
    )
    partial = identity.folder(results / "runs").with_name("written.partial")
    partial.mkdir(parents=True)
    (partial / "predictions.csv").write_text(_predictions(samples, accuracy, seed), encoding="utf-8")
    (partial / "curves.csv").write_text(_curves(accuracy), encoding="utf-8")
    (partial / "model.keras").write_bytes(b"")
    told = {
        "provenance": {"synthetic": synthetic, "details": {}},
        "split": {"leakage": f"All {samples} test samples come from clips that are trained on."},
        "decisions": paper.settings,
        "classes": list(CLASSES),
        "samples": {"train": 700, "validation": 100, "test": samples},
        "parameters": BUILT[network].parameters,
        "chosen_epoch": 2,
        "train_seconds": 1.5,
    }
    return writer.publish(partial, identity, told, results / "runs")


def put_network(run: Run, model) -> Run:
    """The run as if it had trained this Keras model."""
    place = run.folder / record.WEIGHTS
    model.save(place)
    return change(run, parameters=model.count_params(), files=record.described(run.folder, run.record["contents"]))


def change(run: Run, **entries) -> Run:
    """The run with other entries in its run.json; None takes one out."""
    path = run.folder / store.RECORD
    content = json.loads(path.read_text()) | entries
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))
    return store.read(run.folder)


def seal(folder: Path) -> None:
    """Let a run say that its files are what they are now, as if it had written them so."""
    path = folder / store.RECORD
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | {"files": record.described(folder, content["contents"])}), encoding="utf-8")


def finish(job: Job, root: Path, predicted: np.ndarray, watched: float) -> Run:
    """A finished run of a job without its training.

    Args:
        predicted: (tested samples,) int, the class that each is taken for.
        watched: validation accuracy of the first of two epochs; the second has 0.1 less.
    """
    training = job.training
    names = [str(name) for name in training.classes]
    table = training.samples.table.iloc[training.fold.test].reset_index(drop=True)
    table["predicted"] = [names[number] for number in predicted]
    partial = training.identity.folder(root).with_name("written.partial")
    partial.mkdir(parents=True)
    table.to_csv(partial / "predictions.csv", index=False)
    curves = {"epoch": [0, 1], "loss": [2.0, 1.0], "accuracy": [0.5, 0.9], "val_accuracy": [watched, watched - 0.1]}
    pd.DataFrame(curves).to_csv(partial / "curves.csv", index=False)
    told = {
        "provenance": {"synthetic": False, "details": {}},
        "split": job.split.to_json() if job.split else {},
        "decisions": dict(training.decisions),
        "classes": names,
        "samples": {side: len(getattr(training.fold, side)) for side in ("train", "validation", "test")},
        "parameters": 1,
        "chosen_epoch": 0,
    }
    return writer.publish(partial, training.identity, told, root, ["predictions.csv", "curves.csv"])


def labels_of(job: Job) -> np.ndarray:
    """(tested samples,) int, the class of each."""
    training = job.training
    return class_labels(training.samples.table.emotion.iloc[training.fold.test], training.classes)


def answers(job: Job, right: float) -> np.ndarray:
    """(tested samples,) int, the classes of which a share `right` is that of the sample, and the others the next."""
    predicted = labels_of(job)
    wrong = np.random.default_rng(0).permutation(len(predicted))[: len(predicted) - round(right * len(predicted))]
    predicted[wrong] = (predicted[wrong] + 1) % len(job.training.classes)
    return predicted


def _predictions(samples: int, accuracy: float, seed: int) -> str:
    rng = np.random.default_rng(seed)
    right = np.zeros(samples, bool)
    right[rng.permutation(samples)[: round(accuracy * samples)]] = True
    lines = ["sample,corpus,clip,subject,first_frame,emotion,predicted," + ",".join(f"p_{name}" for name in CLASSES)]
    for i in range(samples):
        emotion = i % 7
        predicted = emotion if right[i] else (emotion + 1 + int(rng.integers(6))) % 7
        shares = ["0.4" if k == predicted else "0.1" for k in range(7)]
        place = f"{i},CK+,clip{i // 7},CK+/S{i // 7:03d},{i}"
        lines.append(f"{place},{CLASSES[emotion]},{CLASSES[predicted]},{','.join(shares)}")
    return "\n".join(lines) + "\n"


def _curves(accuracy: float) -> str:
    lines = ["epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds"]
    lines += [
        f"{e},{2 - e / 4},{accuracy * (0.4 + e / 5)},{2 - e / 5},{accuracy * (0.3 + e / 4)},0.001,1" for e in range(3)
    ]
    return "\n".join(lines) + "\n"


def write_plan(results: Path, found: list[Run], data: str = "synthetic", profile: str = "quick", **changes) -> Path:
    """The plan that these runs would have been made by."""
    protocols = list(dict.fromkeys(run.identity.protocol for run in found))
    held = {"samples": 140, "subjects": 20, "clips": 20, "of_seen_subjects": 140, "of_seen_clips": 133}
    plan = {
        "paper": "timeconvnet",
        "profile": profile,
        "data": data,
        "details": {"version": 1, "seed": 0},
        "protocols": protocols,
        "experiments": ["table1", "table2", "speed"],
        "seeds": sorted({run.identity.seed for run in found}),
        "settings": {},
        "runs": [dataclasses.asdict(run.identity) for run in found],
        "splits": {
            protocol: {
                "fold": protocol,
                "clean": protocol == "strict",
                "leakage": "Of 140 test samples, 133 (95.0%) come from clips that are trained on.",
                "test": {"side": "test", **held, "sharing_frames": 120, "copied": 0},
                "validation": {"side": "validation", **held, "sharing_frames": 120, "copied": 0},
                "majority": 0.19,
                "corpus_only": 0.24,
                "selected_on_test": False,
                "sizes": {"train": 700, "validation": 100, "test": 140},
                "subjects": {"train": 27, "test": 20},
            }
            for protocol in protocols
        },
        "summary": {
            "key": "fake",
            "subjects": {"CK+": 12, "BAUM-1": 8},
            "windows": [
                {"emotion": emotion, "corpus": corpus, "windows": 40 + 5 * i}
                for corpus in ("CK+", "BAUM-1")
                for i, emotion in enumerate(CLASSES)
            ],
            "ledger": {
                corpus: {
                    "clips": 48,
                    "frames_read": 625,
                    "frames_skipped": 40,
                    "frames_without_face": 13,
                    "too_short": 1,
                    "windows": 385,
                    "windows_without_face": 22,
                    "without_any_face": 0,
                }
                for corpus in ("CK+", "BAUM-1")
            },
            "broken": [],
        },
    }
    path = plans.plan_path(_paper(), profile, data, results)
    plans.write(path, plan | changes)
    return path


def write_speed(results: Path, profile: str = "quick") -> Path:
    """Times as the timing writes them."""
    from reproductions.timeconvnet.models import NETWORKS as BUILT

    times = {"mean": 5.5, "p50": 5.4, "p95": 6.6}
    content = {
        "asked": {"runs": 100, "warm_up": 50, "settings": {}, "versions": {}},
        "runs": 100,
        "networks": {
            key: {"parameters": one.parameters, "trainable": one.trainable, **times} for key, one in BUILT.items()
        },
        "pipeline": {step: {"frames": 60, **times} for step in ("decode", "detect", "crop", "inference", "frame")},
        "machine": {"name": "here", "cpu": "some processor", "cores": 2, "gpus": [], "backend": "tensorflow"},
    }
    path = plans.speed_path(_paper(), profile, results)
    plans.write(path, content)
    return path


def reproduce(results: Path, data: str = "synthetic", profile: str = "quick", seeds=(0, 1), leak: float = 0.25):
    """What one `reproduce timeconvnet` leaves behind: six networks and the control, two protocols."""
    found = []
    for protocol, lost in (("published", 0.0), ("strict", leak)):
        for number, network in enumerate(NETWORKS):
            for seed in seeds:
                accuracy = 0.95 - 0.05 * number - lost
                found.append(publish(results, network, protocol, seed, accuracy, data == "synthetic", profile))
        for seed in seeds:
            shuffled = {"experiment": "control-shuffled", "synthetic": data == "synthetic", "profile": profile}
            found.append(publish(results, "tcn_mini_xception", protocol, seed, 0.15, **shuffled))
    write_plan(results, found, data, profile)
    write_speed(results, profile)
    return found


def evidence_of(request) -> Evidence:
    """What one reproduction has left in the results of a request: its only plan, with all its runs."""
    found, unfinished = store.find(request.results / "runs")
    complaints = []
    (evidence,) = load_available(request.paper, found, request.results, complaints.append)
    assert unfinished == complaints == []
    return evidence
