"""The peer: what a clerk who programs writes with pandas and openpyxl for the same tables, one file after another.

It reads tidy and slightly untidy F1 workbooks, checks what the notice asks for, and writes the summary by unit with
subtotals, the register of who reported, the list of open procedures and the table of targets. It knows no ledger, no
history, no marked copies and no hostile files.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
from openpyxl.styles import Border, Font, Side
from openpyxl.utils import get_column_letter

PROCEDURES = ("立项", "用地", "规划", "环评", "能评")
PARTS = ("办理层级", "办理进展", "办结时间", "拟办结时限")
REQUIRED = ("项目名称", "项目单位", "责任单位", "建设性质", "总投资", "年度计划投资")
STATES = {"已办结", "正在办理", "未办理", "不需办理"}
CODE = re.compile(r"\d{4}-\d{6}-\d{2}-\d{2}-\d{5}[\dA-Z]")
DATE = re.compile(r"(\d{4})[年./-](\d{1,2})[月./-](\d{1,2})日?")
ALIASES = {"2023年计划投资": "年度计划投资"}


def read_one(path: Path) -> pd.DataFrame:
    """One workbook's projects under the form's own names."""
    raw = pd.read_excel(path, header=None, engine="xlrd" if path.suffix == ".xls" else "openpyxl")
    top = next(i for i in range(8) if "项目名称" in [str(v).strip() for v in raw.iloc[i]])
    groups, below = raw.iloc[top].ffill(), raw.iloc[top + 1]
    names = [
        f"{str(group).strip()}.{str(part).strip()}" if pd.notna(part) else str(group).strip()
        for group, part in zip(groups, below, strict=True)
    ]
    frame = raw.iloc[top + 2 :].copy()
    frame.columns = [ALIASES.get(name, name) for name in names]
    frame = frame[frame["项目名称"].notna() & ~frame["项目名称"].astype(str).str.contains("合计|小计")]
    frame.insert(0, "单位", path.parent.name)
    frame.insert(1, "行号", frame.index + 1)
    return frame


def to_number(value: Any) -> Any:
    """A figure, also behind a unit; what is none stays as it is."""
    if pd.isna(value) or isinstance(value, int | float):
        return value
    try:
        return float(str(value).replace(",", "").replace("万元", "").replace("万", "").strip())
    except ValueError:
        return value


def to_date(value: Any) -> Any:
    """A day; what is none stays as it is."""
    if pd.isna(value):
        return None
    if isinstance(value, dt.date | pd.Timestamp):
        return pd.Timestamp(value)
    match = DATE.fullmatch(str(value).strip())
    return pd.Timestamp(*map(int, match.groups())) if match else str(value).strip()


def checked(frame: pd.DataFrame, day: pd.Timestamp) -> list[list[Any]]:
    """What the notice asks for, row by row."""
    found: list[list[Any]] = []
    for _, row in frame.iterrows():
        place = [row["单位"], row["行号"], row["项目名称"]]
        found += [[*place, name, "未填"] for name in REQUIRED if pd.isna(row[name])]
        if pd.notna(row["项目代码"]) and not CODE.fullmatch(str(row["项目代码"])):
            found.append([*place, "项目代码", "格式不符"])
        total, year = row["总投资"], row["年度计划投资"]
        if not isinstance(total, int | float):
            found.append([*place, "总投资", "不是数"])
        elif isinstance(year, int | float) and year > total:
            found.append([*place, "年度计划投资", "大于总投资"])
        for procedure in PROCEDURES:
            level, state, done, due = (row[f"{procedure}.{part}"] for part in PARTS)
            if state not in STATES:
                found.append([*place, procedure, "进展不在可选项内"])
            elif state == "已办结" and (done is None or (isinstance(done, pd.Timestamp) and done > day)):
                found.append([*place, procedure, "办结时间"])
            elif state in ("正在办理", "未办理") and (pd.isna(level) or due is None):
                found.append([*place, procedure, "层级或时限"])
    return found


def write(path: Path, sheets: dict[str, tuple[list[str], list[list[Any]]]]) -> None:
    """One workbook, with borders and widths."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    thin = Side(style="thin")
    for name, (head, rows) in sheets.items():
        sheet = book.create_sheet(name)
        sheet.append(head)
        for row in rows:
            sheet.append(row)
        for line in sheet.iter_rows():
            for cell in line:
                cell.border = Border(thin, thin, thin, thin)
        for column in range(1, len(head) + 1):
            sheet.column_dimensions[get_column_letter(column)].width = 14
            sheet.cell(1, column).font = Font(bold=True)
        sheet.freeze_panes = "A2"
    book.save(path)


def main(inbox: Path, target: Path) -> dict[str, Any]:
    """All tables of all files of an inbox."""
    target.mkdir(parents=True, exist_ok=True)
    paths = sorted(inbox.rglob("*.xls*"))
    frame = pd.concat([read_one(path) for path in paths], ignore_index=True)
    for name in frame.columns[2:]:
        if name.endswith(("时间", "时限")):
            frame[name] = pd.Series([to_date(value) for value in frame[name]], dtype=object, index=frame.index)
        elif name.endswith("投资"):
            frame[name] = frame[name].astype(object).map(to_number)
        else:
            frame[name] = (
                frame[name].astype(object).map(lambda value: value.strip() if isinstance(value, str) else value)
            )
    findings = checked(frame, pd.Timestamp(2022, 12, 9))
    plain = frame.astype(object).where(frame.notna(), None)
    lines: list[list[Any]] = []
    for unit, own in plain.groupby("单位", sort=False):
        lines += [list(row) for row in own.itertuples(index=False)]
        lines.append(
            [f"{unit}小计", len(own), None, *([None] * 10), pd.to_numeric(own["总投资"], errors="coerce").sum()]
        )
    write(
        target / "汇总表.xlsx",
        {"汇总": (list(frame.columns), lines), "问题": (["单位", "行号", "项目", "字段", "问题"], findings)},
    )
    arrived = [[path.parent.name, dt.datetime.fromtimestamp(path.stat().st_mtime), "按时"] for path in paths]  # noqa: DTZ006 - as such scripts do
    write(target / "报送情况.xlsx", {"报送": (["单位", "收到", "情况"], arrived)})
    still = [
        [row["单位"], row["项目名称"], procedure, row[f"{procedure}.办理进展"], row[f"{procedure}.拟办结时限"]]
        for _, row in plain.iterrows()
        for procedure in PROCEDURES
        if row[f"{procedure}.办理进展"] in ("正在办理", "未办理")
    ]
    write(target / "手续分解.xlsx", {"未办结": (["单位", "项目", "手续", "进展", "时限"], still)})
    goals = [
        [
            procedure,
            int((frame[f"{procedure}.办理进展"] == "已办结").sum()),
            int((frame[f"{procedure}.办理进展"] != "不需办理").sum()),
        ]
        for procedure in PROCEDURES
    ]
    write(target / "目标完成.xlsx", {"目标": (["手续", "已办结", "应办"], goals)})
    return {"rows": len(frame), "findings": len(findings)}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
