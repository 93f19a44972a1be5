"""Mutated workbooks through the whole reading of a file: what crashes, hangs, or loses a cell in silence is a finding.

    python benchmarks/fuzz.py [--seconds 60] [--seed N]

Every mutant goes through judge → read → recognise → checks and through the marked copy, in a guarded worker. A
ReadFailure is an answer; any other exception, a job past its time, a value cell of the XML that is not in the grid, a
copy that does not open, and an accepted form whose total is not what its own cells add up to are findings.
Exits with 1 where there is one, and names the seed that makes it again.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import random
import re
import struct
import sys
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree  # noqa: ICN001 - only what was judged before is parsed

import openpyxl
import xlsxwriter
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from xmreport.examine import examine, open_desk
from xmreport.intake.verdict import Limits, judge
from xmreport.model.dates import CHINA
from xmreport.model.findings import Finding, Severity
from xmreport.model.grid import Book, Grid
from xmreport.model.submission import Examination
from xmreport.reading import ReadFailure, read
from xmreport.reading.guard import GuardedPool, WorkerDied, WorkerFailure
from xmreport.workbooks.copies.about import About
from xmreport.workbooks.copies.returned import marked_copy
from xmreport.workspace import shipped

COUNTY, UNIT = "guxian", "古阳镇"
DAY = dt.date(2022, 12, 8)
SECONDS = 20
ABOUT = About("古县", UNIT, None, None, None, "表.xlsx", "2022-12-08 10:00", dt.datetime(2022, 12, 8, 10, tzinfo=CHINA))
HEADS = ("序号", "项目名称", "项目代码", "项目单位", "责任单位", "建设性质", "总投资", "年度计划投资")
PARTS = ("办理层级", "办理进展", "办结时间", "拟办结时限")
PROCEDURES = ("立项", "用地", "规划", "环评", "能评")
Rows = list[list[Any]]


# Seeds: one small form in every format that can be made here


def form() -> Rows:
    """A form of three projects in order in every way."""
    top: list[Any] = [*HEADS, *(procedure if not n else None for procedure in PROCEDURES for n in range(4)), "备注"]
    below: list[Any] = [*[None] * len(HEADS), *PARTS * len(PROCEDURES), None]
    rows: Rows = [
        ["附件1"],
        ["古县2023年新建项目前期手续办理情况表"],
        [f"填报单位（盖章）：{UNIT}    填报时间：2022年12月8日    单位：万元"],
        top,
        below,
    ]
    for number, money in enumerate((3000, 1250.5, 88000), 1):
        done = [None, "已办结", dt.date(2022, 11, 3), None] * len(PROCEDURES)
        rows.append(
            [number, f"第{number}号道路工程", None, "古县城投公司", "县住建局", "新建", money, 100, *done, None]
        )
    rows.append([None, "合计", None, None, None, None, 92250.5, 300])
    return rows


def seeds() -> list[tuple[str, bytes]]:
    """Kind and bytes, the same bytes each time: a seed's number must make the same mutant tomorrow."""
    return [
        ("xlsx", _settled(_openpyxl())),
        ("xlsx", _settled(_xlsxwriter())),
        ("xls", _xls()),
        ("ods", _settled(_ods())),
    ]


