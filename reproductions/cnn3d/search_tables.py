"""Tables of the search: the ten best configurations, what mattered, and what the winner is worth."""

from pathlib import Path
from typing import Any

from common.paper.load import Paper
from common.results.tables import Table
from common.runs import selection_bias
from common.training import search_effects
from reproductions.cnn3d import search_record, searched
from reproductions.cnn3d.data import CKPLUS, KEYS

BEST = 10
BAR = 20
TITLES = {
    "optimization": "Optimiser",
    "clahe": "CLAHE",
    "normalization": "Normalised",
    "activation": "Activation",
    "loss_weights": "Loss weights",
    "temporal_size": "Temporal size",
    "initializer": "Initialiser",
    "pooling": "Pooling",
    "second_convolution": "Second convolution",
    "dropout": "Dropout",
}


def tables(paper: Paper, profile: str, data: str, results: Path) -> list[Table]:
    """The tables of every corpus that was searched; none where nothing was.

    Raises:
        UserError: if what a search has written down is damaged.
    """
    all_tables = []
    for name, key in KEYS.items():
        record = search_record.read(search_record.place(paper, profile, data, results, key))
        if record is None:
            continue
        content = record.content
        # The published search is a single study.
        for study in content["studies"].get("published", {}).values():
            all_tables.append(_best(paper, name, key, content, study))
            if study["importances"]:
                all_tables.append(_importances(name, key, content, study))
            if name == CKPLUS:
                all_tables.append(_statements(paper, key, content, study))
        if content["nested"]:
            all_tables.append(_nested(name, key, content))
    for table in all_tables:
        table.meta = {"paper": paper.name, "profile": profile, "data": data}
    return all_tables


def _best(paper: Paper, name: str, key: str, content: dict, study: dict) -> Table:
    trials = study["trials"]
    rows = [
        {
            "rank": rank,
            "trial": trial["number"],
            "accuracy": _accuracy(trial, study),
            **{option: _shown(value) for option, value in trial["options"].items()},
        }
        for rank, trial in enumerate(trials[:BEST], start=1)
    ]
    if name == CKPLUS:
        stated = paper.hyperparameters["best"]
        rows.append({"rank": "printed", "accuracy": "97.56 %"} | {option: _shown(stated[option]) for option in stated})
    columns = {"rank": "Rank", "trial": "Trial", "accuracy": "Accuracy"} | TITLES
    printed = "Table 2" if name == CKPLUS else "Table 3 (lost)"
    title = f"{printed}: the best of {len(trials)} trials on {name}{title_suffix(content)}"
    return Table(
        f"search_{key}", title, columns, rows, [*_sampler(study), *_pruning(study), *_warning(name, study, paper)]
    )


def _sampler(study: dict) -> list[str]:
    """How the trials were drawn; records of before the arguments were stated do not say."""
    noted = study.get("sampler")
    if not noted:
        return ["By which arguments of the sampler these trials were drawn was not noted."]
    mixtures = "one mixture for all parameters" if noted["multivariate"] else "one mixture for each parameter"
    return [f"Drawn by TPE of Optuna {noted['optuna']}, {mixtures}."]


def _accuracy(trial: dict, study: dict) -> str:
    if trial["pruned"]:
        return f"pruned in fold {trial['folds']}, {trial['tested'] - trial['correct']} errors of {trial['tested']}"
    return f"{trial['correct'] / study['samples']:.2%} ({trial['correct']} of {study['samples']})"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value).replace("_", " ")


def title_suffix(content: dict) -> str:
    """What keeps these figures apart from the paper's."""
    suffix = ", synthetic faces" if content["data"] == "synthetic" else ""
    narrow = content["narrow"]
    return suffix + (f", narrow C3D (filters / {narrow['width']})" if narrow else "")


def _pruning(study: dict) -> list[str]:
    trials, notes = study["trials"], []
    pruned = sum(trial["pruned"] for trial in trials)
    if study["prune_below"]:
        notes.append(
            f"{pruned} of {len(trials)} trials were pruned: they had made so many errors that they could not reach "
            f"{study['prune_below']:.1%} of {study['samples']} sequences."
        )
    if study["given_up"]:
        notes.append(f"{study['given_up']} configurations were given up after their trainings were killed repeatedly.")
    return notes


def _warning(name: str, study: dict, paper: Paper) -> list[str]:
    """What picking the best trial on the reported folds does, in points."""
    samples = study["samples"]
    accuracies = [trial["correct"] / samples for trial in study["trials"] if not trial["pruned"]]
    if len(accuracies) < 2:
        return [
            "Too few trials were completed to say how much of the best one's accuracy is luck: see the nested search."
        ]
    stated = paper.hyperparameters["search"]["trials"]
    measured, luck = selection_bias.spread(accuracies, samples)
    ours = selection_bias.of_the_best(accuracies, samples, len(accuracies))
    theirs = selection_bias.of_the_best(accuracies, samples, stated)
    return [
        f"Beware: the best trial was chosen on the folds whose accuracy it shows. The {len(accuracies)} completed "
        f"trials differ by ±{100 * measured:.2f} points on {samples} sequences; luck alone makes ±{100 * luck:.2f}. In "
        f"simulated searches of that spread the best of {len(accuracies)} looks {_points(ours)} better than it is, the "
        f"best of {stated} (as many as the paper tried) {_points(theirs)}."
    ]


