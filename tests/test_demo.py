"""The demonstration is run once for real; then what it left behind is looked at as a newcomer would."""

import datetime as dt
import io
import re
import zipfile
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest

from xmreport.demo import run_demo
from xmreport.demo.acts import Programme, programme
from xmreport.demo.cases import Manner, read_case
from xmreport.demo.desk import Desk
from xmreport.demo.office import edited
from xmreport.demo.place import MARKER
from xmreport.ledger import Ledger
from xmreport.ledger.states import unit_states
from xmreport.messages import say
from xmreport.model.dates import CHINA
from xmreport.model.receipts import Outcome, Receipt, State
from xmreport.model.trouble import Trouble
from xmreport.rulebook.loading.folder import load_rulebook
from xmreport.workspace import Workspace, create_workspace, shipped

pytestmark = pytest.mark.timeout(400)  # five counties for real, on a machine that may be busy

COUNTIES = ("zhangzi", "guxian", "huozhou", "linfen", "qinshui", "linxian")
TASK = "前期手续办理周报"
AFTERWARDS = dt.datetime(2022, 12, 17, 9, 0, tzinfo=CHINA)


class Played(NamedTuple):
    folder: Path
    printed: str
    receipts: list[Receipt]
    states: dict[tuple[str, str], State]

    def of(self, unit: str, period: str) -> State:
        return self.states[period, unit]

    def codes(self, file: str) -> set[str]:
        return {
            finding.code for receipt in self.receipts if receipt.file.endswith(file) for finding in receipt.findings
        }


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "xmreport-demo"
    printed = io.StringIO()
    with redirect_stdout(printed):
        run_demo(folder)
    workspace = Workspace(folder)
    with Ledger.open(workspace.state) as ledger:
        receipts = ledger.receipts()
    states = {
        (state.period, state.unit): state.state
        for county in (workspace.rulebook.county(key) for key in ("guxian", "huozhou"))
        for state in unit_states(county, receipts, AFTERWARDS)
        if state.task == TASK
    }
    return Played(folder, printed.getvalue(), receipts, states)


def test_every_file_dropped_has_exactly_one_outcome_and_the_sum_is_printed(played):
    acts = programme(Workspace(played.folder).rulebook).acts
    dropped = sum(len(wave.drops) for act in acts for wave in act.waves)
    assert len({(receipt.county, receipt.file, receipt.arrived_at) for receipt in played.receipts}) == dropped
    assert f"共 {dropped} 个文件" in played.printed
    parts = Counter((receipt.county, receipt.file, receipt.sheet, receipt.arrived_at) for receipt in played.receipts)
    assert set(parts.values()) == {1}
    outcomes = Counter(receipt.outcome for receipt in played.receipts)
    assert set(outcomes) == set(Outcome)
    told = re.search(r"合计 (\d+) 份报表：收下 (\d+)、退回 (\d+)、隔离 (\d+)、重复 (\d+)、忽略 (\d+)", played.printed)
    assert told
    kinds = (Outcome.ACCEPTED, Outcome.RETURNED, Outcome.QUARANTINED, Outcome.DUPLICATE, Outcome.IGNORED)
    assert [int(number) for number in told.groups()] == [len(played.receipts), *(outcomes[kind] for kind in kinds)]


def test_every_workbook_named_at_the_end_is_there(played):
    named = [Path(line.strip()) for line in played.printed.splitlines() if line.strip().endswith(".xlsx")]
    assert {key for key in COUNTIES for path in named if key in path.parts} == set(COUNTIES)
    assert any("退回" in path.parts for path in named)
    for path in named:
        assert path.is_file(), path


