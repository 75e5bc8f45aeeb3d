"""The paper's accuracies beside ours, variant by variant, made from finished runs alone."""

from collections.abc import Sequence
from dataclasses import replace

from common.paper import auditors
from common.paper.load import Check, Claim, Paper
from common.paper.verdicts import Measured
from common.protocols.leakage import SplitSummary
from common.results import comparison
from common.results.comparison import LeakEffect
from common.results.evidence import Evidence
from common.results.plan_schema import Plan
from common.results.tables import Table
from common.runs import scores
from reproductions.convlstm import data_tables, measured, variants
from reproductions.convlstm.data import AFEW
from reproductions.convlstm.measured import Step, VariantRow
from reproductions.convlstm.variants import CKPLUS_FOLDS, SAVEE_SPEAKERS, VARIANTS

TITLES = {
    "table1": "Table I: CK+, accuracy in %",
    "table2": "Table II: SAVEE, accuracy in %",
    "table3": "Table III: AFEW, trained on Train and tested on Val, accuracy in %",
    "afew_random": "Section IV.C: AFEW, both parts together split at random, accuracy in %",
}
COLUMNS = {
    "variant": "How it is divided",
    "protocol": "Protocol",
    "validation": "Epoch chosen on",
    "tested": "Tested",
    "chance": "Constant answer",
    **comparison.COLUMNS,
}

INTERVALS = "Intervals are bootstraps over people, of whom SAVEE has four; for AFEW, which names nobody, over clips."

TIMED = ()


def tables(evidence: Evidence) -> list[Table]:
    """The tables of the experiments that were run."""
    title = _made_with(evidence.plan)
    all_tables = [data_tables.ledger(evidence), data_tables.augmentation(evidence)]
    if AFEW in evidence.plan.summary:
        all_tables += data_tables.branch(evidence)
    all_tables += [_accuracies(evidence, name, title) for name in TITLES if name in evidence.plan.experiments]
    all_tables.append(_statements(evidence, title))
    steps = measured.steps(evidence)
    all_tables += [_leaks(steps, title)] if steps else []
    return [table for table in all_tables if table.rows]


def leaks(evidence: Evidence) -> list[LeakEffect]:
    """What accuracies owe to what tested clips share with training; those steps whose first row learnt something."""
    steps = measured.steps(evidence)
    return [replace(step.leak, name=f"{step.pair.corpus}, {step.leak.name}") for step in steps if step.leak]


def _made_with(plan: Plan) -> str:
    """What every title says of the network and the data where they are not the paper's."""
    remarks = [*plan.instead]
    if plan.narrow:
        remarks.insert(0, f"narrow network with {', '.join(map(str, plan.narrow['filters']))} filters")
    return f" ({'; '.join(remarks)})" if remarks else ""


def _accuracies(evidence: Evidence, experiment: str, title: str) -> Table:
    """A row a variant and protocol."""
    claim = measured.accuracy_of(evidence.paper, experiment)
    wanted = measured.rows(evidence.plan, experiment)
    rows = [_row(evidence, claim, row) for row in wanted if measured.score(evidence, row)]
    notes = [_split_note(evidence.plan, row) for row in wanted]
    notes += (
        _attainability(evidence.paper, claim)
        + _others(evidence.paper, experiment)
        + _folds(evidence, experiment)
        + _learnt(evidence, wanted)
        + _selection(evidence, wanted)
    )
    steps = [step for step in measured.steps(evidence) if VARIANTS[step.pair.first[0]].experiment == experiment]
    sizes = "; ".join(step.leak.sentence for step in steps if step.leak)
    notes += [f"Leak size: {sizes}."] if sizes else []
    notes.append(INTERVALS)
    notes += comparison.budget_note(rows, f"{evidence.paper.hyperparameters['epochs']} epochs of all copies")
    return Table(experiment, f"{TITLES[experiment]}{title}", COLUMNS, rows, notes)


def _row(evidence: Evidence, claim: Claim, row: VariantRow) -> dict:
    ours, score = measured.measure(evidence, claim, *row), measured.score(evidence, row)
    split = evidence.plan.split(*row)
    return comparison.row(
        evidence,
        claim,
        ours,
        variant=VARIANTS[row[0]].title,
        protocol=row[1],
        validation=_validation_part(row[0], split.selected_on_test),
        tested=f"{score.samples:,} {_unit(split)}",
        chance=f"{100 * score.chance:.2f}",
    )


def _unit(split: SplitSummary) -> str:
    return "copies" if split.augmented else "clips"


def _validation_part(variant: str, on_test: bool) -> str:
    if on_test:
        return "the tested part"
    if variant == SAVEE_SPEAKERS:
        return "one of the training speakers"
    return "a tenth of the training subjects" if variant == CKPLUS_FOLDS else "a tenth of the training clips"


def _split_note(plan: Plan, row: VariantRow) -> str:
    """What the tested part has in common with training."""
    name, protocol = row
    split = plan.split(*row)
    sizes, unit = split.sizes, _unit(split)
    folds, tested = split.folds, sizes.test + split.lost
    trained = f"{sizes.train / folds:,.0f} {unit} train" + (" on average" if folds > 1 else "")
    several = f", all {folds} times together" if folds > 1 else ""
    text = f"{VARIANTS[name].title}, {protocol}: {trained}, {tested:,} are tested{several}. "
    unseen = f" {split.lost:,} of them show no face and count as errors." if split.lost else ""
    return f"{text}{split.leakage}{unseen}"


