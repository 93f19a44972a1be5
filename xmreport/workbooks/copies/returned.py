"""The marked copy: a unit's own workbook with every fault coloured, explained and listed, ready to be dropped back."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.xml.functions import tostring

from xmreport.messages import say
from xmreport.model.dates import CHINA
from xmreport.model.findings import Finding
from xmreport.model.grid import Book
from xmreport.model.returned import is_problem_list
from xmreport.workbooks.copies.about import About
from xmreport.workbooks.copies.marks import AUTHOR, Remark, mark, unmark
from xmreport.workbooks.copies.own import opened
from xmreport.workbooks.copies.problems import add_list, drop_list
from xmreport.workbooks.copies.rebuild import rebuilt

__all__ = ["About", "copy_name", "marked_copy"]

_PROPERTIES = "docProps/core.xml"
_LONGEST_NAME, _MOST_BYTES = 100, 240
"""Characters for Windows' paths, bytes for the file systems that count those."""
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Controls, marks that turn the writing direction, zero-width blanks, bytes that are not UTF-8, line separators."""
_UNSAFE = re.compile(r'[<>:"|?*]')
_EARLIER_RETURN = re.compile(r"(（退回\d{8}-\d{4}）)+$")
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}$")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def marked_copy(data: bytes, book: Book, findings: Sequence[Finding], about: About) -> bytes:
    """The workbook to give back. Every value stands where the unit wrote it, so that it can be dropped back as it is.

    `data` is the file as received, `book` the same as read. The unit's own workbook is marked where openpyxl can open
    it; else a plain one rebuilt from `book`.
    """
    remarks = [Remark(finding, say(finding)) for finding in findings]
    own = opened(data, book)
    workbook = rebuilt(_without_list(book)) if own is None else own
    drop_list(workbook)
    unmark(workbook)
    mark(workbook, remarks)
    add_list(workbook, remarks, about)
    return _saved(workbook, about)


def copy_name(file: str, moment: dt.datetime) -> str:
    """古阳镇前期手续办理情况表.xls → 古阳镇前期手续办理情况表（退回20221209-1631）.xlsx, safe on every file system."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(CHINA)
    suffix = f"（退回{moment:%Y%m%d-%H%M}）.xlsx"
    name = file.replace("\\", "/").rsplit("/", 1)[-1]
    visible = "".join(c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c) not in _INVISIBLE)
    stem = _EXTENSION.sub("", _UNSAFE.sub("", visible)).lstrip("~$. ").rstrip(". ")
    stem = _EARLIER_RETURN.sub("", stem).rstrip(". ")
    if not stem or _RESERVED.fullmatch(stem):
        stem = f"报表{stem}"
    while len(stem + suffix) > _LONGEST_NAME or len((stem + suffix).encode()) > _MOST_BYTES:
        stem = stem[:-1].rstrip(". ")
    return stem + suffix


def _without_list(book: Book) -> Book:
    return replace(book, grids=tuple(grid for grid in book.grids if not is_problem_list(grid.sheet, grid.at(1, 1))))


def _saved(workbook: Workbook, about: About) -> bytes:
    """The bytes, the same for the same input: openpyxl writes the clock into the properties and into the archive."""
    workbook.properties.created = workbook.properties.modified = about.stamp
    workbook.properties.lastModifiedBy = AUTHOR
    written, settled = BytesIO(), BytesIO()
    workbook.save(written)
    workbook.properties.modified = about.stamp
    with ZipFile(written) as source, ZipFile(settled, "w", ZIP_DEFLATED) as target:
        for part in source.infolist():
            content = tostring(workbook.properties.to_tree()) if part.filename == _PROPERTIES else source.read(part)
            entry = ZipInfo(part.filename)
            entry.compress_type = ZIP_DEFLATED
            entry.create_system = 0
            target.writestr(entry, content)
    return settled.getvalue()
