"""The inside of a package that was judged: inflated once, read by whoever comes next."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class PlainCells(Struct, frozen=True):
    """The rows of a worksheet part that is written as nearly every program writes it, and stays near A1.

    No row is hidden, no cell is an error, every formula has its value, and nothing stands between them.
    """

    begin: int
    end: int
    """Where they stand in the part: behind `<sheetData>`, up to its end tag."""
    values: int
    """How many cells hold one."""


class Parts(Struct, frozen=True):
    """Every part of a package by its name."""

    content: Mapping[str, bytes]
    plain: Mapping[str, PlainCells]
    """The worksheets among them whose cells are plain."""
