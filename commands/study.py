"""Is the synthetic corpus hard in the right way? A classifier of faces should find in it what it finds in people.

Motion must help (five frames clearly better than one), unknown subjects must be harder than known ones, and nothing
may be solved completely. The study trains the same small network on one frame and on five, with several seeds.
"""

from common.paper import load as papers
from common.results import plans
from common.results.config import cache_from_environment, check, results_from_environment
from common.results.loading import load_complete
from common.results.tables import Table
from common.runs import scores
from common.runs.store import Run
from common.support.console import console
from reproductions import registry

ONE, FIVE = "mini_xception_2d", "tcn_mini_xception"
SOLVED = 0.99


def run(seeds: str) -> Table:
    """Train what is missing, then print and save results/studies/synthetic_difficulty.

    Each seed divides the subjects anew: one division tests a fifth of them, and some fifths are easier than others.
    """
    experiments = registry.reproduction("timeconvnet").experiments
    paper = papers.load("timeconvnet")
    results = results_from_environment()
    found, sizes = [], {}
    for seed in seeds.split(","):
        request = check(
            paper,
            experiments.EXPERIMENTS,
            profile="study",
            experiment="table2",
            seeds=seed,
            settings=[f"split_seed={seed}"],
            cache=cache_from_environment(),
            results=results,
        )
        experiments.reproduce(request)
        own = plans.own(paper, request.plan_name, "synthetic", results)
        evidence = load_complete(paper, "study", "synthetic", results, plan=own)
        found += evidence.runs
        for protocol, split in evidence.plan.splits.items():
            sizes[protocol] = sizes.get(protocol, 0) + split.sizes.test
    table = findings(found)
    summary = evidence.plan.summary
    people = sum(summary.subjects.values())
    table.notes.append(
        f"{people} synthetic subjects, {sum(row['windows'] for row in summary.windows):,} windows, "
        f"version {evidence.plan.details['version']} of the synthetic faces; seeds {seeds}, each with its own split; "
        f"{', '.join(f'{count:,} ({name})' for name, count in sizes.items())} test windows in all. Intervals are "
        "bootstraps over subjects and seeds."
    )
    table.meta = {"profile": "study", "seeds": seeds, "summary": summary.key}
    table.save(results / "studies")
    table.show(console)
    return table


def findings(runs: list[Run]) -> Table:
    """What must hold, what was measured, and whether it does."""

    def of(network: str, protocol: str) -> list[Run]:
        wanted = ("table2", network, protocol)
        return [r for r in runs if (r.identity.experiment, r.identity.network, r.identity.protocol) == wanted]

    rows = []
    for network in (ONE, FIVE):
        for protocol in ("published", "strict"):
            score = scores.score(of(network, protocol))
            spread = f", seeds ±{score.spread:.3f}" if score.spread is not None else ""
            rows.append(
                {
                    "what": f"accuracy of {network}, {protocol}",
                    "measured": f"{score.accuracy:.3f}",
                    "interval": f"{score.interval[0]:.3f} to {score.interval[1]:.3f}{spread}",
                    "must": f"between chance ({score.chance:.3f}) and {SOLVED}",
                    "holds": _yes(score.learnt and score.accuracy < SOLVED),
                }
            )
    comparisons = {
        "five frames − one, unknown subjects": scores.paired_difference(of(FIVE, "strict"), of(ONE, "strict")),
        "five frames − one, windows at random": scores.paired_difference(of(FIVE, "published"), of(ONE, "published")),
        "known − unknown subjects, one frame": scores.difference(of(ONE, "published"), of(ONE, "strict")),
        "known − unknown subjects, five frames": scores.difference(of(FIVE, "published"), of(FIVE, "strict")),
    }
    for what, (gain, low, high) in comparisons.items():
        interval = f"{low:+.3f} to {high:+.3f}"
        row = {"what": what, "measured": f"{gain:+.3f}", "interval": interval, "must": "above 0, interval included"}
        rows.append(row | {"holds": _yes(low > 0)})
    columns = {"what": "Quantity", "measured": "Measured", "interval": "95 % interval", "must": "Must be"}
    return Table(
        "synthetic_difficulty", "Is the synthetic corpus hard in the right way?", columns | {"holds": "Holds"}, rows
    )


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"
