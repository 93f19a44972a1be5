"""The units of one county at their desks: what each holds of each form, and the workbooks they make of it."""

from __future__ import annotations

import datetime as dt
import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from xmreport.demo.cases import Manner
from xmreport.demo.projects import Record
from xmreport.demo.submission import PROCEDURE_FIELDS, Draft, Heading, write
from xmreport.rulebook.book import County
from xmreport.rulebook.form import FIGURES, Form, FormField

_DELETED = "删"
_CODE = "项目代码"
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_NEEDLESS = "不需办理"
_OPEN = ("正在办理", "未办理")


class Desk:
    """What the units of a county hold, from return to return."""

    def __init__(self, county: County, area: str, code_month: str) -> None:
        self.county = county
        self.area = area
        self.code_month = code_month
        self._held: dict[tuple[str, str], list[Record]] = {}

    def clear(self, form: str) -> None:
        """Units fill the form from the beginning."""
        for unit, held in list(self._held):
            if held == form:
                del self._held[unit, held]

    def add(self, name: str, table: str) -> dict[str, None]:
        """Lines of a table are added to what their units hold; the units, in order."""
        form = self.county.forms[name]
        head, *lines = ([cell.strip() for cell in line.split("|")] for line in table.strip().splitlines())
        units: dict[str, None] = {}
        for line in lines:
            unit, *cells = line
            self._held.setdefault((unit, name), []).append(
                self._record(form, unit, dict(zip(head[1:], cells, strict=True)))
            )
            units[unit] = None
        return units

    def change(self, name: str, project: str, changes: Mapping[str, Any] | str) -> None:
        """Every line of a project is altered, or taken out."""
        form = self.county.forms[name]
        for (_, held), records in self._held.items():
            if held != name:
                continue
            for record in [each for each in records if each.get(form.file.name_column) == project]:
                if isinstance(changes, str):
                    assert changes == _DELETED
                    records.remove(record)
                else:
                    for column, value in changes.items():
                        record.update(_cells(form, column, "" if value is None else str(value)))

    def workbook(self, unit: str, forms: Sequence[str], day: dt.date, manner: Manner) -> bytes:
        """A unit's return of these forms, a sheet each; a form of which it holds nothing is a nil return."""
        drafts = [self._draft(self.county.forms[name], unit, day, manner) for name in forms]
        if len(drafts) > 1:
            for draft, name in zip(drafts, forms, strict=True):
                draft.sheet = name
        return write(*drafts)

    def _draft(self, form: Form, unit: str, day: dt.date, manner: Manner) -> Draft:
        records = self._held.get((unit, form.name), [])
        amounts = any(column.type == "金额" for column in form.columns.values())
        return Draft(
            form.title,
            manner.said or unit,
            day,
            headings_of(form),
            [dict(record) for record in records],
            annex=form.annex,
            money=(manner.money or form.file.money) if amounts else None,
            only_line=None if records else "零报告",
            area=self.area,
        )

    def _record(self, form: Form, unit: str, cells: Mapping[str, str]) -> Record:
        """One line; whose it is and the project's code are filled in where the table does not say."""
        record: Record = {}
        if _CODE in form.columns and _CODE not in cells:
            record[_CODE] = self._code(cells[form.file.name_column])
        for name, column in form.columns.items():
            if column.type == "单位" and column.required and name not in cells:
                record[name] = unit
        for name, text in cells.items():
            record |= _cells(form, name, text)
        return record

    def _code(self, project: str) -> str:
        """A code of the right shape, the same for a project wherever it is reported."""
        number = zlib.crc32(project.encode()) % 900_000 + 100_000
        return f"{self.code_month}-{self.county.file.code}-89-01-{number}"


def headings_of(form: Form) -> list[Heading]:
    """The form's header as units are given it: without what the system fills."""
    return [
        Heading(field.name, field.procedure, field.column.name)
        if field.procedure
        else Heading(field.name, field.name + "*" * field.required)
        for field in form.fields.values()
        if not field.column.filled and (field.procedure is None or field.procedure in form.procedures)
    ]


def _cells(form: Form, name: str, text: str) -> Record:
    """What stands under a heading; a procedure's `县 已办结 2023-11-02` in its four cells."""
    if name in form.procedures:
        return _procedure(form, name, text.split())
    return {name: _value(form.fields[name], text)}


def _procedure(form: Form, name: str, words: Sequence[str]) -> Record:
    values: dict[str, str] = dict.fromkeys(PROCEDURE_FIELDS, "")
    if words == [_NEEDLESS]:
        values["办理进展"] = _NEEDLESS
    else:
        values["办理层级"], values["办理进展"], *day = words
        values["拟办结时限" if values["办理进展"] in _OPEN else "办结时间"] = "".join(day)
    return {f"{name}.{field}": _value(form.fields[f"{name}.{field}"], text) for field, text in values.items()}


def _value(field: FormField, text: str) -> Any:
    """A figure or a day where the text is one and the column asks for it; else the text as the unit wrote it."""
    if not text:
        return None
    if field.type in FIGURES and re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text) if "." in text else int(text)
    if field.type == "日期" and (day := _DAY.fullmatch(text)):
        return dt.date(*map(int, day.groups()))
    if field.type == "日期" and (month := _MONTH.fullmatch(text)):
        return f"{month[1]}年{int(month[2])}月"
    return text