def _settled(data: bytes) -> bytes:
    """The package without the clock in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name in {"docProps/core.xml", "meta.xml"}:
                content = _MOMENT.sub(b"2022-12-08T10:00:00", content)
            target.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _openpyxl() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in form():
        sheet.append(row)
    sheet.merge_cells("A2:AC2")
    sheet.merge_cells("I4:L4")
    sheet["G9"] = "=SUM(G6:G8)"
    sheet.row_dimensions[7].hidden = True
    book.create_sheet("说明")["A1"] = "另一张表"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _xlsxwriter() -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet, date = book.add_worksheet("表"), book.add_format({"num_format": "yyyy-mm-dd"})
        for r, row in enumerate(form()):
            for c, value in enumerate(row):
                if isinstance(value, dt.date):
                    sheet.write_datetime(r, c, dt.datetime.combine(value, dt.time()), date)
                elif value is not None:
                    sheet.write(r, c, value)
        sheet.write_formula("G9", "=SUM(G6:G8)", None, 92250.5)
        sheet.write_comment("B6", "批注")
        sheet.data_validation("F6:F20", {"validate": "list", "source": ["新建", "续建"]})
        sheet.merge_range("A2:AC2", form()[1][0])
    return buffer.getvalue()


def _xls() -> bytes:
    book = xlwt.Workbook()
    sheet, date = book.add_sheet("表"), xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for r, row in enumerate(form()):
        for c, value in enumerate(row):
            if value is not None:
                sheet.write(r, c, value, *([date] if isinstance(value, dt.date) else []))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _ods() -> bytes:
    document, table = OpenDocumentSpreadsheet(), Table(name="表")
    for row in form():
        line = TableRow()
        for value in row:
            if isinstance(value, int | float):
                cell = TableCell(valuetype="float", value=value)
            elif isinstance(value, dt.date):
                cell = TableCell(valuetype="date", datevalue=value.isoformat())
            else:
                cell = TableCell(valuetype="string") if value else TableCell()
            if value is not None:
                cell.addElement(P(text=str(value)))
            line.addElement(cell)
        table.addElement(line)
    document.spreadsheet.addElement(table)
    buffer = io.BytesIO()
    document.write(buffer)
    return buffer.getvalue()


# Mutations

NUMBERS = ("-1", "0", "1", "65536", "1048576", "1048577", "16384", "2147483648", "4294967296", "1e308", "1e999", "-0")
NUMBERS += ("NaN", "INF", "999999999999999999999", "0x1F", " 12 ", "", "１２", "1,5", "2022.1", "44927.9999999")
TEXTS = ("=1+1", "@x", "+1", "", " ", "\t", "_x0000_", "_x000D_", "&#10;", "\u202e甲", "\u200b", "合计", "零报告")
TEXTS += (
    "以下空白",
    "例：某项目",
    "已办结（2022.11.3）",
    "3000-5000",
    "1.2亿",
    "l200",
    "12月底",
    "#REF!",
    "甲" * 300,
    "😀",
    "\ufdd0",
)
REFERENCES = ("A1", "XFD1048576", "XFE1", "A0", "a1", "$A$1", "A1:B2", "AAAA1", "B6", "G6", "", "1", "A")
BITS = (0, 1, 0x7F, 0x80, 0xFF)
_MOMENT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ATTRIBUTE = re.compile(r'(\b[\w:]+)="([^"]*)"')
_NUMBER = re.compile(r"(?<=>)-?\d+(?:\.\d+)?(?=<)")
_TEXT = re.compile(r"(?<=>)[^<>]*[\u4e00-\u9fff][^<>]*(?=<)")
_ELEMENT = re.compile(r"<[\w:]+(?: [^<>]*)?/?>")
_CELL = re.compile(r"<c [^<>]*(?:/>|>.*?</c>)", re.DOTALL)


def on_bytes(chance: random.Random, data: bytes) -> bytes:
    """Bits flipped, bytes set, stretches cut, doubled or moved."""
    mutant = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        at = chance.randrange(len(mutant))
        match chance.randrange(5):
            case 0:
                mutant[at] ^= 1 << chance.randrange(8)
            case 1:
                mutant[at] = chance.choice(BITS)
            case 2:
                del mutant[at : at + chance.choice((1, 2, 8, 512))]
            case 3:
                mutant[at:at] = mutant[at : at + chance.choice((1, 4, 64))]
            case 4 if at + 4 <= len(mutant):
                struct.pack_into("<I", mutant, at, chance.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 65536)))
        if not mutant:
            break
    return bytes(mutant)


def on_parts(chance: random.Random, data: bytes) -> bytes:
    """Parts of a package dropped, emptied, swapped, cut, recoded or mutated as XML; sound as an archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    # The sheets, where the data is, twice as often as all the rest.
    sheets = [name for name in parts if "sheets/" in name or name == "content.xml" or "shared" in name]
    name = chance.choice(sheets if chance.random() < 0.7 else list(parts))
    match chance.randrange(14):
        case 0:
            del parts[name]
        case 1:
            parts[name] = b""
        case 2:
            other = chance.choice(list(parts))
            parts[name], parts[other] = parts[other], parts[name]
        case 3:
            parts[name] = parts[name][: chance.randrange(len(parts[name]) + 1)]
        case 4:
            parts[name] = _recoded(chance, parts[name])
        case 5:
            parts[name] = on_bytes(chance, parts[name]) if parts[name] else b"\0"
        case _:
            parts[name] = _on_xml(chance, parts[name])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", chance.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))) as archive:
        for each, content in parts.items():
            archive.writestr(each, content)
    return buffer.getvalue()


