"""收件证明: what proves when a unit's file arrived and with what content, to hand over."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

from xmreport.ledger import Ledger, Link
from xmreport.ledger.received import received
from xmreport.messages import OUTCOME_WORDS
from xmreport.model.outbox import PROOFS
from xmreport.model.receipts import Receipt
from xmreport.model.sheets import Line, SheetData, WorkbookData
from xmreport.model.trouble import Trouble
from xmreport.named import unit_named
from xmreport.rulebook.book import County
from xmreport.tables.head import deadline, minute
from xmreport.workbooks.delivery import Delivered, deliver
from xmreport.workbooks.official import build
from xmreport.workspace import Workspace

HOW = """怎样核对这份证明（不需要 xmreport，任何能算 SHA-256 的工具都行）

一、“原件”里的每个文件（文件名是号数），算出的 SHA-256 应与“收件证明.xlsx”中“文件校验码”一栏相同：内容没有改过。
二、“记录”里每号有两个文件：N-上一号.txt 是上一号记录的校验码，N-记录.json 是这一号的全部记录。
    把前一个文件的内容和后一个文件的内容首尾相接，算出的 SHA-256 应与“记录校验码”一栏相同：记录没有改过。
三、每一号都含上一号的校验码，所以改动、插入、抽走任何一号，以后各号都对不上。
    “台账末号校验码”若与此前打印、存档的一致，就证明这些记录在那时已经存在。
"""


def write_evidence(
    workspace: Workspace, county: County, unit: str, period: str | None, now: dt.datetime, target: Path
) -> tuple[int, Delivered]:
    """Write the evidence on a unit's files into a zip: the number of records in it, and where it stands.

    Args:
        workspace: whose ledger it is.
        county: the county.
        unit: the unit, by any name the roster knows.
        period: only this period's, where given.
        now: when it is made.
        target: the zip to write.

    Raises:
        Trouble: no such unit, nothing on record, or the target is a folder.
    """
    if target.is_dir():
        raise Trouble(f"“{target}”是文件夹：--to 要写到一个 .zip 文件，如 {target / PROOFS}.zip。")
    named = unit_named(county, unit)
    with Ledger.open(workspace.state) as ledger:
        receipts = [
            receipt
            for receipt in received(ledger, county)
            if receipt.unit == named and period in (None, receipt.period)
        ]
        if not receipts:
            raise Trouble(f"台账里没有{named}{f' {period} 期' if period else ''}的记录。")
        links = ledger.links([receipt.seq for receipt in receipts])
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            table = _table(county, named, receipts, links, ledger.head(), now)
            _put(archive, f"{PROOFS}.xlsx", build(table, workspace.templates, now))
            _put(archive, "怎样核对.txt", HOW.encode("utf-8-sig"))
            for receipt, link in zip(receipts, links, strict=True):
                _put(archive, f"记录/{receipt.seq}-上一号.txt", link.prev.encode())
                _put(archive, f"记录/{receipt.seq}-记录.json", link.text.encode())
                if receipt.sha256:
                    ending = re.search(r"\.[A-Za-z0-9]{1,5}$", receipt.file)
                    name = f"原件/{receipt.seq}{ending.group() if ending else ''}"
                    _put(archive, name, ledger.originals.read(receipt.sha256))
        return len(receipts), deliver(content.getvalue(), target)


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)


def _table(
    county: County,
    unit: str,
    receipts: Sequence[Receipt],
    links: Sequence[Link],
    head: tuple[int, str],
    now: dt.datetime,
) -> WorkbookData:
    lines = tuple(
        Line(
            "明细",
            {
                "序号": receipt.seq,
                "文件": receipt.file.rsplit("/", 1)[-1],
                "任务": receipt.task,
                "期次": receipt.period,
                "收到时间": f"{receipt.arrived_at:%Y-%m-%d %H:%M:%S}" + ("（补录）" if receipt.replayed else ""),
                "应报时间": deadline(receipt.due_at) or None,
                "结果": OUTCOME_WORDS[receipt.outcome],
                "文件校验码": receipt.sha256,
                "记录校验码": link.hash,
            },
        )
        for receipt, link in zip(receipts, links, strict=True)
    )
    printed = {
        "附件": "",
        "标题": f"{unit}{PROOFS}",
        "填报单位": f"{county.name}发展和改革局",
        "截止时间": minute(now),
    }
    notes = (f"台账末号 {head[0]}，台账末号校验码 {head[1]}。核对办法见“怎样核对.txt”。",)
    return WorkbookData(f"{PROOFS}.xlsx", f"{PROOFS}.xlsx", (SheetData(PROOFS, PROOFS, printed, lines, notes=notes),))
