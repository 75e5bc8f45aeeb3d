"""`audit`: what each paper contradicts about itself, and the same checks for any table of any other paper."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from commands.grids import Grid, is_number, plain, read_folds, read_matrix
from common.paper import auditors
from common.paper import load as papers
from common.paper.auditors.attainable import attainability, attainable, fold_accuracies
from common.paper.auditors.confusion import orientation
from common.paper.auditors.result import AuditResult
from common.paper.auditors.significance import paired_p_values
from common.paper.load import AuditItem, Paper
from common.paper.printed import printed
from common.results.tables import Table
from common.support.console import console
from common.support.errors import UserError

FINDINGS = {True: "holds", False: "contradicted"}


def findings(paper: Paper) -> list[tuple[AuditItem, AuditResult | None]]:
    """Every audit item of a paper with the result of its check, where it has one."""
    return [(item, auditors.run(paper, item.check) if item.check else None) for item in paper.audits]


def show_papers(name: str) -> None:
    """Print what one paper, or every paper, contradicts about itself.

    Raises:
        UserError: if there is no such paper.
    """
    found = Counter()
    for paper in map(papers.load, [name] if name else papers.names()):
        console.print(f"{paper.title} ({paper.year})", style="bold")
        for item, result in findings(paper):
            found[outcome(item, result) if result else "text"] += 1
            _show_item(item, result)
        console.print()
    console.print(
        f"{found.total()} items: {found['contradicted']} contradicted by arithmetic, {found['not shown']} neither "
        f"refuted nor shown, {found['holds']} confirmed; {found['fits our reading']} are not stated in the paper, and "
        f"the arithmetic fits our reading; {found['text']} rest on the text."
    )


def _show_item(item: AuditItem, result: AuditResult | None) -> None:
    colour = "red" if result and result.finding == "contradicted" else "yellow"
    console.print(f"  {item.kind}  {item.id}", style=colour)
    console.print(f"    the paper says  {item.says}")
    console.print(f"    against that    {item.evidence}")
    if result:
        console.print(f"    arithmetic      {result.arithmetic} → {outcome(item, result)}")


def outcome(item: AuditItem, result: AuditResult) -> str:
    """What the arithmetic shows, in words: of what the paper does not state it can only bear out our reading."""
    return "fits our reading" if (item.kind, result.finding) == ("not stated", "holds") else result.finding


def accuracy(value: str, n: int, runs: int) -> AuditResult:
    """Whether `value` can be an accuracy on n test samples, or the mean of so many runs on n samples each.

    Args:
        value: as printed; up to 1 it is read as a fraction, above as a percentage.

    Raises:
        UserError: if the value is no number, or the sizes are not positive.
    """
    if n < 1 or runs < 1:
        raise UserError("An accuracy can only be checked against a number of test samples.", "Give it as --n 96.")
    if is_number(value):
        ((value,),) = plain([[value]], "The accuracy")
    number = _number(value)
    if not 0 <= number <= 100:
        raise UserError(f"{value!r} is no accuracy.", "Give it as printed, as in 98.83 or 0.979.")
    part = f"{runs} runs of {n}" if runs > 1 else ""
    return attainability(value, n * runs, scale=1 if number <= 1 else 100, part=part)


def matrix(path: Path, class_sizes: str) -> list[Table]:
    """What can be said about a confusion matrix in a CSV file.

    Args:
        class_sizes: number of samples of every class, separated by commas, to tell rows from columns; or "".

    Raises:
        UserError: if the file is no square table of numbers.
    """
    grid = read_matrix(path)
    rows = [[_number(cell) for cell in row] for row in grid.cells]
    columns = list(zip(*rows, strict=True))
    whole, unit = _unit(rows)
    total, slack = sum(map(sum, rows)), _rounding(grid)
    diagonal = [rows[i][i] for i in range(len(rows))]
    lines = [
        {
            "class": name,
            "row": f"{sum(row):g}",
            "column": f"{sum(column):g}",
            "diagonal": cells[i],
            "finding": "" if whole is None else FINDINGS[abs(sum(row) - whole) <= slack],
        }
        for i, (name, row, column, cells) in enumerate(zip(grid.names, rows, columns, grid.cells, strict=True))
    ]
    notes = [f"Read as {unit}."]
    if whole is None:
        notes.append(f"{sum(diagonal):g} of {total:g} on the diagonal: accuracy {sum(diagonal) / total:.4%}.")
    else:
        wrong = sum(line["finding"] == "contradicted" for line in lines)
        notes.append(f"{wrong} of {len(lines)} rows do not add up to {whole:g}; rounding explains up to {slack:g}.")
        notes.append(f"Mean of the diagonal: {sum(diagonal) / len(diagonal):.4f}.")
    head = {"class": "Class", "row": "Row sum", "column": "Column sum", "diagonal": "Diagonal", "finding": "Row"}
    found = [Table("matrix", f"{path.name}: {len(rows)} classes", head, lines, notes)]
    if class_sizes:
        found.append(_orientation(grid, whole, _sizes(class_sizes, len(rows))))
    return found


def _unit(rows: Sequence[Sequence[float]]) -> tuple[float | None, str]:
    """What a row of shares adds up to, or None for counts."""
    sums = sorted(sum(row) for row in rows)
    middle, biggest = sums[len(sums) // 2], max(map(max, rows))
    if biggest <= 1 and middle <= 1.2:
        return 1.0, "fractions: every row should add up to 1"
    if 80 <= middle <= 120 and biggest <= 100:
        return 100.0, "percentages: every row should add up to 100"
    return None, "counts"


def _rounding(grid: Grid) -> float:
    """How far rounding can move the sum of a row: half a unit of the usual last digit for every cell."""
    decimals = sorted(printed(cell).decimals for row in grid.cells for cell in row if "." in cell) or [0]
    return len(grid.names) * 0.5 / 10 ** decimals[len(decimals) // 2]


def _orientation(grid: Grid, whole: float | None, sizes: list[int]) -> Table:
    columns = {"orientation": "Rows are", "finding": "Finding", "arithmetic": "Arithmetic"}
    title = f"Which way does it run, with classes of {', '.join(map(str, sizes))}?"
    if whole is None:
        sums = [sum(_number(cell) for cell in row) for row in grid.cells]
        across = [sum(_number(row[i]) for row in grid.cells) for i in range(len(sizes))]
        rows = [
            {
                "orientation": name,
                "finding": FINDINGS[found == sizes],
                "arithmetic": f"sums {', '.join(f'{x:g}' for x in found)}",
            }
            for name, found in (("actual", sums), ("predicted", across))
        ]
        return Table("orientation", title, columns, rows)
    decimals = {printed(cell).decimals for row in grid.cells for cell in row}
    if len(decimals) == 1:
        wrong = [name for name, row, n in zip(grid.names, grid.cells, sizes, strict=True) if not _fits(row, n, whole)]
        told = f"rows that no {' or '.join(map(str, sorted(set(sizes))))} samples give: {', '.join(wrong) or 'none'}"
        return Table(
            "orientation",
            title,
            columns,
            [{"orientation": "actual", "finding": FINDINGS[not wrong], "arithmetic": told}],
        )
    # Cells with different numbers of decimals were printed with a number of significant digits.
    shares = [[str(_number(cell) / whole) for cell in row] for row in grid.cells]
    digits = max(len(cell.replace(".", "").lstrip("0")) for row in grid.cells for cell in row)
    rows = []
    for stated in ("actual", "predicted"):
        result = orientation(shares, sizes, stated, digits)
        rows.append({"orientation": stated, "finding": result.finding, "arithmetic": result.arithmetic})
    return Table("orientation", title, columns, rows)


def _fits(row: Sequence[str], n: int, whole: float) -> bool:
    """Whether n samples can be shared out so that the shares print as this row."""
    counts = [attainable(cell, n, scale=int(whole)) for cell in row]
    return all(counts) and sum(map(min, counts)) <= n <= sum(map(max, counts))


def folds(path: Path, sizes: str) -> list[Table]:
    """What can be said about fold accuracies in a CSV file: one method a row, one fold a column.

    Args:
        sizes: samples of every fold, or one number for all, separated by commas; or "".

    Raises:
        UserError: if the file is no table of numbers with at least two folds.
    """
    grid = read_folds(path)
    n = len(grid.cells[0])
    lines = []
    for name, cells in zip(grid.names, grid.cells, strict=True):
        average = sum(map(_number, cells)) / n
        scale = 1 if max(map(_number, cells)) <= 1 else 100
        line = {"method": name, "mean": f"{average:.4f}"}
        if sizes:
            digits = max(printed(cell).decimals for cell in cells)
            result = fold_accuracies(cells, _sizes(sizes, n), digits, scale)
            line |= {"finding": result.finding, "arithmetic": result.arithmetic}
        lines.append(line)
    head = {"method": "Method", "mean": "Mean of the folds"}
    head |= {"finding": "Finding", "arithmetic": "Arithmetic"} if sizes else {}
    found = [Table("folds", f"{path.name}: {n} folds", head, lines)]
    if len(grid.names) > 1:
        found.append(_tests(grid))
    return found


def _tests(grid: Grid) -> Table:
    twice = [name for name, count in Counter(grid.names).items() if count > 1]
    if twice:
        raise UserError(f"The method {twice[0]!r} has several rows.", "Give each row a name of its own.")
    values = {name: [_number(cell) for cell in cells] for name, cells in zip(grid.names, grid.cells, strict=True)}
    rows, columns = [], {"pair": "Pair"}
    for first, second in combinations(values, 2):
        better, worse = sorted((first, second), key=lambda name: -sum(values[name]))
        row = {"pair": f"{better} better than {worse}"}
        try:
            found = paired_p_values(values[better], values[worse])
            row |= {name: f"{p:.5f}" for name, p in found.items()}
            columns |= {name: name for name in found}
        except ValueError as error:
            row["remark"] = str(error)
            columns["remark"] = "Remark"
        rows.append(row)
    notes = ["Folds share most of their training data, so these tests call chance significant too often."]
    return Table("tests", "Are the differences significant?", columns, rows, notes)


def _sizes(text: str, wanted: int) -> list[int]:
    words = text.split(",")
    if not all(word.strip().isdecimal() and int(word) > 0 for word in words):
        raise UserError(f"The sizes {text!r} are not whole numbers.", "Write them as in 48,48,40.")
    sizes = [int(word) for word in words]
    if len(sizes) == 1:
        return sizes * wanted
    if len(sizes) != wanted:
        raise UserError(f"There are {len(sizes)} sizes for {wanted} columns.", "Give one for each, or one for all.")
    return sizes


def _number(cell: str) -> float:
    if not is_number(cell):
        raise UserError(f"{cell!r} is no printed number.", "Give it as printed, as in 98.83.")
    return float(printed(cell).value)


def show(result: AuditResult | list[Table]) -> None:
    """Print a result of this module."""
    if isinstance(result, AuditResult):
        colour = "red" if result.finding == "contradicted" else "green"
        console.print(f"{result.finding} ", style=colour, end="")
        console.print(result.arithmetic)
        return
    for table in result:
        table.show(console)
