"""What `reproduce` of a paper left on disk: its plan, its finished runs, and the times it took.

Tables, claims and the report are made from this alone. `load_complete` is for tables, which must not be made of a part;
`load_available` is for overviews, which show what there is and name what is unusable. Experiments that were asked for
with other options than the last ones are evidence of their own (`common.results.plans`), so that nothing is made of
both.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os.path import commonpath
from pathlib import Path
from typing import Any

from common.paper import auditors
from common.paper.load import Claim, Paper
from common.paper.verdicts import TOO_SMALL, Measured, Verdict, judge
from common.results import plans
from common.results.config import RECORDS, ROOT
from common.results.differences import Statement, differences, remarks
from common.results.plan_schema import SpeedFile
from common.runs import scores, store
from common.runs.scores import Score
from common.runs.store import Identity, Run
from common.support.errors import UserError

# What a paper's tables raise where a plan lacks what only that paper has in it.
DAMAGED = (KeyError, TypeError, ValueError, AttributeError, IndexError)
Group = tuple[str, str, str]  # experiment, network, protocol


@dataclass
class Evidence:
    """One plan with what was found of it.

    Attributes:
        data: "real" or "synthetic".
        plan: what `reproduce` wrote down (protocols, experiments, seeds, splits, summary).
        expected: identities of all runs of the plan.
        runs: those that are finished, in the same order.
        speed: what the timing wrote down; empty if nothing was timed.
        results: the folder that all of this lies in.
        warn: takes a sentence about a run that cannot be scored; None raises it instead.
        name: of the plan's file: the profile, and the epochs where they are not the profile's.
        aside: in which answers this plan differs from that of the last command; "" for the last command's.
        elsewhere: experiments that stand in another plan, so that nothing is measured for their claims here.
    """

    paper: Paper
    profile: str
    data: str
    plan: dict
    expected: list[Identity]
    runs: list[Run]
    speed: dict
    results: Path
    warn: Callable[[str], None] | None = None
    name: str = ""
    aside: str = ""
    elsewhere: frozenset[str] = frozenset()
    _scores: dict[Group, Score | None] = field(default_factory=dict, repr=False)

    def of(self, experiment: str, network: str, protocol: str) -> list[Run]:
        """The runs of one network under one protocol, one a seed and fold."""
        wanted = (experiment, network, protocol)
        return [run for run in self.runs if _group(run.identity) == wanted]

    def score(self, experiment: str, network: str, protocol: str) -> Score | None:
        """What these runs scored together; None if there are none.

        Raises:
            UserError: if their predictions cannot be read and nobody takes warnings.
        """
        group = (experiment, network, protocol)
        if group not in self._scores:
            self._scores[group] = self._score(self.of(*group))
        return self._scores[group]

    def _score(self, members: Sequence[Run]) -> Score | None:
        try:
            return scores.score(members) if members else None
        except UserError as error:
            if self.warn is None:
                raise
            self.warn(str(error))
        return None

    def missing_runs(self, experiment: str, network: str, protocol: str, fold: str | None = None) -> str:
        """How many of the planned runs (of one fold) there are, as "2 of 5 runs", or "" where all are finished."""
        group = (experiment, network, protocol)
        planned = [one for one in self.expected if _group(one) == group and fold in (None, one.fold)]
        there = [run for run in self.of(*group) if fold in (None, run.identity.fold)]
        return "" if len(there) == len(planned) else f"{len(there)} of {len(planned)} runs"

    @property
    def recorded(self) -> bool:
        """Whether this is of the records that come with the repository."""
        return self.results == RECORDS

    def place(self, members: Sequence[Run]) -> str:
        """Where these runs lie, as one path from the folder above the results, and when and where records were made."""
        shared = _place(Path(commonpath([run.folder for run in members])), self.results)
        told = [f"{len(members)} runs"] if len(members) > 1 else []
        if self.recorded:
            last = max(members, key=lambda run: run.record.get("ended", ""))
            cpu = (last.record.get("hardware") or {}).get("cpu", "")
            told.append(", ".join(filter(None, [f"recorded {last.record.get('ended', '')[:10]}", cpu])))
        return f"{shared} ({'; '.join(told)})" if told else shared

    def measured(self, measure: Callable[[Claim], Iterable[Measured | None]]) -> dict[str, list[Measured]]:
        """What `measure` gives for each claim, by its id; claims without a measurement are absent."""
        claims = [claim for claim in self.paper.claims if claim.experiment not in self.elsewhere]
        found = {
            claim.id: [replace(one, recorded=self.recorded) for one in measure(claim) if one is not None]
            for claim in claims
        }
        return {claim: several for claim, several in found.items() if several}

    def measurement(
        self,
        claim: Claim,
        members: Sequence[Run],
        value: float,
        interval: tuple[float, float] | None,
        stated: Statement,
        *,
        learnt: bool = True,
        differs: Iterable[str] = (),
        note: Iterable[str] = (),
    ) -> Measured:
        """What these runs give for a claim, with everything in which they differ from what the paper states.

        Args:
            members: the runs behind the figure, at least one.
            value, interval: as parts of 1, or what else the claim's unit counts.
            stated: what the paper states of a run.
            learnt: whether the networks are better than a constant answer.
            differs, note: what only the paper knows of, besides.
        """
        first = members[0].identity
        found = [*differences(self.paper, claim, members, stated), *filter(None, differs)]
        found += filter(None, [self.missing_runs(*_group(first), first.fold if claim.fold is not None else None)])
        left_out = len(broken(self.plan.get("summary", {})))
        found += [f"{left_out} unreadable files left out"] if left_out else []
        told = [*([] if learnt else [TOO_SMALL]), *filter(None, note), *remarks(self.paper, members)]
        place = self.place(members)
        value, interval = value * claim.scale, interval and tuple(bound * claim.scale for bound in interval)
        return Measured(
            value,
            self.data,
            interval,
            differs="; ".join(found),
            note="; ".join(told),
            run=place,
            protocol=first.protocol,
        )

    def judge(self, claim: Claim, measured: Measured | None) -> Verdict:
        """The verdict on a claim, its own check included: the same for every table and overview."""
        return verdict(self.paper, claim, measured)

    def verdict_label(self, claim: Claim, measured: Measured) -> str:
        """The verdict that a row shows; of a network that learnt nothing in the quick profile, that it did not."""
        name = self.judge(claim, measured).name
        small = self.profile == "quick" and TOO_SMALL in measured.note
        return TOO_SMALL if small and name == "not comparable" else name

    @property
    def settings(self) -> dict[str, Any]:
        """What was chosen for every decision of the paper."""
        return self.paper.settings | self.plan["settings"]

    def setting(self, name: str) -> Any:
        return self.settings[name]

    @property
    def meta(self) -> dict:
        """What the file of a table says about the runs behind it."""
        wanted = ("paper", "profile", "data", "protocols", "seeds", "settings", "details")
        return {key: self.plan[key] for key in (*wanted, "epochs", "networks") if key in self.plan}

    @property
    def notes(self) -> list[str]:
        """What sets this plan apart from a whole one of the last command, a sentence each."""
        some = self.plan.get("networks", {})
        told = [f"{name}: only {', '.join(few)} planned, other networks not run." for name, few in some.items()]
        if self.aside:
            told.append(f"Planned by an earlier command, with {self.aside}: {', '.join(self.plan['experiments'])}.")
        return told

    @property
    def plan_place(self) -> str:
        return _place(plans.plan_path(self.paper, self.name or self.profile, self.data, self.results), self.results)

    @property
    def speed_place(self) -> str:
        return _place(plans.speed_path(self.paper, self.profile, self.results), self.results)


def verdict(paper: Paper, claim: Claim, measured: Measured | None) -> Verdict:
    """The verdict on a claim, its own check included."""
    return judge(claim, measured, auditors.run(paper, claim.check) if claim.check else None)


def load_complete(
    paper: Paper, name: str, data: str, results: Path, timed: Iterable[str] = (), plan: dict | None = None
) -> Evidence:
    """The plan of the last command under this name and for this kind of data, with everything that belongs to it.

    Args:
        name: of the plan (`Request.plan_name`): the profile, where the epochs are the profile's.
        timed: the experiments that need times.
        plan: a plan file's content instead of the one on disk, as a command has kept it (`plans.own`).

    Raises:
        UserError: if nothing was run yet, or a run or the times are missing.
    """
    main, *_ = all_parts = _parts(paper, name, data, results, plan)
    wanted = main.get("timed", True) and set(timed) & set(main["experiments"])
    speed = plans.read(plans.speed_path(paper, main["profile"], results), paper, SpeedFile) if wanted else {}
    made = _evidence(paper, name, main, all_parts, results)
    return replace(made, runs=store.complete(made.expected, results / "runs"), speed=speed)


def aside(paper: Paper, name: str, data: str, results: Path, plan: dict | None = None) -> list[Evidence]:
    """The experiments of this name and kind of data that were asked for with other answers than the last command's.

    Args:
        plan: as for `load_complete`.

    Raises:
        UserError: if nothing was run yet, or a run is missing.
    """
    main, *others = all_parts = _parts(paper, name, data, results, plan)
    made = [_evidence(paper, name, one, all_parts, results) for one in others]
    speed = _speed(paper, main["profile"], results, warn=lambda _: None)
    return [replace(one, runs=store.complete(one.expected, results / "runs"), speed=speed) for one in made]


def _parts(paper: Paper, name: str, data: str, results: Path, plan: dict | None) -> list[dict]:
    return plans.parts(plan or plans.read(plans.plan_path(paper, name, data, results), paper))


def load_available(paper: Paper, found: Sequence[Run], results: Path, warn: Callable[[str], None]) -> list[Evidence]:
    """All plans of a paper with what there is of them, real data and the paper's own profile first.

    Args:
        found: the finished runs on disk (`common.runs.store.find`), so that a thousand of them are read once.
        warn: takes one sentence for every file that is unusable.
    """
    by_key = {run.identity.key: run for run in found}
    usable = []
    for path in sorted((results / "runs" / paper.name).glob("plan-*.json")):
        name, _, data = path.stem.removeprefix("plan-").rpartition("-")
        try:
            all_parts = plans.parts(plans.read(path, paper))
        except UserError as error:
            warn(str(error))
            continue
        if any(plan["data"] != data or plan["paper"] != paper.name for plan in all_parts):
            warn(f"{path} holds the plan of something else.")
            continue
        made = [_evidence(paper, name, plan, all_parts, results) for plan in all_parts]
        for one in made:
            members = [by_key[identity.key] for identity in one.expected if identity.key in by_key]
            members = [run for run in members if _readable(run, warn)]
            speed = _speed(paper, one.profile, results, warn)
            usable.append(replace(one, runs=members, speed=speed, warn=warn))
    return sorted(usable, key=preference)


def preference(one: Evidence) -> tuple:
    """Sorts plans: real data and the paper's own profile first, runs of this machine before records."""
    return one.data != "real", one.profile != "paper", one.recorded, one.name


