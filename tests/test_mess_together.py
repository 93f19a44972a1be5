"""Messes in any combination: whatever a sheet suffers, its projects come out as they are and its one fault is found."""

import datetime as dt

from building import DAY, F1_AFTER, F1_BEFORE, PROCEDURES, UNITS, Sheet, errors, f1, part_of, project, xls, xlsx
from hypothesis import given, settings
from hypothesis import strategies as st

from xmreport.model.dates import PartialDate

MONEY = [
    lambda figure: figure,
    lambda figure: f"{figure:,}",
    lambda figure: f"{figure} ",
    lambda figure: f"{figure}万元",
    lambda figure: f"{figure / 10000:.8f}亿",
    lambda figure: str(figure).translate(str.maketrans("0123456789", "０１２３４５６７８９")),
]
DATES = [
    lambda day: day,
    lambda day: f"{day.year}.{day.month}.{day.day}",
    lambda day: f"{day.year}年{day.month}月{day.day}日",
    lambda day: (day - dt.date(1899, 12, 30)).days,
    lambda day: f"{day:%Y%m%d}",
    lambda day: f"{day.year}/{day.month}/{day.day}",
]
STATUSES = {
    "已办结": ["已办结", "√", "是", "已批", "已辦結", "办结"],
    "正在办理": ["正在办理", "办理中", "正在报批", "在办"],
    "未办理": ["未办理", "否", "未启动"],
    "不需办理": ["不需办理", "无需办理", "不涉及"],
}
NAMES = {"guxian": ["县住建局", "住建局", "古县住建局", "縣住建局"], "huozhou": ["市住建局", "住建局", "霍州市住建局"]}
HEADINGS = {
    "项目名称": ["*项目名称", "项 目 名 称", "項目名稱"],
    "用地": ["土地", "02-用地"],
    "总投资": ["总投资（万元）", "總投資"],
    "备注": ["備註", "备  注"],
    "责任单位": ["责任单位\n（牵头）", "责任部门"],
}
STATED = {
    "guxian": ["2022年12月9日", "2022.12.8", "    年  月  日"],
    "huozhou": ["2022年12月8日", "2022-12-8", "    年  月  日"],
}


@st.composite
def projects(draw, county):
    """A good project as it means and as it is written: (field → value meant, field → cell)."""
    number = draw(st.integers(1, 10**6))
    total, year = number * 7 + 1000, number * 3 + 10
    row = project(number % 90000, county=county) | {"总投资": draw(st.sampled_from(MONEY))(total)}
    row |= {"年度计划投资": draw(st.sampled_from(MONEY))(year), "责任单位": draw(st.sampled_from(NAMES[county]))}
    row |= {"项目名称": draw(st.sampled_from(["", "☆", "\u200b"])) + f"第{number}供水站项目", "项目代码": None}
    meant = {"总投资": float(total), "年度计划投资": float(year), "责任单位": UNITS[county]}
    for procedure in PROCEDURES:
        status = draw(st.sampled_from(sorted(STATUSES)))
        done, ahead = (
            draw(st.dates(dt.date(2022, 1, 1), dt.date(2022, 12, 1))),
            draw(st.dates(DAY, dt.date(2023, 6, 1))),
        )
        unfinished = status in {"正在办理", "未办理"}
        row |= {
            f"{procedure}.办理层级": draw(st.sampled_from(["县", "县级", "省级"])) if unfinished else "县",
            f"{procedure}.办理进展": draw(st.sampled_from(STATUSES[status])),
            f"{procedure}.办结时间": draw(st.sampled_from(DATES))(done) if status == "已办结" else None,
            f"{procedure}.拟办结时限": draw(st.sampled_from(DATES))(ahead) if unfinished else None,
        }
        meant |= {
            f"{procedure}.办理进展": status,
            f"{procedure}.办结时间": PartialDate.of(done) if status == "已办结" else None,
            f"{procedure}.拟办结时限": PartialDate.of(ahead) if unfinished else None,
        }
    return meant, row | {"备注": "按规定免办"}


FAULTS = {
    "none": (None, {}, None),
    "no name": ("V01", {"项目名称": None}, "项目名称"),
    "no owner": ("V01", {"项目单位": "/"}, "项目单位"),
    "no date": ("R02", {"规划.办理进展": "已办结", "规划.办结时间": None}, "规划.办结时间"),
    "date ahead": ("R03", {"规划.办理进展": "√", "规划.办结时间": "2023年5月1日"}, "规划.办结时间"),
    "no deadline": (
        "R05",
        {"规划.办理进展": "在办", "规划.办理层级": "市", "规划.拟办结时限": "待定"},
        "规划.拟办结时限",
    ),
    "over": ("R01", {"年度计划投资": "9999亿"}, "年度计划投资"),
    "status": ("V11", {"环评.办理进展": "差不多了"}, "环评.办理进展"),
    "range": ("V04", {"总投资": "3000-5000"}, "总投资"),
    "letter": ("V02", {"年度计划投资": "l200"}, "年度计划投资"),
    "error value": ("V25", {"总投资": "#REF!"}, "总投资"),
    "uncached": ("V26", {"年度计划投资": "=K6*0.5"}, "年度计划投资"),
    "lost zero": ("V10", {"计划开工时间": 2022.1}, "计划开工时间"),
    "years": ("V13", {"建设起止年限": "2025-2023"}, "建设起止年限"),
    "code": ("V15", {"项目代码": "2213-141025-89-01-123456"}, "项目代码"),
}


