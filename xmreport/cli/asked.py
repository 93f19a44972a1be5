"""What a command line names — a workspace, its counties, a moment — and how a clerk is spoken to."""

from __future__ import annotations

import datetime as dt
import logging
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from xmreport.model.dates import CHINA
from xmreport.model.text import visible
from xmreport.model.trouble import Trouble

if TYPE_CHECKING:
    from xmreport.rulebook.book import County
    from xmreport.workspace import Workspace

log = logging.getLogger("xmreport")


class Refused(Exception):
    """What stands in the way has been said."""


def workspace_at(home: str | None) -> Workspace:
    """The workspace named by `--home`, else by the environment, else the current folder; its log is kept from now."""
    from xmreport.workspace import find_workspace

    workspace = find_workspace(home)
    _keep_log(workspace.state / "xmreport.log")
    return workspace


def _keep_log(path: Path) -> None:
    """The log of the workspace at hand, and of no other."""
    for former in [handler for handler in log.handlers if isinstance(handler, _KeptLog)]:
        log.removeHandler(former)
        former.close()
    kept = _KeptLog(path, encoding="utf-8", errors="backslashreplace", delay=True)
    kept.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(kept)
    log.setLevel(logging.INFO)


class _KeptLog(logging.FileHandler):
    """The log keeps what a clerk need not see. It is there once something is to be kept, and hinders nobody."""

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):
            Path(self.baseFilename).parent.mkdir(exist_ok=True)
            super().emit(record)


def moment_of(text: str | None) -> dt.datetime:
    """A time given on the command line; without an offset it is China's. None is now."""
    if text is None:
        return dt.datetime.now(CHINA)
    try:
        moment = dt.datetime.fromisoformat(text)
        return moment.replace(tzinfo=CHINA) if moment.tzinfo is None else moment.astimezone(CHINA)
    except (ValueError, OverflowError):
        raise Trouble(f"看不懂的时间：{text}。请写成 2022-12-09T17:00。") from None


def county_of(workspace: Workspace, key: str) -> County:
    """The one county asked for; Refused where its rules do not hold."""
    if not sound(workspace, [key]):
        raise Refused
    return workspace.rulebook.counties[key]


def sound(workspace: Workspace, keys: list[str]) -> list[str]:
    """The counties asked for whose rules hold, all where none is named; what is wrong with the others is said.

    Raises:
        Trouble: there is no such county. Nothing is done then: a moment with a blank in it, for one, is two words.
    """
    book = workspace.rulebook
    if not book.keys and not book.faults:
        raise Trouble(f"“{workspace.home / 'rules'}”里没有县的规则文件。")
    for key in keys:
        if key not in book.keys:
            known = "、".join(f"{each}（{county.name}）" for each, county in book.counties.items())
            hint = "时间写成 2022-12-09T17:00，中间没有空格。" if ":" in key or "：" in key else ""
            raise Trouble(f"没有“{visible(key)}”这个县的规则文件，什么都没有做。{hint}现有：{known or '（无）'}。")
    usable = []
    for key in dict.fromkeys(keys or book.keys):
        if key in book.counties:
            usable.append(key)
        else:
            say(f"{key} 的规则有错，这个县没有处理；运行 xmreport rules check 查看全部：")
            for fault in book.faults[key][:5]:
                say(f"  {fault}")
    for key in sorted(book.faults.keys() - set(book.keys)):
        for fault in book.faults[key]:
            say(str(fault))
    return usable


def say(text: str) -> None:
    """To whoever sits there, never to whoever reads the output."""
    print(text, file=sys.stderr)
