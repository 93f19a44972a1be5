"""One way to walk XML: start tags by local name, text, no document type, no surprises."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from xml.parsers import expat

from xmreport.reading.failure import ReadFailure

Attributes = dict[str, str]
Start = Callable[[Attributes], None]


class _Handlers(dict[str, Start | None]):
    """Handlers by tag as written, so that a prefix is taken off once a file and not once a tag."""

    def __init__(self, by_local_name: Mapping[str, Start]) -> None:
        super().__init__(by_local_name)
        self._known = by_local_name

    def __missing__(self, tag: str) -> Start | None:
        handler = self[tag] = self._known.get(tag.rpartition(":")[2])
        return handler


def walk(
    xml: bytes | Iterable[bytes],
    starts: Mapping[str, Start],
    text: Callable[[str], None] | None = None,
    ends: Mapping[str, Callable[[], None]] | None = None,
) -> None:
    """Call the handler of every start and end tag named, and `text` for character data anywhere.

    The XML may come in pieces.
    """
    handlers = _Handlers(starts)

    def start(tag: str, attributes: Attributes) -> None:
        if (handler := handlers[tag]) is not None:
            handler(attributes)

    def end(tag: str) -> None:
        if ends is not None and (handler := ends.get(tag.rpartition(":")[2])) is not None:
            handler()

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = _refuse
    if text is not None:
        parser.CharacterDataHandler = text
    if ends is not None:
        parser.EndElementHandler = end
    try:
        for piece in (xml,) if isinstance(xml, bytes) else xml:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise ReadFailure("工作簿内部的 XML 不完整或已损坏") from error


def local_id(attributes: Attributes) -> str:
    """The attribute `id`, whatever its prefix; empty where it is absent."""
    for key, value in attributes.items():
        if key.rpartition(":")[2] == "id":
            return value
    return ""


def true(value: str | None) -> bool:
    """Whether an attribute says yes."""
    return value is not None and value.strip().lower() in {"1", "true", "on"}


def _refuse(*_: object) -> None:
    raise ReadFailure("文件内含有不允许的实体定义", "F05")
