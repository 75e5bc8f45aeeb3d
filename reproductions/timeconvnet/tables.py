"""Tables I and II beside ours, made from finished runs alone."""

from common.paper.load import Claim
from common.paper.verdicts import Measured, judge
from common.results import comparison
from common.results.comparison import LeakEffect
from common.results.evidence import Evidence
from common.results.plan_schema import Plan
from common.results.tables import Table
from common.runs import scores
from reproductions.timeconvnet import breakdown, measured, reconstruction, speed_measured
from reproductions.timeconvnet.experiments import NETWORKS_OF
from reproductions.timeconvnet.models import NETWORKS
from reproductions.timeconvnet.speed import REFERENCE

TIMED = ("table2", "speed")
RATIO = f"the same, times that of {NETWORKS[REFERENCE].title}"


def tables(evidence: Evidence) -> list[Table]:
    """The tables of the experiments that were run."""
    plan = evidence.plan
    all_tables = []
    if "table1" in plan.experiments:
        all_tables += [_table1(evidence), _ledger(plan)]
        interpretations = getattr(plan.summary, "reconstruction", None)  # not in plans of earlier versions
        all_tables += [reconstruction.table(evidence.paper, interpretations, plan.data)] if interpretations else []
    if "table2" in plan.experiments:
        all_tables += [_table2(evidence), _statements(evidence), *breakdown.tables(evidence), _controls(evidence)]
    if "speed" in plan.experiments and evidence.speed:
        all_tables.append(_speed(evidence))
    return all_tables


def _table1(evidence: Evidence) -> Table:
    paper, plan = evidence.paper, evidence.plan
    counts = plan.summary.windows
    corpora = sorted({row["corpus"] for row in counts})
    printed_total, our_total = paper.claim("table1-total-windows").number, sum(row["windows"] for row in counts)
    rows = []
    for claim in paper.select("table1-*"):
        of = [row for row in counts if claim.emotion in (None, row["emotion"])]
        ours = measured.windows(evidence, claim)
        # Without the audit: that the printed counts add up says nothing about ours.
        verdict, total = judge(claim, ours), ours.value
        rows.append(
            {
                "emotion": claim.emotion or "Total",
                **{c: sum(row["windows"] for row in of if row["corpus"] == c) or None for c in corpora},
                "published": f"{claim.number:,.0f}",
                "reproduced": total,
                "difference": f"{total - claim.number:+,.0f}",
                "share": f"{claim.number / printed_total:.1%} → {total / our_total:.1%}",
                "verdict": verdict.name,
            }
        )
    columns = {"emotion": "Emotion"} | {c: c for c in corpora}
    columns |= {"reproduced": "Reproduced", "published": "Published", "difference": "Difference"}
    columns |= {"share": "Share of all, published → ours", "verdict": "Verdict"}
    said = paper.claim(measured.IMBALANCE)
    ours = measured.windows(evidence, said)
    notes = ["The seven printed counts add up to the printed total."]
    notes += [f"{said.metric}: {ours.value:.2f} ({said.note})."] if ours else []
    if plan.data == "synthetic":
        notes.append("Windows of synthetic corpora: how many there are was our choice and says nothing about BigFaceX.")
    return Table("table1", "Table I: windows of BigFaceX by emotion", columns, rows, notes)


def _ledger(plan: Plan) -> Table:
    columns = {
        "corpus": "Corpus",
        "subjects": "Subjects",
        "clips": "Clips",
        "frames_read": "Frames",
        "frames_skipped": "Left out",
        "frames_without_face": "Without face",
        "windows": "Windows",
        "windows_without_face": "Lost windows",
        "too_short": "Clips too short",
        "without_any_face": "Clips without face",
    }
    ledger = plan.summary.ledger
    rows = [{"corpus": c, "subjects": plan.summary.subjects[c]} | ledger[c] for c in sorted(ledger)]
    total = {key: sum(row[key] for row in rows) for key in columns if key != "corpus"}
    read = total["frames_read"] - total["frames_skipped"]
    notes = [
        f"The detector lost the face in {total['frames_without_face']:,} of {read:,} frames "
        f"({total['frames_without_face'] / max(read, 1):.1%}); every window with such a frame is dropped.",
        *comparison.left_out_notes(plan.broken),
    ]
    return Table("ledger", "What became of the frames", columns, [*rows, {"corpus": "Total"} | total], notes)


