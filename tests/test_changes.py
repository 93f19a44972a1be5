"""核对与变化: what changed against each unit's last return, that the totals reconcile, and what is still doubtful."""

from pathlib import Path

import openpyxl
import pytest
from conftest import Office, at, form_one, project
from occasions import county_of, merged, occasion, opened, printed, returned, row, state
from test_recalculation import _formulas, _recalculated, _same, _value

from xmreport.model.dates import PartialDate
from xmreport.model.findings import Finding, Severity
from xmreport.model.receipts import State
from xmreport.rulebook.form import Regress
from xmreport.tables.changes.differences import ChangeKind, changes_of, held_rows, pair
from xmreport.tables.changes.workbook import BY_UNIT, CHANGES, TOTALS, WARNINGS, changes
from xmreport.tables.merged import merge
from xmreport.workbooks.official import build

CODES = ("2211-141025-89-01-123456", "2211-141025-89-01-654321")
NEXT = "2022-12-16"


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    return county_of(tmp_path_factory.mktemp("changed"))


@pytest.fixture(scope="module")
def where(county):
    return occasion(county, period=NEXT, now="12-17 09:00")


def _made(where, last, now, states=None):
    """The workbook of two times' returns; every unit that reported now is on time."""
    found = states or [state(where, each.unit, State.ON_TIME, counts=each.receipt) for each in now]
    return changes(where, merged(where, *now), now, last, found)


def _sheet(made, name):
    return next(sheet for sheet in made.sheets if sheet.name == name)


def _values(made, name, *fields):
    lines = [line.values for line in _sheet(made, name).lines if line.kind == "明细"]
    return [tuple(getattr(values[field], "value", values[field]) for field in fields) for values in lines]


def _of(made, kind):
    told = _values(made, CHANGES, "变化类型", "项目名称", "列", "上期", "本期", "增减")
    return [values[1:] for values in told if values[0] == kind]


def _one(where, before, now):
    """Two returns of one unit, one after the other."""
    return _made(
        where,
        [returned("古阳镇", *before, seq=1)],
        [returned("古阳镇", *now, seq=2, period=NEXT)],
    )


def test_what_is_new_and_what_is_gone_is_told_with_its_money(where):
    made = _one(where, [row(6, "桥"), row(7, "渠", 总投资=500)], [row(6, "桥"), row(7, "水厂", 总投资=800.5)])
    assert _of(made, "新增") == [("水厂", "总投资", None, 800.5, 800.5)]
    assert _of(made, "消失") == [("渠", "总投资", 500.0, None, -500.0)]
    assert _values(made, CHANGES, "来源") == [("古阳镇.xlsx Sheet1 第7行",)] * 2


def test_a_procedure_newly_done_and_one_that_fell_back(where):
    doing, done = {"环评.办理进展": "正在办理"}, {"能评.办理进展": "未办理"}
    made = _one(where, [row(6, "桥", **doing)], [row(6, "桥", **done)])
    assert _of(made, "办结") == [("桥", "环评·办理进展", "正在办理", "已办结", None)]
    assert _of(made, "倒退") == [("桥", "能评·办理进展", "已办结", "未办理", None)]


def test_a_status_of_the_row_itself_is_finished_and_reopened(county, where):
    form = county.forms["前期手续办理情况表"]
    against = form.file.against.model_copy(update={"regress": Regress(列="协调层级", 值="县")})
    file = form.file.model_copy(update={"against": against, "procedures": None, "columns": _without_group(form)})
    plain = type(form)(file, form.title, form.annex, (), form.options, form.offices, ())
    last = [returned("古阳镇", row(6, "桥", 协调层级="市"), row(7, "渠", 协调层级="县"))]
    now = [returned("古阳镇", row(6, "桥", 协调层级="县"), row(7, "渠", 协调层级="市"), seq=2)]
    order = where.county.roster.order
    pairs = pair(plain, *(held_rows(merge(plain, each, order)) for each in (last, now)))
    found = [(each.kind, each.before, each.now) for each in changes_of(plain, pairs, frozenset())]
    assert found == [(ChangeKind.DONE, "市", "县"), (ChangeKind.REOPENED, "县", "市")]


def _without_group(form):
    return tuple(column for column in form.file.columns if hasattr(column, "name"))


def test_each_money_column_that_changed_is_told_with_the_difference(where):
    made = _one(where, [row(6, "桥", 总投资=3000, 年度计划投资=1000)], [row(6, "桥", 总投资=3500.25, 年度计划投资=900)])
    assert _of(made, "金额变化") == [
        ("桥", "总投资", 3000.0, 3500.25, 500.25),
        ("桥", "年度计划投资", 1000.0, 900.0, -100.0),
    ]


