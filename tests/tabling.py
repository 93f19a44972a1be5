"""A county of three small forms, and rows of them, from which official tables are made without a workspace."""

import datetime as dt
from pathlib import Path

from xmreport.model.dates import CHINA, PartialDate
from xmreport.model.receipts import Outcome, Receipt
from xmreport.model.sheets import Formula
from xmreport.model.submission import Row
from xmreport.rulebook.loading.folder import load_rulebook
from xmreport.tables.figures.indicators import FormRows
from xmreport.tables.head import Occasion
from xmreport.tables.merged import Return, merge

FORMS = {
    "项目表": """
报表: 项目表
名称列: 项目名称
主键: [项目名称]
列:
  - {名称: 序号, 类型: 序号}
  - {名称: 项目名称, 类型: 文本, 必填: 是}
  - {名称: 责任单位, 类型: 单位}
  - {名称: 是否开工, 类型: 选项, 选项: 是否}
  - {名称: 计划开工月, 类型: 日期}
  - {名称: 年度计划投资, 类型: 金额}
  - {名称: 完成投资, 类型: 金额}
选项: {是否: {是: [], 否: []}}
汇总: {求和: [年度计划投资, 完成投资]}
""",
    "统计数据表": """
报表: 统计数据表
名称列: 指标
主键: [指标, 责任单位, 统计期]
列:
  - {名称: 序号, 类型: 序号}
  - {名称: 录入日, 类型: 日期}
  - {名称: 指标, 类型: 文本, 必填: 是}
  - {名称: 责任单位, 类型: 单位}
  - {名称: 统计期, 类型: 日期, 必填: 是}
  - {名称: 数值, 类型: 数}
  - {名称: 金额, 类型: 金额}
  - {名称: 计量单位, 类型: 文本}
""",
    "调研表": """
报表: 调研表
名称列: 项目
主键: [项目, 调研日]
列:
  - {名称: 序号, 类型: 序号}
  - {名称: 项目, 类型: 文本, 必填: 是}
  - {名称: 调研日, 类型: 日期}
""",
}

COUNTY = """
县区: 甲县
层级: 县
区划代码: 141025
依据: 甲政办发〔2022〕1号
发文日期: 2022-01-01
适用年度: 2022
单位:
  部门: [县统计局, 县住建局, 县水利局]
  乡镇: [古阳镇, 岳阳镇]
任务:
  项目月报:
    {报表: 项目表, 时限: 每月28日 17:00, 起止: 2022-01-01 至 2023-12-31, 应报单位: [部门, 乡镇],
     报送至: 县发改局, 出处: 一}
  统计报送:
    {报表: 统计数据表, 时限: 按需, 起止: 2022-01-01 至 2023-12-31, 应报单位: [部门, 乡镇],
     报送至: 县发改局, 出处: 二}
  调研:
    {报表: 调研表, 时限: 按需, 起止: 2022-01-01 至 2023-12-31, 应报单位: [乡镇],
     报送至: 县发改局, 出处: 三}
报表:
  项目表: {出处: 一}
  统计数据表: {出处: 二}
  调研表: {出处: 三}
"""
MONTHLY, ENTERED, VISITS = "项目月报", "统计报送", "调研"


def made_county(folder: Path, more: str = ""):
    """The county with more rules: indicators, targets, lists."""
    (folder / "forms").mkdir(parents=True, exist_ok=True)
    for name, text in FORMS.items():
        (folder / "forms" / f"{name}.yaml").write_text(text, "utf-8")
    (folder / "jia.yaml").write_text(COUNTY + more, "utf-8")
    book = load_rulebook(folder)
    assert not book.all_faults, book.all_faults
    return book.counties["jia"]


def on(county, day: str, task: str = MONTHLY) -> Occasion:
    """A task's tables at noon of a day, of the period that day belongs to."""
    moment = dt.datetime.fromisoformat(day).replace(hour=12, tzinfo=CHINA)
    found = next(each for each in county.tasks[task].periods if each.begins <= moment.date() <= each.ends)
    return Occasion(county, county.tasks[task], found, moment)


def source(county, form: str, *rows: dict[str, object]) -> FormRows:
    """The rows as returned: each by the unit that its 填报单位 names, else by 县统计局."""
    definition = county.forms[form]
    by_unit: dict[str, list[Row]] = {}
    for number, values in enumerate(rows, 2):
        own = {name: value for name, value in values.items() if name != "填报单位"}
        assert own.keys() <= definition.fields.keys(), own
        by_unit.setdefault(str(values.get("填报单位", "县统计局")), []).append(Row("Sheet1", number, own))
    receipts = [_receipt(unit, number) for number, unit in enumerate(by_unit, 1)]
    returns = [
        Return(receipt.unit or "", receipt, 1, tuple(own), receipt)
        for receipt, own in zip(receipts, by_unit.values(), strict=True)
    ]
    merged = merge(definition, returns, county.roster.order)
    by = "责任单位" if "责任单位" in definition.columns else "填报单位"
    return FormRows(merged, by, "", received=bool(rows))


def _receipt(unit: str, number: int) -> Receipt:
    arrived = dt.datetime(2022, 1, 5, 9, number, tzinfo=CHINA)
    return Receipt(f"inbox/jia/{unit}.xlsx", "0" * 64, 1, Outcome.ACCEPTED, arrived, "", unit=unit, seq=number)


def day(text: str) -> PartialDate:
    return PartialDate.parse(text)


def plain(content: object) -> object:
    """A content's value, whether it is a formula or not."""
    return content.value if isinstance(content, Formula) else content
