"""The page that goes with an exported network: what it takes and gives, where it comes from, what it is not for."""

import html
import re
from collections.abc import Sequence
from pathlib import Path

from common.paper import load as papers
from common.paper.load import Claim, Paper
from common.runs import scores, store
from common.runs.scores import Score
from common.runs.store import Run
from inference.formats import Check, Format
from inference.trained import Trained
from reproductions import published

SYNTHETIC = (
    "**Trained on synthetic faces only.** A program drew all faces that this network has seen. It shows that the "
    "machinery works; what it says about a photographed face is worth nothing."
)
DECISIONS = """\
- Do not decide anything about a person with it: not in hiring, at work, in schools, in medicine, at borders or for \
the police. The European Union prohibits systems that infer emotions at work and in schools (Regulation 2024/1689, \
Article 5)."""
PURPOSE = f"""\
For comparing methods of facial expression recognition and for looking at how such a network works.

- It names the expression that a face shows, as far as actors and volunteers show it in the training data. It does not \
know what anybody feels, and was not tested for that.
{DECISIONS}
- Its probabilities are not calibrated. A face unlike those of the training data, by age, skin, glasses, light or \
angle, gets a confident answer just as well.
- Only the accuracy with the strict protocol, on people it was not trained on, says what to expect of new faces; \
another camera or another corpus makes it lower still."""


def write(trained: Trained, form: Format, shape: Sequence[int], checked: Check, results: Path) -> str:
    """The model card as Markdown.

    Args:
        trained: the network and its run.
        shape: of one input window, without the batch.
        checked: how the file was compared with Keras.
    """
    run = trained.record
    paper = papers.load(run.identity.paper)
    sections = {
        "What it takes": _input(trained, form, shape),
        "What it gives": "\n".join(f"{number}. {_plain(name)}" for number, name in enumerate(trained.classes)),
        "Training data": _data(run),
        "Accuracy": _accuracy(run, paper, results),
        "Intended use and limits": PURPOSE,
        "Licence": _licence(run),
        "This file": _file(run, form, checked),
    }
    origin = "This file is a re-implementation, not the authors' own network."
    if run.given:
        given = _plain(run.record["weights"])
        origin = f"Its weights come from {given}; others trained them, and here they were only tested."
    head = [f"# {_plain(trained.network)}", f"{_reference(paper)} {origin}"]
    if trained.synthetic:
        head.append(f"> {SYNTHETIC}")
    return "\n\n".join(head + [f"## {title}\n\n{text}" for title, text in sections.items()]) + "\n"


def _plain(text: object) -> str:
    """What a record says as one line of Markdown: whatever it holds, it is text there."""
    line = html.escape(" ".join(str(text).split()), quote=False)
    return re.sub(r"([\\`*\[\]|])", r"\\\1", line)


def _reference(paper: Paper) -> str:
    return f"After {'; '.join(paper.authors)} ({paper.year}): *{paper.title}*, {paper.venue}."


def _input(trained: Trained, form: Format, shape: Sequence[int]) -> str:
    sizes = ", ".join(str(size) for size in shape)
    batch = "1" if form.key == "litert" else "n"
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(trained.preparation.description, start=1))
    return (
        f"float32 of shape ({batch}, {sizes}), made in these steps:\n\n{steps}\n\n"
        f"The answer is float32 of shape ({batch}, {len(trained.classes)}): the probabilities of the emotions below."
    )


def _data(run: Run) -> str:
    seen = _plain(", ".join(sorted(run.predictions().corpus.unique())))
    count = run.record["samples"]
    if run.given:
        where = f"faces drawn in the manner of {seen}" if run.synthetic else seen
        return f"{run.given}, as their makers say. Tested here on {count['test']:,} samples of {where}."
    what = f"Faces drawn in the manner of {seen}." if run.synthetic else f"{seen}."
    sizes = f"{count['train']:,} samples to train, {count['validation']:,} to validate, {count['test']:,} to test."
    split = run.record.get("split", {})
    # Runs of earlier versions have the second name.
    return f"{what} {sizes} {_plain(split.get('leakage', split.get('said', '')))}".strip()


