"""What the demonstration prints while it plays, and what to open afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.cells import cell_len

from xmreport.demo.acts import Act, Programme
from xmreport.demo.sender import Wave
from xmreport.ledger import Ledger
from xmreport.model.receipts import Outcome, Receipt
from xmreport.workspace import Workspace

END = "2022-12-17T09:00"
_WIDE = 84
_WORDS = {
    Outcome.ACCEPTED: "收下",
    Outcome.RETURNED: "退回",
    Outcome.QUARANTINED: "隔离",
    Outcome.DUPLICATE: "重复",
    Outcome.IGNORED: "忽略",
}


def tell_opening(folder: Path, whole: Programme) -> None:
    """Where it is played, and how much."""
    files = sum(len(wave.drops) for act in whole.acts for wave in act.waves)
    print(f"演示工作区：{folder}")
    print(f"五个县（市）各演几期，再加临汾市收上报，共 {files} 个文件；项目、企业、金额、人名均为虚构。")
    print("为了快，一期收齐、迟的也到了才出一次表；平时每收一次、每到时限就出。", flush=True)


def tell_act(act: Act) -> None:
    """A county comes on."""
    print(f"\n【{act.said}】", flush=True)


def tell_wave(wave: Wave, receipts: Sequence[Receipt], written: int) -> None:
    """What became of a wave's files."""
    outcomes = Counter(receipt.outcome for receipt in receipts)
    counts = "、".join(f"{word} {outcomes[outcome]}" for outcome, word in _WORDS.items() if outcomes[outcome])
    late = sum(bool(receipt.late_by_s) and receipt.outcome is not Outcome.QUARANTINED for receipt in receipts)
    tables = f"；出表 {written} 本" if written else ""
    print(f"{wave.at:%m-%d %H:%M}  {wave.said}：{counts}{f'（{late} 份过了时限）' if late else ''}{tables}", flush=True)
    for line in _wrapped([*wave.told, *(drop.told for drop in wave.drops if drop.told)]):
        print(f"             {line}", flush=True)


def _wrapped(words: Sequence[str]) -> list[str]:
    """The words in lines that a screen of usual width holds; a Han character is two columns wide."""
    lines: list[str] = []
    for word in words:
        if lines and cell_len(lines[-1]) + cell_len(word) < _WIDE:
            lines[-1] += f"；{word}"
        else:
            lines.append(word)
    return lines


def tell_ending(folder: Path, workspace: Workspace, whole: Programme, receipts: Sequence[Receipt]) -> None:
    """The sum of it, what to open county by county, and what to try."""
    outcomes = Counter(receipt.outcome for receipt in receipts)
    counts = "、".join(f"{word} {outcomes[outcome]}" for outcome, word in _WORDS.items())
    with Ledger.open(workspace.state) as ledger:
        problems = ledger.verify()
    checked = "台账核对完好" if not problems else f"台账核对有 {len(problems)} 处不符"
    print(f"\n合计 {len(receipts)} 份报表：{counts}；{checked}。\n")
    print("请打开看看：")
    for key, looks in whole.looks.items():
        print(f"{workspace.rulebook.counties[key].name}")
        shown = [(folder / "outbox" / key / look.path, look.shows) for look in looks]
        for path, shows in [*shown, *_returned(folder, key, receipts)]:
            print(f"  {path}\n      {shows}")
    print(f"\n全部表格在：{folder / 'outbox'}")
    print("还可以运行：")
    print(f"  xmreport --home {folder} status guxian --as-of {END}")
    print(f"  把退回的表改好，放进 {folder / 'inbox' / 'guxian' / '岳阳镇'}，再运行")
    print(f"  xmreport --home {folder} run guxian --now {END}")


def _returned(folder: Path, key: str, receipts: Sequence[Receipt]) -> Iterator[tuple[Path, str]]:
    """The county's last returned copy that has something to see."""
    own = [receipt for receipt in receipts if receipt.county == key and receipt.returned_copy]
    marked = [receipt for receipt in own if _marks(receipt) > 1] or [receipt for receipt in own if _marks(receipt)]
    if marked:
        assert marked[-1].returned_copy
        yield folder / marked[-1].returned_copy, "退回给单位的表：错的格子标红，附问题清单"


def _marks(receipt: Receipt) -> int:
    return sum(finding.cell is not None and finding.is_error for finding in receipt.findings)
