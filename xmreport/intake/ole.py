"""The old compound container: whether it holds a workbook, a document, or something locked."""

from __future__ import annotations

import io
import struct

import olefile

from xmreport.intake.archive import Refusal

_RECORD = struct.Struct("<HH")
_FILEPASS, _END, _MULRK = 0x2F, 0x0A, 0xBD
_CELLS = frozenset({0x0006, 0x00D6, 0x00FD, 0x0203, 0x0204, 0x0205, 0x027E})
"""FORMULA, RSTRING, LABELSST, NUMBER, LABEL, BOOLERR, RK."""
_DOCUMENTS = frozenset({"worddocument", "powerpoint document", "wpscontents", "contents", "hwpsummaryinformation"})


def open_ole(data: bytes) -> tuple[str, bytes]:
    """The kind, and the workbook's stream where there is one."""
    try:
        # A buffer, never the bytes themselves: olefile takes short bytes for a path.
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            streams = {"/".join(path).casefold(): path for path in ole.listdir()}
            if "encryptedpackage" in streams:
                return "encrypted", b""
            for name in ("workbook", "book"):
                if name in streams:
                    return "xls", ole.openstream(streams[name]).read()
    except Exception as error:  # whatever a broken container raises inside olefile, the file is damaged
        raise Refusal("F03", "文件结构已损坏") from error
    return ("document" if _DOCUMENTS & streams.keys() else "unknown"), b""


def survey(stream: bytes) -> tuple[bool, int]:
    """Whether a BIFF stream is locked (FILEPASS among its globals), and how many of its cells hold values."""
    locked, in_globals, cells, at = False, True, 0, 0
    while at + _RECORD.size <= len(stream):
        code, size = _RECORD.unpack_from(stream, at)
        if code in _CELLS:
            cells += 1
        elif code == _MULRK:
            cells += max(size - 6, 0) // 6
        elif code == _END:
            in_globals = False
        elif code == _FILEPASS and in_globals:
            locked = True
        at += _RECORD.size + size
    return locked, cells
