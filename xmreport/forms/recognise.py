"""A workbook → the returns in it: which form, which unit, as of which day. Never a silent guess."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from xmreport.forms.body import Body, BodyReader
from xmreport.forms.cleaning import clean, half_width, shown
from xmreport.forms.frame import Stated, Statements, read_frame, unit_names
from xmreport.forms.headings import Header, headings_of
from xmreport.forms.lines import Lines
from xmreport.forms.matching import Match, matcher_of
from xmreport.forms.nothing import says_nil
from xmreport.forms.units import IN_YUAN, money_unit
from xmreport.forms.values import Reader
from xmreport.model.examination import Examination
from xmreport.model.findings import Finding, Severity
from xmreport.model.grid import Book, Grid, address
from xmreport.model.receipts import Outcome
from xmreport.model.returned import is_figures, is_problem_list
from xmreport.model.rows import Block, Rows
from xmreport.model.submission import Part
from xmreport.rulebook.book import County
from xmreport.rulebook.form import Form
from xmreport.rulebook.identity import identities_of
from xmreport.rulebook.names import key_of

MOST_NAMED = 3
"""Forms named as nearest to a workbook that is none of them, or might be several."""
MOST_COLUMNS = 10
"""Columns named in one finding."""


class FileHint(Struct, frozen=True):
    """What is known of a file before it is opened."""

    name: str
    """Its file name, a hint and no more."""
    unit: str | None
    """The unit in whose folder it landed: an identity."""
    day: dt.date


class _Sheet(Struct, frozen=True):
    grid: Grid
    form: Form
    header: Header
    frame: Statements
    unit: str | None
    stated: dt.date | None
    body: Body
    findings: tuple[Finding, ...]


def recognise(book: Book, county: County, hint: FileHint) -> Examination:
    """All returns of a workbook, or why there is none."""
    found: list[_Sheet] = []
    aside: list[Grid] = []
    for grid in book.grids:
        empty = not any(any(cell is not None for cell in row) for row in grid.rows)
        ours = is_problem_list(grid.sheet, grid.at(1, 1)) or is_figures(grid.sheet, grid.at(2, 1))
        if empty or ours or (book.mark is not None and grid.hidden):  # hidden: the drop-downs behind a blank form
            continue
        match = matcher_of(county).match(grid, book.mark)
        if match is None:
            aside.append(grid)
        else:
            found.append(_read_sheet(book, grid, match, county, hint))
    if not found:
        return _unknown(book, county)
    parts = [_part(group, county, hint) for group in _grouped(found, county, hint)]
    remarks = [_file_remark("S15", 工作表=grid.sheet) for grid in aside]
    if not book.knows_faults:
        remarks.append(_file_remark("F08", 格式=book.format))
    if remarks:
        parts[0] = replace(parts[0], findings=(*parts[0].findings, *remarks))
    return Examination(tuple(_without_foreign(parts, hint)))


def _file_remark(code: str, **words: str) -> Finding:
    return Finding(code, Severity.WARNING, words=words)


def _read_sheet(book: Book, grid: Grid, match: Match, county: County, hint: FileHint) -> _Sheet:
    form, header = match.form, match.header
    frame = read_frame(grid, header.top, header.bottom)
    stated = frame.day(hint.day, mode_1904=book.mode_1904)
    findings: list[Finding] = []

    def say(code: str, severity: Severity, cell: str | None, value: str | None = None, **words: str) -> None:
        findings.append(Finding(code, severity, grid.sheet, cell, words.pop("列", None), value, words))

    if frame.date and stated is None:
        say("S16", Severity.WARNING, frame.date.cell, frame.date.text)
    money = money_unit(frame.money.text) if frame.money else None
    findings += _money(grid, form, header, frame.money, money)
    for name, heading in header.renamed.items():
        say("S06", Severity.WARNING, header.cells[header.columns[name]], heading, 列=name)
    for name in header.missing:
        say("S05", Severity.ERROR, address(header.top, 1), None, 列=name)
    filled = (
        (header.cells[column], heading)
        for column, heading in header.extra.items()
        if any(column <= len(row) and row[column - 1] is not None for row in grid.rows[header.bottom :])
    )
    for cell, heading in dict.fromkeys(filled):  # one heading may stand over several columns
        say("S07", Severity.WARNING, cell, heading)
    reader = Reader(county, form, money or form.file.money, stated or hint.day, book.mode_1904, book.format)
    body = BodyReader(Lines(match.labels, header, form), reader).read()
    if not body.numbers and not body.nil and _says_nil(grid):
        body.nil = True
    findings += _hidden(grid, header, body)
    names = unit_names(frame.unit.text) if frame.unit else ()
    unit = next((unit for name in names if (unit := county.roster.resolve(name))), None)
    return _Sheet(grid, form, header, frame, unit, stated, body, tuple(findings))


def _money(grid: Grid, form: Form, header: Header, stated: Stated | None, unit: str | None) -> list[Finding]:
    """What becomes of units of money other than the form's: a heading's goes before the sheet's (M07, M08)."""
    own = form.file.money
    if unit in (None, own) and IN_YUAN.keys() >= set(header.units.values()):
        return []
    found: list[Finding] = []

    def say(code: str, severity: Severity, cell: str, value: str, fields: Sequence[str], **words: str) -> None:
        words |= {"字段": "、".join(fields[:MOST_COLUMNS])}
        found.append(Finding(code, severity, grid.sheet, cell, None, value, words))

    named = {name: header.units.get(at) for name, at in header.columns.items() if form.fields[name].type == "金额"}
    for name, heading in named.items():
        if heading is not None and heading not in IN_YUAN:
            cell = header.cells[header.columns[name]]
            say("S26", Severity.ERROR, cell, heading, [name], 写的=heading, 应为=own)
    if stated is None or unit in (None, own):
        return found
    silent = [name for name, heading in named.items() if heading is None]
    against = [name for name, heading in named.items() if heading in IN_YUAN and heading != unit]
    if silent and unit not in IN_YUAN:
        say("S26", Severity.ERROR, stated.cell, stated.text, silent, 写的=unit, 应为=own)
    elif silent:
        say("S20", Severity.WARNING, stated.cell, stated.text, silent, 写的=unit, 应为=own)
    if against:
        units = "、".join(dict.fromkeys(heading for name in against if (heading := named[name])))
        say("S25", Severity.WARNING, stated.cell, stated.text, against, 列名=units, 写的=unit)
    return found


