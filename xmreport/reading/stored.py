"""A zip of parts as they are: the fast reader inflates nothing again, and sees the very bytes that were judged."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

_LOCAL = struct.Struct("<4s5H3I2H")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION, _UTF8, _STORED, _TIME, _DATE = 20, 0x800, 0, 0, 0x21
"""What a reader must know to unpack it, and the first day that a zip can name."""


def stored(content: Mapping[str, bytes]) -> bytes:
    """A zip of these parts, none compressed. They are few, and of less than 4 GiB."""
    bodies: list[bytes] = []
    directory: list[bytes] = []
    at = 0
    for name, part in content.items():
        label = name.encode()
        facts = _VERSION, _UTF8, _STORED, _TIME, _DATE, zlib.crc32(part), len(part), len(part), len(label), 0
        directory += _ENTRY.pack(b"PK\x01\x02", _VERSION, *facts, 0, 0, 0, 0, at), label
        bodies += _LOCAL.pack(b"PK\x03\x04", *facts), label, part
        at += _LOCAL.size + len(label) + len(part)
    size, count = sum(map(len, directory)), len(content)
    return b"".join((*bodies, *directory, _END.pack(b"PK\x05\x06", 0, 0, count, count, size, at, 0)))
