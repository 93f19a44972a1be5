"""A small office to test in: one county with three units, the shipped forms and templates, an inbox to drop into."""

import datetime as dt
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from pathlib import Path

import openpyxl
import pytest
from hypothesis import settings

from xmreport.examine import open_desk
from xmreport.ledger import Ledger
from xmreport.ledger.received import received
from xmreport.ledger.states import unit_states
from xmreport.model.dates import CHINA
from xmreport.model.events import Event, FileEvent
from xmreport.model.receipts import Receipt, UnitState
from xmreport.run import Engine, Moment
from xmreport.workspace import Workspace, shipped

settings.register_profile("by no clock", deadline=None)  # a busy machine is no fault of what is tested
settings.load_profile("by no clock")

RULES = """
县区: 古县
层级: 县
区划代码: 141025
依据: 古政办发〔2022〕69号
发文日期: 2022-11-26
适用年度: 2023
单位:
  部门:
    - {名称: 县住建局, 别名: [县住房和城乡建设局]}
    - 县水利局
  乡镇:
    - 古阳镇
  本办:
    - 县发改局
  其他责任单位:
    - 县财政局
任务:
  情况摸底:
    报表: 前期手续办理情况表
    时限: 2022-12-06
    起止: 2022-12-01 至 2022-12-06
    应报单位: [部门, 乡镇]
    报送至: 县项目推进中心
    出处: 四（三）1
  周报:
    报表: 前期手续办理情况表
    时限: 每周五 17:00
    起止: 2022-12-07 至 2023-01-10
    遇节假日: 照常
    应报单位: [部门, 乡镇]
    报送至: 县项目推进中心
    出处: 四（三）2
  联络人报送:
    报表: 联络人名单
    时限: 2022-11-30
    起止: 2022-11-26 至 2022-11-30
    应报单位: [部门, 乡镇]
    报送至: 县发改局
    出处: 六（五）
  活动总结:
    文档: 活动总结
    时限: 2023-02-25
    起止: 2023-02-21 至 2023-02-25
    应报单位: [部门, 乡镇]
    报送至: 县项目推进中心
    出处: 四（三）3
  重点项目台账:
    报表: 省市重点项目目标任务表
    时限: 按需
    起止: 2022-11-27 至 2022-12-31
    应报单位: [县发改局]
    报送至: 县发改局
    出处: 四（一）
报表:
  前期手续办理情况表:
    标题: 古县2023年新建项目前期手续办理情况表
    附件: 附件1
    手续: [立项, 用地, 规划, 环评, 能评]
    出处: 四（三）
  联络人名单:
    标题: 古县项目工作联络人名单
    附件: 附件2
    出处: 六（五）
  省市重点项目目标任务表:
    标题: 古县2022年省市重点项目目标任务表
    附件: 附件3
    出处: 四（一）
指标:
  省市重点项目开复工率:
    报表: 省市重点项目目标任务表
    计数: 项目
    条件: 是否开复工 = 是
    除以: 项目
    口径: 已开复工项目数 ÷ 全部省市重点项目数
  前期手续办结率:
    报表: 前期手续办理情况表
    计数: 手续
    条件: 办理进展 = 已办结
    除以: 手续
    除以条件: 办理进展 ≠ 不需办理
    口径: 已办结手续数 ÷（全部手续数 − 不需办理数）
目标:
  - {指标: 省市重点项目开复工率, 达到: 100%, 截止: 2022-12-31, 出处: 一、1}
  - {指标: 前期手续办结率, 达到: 70%, 力争: 85%, 截止: 2023-02-25, 出处: 一、3}
"""
_OTHERS = r"  (情况摸底|联络人报送|活动总结|重点项目台账):\n    (报表|文档): .*\n(    .*\n)+"
ONE_TASK = re.sub(_OTHERS, "", RULES[: RULES.index("指标:")])
"""The same office with the weekly report alone, and no targets: three workbooks a pass."""
SETTINGS = "静置秒数: 0\n并行: 1\n"
WEEKLY = "周报"
FIRST, SECOND, THIRD = "2022-12-09", "2022-12-16", "2022-12-23"
PROCEDURES = ("立项", "用地", "规划", "环评", "能评")


def at(text: str) -> dt.datetime:
    """'12-09 16:31' of 2022, or a whole ISO moment, in China."""
    full = text if text[4:5] == "-" else f"2022-{text}"
    return dt.datetime.fromisoformat(full).replace(tzinfo=CHINA)


