"""A county's case: who drops what when, written as data in `cases/<county>.yaml`. All of it is made up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator

from xmreport.model.dates import CHINA


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sending(_Written):
    """Units that send all they owe of these forms, each in one workbook; 零报告 where they have nothing."""

    forms: tuple[str, ...] = Field(alias="报表")
    only: tuple[str, ...] = Field(alias="只有", default=())
    without: tuple[str, ...] = Field(alias="除了", default=())


class Manner(_Written):
    """How a unit's workbook differs from the usual one."""

    file: str | None = Field(alias="文件", default=None)
    money: str | None = Field(alias="金额单位", default=None)
    said: str | None = Field(alias="自称", default=None)


class Edit(_Written):
    """A workbook of the outbox that somebody opens, alters and drops into the inbox."""

    path: str = Field(alias="表")
    unit: str = Field(alias="单位")
    county: str | None = Field(alias="县区", default=None)
    """Whose outbox it lies in, where that is another county's."""
    cells: Mapping[str, Mapping[str, Any]] = Field(alias="改", default_factory=dict)
    """What stands in some cell of the line (a number, a project) → heading → what is written there."""


class Paper(_Written):
    """A document that is no table."""

    unit: str = Field(alias="单位")
    file: str = Field(alias="文件")


class Scene(_Written):
    """What lies in the inbox at one moment."""

    at: dt.datetime = Field(alias="时间")
    said: str = Field(alias="说")
    told: tuple[str, ...] = Field(alias="旁白", default=())
    anew: tuple[str, ...] = Field(alias="重填", default=())
    """Forms that units fill from the beginning: what they held of them is gone."""
    tables: Mapping[str, str] = Field(alias="表", default_factory=dict)
    """Form → lines that units add to it; without 报送 they send just these forms."""
    changes: Mapping[str, Mapping[str, Mapping[str, Any] | str]] = Field(alias="变化", default_factory=dict)
    """Form → project → column → value; the word 删 takes a project out."""
    sending: Sending | None = Field(alias="报送", default=None)
    manners: Mapping[str, Manner] = Field(alias="写法", default_factory=dict)
    edits: tuple[Edit, ...] = Field(alias="改表", default=())
    papers: tuple[Paper, ...] = Field(alias="文档", default=())

    @field_validator("at")
    @classmethod
    def _in_china(cls, value: dt.datetime) -> dt.datetime:
        return value.replace(tzinfo=CHINA)


class Look(_Written):
    """A workbook worth opening, below the county's outbox."""

    path: str = Field(alias="表")
    shows: str = Field(alias="看")


class Case(_Written):
    """One county's case."""

    opening: str = Field(alias="开场")
    area: str = Field(alias="区号")
    code_month: str = Field(alias="代码年月", default="2001")
    """Year and month that the projects' codes begin with."""
    scenes: tuple[Scene, ...] = Field(alias="波次")
    looks: tuple[Look, ...] = Field(alias="打开")


def read_case(key: str) -> Case:
    """The case of a county that comes with the program."""
    path = Path(str(files("xmreport.demo"))) / "cases" / f"{key}.yaml"
    return Case.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
