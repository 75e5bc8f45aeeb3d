"""The model card of the network that ships, made from model.json."""

import numpy as np

from inference.card import DECISIONS, compared
from inference.formats import Check, Format
from inference.shipped import files as kept
from inference.shipped.files import About
from inference.shipped.measured import Tested, counted
from inference.shipped.use import preparation

ABSENT = "No network ships with this copy yet. `make ship DATA=<root>` trains one and writes this page.\n"
LEAST = 0.1  # share of an emotion that is taken for another one, from which on the card names it


def page() -> str:
    """The generated part of docs/model-card.md."""
    return markdown(kept.read()) if kept.there() else ABSENT


def markdown(about: About) -> str:
    """What is known of the network, as Markdown sections."""
    sections = {
        "What it takes and gives": _contract(about),
        "Training": _training(about),
        "Accuracy": _accuracy(about),
        "By emotion": _emotions(about),
        "Confidence": _confidence(about),
        "Known failures": _failures(about),
        "Intended use": _PURPOSE,
        "Licence": _LICENCE,
        "Files": _files(about),
    }
    return "\n\n".join(f"## {title}\n\n{text}" for title, text in sections.items()) + "\n"


def exported(about: About, form: Format, checked: Check) -> str:
    """The card beside a file that was exported for another program."""
    file = "\n".join(f"- {line}" for line in compared(form, checked))
    return f"# {about.network}\n\n{markdown(about)}\n## This file\n\n{file}\n"


_PURPOSE = f"""\
For trying out facial expression recognition, and as a baseline to compare with.

- It names the expression that a face shows, as annotators name it on photographs from the web. It does not know what \
anybody feels, and was not tested for that.
{DECISIONS}
- Its probabilities are calibrated for images like those of FER2013. A face unlike them, by age, skin, glasses, light \
or angle, may get a confident answer that is wrong."""
_LICENCE = (
    "The program is under Apache-2.0 (see LICENSE). The images of FER2013 were collected from the web for a challenge; "
    "the rights in them are their owners', and the network holds none of them. Read the terms of FER2013 and of FER+, "
    "and ask their makers, before passing the network on or earning money with it."
)


def _contract(about: About) -> str:
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(preparation().description, start=1))
    return (
        f"float32 of shape (n, 48, 48, 1), one face each (LiteRT: one at a time), made in these steps:\n\n{steps}\n\n"
        f"The answer is float32 of shape (n, {len(about.classes)}): the probabilities of "
        f"{', '.join(about.classes)}, in this order. {about.network}, {about.parameters:,} parameters."
    )


def _training(about: About) -> str:
    images, run = about.images, about.run
    command = "make ship DATA=<root>" + " PLAN=alone" * (not run.teachers)
    return (
        f"FER2013, its official parts: {images.training:,} images to train (Training), {images.validation:,} to choose "
        f"the epoch, the adjustment, the temperature and the threshold by (PublicTest), {images.test:,} to test "
        "(PrivateTest), once this network and once each of those that shipped before it. The training target of an "
        "image is the mean of its one-hot label and of the shares of the votes of ten annotators (FER+), or its label "
        "alone if at least half of the votes are for none of the seven "
        f"classes{_taught(run.teachers)}. Nobody knows who is in these images, so some people may occur in more than "
        "one part. Many images of PublicTest and PrivateTest have a copy in Training (`make audit-split`); the table "
        "below has the accuracy without these too.\n\n"
        f"{run.epochs} epochs with seed {run.seed}, of which number {run.chosen_epoch} was chosen, in "
        f"{run.seconds / 3600:.1f} hours on {run.cpu}. `{command}` does it again; the record of the "
        f"training lies in `results/records/runs/shipped` (key {run.key[:8]})."
    )


def _taught(teachers: tuple[str, ...]) -> str:
    """What is learnt besides, where there are teachers."""
    if not teachers:
        return ""
    keys = ", ".join(key[:8] for key in teachers)
    return (
        f"; this is averaged with the mean answer of {len(teachers)} other networks, which were trained on these "
        f"targets first (keys {keys})"
    )


def _accuracy(about: About) -> str:
    rows = [
        f"| {one.on} | {one.total.share:.1%} | {_span(one)} | {one.mean_recall:.1%} | {before.share:.1%} "
        f"| {short.share:.1%} | {one.total.of:,} |"
        for one, before, short in zip(about.tests, about.unadjusted, about.eight_bit, strict=True)
    ]
    head = "| Test | Accuracy | 95 % interval | Mean recall | Accuracy unadjusted | Accuracy in 8 bits | Images |"
    return "\n".join([head, "|---|--:|---|--:|--:|--:|--:|", *rows, "", *_copies(about), _adjustment(about)])


def _copies(about: About) -> list[str]:
    """What copies of training images do for the first figure; nothing where none were found."""
    whole, alone = about.tests[0].total, about.tests[-1].total
    if whole.of == alone.of:
        return []
    copied = counted(whole.right - alone.right, whole.of - alone.of)
    return [
        f"Of the images with a copy in Training {copied} are right, of the others {alone}. A network that remembers "
        "its training images gains on the former, so compare networks on the latter.\n"
    ]