def test_the_units_end_in_the_states_their_habits_earn(played):
    assert played.of("县交通运输局", "2022-12-09") is State.ON_TIME
    assert played.of("北平镇", "2022-12-09") is State.ON_TIME
    assert played.of("县行政审批局", "2022-12-09") is State.LATE
    assert played.of("三合镇", "2022-12-09") is State.LATE
    assert played.of("县疾控中心", "2022-12-09") is State.NIL
    assert played.of("县自然资源局", "2022-12-09") is State.RETURNED
    assert played.of("旧县镇", "2022-12-09") is State.MISSING
    assert played.of("岳阳镇", "2022-12-16") is State.RETURNED
    assert played.of("县行政审批局", "2022-12-16") is State.MISSING
    assert played.of("市城管局", "2022-12-08") is State.RETURNED
    assert played.of("市文旅局", "2022-12-08") is State.MISSING
    assert played.of("市文旅局", "2022-12-15") is State.RETURNED


@pytest.mark.parametrize(
    ("file", "codes"),
    [
        ("县医疗集团.xls", {"F02"}),
        ("旧县镇扫描件.pdf", {"F04"}),
        ("12月工资表.xlsx", {"S01"}),
        ("再报一次.xlsx", {"D01"}),
        ("市城管局/市城管局前期手续办理情况表.xlsx", {"S04"}),
        ("市交运局/市交运局前期手续办理情况表.xlsx", {"S05", "P01"}),
        ("县工信局/县工信局前期手续办理情况表.xlsx", {"V02", "V04", "P02"}),
        ("北平镇/北平镇前期手续办理情况表.xlsx", {"R02", "R04", "R05", "V25"}),
        ("岳阳镇/岳阳镇前期手续办理情况表.xlsx", {"S21", "X01", "V11", "R09", "P02"}),
        ("县交通运输局/县交通运输局前期手续办理情况表.xlsx", {"S20", "P03"}),
        ("三合镇/三合镇前期手续办理情况表.xlsx", {"F03", "S07", "S23"}),
        ("古阳镇/古阳镇前期手续办理情况表.xlsx", {"P01"}),
        ("南垣乡/南垣乡前期手续办理情况表.xlsx", {"P04"}),
        ("旧县镇/旧县镇前期手续办理情况表.xlsx", {"S13"}),
    ],
)
def test_a_planted_mess_is_found(played, file, codes):
    assert codes <= played.codes(file)


def test_what_a_careful_unit_sends_is_taken_without_errors(played):
    stocktaking = [receipt for receipt in played.receipts if receipt.task == "情况摸底"]
    assert len(stocktaking) == 27
    errors = [say(finding).message for receipt in stocktaking for finding in receipt.findings if finding.is_error]
    assert not errors


def test_procedures_move_on_from_week_to_week(played):
    rates = [_figure(played, period, "前期手续办结率") for period in ("2022-12-09", "2022-12-16")]
    assert 0.5 < rates[0] < 0.7 < rates[1] < 0.85
    shares = [_figure(played, period, "省市重点项目年度投资完成率") for period in ("2022-12-09", "2022-12-16")]
    assert shares[0] < shares[1] < 0.87


def _figure(played: Played, period: str, indicator: str) -> float:
    path = played.folder / "outbox" / "guxian" / TASK / period / "目标完成情况表.xlsx"
    rows = list(openpyxl.load_workbook(path, data_only=True).worksheets[0].iter_rows(values_only=True))
    column = next(row.index("完成") for row in rows if "完成" in row)
    return next(row[column] for row in rows if indicator in row)


def test_the_ledger_verifies_and_only_the_lock_file_is_left(played):
    with Ledger.open(Workspace(played.folder).state) as ledger:
        assert ledger.verify() == []
    left = [path.name for path in (played.folder / "inbox").rglob("*") if path.is_file()]
    assert left == ["~$县交通运输局前期手续办理情况表.xlsx"]
    assert "台账核对完好" in played.printed


PACK = {"报送情况及迟报名单.xlsx", "核对与变化.xlsx", "通报.xlsx"}


