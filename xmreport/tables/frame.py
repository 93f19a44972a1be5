"""Rows by column, as conditions and figures go through them: each column is made once, when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Generic, TypeVar, cast

from xmreport.model.submission import Cell, Unreadable, Value
from xmreport.rulebook.columns import Columns, readable
from xmreport.rulebook.conditions import Condition
from xmreport.rulebook.form import Form

REPORTER = "填报单位"
Made_co = TypeVar("Made_co", covariant=True)
_Maker = Callable[[], Sequence[Cell]]


class Frame:
    """The rows of one form, and the reporting unit of each; `cells` gives a field of all of them."""

    def __init__(self, form: Form, cells: Callable[[str], Sequence[Cell]], units: Sequence[str]) -> None:
        self.form = form
        self.units = units
        self._cells = cells
        self._truths: dict[tuple[str, Condition, tuple[Value, ...]], Sequence[bool]] = {}

    def columns(self, table: str) -> Columns:
        """The columns of the table `项目` or `手续`, and of which row and procedure each of its lines is."""
        return self._procedures if table == "手续" else self._projects

    def held(self, table: str, condition: Condition | None, given: Mapping[str, Value]) -> Sequence[bool]:
        """Whether each line meets a condition; what is unknown does not. Lines alike are judged once."""
        if condition is None:
            return [True] * len(self.columns(table).places)
        asked = (table, condition, tuple(given.values()))
        if asked not in self._truths:
            self._truths[asked] = self._judged(self.columns(table).values, condition, given)
        return self._truths[asked]

    def _judged(
        self, columns: Mapping[str, Sequence[Cell]], condition: Condition, given: Mapping[str, Value]
    ) -> list[bool]:
        names = sorted(condition.names)
        if not names:
            return [truth is True for truth in condition.evaluate(columns, given)]
        lines = list(zip(*(columns[name] for name in names), strict=True))
        alike = list(dict.fromkeys(lines))
        values = dict(zip(names, zip(*alike, strict=True), strict=True)) if alike else dict.fromkeys(names, ())
        truths = condition.evaluate(values, given)
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
        makers: dict[str, _Maker] = {name: partial(self._cells, name) for name in self.form.fields}
        return Columns(AsAsked({**makers, REPORTER: lambda: self.units}), [(at, None) for at in range(len(self.units))])

    @cached_property
    def _procedures(self) -> Columns:
        form = self.form
        names = (*form.procedures, *form.further_procedures)
        spoken = {name: said for name in names if any(said := self.spoken_of(name))}
        places = [(at, name) for at in range(len(self.units)) for name, said in spoken.items() if said[at]]
        rows = [at for at, _ in places]
        values = self._projects.values
        plain = (name for name, field in form.fields.items() if field.procedure is None)
        makers: dict[str, _Maker] = {name: partial(_picked, values, name, rows) for name in (*plain, REPORTER)}
        makers |= {sub: partial(self._under, places, sub) for sub in form.sub_columns}
        makers["手续"] = lambda: [name for _, name in places]
        makers["办理部门"] = lambda: [form.offices.get(name) for _, name in places]
        return Columns(AsAsked(makers), places)

    def _under(self, places: Sequence[tuple[int, str]], sub: str) -> list[Cell]:
        columns = {name: self._projects.values[f"{name}.{sub}"] for name in dict.fromkeys(name for _, name in places)}
        return [columns[name][at] for at, name in places]


class AsAsked(Mapping[str, Made_co], Generic[Made_co]):
    """Columns by name, each made when it is first asked for."""

    def __init__(self, makers: Mapping[str, Callable[[], Made_co]]) -> None:
        self._makers = makers
        self._made: dict[str, Made_co] = {}

    def __getitem__(self, name: str) -> Made_co:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def readable_all(cells: Sequence[Cell]) -> Sequence[Value]:
    """None in the place of what could not be read; there is hardly ever any in an accepted row."""
    if Unreadable in set(map(type, cells)):
        return [readable(cell) for cell in cells]
    return cast("Sequence[Value]", cells)


def _picked(columns: Mapping[str, Sequence[Cell]], name: str, places: Sequence[int]) -> list[Cell]:
    return list(map(columns[name].__getitem__, places))