def _attainability(paper: Paper, claim: Claim) -> list[str]:
    """Whether the printed accuracy can be one on so many test samples at all."""
    if claim.experiment != "table2":
        return [f"Printed: {auditors.run(paper, claim.check).arithmetic}."]
    checks = [
        Check(auditor="attainability", value=claim.value, n=[n * claim.test_size for n in ns]) for ns in ([1], [8, 10])
    ]
    of_clips, of_augmented = (auditors.run(paper, check).arithmetic for check in checks)
    return [
        f"Printed: {of_clips}.",
        f"With 8 or 10 copies of each tested clip, {of_augmented}: so both variants that test copies can give it, the "
        "one that trains on copies of the same clips and the one that does not, and so could another number of clips.",
    ]


def _others(paper: Paper, experiment: str) -> list[str]:
    """Numbers of other methods that the paper prints beside its own."""
    cited = [claim for claim in paper.claims if claim.experiment == experiment and claim.cited]
    cited_numbers = ", ".join(f"{claim.note} {claim.value} ({claim.cited})" for claim in cited)
    return [f"Printed for comparison, as others have measured them: {cited_numbers}."] if cited_numbers else []


def _folds(evidence: Evidence, experiment: str) -> list[str]:
    """The accuracies of single folds, splits or speakers."""
    notes = []
    for name, protocol in measured.rows(evidence.plan, experiment):
        members = measured.runs_of(evidence, (name, protocol))
        each = scores.by_fold(members) if members else ()
        if len(each) > 1:
            listed = ", ".join(f"{fold.removeprefix('SAVEE-')} {100 * value:.1f}" for fold, value in each.items())
            notes.append(f"{VARIANTS[name].title}, {protocol}: {listed}.")
    return notes


def _learnt(evidence: Evidence, wanted: Sequence[VariantRow]) -> list[str]:
    """How well the trainings knew their own samples in the end."""
    return comparison.learnt_note(
        {f"{VARIANTS[row[0]].title}, {row[1]}": measured.runs_of(evidence, row) for row in wanted}
    )


def _selection(evidence: Evidence, wanted: Sequence[VariantRow]) -> list[str]:
    """What testing the epoch that is best on the tested part adds to testing the last one."""
    chosen = [row for row in wanted if evidence.plan.split(*row).selected_on_test]
    return comparison.best_epoch_note({VARIANTS[row[0]].title: measured.runs_of(evidence, row) for row in chosen})


def _statements(evidence: Evidence, title: str) -> Table:
    """What section IV.C says in words, with the figure that decides it, for the variant that stands for the paper's."""
    rows = []
    for claim in evidence.paper.claims:
        if claim.experiment not in evidence.plan.experiments or claim.relation not in ("more", "less"):
            continue
        chosen = variants.claimed(claim.experiment, evidence.settings)
        for row in measured.rows(evidence.plan, claim.experiment):
            ours = measured.measure(evidence, claim, *row) if row[0] == chosen else None
            if ours is not None:
                rows.append(_statement(evidence, claim, row, ours))
    columns = {"corpus": "Corpus", "said": "Said", "protocol": "Protocol", "figure": "Judged by"}
    columns |= {"bound": "To be", "reproduced": "Reproduced", "interval": "95 % interval", "verdict": "Verdict"}
    notes = [
        "In points. A statement holds where the interval lies beyond the bound, and is undecided where it spans it.",
        "Figures 5 to 8 are lost, so the paper's own figures cannot be held against its words.",
    ]
    return Table("statements", f"Section IV.C: what is said of the accuracies{title}", columns, rows, notes)


def _statement(evidence: Evidence, claim: Claim, row: VariantRow, ours: Measured) -> dict:
    points = 100 / claim.scale
    low, high = (points * bound for bound in ours.interval)
    return {
        "corpus": VARIANTS[row[0]].corpus,
        "said": ": ".join(filter(None, (claim.emotion, claim.note.removeprefix("in words: ")))),
        "protocol": row[1],
        "figure": _figure(evidence.paper, claim.metric),
        "bound": f"{claim.relation} than {claim.value}",
        "reproduced": f"{points * ours.value:+.1f}",
        "interval": f"{low:+.1f} to {high:+.1f}",
        "verdict": evidence.verdict_label(claim, ours),
    }


def _figure(paper: Paper, metric: str) -> str:
    """The metric in words, with another method's name and number in place of the id of its claim."""
    what, _, other = metric.partition(", less that of ")
    if other not in {claim.id for claim in paper.claims}:
        return metric
    claim = paper.claim(other)
    return f"{what}, less {claim.value} of {claim.note} ({claim.cited})"


def _leaks(steps: Sequence[Step], title: str) -> Table:
    """What separates the variants, one step at a time and together."""
    rows = []
    for step in steps:
        row = {"corpus": step.pair.corpus, "what": step.pair.what}
        row |= {"first": _named(step.pair.first), "first_accuracy": f"{100 * step.first.accuracy:.2f}"}
        row |= {"second": _named(step.pair.second), "second_accuracy": f"{100 * step.second.accuracy:.2f}"}
        rows.append(row | ({"size": step.leak.cell} if step.leak else {}))
    columns = {"corpus": "Corpus", "what": "Leak", "first": "With it", "second": "Without it"}
    columns |= {
        "first_accuracy": "With, %",
        "second_accuracy": "Without, %",
        "size": "Leak size, points (95 % interval)",
    }
    notes = [INTERVALS]
    if not all(step.alike for step in steps):
        notes.append("No size where this profile trains one of the two networks longer than the other.")
    if any(step.leak is None and step.alike for step in steps):
        notes.append("No size where the network with the leak is no better than a constant answer beyond doubt.")
    return Table("leaks", f"What the variants differ by{title}", columns, rows, notes)


def _named(row: VariantRow) -> str:
    return f"{VARIANTS[row[0]].title} ({row[1]})"