@pytest.mark.parametrize(
    ("period", "further"),
    [
        (
            "zhangzi/重点项目进度台账/2020-11-30",
            {"重点项目进度台账汇总表", "目标完成情况表", "四类未按时", "专题活动工作台账"},
        ),
        ("zhangzi/月调度专报/2020-11-30", {"月调度专报汇总表", "目标完成情况表", "四类未按时"}),
        ("guxian/前期手续办理周报/2022-12-16", {"手续分解清单", "目标完成情况表", "古县省市级手续及指标上报表"}),
        ("huozhou/重点项目月调度/2022-12-28", {"省市重点项目月调度表汇总表", "目标完成情况表"}),
        ("linfen/省市级手续上报/2022-12-19", {"协调办理手续清单汇总表", "省市级手续分解清单"}),
        ("qinshui/目标进展/2023-12-29", {"统计数据表汇总表", "目标完成情况表", "九张清单"}),
        ("qinshui/包保调度/2023-12-15", {"包保台账汇总表", "九张清单", "包保调度提醒"}),
        ("linxian/开复工台账/2025-04-30", {"开复工台账汇总表", "目标完成情况表", "开复工跟进清单"}),
        ("linxian/五张清单/2025-04-30", {"五张清单", "入库纳统跟进清单"}),
    ],
)
def test_each_county_has_the_whole_pack_of_a_period_that_has_passed(played, period, further):
    found = {path.name for path in (played.folder / "outbox" / period).glob("*.xlsx")}
    assert PACK | {f"{name}.xlsx" for name in further} <= found


@pytest.mark.parametrize(
    "workbook",
    ["zhangzi/重点项目进度台账/2020-11-30/四类未按时.xlsx", "qinshui/未开工项目/2023-12-29/九张清单.xlsx"],
)
def test_every_list_with_a_time_limit_has_somebody_past_it(played, workbook):
    sheets = openpyxl.load_workbook(played.folder / "outbox" / workbook).worksheets
    limited = [sheet for sheet in sheets if "剩余天数" in _cells(sheet)]
    assert len(limited) == 4
    for sheet in limited:
        assert any(str(cell).startswith("超期") for cell in _cells(sheet)), sheet.title


def test_lights_of_every_colour_burn(played):
    path = played.folder / "outbox/guxian/前期手续办理周报/2022-12-16/目标完成情况表.xlsx"
    assert {"正常", "滞后", "逾期未达"} <= _cells(openpyxl.load_workbook(path).worksheets[0])


@pytest.mark.parametrize(
    ("docket", "matter", "holds"),
    [
        ("guxian/问题台账/2022-11-27/问题台账.xlsx", "古问2022-001", {"贾某", "王某", "交办", "超期3天"}),
        ("linxian/堵点台账/2025-03-21/堵点台账.xlsx", "能源-01", {"闫某", "市局4月24日批复", "销号"}),
        ("qinshui/问题困难交办/2023-11-01/问题困难交办.xlsx", "沁交2023-001", {"12月18日批复，20日开工", "销号"}),
        ("zhangzi/问题台账/2020-10-01/问题台账.xlsx", "长问2020-002", {"崔某", "已竣工", "销号"}),
        ("zhangzi/挂牌督办/2020-10-01/挂牌督办台账.xlsx", "长督2020-001", {"韩某", "已复函"}),
        ("zhangzi/挂牌督办/2020-10-01/挂牌督办台账.xlsx", "长督2020-002", {"督办", "红色：全县通报"}),
    ],
)
def test_what_the_office_wrote_into_a_docket_and_what_was_answered_stands_there(played, docket, matter, holds):
    sheet = openpyxl.load_workbook(played.folder / "outbox" / docket).worksheets[0]
    line = next(line for line in sheet.iter_rows(values_only=True) if matter in line)
    assert holds <= set(line)


