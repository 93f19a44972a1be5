"""A workbook of the outbox opened, altered and saved again, as an office does it with its spreadsheet program."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

_SAVED = (2022, 11, 26, 9, 0, 0)
"""The moment every saved file bears: the program's own clock would make it another file each time."""
_CLOCK = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


def edited(path: Path, cells: Mapping[str, Mapping[str, Any]], at: dt.datetime) -> bytes:
    """The workbook with some cells altered, as of a moment; as it lies there where there is nothing to alter.

    Args:
        path: a workbook the engine wrote.
        cells: what stands in some cell of a line → heading → what is written there.
        at: when it is saved.
    """
    if not cells:
        return path.read_bytes()
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    for key, changes in cells.items():
        row = next(cell.row for cell in _filled(sheet) if cell.value == key)
        for heading, value in changes.items():
            column = next(cell.column for cell in _filled(sheet) if str(cell.value).rstrip("*") == heading)
            sheet.cell(row, column, value)
    output = BytesIO()
    book.save(output)
    return _still(output, at)


def _filled(sheet: Worksheet) -> Iterator[Any]:
    return (cell for line in sheet.iter_rows() for cell in line if cell.value is not None)


def _still(saved: BytesIO, at: dt.datetime) -> bytes:
    """The same file whenever it is made."""
    moment = f"{at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}".encode()
    output = BytesIO()
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "docProps/core.xml":
                data = _CLOCK.sub(rb"\g<1>" + moment, data)
            new.writestr(zipfile.ZipInfo(name, _SAVED), data, zipfile.ZIP_DEFLATED)
    return output.getvalue()