def _evidence(paper: Paper, name: str, plan: dict, all_parts: Sequence[dict], results: Path) -> Evidence:
    """One of the plans of a file, without its runs."""
    expected = [Identity(**identity) for identity in plan["runs"]]
    others = frozenset(one for part in all_parts if part is not plan for one in part["experiments"])
    apart = plans.unlike(plan, all_parts[0]) if plan is not all_parts[0] else ""
    profile, data = plan["profile"], plan["data"]
    return Evidence(paper, profile, data, plan, expected, [], {}, results, name=name, aside=apart, elsewhere=others)


def _readable(run: Run, warn: Callable[[str], None]) -> bool:
    """Whether the predictions of a run can be scored; those with a checksum were compared with it already."""
    try:
        return bool(run.record.get("files")) or run.predictions() is not None
    except UserError as error:
        warn(str(error))
        return False


def _speed(paper: Paper, profile: str, results: Path, warn: Callable[[str], None]) -> dict:
    path = plans.speed_path(paper, profile, results)
    if not path.exists():
        return {}
    try:
        return plans.read(path, paper, SpeedFile)
    except UserError as error:
        warn(str(error))
    return {}


def _group(identity: Identity) -> Group:
    return identity.experiment, identity.network, identity.protocol


def broken(summary: Mapping) -> list[str]:
    """The problems with files that were left out, wherever a plan notes them: for all corpora together, or each."""
    parts = [part for part in summary.values() if isinstance(part, dict)]
    return [*summary.get("broken", []), *(problem for part in parts for problem in broken(part))]


def _place(path: Path, results: Path) -> str:
    return path.relative_to(ROOT if results == RECORDS else results.parent).as_posix()