def _recoded(chance: random.Random, part: bytes) -> bytes:
    encoding = chance.choice(("utf-16", "utf-16-le", "gb18030", "utf-8-sig"))
    text = re.sub(r"^<\?xml[^>]*\?>", "", part.decode("utf-8", "replace").lstrip("\ufeff"))
    label = {"utf-16-le": "utf-16", "utf-8-sig": "utf-8"}.get(encoding, encoding)
    return f'<?xml version="1.0" encoding="{label}"?>{text}'.encode(encoding, "replace")


def _on_xml(chance: random.Random, part: bytes) -> bytes:
    text = part.decode("utf-8", "replace")
    for _ in range(chance.choice((1, 1, 2, 3))):
        change = chance.choice((_attribute, _attribute, _number, _number, _words, _element, _cell, _cell, _merge))
        text = change(chance, text)
    return text.encode("utf-8", "replace")


def _swap(chance: random.Random, text: str, pattern: re.Pattern[str], new: Callable[[re.Match[str]], str]) -> str:
    found = list(pattern.finditer(text))
    if not found:
        return text
    one = chance.choice(found)
    return text[: one.start()] + new(one) + text[one.end() :]


def _attribute(chance: random.Random, text: str) -> str:
    kinds = ("s", "str", "b", "e", "d", "n", "inlineStr", "zzz")
    values = chance.choice((NUMBERS, REFERENCES, kinds))

    def new(found: re.Match[str]) -> str:
        return "" if chance.random() < 0.2 else f'{found[1]}="{chance.choice(values)}"'

    return _swap(chance, text, _ATTRIBUTE, new)


def _number(chance: random.Random, text: str) -> str:
    return _swap(chance, text, _NUMBER, lambda _: chance.choice(NUMBERS))


def _words(chance: random.Random, text: str) -> str:
    return _swap(chance, text, _TEXT, lambda _: chance.choice(TEXTS))


def _element(chance: random.Random, text: str) -> str:
    again = chance.choice(("", "twice", "other"))
    other = chance.choice(_ELEMENT.findall(text) or [""])
    return _swap(chance, text, _ELEMENT, lambda one: {"": "", "twice": one[0] * 2, "other": other}[again])


def _cell(chance: random.Random, text: str) -> str:
    """A cell without its address, without its value, twice, as a formula, as an error."""

    def new(one: re.Match[str]) -> str:
        cell = one[0]
        return chance.choice((
            re.sub(r' r="\w+"', "", cell),
            re.sub(r"<v>.*?</v>", "", cell),
            re.sub(r"<v>.*?</v>", "<f>A1+1</f>", cell),
            cell.replace("<v>", "<f>WEBSERVICE(1)</f><v>"),
            re.sub(r"<v>.*?</v>", "<is><r><t>甲</t></r><r><t>乙</t></r></is>", cell),
            re.sub(r'(?: t="\w+")?>', ' t="e">', cell, count=1),
            cell + cell,
            "",
        ))  # fmt: skip

    return _swap(chance, text, _CELL, new)


def _merge(chance: random.Random, text: str) -> str:
    area = f"{chance.choice(REFERENCES)}:{chance.choice(REFERENCES)}"
    merges = f'<mergeCells count="1"><mergeCell ref="{area}"/></mergeCells>'
    return text.replace("</sheetData>", f"</sheetData>{merges}", 1)


