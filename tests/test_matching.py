"""Which form a sheet is: what was worked out for one sheet is never given for another that differs where it counts."""

import datetime as dt
from itertools import pairwise

import pytest
from building import F1_BEFORE, F4, PROCEDURES, SUBS, counties
from hypothesis import given
from hypothesis import strategies as st

from xmreport.forms.cleaning import clean, heading_key
from xmreport.forms.lines import LineKind, Lines
from xmreport.forms.matching import Matcher, matcher_of
from xmreport.model.grid import Box, Grid

GROUPED = [*F1_BEFORE, *(cell for name in PROCEDURES for cell in (name, None, None, None)), "备注"]
UNDER = [None] * len(F1_BEFORE) + SUBS * len(PROCEDURES)
PROJECT = [
    *(1.0, "第1供水站项目", "2211-141025-89-01-100001", "城南建设有限公司", "县住建局", "新建", "社会事业", "否"),
    *("建设供水站一座", "2023-2025", 1200.0, 500.0, dt.date(2023, 3, 1), "县", "已办结", dt.date(2022, 11, 3)),
]
STRANGE = [f"其他事项{number}" for number in range(30)]


def grid(*rows, merges=(), faults=None):
    return Grid("Sheet1", tuple(map(tuple, rows)), tuple(Box(*box) for box in merges), faults=faults or {})


def told(match):
    return match and (match.form.name, match.header)


def matched(sheet):
    return matcher_of(counties()["guxian"]).match(sheet, None)


def lines_of(sheet):
    match = matched(sheet)
    return Lines(match.labels, match.header, match.form)


PAIRS = {
    "a cell merged into the one above": [grid(["甲"], F4), grid(["甲"], F4, merges=[(1, 1, 2, 1)])],
    "what a merged cell brings from above": [grid([above], F4, merges=[(1, 1, 2, 1)]) for above in ("甲", "乙")],
    "headings merged over more rows than a header has": [
        grid(GROUPED, [], [], UNDER, merges=[(1, column, 3, column + 3) for column in range(14, 31, 4)][:count])
        for count in (5, 4, 0)
    ],
    "a row that counts the columns": [
        grid(["甲"], F4, [float(column) for column in range(first, first + 16)]) for first in (1, 2)
    ],
    "a row that names units of money": [
        grid(["甲"], F4, [None] * 5 + [unit]) for unit in ("（万元）", "（亿元）", "东岭")
    ],
    "a row between those with headings": [
        grid(GROUPED, [None] * 8 + [between], UNDER) for between in ("甲", "乙", None)
    ],
    "how far a merged heading reaches": [
        grid(["甲"], F4, [], [1.0] * width, merges=[(2, 16, 2, 18)]) for width in (16, 17, 18)
    ],
    "where the header stands": [grid(*[["甲"]] * above, F4) for above in (1, 7, 8, 9, 39, 40)],
    "a header again, further down and fuller": [grid(F4[:6], *[["甲"]] * 9, again) for again in (F4[:5], F4)],
}


@pytest.mark.parametrize("sheets", PAIRS.values(), ids=PAIRS)
def test_sheets_that_differ_where_it_counts_are_told_apart(sheets):
    county = counties()["guxian"]
    matcher = Matcher(county)
    alone = [told(Matcher(county).match(sheet, None)) for sheet in sheets]
    assert [told(matcher.match(sheet, None)) for sheet in (*sheets, *sheets)] == [*alone, *alone]
    assert all(one != other for one, other in pairwise(alone))


def test_sheets_of_one_layout_are_worked_out_once():
    matcher = Matcher(counties()["guxian"])
    sheets = [
        grid([unit], [], GROUPED, UNDER, *[PROJECT] * count) for unit, count in (("甲", 3), ("乙", 60), ("丙", 1))
    ]
    headers = [matcher.match(sheet, None).header for sheet in sheets]
    assert headers[0] is headers[1] is headers[2]
    assert len(matcher._found) == 1


def test_a_heading_merged_over_several_rows_stands_in_each_of_them():
    plain = [(1, column, 3, column) for column in range(1, 14)]
    merges = [*plain, *((1, column, 3, column + 3) for column in range(14, 31, 4))]
    header = matched(grid(GROUPED, [], [], UNDER, merges=merges)).header
    assert (header.top, header.bottom) == (2, 4)
    assert {f"{name}.办理进展" for name in PROCEDURES} <= set(header.columns)