def _table2(evidence: Evidence) -> Table:
    plan = evidence.plan
    rows, notes = [], []
    for key, network in NETWORKS.items():
        lines = [_accuracy(evidence, key, protocol) for protocol in plan.protocols]
        lines += [*_times(evidence, key), _parameters(evidence, key)]
        rows += [{"network": network.title} | line for line in lines if line]
    for protocol in plan.protocols:
        split = plan.split("", protocol)
        sizes = split.sizes
        notes.append(f"{protocol}: {sizes.train:,}/{sizes.validation:,}/{sizes.test:,} windows. {split.leakage}")
    notes += comparison.leak_note(leaks(evidence)) + _spread(evidence)
    notes += comparison.budget_note(rows, "200 epochs")
    notes += _untrained(plan)
    columns = {"network": "Network", "quantity": "Quantity", "protocol": "Protocol"} | comparison.COLUMNS
    return Table("table2", "Table II: accuracy, inference time and parameters", columns, rows, notes)


def _untrained(plan: Plan) -> list[str]:
    """Which networks the profile leaves out; where the user named some, the plan's own notes say so."""
    planned = {run.network for run in plan.runs}
    left_out = [NETWORKS[key].title for key in NETWORKS_OF["table2"] if key not in planned]
    if not left_out or plan.networks or not plan.timed:
        return []
    return [f"Counted and timed, not trained in this profile: {', '.join(left_out)}."]


def _accuracy(evidence: Evidence, key: str, protocol: str) -> dict | None:
    claims = [claim for claim in evidence.paper.claims if claim.id == f"table2-{key}-accuracy"]
    ours = measured.accuracy(evidence, claims[0], protocol) if claims else None
    return comparison.row(evidence, claims[0], ours, quantity="accuracy", protocol=protocol) if ours else None


def _times(evidence: Evidence, key: str) -> list[dict]:
    """The mean time of a prediction, and how it compares with that of the fastest network of the paper."""
    times = speed_measured.timed(evidence, key)
    if times is None:
        return []
    line = {"quantity": "inference time, ms", "reproduced": f"{times.mean:.2f}"}
    claims = [claim for claim in evidence.paper.claims if claim.id == f"table2-{key}-inference_time"]
    if not claims:
        return [line]
    verdict = evidence.judge(claims[0], speed_measured.inference_time(evidence, key))
    line |= {"published": claims[0].value, "difference": f"{verdict.difference:+.2f}", "verdict": verdict.name}
    if key == REFERENCE:
        return [line]
    printed = claims[0].number / evidence.paper.claim(f"table2-{REFERENCE}-inference_time").number
    ours = times.mean / speed_measured.timed(evidence, REFERENCE).mean
    ratio = {"published": f"{printed:.2f}", "reproduced": f"{ours:.2f}", "difference": f"{ours - printed:+.2f}"}
    return [line, {"quantity": RATIO} | ratio]


def _spread(evidence: Evidence) -> list[str]:
    """How single predictions scatter around the mean times."""
    timed = {network.title: speed_measured.timed(evidence, key) for key, network in NETWORKS.items()}
    parts = [f"{name} {times.p50:.2f} and {times.p95:.2f}" for name, times in timed.items() if times]
    return [f"Inference times are means. Median and 95th percentile, ms: {'; '.join(parts)}."] if parts else []


def _parameters(evidence: Evidence, key: str) -> dict | None:
    """Parameters of the network that was trained; of the one that was timed where none was."""
    claims = [claim for claim in evidence.paper.claims if claim.id == f"table2-{key}-parameters"]
    if not claims:
        times = speed_measured.timed(evidence, key)
        return {"quantity": "parameters", "reproduced": f"{times.parameters:,}"} if times else None
    ours = speed_measured.parameters(evidence, key)
    if ours is None:
        return None
    quantity = f"parameters ({ours.note})" if ours.note else "parameters"
    return comparison.row(evidence, claims[0], ours, quantity=quantity)


