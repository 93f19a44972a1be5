"""Seeded inputs for `speed.py`: counties of any size, and the F1 workbooks their units send in.

File i of a county depends only on the seed, the county and i: 40 files are the first of the 1,000.
"""

from __future__ import annotations

import datetime as dt
import io
import random
import re
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from msgspec import Struct

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import openpyxl
import xlsxwriter
import xlwt
from speed_task import DAY, TASK

from xmreport.workspace import Workspace, shipped

XLS, OPENPYXL = 0.05, 0.2
"""The shares of files saved as .xls and by openpyxl; the others are xlsxwriter's."""
FRONT = "青柳石白马云龙泉东河西山南坪北沟大王李家新古岳"
BACK = "原阳镇平川沟岭峪庄湾口桥店铺营堡坡台池堰寨畔崖"
PLAIN = (
    "序号", "项目名称", "项目代码", "项目单位", "责任单位", "建设性质", "所属领域", "是否产业项目", "建设内容及规模",
    "建设起止年限", "总投资", "年度计划投资", "计划开工时间",
)  # fmt: skip
PROCEDURES = ("立项", "用地", "规划", "环评", "能评")
PARTS = ("办理层级", "办理进展", "办结时间", "拟办结时限")
TAIL = ("需协调解决的问题", "协调层级", "备注")
FIELDS = (*PLAIN, *(f"{procedure}.{part}" for procedure in PROCEDURES for part in PARTS), *TAIL)
KINDS = (
    "污水处理厂及配套管网", "农村公路改造", "老旧小区改造", "标准化厂房", "冷链物流园", "高标准农田", "光伏发电",
    "康养中心", "农产品批发市场", "防洪治理", "天然气管网", "公共实训基地",
)  # fmt: skip
CONTENT = (
    "新建总建筑面积约{a}平方米，其中地上{b}平方米、地下{c}平方米，配套建设道路、给排水、供配电、绿化等附属设施。",
    "改造道路{b}公里，路基宽{c}米，路面结构为沥青混凝土，同步实施排水、照明及交通安全设施。",
    "建设日处理能力{a}吨的处理设施1座，新建配套管网{b}公里，购置设备{c}台（套）。",
)


class Mix(Struct, frozen=True):
    """How the files are: the share that is untidy and still readable, and the share with errors, which goes back."""

    seed: int = 1
    messy: float = 0.15
    faulty: float = 0.0


class Body(Struct, frozen=True):
    """A sheet's content before a program writes it."""

    unit: str
    fields: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    foot: tuple[str, ...]


def units(count: int) -> list[str]:
    """Names of three characters, so that none is part of another."""
    return [f"{FRONT[i % len(FRONT)]}{BACK[i // len(FRONT) % len(BACK)]}{'镇乡局'[i // 529 % 3]}" for i in range(count)]


def make_workspace(home: Path, counties: int, units_each: int, workers: int = 1) -> list[str]:
    """A workspace of made-up counties, each with the shipped forms, indicators and targets and one weekly report."""
    _make_office(home, workers)
    text = (shipped("rules") / "guxian.yaml").read_text("utf-8")
    roster = "".join(f"    - {name}\n" for name in units(units_each))
    text = re.sub(r"(?s)^单位:\n.*?(?=^任务:)", f"单位:\n  乡镇:\n{roster}\n", text, flags=re.MULTILINE)
    weekly = re.search(rf"(?ms)^  {TASK}:\n.*?(?=^  \S)", text)
    assert weekly
    task = weekly[0].replace("[部门, 乡镇]", "[乡镇]")
    text = re.sub(r"(?s)^任务:\n.*?(?=^报表:)", lambda _: f"任务:\n{task}\n", text, flags=re.MULTILINE)
    text = re.sub(r"(?s)    办理部门:.*?(?=^    出处)", "", text, count=1, flags=re.MULTILINE)
    text = re.sub(r"(?ms)^(台账|通报|上报):.*?(?=^\S|\Z)", "", text)
    keys = [f"xian{number}" for number in range(counties)]
    for number, key in enumerate(keys):
        (home / "rules" / f"{key}.yaml").write_text(text.replace("县区: 古县", f"县区: 甲{number}县"), "utf-8")
    return keys