def _adjustment(about: About) -> str:
    chosen = about.adjustment
    return (
        "A network learns how frequent each emotion is in what it is trained on: here from "
        f"{min(chosen.shares):.1%} ({about.classes[int(np.argmin(chosen.shares))]}) to {max(chosen.shares):.1%} "
        f"({about.classes[int(np.argmax(chosen.shares))]}). Elsewhere faces are not divided like that, so each "
        f"probability is divided by its class's share to the power of {chosen.power:g} (logit adjustment, Menon et al. "
        "2021), which is part of the files. The power is the one under which accuracy and mean recall, against the "
        "labels and against the majority of FER+, are highest on average on PublicTest. The decision to adjust at all "
        "was made on an earlier network, which had replaced the first one also for its result on CK+48, so CK+48 is "
        "not a fully independent test."
    )


def _span(tested: Tested) -> str:
    return f"{tested.total.low:.1%} to {tested.total.high:.1%}"


def _emotions(about: About) -> str:
    """Shares recognised on all tests, then the confusions on the first."""
    head = " | ".join(["Recognised", *(one.on.partition(" (")[0] for one in about.tests)])
    rows = [
        " | ".join([name, *(str(one.emotions[name]) if name in one.emotions else "–" for one in about.tests)])
        for name in about.classes
    ]
    table = [f"| {head} |", "|---" * (1 + len(about.tests)) + "|", *(f"| {row} |" for row in rows)]
    counts = about.tests[0].confusion
    grid = [f"| **{name}** | {' | '.join(map(str, row))} |" for name, row in zip(about.classes, counts, strict=True)]
    title = f"Answers on {about.tests[0].on} (rows: the label, columns: the answer):"
    cells = [f"| | {' | '.join(about.classes)} |", "|---" + "|--:" * len(about.classes) + "|", *grid]
    return "\n".join([*table, "", title, "", *cells])


def _confidence(about: About) -> str:
    one, unsure = about.calibration, about.unsure
    return (
        f"The logits are divided by {one.temperature:.3f}, the temperature under which the labels of PublicTest are "
        "likeliest; the division is part of the files. The expected calibration error (15 bins) on PrivateTest is "
        f"{one.after:.3f}, and {one.before:.3f} without it.\n\n"
        f'Below {unsure.below:.0%} `predict` and `live` say "unsure". The threshold is the one at which right answers '
        "outnumber wrong ones by most on PublicTest: an answer below it is more likely wrong than right. On "
        f"PrivateTest {unsure.named:.1%} of the images get an emotion, and of these {unsure.right or 'none'} are right."
    )


def _failures(about: About) -> str:
    """The weakest emotion and the most frequent confusions on PrivateTest, and what was not tested at all."""
    first = about.tests[0]
    weakest = min(first.emotions, key=lambda name: first.emotions[name].share)
    lines = [f"Against the labels of PrivateTest {weakest} is recognised least: {first.emotions[weakest]}."]
    counts = np.array(first.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(shares, 0)
    for place in np.argsort(shares, axis=None)[::-1]:
        true, said = np.unravel_index(place, shares.shape)
        if shares[true, said] < LEAST:
            break
        lines.append(
            f"Of {about.classes[true]}, {shares[true, said]:.0%} is taken for {about.classes[said]} "
            f"({counts[true, said]:,} of {counts[true].sum():,})."
        )
    lines += [f"{one.on}: {one.total}. {_least(one)}" for one in about.tests[2:]]
    lines += [
        "The labels of FER2013 are noisy: ten later annotators disagree with many of them, so part of what counts as "
        "an error is none, and part of what counts as right is luck.",
        "Faces that the cascade does not find (turned, tilted, covered, small) get no answer.",
        "Accuracy by age, sex, skin tone, glasses or beard was not measured: FER2013 does not record them.",
        "Contempt, and whatever else is not among the seven, is named as one of them or as unsure.",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _least(tested: Tested) -> str:
    name = min(tested.emotions, key=lambda name: tested.emotions[name].share)
    return f"Least of all {name}: {tested.emotions[name]}."


def _files(about: About) -> str:
    rows = [f"| `inference/shipped/{name}` | {one.bytes:,} | `{one.sha256}` |" for name, one in about.files.items()]
    versions = ", ".join(f"{name} {number}" for name, number in about.run.versions.items())
    form = (
        "In both files batch normalisation is folded into the convolutions. `model.keras` holds all weights rounded "
        "to 16 bits and computes with them in 32; what this page says is measured with it, unless 8 bits are named. "
        "`model.tflite` computes the convolutions in 8 bits (the image is brought to its mean and variance before, and "
        "classified after, in 32), scaled by the values in training images (post-training quantisation). `predict` and "
        "`live` use it where TensorFlow is installed, else `model.keras`."
    )
    return "\n".join(["| File | Bytes | SHA-256 |", "|---|--:|---|", *rows, "", f"{form} Trained with {versions}."])
