import datetime as dt
import pickle
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError, PydanticKnownError, core_schema
from pydantic_core._pydantic_core import list_all_errors

from xmreport.rulebook.files.faults import RuleFault, RulesBroken, nearest, validate
from xmreport.rulebook.files.source import load
from xmreport.rulebook.files.wording import EXPECTED


class Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True)


class Level(StrEnum):
    ERROR = "错误"
    WARNING = "提醒"


class Unit(Rules):
    name: str = Field(alias="名称", min_length=1)
    aliases: tuple[str, ...] = Field(alias="别名", default=())


def _hour(value: str) -> str:
    if ":" not in value:
        raise PydanticCustomError("rule", "{expected}", {"expected": "时限，如 每周五 17:00"})
    return value


class Task(Rules):
    due: Annotated[str, BeforeValidator(_hour)] = Field(alias="时限")
    form: str = Field(alias="报表")
    count: int = Field(alias="次数", default=1, ge=1)
    clock: Literal["首次报送", "首次合格"] = Field(alias="计时", default="首次报送")
    level: Level = Field(alias="级别", default=Level.ERROR)
    until: dt.date | None = Field(alias="至", default=None)

    @field_validator("form")
    @classmethod
    def _known(cls, value: str) -> str:
        if value == "旧表":
            raise ValueError("旧表已经停用，请改用新表")
        return value


class Weekly(Rules):
    kind: Literal["周报"] = Field(alias="类")
    day: str = Field(alias="日")


class Monthly(Rules):
    kind: Literal["月报"] = Field(alias="类")
    day: int = Field(alias="日")


class County(Rules):
    name: str = Field(alias="县区")
    units: Mapping[str, tuple[str | Unit, ...]] = Field(alias="单位", default_factory=dict)
    tasks: dict[str, Task] = Field(alias="任务", default_factory=dict)
    plans: list[Annotated[Weekly | Monthly, Field(discriminator="kind")]] = Field(alias="计划", default_factory=list)
    codes: dict[Annotated[str, Field(pattern="^[A-Z]$")], str] = Field(alias="代码", default_factory=dict)
    groups: list[Unit] | None = Field(alias="分组", default=None)

    @model_validator(mode="after")
    def _consistent(self):
        if self.name == "无名县":
            raise ValueError("县区名称应与区划代码一致")
        return self


@pytest.fixture
def check(tmp_path):
    folder = tmp_path / "rules"
    folder.mkdir()

    def checker(text: str, model: type[BaseModel] = County, at=()):
        path = folder / "guxian.yaml"
        path.write_text(text, encoding="utf-8")
        return validate(model, load(path), at)

    return checker


def said(faults: list[RuleFault]) -> list[str]:
    return [str(fault).removeprefix("rules/guxian.yaml ") for fault in faults]


def test_good_rules_become_a_model_without_faults(check):
    county, faults = check(
        "县区: 古县\n"
        "单位:\n  部门: [县工信局, {名称: 县住建局, 别名: [住建局]}]\n"
        "任务:\n  周报: {时限: '17:00', 报表: 甲, 次数: 2}\n"
    )
    assert faults == []
    assert county.units["部门"][1] == Unit(名称="县住建局", 别名=("住建局",))
    assert county.tasks["周报"].count == 2


def test_each_fault_is_one_line_with_its_place(check):
    county, faults = check(
        "县区: 古县\n任务:\n  周报:\n"
        "    时限: 周五\n    报表: 旧表\n    次数: 两次\n"
        "    计时: 首次报\n    级别: 警告\n    至: 年底\n"
    )
    assert county is None
    assert said(faults) == [
        "第4行第9列 任务 › 周报 › 时限：写的是“周五”；应为时限，如 每周五 17:00",
        "第5行第9列 任务 › 周报 › 报表：写的是“旧表”；旧表已经停用，请改用新表。",
        "第6行第9列 任务 › 周报 › 次数：写的是“两次”；应为整数，如 3",
        "第7行第9列 任务 › 周报 › 计时：写的是“首次报”；应为“首次报送”、“首次合格”之一（是不是“首次报送”？）",
        "第8行第9列 任务 › 周报 › 级别：写的是“警告”；应为“错误”、“提醒”之一",
        "第9行第8列 任务 › 周报 › 至：写的是“年底”；应为日期，如 2022-12-09",
    ]


