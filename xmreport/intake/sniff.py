"""What a file is, by its first bytes. The extension is never asked: senders rename freely."""

from __future__ import annotations

import codecs
import re

_SIGNATURES = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"%PDF", "document"),
    (b"{\\rtf", "document"),
    (b"Rar!\x1a\x07", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"\x1f\x8b", "archive"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ\x00", "archive"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"\x09\x08", "biff"),
    (b"\x09\x04\x06\x00", "biff"),
    (b"\x09\x02\x06\x00", "biff"),
    (b"\x09\x00\x04\x00", "biff"),
)
_HEAD = 4096
_MARKUP = re.compile(r"<(?:!doctype\s+html|html|head|meta|title|style|body|table|div)[\s>/]", re.IGNORECASE)
_MHTML = re.compile(r"^mime-version:|^content-type:\s*multipart/related", re.IGNORECASE | re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def sniff(data: bytes) -> str:
    """`zip`, `ole` and `biff` want a closer look; every other answer is final."""
    if not data:
        return "empty"
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return kind
    if data.startswith(b"BM") and data[6:10] == bytes(4):
        return "image"
    if (data.startswith(b"RIFF") and data[8:12] == b"WEBP") or data[4:8] == b"ftyp":
        return "image"
    text = _text(data[:_HEAD])
    if text is None:
        return "unknown"
    head = text.lstrip("\ufeff \t\r\n")
    if head.startswith("<"):
        return _markup(head)
    return "html" if _MHTML.search(head) else "text"


def _markup(head: str) -> str:
    if _MARKUP.search(head) or "schemas-microsoft-com:office:spreadsheet" in head or "opendocument.spreadsheet" in head:
        return "html"
    return "document" if "schemas.microsoft.com/office/word" in head else "text"


def _text(head: bytes) -> str | None:
    """The beginning as text, where it is text in an encoding that offices here use."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            # Incremental: the cut may fall inside a character.
            text = codecs.getincrementaldecoder(encoding)().decode(head)
        except UnicodeDecodeError:
            continue
        return None if _CONTROL.search(text) else text
    return None
