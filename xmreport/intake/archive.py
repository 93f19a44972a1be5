"""A zip looked at before anyone opens it: names, methods, overlaps, and its honest size, counted while inflating."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

_LOCAL = struct.Struct("<4s5H3I2H")
_UNSAFE_NAME = re.compile(r"[\x00-\x1f]|^/|^[A-Za-z]:|(?:^|/)\.\.(?:/|$)")
_RATIO_FROM = 1 << 20
_SMALL = 16 << 10
"""Bytes of a part up to which it is worth keeping for the next file."""
_WORKBOOK = re.compile(rb"(?:sheet|template|addin)(?:\.macroEnabled(?:Template)?)?\.main\+xml")
_BINARY = b"sheet.binary"
_ODF = b"application/vnd.oasis.opendocument."


class Refusal(Exception):
    """Why a file is not opened: a finding code and a short Chinese clause."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


def _damaged(reason: str = "压缩结构不完整或已损坏") -> Refusal:
    return Refusal("F03", reason)


def _unsafe(reason: str) -> Refusal:
    return Refusal("F05", reason)


class Archive:
    """A zip held in memory. Nothing is inflated before it is asked for."""

    def __init__(self, data: bytes, most_entries: int) -> None:
        # Counted before parsing: a directory of millions of names would take minutes to list.
        if data.count(b"PK\x01\x02") > most_entries:
            raise _unsafe(f"压缩包内文件超过 {most_entries} 个")
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                self.entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        except (zipfile.BadZipFile, NotImplementedError, ValueError, IndexError, struct.error, EOFError) as error:
            raise _damaged() from error
        if len(self.entries) > most_entries:
            raise _unsafe(f"压缩包内文件超过 {most_entries} 个")
        self.data = memoryview(data)
        self._names = [entry.orig_filename.replace("\\", "/") for entry in self.entries]
        self._begins: dict[zipfile.ZipInfo, int] = {}

    @property
    def size(self) -> int:
        """Bytes of all entries by their own claim, which each has to keep when it is inflated."""
        return sum(entry.file_size for entry in self.entries)

    def kind(self) -> str:
        """What the zip is, by its own declaration of content."""
        if any(entry.flag_bits & 1 for entry in self.entries):
            return "encrypted"
        mime = self._small("mimetype").strip()
        if mime.startswith(_ODF):
            if b"encryption-data" in self._small("META-INF/manifest.xml") or self._find("encrypted-package"):
                return "encrypted"
            return "ods" if mime.removeprefix(_ODF).startswith(b"spreadsheet") else "document"
        types = self._small("[Content_Types].xml")
        if _BINARY in types or self._find("xl/workbook.bin"):
            return "xlsb"
        if _WORKBOOK.search(types) or self._find("xl/workbook.xml"):
            return "xlsx"
        if b"wordprocessingml" in types or b"presentationml" in types or self._find("OFD.xml"):
            return "document"
        # A package of no known kind is a broken workbook rather than something a clerk packed.
        return "unknown" if types else "archive"

    def guard(self) -> None:
        """Refuse names, methods and layouts that two readers could understand in two ways."""
        seen: set[str] = set()
        spans: list[tuple[int, int]] = []
        for entry, name in zip(self.entries, self._names, strict=True):
            if _UNSAFE_NAME.search(name):
                raise _unsafe("压缩包内有越界的文件名")
            if name.casefold() in seen:
                raise _unsafe("压缩包内有重名文件")
            seen.add(name.casefold())
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise _unsafe("压缩方式不常见")
            start = self._content(entry)
            spans.append((entry.header_offset, start + entry.compress_size))
        spans.sort()
        if any(after[0] < before[1] for before, after in pairwise(spans)):
            raise _unsafe("压缩包内的文件互相重叠")

    def parts(self, inflated_mib: int, ratio: int) -> Iterator[tuple[str, bytes]]:
        """Every part with its bytes, one by one, until the honest sum or a part's ratio is too high."""
        left = inflated_mib << 20
        for entry, name in zip(self.entries, self._names, strict=True):
            part = self.inflate(entry, left)
            if part is None:
                raise _unsafe(f"压缩包展开后超过 {inflated_mib} MB")
            if len(part) > _RATIO_FROM and len(part) > ratio * entry.compress_size:
                raise _unsafe(f"压缩比超过 {ratio} 倍")
            left -= len(part)
            yield name, part

    def inflate(self, entry: zipfile.ZipInfo, most: int) -> bytes | None:
        """The bytes of one entry; None where they are more than `most`."""
        start = self._content(entry)
        packed = self.data[start : start + entry.compress_size]
        if len(packed) < entry.compress_size:
            raise _damaged()
        facts = entry.compress_type, entry.file_size, entry.CRC
        part = _recurring(bytes(packed), *facts) if entry.file_size <= _SMALL else None
        return _inflated(packed, *facts, most) if part is None or len(part) > most else part

    def _content(self, entry: zipfile.ZipInfo) -> int:
        """Where the entry's bytes begin, after a local header that must agree with the directory."""
        if entry in self._begins:
            return self._begins[entry]
        begin = entry.header_offset
        if not 0 <= begin <= len(self.data) - _LOCAL.size:
            raise _damaged()
        fields: tuple[Any, ...] = _LOCAL.unpack_from(self.data, begin)
        magic, method = fields[0], fields[3]
        name_length, extra_length = map(int, fields[-2:])
        if magic != b"PK\x03\x04":
            raise _damaged()
        name = bytes(self.data[begin + _LOCAL.size : begin + _LOCAL.size + name_length])
        if method != entry.compress_type or name != _raw_name(entry):
            raise _unsafe("压缩包的目录与内容不一致")
        content = self._begins[entry] = begin + _LOCAL.size + name_length + extra_length
        return content

    def _find(self, name: str) -> zipfile.ZipInfo | None:
        """The entry of that name, in any case: readers differ in how strictly they look."""
        wanted = name.casefold()
        return next((e for e, n in zip(self.entries, self._names, strict=True) if n.casefold() == wanted), None)

    def _small(self, name: str) -> bytes:
        """A part that says what the package is; empty where it is absent or absurdly large."""
        entry = self._find(name)
        if entry is None or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return b""
        return self.inflate(entry, 1 << 20) or b""


def _inflated(packed: bytes | memoryview, method: int, size: int, crc: int, most: int) -> bytes | None:
    if method == zipfile.ZIP_STORED:
        if len(packed) > most:
            return None
        part = bytes(packed)
    else:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            part = inflater.decompress(packed, most + 1)
        except zlib.error as error:
            raise _damaged() from error
        if len(part) > most:
            return None
        if not inflater.eof:
            raise _damaged()
    if len(part) != size or zlib.crc32(part) != crc:
        raise _damaged("压缩包内的文件与校验值不符")
    return part


@lru_cache(64)
def _recurring(packed: bytes, method: int, size: int, crc: int) -> bytes | None:
    """A small part: what one program writes beside the sheets is the same in file after file."""
    return _inflated(packed, method, size, crc, _SMALL)


def _raw_name(entry: zipfile.ZipInfo) -> bytes:
    return entry.orig_filename.encode("utf-8" if entry.flag_bits & 0x800 else "cp437")
