"""Every formula in a published workbook says what a real spreadsheet program makes of it."""

import io
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest
from conftest import Office, contacts, form_one, project, register

SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode"><value>0</value></prop></item>
</oor:items>
"""


@pytest.mark.libreoffice
def test_libreoffice_recalculates_every_published_formula_to_the_value_it_carries(office: Office, tmp_path: Path):
    office.drop("县发改局/台账.xlsx", register(("甲", "是", 500), ("乙", "否", 0), ("丙", "是", 33.3)))
    office.drop("古阳镇/名单.xlsx", contacts(("古阳镇", "张三", "0357-8322000")))
    doing = {"环评.办理进展": "正在办理", "环评.办结时间": None, "环评.办理层级": "县", "环评.拟办结时限": "2023-02-01"}
    office.drop("县水利局/a.xlsx", form_one(project("水库", 总投资=1200.55, **doing), project("渠"), unit="县水利局"))
    office.drop(
        "古阳镇/a.xlsx", form_one(project("桥", 总投资=0.1), project("路", 总投资=0.2, 年度计划投资=0.2), project("渠"))
    )
    office.take("12-09 16:00", publish=True)
    published = sorted(office.outbox.rglob("*.xlsx"))
    assert len(published) > 10
    again = _recalculated(published, tmp_path)
    formulas = 0
    for path, other in zip(published, again, strict=True):
        for cell, value in _formulas(path).items():
            formulas += 1
            assert _same(value, _value(other, *cell)), (
                f"{path.relative_to(office.outbox)} {cell}: {value!r} {_value(other, *cell)!r}"
            )
    assert formulas > 30


def _recalculated(paths: list[Path], folder: Path) -> list[Path]:
    """The same workbooks, opened, recalculated and saved by LibreOffice."""
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(SETTINGS, "utf-8")
    (folder / "in").mkdir()
    for number, path in enumerate(paths):
        shutil.copy(path, folder / "in" / f"{number}.xlsx")
    files = [str(folder / "in" / f"{number}.xlsx") for number in range(len(paths))]
    command = ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", "xlsx"]
    subprocess.run([*command, "--outdir", str(folder / "out"), *files], check=True, capture_output=True, timeout=110)
    return [folder / "out" / f"{number}.xlsx" for number in range(len(paths))]


def _formulas(path: Path) -> dict[tuple[str, str], object]:
    """(sheet, cell) → the value that a formula carries."""
    data = path.read_bytes()
    live, cached = (openpyxl.load_workbook(io.BytesIO(data), data_only=only) for only in (False, True))
    return {
        (sheet.title, cell.coordinate): cached[sheet.title][cell.coordinate].value
        for sheet in live.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }


_open: dict[Path, openpyxl.Workbook] = {}


def _value(path: Path, sheet: str, cell: str) -> object:
    if path not in _open:
        _open[path] = openpyxl.load_workbook(path, data_only=True)
    return _open[path][sheet][cell].value


def _same(carried: object, made: object) -> bool:
    if isinstance(carried, int | float) and isinstance(made, int | float):
        return abs(carried - made) <= 1e-9 * max(1, abs(carried))
    return (carried or "") == (made or "")