def test_a_notice_without_a_reply_is_printed_and_the_answered_ones_are_not(played):
    book = openpyxl.load_workbook(played.folder / "outbox/zhangzi/挂牌督办/2020-10-01/挂牌督办通知书.xlsx")
    assert book.sheetnames[1:] == ["长督2020-002"]


def test_the_city_puts_together_what_both_counties_sent_up(played):
    path = played.folder / "outbox/linfen/统计汇总/2022-12-19/统计数据表汇总表.xlsx"
    assert {"古县", "霍州市", "前期手续办结率"} <= _cells(openpyxl.load_workbook(path).worksheets[0])


def test_the_reporting_office_has_room_above_a_list_of_few_columns(played):
    path = played.folder / "outbox/linxian/双包联台账/2025-04-30/双包联落实清单.xlsx"
    sheet = openpyxl.load_workbook(path).worksheets[1]
    cell = next(cell for line in sheet.iter_rows() for cell in line if str(cell.value).startswith("填报单位"))
    box = next(box for box in sheet.merged_cells.ranges if cell.coordinate in box)
    assert sum(sheet.column_dimensions[letters].width for letters in "ABCDEF"[: box.max_col]) > 30


def _cells(sheet) -> set[object]:
    return {cell for line in sheet.iter_rows(values_only=True) for cell in line}


def test_all_that_is_printed_fits_a_gbk_console(played):
    played.printed.encode("gbk")


@pytest.fixture(scope="module")
def book():
    return load_rulebook(shipped("rules"))


def test_the_same_files_are_made_every_time(book):
    first, second = (
        [drop.data for act in programme(book).acts for wave in act.waves for drop in wave.drops] for _ in range(2)
    )
    written = [pair for pair in zip(first, second, strict=True) if isinstance(pair[0], bytes)]
    assert len(written) > 300
    assert all(one == other for one, other in written)


def test_a_workbook_that_the_office_alters_is_the_same_file_whenever_it_is_saved(tmp_path):
    path = tmp_path / "问题台账.xlsx"
    made = openpyxl.Workbook()
    made.active.append(["序号", "项目*", "责任人"])
    made.active.append([1, "一号桥", None])
    made.save(path)
    moment = dt.datetime(2022, 12, 12, 10, 0, tzinfo=CHINA)
    data = edited(path, {"一号桥": {"项目": "二号桥", "责任人": "王某"}}, moment)
    assert [cell.value for cell in openpyxl.load_workbook(io.BytesIO(data)).active[2]] == [1, "二号桥", "王某"]
    with zipfile.ZipFile(io.BytesIO(data)) as saved:
        assert {entry.date_time for entry in saved.infolist()} == {(2022, 11, 26, 9, 0, 0)}
        assert b"2022-12-12T02:00:00Z" in saved.read("docProps/core.xml")


@pytest.mark.parametrize("key", COUNTIES)
def test_a_case_names_only_units_of_its_county_and_runs_forward_in_time(book, key):
    case, roster = read_case(key), book.county(key).roster
    named = [edit.unit for scene in case.scenes for edit in scene.edits]
    for scene in case.scenes:
        named += [line.split("|")[0].strip() for table in scene.tables.values() for line in table.splitlines()[1:]]
        named += [*scene.manners, *(paper.unit for paper in scene.papers)]
        named += [*scene.sending.only, *scene.sending.without] if scene.sending else []
    assert [unit for unit in named if roster.resolve(unit) != unit] == []
    moments = [scene.at for scene in case.scenes]
    assert moments == sorted(set(moments))