def on_records(chance: random.Random, data: bytes) -> bytes:
    """BIFF records with another type, length or content."""
    begin = data.find(b"\x09\x08\x10\x00")
    places, at = [], begin
    while 0 <= at <= len(data) - 4:
        code, size = struct.unpack_from("<HH", data, at)
        places.append((at, size))
        at += 4 + size
        if code == 0x0A and len(places) > 200:
            break
    mutant = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5))):
        at, size = chance.choice(places or [(0, 4)])
        match chance.randrange(4):
            case 0:
                struct.pack_into("<H", mutant, at, chance.choice((0x06, 0x0A, 0x203, 0xFD, 0xFC, 0x85, 0xE5, 0x200)))
            case 1:
                struct.pack_into(
                    "<H", mutant, at + 2, chance.choice((0, 1, (size + 1) % 65536, size * 2 % 65536, 0xFFFF))
                )
            case _ if 0 < size <= len(mutant) - at - 4:
                mutant[at + 4 + chance.randrange(size)] = chance.choice((*BITS, chance.randrange(256)))
    return bytes(mutant)


def mutant_of(seed: int, stock: list[tuple[str, bytes]]) -> tuple[str, bytes]:
    """What was done to which kind, and the bytes."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable one
    kind, data = chance.choice(stock)
    if kind == "xls":
        change = chance.choice((on_bytes, on_records, on_records))
    else:
        change = chance.choice((on_bytes, on_parts, on_parts, on_parts, on_parts))
    return f"{kind} {change.__name__}", change(chance, data)


# What a worker does with one mutant


def try_one(data: bytes) -> tuple[str, list[str]]:
    """How it ended, and what is wrong with that."""
    verdict = judge(data, Limits())
    if verdict.fault:
        examine(data, COUNTY, "表.xlsx", UNIT, DAY)
        return verdict.fault, []
    try:
        book = read(data, verdict.kind, parts=verdict.parts)
    except ReadFailure as failure:
        return failure.code, []
    wrong = _lost(data, book) if verdict.kind == "xlsx" else []
    found = examine(data, COUNTY, "表.xlsx", UNIT, DAY)
    findings = [*found.findings, *(finding for part in found.parts for finding in part.findings)]
    wrong += _miscounted(book, found)
    content = verdict.parts.content if verdict.parts else {}
    copy = marked_copy(content, book, findings or [Finding("S01", Severity.ERROR, words=_WORDS)], ABOUT)
    wrong += _unlike(copy, book)
    return found.outcome or "read", wrong


_WORDS = {"工作表": "表", "内容": "", "最像": ""}


def _lost(data: bytes, book: Book) -> list[str]:
    """Value cells of the sheets' XML, counted by another parser, beside those of the grids and their faults."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = [name for name in archive.namelist() if re.match(r"xl/worksheets/[^/]+\.xml$", name)]
        try:
            held = sum(_values_in(archive.read(name), strings=_blank(archive)) for name in sheets)
        except (ElementTree.ParseError, LookupError, ValueError):
            return []
    seen = sum(len(_values_of(grid) | set(grid.faults)) for grid in book.grids)
    # Fewer cells than the XML has: some may stand twice at one address, or on a sheet that no relation names.
    return [f"{held} value cells in the XML, {seen} read"] if seen < held and len(sheets) == len(book.grids) else []


def _values_of(grid: Grid) -> set[tuple[int, int]]:
    return {(r, c) for r, row in enumerate(grid.rows, 1) for c, value in enumerate(row, 1) if value is not None}


def _values_in(xml: bytes, strings: set[str]) -> int:
    places: set[str] = set()
    row = column = 0
    for element in ElementTree.fromstring(xml).iter():  # noqa: S314 - judged before
        name = element.tag.rpartition("}")[2]
        if name == "row":
            row, column = int(element.get("r") or row + 1), 0
        elif name == "c":
            column += 1
            address = element.get("r") or f"#{row}.{column}"
            value = element.find("{*}v")
            inline = element.find("{*}is")
            text = (value.text or "") if value is not None else "".join(inline.itertext() if inline is not None else ())
            blank = not text.strip() or (element.get("t") == "s" and text in strings)
            if not blank:
                places.add(address)
    return len({place for place in places if not place.startswith("#")})


def _blank(archive: zipfile.ZipFile) -> set[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return set()
    root = ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))  # noqa: S314
    return {str(n) for n, each in enumerate(root.iterfind("{*}si")) if not "".join(each.itertext()).strip()}


