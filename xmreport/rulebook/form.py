"""A form's definition: its columns with types and aliases, and the checks of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal

from msgspec import Struct
from pydantic import Discriminator, Field, Tag

from xmreport.rulebook.conditions.evaluation import Condition, Expression
from xmreport.rulebook.files.words import Code, FileName, Rules, Whole, YesNo
from xmreport.rulebook.names import key_of

REPORTER, OFFICE = "填报单位", "办理部门"
"""Columns of units that no form has and every table of rows does: who reported, who handles a procedure."""
FieldType = Literal["序号", "文本", "金额", "数", "日期", "年限", "代码", "单位", "选项", "电话"]
FIGURES = frozenset({"金额", "数"})
"""Types of columns that hold figures."""
RULE_WORDS = frozenset({"字段", "值", "手续", "项目", "报告日", "规则", "提示"})
"""What a finding of a row rule can say: a code whose sentence needs other words is none for a rule."""


class Column(Rules):
    """One column of a form."""

    name: str = Field(alias="名称", min_length=1)
    type: FieldType = Field(alias="类型")
    required: YesNo = Field(alias="必填", default=False)
    aliases: tuple[str, ...] = Field(alias="别名", default=())
    options: str | None = Field(alias="选项", default=None)
    others: Literal["错误", "提醒", "允许"] = Field(alias="其他值", default="错误")
    time: Literal["将来", "过去"] = Field(alias="时间", default="过去")
    """Which way a date without a year is completed: a deadline lies ahead, a completion behind (M14)."""
    cumulative: Literal["年内", "开工以来"] | None = Field(alias="累计", default=None)
    """A figure that never falls from one period to the next: within a year, or since work began."""
    computed: str | None = Field(alias="计算", default=None)
    """Worked out from other columns; what a unit writes there is compared with it."""
    filled: YesNo = Field(alias="系统填写", default=False)
    """Filled by the engine: read back, never asked of a unit."""


class GroupSlot(Rules):
    """Where the repeated group of columns stands among the columns."""

    group: Literal["手续"] = Field(alias="组")


ColumnOrGroup = Annotated[Column, Tag("列")] | Annotated[GroupSlot, Tag("组")]


def _entry_kind(value: object) -> str:
    """A fault in a column is told of the column alone, not of every kind of entry there is."""
    return "组" if isinstance(value, GroupSlot) or (isinstance(value, dict) and "组" in value) else "列"


class Procedures(Rules):
    """The repeated group: one block of sub-columns for each procedure."""

    required: tuple[str, ...] = Field(alias="必填", min_length=1)
    optional: tuple[str, ...] = Field(alias="可选", default=())
    aliases: Mapping[str, tuple[str, ...]] = Field(alias="别名", default_factory=dict)
    columns: tuple[Column, ...] = Field(alias="子列", min_length=1)


class RowRule(Rules):
    """A check of rows: where `when` holds, `must` has to hold; a finding stands at the cell of `at`."""

    code: Code = Field(alias="代码")
    table: Literal["项目", "手续"] = Field(alias="表", default="项目")
    when: str | None = Field(alias="当", default=None)
    must: str = Field(alias="应")
    at: str = Field(alias="标在")
    severity: Literal["错误", "提醒"] = Field(alias="级别", default="错误")
    hint: str | None = Field(alias="提示", default=None)
    once_a_row: YesNo = Field(alias="每项目一次", default=False)


class Regress(Rules):
    """A sub-column whose value may not be left once reached (M27)."""

    column: str = Field(alias="列")
    value: str = Field(alias="值")


class Against(Rules):
    """What is compared with the unit's last return of the same form."""

    regress: Regress | None = Field(alias="倒退", default=None)
    gone: YesNo = Field(alias="消失", default=False)
    jump: Whole | None = Field(alias="金额突变", default=None)
    adds_up: Mapping[str, str] = Field(alias="累计相符", default_factory=dict)
    """A cumulative column → the column of this period alone: last period's cumulative and this period's make it."""


class Totals(Rules):
    """Which columns a summary adds up."""

    sums: tuple[str, ...] = Field(alias="求和", default=())


class FormFile(Rules):
    """One file of `rules/forms/`."""

    name: FileName = Field(alias="报表")
    money: Literal["万元", "亿元", "元"] = Field(alias="金额单位", default="万元")
    signs: tuple[str, ...] = Field(alias="识别", default=())
    name_column: str = Field(alias="名称列")
    key: tuple[str, ...] = Field(alias="主键", min_length=1)
    spare_key: tuple[str, ...] = Field(alias="备用主键", default=())
    columns: tuple[Annotated[ColumnOrGroup, Discriminator(_entry_kind)], ...] = Field(alias="列", min_length=1)
    procedures: Procedures | None = Field(alias="手续", default=None)
    options: Mapping[str, Mapping[str, tuple[str, ...]]] = Field(alias="选项", default_factory=dict)
    rules: tuple[RowRule, ...] = Field(alias="核验", default=())
    against: Against = Field(alias="比对上期", default_factory=Against)
    totals: Totals = Field(alias="汇总", default_factory=Totals)