def project(name: str, **changed: object) -> dict[str, object]:
    """One project of F1, in order in every way but for what a test changes."""
    line: dict[str, object] = {
        "项目名称": name,
        "项目单位": "古县城投公司",
        "责任单位": "县住建局",
        "建设性质": "新建",
        "总投资": 3000,
        "年度计划投资": 1000,
    }
    for procedure in PROCEDURES:
        line |= {f"{procedure}.办理进展": "已办结", f"{procedure}.办结时间": "2022-11-03"}
    return line | changed


def form_one(
    *lines: dict[str, object], unit: str | None = "古阳镇", day: str | None = "2022年12月8日", nil: bool = False
) -> bytes:
    """前期手续办理情况表 as a unit fills it in: a title, two heading rows, the body from row 6."""
    plain = ["序号", "项目名称", "项目代码", "项目单位", "责任单位", "建设性质", "总投资", "年度计划投资"]
    parts = ["办理层级", "办理进展", "办结时间", "拟办结时限"]
    fields = [*plain, *(f"{procedure}.{part}" for procedure in PROCEDURES for part in parts), "备注"]
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"] = "附件1"
    sheet["A2"] = "古县2023年新建项目前期手续办理情况表"
    sheet["A3"] = f"填报单位（盖章）：{unit or ''}    填报时间：{day or ''}    单位：万元"
    for column, field in enumerate(fields, 1):
        top, _, below = field.partition(".")
        sheet.cell(4, column, top)
        if below:
            sheet.cell(5, column, below)
    for row, line in enumerate(lines, 6):
        for column, field in enumerate(fields, 1):
            sheet.cell(row, column, line.get(field))
        sheet.cell(row, 1, row - 5)
    if nil:
        sheet.cell(6, 2, "零报告")
    return saved(book)


def register(*lines: tuple[str, str, float], day: str = "2022年12月8日") -> bytes:
    """省市重点项目目标任务表: (name, 是否开复工, cumulative investment) a line."""
    fields = (
        "序号",
        "项目名称",
        "级别",
        "建设性质",
        "年度计划投资",
        "是否开复工",
        "开复工时间",
        "本年累计完成投资",
        "责任单位",
    )
    rows = [
        [number, name, "省重点", "新建", 1000, begun, "2022-03-01" if begun == "是" else None, done, "县住建局"]
        for number, (name, begun, done) in enumerate(lines, 1)
    ]
    return table(
        "古县2022年省市重点项目目标任务表", f"填报单位：县发改局    填报时间：{day}    单位：万元", fields, rows
    )


def contacts(*lines: tuple[str, str, str], unit: str = "古阳镇", day: str = "2022年11月29日") -> bytes:
    """联络人名单: (unit, person, telephone) a line."""
    fields = ("序号", "单位", "分管领导", "联络人", "职务", "电话")
    rows = [[number, who, "某某", person, "股长", phone] for number, (who, person, phone) in enumerate(lines, 1)]
    return table("古县项目工作联络人名单", f"填报单位：{unit}    填报时间：{day}", fields, rows)


