"""Whatever is dropped gets exactly one outcome and a reason in plain Chinese, and the engine goes on."""

import csv
import datetime as dt
import io
import os
import random
import re
import shutil
import socket
import struct
import sys
import time
import unicodedata
import zipfile
import zlib
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
import xlwt
from conftest import Office, form_one, project, said
from test_verdict import packed, parts, with_part

from xmreport.examine import examine, open_desk
from xmreport.intake.verdict import Limits, judge
from xmreport.model.examination import Examination
from xmreport.reading.guard import GuardedPool, WorkerFailure

CORPUS = Path(__file__).parent.parent.parent / "shared" / "corpus"
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
SHEET = "xl/worksheets/sheet1.xml"
GOOD = form_one(project("古阳镇道路提升工程"))
NOW = "2022-12-08T10:00"
CHINESE = re.compile(r"[\u4e00-\u9fff]{4}")

# What a manifest wants of a hostile file, by what the engine found: `return` is a fault its sender can put right.
CLASS = {
    "S01": {"accept"},
    "F01": {"return"},
    "F02": {"return"},
    "F03": {"return"},
    "F04": {"return"},
    "F05": {"quarantine"},
    "F06": {"quarantine", "return"},
}
MILDER = {
    # Macros are never run; what the lying records of the other two hold is read whole.
    "macro_hidden_in_xlsx.xlsx",
    "xls_boundsheet_beyond.xls",
    "xls_sst_lie.xls",
}
STRICTER = {
    # No office program writes these, and two readers would read two things out of the last.
    "zip_bzip2_good.xlsx",
    "zip_lzma_good.xlsx",
    "zip_case_duplicate.xlsx",
}


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    """Guarded workers with the limits of an office that sets none."""
    office = Office(tmp_path_factory.mktemp("hostile") / "office")
    with GuardedPool(2, open_desk, (dict(office.workspace.rulebook.counties),), seconds=20, memory_mib=1024) as workers:
        yield workers


def outcome(pool: GuardedPool, data: bytes) -> Examination | WorkerFailure:
    future = pool.submit(examine, data, "guxian", "表.xlsx", "古阳镇", NOW_DAY)
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, WorkerFailure):
        return error
    raise error


NOW_DAY = dt.date(2022, 12, 8)


def fault(pool: GuardedPool, data: bytes) -> str:
    """The code of the one finding on a file as a whole; F07 where the worker had to be stopped."""
    found = outcome(pool, data)
    if isinstance(found, WorkerFailure):
        return "F07"
    assert found.outcome in {"returned", "quarantined"}, found.parts
    [finding] = found.findings
    return finding.code


def accepted(pool: GuardedPool, data: bytes) -> list[str]:
    """The project names of a form that is read without an error."""
    found = outcome(pool, data)
    assert isinstance(found, Examination), found
    assert found.outcome is None, found.findings
    [part] = found.parts
    assert not [finding for finding in part.findings if finding.is_error]
    return [row.values["项目名称"] for row in part.rows]


def sheet_xml(change, data=GOOD):
    """The good form with its sheet's XML changed."""
    xml = dict(parts(data))[SHEET].decode()
    changed = change(xml)
    assert changed != xml
    return with_part(SHEET, changed, data)


def with_shared_strings(data):
    """The same form with its texts in one table, as Excel saves them."""
    source = openpyxl.load_workbook(io.BytesIO(data)).active
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Sheet")
        for row, values in enumerate(source.iter_rows(values_only=True)):
            sheet.write_row(row, 0, values)
    return buffer.getvalue()


def raw_zip(names, content=b"x"):
    """An archive whose entries bear names that zipfile would not write."""
    body, directory = b"", b""
    for name in names:
        packed_, crc = zlib.compress(content)[2:-4], zlib.crc32(content)
        fields = struct.pack("<HHHHHIIIHH", 20, 0x800, 8, 0, 0, crc, len(packed_), len(content), len(name), 0)
        directory += b"PK\x01\x02\x14\0" + fields + bytes(10) + struct.pack("<I", len(body)) + name
        body += b"PK\x03\x04" + fields + name + packed_
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, len(names), len(names), len(directory), len(body), 0)
    return body + directory + end


