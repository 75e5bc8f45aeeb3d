"""What became of the clips, their augmented samples, and the network on FER2013 behind the second branch."""

from common.paper import auditors
from common.results import comparison
from common.results.evidence import Evidence
from common.results.tables import Table
from reproductions.convlstm import measured, trainings
from reproductions.convlstm.data import AFEW, CKPLUS


def ledger(evidence: Evidence) -> Table:
    columns = {
        "corpus": "Corpus",
        "people": "People",
        "clips": "Clips",
        "frames_read": "Frames",
        "frames_followed": "Face followed",
        "searches": "Detector ran",
        "losses": "Face lost",
        "frames_without_face": "Of 8 without face",
        "frames_repeated": "Of 8 repeated",
        "several_faces": "Clips with several faces",
        "gamma_corrected": "Clips corrected by gamma",
        "without_any_face": "Clips without face",
    }
    summary = evidence.plan.summary
    rows = [
        {"corpus": of_corpus.instead or name, "people": None if name == AFEW else of_corpus.subjects} | of_corpus.ledger
        for name, of_corpus in summary.items()
    ]
    notes = [
        "Eight frames of a clip are used, both ends among them; the face is followed through all of its frames. One of "
        "the eight without a face is cut out where the nearest other one has its eyes."
    ]
    if AFEW in summary:
        both = summary[AFEW].in_both_parts
        repeated = f"{len(both)} clip name{'s' * (len(both) != 1)} of AFEW in both parts"
        notes.append("AFEW does not say who is seen, nor in which film.")
        notes.append(f"{repeated}: {', '.join(both)}. They are read as different clips." if both else f"{repeated}.")
    notes += [_without_face(evidence, name) for name, of_corpus in summary.items() if of_corpus.lost]
    notes += comparison.left_out_notes(evidence.plan.broken)
    return Table("ledger", "What became of the frames", columns, rows, notes)


def _without_face(evidence: Evidence, name: str) -> str:
    """What becomes of the clips of a corpus that show no face."""
    lost = evidence.plan.summary[name].lost
    parts = ", ".join(f"{count} of {part}" for part, count in sorted(lost.items()) if part)
    sentence = f"{name}: {sum(lost.values())} clips without a face{f' ({parts})' if parts else ''}"
    if evidence.setting("lost_clips") == "count_as_errors":
        return f"{sentence} are not trained on, and count as errors where they are tested (setting lost_clips)."
    sentence += " are neither trained on nor tested (setting lost_clips)."
    if name != AFEW:
        return sentence
    claim = measured.accuracy_of(evidence.paper, "table3")
    arithmetic = auditors.run(evidence.paper, claim.check).arithmetic
    return f"{sentence} The printed {claim.value} is possible on all {claim.tested} of Val: {arithmetic}."


def augmentation(evidence: Evidence) -> Table:
    """The enlarged data sets of section IV.B, were all clips trained on."""
    stated = evidence.paper.hyperparameters
    rows = []
    for name, of_corpus in evidence.plan.summary.items():
        kind = "ckplus" if name == CKPLUS else "savee_afew"
        clips = sum(of_corpus.clips.values())
        rows.append(
            {"corpus": of_corpus.instead or name, "clips": clips}
            | {"emotions": ", ".join(f"{e} {n}" for e, n in of_corpus.clips.items())}
            | {"angles": ", ".join(f"{angle}°" for angle in stated[f"rotations_{kind}"])}
            | {"stated": stated[f"copies_{kind}"], "copies": of_corpus.copies, "shown": clips * of_corpus.copies}
        )
    columns = {"corpus": "Corpus", "clips": "Clips", "emotions": "By emotion", "angles": "Rotated by"}
    columns |= {"stated": "Copies of a clip, stated", "copies": "Made", "shown": "All together"}
    audit = next(item for item in evidence.paper.audits if item.id == "convlstm-aug")
    notes = [
        "A clip, its rotations, and all of them mirrored, made on the fly, of training clips only, except where copies "
        "are divided.",
        f"SAVEE and AFEW: {auditors.run(evidence.paper, audit.check).arithmetic} (setting aug_factor).",
    ]
    return Table("copies", "Section IV.B: clips and their copies", columns, rows, notes)


def branch(evidence: Evidence) -> list[Table]:
    """The network on FER2013, whose features the second branch takes."""
    members = evidence.of(trainings.FER2013, trainings.FER, trainings.OFFICIAL)
    score = evidence.score(trainings.FER2013, trainings.FER, trainings.OFFICIAL)
    if score is None:
        return []
    samples, epochs = members[0].record["samples"], members[0].identity.recipe["epochs"]
    synthetic = any(evidence.plan.branch.values())
    low, high = score.interval
    row = {"network": members[0].identity.settings["fer_network"], "data": "synthetic" if synthetic else "real"}
    row |= {side: samples[side] for side in ("train", "validation", "test")} | {"epochs": epochs}
    row |= {"accuracy": f"{100 * score.accuracy:.2f}", "interval": f"{100 * low:.2f} to {100 * high:.2f}"}
    row |= {"chance": f"{100 * score.chance:.2f}"}
    columns = {"network": "Network", "data": "Images", "train": "Training", "validation": "PublicTest"}
    columns |= {"test": "PrivateTest", "epochs": "Epochs", "accuracy": "Accuracy in %", "interval": "95 % interval"}
    columns |= {"chance": "Constant answer"}
    weights = "stay as they are" if evidence.setting("fer_frozen") else "are trained further"
    notes = [f"The paper prints no accuracy of it. In the second branch its weights {weights} on AFEW."]
    return [Table("fer2013", "The network on FER2013 behind the second branch of AFEW", columns, [row], notes)]
