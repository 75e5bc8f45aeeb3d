"""One plan with what there is of it on disk: its finished runs, and the times it took.

Tables, claims and the report are made from this alone (`common.results.loading` finds it).
"""

from collections.abc import Callable, Iterable, Sequence
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
from common.results.plan_schema import Plan, SpeedFile
from common.runs import scores, store
from common.runs.scores import Score
from common.runs.store import Identity, Run
from common.support.errors import UserError

# What a paper's tables raise where a plan lacks what only that paper has in it.
DAMAGED = (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError)
Group = tuple[str, str, str]  # experiment, network, protocol


@dataclass
class Evidence:
    """One plan with what was found of it.

    Attributes:
        plan: what `reproduce` wrote down.
        results: the folder that all of this lies in.
        runs: those of the plan that are finished, in the same order.
        speed: what the timing wrote down; None if nothing was timed.
        warn: takes a sentence about a run that cannot be scored; None raises it instead.
        name: of the plan's file: the profile, and the epochs where they are not the profile's.
        aside: in which answers this plan differs from that of the last command; "" for the last command's.
        elsewhere: experiments that stand in another plan, so that nothing is measured for their claims here.
        beside: the other plans of the same file, for claims that compare experiments of several of them.
    """

    paper: Paper
    plan: Plan
    results: Path
    runs: list[Run] = field(default_factory=list)
    speed: SpeedFile | None = None
    warn: Callable[[str], None] | None = None
    name: str = ""
    aside: str = ""
    elsewhere: frozenset[str] = frozenset()
    beside: tuple["Evidence", ...] = ()
    _scores: dict[Group, Score | None] = field(default_factory=dict, init=False, repr=False)
    _beside: dict[Identity, Run | None] = field(default_factory=dict, init=False, repr=False)

    @property
    def profile(self) -> str:
        return self.plan.profile

    @property
    def data(self) -> str:
        """ "real" or "synthetic"."""
        return self.plan.data

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

    def finished(self, identity: Identity) -> Run | None:
        """A run beside those of the plan, such as one of a search; None where it is not finished. It is read once."""
        if identity not in self._beside:
            self._beside[identity] = store.finished(identity, self.results / "runs")
        return self._beside[identity]

    def missing_runs(self, experiment: str, network: str, protocol: str, fold: str | None = None) -> str:
        """How many of the planned runs (of one fold) there are, as "2 of 5 runs", or "" where all are finished."""
        group = (experiment, network, protocol)
        planned = [run for run in self.plan.runs if _group(run) == group and fold in (None, run.fold)]
        finished = [run for run in self.of(*group) if fold in (None, run.identity.fold)]
        return "" if len(finished) == len(planned) else f"{len(finished)} of {len(planned)} runs"

    @property
    def recorded(self) -> bool:
        """Whether this is of the records that come with the repository."""
        return self.results == RECORDS

    def place(self, members: Sequence[Run]) -> str:
        """Where these runs lie, as one path from the folder above the results, and when and where records were made."""
        shared = _place(Path(commonpath([run.folder for run in members])), self.results)
        details = [f"{len(members)} runs"] if len(members) > 1 else []
        if self.recorded:
            last = max(members, key=lambda run: run.record.get("ended", ""))
            cpu = (last.record.get("hardware") or {}).get("cpu", "")
            details.append(", ".join(filter(None, [f"recorded {last.record.get('ended', '')[:10]}", cpu])))
        return f"{shared} ({'; '.join(details)})" if details else shared

    def measured(self, measure: Callable[[Claim], Iterable[Measured | None]]) -> dict[str, list[Measured]]:
        """What `measure` gives for each claim, by its id; claims without a measurement are absent."""
        claims = [claim for claim in self.paper.claims if claim.experiment not in self.elsewhere]
        measurements = {
            claim.id: [replace(measured, recorded=self.recorded) for measured in measure(claim) if measured is not None]
            for claim in claims
        }
        return {claim: several for claim, several in measurements.items() if several}

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
        differing = [*differences(self.paper, claim, members, stated), *filter(None, differs)]
        groups = dict.fromkeys((*_group(run.identity), run.identity.fold if claim.fold else None) for run in members)
        differing += dict.fromkeys(filter(None, (self.missing_runs(*group) for group in groups)))
        left_out = len(self.plan.broken)
        differing += [f"{left_out} unreadable files left out"] if left_out else []
        remarked = [*([] if learnt else [TOO_SMALL]), *filter(None, note), *remarks(self.paper, members)]
        place = self.place(members)
        value, interval = value * claim.scale, interval and tuple(bound * claim.scale for bound in interval)
        return Measured(
            value,
            self.data,
            interval,
            differs="; ".join(differing),
            note="; ".join(remarked),
            run=place,
            runs=len(members),
            protocol=members[0].identity.protocol,
        )

    def gap(
        self, claim: Claim, groups: Sequence[Group], stated: Statement, *, differs: Iterable[str] = ()
    ) -> Measured | None:
        """How much more accurate the first of two groups of runs is on the same test samples.

        None where either was not run, or where their seeds differ: what is compared must be trained with the same.
        """
        both = [self.score(*group) for group in groups]
        if None in both:
            return None
        first, second = (self.of(*group) for group in groups)
        if {run.identity.seed for run in first} != {run.identity.seed for run in second}:
            return None
        value, *interval = scores.paired_difference(first, second)
        learnt = all(score.learnt for score in both)
        return self.measurement(
            claim, [*first, *second], value, tuple(interval), stated, learnt=learnt, differs=differs
        )

    def counted(self, value: float, differs: str = "") -> Measured:
        """What was counted in the data, whatever was trained on them."""
        return Measured(value, self.data, differs=differs, run=self.plan_place)

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
        return self.paper.settings | self.plan.settings

    def setting(self, name: str) -> Any:
        return self.settings[name]

    @property
    def meta(self) -> dict:
        """What the file of a table says about the runs behind it."""
        wanted = ("paper", "profile", "data", "protocols", "seeds", "settings", "details")
        some = [key for key in ("epochs", "networks") if getattr(self.plan, key)]
        return {key: getattr(self.plan, key) for key in (*wanted, *some)}

    @property
    def notes(self) -> list[str]:
        """What sets this plan apart from a whole one of the last command with the profile's epochs, a sentence each."""
        names = ", ".join(self.plan.experiments)
        sentences = []
        if self.plan.epochs:
            sentences.append(f"{names}: trained with EPOCHS={self.plan.epochs} instead of the profile's number.")
        some = self.plan.networks.items()
        sentences += [f"{name}: only {', '.join(few)} planned, other networks not run." for name, few in some]
        if self.aside:
            sentences.append(f"Run by a separate command, with other options ({self.aside}): {names}.")
        return sentences

    @property
    def plan_place(self) -> str:
        return _place(plans.plan_path(self.paper, self.name or self.profile, self.data, self.results), self.results)

    @property
    def speed_place(self) -> str:
        return _place(plans.speed_path(self.paper, self.profile, self.results), self.results)


def verdict(paper: Paper, claim: Claim, measured: Measured | None) -> Verdict:
    """The verdict on a claim, its own check included."""
    return judge(claim, measured, auditors.run(paper, claim.check) if claim.check else None)


def _group(identity: Identity) -> Group:
    return identity.experiment, identity.network, identity.protocol


def _place(path: Path, results: Path) -> str:
    return path.relative_to(ROOT if results == RECORDS else results.parent).as_posix()