@pytest.mark.parametrize(("now", "told"), [(3000.004, 0), (3000.006, 1), (None, 1)])
def test_money_that_prints_alike_did_not_change(where, now, told):
    assert len(_of(_one(where, [row(6, "桥", 总投资=3000)], [row(6, "桥", 总投资=now)]), "金额变化")) == told


def test_another_name_under_the_same_code_and_a_near_name_without_one(where):
    before = [row(6, "桥", 项目代码=CODES[0]), row(7, "城区集中供热工程二期")]
    now = [row(6, "大桥", 项目代码=CODES[0]), row(7, "城区集中供热工程（二期）项目")]
    made = _one(where, before, now)
    assert _of(made, "名称变化") == [
        ("大桥", "项目名称", "桥", "大桥", None),
        (
            "城区集中供热工程（二期）项目",
            "项目名称（疑似同一项目）",
            "城区集中供热工程二期",
            "城区集中供热工程（二期）项目",
            None,
        ),
    ]
    assert [len(_of(made, kind)) for kind in ("新增", "消失")] == [1, 1]  # suggested, never merged


def test_the_star_of_a_provincial_project_is_no_other_name(where):
    assert _values(_one(where, [row(6, "桥")], [row(6, "☆桥")]), CHANGES, "变化类型") == []


def test_who_is_responsible_what_is_built_and_when_it_starts(where):
    before = row(6, "桥", 计划开工时间=PartialDate(2023, 3), 备注="甲")
    now = row(6, "桥", 责任单位="县水利局", 建设性质="续建", 计划开工时间=PartialDate(2023, 6), 备注="乙")
    assert _of(_one(where, [before], [now]), "信息变化") == [
        ("桥", "责任单位", "县住建局", "县水利局", None),
        ("桥", "建设性质", "新建", "续建", None),
        ("桥", "计划开工时间", PartialDate(2023, 3), PartialDate(2023, 6), None),
    ]


def test_a_project_that_another_unit_reports_now_is_neither_new_nor_gone(where):
    last = [returned("古阳镇", row(6, "桥"), seq=1), returned("县水利局", row(6, "渠"), seq=2)]
    now = [returned("古阳镇", seq=3), returned("县水利局", row(6, "渠"), row(7, "桥", 总投资=3100), seq=4)]
    made = _made(where, last, now)
    assert _of(made, "换单位报送") == [("桥", "填报单位", "古阳镇", "县水利局", None)]
    assert _of(made, "金额变化") == [("桥", "总投资", 3000.0, 3100.0, 100.0)]
    assert (_of(made, "新增"), _of(made, "消失")) == ([], [])


def test_a_row_that_leaves_the_totals_because_two_units_report_it(where):
    last = [returned("县水利局", row(6, "桥", 责任单位="古阳镇"), seq=1), returned("古阳镇", seq=2)]
    now = [
        returned("县水利局", row(6, "桥", 责任单位="古阳镇", 总投资=2900), seq=3, came="12-15 10:00"),
        returned("古阳镇", row(6, "桥", 责任单位="古阳镇", 总投资=3200), seq=4, came="12-15 11:00"),
    ]
    made = _made(where, last, now)
    assert _of(made, "计入变动") == [("桥", "汇总表", "计入", "不计入（另一单位也报了）", None)]
    assert _of(made, "金额变化") == []  # what it says now is in no total
    assert _values(made, TOTALS, "项目", "上期", "新增", "消失", "增减", "本期", "汇总表", "核对") == [
        ("项目数", 1, 1, 0, -1, 1, 1, "相符"),
        ("总投资", 3000, 3200, 0, -3000, 3200, 3200, "相符"),
        ("年度计划投资", 1000, 1000, 0, -1000, 1000, 1000, "相符"),
    ]


def test_a_project_that_two_units_report_comes_moves_on_and_goes_once(where):
    """Counted with the unit whose row is summed alone, so that the counts agree with the totals."""

    def reported(seq, *, twice, **procedures):
        own, again = (row(7, "桥", 责任单位="古阳镇", **procedures) for _ in range(2))
        other = [row(6, "渠"), again] if twice else [row(6, "渠")]
        return [returned("古阳镇", own, seq=seq), returned("县水利局", *other, seq=seq + 1)]

    def counted(made):
        return _values(made, BY_UNIT, "上期项目数", "本期项目数", "新增", "消失", "办结")

    doing = {"环评.办理进展": "正在办理"}
    one, two, done = reported(1, twice=False, **doing), reported(3, twice=True, **doing), reported(5, twice=True)
    added, gone = _made(where, one, two), _made(where, two, one)
    assert counted(added) == counted(gone) == [(1, 1, None, None, None)] * 2
    assert _of(added, "新增") == [("桥", "汇总表", None, "不计入（另一单位也报了）", None)]
    assert _of(gone, "消失") == [("桥", "汇总表", "不计入（另一单位也报了）", None, None)]
    assert counted(_made(where, two, done)) == [(1, 1, None, None, 1), (1, 1, None, None, None)]


