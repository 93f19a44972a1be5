"""Tables too long to be held cell by cell: the same figures and looks, in little memory, on several sheets."""

import datetime as dt
import io
import random
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from xmreport.model.dates import CHINA, PartialDate
from xmreport.model.sheets import Formula, Line, Link, LongTable, SheetData, WorkbookData
from xmreport.workbooks.fitting.measure import _TOKENS, _filled, _filled_plainly, units
from xmreport.workbooks.official import build
from xmreport.workbooks.streamed.body import LONG

TEMPLATES = Path(__file__).parents[1] / "templates_xlsx"
AS_OF = dt.datetime(2022, 12, 9, 17, tzinfo=CHINA)
HEAD = dict.fromkeys(("附件", "标题", "县区", "填报单位", "截止时间", "任务", "期次", "金额单位"), "古县")
MANY = LONG + 500
STATES = ("已办结", "正在办理", "未办理")


def table(rows: int, units_each: int = 100) -> LongTable:
    """Projects of made-up units, each with a subtotal, and the total."""
    columns = {
        "序号": range(1, rows + 1),
        "填报单位": [f"第{at // units_each}镇" for at in range(rows)],
        "项目名称": [f"第{at}号污水处理厂及配套管网建设项目" for at in range(rows)],
        "项目代码": [f"2212-141025-89-01-{at:06}" for at in range(rows)],
        "项目单位": ["=A1", "城投 & 水务<有限>公司"] * (rows // 2),
        "责任单位": [f"第{at // units_each}镇" for at in range(rows)],
        "建设性质": ["新建"] * rows,
        "所属领域": [None] * rows,
        "是否产业项目": [True, False] * (rows // 2),
        "建设内容及规模": ["新建总建筑面积约1200平方米，" * (at % 7) or None for at in range(rows)],
        "建设起止年限": ["2023-2024"] * rows,
        "总投资": [float(at % 900 + 1) for at in range(rows)],
        "年度计划投资": [round(at % 900 / 3, 2) for at in range(rows)],
        "计划开工时间": [PartialDate(2023, at % 12 + 1, at % 2 * 15) for at in range(rows)],
        "立项.办理层级": ["县"] * rows,
        "立项.办理进展": [STATES[at % 3] for at in range(rows)],
        "立项.办结时间": [PartialDate(2022, 11, 3) if at % 3 == 0 else None for at in range(rows)],
        "立项.拟办结时限": [None] * rows,
        "需协调解决的问题": [None] * rows,
        "协调层级": ["县"] * rows,
        "备注": [None] * rows,
    }
    ends = [*range(units_each, rows, units_each), rows]
    between = {end + at: Line("小计", {"填报单位": f"第{at}镇"}) for at, end in enumerate(ends)}
    return LongTable(columns, rows, {**between, rows + len(ends): Line("合计")})


def workbook(lines, **more) -> WorkbookData:
    sheet = SheetData("汇总表", "汇总表", HEAD, lines, {"手续": ("立项",)}, ("一条附注。",), **more)
    return WorkbookData("x.xlsx", "前期手续办理情况表汇总表.xlsx", (sheet,))


def opened(data: bytes):
    return openpyxl.load_workbook(io.BytesIO(data))


@pytest.fixture(scope="module")
def long():
    return opened(build(workbook(table(MANY)), TEMPLATES, AS_OF))["汇总表"]


def shorter(monkeypatch, lines):
    """The same table, every line of it written cell by cell."""
    monkeypatch.setattr("xmreport.workbooks.streamed.body.FEW", 10**9)
    return opened(build(workbook(lines), TEMPLATES, AS_OF))["汇总表"]


def _look(cell):
    return repr((cell.font, cell.fill, cell.number_format, cell.alignment, cell.border, cell.quotePrefix))


def test_a_streamed_table_says_and_looks_what_one_written_cell_by_cell_does(long, monkeypatch):
    other = shorter(monkeypatch, table(MANY))
    assert long.dimensions == other.dimensions
    assert {str(each) for each in long.merged_cells.ranges} == {str(each) for each in other.merged_cells.ranges}
    rows = list(zip(long.iter_rows(), other.iter_rows(), strict=True))
    for row, same in rows:
        assert [cell.value for cell in row] == [cell.value for cell in same]
    for row, same in (*rows[:40], *rows[-20:]):
        assert list(map(_look, row)) == list(map(_look, same))
    assert {at: each.width for at, each in long.column_dimensions.items()} == {
        at: each.width for at, each in other.column_dimensions.items()
    }
    assert {at: each.height for at, each in long.row_dimensions.items()} == {
        at: each.height for at, each in other.row_dimensions.items()
    }


def test_the_fast_reader_sees_the_totals_of_a_streamed_table():
    data = build(workbook(table(MANY)), TEMPLATES, AS_OF)
    rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name("汇总表").to_python()
    total = next(row for row in rows if row[0] == "合计")
    assert MANY in total
    assert sum(at % 900 + 1 for at in range(MANY)) in total


def test_the_same_long_table_gives_the_same_bytes():
    assert build(workbook(table(MANY)), TEMPLATES, AS_OF) == build(workbook(table(MANY)), TEMPLATES, AS_OF)


def test_a_text_that_no_row_can_show_is_told_below_a_long_table():
    lines = table(MANY)
    lines.columns["建设内容及规模"][MANY - 1] = "很长的内容" * 3000
    sheet = opened(build(workbook(lines), TEMPLATES, AS_OF))["汇总表"]
    assert any("有1处文字太长" in str(cell.value) for cell in sheet["A"])


def test_formulas_of_a_long_table_name_their_own_row():
    rows = MANY
    columns = {name: [None] * rows for name in ("序号", "项目代码", "变化类型", "列", "来源", "单位", "项目名称")}
    columns |= {"上期": [1.0] * rows, "本期": [float(at) for at in range(rows)]}
    columns["增减"] = [Formula("{本期}-{上期}", at - 1.0) for at in range(rows)]
    sheet = SheetData("变化", "变化", HEAD, LongTable(columns, rows))
    made = opened(build(WorkbookData("x.xlsx", "核对与变化.xlsx", (sheet,)), TEMPLATES, AS_OF))["变化"]
    first = made.max_row - rows
    assert made.cell(first + 1000, 9).value == f"=H{first + 1000}-G{first + 1000}"


def test_links_keep_a_long_table_from_being_streamed():
    rows = MANY
    columns = {name: [None] * rows for name in ("序号", "项目名称", "工作表", "行号", "报送时间", "版本", "文件校验码")}
    columns |= {"填报单位": ["古阳镇"] * rows, "来源文件": [Link("文件", "a.xlsx"), *["b.xlsx"] * (rows - 1)]}
    sheet = SheetData("来源", "来源", HEAD, LongTable(columns, rows))
    data = build(WorkbookData("x.xlsx", "前期手续办理情况表汇总表.xlsx", (sheet,)), TEMPLATES, AS_OF)
    linked = [cell for row in opened(data)["来源"].iter_rows() for cell in row if cell.hyperlink]
    assert [cell.value for cell in linked] == ["文件"]


# More lines than a sheet has rows


@pytest.mark.parametrize(("rows", "limit"), [(1000, 460), (7000, 3000)])
def test_a_table_beyond_the_last_row_goes_on_in_further_sheets_and_carries_its_total_forward(rows, limit):
    data = build(workbook(table(rows)), TEMPLATES, AS_OF, limit)
    book, values = opened(data), openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    assert book.sheetnames == ["汇总表", "汇总表（2）", "汇总表（3）"]
    names = [cell.value for sheet in book for cell in sheet["C"] if str(cell.value).endswith("建设项目")]
    assert names == [f"第{at}号污水处理厂及配套管网建设项目" for at in range(rows)]
    totals = []
    for sheet, cached in zip(book, values, strict=True):
        assert sheet.max_row <= limit
        [last] = [row for row in range(1, sheet.max_row + 1) if sheet.cell(row, 1).value == "合计"]
        totals.append(cached.cell(last, 12).value)
        assert any("分为3张" in str(cell.value) for cell in sheet["A"])
        before = sheet.cell(last - 1, 1).value
        assert before.endswith("小计")
    assert totals == sorted(totals)
    assert totals[-1] == sum(at % 900 + 1 for at in range(rows))
    second = book["汇总表（2）"]
    [carried] = [row[11].value for row in second.iter_rows() if row[0].value == "合计"]
    assert carried.startswith("='汇总表'!$L$")


# What it costs


PROGRAM = """
import sys
from pathlib import Path
sys.path[:0] = {paths!r}
from test_large import AS_OF, TEMPLATES, build, table, workbook
size = len(build(workbook(table(200_000)), TEMPLATES, AS_OF))
# By its own account: getrusage counts the memory of the process that started it too.
said = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("utf-8").splitlines())
print(size, int(said["VmHWM"].split()[0]) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's own peak this way")
def test_two_hundred_thousand_rows_stay_within_500_mib():
    here = Path(__file__).parent
    program = PROGRAM.format(paths=[str(here.parent), str(here)])
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    size, peak = map(int, ended.stdout.split())
    assert size > 2**20
    assert peak <= 500


# Measuring


def test_plain_words_are_counted_as_the_slow_way_counts_them():
    chance = random.Random(7)
    for _ in range(3000):
        words = (
            chance.choice(("污水处理", "项目", "2023-12", "1234", "X", "厂")) for _ in range(chance.randint(1, 15))
        )
        text, room = "".join(words), chance.uniform(2, 40)
        if units(text) > room:
            slow = max(_filled([units(token) for token in tokens.findall(text)], room) for tokens in _TOKENS)
            assert _filled_plainly(text, room) == slow
