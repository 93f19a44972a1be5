"""Typed rows as the columns that conditions are evaluated on: a line a project, or a line a procedure of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from itertools import chain, compress
from typing import cast

from msgspec import Struct

from xmreport.model.asked import AsAsked
from xmreport.model.rows import Rows
from xmreport.model.submission import Cell, Row, Unreadable, Value
from xmreport.rulebook.conditions.evaluation import Condition
from xmreport.rulebook.form import OFFICE, REPORTER, Form


class Columns(Struct, frozen=True):
    """`values` by field, all of one length; `places` says which row, and which procedure, each line is of."""

    values: Mapping[str, Sequence[Cell]]
    places: Sequence[tuple[int, str | None]]

    def lines(self, names: Sequence[str]) -> list[tuple[Cell, ...]]:
        """The cells of some columns, line by line; of none, as many empty lines."""
        return list(zip(*(self.values[name] for name in names), strict=True)) if names else [()] * len(self.places)


class RowsByColumn:
    """The rows of one form by column.

    Args:
        form: the form as its county uses it.
        cells: gives a field of all rows.
        units: the reporting unit of each row, for the column 填报单位; None is not known.
    """

    def __init__(self, form: Form, cells: Callable[[str], Sequence[Cell]], units: Sequence[str | None]) -> None:
        self.form = form
        self.units = units
        self._cells = cells
        self._truths: dict[tuple[str, Condition, tuple[Value, ...]], Sequence[bool]] = {}

    @classmethod
    def of(cls, form: Form, rows: Sequence[Row], unit: str | None) -> RowsByColumn:
        """One unit's rows."""
        return cls(form, Rows.of(rows).column, [unit or None] * len(rows))

    def columns(self, table: str) -> Columns:
        """The columns of the table `项目`, or of `手续`: a line for each procedure that a row speaks of."""
        return self._procedures if table == "手续" else self._projects

    def held(self, table: str, condition: Condition | None, given: Mapping[str, Value]) -> Sequence[bool]:
        """Whether each line meets a condition; what is unknown does not. Lines alike are judged once."""
        if condition is None:
            return [True] * len(self.columns(table).places)
        asked = (table, condition, tuple(given.values()))
        if asked not in self._truths:
            self._truths[asked] = self._judged(self.columns(table), condition, given)
        return self._truths[asked]

    def _judged(self, columns: Columns, condition: Condition, given: Mapping[str, Value]) -> list[bool]:
        names = sorted(condition.names)
        lines = columns.lines(names)
        alike = list(dict.fromkeys(lines))
        values = dict(zip(names, zip(*alike, strict=True), strict=True)) if alike else dict.fromkeys(names, ())
        truths = condition.evaluate(values, len(alike), given)
        found = {line: truth is True for line, truth in zip(alike, truths, strict=True)}
        return [found[line] for line in lines]

    def spoken_of(self, procedure: str) -> Sequence[bool]:
        """Whether each row speaks of a procedure: of one that the county requires every row does."""
        if procedure in self.form.procedures:
            return [True] * len(self.units)
        columns = (self._projects.values[f"{procedure}.{sub}"] for sub in self.form.sub_columns)
        said = [cells for cells in columns if cells.count(None) < len(cells)]
        if not said:
            return [False] * len(self.units)
        return [any(cell is not None for cell in cells) for cells in zip(*said, strict=True)]

    @cached_property
    def _projects(self) -> Columns:
        places = [(at, None) for at in range(len(self.units))]
        return Columns(AsAsked(self.form.fields, self._cells, {REPORTER: lambda: self.units}), places)

    @cached_property
    def _procedures(self) -> Columns:
        form, whole = self.form, self._projects.values
        names = (*form.procedures, *form.further_procedures)
        spoken = {name: said for name in names if any(said := self.spoken_of(name))}
        lines = list(chain.from_iterable(zip(*spoken.values(), strict=True)))

        def beside(columns: Sequence[Sequence[Cell]]) -> list[Cell]:
            """A column for each procedure that is spoken of, as one."""
            return list(compress(chain.from_iterable(zip(*columns, strict=True)), lines))

        def over(name: str) -> list[Cell]:
            return beside([whole[name]] * len(spoken))

        def under(sub: str) -> list[Cell]:
            return beside([whole[f"{procedure}.{sub}"] for procedure in spoken])

        def each(words: Sequence[str | None]) -> list[Cell]:
            return beside([[word] * len(self.units) for word in words])

        own: dict[str, Callable[[], Sequence[Cell]]] = {
            **{sub: partial(under, sub) for sub in form.sub_columns},
            "手续": lambda: each(list(spoken)),
            OFFICE: lambda: each([form.offices.get(name) for name in spoken]),
        }
        places = compress(((at, name) for at in range(len(self.units)) for name in spoken), lines)
        return Columns(AsAsked((*form.columns, REPORTER), over, own), list(places))


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


def readable_all(cells: Sequence[Cell]) -> Sequence[Value]:
    """The same of a column; there is hardly ever any in an accepted row."""
    if Unreadable in set(map(type, cells)):
        return [readable(cell) for cell in cells]
    return cast("Sequence[Value]", cells)
