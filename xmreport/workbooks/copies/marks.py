"""Red and yellow cells with a comment each; and how they are told, and taken off, when a copy comes back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.worksheet.worksheet import Worksheet

from xmreport.messages import Said
from xmreport.model.findings import Finding
from xmreport.model.grid import address
from xmreport.workbooks.copies.cells import solid
from xmreport.workbooks.wording import clean, clipped, line_count

AUTHOR = "发改局退回"
RED, YELLOW = "FFFF9999", "FFFFEE88"
"""No stock colours: a fill of just this colour in a returned copy is ours."""

_OPENING = f"{AUTHOR}：\n"
_UNIT_COMMENT = "\n—— 以下为填报单位原批注 ——\n"
_LONGEST = 1000
_BOX_WIDTH, _LINE_HEIGHT, _TALLEST = 300, 18, 600
"""Pixels."""
_BOX_ROOM = 42
"""Half-width characters of the comment font that one line of the box takes."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding and the words for it."""

    finding: Finding
    said: Said

    @property
    def text(self) -> str:
        parts = [self.said.message] + ([f"怎么改：{self.said.advice}"] if self.said.advice else [])
        return clipped(clean("\n".join(parts)), _LONGEST)


def mark(workbook: Workbook, remarks: Iterable[Remark]) -> None:
    """Colours each named cell and says in a comment what is wrong there."""
    by_cell: dict[tuple[str, str], list[Remark]] = {}
    for remark in remarks:
        finding = remark.finding
        if finding.cell and finding.sheet in workbook.sheetnames:
            holder = _holder(workbook[finding.sheet], finding.cell)
            by_cell.setdefault((finding.sheet, holder), []).append(remark)
    for (sheet, holder), said in by_cell.items():
        cell = workbook[sheet][holder]
        cell.fill = solid(RED if any(remark.finding.is_error for remark in said) else YELLOW)
        cell.comment = _comment([remark.text for remark in said], cell.comment)


def unmark(workbook: Workbook) -> None:
    """Takes off what an earlier return put on: our fills become no fill, a unit's own comment is its own again."""
    for sheet in workbook.worksheets:
        for cell in sheet._cells.values():  # noqa: SLF001
            if not isinstance(cell, Cell):
                continue
            comment = cell.comment
            if comment is not None:
                cell.comment = _restored(comment.text) if _is_ours(comment) else _boxed(comment.text, comment.author)
            if cell.has_style and cell.fill.fill_type == "solid" and cell.fill.start_color.rgb in {RED, YELLOW}:
                cell.fill = PatternFill()


def _holder(sheet: Worksheet, cell: str) -> str:
    """The cell that can carry a comment: the named one, or the top left of the merge around it."""
    row, column = coordinate_to_tuple(cell)
    for merge in sheet.merged_cells.ranges:
        if merge.min_row <= row <= merge.max_row and merge.min_col <= column <= merge.max_col:
            return address(merge.min_row, merge.min_col)
    return cell


def _comment(texts: list[str], unit_comment: Comment | None) -> Comment:
    text = texts[0] if len(texts) == 1 else "\n".join(f"{number}. {each}" for number, each in enumerate(texts, 1))
    if unit_comment is not None:
        text += f"{_UNIT_COMMENT}{unit_comment.author}：{unit_comment.text}"
    return _boxed(_OPENING + text, AUTHOR)


def _is_ours(comment: Comment) -> bool:
    """By the author, or by how it opens: not every program that saves a workbook keeps the authors."""
    return comment.author == AUTHOR or comment.text.startswith(_OPENING)


def _restored(text: str) -> Comment | None:
    """The unit's own comment from beneath ours."""
    _, found, own = text.partition(_UNIT_COMMENT)
    if not found:
        return None
    author, _, words = own.partition("：")
    return _boxed(words, author)


def _boxed(text: str, author: str) -> Comment:
    """A box that shows the whole text: openpyxl forgets how large a comment's box was."""
    height = min(_TALLEST, line_count(text, _BOX_ROOM) * _LINE_HEIGHT + 14)
    return Comment(text, author, height=height, width=_BOX_WIDTH)
