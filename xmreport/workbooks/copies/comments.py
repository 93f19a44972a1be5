"""The comments of a sheet, and the boxes that show them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from xml.sax.saxutils import escape

from msgspec import Struct

from xmreport.workbooks.copies.package import RELATION_ID, SHEET, named, number
from xmreport.workbooks.copies.sheets import Sheet, element, is_address
from xmreport.workbooks.formats.stencil import place_of
from xmreport.workbooks.wording import line_count

_BOX_WIDTH, _LINE_HEIGHT, _TALLEST = 300, 18, 600
"""Pixels."""
_BOX_ROOM = 42
"""Half-width characters of the comment font that one line of the box takes."""
_OF_A_BLOCK = 1023
_DRAWING = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel">'
    '<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="{blocks}"/></o:shapelayout>'
    '<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>{boxes}</xml>'
)
_BOX = (
    '<v:shape id="_x0000_s{id}" type="#_x0000_t202" fillcolor="#ffffe1" o:insetmode="auto" '
    'style="position:absolute;margin-left:59.25pt;margin-top:1.5pt;width:{width}px;height:{height}px;'
    'z-index:1;visibility:hidden">'
    '<v:fill color2="#ffffe1"/><v:shadow color="black" obscured="t"/><v:path o:connecttype="none"/>'
    '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"/></v:textbox>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:AutoFill>False</x:AutoFill>'
    "<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)


class Comment(Struct, frozen=True):
    text: str
    author: str


def comments_of(sheet: Sheet) -> dict[str, Comment]:
    """The comments of a sheet by the address of their cell."""
    part = sheet.package.related(sheet.part, "comments")
    return {} if part is None else dict(_read(sheet, part))


def _read(sheet: Sheet, part: str) -> Iterator[tuple[str, Comment]]:
    root = sheet.package.tree(part)
    authors = [author.text or "" for author in root.iter(named("author"))]
    for held in root.iter(named("comment")):
        author = number(held, "authorId", 0)
        texts = held.iterfind(f"{named('text')}//{named('t')}")
        spoken = "".join(each.text or "" for each in texts if each.getparent().tag != named("rPh"))
        at = held.get("ref", "").partition(":")[0]
        if is_address(at):
            yield at, Comment(spoken, authors[author] if 0 <= author < len(authors) else "")


def put_comments(sheet: Sheet, comments: dict[str, Comment], block: int) -> int:
    """These comments and no others, each in a box that shows its whole text.

    Boxes are numbered throughout the workbook, a thousand to a block. Returns the first block that is still free.
    """
    for id_, _ in list(sheet.package.all_related(sheet.part, "comments")):
        sheet.package.sever(sheet.part, id_)
    if not comments:
        return block
    authors = list(dict.fromkeys(comment.author for comment in comments.values()))
    listed = "".join(
        f'<comment ref="{at}" authorId="{authors.index(comment.author)}">'
        f'<text><t xml:space="preserve">{escape(comment.text)}</t></text></comment>'
        for at, comment in comments.items()
    )
    names = "".join(f"<author>{escape(author)}</author>" for author in authors)
    xml = f'<comments xmlns="{SHEET}"><authors>{names}</authors><commentList>{listed}</commentList></comments>'
    sheet.package.add(sheet.part, "comments", "xl/comments{}.xml", xml.encode())
    blocks = range(block, block + math.ceil(len(comments) / _OF_A_BLOCK))
    boxes = _boxes(comments, blocks).encode()
    drawing, _ = sheet.package.add(sheet.part, "vmlDrawing", "xl/drawings/vmlDrawing{}.vml", boxes)
    sheet.put(element("legacyDrawing", {RELATION_ID: drawing}))
    return blocks.stop


def _boxes(comments: dict[str, Comment], blocks: range) -> str:
    boxes = []
    for place, (at, comment) in enumerate(comments.items()):
        id_ = blocks[place // _OF_A_BLOCK] * (_OF_A_BLOCK + 1) + place % _OF_A_BLOCK + 1
        row, column = place_of(at)
        height = min(_TALLEST, line_count(comment.text, _BOX_ROOM) * _LINE_HEIGHT + 14)
        boxes.append(_BOX.format(id=id_, width=_BOX_WIDTH, height=height, row=row - 1, column=column - 1))
    return _DRAWING.format(blocks=",".join(map(str, blocks)), boxes="".join(boxes))