def table(title: str, said: str, fields: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    book = openpyxl.Workbook()
    for line in (["附件"], [title], [said], list(fields), *map(list, rows)):
        book.active.append(line)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def together(*workbooks: bytes) -> bytes:
    """One workbook with the first sheet of each."""
    book = openpyxl.Workbook()
    del book[book.sheetnames[0]]
    for number, data in enumerate(workbooks, 1):
        sheet = book.create_sheet(f"表{number}")
        for row in openpyxl.load_workbook(io.BytesIO(data)).worksheets[0].iter_rows():
            for cell in row:
                if cell.value is not None:
                    sheet[cell.coordinate] = cell.value
    return saved(book)


def edited(data: bytes, sheet: str, **cells: object) -> bytes:
    """A workbook as its unit corrects it: opened, some cells overwritten, saved."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    for cell, value in cells.items():
        book[sheet][cell] = value
    return saved(book)


class Here(Executor):
    """An executor that works in this very process: what the guarded one gives, without starting it."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - the future carries it, as the guarded pool's does
            future.set_exception(error)
        return future


class Office:
    """A workspace and what people do in it."""

    def __init__(self, home: Path, rules: str = RULES, key: str = "guxian") -> None:
        self.home = home
        self.key = key
        (home / "rules" / "forms").mkdir(parents=True)
        for path in (shipped("rules") / "forms").glob("*.yaml"):
            if path.stem in rules:
                shutil.copy(path, home / "rules" / "forms")
        shutil.copytree(shipped("templates_xlsx"), home / "templates_xlsx")
        self.write_rules(rules)
        (home / "rules" / "office.yaml").write_text(SETTINGS, "utf-8")
        self.inbox = home / "inbox" / key
        self.outbox = home / "outbox" / key
        self.inbox.mkdir(parents=True)

    def write_rules(self, rules: str) -> None:
        (self.home / "rules" / f"{self.key}.yaml").write_text(rules, "utf-8")

    def change_rules(self, old: str, new: str) -> None:
        """An edit of the county's rules."""
        path = self.home / "rules" / f"{self.key}.yaml"
        text = path.read_text("utf-8")
        assert text.count(old) == 1, old
        path.write_text(text.replace(old, new), "utf-8")

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.home)

    def drop(self, place: str, data: bytes) -> Path:
        """A file lands in the inbox: `place` is below the county's folder."""
        target = self.inbox / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return target

    def engine(self, emit: Callable[[Event], object]) -> Engine:
        """An engine that reads in this process."""
        workspace = self.workspace
        open_desk(dict(workspace.rulebook.counties))
        return Engine(workspace, list(workspace.rulebook.counties), emit, Here())

    def take(self, now: str | None, *, publish: bool = False) -> list[Receipt]:
        """One pass: what became of each file. `now` is None for a real pass at this moment."""
        events: list[Event] = []
        with self.engine(events.append) as engine:
            moment = Moment(at(now), replayed=True) if now else Moment(dt.datetime.now(CHINA))
            if publish:
                engine.run_once(moment)
            else:
                engine.recover()
                engine.take_settled(moment)
        self.events = events
        return [event.receipt for event in events if isinstance(event, FileEvent)]

    def send(self, place: str, data: bytes, now: str) -> Receipt:
        """One file lands and is taken in."""
        self.drop(place, data)
        [receipt] = self.take(now)
        return receipt

    def receipts(self) -> tuple[Receipt, ...]:
        with Ledger.open(self.workspace.state) as ledger:
            return ledger.receipts()

    def states(self, now: str, task: str = WEEKLY, period: str = FIRST) -> dict[str, UnitState]:
        """The state of every unit in a period."""
        county = self.workspace.rulebook.county(self.key)
        with Ledger.open(self.workspace.state) as ledger:
            found = unit_states(county, received(ledger, county), at(now))
        return {each.unit: each for each in found if (each.task, each.period) == (task, period)}

    def state(self, unit: str, now: str, task: str = WEEKLY, period: str = FIRST) -> UnitState:
        return self.states(now, task, period)[unit]

    def waiting(self) -> list[str]:
        """What lies in the inbox."""
        return sorted(
            path.relative_to(self.inbox).as_posix()
            for path in self.inbox.rglob("*")
            if path.is_symlink() or not path.is_dir()
        )

    def command(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "xmreport", "--home", str(self.home), *args]

    def cli(self, *args: str) -> "Said":
        """The command line, as a program of its own."""
        return said(self.command(*args))


class Said:
    """What a program said and how it ended."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err
        assert "Traceback" not in out + err, out + err

    @property
    def lines(self) -> list[dict[str, object]]:
        """Standard output as JSON Lines: it fails where anything else stands there."""
        return [json.loads(line) for line in self.out.splitlines()]

    def of(self, event: str) -> list[dict[str, object]]:
        return [line for line in self.lines if line["event"] == event]

    def __repr__(self) -> str:
        return f"status {self.status}\n--- out\n{self.out}\n--- err\n{self.err}"


def said(command: list[str], **environment: str) -> Said:
    """Run a program to its end."""
    done = subprocess.run(
        command,
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=False,
        env=surroundings(**environment),
        cwd=environment.get("PWD"),
    )
    return Said(done.returncode, done.stdout, done.stderr)


def surroundings(**more: str) -> dict[str, str]:
    """The environment of a program started by a test: the checkout is found from any folder."""
    root = str(Path(__file__).parent.parent)
    plain = {name: value for name, value in os.environ.items() if name != "XMREPORT_HOME"}
    return {**plain, "PYTHONPATH": os.pathsep.join([root, plain.get("PYTHONPATH", "")]).rstrip(os.pathsep), **more}


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """A workspace of its own for every test."""
    return Office(tmp_path / "office")


@pytest.fixture
def small(tmp_path: Path) -> Office:
    """An office with the weekly report alone: where it matters how a pass goes, not what it publishes."""
    return Office(tmp_path / "small", ONE_TASK)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests marked libreoffice skip where it is absent, and fail where it is promised."""
    if item.get_closest_marker("libreoffice") and shutil.which("soffice") is None:
        if os.environ.get("XMREPORT_REQUIRE_LIBREOFFICE"):
            pytest.fail("LibreOffice (soffice) is promised here and not installed")
        pytest.skip("LibreOffice (soffice) is not installed")
