"""The inside of an .xlsx: its parts by name, and where each kind of part is found."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Self

from msgspec import Struct

from xmreport.model.parts import Parts
from xmreport.reading import contents
from xmreport.reading.failure import ReadFailure
from xmreport.reading.formats import percent_styles
from xmreport.reading.sheet import CellStyles

_PIECE = 1 << 20


class SheetPart(Struct, frozen=True):
    name: str
    hidden: bool
    part: str


class _Packed:
    """Parts still in their zip, inflated bit by bit: a sheet may be hundreds of megabytes."""

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise ReadFailure("压缩结构不完整或已损坏") from error
        self._names = {name.replace("\\", "/").lstrip("/").casefold(): name for name in self._zip.namelist()}

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def pieces(self, name: str) -> Iterator[bytes]:
        try:
            with self._zip.open(self._names[name]) as content:
                while piece := content.read(_PIECE):
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise ReadFailure("压缩包内的文件已损坏") from error

    def close(self) -> None:
        self._zip.close()


class _Held:
    """Parts that were inflated when the file was judged."""

    def __init__(self, content: Mapping[str, bytes]) -> None:
        self._content = {name.casefold(): part for name, part in content.items()}

    def __contains__(self, name: str) -> bool:
        return name in self._content

    def pieces(self, name: str) -> Iterator[bytes]:
        yield self._content[name]

    def close(self) -> None:
        """Nothing is open."""


class Package:
    """The parts of an .xlsx by name. Names are compared as Excel compares them: without regard to case."""

    def __init__(self, data: bytes, parts: Parts | None = None) -> None:
        self._source = _Packed(data) if parts is None else _Held(parts.content)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._source.close()

    def __contains__(self, part: str) -> bool:
        return part.casefold() in self._source

    def get(self, part: str) -> bytes | None:
        return b"".join(self.pieces(part)) if part in self else None

    def pieces(self, part: str) -> Iterator[bytes]:
        """A part bit by bit."""
        return self._source.pieces(part.casefold())

    def worksheets(self) -> tuple[SheetPart, ...]:
        """The worksheets in the workbook's order; chart and macro sheets are no worksheets."""
        workbook = self._workbook()
        xml = self.get(workbook)
        if xml is None:
            raise ReadFailure("找不到工作簿的目录")
        targets = self._related(workbook, "/worksheet")
        return tuple(
            SheetPart(entry.name, entry.hidden, targets[entry.relation])
            for entry in contents.sheets(xml)
            if entry.relation in targets
        )

    def styles(self) -> bytes | None:
        return self._related_part("/styles", "xl/styles.xml")

    def strings(self) -> bytes | None:
        return self._related_part("/sharedStrings", "xl/sharedStrings.xml")

    def mode_1904(self) -> bool:
        """Whether days are counted from 1904."""
        xml = self.get(self._workbook()) or b""
        return b"date1904" in xml and contents.mode_1904(xml)

    def cell_styles(self) -> CellStyles:
        """The cell styles that say more than how a value looks."""
        xml = self.styles()
        struck = frozenset[str]() if xml is None or b"strike" not in xml else contents.struck_styles(xml)
        return CellStyles(struck, percent_styles(xml))

    def blank_strings(self) -> frozenset[int]:
        """The shared strings that hold no text: cells that point at one are blank."""
        xml = self.strings()
        return frozenset() if xml is None else contents.blank_strings(xml)

    def mark(self) -> str | None:
        """The hidden version mark, where the file still carries it."""
        xml = self.get("docProps/custom.xml")
        return None if xml is None or contents.MARK.encode() not in xml else contents.mark(xml)

    def _workbook(self) -> str:
        return next(iter(self._related("", "/officeDocument").values()), "xl/workbook.xml")

    def _related_part(self, kind: str, usual: str) -> bytes | None:
        return self.get(next(iter(self._related(self._workbook(), kind).values()), usual))

    def _related(self, part: str, kind: str) -> dict[str, str]:
        """Relation id → part, for the relations of one kind."""
        folder, name = posixpath.split(part)
        xml = self.get(posixpath.join(folder, "_rels", f"{name}.rels"))
        found = () if xml is None else contents.relations(xml, folder)
        return {relation.id: relation.part for relation in found if relation.type.endswith(kind)}