def test_an_unknown_key_is_pointed_at_with_the_nearest_one(check):
    _, faults = check(
        "县区: 古县\n任务:\n  周报: {时限: '17:00', 报表: 甲, 次: 3}\n单位:\n  部门:\n    - {名称: 甲, 别称: []}\n"
    )
    assert said(faults) == [
        (
            "第3行第28列 任务 › 周报 › 次：写的是“次”；"
            "没有这一项；是不是“次数”？这里可写：时限、报表、次数、计时、级别、至。"
        ),
        "第6行第15列 单位 › 部门 › 第1项 › 别称：写的是“别称”；没有这一项；是不是“别名”？这里可写：名称、别名。",
    ]


def test_an_unknown_key_is_known_in_optional_lists_too(check):
    _, faults = check("县区: 古县\n分组:\n  - {名称: 甲, 别称: []}\n")
    assert "是不是“别名”？" in str(faults[0])


def test_a_missing_key_points_at_its_parent(check):
    _, faults = check("县区: 古县\n任务:\n  周报:\n    报表: 甲\n")
    assert said(faults) == ["第3行第3列 任务 › 周报：这里缺少“时限”这一项。"]
    _, faults = check("任务: {}\n")
    assert said(faults) == ["第1行第1列：这里缺少“县区”这一项。"]


def test_two_missing_keys_are_two_faults(check):
    _, faults = check("县区: 古县\n任务:\n  周报: {}\n")
    assert [fault.expected for fault in faults] == ["这里缺少“时限”这一项。", "这里缺少“报表”这一项。"]


def test_the_branches_of_a_union_make_one_fault(check):
    _, faults = check("县区: 古县\n单位:\n  部门:\n    - [甲]\n    - {别名: [乙]}\n    - {名称: ''}\n")
    assert said(faults) == [
        "第4行第7列 单位 › 部门 › 第1项：写的是“[甲]”；应为文字；或一组“键: 值”",
        "第5行第7列 单位 › 部门 › 第2项：这里缺少“名称”这一项。",
        "第6行第12列 单位 › 部门 › 第3项 › 名称：写的是“''”；应为至少 1 个字",
    ]


def test_a_tagged_union_points_into_the_branch_that_was_meant(check):
    _, faults = check(
        "县区: 古县\n"
        "计划:\n  - {类: 月报, 日: 月底}\n  - {类: 年报, 日: 1}\n  - {日: 1}\n"
        "  - {类: 周报, 日: 五, 时: 17}\n"
    )
    assert said(faults) == [
        "第3行第16列 计划 › 第1项 › 日：写的是“月底”；应为整数，如 3",
        "第4行第5列 计划 › 第2项：写的是“{类: …, 日: …}”；应为“类”为“周报”、“月报”之一的内容（现在是“年报”）",
        "第5行第5列 计划 › 第3项：写的是“{日: …}”；应为写明“类”的内容",
        "第6行第19列 计划 › 第4项 › 时：写的是“时”；没有这一项；这里可写：类、日。",
    ]


def test_a_wrong_key_of_a_mapping_is_pointed_at(check):
    _, faults = check("县区: 古县\n代码: {A: 甲, bb: 乙}\n")
    assert said(faults) == ["第2行第12列 代码 › bb：写的是“bb”；应为合乎格式 ^[A-Z]$ 的文字"]