# The corpus


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of workbooks from elsewhere is not here")
def test_the_whole_corpus_dropped_at_once(office: Office):
    files: dict[str, str | None] = {}
    folder = office.inbox / "古阳镇"
    folder.mkdir()
    for kind in ("attacks", "public"):
        with (CORPUS / kind / "MANIFEST.csv").open(encoding="utf-8") as manifest:
            for row in csv.DictReader(manifest):
                source = CORPUS / kind / (row["path"] if kind == "attacks" else f"files/{row['name']}")
                shutil.copyfile(source, folder / source.name)
                files[source.name] = row.get("want")
    (office.home / "rules" / "office.yaml").write_text("静置秒数: 0\n", "utf-8")
    begin = time.perf_counter()
    ran = office.cli("run", "--json", "--now", NOW)
    assert ran.status == 0, ran
    assert time.perf_counter() - begin < 90
    events = {str(event["file"]).rsplit("/", 1)[-1]: event for event in ran.of("file")}
    assert len(ran.of("file")) == len(events) == len(files)
    assert events.keys() == files.keys()
    assert office.waiting() == []
    wrong = {}
    for name, event in events.items():
        codes = [finding["code"] for finding in event["findings"]]
        assert event["outcome"] in {"quarantined", "returned"}, name
        assert all(CHINESE.search(finding["message"]) for finding in event["findings"]), name
        wanted = files[name]
        if name in MILDER:
            wanted = "accept"
        if wanted and name not in STRICTER and not CLASS.get(codes[0], set()) & set(wanted.split("|")):
            wrong[name] = (wanted, codes)
    assert wrong == {}
    assert not [name for name, event in events.items() if event["findings"][0]["code"] in {"F07", "F11"}]


# Names and odd things of a file system

posix = pytest.mark.skipif(sys.platform != "linux", reason="this system allows no such names or files")


@posix
def test_names_that_no_clerk_would_type(office: Office):
    names = [
        ("长" * 83 + "aa.xls").encode(),
        "控\x1b[31m制\n换行\t.xlsx".encode(),
        "情况表\u202exslx.exe.xlsx".encode(),
        unicodedata.normalize("NFD", "café各.xlsx").encode(),
        b"\xd6\xd0\xce\xc4.xlsx",  # GBK bytes, as an old share hands them over
        b"'; DROP TABLE receipt;--.xlsx",
        b"%s%n{0}{x}.xlsx",
        b"-rf.xlsx",
        b"=cmd.xlsx",
        "\u2028行\x85.xlsx".encode(),
    ]
    assert len(names[0]) == 255
    folder = office.inbox / "古阳镇"
    folder.mkdir()
    for number, name in enumerate(names):
        data = form_one(project(f"第{number}号道路工程")) if number else b"not a workbook"
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(data)
    ran = office.cli("run", "--json", "--now", NOW)
    assert ran.status == 0, ran
    told = {str(event["file"]).removeprefix("inbox/guxian/古阳镇/") for event in ran.of("file")}
    assert told == {os.fsdecode(name) for name in names}
    assert len(ran.of("file")) == len(names)
    assert office.waiting() == []
    seen = office.cli("status").out
    copies = [path.name for path in (office.outbox / "退回").rglob("*.xlsx")]
    for shown in (ran.out, seen, *copies):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]", shown)


@posix
def test_what_is_no_ordinary_file_is_left_alone(office: Office, tmp_path):
    folder = office.inbox / "古阳镇"
    (folder / "文件夹.xlsx").mkdir(parents=True)
    (folder / "文件夹.xlsx" / "里面.xlsx").write_bytes(GOOD)
    secret = tmp_path / "secret.xlsx"
    secret.write_bytes(form_one(project("机密工程")))
    links = {"链接": secret, "指向文件夹": tmp_path, "断的": "nowhere", "自指": "自指.xlsx", "零": "/dev/zero"}
    for name, target in links.items():
        (folder / f"{name}.xlsx").symlink_to(target)
    os.mkfifo(folder / "管道.xlsx")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(folder)
        try:
            listening.bind("socket.xlsx")
        finally:
            os.chdir(here)
        begin = time.perf_counter()
        ran = office.cli("run", "--json", "--now", NOW)
        assert time.perf_counter() - begin < 30
    assert ran.status == 0, ran
    outcomes = {str(event["file"]).rsplit("/", 1)[-1]: event for event in ran.of("file")}
    assert outcomes.pop("里面.xlsx")["outcome"] == "accepted"
    assert len(outcomes) == 7
    assert {(each["outcome"], each["findings"][0]["code"]) for each in outcomes.values()} == {("quarantined", "F09")}
    assert len(office.waiting()) == 7
    assert secret.exists()
    assert "机密" not in ran.out + ran.err
    assert office.cli("run", "--json", "--now", NOW).of("file") == []


