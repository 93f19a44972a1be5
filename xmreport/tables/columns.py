"""The columns of a table that has no template of its own: which, how each is headed, and what kind it is.

A sheet for a generic template is a `SheetData` with `columns` from here and `head` widened by `money_line`; the lines
name their values by field, so that the same data suits a template of the workbook's own. A heading line among the
lines is `Line("分组", {"分组": words})`, or the template's own field besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from xmreport.model.sheets import Asked, ColumnData
from xmreport.rulebook.form import Form
from xmreport.rulebook.listing import DAYS_LEFT

SUMMARY, LIST = "通用汇总表.xlsx", "通用清单.xlsx"
"""Generic templates: of a workbook with totals by unit, and of any other table."""
UNIT = "填报单位"
MONEY, NUMBER, WORKED_OUT = "金额", "数", "计算"
MONEY_LINE = "金额单位"
"""What the heading of a generic template says of money."""


def form_columns(form: Form, procedures: Iterable[str] = ()) -> tuple[ColumnData, ...]:
    """All columns of a form in its order, the 序号 left out: `procedures` are printed of those it may have."""
    wanted = (None, *procedures)
    names = (name for name, field in form.fields.items() if field.type != "序号" and field.procedure in wanted)
    return typed_columns(form, names)


def typed_columns(form: Form, names: Iterable[str], table: str = "项目") -> tuple[ColumnData, ...]:
    """The columns `names` over a form's table `项目` or `手续`: its fields, 填报单位, 手续, 办理部门 and 剩余天数."""
    types = {**form.types(table), UNIT: "单位", DAYS_LEFT: "文本", "办理部门": "单位"}
    return tuple(_column(form, name, types[name]) for name in names)


def blank_columns(form: Form) -> tuple[ColumnData, ...]:
    """What a unit is asked to fill in: all but what the engine fills, with a * where something must stand."""
    fields = (form.fields[column.field] for column in form_columns(form, form.procedures))
    return tuple(
        _column(form, field.name, field.type, "*" if field.required else "")
        for field in fields
        if not field.column.filled
    )


def asked(form: Form, names: Mapping[str, tuple[str, ...]] | None = None) -> Asked:
    """What people fill into the form's columns; `names` are texts that are looked for, by column."""
    own = [field for field in form.fields.values() if not field.column.filled]
    return Asked(
        choices={
            field.name: tuple(form.options[field.column.options])
            for field in own
            if field.column.options and form.options.get(field.column.options)
        },
        names=names or {},
        dates=frozenset(field.name for field in own if field.type == "日期"),
        money=frozenset(field.name for field in own if field.type == MONEY),
        numbers=frozenset(field.name for field in own if field.type == NUMBER and field.name not in form.computed),
        filled=frozenset(form.fields) - {field.name for field in own},
    )


def money_line(form: Form | None, columns: Iterable[ColumnData]) -> dict[str, str]:
    """The head's words for money: `单位：万元` where a column is money, else none."""
    money = form is not None and any(column.type == MONEY for column in columns)
    return {MONEY_LINE: f"单位：{form.file.money}" if form and money else ""}


def _column(form: Form, name: str, kind: str, mark: str = "") -> ColumnData:
    words = "\n".join(name.split(".")) + mark
    heading = f"{words}\n（{form.file.money}）" if kind == MONEY else words
    worked_out = kind == NUMBER and name in form.computed
    return ColumnData(name, WORKED_OUT if worked_out else kind, heading, _total(form, name))


def _total(form: Form, name: str) -> Literal["", "求和", "计数"]:
    if name in form.file.totals.sums:
        return "求和"
    return "计数" if name == form.file.name_column else ""