Choices = Annotated[tuple[str, ...], Tag("列表")] | Annotated[Mapping[str, tuple[str, ...]], Tag("近义词")]


def _choices_kind(value: object) -> str:
    return "近义词" if isinstance(value, Mapping) else "列表"


class FormUse(Rules):
    """What a county changes or adds when it uses a form."""

    title: str | None = Field(alias="标题", default=None)
    annex: str = Field(alias="附件", default="附件")
    procedures: tuple[str, ...] = Field(alias="手续", default=())
    options: Mapping[str, Annotated[Choices, Discriminator(_choices_kind)]] = Field(alias="选项", default_factory=dict)
    offices: Mapping[str, str] = Field(alias="办理部门", default_factory=dict)
    rules: tuple[RowRule, ...] = Field(alias="核验", default=())
    source: str = Field(alias="出处", default="")


class FormField(Struct, frozen=True):
    """One column of a form as a county uses it; a procedure's sub-column is `立项.办理进展`."""

    name: str
    column: Column
    procedure: str | None
    required: bool

    @property
    def type(self) -> FieldType:
        return self.column.type


class Check(Struct, frozen=True, eq=False):
    """A row rule with its conditions parsed."""

    rule: RowRule
    when: Condition | None
    must: Condition


class Form(Struct, frozen=True, eq=False, dict=True):
    """A form as one county uses it: the shared definition with that county's changes worked in."""

    file: FormFile
    title: str
    annex: str
    procedures: tuple[str, ...]
    """The procedures this county requires; further ones are read where a sheet has them."""
    options: Mapping[str, Mapping[str, tuple[str, ...]]]
    offices: Mapping[str, str]
    checks: tuple[Check, ...]
    computed: Mapping[str, Expression] = {}
    """Computed column → what it is worked out as."""

    @property
    def name(self) -> str:
        return self.file.name

    @cached_property
    def fields(self) -> Mapping[str, FormField]:
        """Every field the form knows, in its order, the optional procedures' included."""
        found: dict[str, FormField] = {}
        for column in self.file.columns:
            if isinstance(column, Column):
                found[column.name] = FormField(column.name, column, None, column.required)
                continue
            assert self.file.procedures
            for procedure in (*self.procedures, *self.further_procedures):
                for sub in self.file.procedures.columns:
                    name = f"{procedure}.{sub.name}"
                    found[name] = FormField(name, sub, procedure, sub.required and procedure in self.procedures)
        return found

    @cached_property
    def further_procedures(self) -> tuple[str, ...]:
        group = self.file.procedures
        known = (*group.required, *group.optional) if group else ()
        return tuple(name for name in known if name not in self.procedures)

    @cached_property
    def columns(self) -> Mapping[str, Column]:
        """The plain columns by name."""
        return {column.name: column for column in self.file.columns if isinstance(column, Column)}

    @cached_property
    def sub_columns(self) -> Mapping[str, Column]:
        return {column.name: column for column in self.file.procedures.columns} if self.file.procedures else {}

    def types(self, table: str) -> dict[str, str]:
        """Field → type, as conditions over the table `项目` or `手续` may name them."""
        types: dict[str, str] = {name: column.type for name, column in self.columns.items() if column.type != "序号"}
        if table == "手续":
            types |= {name: column.type for name, column in self.sub_columns.items()}
            types |= {"手续": "文本", OFFICE: "单位"}
        else:
            types |= {name: field.type for name, field in self.fields.items() if field.procedure}
        return types | {REPORTER: "单位"}

    def choices(self, table: str) -> Mapping[str, tuple[str, ...]]:
        """Field → the values it may take, where it is a closed choice."""
        further = self.sub_columns if table == "手续" else {n: f.column for n, f in self.fields.items() if f.procedure}
        columns = {**self.columns, **further}
        return {
            name: tuple(self.options[column.options])
            for name, column in columns.items()
            if column.options and column.others == "错误" and self.options.get(column.options)
        }

    @cached_property
    def meanings(self) -> Mapping[str, Mapping[str, str]]:
        """Choice → every way of writing it, as compared, → the value meant."""
        return {
            name: {key_of(way).upper(): meant for meant, others in choices.items() for way in (*others, meant)}
            for name, choices in self.options.items()
        }