def _accuracy(run: Run, paper: Paper, results: Path) -> str:
    """This run's own accuracy, and that of the same network with each protocol that it was trained with."""
    rows = ["| Protocol | Accuracy | 95 % interval | Test samples | Subjects | Seeds |", "|---|---|---|---|---|---|"]
    rows.append(_row(f"**this file**: {_plain(run.identity.protocol)}", scores.score([run])))
    by_protocol = _protocols(run, results)
    rows += [_row(_plain(protocol), score) for protocol, score in by_protocol.items()]
    notes = [_printed(paper, claim, run) for claim in published.about(paper, run)]
    if len(by_protocol) < 2 and not run.given:
        notes.append(f"With one protocol only, so far: `make reproduce PAPER={paper.name}` runs both.")
    if run.synthetic:
        notes.append("Measured on synthetic faces: no figure about people, and none to hold against the printed ones.")
    return "\n".join([*rows, "", *notes]).strip()


def _printed(paper: Paper, claim: Claim, run: Run) -> str:
    """What the paper prints, and where this run differs from what was printed."""
    _, verdict = published.judged(paper, claim, run, scores.score([run]))
    value = f"{claim.value}{' %' if claim.unit == '%' else ''}"
    return f"The paper prints {value} ({claim.source}). This run: {verdict.name}, because {verdict.why}."


def _protocols(run: Run, results: Path) -> dict[str, Score]:
    """Accuracy by protocol over seeds and folds, of the runs with the same network, samples and recipe."""
    same = ("paper", "experiment", "profile", "network", "settings", "recipe", "data")
    found, _ = store.find(results / "runs", **{name: getattr(run.identity, name) for name in same})
    found.sort(key=lambda one: one.record.get("ended", ""))
    # The folds of an earlier version of the program may still lie there: the newest count.
    newest = {(one.identity.protocol, one.identity.seed, one.identity.fold): one for one in found}
    by_protocol: dict[str, list[Run]] = {}
    for one in newest.values():
        by_protocol.setdefault(one.identity.protocol, []).append(one)
    return {name: scores.score(members) for name, members in sorted(by_protocol.items())}


def _row(name: str, score: Score) -> str:
    low, high = score.interval
    cells = name, f"{score.accuracy:.3f}", f"{low:.3f} to {high:.3f}", score.samples, score.subjects, score.seeds
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _licence(run: Run) -> str:
    if run.given:
        return "The program is under Apache-2.0 (see LICENSE). The weights belong to their makers: ask for their terms."
    if run.synthetic:
        return "Program and synthetic faces are this project's own (Apache-2.0, see LICENSE), and so is this network."
    return (
        "The program is under Apache-2.0 (see LICENSE). The network was trained on data sets that their makers "
        "license, most of them for research alone: read their terms, and ask the makers, before passing this file "
        "on or earning money with it."
    )


def _file(run: Run, form: Format, checked: Check) -> str:
    versions = _plain(", ".join(f"{name} {number}" for name, number in run.record.get("versions", {}).items()))
    lines = [
        *compared(form, checked),
        f"Run: {_plain(run.identity)} (profile {_plain(run.identity.profile)}, key {run.identity.key}).",
        f"{'Tested' if run.given else 'Trained'} with {versions}." if versions else "",
    ]
    return "\n".join(f"- {line}" for line in lines if line)


def compared(form: Format, checked: Check) -> list[str]:
    """What a file is for, and how it was checked, a sentence each."""
    return [
        f"{form.title}, for {form.use}.",
        f"Read back and compared with Keras on {checked.windows} windows of synthetic faces: no probability differs by "
        f"more than {checked.difference:.1e}.",
    ]