def make_county(home: Path, key: str) -> None:
    """A workspace of one shipped county, with all its tables and dockets."""
    _make_office(home, 1)
    shutil.copy(shipped("rules") / f"{key}.yaml", home / "rules")


def _make_office(home: Path, workers: int) -> None:
    """What a workspace has beside its counties."""
    shutil.copytree(shipped("rules") / "forms", home / "rules" / "forms")
    shutil.copytree(shipped("templates_xlsx"), home / "templates_xlsx")
    (home / "rules" / "office.yaml").write_text(f"静置秒数: 0\n并行: {workers}\n", "utf-8")


def have_rules_kept(home: Path) -> None:
    """Have the rules read once, as `init` does and `rules check`: what follows finds them kept."""
    assert not Workspace(home).rulebook.faults


def drop_all(inbox: Path, keys: list[str], files: int, mix: Mix, day: dt.date = DAY) -> None:
    """That many files, shared out evenly over the counties, one a unit."""
    jobs = [(inbox, key, i, mix, day) for key in keys for i in range(files // len(keys))]
    with ProcessPoolExecutor() as pool:
        list(pool.map(drop_one, *zip(*jobs, strict=True), chunksize=20))


def drop_one(inbox: Path, key: str, i: int, mix: Mix, day: dt.date = DAY) -> None:
    """File i of a county, in its unit's folder."""
    drop(inbox, key, units(i + 1)[i], f"{mix.seed}/{key}/{i}/{day}", mix, day)


def drop(inbox: Path, key: str, unit: str, seed: str, mix: Mix, day: dt.date) -> None:
    """A unit's file of that day, in its folder."""
    rng = random.Random(seed)  # noqa: S311 - play
    body = _body(rng, unit, mix)
    roll = rng.random()
    kind, write = ("xls", _xls) if roll < XLS else ("xlsx", _openpyxl if roll < XLS + OPENPYXL else _xlsxwriter)
    folder = inbox / key / unit
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{unit}前期手续办理情况表{day:%m%d}.{kind}").write_bytes(write(body, day))


def _body(rng: random.Random, unit: str, mix: Mix) -> Body:
    rows = [_project(rng, unit, number + 1) for number in range(rng.randint(10, 60))]
    roll = rng.random()
    if roll < mix.faulty:
        rng.choice(rows)["总投资"] = "3000-5000"
    fields, foot = FIELDS, ()
    if mix.faulty <= roll < mix.faulty + mix.messy:
        _untidy(rng, rows)
        rows.insert(len(rows) // 2, {})
        rows.append({"项目名称": "合计", "总投资": sum(r["总投资"] for r in rows if isinstance(r.get("总投资"), int))})
        fields = tuple(name.replace("年度计划投资", "2023年计划投资") for name in FIELDS)
        foot = ("填表人：张三    审核人：李四    联系电话：8321234",)
    return Body(unit, fields, tuple(tuple(row.get(name) for name in FIELDS) for row in rows), foot)


def _project(rng: random.Random, unit: str, number: int) -> dict[str, object]:
    total = rng.randint(300, 90_000)
    row: dict[str, object] = {
        "序号": number,
        "项目名称": f"{unit}{rng.choice(KINDS)}{rng.randint(1, 9999)}号建设项目",
        "项目代码": f"22{rng.randint(1, 12):02d}-141025-89-01-{rng.randint(100000, 999999)}",
        "项目单位": f"{unit}{rng.choice(('城投', '水务', '交投', '农发'))}有限公司",
        "责任单位": unit,
        "建设性质": rng.choice(("新建", "续建", "扩建", "改建")),
        "所属领域": rng.choice(("农林水利", "工业产业", "社会事业", "新型城镇化")),
        "是否产业项目": rng.choice("是否"),
        "建设内容及规模": rng.choice(CONTENT).format(
            a=rng.randint(200, 9000), b=rng.randint(3, 200), c=rng.randint(2, 60)
        ),
        "建设起止年限": f"2023-{rng.randint(2023, 2026)}",
        "总投资": total,
        "年度计划投资": round(total * rng.uniform(0.1, 0.7), 2),
        "计划开工时间": dt.date(2023, rng.randint(1, 12), rng.randint(1, 28)),
        "备注": rng.choice((None, None, "省重点项目", "专项债项目")),
    }
    for procedure in PROCEDURES:
        state = rng.choices(("已办结", "正在办理", "未办理", "不需办理"), (50, 20, 20, 10))[0]
        row[f"{procedure}.办理进展"] = state
        if state == "已办结":
            row[f"{procedure}.办结时间"] = dt.date(2022, rng.randint(1, 11), rng.randint(1, 28))
        elif state != "不需办理":
            row[f"{procedure}.办理层级"] = rng.choices(("县", "市", "省"), (70, 20, 10))[0]
            row[f"{procedure}.拟办结时限"] = dt.date(2023, rng.randint(1, 12), rng.randint(1, 28))
    return row


def _untidy(rng: random.Random, rows: list[dict[str, object]]) -> None:
    """What clerks do, in ways that have one meaning."""
    for row in rows:
        for name, value in row.items():
            if isinstance(value, dt.date) and rng.random() < 0.4:
                row[name] = rng.choice(
                    (f"{value:%Y.%m.%d}", f"{value.year}年{value.month}月{value.day}日", f"{value:%Y-%m-%d}")
                )
        if rng.random() < 0.1:
            row["总投资"] = f"{row['总投资']}万"
        if rng.random() < 0.2:
            row["项目名称"] = f"  {row['项目名称']} "


def _head(body: Body, day: dt.date) -> Iterator[tuple[int, int, str]]:
    yield 0, 0, "附件1"
    yield 1, 0, "古县2023年新建项目前期手续办理情况表"
    yield 2, 0, f"填报单位（盖章）：{body.unit}    填报时间：{day.year}年{day.month}月{day.day}日    单位：万元"
    for column, name in enumerate(body.fields):
        top, _, below = name.partition(".")
        if column == 0 or top != body.fields[column - 1].partition(".")[0]:
            yield 3, column, top
        if below:
            yield 4, column, below


def _merges(body: Body) -> Iterator[tuple[int, int, int, int]]:
    yield 1, 0, 1, len(body.fields) - 1
    yield 2, 0, 2, len(body.fields) - 1
    for column, name in enumerate(body.fields):
        if "." not in name:
            yield 3, column, 4, column
        elif name.endswith(PARTS[0]):
            yield 3, column, 3, column + len(PARTS) - 1


def _xlsxwriter(body: Body, day: dt.date) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        plain = book.add_format({"border": 1, "text_wrap": True})
        dated = book.add_format({"border": 1, "num_format": "yyyy-mm-dd"})
        for top, left, bottom, right in _merges(body):
            sheet.merge_range(top, left, bottom, right, "", plain)
        for row, column, text in _head(body, day):
            sheet.write_string(row, column, text, plain)
        for r, row in enumerate(body.rows, 5):
            for c, value in enumerate(row):
                sheet.write(r, c, value, dated if isinstance(value, dt.date) else plain)
        for r, text in enumerate(body.foot, 5 + len(body.rows)):
            sheet.write_string(r, 0, text)
    return target.getvalue()


def _openpyxl(body: Body, day: dt.date) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for row, column, text in _head(body, day):
        sheet.cell(row + 1, column + 1, text)
    for top, left, bottom, right in _merges(body):
        sheet.merge_cells(start_row=top + 1, start_column=left + 1, end_row=bottom + 1, end_column=right + 1)
    for row in (*body.rows, *((text,) for text in body.foot)):
        sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _xls(body: Body, day: dt.date) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet1")
    dated = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    heads = {(row, column): text for row, column, text in _head(body, day)}
    for top, left, bottom, right in _merges(body):
        sheet.write_merge(top, bottom, left, right, heads.pop((top, left), ""))
    for (row, column), text in heads.items():
        sheet.write(row, column, text)
    for r, row in enumerate((*body.rows, *((text,) for text in body.foot)), 5):
        for c, value in enumerate(row):
            if value is not None:
                sheet.write(r, c, value, *((dated,) if isinstance(value, dt.date) else ()))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()