@pytest.mark.parametrize("title", ["表", "省市重点项目目标任务表", "前期手续办理情况表"])
def test_a_title_can_lift_the_form_that_fewer_headings_speak_for(title):
    sheet = grid([title], [*F4[:9], "项目单位", "所属领域", "是否产业项目", "建设内容及规模"])
    county = counties()["guxian"]
    shares = {}
    for candidate in Matcher(county)._candidates(matched(sheet).labels):
        shares[candidate.form.name] = candidate.share
    best = max(shares, key=lambda name: shares[name] + (0.2 if name == title else 0))
    assert matched(sheet).form.name == best
    assert len({round(share, 2) for share in shares.values() if share > 0.4}) > 1


around = st.sampled_from(
    [
        "",
        "东",
        "（东）",
        "(万元)",
        "﹙东﹚",
        "[东]",
        "*",
        "1-",
        " ",
        "\n",
        "第1",
        "(",
        "⑴",
        "_x000d_",
        "Ａ",
        "万元",
        "/亿元",
        "【元】",
    ]
)
headings = st.sampled_from(["项目名称", "总投资", "總投資", "備註", "序号", "1至本月累计完成投资", "东岭", "12", ""])


@given(around, headings, around)
def test_a_heading_is_known_in_whatever_way_it_is_written(before, heading, after):
    matcher = matcher_of(counties()["guxian"])
    matcher._is_heading("东岭")
    text = before + heading + after
    known = heading_key(clean(text)) in matcher.headings
    assert [matcher._is_heading(text) for _ in range(2)] == [known, known]
    assert matcher._spelled([(text, 1.0, None), ("东岭",)]) == ({text} if known else set())


changes = st.tuples(
    st.integers(0, 15),
    st.sampled_from(
        [None, "无", "一", "1", "合计", 3.5, 5, "  ", "示例1", "—", "  项目（一期）", "总投资", "無", "注：无"]
    ),
)


@given(
    st.lists(st.lists(changes, max_size=4), min_size=1, max_size=5),
    st.integers(0, 6),
    st.sampled_from([None, 4, 5]),
    st.sampled_from([0, 38]),
)
def test_a_plain_project_is_one_to_the_closer_look_too(changed, strange, fault, below):
    body = [[*PROJECT, *STRANGE[:strange]] for _ in changed]
    for row, cells in zip(body, changed, strict=True):
        for column, cell in cells:
            row[column] = cell
    header = [*GROUPED[:16], *STRANGE[:strange]]
    sheet = grid(["表"], header, UNDER[:16], *[[]] * below, *body, faults={(fault, 3): "#REF!"} if fault else {})
    lines, closer = lines_of(sheet), lines_of(sheet)
    closer.plain = frozenset()
    rows = range(4, len(sheet.rows) + 1)
    assert [lines.read(row) for row in rows] == [closer.read(row) for row in rows]


def test_a_line_in_doubt_gets_the_closer_look():
    doubtful = {0: "1", 1: "一号线项目", 3: None, 4: "—", 10: "1200"}
    body = [[*PROJECT[:at], cell, *PROJECT[at + 1 :]] for at, cell in doubtful.items()]
    body[-1][11] = None
    sheet = grid(
        ["表"], GROUPED, UNDER, PROJECT, ["1", "  第2 ", *PROJECT[2:]], *body, PROJECT, faults={(11, 2): "#N/A"}
    )
    assert lines_of(sheet).plain == {4}


@pytest.mark.parametrize("above", [0, 45])
@pytest.mark.parametrize("header", [[F1_BEFORE + STRANGE], [GROUPED, UNDER]])
def test_a_pasted_header_is_no_project_whatever_stands_in_it(header, above):
    pasted = [None, "甲项目", None, "甲公司", "县住建局", *[None] * 5, 5.0, *[None] * 2, *header[-1][13:]]
    lines = lines_of(grid(["表"], *header, *[PROJECT] * above, pasted))
    assert len(lines.plain) == above
    assert lines.read(len(lines.grid.rows)).kind is LineKind.HEADER