def test_a_line_of_a_case_becomes_the_cells_its_form_asks_for(book):
    desk = Desk(book.county("qinshui"), "0356", "2306")
    head = "报送单位|项目名称|总投资|计划开工时间|立项|用地|环评"
    line = "嘉峰镇|一号桥|1.2亿|2024-03|县 √ 2023-09-12|不需办理|市 未办理 2024-01-10"
    desk.add("前期手续办理情况表", f"{head}\n{line}")
    desk.change("前期手续办理情况表", "一号桥", {"总投资": 12000})
    data = desk.workbook("嘉峰镇", ["前期手续办理情况表"], dt.date(2023, 11, 24), Manner())
    lines = list(openpyxl.load_workbook(io.BytesIO(data)).active.iter_rows(values_only=True))
    cells = dict(zip(_fields(lines), lines[5], strict=True))
    assert cells["项目名称*"] == "一号桥"
    assert cells["总投资*"] == 12000
    assert cells["责任单位*"] == "嘉峰镇"
    assert re.fullmatch(r"2306-140521-89-01-\d{6}", cells["项目代码"])
    assert cells["计划开工时间"] == "2024年3月"
    assert (cells["立项.办理进展"], cells["立项.办结时间"]) == ("√", dt.datetime(2023, 9, 12))  # noqa: DTZ001
    assert (cells["用地.办理进展"], cells["用地.办理层级"]) == ("不需办理", None)
    assert (cells["环评.拟办结时限"], cells["环评.办结时间"]) == (dt.datetime(2024, 1, 10), None)  # noqa: DTZ001


def _fields(lines) -> list[str]:
    """The headings of a two-row header."""
    top, named = "", []
    for above, below in zip(lines[3], lines[4], strict=True):
        top = above or top
        named.append(f"{top}.{below}" if below else top)
    return named


def test_a_unit_with_nothing_to_report_sends_a_nil_return(book):
    desk = Desk(book.county("linxian"), "0358", "2411")
    data = desk.workbook("车赶乡", ["开复工台账", "堵点台账"], dt.date(2025, 3, 31), Manner())
    made = openpyxl.load_workbook(io.BytesIO(data))
    assert made.sheetnames == ["开复工台账", "堵点台账"]
    assert all("零报告" in _cells(sheet) for sheet in made)


@pytest.fixture
def earlier(tmp_path, monkeypatch):
    """An earlier demonstration, without the weeks."""
    monkeypatch.setattr("xmreport.demo.stage.programme", lambda _: Programme((), {}))
    folder = tmp_path / "demo"
    run_demo(folder)
    return folder


def test_an_earlier_demonstration_is_replaced(earlier):
    (earlier / "outbox" / "旧表.xlsx").write_bytes(b"old")
    run_demo(earlier)
    assert not (earlier / "outbox" / "旧表.xlsx").exists()
    assert (earlier / MARKER).is_file()


@pytest.mark.parametrize("theirs", ["我的笔记.txt", "rules/guxian.yaml", "inbox/guxian/岳阳镇/改好的表.xlsx"])
def test_an_earlier_demonstration_with_something_of_the_clerks_own_is_left_alone(earlier, theirs):
    path = earlier / theirs
    path.parent.mkdir(exist_ok=True)
    path.write_text("自己的", encoding="utf-8")
    with pytest.raises(Trouble, match=re.escape(theirs)):
        run_demo(earlier)
    assert path.read_text(encoding="utf-8") == "自己的"


def test_a_damaged_mark_is_told_and_nothing_deleted(earlier):
    (earlier / MARKER).write_text("{", encoding="utf-8")
    with pytest.raises(Trouble, match="认不出"):
        run_demo(earlier)
    assert (earlier / "outbox").is_dir()


def test_an_earlier_demonstration_in_use_is_left_alone(earlier):
    with Workspace(earlier).hold(), pytest.raises(Trouble, match="正在这个工作区里运行"):
        run_demo(earlier)
    assert (earlier / "rules").is_dir()


def test_a_folder_that_is_no_demonstration_is_refused_and_untouched(tmp_path):
    folder = tmp_path / "office"
    create_workspace(folder)
    before = sorted(folder.rglob("*"))
    with pytest.raises(Trouble, match="不是空的"):
        run_demo(folder)
    assert sorted(folder.rglob("*")) == before
