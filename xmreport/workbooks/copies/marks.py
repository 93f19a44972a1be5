"""Red and yellow cells with a comment each; and how they are told, and taken off, when a copy comes back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from xmreport.messages import Said
from xmreport.model.findings import Finding
from xmreport.model.grid import Box, address
from xmreport.workbooks.copies.comments import Comment, comments_of, put_comments
from xmreport.workbooks.copies.sheets import Sheet, Workbook, is_address
from xmreport.workbooks.copies.styles import RED, YELLOW, Styles
from xmreport.workbooks.formats.stencil import place_of
from xmreport.workbooks.wording import clean, clipped, literal

AUTHOR = "发改局退回"

_OPENING = f"{AUTHOR}：\n"
_UNIT_COMMENT = "\n—— 以下为填报单位原批注 ——\n"
_LONGEST, _ALL, _MOST = 1000, 16_000, 32_767
"""Characters: of one remark, of all on a cell above the unit's own words, and what a comment can hold."""


class Remark(Struct, frozen=True):
    """A finding and the words for it."""

    finding: Finding
    said: Said

    @property
    def text(self) -> str:
        parts = [self.said.message] + ([f"怎么改：{self.said.advice}"] if self.said.advice else [])
        return literal(clipped(clean("\n".join(parts)), _LONGEST))


def mark(workbook: Workbook, styles: Styles, remarks: Sequence[Remark]) -> None:
    """Colours each named cell and says in a comment what is wrong there; what an earlier return marked is taken off."""
    styles.unmark()
    block = 1
    for sheet in workbook.sheets:
        comments = {at: own for at, each in comments_of(sheet).items() if (own := _unmarked(each))}
        said = _by_cell([each for each in remarks if each.finding.sheet == sheet.name], _merges(sheet))
        for at, here in said.items():
            cell = sheet.cell(at)
            cell.set("s", styles.filled(cell.get("s", "0"), _colour(here)))
            comments[at] = _comment([remark.text for remark in here], comments.get(at))
        block = put_comments(sheet, comments, block)


def _merges(sheet: Sheet) -> list[Box]:
    found = [merge.get("ref", "").partition(":")[::2] for merge in sheet.entries("mergeCells")]
    return [Box(*place_of(first), *place_of(last)) for first, last in found if is_address(first) and is_address(last)]


def _by_cell(remarks: Iterable[Remark], merges: Sequence[Box]) -> dict[str, list[Remark]]:
    """The remarks by the cell that can carry them: the named one, or the top left of the merge around it."""
    found: dict[str, list[Remark]] = {}
    for remark in remarks:
        if remark.finding.cell:
            row, column = place_of(remark.finding.cell)
            around = (box for box in merges if box.top <= row <= box.bottom and box.left <= column <= box.right)
            holder = next((address(box.top, box.left) for box in around), remark.finding.cell)
            found.setdefault(holder, []).append(remark)
    return found


def _colour(remarks: Iterable[Remark]) -> str:
    return RED if any(remark.finding.is_error for remark in remarks) else YELLOW


def _comment(texts: list[str], own: Comment | None) -> Comment:
    text = texts[0] if len(texts) == 1 else "\n".join(f"{number}. {each}" for number, each in enumerate(texts, 1))
    if own is not None:
        text = clipped(text, _ALL) + f"{_UNIT_COMMENT}{own.author.replace('：', ':')}：{own.text}"
    return Comment(clipped(_OPENING + text, _MOST), AUTHOR)


def _unmarked(comment: Comment) -> Comment | None:
    """The unit's own comment, also from beneath ours.

    Ours is told by its author, or by how it opens: not every program that saves a workbook keeps the authors.
    """
    if comment.author != AUTHOR and not comment.text.startswith(_OPENING):
        return comment
    _, found, own = comment.text.partition(_UNIT_COMMENT)
    author, _, words = own.partition("：")
    return Comment(words, author) if found else None