@posix
def test_a_file_that_may_not_be_read(office: Office):
    path = office.drop("古阳镇/锁着.xlsx", GOOD)
    office.drop("古阳镇/开着.xlsx", GOOD)
    path.chmod(0)
    command = office.command("run", "--json", "--now", NOW)
    if os.geteuid() == 0:
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            pytest.skip("root reads every file, and there is no setpriv to run without that power")
        less = "-dac_override,-dac_read_search"
        command = [setpriv, f"--bounding-set={less}", f"--inh-caps={less}", *command]
    ran = said(command)
    assert ran.status == 0, ran
    outcomes = {str(event["file"]).rsplit("/", 1)[-1]: event["outcome"] for event in ran.of("file")}
    assert outcomes == {"锁着.xlsx": "quarantined", "开着.xlsx": "accepted"}
    assert office.waiting() == ["古阳镇/锁着.xlsx"]


@posix
def test_a_file_of_fifty_gigabytes_is_moved_and_not_read(office: Office):
    path = office.drop("古阳镇/大.xlsx", GOOD)
    os.truncate(path, 50 << 30)
    office.drop("古阳镇/小.xlsx", GOOD)
    begin = time.perf_counter()
    ran = office.cli("run", "--json", "--now", NOW)
    assert time.perf_counter() - begin < 20
    assert ran.status == 0, ran
    codes = [[finding["code"] for finding in event["findings"]] for event in ran.of("file")]
    assert ["F10"] in codes
    assert [] in codes
    assert office.waiting() == []
    [kept] = (office.workspace.state / "originals" / "oversize").iterdir()
    assert kept.stat().st_size == 50 << 30
    assert kept.stat().st_blocks * 512 < 1 << 20
    assert office.cli("verify").status == 0


# Bombs