def test_the_totals_reconcile_by_hand(where):
    """3000 + 500 + 700 last; 700 not reported; 800 new; 500 gone; 3000 became 3500."""
    last = [
        returned("古阳镇", row(6, "桥"), row(7, "渠", 总投资=500, 年度计划投资=100), seq=1),
        returned("县水利局", row(6, "水库", 总投资=700, 年度计划投资=70), seq=2),
    ]
    now = [returned("古阳镇", row(6, "桥", 总投资=3500), row(7, "水厂", 总投资=800, 年度计划投资=80), seq=3)]
    states = [state(where, "古阳镇", State.ON_TIME, counts=now[0].receipt), state(where, "县水利局", State.MISSING)]
    made = _made(where, last, now, states)
    assert _values(made, TOTALS, "项目", "上期", "未报", "新增", "消失", "增减", "本期", "汇总表", "核对") == [
        ("项目数", 3, 1, 1, 1, 0, 2, 2, "相符"),
        ("总投资", 4200, 700, 800, 500, 500, 4300, 4300, "相符"),
        ("年度计划投资", 1170, 70, 80, 100, 0, 1080, 1080, "相符"),
    ]
    assert "总投资：上期 4200.00万元，本期未报 700.00，新增 800.00，消失 500.00，增减 +500.00，本期 4300.00万元。" in (
        _sheet(made, BY_UNIT).notes
    )
    assert _of(made, "消失") == [("渠", "总投资", 500.0, None, -500.0)]  # a unit that did not report has lost nothing
    assert _values(made, BY_UNIT, "单位", "上期项目数", "本期项目数", "新增", "消失", "金额变化", "说明") == [
        ("古阳镇", 2, 2, 1, 1, 1, None),
        ("县水利局", 1, None, None, None, None, "本期没有合格的报送，上期的项目不算消失"),
    ]


def test_the_reconciliation_is_live_and_says_when_it_does_not_hold(where, office: Office):
    made = _one(where, [row(6, "桥")], [row(6, "桥", 总投资=3500)])
    sheet = opened(made, office.home / "templates_xlsx", live=True)[TOTALS]
    assert sheet["I5"].value == "=D5-E5+F5-G5+H5"
    assert sheet["K5"].value == '=IF(ABS(I5-J5)<0.005,"相符","不符")'
    lines = printed(opened(made, office.home / "templates_xlsx")[TOTALS], "核对")
    assert [(line["本期合计"], line["核对"]) for line in lines[:3]] == [(1, "相符"), (3500, "相符"), (1000, "相符")]
    live = opened(made, office.home / "templates_xlsx", live=True)[CHANGES]
    assert live["I4"].value == "=H4-G4"


def test_the_first_time_says_that_there_is_nothing_to_compare_with(where):
    made = _made(where, [], [returned("古阳镇", row(6, "桥"))])
    for name in (BY_UNIT, TOTALS, CHANGES):
        assert _sheet(made, name).notes[0].startswith("没有可比的上期")
    assert _values(made, CHANGES, "变化类型") == _values(made, TOTALS, "项目") == []
    assert _values(made, BY_UNIT, "单位", "上期项目数", "本期项目数", "新增", "说明") == [
        ("古阳镇", None, 1, None, None)
    ]


def test_a_unit_that_reports_for_the_first_time_brings_new_projects(where):
    last = [returned("古阳镇", row(6, "桥"), seq=1)]
    now = [returned("古阳镇", row(6, "桥"), seq=2), returned("县水利局", row(6, "渠"), seq=3)]
    made = _made(where, last, now)
    assert _of(made, "新增") == [("渠", "总投资", None, 3000.0, 3000.0)]
    assert ("县水利局", "以前没有报过，项目都算新增") in _values(made, BY_UNIT, "单位", "说明")


def test_nothing_changed_is_said(where):
    made = _one(where, [row(6, "桥")], [row(6, "桥")])
    assert _sheet(made, CHANGES).notes[-1] == "本期与上期相比没有变化。"