def _says_nil(grid: Grid) -> bool:
    """零报告 written anywhere on an otherwise empty form (M46)."""
    return any(
        isinstance(cell, str) and says_nil(half_width(cell).replace(" ", "")) for row in grid.rows for cell in row
    )


def _hidden(grid: Grid, header: Header, body: Body) -> list[Finding]:
    """Hidden and struck-out rows count like all others, and it is said (M41, M61)."""
    if not (grid.hidden or grid.hidden_rows or grid.struck_rows or grid.hidden_columns):
        return []
    found = []
    rows = body.numbers
    hidden = [row for row in rows if row in grid.hidden_rows]
    struck = [row for row in rows if row in grid.struck_rows]
    columns = [name for name, column in header.columns.items() if column in grid.hidden_columns]

    def say(code: str, cell: str | None, **words: str) -> None:
        found.append(Finding(code, Severity.WARNING, grid.sheet, cell, words=words))

    if hidden:
        say("S21", address(hidden[0], 1), 行="、".join(map(str, hidden[:10])))
    if struck:
        say("S22", address(struck[0], 1), 行="、".join(map(str, struck[:10])))
    if columns:
        say("S23", header.cells[header.columns[columns[0]]], 列="、".join(columns[:10]))
    if grid.hidden and rows:
        say("S24", None, 工作表=grid.sheet)
    return found


def _grouped(sheets: Sequence[_Sheet], county: County, hint: FileHint) -> list[list[_Sheet]]:
    """Sheets that make one return: same form, same unit, same period (M37, M52).

    A sheet that states no unit, or no day, goes with the one that the workbook's other sheets state.
    """
    groups: dict[tuple[str, str | None, str | None], list[_Sheet]] = {}
    for sheet in sheets:
        alike = [other for other in sheets if other.form is sheet.form]
        units = {other.unit for other in alike if other.unit}
        unit = sheet.unit or hint.unit
        if unit is None and sheet.frame.unit is None:
            unit = units.pop() if len(units) == 1 else _named(county, hint.name)
        periods = {_period(county, other) for other in alike if other.stated and other.unit in (None, unit)}
        period = _period(county, sheet) if sheet.stated else periods.pop() if len(periods) == 1 else None
        groups.setdefault((sheet.form.name, unit, period), []).append(sheet)
    filled = [[sheet for sheet in group if sheet.body.numbers or sheet.body.nil] for group in groups.values()]
    return [group for group in filled if group] or [next(iter(groups.values()))]


def _period(county: County, sheet: _Sheet) -> str:
    """The period that a sheet's day falls into, by the first recurring task that uses its form; else the day itself."""
    assert sheet.stated
    for task in county.tasks.values():
        if task.rules.form == sheet.form.name and task.rules.schedule.recurring:
            for period in task.periods:
                if period.begins <= sheet.stated <= period.ends:
                    return period.name
    return sheet.stated.isoformat()


def _named(county: County, file_name: str) -> str | None:
    """The one unit a file's name names; two make it no hint."""
    named = county.roster.named_in(re.sub(r"\.[A-Za-z]+$", "", file_name))
    return named.pop() if len(named) == 1 else None


