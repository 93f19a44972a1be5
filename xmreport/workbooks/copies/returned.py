"""The marked copy: a unit's own workbook with every fault coloured, explained and listed, ready to be dropped back."""

from __future__ import annotations

import datetime as dt
import logging
import re
import unicodedata
from collections.abc import Mapping, Sequence

from lxml import etree
from msgspec.structs import replace

from xmreport.messages import say
from xmreport.model.dates import CHINA
from xmreport.model.findings import Finding
from xmreport.model.grid import Book
from xmreport.model.returned import is_problem_list
from xmreport.model.text import file_name
from xmreport.workbooks.copies.about import About
from xmreport.workbooks.copies.marks import AUTHOR, Remark, mark
from xmreport.workbooks.copies.own import opened
from xmreport.workbooks.copies.package import PROPERTIES, Unmarkable
from xmreport.workbooks.copies.problems import add_list, drop_list
from xmreport.workbooks.copies.sheets import Workbook
from xmreport.workbooks.copies.styles import Styles

__all__ = ["About", "copy_name", "marked_copy"]

_log = logging.getLogger(__name__)

_LONGEST_NAME, _MOST_BYTES = 100, 240
"""Characters for Windows' paths, bytes for the file systems that count those."""
_UNSAFE = re.compile(r'[<>:"|?*]')
_EARLIER_RETURN = re.compile(r"(（退回\d{8}-\d{4}）)+$")
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}$")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def marked_copy(parts: Mapping[str, bytes], book: Book, findings: Sequence[Finding], about: About) -> bytes:
    """The workbook to give back. Every value stands where the unit wrote it, so that it can be dropped back as it is.

    The unit's own workbook is marked in place where it is written as nearly all are; else a plain one is rebuilt.

    Args:
        parts: what the file holds, as it was judged; nothing where it is no .xlsx or very large.
        book: the same as read.
        findings: what is wrong with it.
        about: whose it is.
    """
    remarks = [Remark(finding, say(finding)) for finding in findings]
    try:
        return _marked(opened(parts, book), book, remarks, about)
    except Unmarkable as why:
        from xmreport.workbooks.copies.rebuild import rebuilt  # its openpyxl takes as long to import as ten copies

        _log.info("the workbook cannot be marked in place, rebuilding it: %s", why)
        book = _without_list(book)
        return _marked(rebuilt(book), book, remarks, about)


def _marked(workbook: Workbook, book: Book, remarks: Sequence[Remark], about: About) -> bytes:
    drop_list(workbook, book)
    styles = Styles(workbook.package)
    styles.hold_against(workbook)
    mark(workbook, styles, remarks)
    add_list(workbook, styles, remarks, about)
    _sign(workbook, about)
    return workbook.package.packed()


def copy_name(file: str, moment: dt.datetime) -> str:
    """古阳镇前期手续办理情况表.xls → 古阳镇前期手续办理情况表（退回20221209-1631）.xlsx, safe on every file system."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(CHINA)
    suffix = f"（退回{moment:%Y%m%d-%H%M}）.xlsx"
    name = file_name(unicodedata.normalize("NFC", file).replace("\\", "/"))
    stem = _EXTENSION.sub("", _UNSAFE.sub("", name)).lstrip("~$. ").rstrip(". ")
    stem = _EARLIER_RETURN.sub("", stem).rstrip(". ")
    if not stem or _RESERVED.fullmatch(stem):
        stem = f"报表{stem}"
    while len(stem + suffix) > _LONGEST_NAME or len((stem + suffix).encode()) > _MOST_BYTES:
        stem = stem[:-1].rstrip(". ")
    return stem + suffix


def _without_list(book: Book) -> Book:
    return replace(book, grids=tuple(grid for grid in book.grids if not is_problem_list(grid.sheet, grid.at(1, 1))))


def _sign(workbook: Workbook, about: About) -> None:
    """Who last changed the workbook, and when."""
    part = workbook.package.related("", "core-properties")
    if part is None:
        return
    root = workbook.package.tree(part)
    who = next(root.iter("{*}lastModifiedBy"), None)
    if who is None:
        who = etree.SubElement(root, f"{{{PROPERTIES}}}lastModifiedBy")
    who.text = AUTHOR
    for when in root.iter("{*}modified"):
        when.text = f"{about.stamp:%Y-%m-%dT%H:%M:%SZ}"
