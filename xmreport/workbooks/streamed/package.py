"""A workbook's parts packed as they are made: none stands in memory, or in a file of its own, before it is packed."""

from __future__ import annotations

import io
from zipfile import ZIP_DEFLATED, ZipFile

from xlsxwriter import Workbook
from xlsxwriter.packager import Packager

_LEVEL = 2
"""How hard parts are packed: level 6 takes three times as long and leaves a quarter less."""
_SYSTEM = 0
"""On which a package says it was made: the same bytes come from Windows as from Linux."""
_AT_ONCE = 1 << 16
"""Letters that are packed together."""


class PackedBook(Workbook):  # type: ignore[misc]  # xlsxwriter has no types
    """A workbook whose bytes are in `output` once it is closed.

    xlsxwriter lets its packager be replaced (`_get_packager`); this one leaves nothing to pack for the book itself.
    """

    def __init__(self, options: dict[str, object]) -> None:
        self.output = io.BytesIO()
        super().__init__(io.BytesIO(), {**options, "in_memory": True})

    def _get_packager(self) -> Packager:
        return _Packager(self.output)


class _Packager(Packager):  # type: ignore[misc]  # xlsxwriter has no types
    def __init__(self, output: io.BytesIO) -> None:
        super().__init__()
        self._output = output
        self._part: _Part | None = None

    def _create_package(self) -> list[tuple[str, str, bool]]:
        with ZipFile(self._output, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as self._zip:
            try:
                super()._create_package()
            finally:
                self._finish()
            for part in self._zip.infolist():
                part.create_system = _SYSTEM
        return []

    def _filename(self, name: str) -> io.StringIO:
        """Where the next part is written to: parts are made one after the other."""
        self._finish()
        self._part = _Part(self._zip, name)
        return self._part

    def _finish(self) -> None:
        if self._part is not None:
            self._part.finish()


class _Part(io.StringIO):
    """A part that goes on into the package."""

    def __init__(self, package: ZipFile, name: str) -> None:
        super().__init__()
        self._packed = package.open(name, "w")
        self._held: list[str] = []
        self._length = 0

    def write(self, text: str) -> int:
        self._held.append(text)
        self._length += len(text)
        if self._length > _AT_ONCE:
            self._pack()
        return len(text)

    def finish(self) -> None:
        self._pack()
        self._packed.close()

    def _pack(self) -> None:
        self._packed.write("".join(self._held).encode())
        self._held.clear()
        self._length = 0