def test_a_fault_of_the_whole_file_stands_at_its_beginning(check):
    _, faults = check("# 说明\n县区: 无名县\n")
    assert said(faults) == ["第2行第1列：写的是“{县区: …}”；县区名称应与区划代码一致。"]
    _, faults = check("")
    assert said(faults) == ["第1行第1列：写的是“（空）”；应为一组“键: 值”"]


def test_a_part_of_a_file_is_checked_at_its_own_place(check):
    task, faults = check("任务:\n  周报: {时限: '17:00', 报表: 甲}\n", Task, ("任务", "周报"))
    assert (task.form, faults) == ("甲", [])
    _, faults = check("任务:\n  周报: {时限: 周五, 报表: 甲}\n", Task, ("任务", "周报"))
    assert said(faults) == ["第2行第12列 任务 › 周报 › 时限：写的是“周五”；应为时限，如 每周五 17:00"]


def test_a_file_that_could_not_be_read_has_no_further_faults(check):
    assert check("县区: [古县\n") == (None, [])


def test_a_value_made_by_a_validator_is_pointed_at_where_it_was_written(check):
    class Made(Rules):
        units: Annotated[list[Unit], BeforeValidator(lambda text: [{"名称": name} for name in text.split()])] = Field(
            alias="单位"
        )
        task: Annotated[Task, BeforeValidator(lambda text: {"时限": text, "多": 1})] = Field(alias="任务")

    _, faults = check("单位: 甲 乙\n任务: 17:00\n", Made)
    assert [(fault.line, fault.column, fault.path) for fault in faults] == [(2, 1, "任务"), (2, 5, "任务")]


ERRORS = {error["type"]: error for error in list_all_errors()}
PASSED_THROUGH = {"value_error", "assertion_error"}


def test_the_table_knows_every_error_type_of_pydantic():
    known = set(ERRORS) | set(core_schema.ErrorType.__args__)
    assert known - set(EXPECTED) == set()


@pytest.mark.parametrize("kind", sorted(set(ERRORS) - PASSED_THROUGH))
def test_every_error_type_is_said_in_chinese(check, kind):
    context = ERRORS[kind]["example_context"]

    def fail(_: Any) -> None:
        raise PydanticKnownError(kind, context)

    class Failing(Rules):
        value: Annotated[Any, BeforeValidator(fail)] = Field(alias="值")

    _, faults = check("值: 甲\n", Failing)
    (fault,) = faults
    assert re.search("[\u4e00-\u9fff]", fault.expected)
    assert not re.search("[{}]|Input|should|valid", fault.expected)


def test_an_error_type_of_ones_own_speaks_for_itself(check):
    _, faults = check("县区: 古县\n任务:\n  周报: {时限: 五, 报表: 甲}\n")
    assert faults[0].expected == "时限，如 每周五 17:00"


@pytest.mark.parametrize(
    ("expected", "ending"),
    [("整数", "写的是“甲”；应为整数"), ("应写两个日期", "写的是“甲”；应写两个日期"), ("太长。", "写的是“甲”；太长。")],
)
def test_a_phrase_is_read_after_its_verb_and_a_sentence_stands_alone(expected, ending):
    assert str(RuleFault("a.yaml", 1, 2, "任务", "甲", expected)) == f"a.yaml 第1行第2列 任务：{ending}"


def test_broken_rules_carry_all_their_faults_between_processes():
    faults = (RuleFault("a.yaml", 1, 2, "", "甲", "乙"), RuleFault("a.yaml", 3, 4, "任务", "", "缺少时限。"))
    broken = pickle.loads(pickle.dumps(RulesBroken(faults)))
    assert broken.faults == faults
    assert str(broken) == "a.yaml 第1行第2列：写的是“甲”；应为乙\na.yaml 第3行第4列 任务：缺少时限。"


def test_the_nearest_word_is_suggested_only_where_it_is_near():
    assert nearest("己办结", ["已办结", "未办理"]) == "已办结"
    assert nearest("甲乙丙", ["已办结", "未办理"]) is None
    assert nearest("甲", []) is None