def _statements(evidence: Evidence) -> Table:
    """What section V says of two networks in words, and what ours say."""
    paper, rows = evidence.paper, []
    for claim in paper.select("text5-*"):
        if claim.unit != "ratio":
            several = {protocol: measured.gap(evidence, claim, protocol) for protocol in evidence.plan.protocols}
        else:
            several = {None: speed_measured.measure(evidence, claim)}
        rows += [_statement(evidence, claim, protocol, ours) for protocol, ours in several.items() if ours]
    columns = {"what": "Quantity", "protocol": "Protocol"} | comparison.COLUMNS | {"why": "Why"}
    del columns["difference"]
    notes = [
        "The order of two networks on one machine can be held against the paper's where milliseconds cannot; on other "
        "hardware, above all without a GPU, ratios of times differ too."
    ]
    return Table("statements", "Section V: what is said of two networks", columns, rows, notes)


def _statement(evidence: Evidence, claim: Claim, protocol: str | None, ours: Measured) -> dict:
    why = "; ".join(filter(None, [evidence.judge(claim, ours).why, ours.note]))
    what = claim.metric + (", points" if claim.unit == "%" else "")
    return comparison.row(evidence, claim, ours, what=what, protocol=protocol, why=why)


def leaks(evidence: Evidence) -> list[LeakEffect]:
    """How much of the published protocol's accuracy the strict one does not confirm, a leak a network."""
    groups = [(network.title, "table2", key) for key, network in NETWORKS.items()]
    return comparison.protocol_leaks(evidence, groups, scores.difference)


def _controls(evidence: Evidence) -> Table:
    plan, rows = evidence.plan, []
    for protocol in plan.protocols:
        split = plan.split("", protocol)
        rows.append({"control": "most frequent emotion", "accuracy": f"{split.majority:.3f}", "protocol": protocol})
        rows.append({"control": "corpus name alone", "accuracy": f"{split.corpus_only:.3f}", "protocol": protocol})
        shuffled = evidence.score("control-shuffled", "tcn_mini_xception", protocol)
        if shuffled:
            low, high = shuffled.interval
            rows.append(
                {
                    "control": "shuffled training labels",
                    "protocol": protocol,
                    "accuracy": f"{shuffled.accuracy:.3f}",
                    "interval": f"{low:.3f} to {high:.3f}",
                    "said": "no better than chance, as it must be"
                    if not shuffled.learnt
                    else "better than chance: labels leak through the pipeline",
                }
            )
    columns = {"protocol": "Protocol", "control": "Classifier", "accuracy": "Accuracy", "interval": "95 % interval"}
    columns["said"] = "Finding"
    notes = ["corpus name alone: how far one gets by telling the corpora apart; Neutral exists in BAUM-1 only."]
    return Table("controls", "What scores without looking at a face", columns, rows, notes)


def _speed(evidence: Evidence) -> Table:
    speed, rows = evidence.speed, []
    steps = speed.pipeline
    for claim in evidence.paper.select("text6-*"):
        ours = speed_measured.pipeline(evidence, claim)
        if ours is None:
            continue
        # Without the audit: that two printed numbers give a third says nothing about ours.
        verdict = judge(claim, ours)
        figures = comparison.printed_beside(claim, ours.value)
        rows.append({"what": f"{claim.metric} ({claim.unit})"} | figures | {"verdict": verdict.name})
    for step, times in steps.items():
        rows.append(
            {
                "what": f"of which {step} (ms)" if step != "frame" else "whole frame (ms)",
                "reproduced": f"{times.mean:.1f}",
                "interval": f"p50 {times.p50:.1f}, p95 {times.p95:.1f}",
            }
        )
    machine = speed.machine
    gpus = ", ".join(machine.gpus) or "no GPU"
    notes = [
        f"Networks: batch {speed.asked.batch}, mean of {speed.runs:,} runs in turns after "
        f"{speed.asked.warm_up} to warm up. Pipeline: {steps['frame'].frames} frames of a video. Machine: "
        f"{machine.cpu}, {machine.cores} cores, {gpus}, {machine.backend}.",
        "The paper's times are of an i3-7100 with an RTX 2080 Ti: compare the ratios in Table II, not milliseconds.",
    ]
    columns = {"what": "Quantity"} | comparison.COLUMNS
    columns["interval"] = "Percentiles"
    return Table("speed", "Section VI: time of a frame", columns, rows, notes)