def gigabyte(level=9):
    """A good workbook whose picture inflates to a gigabyte: about a megabyte."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, content in parts(GOOD):
            archive.writestr(name, content)
        with archive.open("xl/media/image1.bmp", "w", force_zip64=True) as picture:
            for _ in range(64):
                picture.write(bytes(16 << 20))
    return buffer.getvalue()


def slow_bomb(megabytes):
    """Parts just below the ratio, together above the sum."""
    noise = random.Random(7).randbytes(8 << 10)
    part = b"".join(noise[: 6 << 10] + bytes(1 << 20) for _ in range(16))
    return packed([*parts(GOOD), *((f"xl/media/{n}.bmp", part) for n in range(megabytes // 16 + 1))])


def test_a_gigabyte_from_a_megabyte(pool):
    data = gigabyte()
    assert len(data) < 3 << 20
    assert fault(pool, data) == "F05"
    assert fault(pool, slow_bomb(272)) == "F05"


def test_a_bomb_in_a_bomb_is_an_archive_and_never_unpacked(pool):
    data = packed([("a.bin", bytes(1 << 24))])
    for _ in range(5):
        data = packed([(f"{n}.zip", data) for n in range(4)])
    assert fault(pool, data) == "F04"
    assert accepted(pool, packed([*parts(GOOD), ("xl/embeddings/oleObject1.bin", data)])) == ["古阳镇道路提升工程"]


LAUGHS = '<!DOCTYPE x [<!ENTITY a "哈哈哈哈">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9)
)


@pytest.mark.parametrize(
    "part", [SHEET, "xl/workbook.xml", "xl/styles.xml", "docProps/core.xml", "[Content_Types].xml"]
)
@pytest.mark.parametrize("entity", [LAUGHS + "]>", '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_in_any_part(pool, part, entity, encoding):
    xml = dict(parts(GOOD))[part].decode()
    body = xml[xml.index("?>") + 2 :] if xml.startswith("<?xml") else xml
    head = f'<?xml version="1.0" encoding="{encoding.upper()}"?>'
    assert fault(pool, with_part(part, (head + entity + body).encode(encoding), GOOD)) in {"F05", "F04", "F03"}


# Lies


CORNER = '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row></sheetData>'


def test_a_value_in_the_last_cell_of_the_sheet(pool):
    assert fault(pool, sheet_xml(lambda xml: xml.replace("</sheetData>", CORNER))) == "F05"


@pytest.mark.parametrize("dimension", ["A1", "A1:XFD1048576", "", ":", "A1:B2:C3", "A99999999999", "Ａ１", "XFD1:A1"])
def test_a_lying_dimension_changes_nothing(pool, dimension):
    lying = sheet_xml(lambda xml: re.sub(r'<dimension ref="[^"]*"', f'<dimension ref="{dimension}"', xml))
    assert accepted(pool, lying) == ["古阳镇道路提升工程"]


@pytest.mark.parametrize("count", ["4000000000", "18446744073709551616", "-1", "0", "x"])
def test_a_lying_count_of_strings(pool, count):
    shared = with_shared_strings(GOOD)
    xml = dict(parts(shared))["xl/sharedStrings.xml"].decode()
    lying = re.sub(r'ount="\d+"', f'ount="{count}"', xml)
    assert lying != xml
    found = outcome(pool, with_part("xl/sharedStrings.xml", lying, shared))
    assert isinstance(found, Examination)
    assert found.parts if found.outcome is None else found.findings[0].code in {"F03", "F05"}


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ([b"[Content_Types].xml", b"xl/workbook.xml", b"xl/workbook.xml"], "F05"),
        ([b"[Content_Types].xml", b"xl/workbook.xml", b"xl/Workbook.XML"], "F05"),
        ([b"[Content_Types].xml", b"xl/workbook.xml", b"../../../etc/cron.d/x"], "F05"),
        ([b"[Content_Types].xml", b"xl/workbook.xml", b"/etc/passwd"], "F05"),
        ([b"[Content_Types].xml", b"xl/workbook.xml", b"..\\..\\x"], "F05"),
        ([b"[Content_Types].xml", b"xl/workbook.xml", b"C:\\x"], "F05"),
        ([b"[Content_Types].xml", b"xl/workbook.xml", b"xl/\x00sheet"], "F03"),
        ([b"xl/workbook.xml", *(b"xl/%d" % n for n in range(10_000))], "F05"),
    ],
)
def test_a_directory_that_two_readers_would_read_in_two_ways(pool, names, code):
    assert fault(pool, raw_zip(names)) == code


def test_a_wrong_checksum(pool):
    data = bytearray(GOOD)
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        entry = archive.getinfo(SHEET)
    data[entry.header_offset + 30 + len(SHEET) + entry.compress_size // 2] ^= 0xFF
    assert fault(pool, bytes(data)) == "F03"


@pytest.mark.parametrize("tenths", range(10))
def test_a_copy_that_broke_off(pool, tenths):
    assert fault(pool, GOOD[: len(GOOD) * tenths // 10]) in {"F03", "F04"}


def test_an_old_workbook_whose_records_lie_about_their_length(pool):
    book = xlwt.Workbook()
    sheet = book.add_sheet("表")
    for row in range(40):
        sheet.write(row, 0, f"项目{row}")
        sheet.write(row, 1, row)
    buffer = io.BytesIO()
    book.save(buffer)
    plain = buffer.getvalue()
    begin, chance = plain.index(b"\x09\x08\x10\x00"), random.Random(3)
    for _ in range(60):
        data = bytearray(plain)
        for _ in range(chance.randrange(1, 4)):
            struct.pack_into("<H", data, chance.randrange(begin, begin + 4000), chance.choice((0, 1, 0x7FFF, 0xFFFF)))
        found = outcome(pool, bytes(data))
        assert isinstance(found, WorkerFailure) or found.outcome == "quarantined" or found.outcome == "returned"


# Size and depth


def test_elements_nested_without_end(pool):
    noise = "".join(f"<x a='{n}'>" for n in range(200_000))
    assert fault(pool, sheet_xml(lambda xml: xml.replace("<sheetData>", noise + "<sheetData>"))) == "F03"


def test_one_text_of_forty_million_characters(pool):
    chance = random.Random(5)
    text = "".join(chance.choices("甲乙丙丁戊己庚辛", k=4096)) * 2000
    cell = f'<row r="9"><c r="B9" t="inlineStr"><is><t>{text}</t></is></c></row></sheetData>'
    found = outcome(pool, sheet_xml(lambda xml: xml.replace("</sheetData>", cell)))
    assert isinstance(found, Examination)
    for part in found.parts:
        assert all(len(str(value)) <= 32_767 for row in part.rows for value in row.values.values())


def test_more_cells_than_can_be_read_in_time(pool):
    cells = "".join(f'<row r="{r}">' + f'<c r="A{r}"><v>{r}</v></c>' * 1 + "</row>" for r in range(10, 400_000))
    wide = cells.replace("</c></row>", "</c>" + "<c><v>1</v></c>" * 3 + "</row>")
    begin = time.perf_counter()
    assert fault(pool, sheet_xml(lambda xml: xml.replace("</sheetData>", wide + "</sheetData>"))) in {"F05", "F06"}
    assert time.perf_counter() - begin < 20


def test_thousands_of_sheets(pool):
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for number in range(3000):
            book.add_worksheet(f"表{number}")
    assert fault(pool, buffer.getvalue()) == "F03"


def many_merges(xml):
    merges = "".join(f'<mergeCell ref="A{n}:B{n}"/>' for n in range(100, 100_100))
    return xml.replace("</sheetData>", f'</sheetData><mergeCells count="100000">{merges}</mergeCells>')


def many_names(xml):
    names = "".join(f'<definedName name="n{n}">Sheet!$A${n}</definedName>' for n in range(1, 100_001))
    return re.sub(r"<definedNames ?/>|(?=<calcPr)", f"<definedNames>{names}</definedNames>", xml, count=1)


def cyclic_styles(xml):
    return re.sub(r'<cellXfs(.*?)xfId="\d+"', r'<cellXfs\1xfId="4294967295"', xml, count=1)


def test_a_hundred_thousand_merges(pool):
    assert accepted(pool, sheet_xml(many_merges)) == ["古阳镇道路提升工程"]


def test_a_hundred_thousand_names(pool):
    xml = dict(parts(GOOD))["xl/workbook.xml"].decode()
    assert accepted(pool, with_part("xl/workbook.xml", many_names(xml), GOOD)) == ["古阳镇道路提升工程"]


def test_styles_that_point_nowhere(pool):
    xml = dict(parts(GOOD))["xl/styles.xml"].decode()
    assert accepted(pool, with_part("xl/styles.xml", cyclic_styles(xml), GOOD)) == ["古阳镇道路提升工程"]


# A good form with harmless oddities is still a good form


def styled_rows(xml):
    """A million rows that hold nothing but a border, down to the last cell there is."""
    rows = "".join(f'<row r="{r}"><c r="B{r}" s="1"/></row>' for r in range(100, 1_000_100))
    last = '<row r="1048576"><c r="XFD1048576" s="1"/></row>'
    return xml.replace("</sheetData>", f"{rows}{last}</sheetData>")


def test_a_million_styled_rows_are_no_obstacle(pool):
    begin = time.perf_counter()
    assert accepted(pool, sheet_xml(styled_rows)) == ["古阳镇道路提升工程"]
    assert time.perf_counter() - begin < 20


def test_sixty_sheets_one_of_them_very_hidden(pool):
    book = openpyxl.load_workbook(io.BytesIO(GOOD))
    for number in range(60):
        book.create_sheet(f"附{number}")
    book["附3"]["A1"] = "内部参数"
    book["附3"].sheet_state = "veryHidden"
    buffer = io.BytesIO()
    book.save(buffer)
    assert accepted(pool, buffer.getvalue()) == ["古阳镇道路提升工程"]


def test_macros_links_and_pictures_are_no_obstacle(pool):
    link = (
        '<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><externalBook '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:id="rId1"/></externalLink>'
    )
    extra = [
        ("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0" + bytes(1000)),
        ("xl/externalLinks/externalLink1.xml", link.encode()),
        ("xl/connections.xml", f'<connections {MAIN}><connection id="1" name="x"/></connections>'.encode()),
        ("xl/media/image1.png", b"\x89PNG" + os.urandom(5000)),
        ("xl/embeddings/oleObject1.bin", b"\xd0\xcf\x11\xe0" + bytes(1000)),
    ]
    with_macro = [
        (name, content.replace(b"sheet.main+xml", b"sheet.macroEnabled.main+xml") if "Types" in name else content)
        for name, content in parts(GOOD)
    ]
    assert accepted(pool, packed([*with_macro, *extra])) == ["古阳镇道路提升工程"]


def test_the_limits_leave_room_for_the_largest_honest_form():
    lines = [project(f"第{number}号工程") for number in range(2000)]
    assert judge(form_one(*lines), Limits()).fault is None