def _miscounted(book: Book, found: Examination) -> list[str]:
    """An accepted form's 总投资 beside the numbers that stand in that column, where all of them are plain."""
    wrong = []
    grids = {grid.sheet: grid for grid in book.grids}
    for part in found.parts:
        if part.findings:
            continue
        for row in part.rows:
            column = part.columns.get(row.sheet, {}).get("总投资")
            raw = grids[row.sheet].at(row.row, column) if column else None
            taken = row.values.get("总投资")
            if isinstance(raw, int | float) and not isinstance(raw, bool) and taken != raw:
                wrong.append(f"{row.sheet} row {row.row}: {raw} became {taken!r} without a finding")
    return wrong


def _unlike(copy: bytes, book: Book) -> list[str]:
    """The copy opens, and holds what was read."""
    judged = judge(copy, Limits())
    again = read(copy, judged.kind, parts=judged.parts)
    grids = {grid.sheet.casefold(): grid for grid in again.grids}
    for grid in book.grids:
        held = grids.get(grid.sheet.casefold())
        if held is None:
            if 0 < len(grid.sheet) <= 31 and not re.search(r"[\[\]:*?/\\]", grid.sheet) and grid.rows:
                return [f"the copy has no sheet {grid.sheet!r}"]
            continue
        lost = [
            (r, c)
            for r, row in enumerate(grid.rows, 1)
            for c, value in enumerate(row, 1)
            if value is not None and str(value).strip() and (r, c) not in grid.faults
            and held.at(r, c) is None and (r, c) not in held.faults and _writable(value)
        ]  # fmt: skip
        if lost:
            return [f"the copy lost {len(lost)} cells, first {lost[0]}: {grid.at(*lost[0])!r}"]
    return []


def _writable(value: object) -> bool:
    return not isinstance(value, str) or bool(_FORBIDDEN.sub("", value).strip())


# The run


def run(seconds: float, seed: int, keep: Path | None) -> int:
    """The exit status."""
    counties = dict(_rulebook().counties)
    stock = seeds()
    ended: Counter[str] = Counter()
    findings: dict[str, tuple[int, str]] = {}
    until = time.monotonic() + seconds
    number = seed * 1_000_000
    slowest = (0.0, 0)
    with GuardedPool(1, open_desk, (counties,), seconds=SECONDS, memory_mib=1024) as pool:
        while time.monotonic() < until:
            batch = []
            for _ in range(16):
                number += 1
                kind, data = mutant_of(number, stock)
                batch.append((number, kind, data, pool.submit(try_one, data)))
            for made, kind, data, job in batch:
                begun = time.monotonic()
                wrong = _judged(job, ended)
                slowest = max(slowest, (time.monotonic() - begun, made))
                for what in wrong:
                    short = re.sub(r"\d+", "N", what.splitlines()[-1])[:100]
                    if short not in findings:
                        findings[short] = (made, f"{kind}: {what}")
                        print(f"seed {made} ({kind}): {what}\n", flush=True)
                        if keep:
                            keep.mkdir(parents=True, exist_ok=True)
                            (keep / f"{made}.{kind.split()[0]}").write_bytes(data)
    total = sum(ended.values())
    pace = f"{total / seconds:.0f} a second, slowest {slowest[0]:.1f} s (seed {slowest[1]})"
    print(f"{total} mutants, {pace}: {dict(ended.most_common())}; {len(findings)} findings")
    return 1 if findings else 0


def _rulebook() -> Any:
    from xmreport.workspace import Workspace

    return Workspace(shipped("rules").parent).rulebook


def _judged(job: Any, ended: Counter[str]) -> list[str]:
    """What is wrong with how a job ended."""
    try:
        how, wrong = job.result()
    except WorkerDied as death:
        # A library that aborts is what the guard is there for: the file is set aside and the rest goes on.
        ended[type(death).__name__] += 1
        return []
    except WorkerFailure as failure:
        ended[type(failure).__name__] += 1
        return [f"{type(failure).__name__}: no answer in {SECONDS} s"]
    except Exception as error:  # noqa: BLE001 - any at all is what is looked for
        ended["exception"] += 1
        return [str(error.__cause__ or "".join(traceback.format_exception(error))).strip()[-1200:]]
    ended[how] += 1
    return list(wrong)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000)
    parser.add_argument("--keep", type=Path, help="a folder for the files behind the findings")
    given = parser.parse_args()
    print(f"seed {given.seed}")
    sys.exit(run(given.seconds, given.seed, given.keep))


if __name__ == "__main__":
    main()