def test_changes_stand_in_roster_order_and_by_kind(where):
    last = [returned("古阳镇", row(6, "桥"), seq=1), returned("县水利局", row(6, "渠"), seq=2)]
    now = [
        returned("古阳镇", row(6, "桥", 总投资=1), row(7, "路"), seq=3),
        returned("县水利局", row(6, "水厂"), seq=4),
    ]
    assert _values(_made(where, last, now), CHANGES, "序号", "单位", "变化类型") == [
        (1, "县水利局", "新增"),
        (2, "县水利局", "消失"),
        (3, "古阳镇", "新增"),
        (4, "古阳镇", "金额变化"),
    ]


def test_the_kinds_are_coloured_and_money_has_its_decimals(where, office: Office):
    made = _one(where, [row(6, "桥"), row(7, "渠")], [row(6, "桥", 总投资=3500), row(7, "水厂")])
    sheet = opened(made, office.home / "templates_xlsx")[CHANGES]
    looks = {sheet.cell(at, 5).value: sheet.cell(at, 5).fill.fgColor.rgb for at in (4, 5, 6)}
    assert looks == {"新增": "FFE2EFDA", "消失": "FFF8CBAD", "金额变化": "FFFFF2CC"}
    assert {sheet.cell(6, at).number_format for at in (7, 8, 9)} == {"0.00"}
    assert "单位：万元" in str([cell.value for cell in sheet[2]])


def test_warnings_of_the_accepted_returns_and_conflicts_are_to_be_checked(where):
    warning = Finding("P04", Severity.WARNING, "Sheet1", None, None, None, {"期次": "2022-12-09"})
    told = Finding(
        "X01", Severity.WARNING, "Sheet1", "B6", "项目名称", "桥", {"项目": "桥", "单位": "甲、乙", "采用": "甲"}
    )
    now = [
        returned("县水利局", row(6, "桥"), seq=1, findings=(warning, told), came="12-15 11:00"),
        returned("古阳镇", row(6, "桥"), seq=2, came="12-15 10:00"),
    ]
    made = _made(where, [], now)
    assert _values(made, WARNINGS, "序号", "单位", "代码", "单元格", "说明", "来源") == [
        (1, "县水利局", "P04", None, "内容与上期（2022-12-09）完全相同。", "县水利局.xlsx"),
        (2, "县水利局", "X01", None, "“桥”同时由 古阳镇、县水利局 报送，汇总以“古阳镇”的为准。", None),
    ]


def test_without_doubts_the_sheet_says_so(where):
    made = _one(where, [row(6, "桥")], [row(6, "桥")])
    assert _sheet(made, WARNINGS).notes == ("收下的报送没有要核对的地方。",)


def test_the_second_week_is_compared_with_the_first(office: Office):
    doing = {"环评.办理进展": "正在办理", "环评.办结时间": None, "环评.办理层级": "县", "环评.拟办结时限": "2023-02-01"}
    office.drop("古阳镇/一.xlsx", form_one(project("桥", **doing), project("渠")))
    office.take("12-09 10:00")
    office.drop("古阳镇/二.xlsx", form_one(project("桥"), project("路", 总投资=4000), day="2022年12月15日"))
    office.take("12-16 18:00", publish=True)
    first, second = (office.outbox / "周报" / day / "核对与变化.xlsx" for day in ("2022-12-09", NEXT))
    told = [
        (line["变化类型"], line["项目名称"]) for line in printed(_book(second)[CHANGES], "变化类型") if line["变化类型"]
    ]
    assert told == [("新增", "路"), ("消失", "渠"), ("办结", "桥")]
    codes = [line["代码"] for line in printed(_book(second)[WARNINGS], "代码") if line["代码"]]
    assert codes == ["P02"]
    assert "没有可比的上期" in str([cell.value for line in _book(first)[CHANGES].iter_rows() for cell in line])


def _book(path):
    return openpyxl.load_workbook(path, data_only=True)


@pytest.mark.libreoffice
def test_libreoffice_reckons_the_reconciliation_alike(where, office: Office, tmp_path: Path):
    last = [
        returned("古阳镇", row(6, "桥", 总投资=0.1), row(7, "渠", 总投资=0.2), seq=1),
        returned("县水利局", row(6, "库"), seq=2),
    ]
    now = [returned("古阳镇", row(6, "桥", 总投资=0.3), row(7, "水厂", 总投资=800.33), seq=3)]
    path = tmp_path / "核对与变化.xlsx"
    path.write_bytes(build(_made(where, last, now), office.home / "templates_xlsx", at("12-17 09:00")))
    [again] = _recalculated([path], tmp_path / "again")
    carried = _formulas(path)
    assert len(carried) > 15
    for cell, value in carried.items():
        assert _same(value, _value(again, *cell)), (cell, value, _value(again, *cell))