@st.composite
def sheets(draw):
    """A messy sheet, the projects it means, and the one fault planted in it."""
    county = draw(st.sampled_from(sorted(UNITS)))
    drawn = draw(st.lists(projects(county), min_size=1, max_size=4, unique_by=lambda pair: pair[0]["总投资"]))
    meant, rows = [pair[0] for pair in drawn], [pair[1] for pair in drawn]
    fault = draw(st.sampled_from(sorted(FAULTS)))
    planted = draw(st.integers(0, len(rows) - 1))
    rows[planted] = rows[planted] | FAULTS[fault][1]
    owners_merged = draw(st.booleans())
    if owners_merged:
        rows = [row | {"责任单位": row["责任单位"] if index == 0 else None} for index, row in enumerate(rows)]
    lines = [(row, index) for index, row in enumerate(rows)]
    if not owners_merged:
        place = draw(st.integers(0, len(lines)))
        lines[place:place] = draw(st.sampled_from([[], [({}, None)], [("head", None)]]))
    if draw(st.booleans()):
        lines.insert(0, ({"序号": f"一、新建项目（项目共计：{len(rows)}个）"}, None))
    if draw(st.booleans()):
        lines.insert(0, (project(1, 项目名称="例：某某项目"), None))
    total = {"序号": "合计", "总投资": sum(each["总投资"] for each in meant)}
    lines = draw(st.sampled_from([[*lines, (total, None)], [(total, None), *lines], [*lines, ({}, None)], lines]))
    lines += draw(
        st.sampled_from(
            [[], [({"序号": "以下空白"}, None), ({"序号": 9}, None)], [({"序号": n}, None) for n in range(30)]]
        )
    )
    order = draw(st.sampled_from([None, [*F1_BEFORE[3:], *F1_BEFORE[:3], *PROCEDURES[::-1], *F1_AFTER]]))
    sheet = f1(
        *[line if isinstance(line, dict) else {} for line, _ in lines],
        county=county,
        unit=draw(st.sampled_from(NAMES[county])),
        stated=draw(st.sampled_from(STATED[county])),
        money=draw(st.sampled_from(["万元", "万元、亩"])),
        headings={field: draw(st.sampled_from([field, *ways])) for field, ways in HEADINGS.items()},
        extra=draw(st.sampled_from([(), ("包联领导",)])),
        order=order,
        merged=draw(st.booleans()),
        top=draw(st.integers(1, 6)),
    )
    body = {index: sheet.body + place for place, (_, index) in enumerate(lines) if index is not None}
    for place in (place for place, (line, _) in enumerate(lines) if line == "head"):
        for column in sheet.columns.values():
            sheet.put(
                sheet.body + place,
                column,
                sheet.cells.get((sheet.body - 2, column), sheet.cells.get((sheet.body - 1, column))),
            )
    if owners_merged and len(rows) > 1:
        sheet.merge(min(body.values()), "责任单位", max(body.values()), "责任单位")
    code, _, field = FAULTS[fault]
    sheet.put(sheet.bottom + 2, 1, "填表人：甲").put(sheet.bottom + 3, 1, "注：总投资以批复为准。")
    wanted = [(code, sheet.at(field, body[planted]))] if code else []
    return county, sheet, meant, planted, field, wanted


@settings(max_examples=80)
@given(sheets(), st.booleans(), st.booleans())
def test_messes_in_any_combination_hide_no_project_and_no_fault(drawn, in_folder, among_others):
    county, sheet, meant, planted, field, wanted = drawn
    around = [Sheet("说明").put(1, 1, "请如实填写")] if among_others else []
    faulty = any(value in {"#REF!", "=K6*0.5"} for value in sheet.cells.values())
    unit = UNITS[county] if in_folder else None
    part = part_of(*around, sheet, county=county, unit=unit, form=xlsx if faulty else xls)
    assert errors(part) == wanted
    assert part.unit == UNITS[county]
    assert len(part.rows) == len(meant)
    group = field.split(".")[0] if field else None
    for index, (each, row) in enumerate(zip(meant, part.rows, strict=True)):
        for name, value in each.items():
            if index != planted or group not in {name, name.split(".")[0]}:
                assert row.values[name] == value, name
