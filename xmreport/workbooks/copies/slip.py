"""退回说明: one sheet that goes back where the file itself cannot be opened, or not be marked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from io import BytesIO
from itertools import accumulate

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from xmreport.messages import say
from xmreport.model.dates import CHINA
from xmreport.model.findings import Finding
from xmreport.workbooks.copies.about import About
from xmreport.workbooks.wording import clean, clipped, line_count

_LABEL_WIDTH, _TEXT_WIDTH = 14, 70
_TITLE_SIZE, _SIZE, _LINE_HEIGHT, _TALLEST = 22, 12, 19.0, 409.0
_CHARS_PER_LINE = 0.84
"""仿宋 at 12 pt beside the 11 pt digit that column widths are counted in."""
_LONGEST, _REMARK = 1500, 50
"""Letters that a row can show, and those of them that are kept for saying what it does not."""


def slip(findings: Sequence[Finding], about: About, *, opened: bool) -> bytes:
    """The workbook's bytes, the same for the same input; `opened` where the file was read and only not marked."""
    target = BytesIO()
    workbook = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False})
    workbook.set_properties({"title": "退回说明", "author": about.county, "created": about.stamp})
    font = {"font_name": "仿宋_GB2312", "font_size": _SIZE, "valign": "vcenter", "text_wrap": True}
    title = workbook.add_format(
        {"font_name": "方正小标宋简体", "font_size": _TITLE_SIZE, "align": "center", "valign": "vcenter"}
    )
    label = workbook.add_format({**font, "font_name": "黑体", "align": "center", "border": 1})
    text = workbook.add_format({**font, "align": "left", "border": 1, "indent": 1})
    plain = workbook.add_format({**font, "align": "left", "indent": 1})
    signed = workbook.add_format({**font, "align": "right", "indent": 2})

    sheet = workbook.add_worksheet("退回说明")
    _page(sheet)
    _merged(sheet, 0, "退回说明", title, 48)
    opening = _opening(about, opened=opened)
    _merged(sheet, 1, opening, plain, _height(opening, _LABEL_WIDTH + _TEXT_WIDTH) + 8)
    rows = _rows(findings, about)
    for row, (name, content) in enumerate(rows, 2):
        shown = clipped(clean(content), _LONGEST)
        _put(sheet, row, 0, name, label)
        _put(sheet, row, 1, shown, text)
        sheet.set_row(row, _height(shown, _TEXT_WIDTH))
    end = len(rows) + 2
    _merged(sheet, end, "", plain, 16)
    _merged(sheet, end + 1, f"{about.county}发改局", signed, 24)
    _merged(sheet, end + 2, _day(about.judged_at), signed, 24)
    sheet.print_area(0, 0, end + 2, 1)
    workbook.close()
    return target.getvalue()


def _opening(about: About, *, opened: bool) -> str:
    if opened:
        what, how = "经核对有错，未予接收；标红的副本没有做成，错处列在“存在问题”里", "在原表逐处改正"
    else:
        what, how = "无法打开核对，未予接收", "按“怎么办”逐步处理"
    return f"{about.unit or '贵单位'}：你单位报来的下列文件{what}。请{how}后重新报送。"


def _rows(findings: Sequence[Finding], about: About) -> list[tuple[str, str]]:
    findings = sorted(findings, key=lambda finding: not finding.is_error)
    said = [say(finding) for finding in findings]
    steps = [*dict.fromkeys(each.advice for each in said if each.advice)]
    steps.append("将处理好的 Excel 工作簿放回本单位的收件文件夹，文件名不限；本说明不必放回。")
    known = [
        ("报送单位", about.unit),
        ("应报报表", about.purpose),
        ("报来文件", about.file),
        ("收到时间", about.arrived),
        ("存在问题", _whole_lines(_numbered([_place(f) + s.message for f, s in zip(findings, said, strict=True)]))),
        ("怎么办", _numbered(steps)),
    ]
    return [(name, content) for name, content in known if content]


def _place(finding: Finding) -> str:
    """Where to look: 前期!K6, as far as the finding knows; and whether that may stay as it is."""
    place = "!".join(part for part in (finding.sheet, finding.cell) if part)
    return (f"{place}：" if place else "") + ("" if finding.is_error else "（提醒）")


def _numbered(lines: Sequence[str]) -> str:
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1)) if len(lines) > 1 else "".join(lines)


def _whole_lines(text: str) -> str:
    """As many lines as one row shows, with a word on how many there are."""
    lines = text.split("\n")
    room = list(accumulate(len(line) + 1 for line in lines))
    shown = sum(end <= _LONGEST - _REMARK for end in room)
    if shown in {0, len(lines)}:
        return text
    return "\n".join([*lines[:shown], f"……共 {len(lines)} 处，这里列出前 {shown} 处；改好这些再报，其余的会再退回。"])


def _day(moment: dt.datetime) -> str:
    day = moment.astimezone(CHINA) if moment.tzinfo is not None else moment
    return f"{day.year}年{day.month}月{day.day}日"


def _height(text: str, width: int) -> float:
    return min(_TALLEST, line_count(clean(text), (width - 3) * _CHARS_PER_LINE) * _LINE_HEIGHT + 14)


def _merged(sheet: Worksheet, row: int, text: str, look: Format, height: float) -> None:
    sheet.set_row(row, height)
    if sheet.merge_range(row, 0, row, 1, clean(text), look):
        raise ValueError(f"row {row + 1} of the slip could not be written")


def _put(sheet: Worksheet, row: int, column: int, text: str, look: Format) -> None:
    if sheet.write_string(row, column, text, look):
        raise ValueError(f"row {row + 1} of the slip could not be written")


def _page(sheet: Worksheet) -> None:
    """A4 portrait on one page."""
    sheet.set_column(0, 0, _LABEL_WIDTH)
    sheet.set_column(1, 1, _TEXT_WIDTH)
    sheet.hide_gridlines(2)
    sheet.set_portrait()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 1)
    sheet.center_horizontally()
    sheet.set_margins(left=0.8, right=0.8, top=1.0, bottom=0.8)
    sheet.set_footer("&C第 &P 页，共 &N 页")
