"""The printed results of a paper.yaml, table by table: what claims share is stated once, and expanded here.

    tables:
      - id: table2
        source: Table II
        where: {dataset: BigFaceX, experiment: table2, network: "{row}"}
        columns:
          accuracy: {source: column Accuracy, metric: accuracy, unit: fraction, protocol: random split}
          parameters: {source: column Parameters, metric: parameters, unit: parameters, protocol: count, dataset: none}
        rows:
          resnet20: {source: row ResNet20, values: ["0.979", "274,535"]}
          mobilenetv2: {source: row MobileNetV2, values: ["0.923", null]}

These are three claims: table2-resnet20-accuracy, table2-resnet20-parameters and table2-mobilenetv2-accuracy.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from common.paper.places import Place, Source
from common.paper.schema import Claim, Strict
from common.support.errors import UserError

FIELDS = set(Claim.model_fields)


class Table(Strict):
    """Claims that share something: a printed table, a part of one, or the statements of a section.

    A claim takes its fields from `where`, its row, its column and its cell; the later one wins. Two fields add up
    instead: the sources of table, row, column and cell are joined by commas, and a `check` that names no auditor gives
    further arguments to the one before it. In every text, "{row}" and "{column}" stand for the names of row and column,
    "{network}", "{emotion}", "{fold}", "{cited}" and "{id}" for these fields of the claim.

    Attributes:
        id: how the ids of its claims begin: "<id>-<row>-<column>", unless a claim states its `id`.
        source: where it is printed, e.g. "Table II".
        where: fields that all its claims share.
        columns: fields of each column by its name, in the order of the values; none where a row is one claim.
        rows: by name. With columns, the list of a row's values, or a mapping of its fields with that list under
            `values`. Without, the value as printed, or a mapping of the claim's fields. A cell of the list is the value
            as printed, a mapping of fields, or null where there is no claim.
    """

    id: str = ""
    source: str = ""
    where: dict[str, Any] = Field(default_factory=dict)
    columns: dict[str, dict[str, Any]] = Field(default_factory=dict)
    rows: dict[str, Any]


class Tables(Strict):
    tables: list[Table]


@dataclass(frozen=True)
class Stated:
    """A claim as the file states it.

    Attributes:
        fields: its keys and values.
        place: where its row or cell stands in the file.
        places: where each of its keys is stated.
    """

    fields: dict[str, Any]
    place: Place
    places: dict[str, Place]


# The fields that one part of a table states, each with its place.
Part = dict[str, tuple[Any, Place]]


def expand(tables: list[Table], source: Source) -> list[Stated]:
    """The claims of all tables, row by row, in the order of the file.

    Raises:
        UserError: naming line and key of an unknown field or placeholder, or the line of a row whose values do not
            fit the columns.
    """
    return [claim for number, table in enumerate(tables) for claim in _claims(table, ("tables", number), source)]


def _claims(table: Table, place: Place, source: Source) -> Iterator[Stated]:
    heading: Part = {"source": (table.source, (*place, "source"))}
    shared = _part(table.where, (*place, "where"), FIELDS, source)
    columns = {name: _part(fields, (*place, "columns", name), FIELDS, source) for name, fields in table.columns.items()}
    for row, stated in table.rows.items():
        at = (*place, "rows", row)
        if not columns:
            parts = [heading, shared, _part(stated, at, FIELDS, source)]
            yield _claim(table.id, {"row": row}, parts, at, source)
            continue
        of_row, values, at_values = _row(stated, at, source)
        if len(values) != len(columns):
            problem = (
                f"{source.at(at)}: the number of values of row {row!r} is {len(values)}, of columns {len(columns)}."
            )
            raise UserError(problem, f"Give one each to {', '.join(columns)}; null where nothing is printed.")
        for position, ((column, of_column), cell) in enumerate(zip(columns.items(), values, strict=True)):
            if cell is not None:
                at_cell = (*at_values, position)
                parts = [heading, shared, of_row, of_column, _part(cell, at_cell, FIELDS, source)]
                yield _claim(table.id, {"row": row, "column": column}, parts, at_cell, source)


def _row(stated: Any, place: Place, source: Source) -> tuple[Part, list[Any], Place]:
    """The fields of a row that stands below columns, its values, and where these stand."""
    if isinstance(stated, list):
        return {}, stated, place
    if isinstance(stated, dict):
        part = _part(stated, place, FIELDS | {"values"}, source)
        values, at_values = part.pop("values", (None, place))
        if isinstance(values, list):
            return part, values, at_values
    problem = f"{source.at(place)}: row {place[-1]!r} lacks its list of `values`."
    raise UserError(problem, 'The table has columns, so give the row one value a column, such as ["0.979", "274,535"].')


def _part(stated: Any, place: Place, valid: set[str], source: Source) -> Part:
    """The fields stated at a place; what is not a mapping is the value as printed."""
    if not isinstance(stated, dict):
        return {"value": (stated, place)}
    for key in stated:
        if key not in valid:
            raise source.unknown_key((*place, key), valid)
    return {key: (value, (*place, key)) for key, value in stated.items()}


def _claim(prefix: str, names: dict[str, str], parts: list[Part], place: Place, source: Source) -> Stated:
    """One claim: its parts laid over each other, and the names filled in."""
    fields: dict[str, Any] = {"id": "-".join(name for name in (prefix, *names.values()) if name)}
    places: dict[str, Place] = {}
    for part in parts:
        for key, (value, at) in part.items():
            before = fields.get(key)
            if key == "source" and before and isinstance(value, str):
                value = f"{before}, {value}"
            if key == "check" and isinstance(value, dict) and "auditor" not in value and isinstance(before, dict):
                value = before | value
            fields[key], places[key] = value, at
    names = dict(names)
    for key in ("network", "emotion", "fold", "cited", "id"):
        names[key] = _fill(fields.get(key), names, places.get(key, place), source)
    filled = {key: _fill(value, names, places.get(key, place), source) for key, value in fields.items()}
    return Stated({key: value for key, value in filled.items() if key != "source" or value}, place, places)


def _fill(value: Any, names: dict[str, Any], place: Place, source: Source) -> Any:
    """The same value with "{row}" and the like replaced, also inside lists and mappings."""
    if isinstance(value, list):
        return [_fill(item, names, place, source) for item in value]
    if isinstance(value, dict):
        return {key: _fill(item, names, place, source) for key, item in value.items()}
    if not isinstance(value, str) or "{" not in value:
        return value

    def name(match: re.Match[str]) -> str:
        if names.get(match[1]) is None:
            known = ", ".join(f"{{{key}}}" for key, text in names.items() if text is not None)
            raise UserError(f"{source.at(place)} has the unknown placeholder {match[0]}.", f"Known here: {known}.")
        return str(names[match[1]])

    return re.sub(r"\{(\w+)\}", name, value)