def _points(optimism: selection_bias.Optimism) -> str:
    return f"{100 * optimism.expected:.1f} points (95 %: {100 * optimism.low:.1f} to {100 * optimism.high:.1f})"


def _importances(name: str, key: str, content: dict, study: dict) -> Table:
    best = study["trials"][0]["options"]
    completed = sum(not trial["pruned"] for trial in study["trials"])
    top = max(study["importances"].values()) or 1.0
    rows = [
        {
            "option": TITLES[option],
            "importance": f"{share:.3f}",
            "bar": "█" * round(BAR * share / top),
            "best": _shown(best[option]),
        }
        for option, share in sorted(study["importances"].items(), key=lambda pair: -pair[1])
    ]
    title = f"Which options matter in the search on {name}{title_suffix(content)}"
    columns = {"option": "Option", "importance": "Importance", "bar": "", "best": "Best trial"}
    notes = [f"Share of the accuracy's variance that an option explains (fANOVA over {completed} completed trials)."]
    return Table(f"search_{key}_importances", title, columns, rows, notes)


def _statements(paper: Paper, key: str, content: dict, study: dict) -> Table:
    """What section 4.1 says of single options, beside how their trials rank."""
    rows = []
    for claim in paper.select("section4_1-*"):
        having, lacking = searched.sides(claim.network, study["trials"])
        row = {"claim": claim.source.partition(": ")[2], "having": len(having), "lacking": len(lacking)}
        if having and lacking:
            value, (low, high) = search_effects.dominance(having, lacking)
            row |= {"value": f"{value:+.2f}", "interval": f"{low:+.2f} to {high:+.2f}"}
        rows.append(row | {"stated": f"{claim.relation} than {claim.value}"})
    columns = {
        "claim": "Section 4.1",
        "having": "Trials with",
        "lacking": "Trials without",
        "value": "Cliff's delta",
    }
    columns |= {"interval": "95 % interval", "stated": "To be"}
    notes = [
        "Cliff's delta: how much likelier a trial with the option is better than one without than the other way "
        "about, -1 to 1; pruned trials rank behind all others, by how far they came. Trials are drawn by those before "
        "them, so the interval is rather too narrow, and other options differ as well. Verdicts: make claims.",
    ]
    return Table(f"search_{key}_statements", f"What helps, by section 4.1{title_suffix(content)}", columns, rows, notes)


def _nested(name: str, key: str, content: dict) -> Table:
    """What searching is worth: the winner of each outer fold on subjects that its search did not see."""
    nested, studies = content["nested"], content["studies"]["strict"]
    rows = []
    for fold in nested["folds"]:
        study = studies[fold["study"]]
        best = study["trials"][0]
        rows.append(
            {
                "fold": fold["fold"],
                "trials": len(study["trials"]),
                "inner": _accuracy(best, study),
                "outer": f"{fold['correct'] / fold['tested']:.2%} ({fold['correct']} of {fold['tested']})",
                **{option: _shown(value) for option, value in best["options"].items()},
            }
        )
    low, high = nested["interval"]
    notes = [
        f"All outer folds together: {nested['accuracy']:.2%} of {nested['samples']} sequences (95 % interval over "
        f"{nested['subjects']} subjects {low:.2%} to {high:.2%}). No choice has seen these subjects, so this is what "
        "the search is worth.",
        *_optimism_seen(nested, studies),
    ]
    columns = {"fold": "Outer fold", "trials": "Trials", "inner": "Best, inner folds", "outer": "Tested, outer fold"}
    title = f"Nested search on {name}: searched on the training subjects of each fold, tested on the others"
    title += title_suffix(content)
    return Table(f"search_{key}_nested", title, columns | TITLES, rows, notes)


def _optimism_seen(nested: dict, studies: dict) -> list[str]:
    """How much better the winners looked where they were chosen; nothing where a winner was pruned."""
    best = [(studies[fold["study"]]["trials"][0], studies[fold["study"]]["samples"]) for fold in nested["folds"]]
    if any(trial["pruned"] for trial, _ in best):
        return []
    inner = sum(trial["correct"] for trial, _ in best) / sum(samples for _, samples in best)
    return [f"The winners showed {inner:.2%} where they were chosen: {100 * (inner - nested['accuracy']):+.1f} points."]
