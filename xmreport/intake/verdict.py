"""Whether a file is safe to open and what it is, by its bytes alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from xmreport.intake import extent
from xmreport.intake.archive import Archive, Refusal
from xmreport.intake.ole import open_ole, survey
from xmreport.intake.plain import plain_cells
from xmreport.intake.sniff import sniff
from xmreport.model.parts import Parts, PlainCells

_XML_NAME = re.compile(r"\.(?:xml|rels|vml)$", re.IGNORECASE)
_DECLARATION = re.compile(rb"^<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)")
_TYPES = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_ROOT = re.compile(rb"<(?:\w+:)?(worksheet|sst)[\s>]")
_UTF16 = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"<\x00": "utf-16-le", b"\x00<": "utf-16-be"}
_ASCII_LIKE = re.compile(rb"utf-?8|us-ascii|ascii|iso-8859-\d+|windows-125\d|gb2312|gbk|gb18030", re.IGNORECASE)

_REASONS = {
    "encrypted": ("F01", "文件设置了打开密码"),
    "html": ("F02", "内容是网页或 XML，不是真正的 Excel 工作簿"),
    "empty": ("F03", "文件是空的（0 字节）"),
    "unknown": ("F03", "不是能识别的文件格式，或文件已损坏"),
    "document": ("F04", "这是文档（Word、PDF 等），不是表格"),
    "archive": ("F04", "这是压缩包，不是表格"),
    "image": ("F04", "这是图片，不是表格"),
    "text": ("F04", "这是文本文件，不是表格"),
}


class Limits(Struct, frozen=True):
    """How much a workbook may unfold to."""

    inflated_mib: int = 256
    ratio: int = 200
    entries: int = 10_000
    cells: int = 1_000_000
    """Cells with values: what a worker surely reads within its time."""
    area: int = 10_000_000
    """Cells of the boxes that the values span: what a reader makes room for."""
    held_mib: int = 8
    """Of all parts together: up to here they are handed on."""


class Verdict(Struct, frozen=True):
    """`kind` is found by content; `fault` is None where the file may be opened, else a finding's code."""

    kind: str
    fault: str | None = None
    words: Mapping[str, str] = {}
    """`原因`: what the finding's sentence says of this file."""
    parts: Parts | None = None
    """What an .xlsx that may be opened holds, unless that is much: its reader need not inflate it again."""


def judge(data: bytes, limits: Limits) -> Verdict:
    """The verdict on a file. A pure function of its bytes; it opens nothing that it has not measured."""
    kind = sniff(data)
    try:
        if kind == "zip":
            return _judge_zip(data, limits)
        if kind == "ole":
            kind, stream = open_ole(data)
            return _judge_biff(stream, limits) if kind == "xls" else _known(kind)
        if kind == "biff":
            return _judge_biff(data, limits)
    except Refusal as refusal:
        return _refused("unknown", refusal)
    return _known(kind)


def _known(kind: str) -> Verdict:
    code, reason = _REASONS[kind]
    return Verdict(kind, code, {"原因": reason})


def _refused(kind: str, refusal: Refusal) -> Verdict:
    return Verdict(kind, refusal.code, {"原因": refusal.reason})


def _judge_biff(stream: bytes, limits: Limits) -> Verdict:
    locked, cells = survey(stream)
    if locked:
        return _known("encrypted")
    if cells > limits.cells:
        return _refused("xls", _too_many(limits))
    return Verdict("xls")


def _judge_zip(data: bytes, limits: Limits) -> Verdict:
    archive = Archive(data, limits.entries)
    kind = archive.kind()
    if kind not in ("xlsx", "xlsb", "ods"):
        return _known(kind)
    try:
        archive.guard()
        try:
            parts = _measure(archive, kind, limits, exactly=False)
        except Refusal:
            parts = _measure(archive, kind, limits, exactly=True)
    except Refusal as refusal:
        return _refused(kind, refusal)
    return Verdict(kind, parts=parts)


def _measure(archive: Archive, kind: str, limits: Limits, *, exactly: bool) -> Parts | None:
    """Inflate every part once; refuse hostile XML and sheets that no reader should make room for."""
    held: dict[str, bytes] | None = {} if kind == "xlsx" and archive.size <= limits.held_mib << 20 else None
    cells = area = 0
    sheets: dict[str, PlainCells | None] = {}
    long: dict[int, int] = {}
    for name, part in archive.parts(limits.inflated_mib, limits.ratio):
        if held is not None:
            held[name] = part
        xml = _as_xml(name, part)
        if xml is None:
            continue
        found: Sequence[extent.Extent] = ()
        if kind == "ods":
            found = list(extent.of_ods(xml)) if name == "content.xml" else ()
        elif root := _root(xml):
            if root == b"worksheet":
                plain = plain_cells(xml)
                # Where it stands was found in what a reader will see, unless that was recoded first.
                sheets[name] = plain if xml is part else None
                found = [extent.of_sheet(xml, limits.cells) if plain is None or exactly else extent.at_most(plain)]
            elif extent.lies_about_strings(xml):
                raise Refusal("F05", "声明的文字条数与实际不符")
            else:
                long |= extent.long_strings(xml)
        cells += sum(each.cells for each in found)
        area += sum(each.area for each in found)
        _check_extent(cells, area, limits)
    if long:
        _check_unfolded(archive, sheets, long, limits)
    if held is None:
        return None
    return Parts(held, {name: plain for name, plain in sheets.items() if plain is not None})


def _as_xml(name: str, part: bytes) -> bytes | None:
    """An XML part as bytes that can be searched; None where it is something else."""
    named = _XML_NAME.search(name)
    if named and (encoding := _UTF16.get(part[:2])):
        part = part.decode(encoding, "replace").encode()
    head = part[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not named and (not head.startswith(b"<") or _is_picture(name)):
        return None
    # A single byte is found many times faster than a pattern, and this one hardly ever stands in a part.
    if b"!" in part and _TYPES.search(part):
        raise Refusal("F05", "文件内含有不允许的实体定义")
    declared = _DECLARATION.match(head)
    if declared and not declared[1].lower().startswith(b"utf-16") and not _ASCII_LIKE.fullmatch(declared[1]):
        raise Refusal("F03", "文件内部的文字编码无法识别")
    return part


def _root(xml: bytes) -> bytes:
    """`worksheet` or `sst`, where a part is one of them."""
    head = xml[:4096]
    # A word is found faster than the pattern, and most parts do not have it.
    found = _ROOT.search(head) if b"worksheet" in head or b"sst" in head else None
    return found[1] if found else b""


def _is_picture(name: str) -> bool:
    return "/media/" in name.lower() or name.lower().endswith(".svg")


def _check_extent(cells: int, area: int, limits: Limits) -> None:
    if cells > limits.cells:
        raise _too_many(limits)
    # Room for gaps in an honest sheet, such as 序号 prefilled far down; none for A1 and XFD1048576.
    if area > limits.area:
        raise Refusal("F05", "有值的单元格相隔过远")


def _check_unfolded(archive: Archive, sheets: Collection[str], long: dict[int, int], limits: Limits) -> None:
    """One long text used by very many cells unfolds in memory to many times the file."""
    total = 0
    for name, part in archive.parts(limits.inflated_mib, limits.ratio):
        if name in sheets:
            total += extent.unfolded(part, long)
        if total > limits.inflated_mib << 20:
            raise Refusal("F05", f"重复引用的长文字展开后超过 {limits.inflated_mib} MB")


def _too_many(limits: Limits) -> Refusal:
    return Refusal("F06", f"有值的单元格超过 {limits.cells} 个")
