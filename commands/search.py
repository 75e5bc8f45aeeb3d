"""`search`: try settings with Optuna, go on where an earlier command stopped, and print what was found."""

from typing import Any

from commands.reproduce import SYNTHETIC, checked, describe, tables_folder
from common.results.tables import Table
from common.support.console import console
from common.support.errors import UserError
from common.training import search_store
from reproductions import registry


def run(name: str, corpus: str, trials: int | None, storage: str, **options) -> list[Table]:
    """Search until every study has `trials` finished trials, and print the tables; returns them.

    Args:
        corpus: keys separated by commas, or "" for all corpora of the paper that are there.
        trials: of each study, those of earlier commands included; as many as the profile says if None.
        storage: URL of a database, a file for SQLite, or "" for results/search/<paper>.db.
        options: of `common.results.config.check`.

    Raises:
        UserError: for anything that the user can mend.
    """
    paper = registry.reproduction(name)
    if not paper.has("search"):
        raise UserError(f"{name} has no search.", f"Papers with one: {', '.join(registry.having('search'))}.")
    request = checked(name, **options)
    wanted = request.sizes["trials"] if trials is None else trials
    if wanted < 1:
        raise UserError(f"A search of {wanted} trials finds nothing.", "Write TRIALS= as a number from 1.")
    database = search_store.url(storage, request.results / "search" / f"{name}.db")
    console.print(f"{request.paper.title}: search\n{describe(request)}")
    console.print(f"Trials are kept in {search_store.shown(database)}")
    data = paper.search.run(request, corpus, wanted, database, _show).word
    made = paper.search.tables(request.paper, request.profile, data, request.results)
    for table in made:
        table.save(tables_folder(request.results, name, request.profile, data))
        table.show(console)
    for path in paper.search.draw(request.paper, request.profile, data, request.results):
        console.print(f"Drawn: {path}")
    if data == "synthetic":
        console.print(SYNTHETIC, style="yellow")
    return made


def _show(study: str, done: int, wanted: int, trial: Any) -> None:
    came = f"pruned in fold {len(trial.intermediate_values)}" if trial.state.name == "PRUNED" else f"{trial.value:.2%}"
    console.print(f"{study}: trial {trial.number}, {came} ({done} of {wanted})")