def _part(sheets: Sequence[_Sheet], county: County, hint: FileHint) -> Part:
    """One return, its unit decided: the folder, then the sheet's 填报单位, then the file's name (M43)."""
    first = next((sheet for sheet in sheets if sheet.unit), sheets[0])
    dated = max(
        (sheet for sheet in sheets if sheet.stated), key=lambda sheet: sheet.stated or dt.date.min, default=first
    )
    findings = [finding for sheet in sheets for finding in (*sheet.findings, *sheet.body.findings)]
    unit, doubt = _unit(first, county, hint)
    if doubt:
        findings.insert(0, doubt)
    rows = Rows(
        Block(sheet.grid.sheet, sheet.body.numbers, sheet.body.columns, sheet.body.originals)
        for sheet in sheets
        if sheet.body.numbers
    )
    rows.identities = identities_of(first.form, rows)
    nil = not rows and any(sheet.body.nil for sheet in sheets)
    if not rows and not nil and not any(finding.code == "S05" for finding in findings):
        cell = address(first.header.bottom + 1, first.header.columns.get(first.form.file.name_column, 1))
        findings.append(Finding("S11", Severity.ERROR, first.grid.sheet, cell))
    return Part(
        sheet=first.grid.sheet,
        form=first.form.name,
        unit=unit,
        stated=dated.stated,
        rows=rows,
        nil=nil,
        columns={sheet.grid.sheet: sheet.header.columns for sheet in sheets},
        findings=tuple(findings),
        stated_cell=dated.frame.date.cell if dated.frame.date and dated is first else None,
    )


def _unit(sheet: _Sheet, county: County, hint: FileHint) -> tuple[str | None, Finding | None]:
    """Whose return a sheet is, and what has to be said about that."""
    stated = sheet.frame.unit
    cell, text = (stated.cell, stated.text) if stated else (None, None)

    def say(code: str, severity: Severity, value: str | None, **words: str) -> Finding:
        return Finding(code, severity, sheet.grid.sheet, cell, "填报单位", value, words)

    if hint.unit and sheet.unit not in (None, hint.unit):
        return hint.unit, say("S04", Severity.ERROR, text, 文件夹=hint.unit, 表内=str(sheet.unit))
    if hint.unit and stated and sheet.unit is None:
        return hint.unit, say("S03", Severity.WARNING, text, 文件夹=hint.unit)
    if hint.unit or sheet.unit:
        return hint.unit or sheet.unit, None
    named = _named(county, hint.name)
    if named:
        return named, say("S19", Severity.WARNING, hint.name, 单位=named)
    if text is None:
        return None, say("S02", Severity.ERROR, None, 原因="文件夹、表内“填报单位”和文件名都没有写明")
    near = "、".join(county.roster.nearest(text))
    return None, say("S02", Severity.ERROR, text, 原因=f"“填报单位”写的“{text}”不在名册里，最接近的有{near}")


def _without_foreign(parts: Sequence[Part], hint: FileHint) -> list[Part]:
    """In a unit's own folder a second unit's sheet returns the whole file: one part carries all findings (M52)."""
    foreign = [part for part in parts if any(finding.code == "S04" for finding in part.findings)]
    if len(parts) == 1 or not foreign or hint.unit is None:
        return list(parts)
    own = next((part for part in parts if part not in foreign), foreign[0])
    others = tuple(finding for part in foreign if part is not own for finding in part.findings if finding.code == "S04")
    return [replace(own, findings=(*own.findings, *others))]


def _unknown(book: Book, county: County) -> Examination:
    """No sheet is a form of this county: the reasons, and the nearest candidates."""
    nearest = _nearest(book, county)
    sheets = "、".join(grid.sheet for grid in book.grids[:5])
    headings = _first_words(book)
    words = {"工作表": sheets, "内容": headings, "最像": nearest}
    return Examination(outcome=Outcome.QUARANTINED, findings=(Finding("S01", Severity.ERROR, words=words),))


def _nearest(book: Book, county: County) -> str:
    """The form that shares most headings with the workbook, for a person to decide on."""
    words = {
        key_of(shown(cell)) for grid in book.grids for row in grid.rows[:40] for cell in row if isinstance(cell, str)
    }
    shares: Mapping[str, int] = {
        form.name: len({key for key in headings_of(form).known if key in words}) for form in county.forms.values()
    }
    most = max(shares.values(), default=0)
    alike = "、".join([f"“{name}”" for name, share in shares.items() if share == most][:MOST_NAMED])
    return f"与{alike}相同的列名有{most}个" if most else "没有与本县报表相同的列名"


def _first_words(book: Book) -> str:
    texts = (clean(cell) for grid in book.grids for row in grid.rows[:3] for cell in row if isinstance(cell, str))
    return "、".join([text for text in texts if text][:6])[:80] or "（空）"
