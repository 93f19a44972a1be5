"""The demonstration is run once for real; then what it left behind is looked at as a newcomer would."""

import datetime as dt
import io
import re
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest

from xmreport.demo import run_demo
from xmreport.demo.place import MARKER
from xmreport.demo.week import all_waves
from xmreport.ledger import Ledger
from xmreport.ledger.states import unit_states
from xmreport.messages import say
from xmreport.model.dates import CHINA
from xmreport.model.receipts import Outcome, Receipt, State
from xmreport.model.trouble import Trouble
from xmreport.workspace import Workspace, create_workspace

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
        for county in workspace.rulebook.counties.values()
        for state in unit_states(county, receipts, AFTERWARDS)
        if state.task == TASK
    }
    return Played(folder, printed.getvalue(), receipts, states)


def test_every_file_dropped_has_exactly_one_outcome_and_the_sum_is_printed(played):
    dropped = [drop for wave in all_waves(Workspace(played.folder).rulebook) for drop in wave.drops]
    outcomes = Counter(receipt.outcome for receipt in played.receipts)
    assert sum(outcomes.values()) == len(dropped)
    assert set(outcomes) == set(Outcome)
    told = re.search(r"合计 (\d+) 个文件：收下 (\d+)、退回 (\d+)、隔离 (\d+)、重复 (\d+)、忽略 (\d+)", played.printed)
    assert told
    kinds = (Outcome.ACCEPTED, Outcome.RETURNED, Outcome.QUARANTINED, Outcome.DUPLICATE, Outcome.IGNORED)
    assert [int(number) for number in told.groups()] == [len(dropped), *(outcomes[kind] for kind in kinds)]


def test_every_workbook_named_at_the_end_is_there(played):
    named = [Path(line.strip()) for line in played.printed.splitlines() if line.strip().endswith(".xlsx")]
    assert len(named) >= 7
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


def test_all_that_is_printed_fits_a_gbk_console(played):
    played.printed.encode("gbk")


def test_the_same_files_are_made_every_time(played):
    book = Workspace(played.folder).rulebook
    first, second = ([drop.data for wave in all_waves(book) for drop in wave.drops] for _ in range(2))
    assert first == second


@pytest.fixture
def earlier(tmp_path, monkeypatch):
    """An earlier demonstration, without the weeks."""
    monkeypatch.setattr("xmreport.demo.stage.all_waves", lambda _: [])
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
