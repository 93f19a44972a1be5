"""Typed rows as the columns that conditions are evaluated on: a line a project, or a line a procedure of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xmreport.model.submission import Cell, Row, Unreadable, Value
from xmreport.rulebook.form import Form


@dataclass(frozen=True)
class Columns:
    """`values` by field, all of one length; `places` says which row, and which procedure, each line is of."""

    values: Mapping[str, Sequence[Cell]]
    places: Sequence[tuple[int, str | None]]


def columns_of(form: Form, rows: Sequence[Row], table: str, units: Sequence[str] | None = None) -> Columns:
    """The columns of the table `项目` or `手续`.

    Args:
        form: the form as its county uses it.
        rows: typed rows of that form.
        table: `项目` for a line a project, `手续` for a line a procedure that a row says anything of.
        units: the reporting unit of each row, for the column 填报单位; an empty one is not known.
    """
    lines: list[tuple[int, str | None]]
    if table == "手续":
        lines = [(index, name) for index, row in enumerate(rows) for name in procedures_of(form, row)]
    else:
        lines = [(index, None) for index in range(len(rows))]
    owners = units or [""] * len(rows)
    plain = [name for name, field in form.fields.items() if field.procedure is None or table == "项目"]
    values: dict[str, list[Cell]] = {name: [rows[i].values.get(name) for i, _ in lines] for name in plain}
    if table == "手续":
        for sub in form.sub_columns:
            values[sub] = [rows[i].values.get(f"{procedure}.{sub}") for i, procedure in lines]
        values["手续"] = [procedure for _, procedure in lines]
        values["办理部门"] = [form.offices.get(procedure or "") for _, procedure in lines]
    values["填报单位"] = [owners[i] or None for i, _ in lines]
    return Columns(values, lines)


def procedures_of(form: Form, row: Row) -> list[str]:
    """The procedures a row speaks of: all that the county requires, and further ones with an entry."""
    further = [
        name
        for name in form.further_procedures
        if any(row.values.get(f"{name}.{sub}") is not None for sub in form.sub_columns)
    ]
    return [*form.procedures, *further]


def readable(value: Cell) -> Value:
    """None in the place of what could not be read."""
    return None if isinstance(value, Unreadable) else value
