"""The demonstration itself: wave after wave into the inbox, the real engine over each, and what to open."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from xmreport.demo.place import finish_place, make_place
from xmreport.demo.sender import Drop, Wave
from xmreport.demo.week import all_waves
from xmreport.ledger import Ledger
from xmreport.model.events import Event, FileEvent
from xmreport.model.receipts import Outcome, Receipt
from xmreport.run import Engine, Moment
from xmreport.workspace import Workspace

COUNTIES = ("guxian", "huozhou")
TASK, LAST = "前期手续办理周报", "2022-12-16"
END = "2022-12-17T09:00"
_WIDE = 84
_WORDS = {
    Outcome.ACCEPTED: "收下",
    Outcome.RETURNED: "退回",
    Outcome.QUARANTINED: "隔离",
    Outcome.DUPLICATE: "重复",
    Outcome.IGNORED: "忽略",
}


def run_demo(folder: Path) -> None:
    """Build a workspace in `folder`, let two made-up weeks pass through it, and say what to open.

    Raises:
        Trouble: the folder holds something that is not an earlier demonstration.
    """
    workspace = make_place(folder)
    waves = all_waves(workspace.rulebook)
    files = sum(len(wave.drops) for wave in waves)
    print(f"演示工作区：{folder}")
    print(f"古县18家、霍州市12家单位，2022年11月30日至12月17日，共 {files} 个文件（项目、企业、人名均为虚构）。\n")
    receipts = _play(workspace, waves)
    finish_place(folder)
    _tell_ending(folder, workspace, receipts)


def _play(workspace: Workspace, waves: Sequence[Wave]) -> list[Receipt]:
    """Every wave through the engine; the receipts of all."""
    events: list[Event] = []
    receipts: list[Receipt] = []
    with workspace.hold(), Engine(workspace, COUNTIES, events.append) as engine, _progress() as progress:
        task = progress.add_task("收表、出表", total=len(waves))
        for wave in waves:
            for drop in wave.drops:
                _put(workspace, drop)
            moment = Moment(wave.at, replayed=True)
            engine.take_in(list(engine.found()), moment)
            engine.publish(moment.at)
            new = [event.receipt for event in events if isinstance(event, FileEvent)]
            _tell_wave(wave, new, len(events) - len(new))
            receipts += new
            events.clear()
            progress.advance(task)
    return receipts


def _put(workspace: Workspace, drop: Drop) -> None:
    folder = workspace.inbox / drop.county / drop.folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / drop.file).write_bytes(drop.data)


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar on standard error where that is a screen; nothing where it is not."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    shared = sys.stdout.isatty()
    with Progress(
        *columns, console=console, disable=not console.is_terminal, redirect_stdout=shared, transient=True
    ) as bar:
        yield bar


def _tell_wave(wave: Wave, receipts: Sequence[Receipt], written: int) -> None:
    outcomes = Counter(receipt.outcome for receipt in receipts)
    counts = "、".join(f"{word} {outcomes[outcome]}" for outcome, word in _WORDS.items() if outcomes[outcome])
    late = sum(bool(receipt.late_by_s) and receipt.outcome is not Outcome.QUARANTINED for receipt in receipts)
    tables = f"；出表 {written} 本" if written else ""
    print(f"{wave.at:%m-%d %H:%M}  {wave.said}：{counts}{f'（{late} 份过了时限）' if late else ''}{tables}", flush=True)
    for line in _wrapped([drop.told for drop in wave.drops if drop.told]):
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


def _tell_ending(folder: Path, workspace: Workspace, receipts: Sequence[Receipt]) -> None:
    outcomes = Counter(receipt.outcome for receipt in receipts)
    counts = "、".join(f"{word} {outcomes[outcome]}" for outcome, word in _WORDS.items())
    with Ledger.open(workspace.state) as ledger:
        problems = ledger.verify()
    whole = "台账核对完好" if not problems else f"台账核对有 {len(problems)} 处不符"
    print(f"\n合计 {len(receipts)} 个文件：{counts}；{whole}。\n")
    print("请打开看看：")
    for path, shows in _worth_opening(folder, receipts):
        print(f"  {path}\n      {shows}")
    print(f"\n全部表格在：{folder / 'outbox'}")
    print("还可以运行：")
    print(f"  xmreport --home {folder} status guxian --as-of {END}")
    print(f"  把退回的表改好，放进 {folder / 'inbox' / 'guxian' / '岳阳镇'}，再运行")
    print(f"  xmreport --home {folder} run --now {END}")


def _worth_opening(folder: Path, receipts: Sequence[Receipt]) -> Iterator[tuple[Path, str]]:
    outbox = folder / "outbox" / "guxian"
    week = outbox / TASK / LAST
    yield outbox / "总览.xlsx", "古县各项任务、各期的报送情况，点蓝字打开对应的表；另一页是待处理文件"
    yield week / "前期手续办理情况表汇总表.xlsx", "各单位项目按单位汇总，有小计、合计；下面写明谁没有纳入、为什么"
    yield week / "报送情况及迟报名单.xlsx", "每个单位的实报时间和状态；另一页是迟报名单，写明迟了多久"
    yield week / "目标完成情况表.xlsx", "完成数与目标、节点、序时进度的对照，各单位分解和图"
    yield week / "手续分解清单.xlsx", "需县级办理的手续按部门分解；省市级的另列一页"
    returned = [receipt.returned_copy for receipt in receipts if receipt.returned_copy and _marked(receipt)]
    if returned:
        yield folder / returned[-1], "退回给单位的表：错的格子标红，附问题清单"
    yield folder / "outbox" / "huozhou" / "总览.xlsx", "霍州市的总览"


def _marked(receipt: Receipt) -> bool:
    """A copy of the unit's own workbook, with more than one fault to see."""
    return sum(finding.cell is not None and finding.is_error for finding in receipt.findings) > 1
