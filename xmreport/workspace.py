"""A workspace: the folders an office works in, and the rules that hold there."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from msgspec import Struct

from xmreport.model.dates import CHINA
from xmreport.model.trouble import Trouble
from xmreport.rulebook.book import Rulebook
from xmreport.rulebook.loading.digests import rule_files
from xmreport.rulebook.loading.kept import read_rulebook

STATE = ".xmreport"
LOCKED_AT = 1024
"""The byte that is locked: beyond what the file says of its holder, for Windows lets nobody read a locked byte."""


RulesStand = frozenset[tuple[str, int, int]]


class Workspace(Struct, frozen=True, dict=True):
    """The folder named by --home, $XMREPORT_HOME or the current one."""

    home: Path

    @property
    def rulebook(self) -> Rulebook:
        return self._as_read[1]

    @property
    def rules_as_read(self) -> RulesStand:
        """How the rule files lay there when they were read: an edit since then shows."""
        return self._as_read[0]

    @cached_property
    def _as_read(self) -> tuple[RulesStand, Rulebook]:
        folder = self.home / "rules"
        if not folder.is_dir():
            raise Trouble(f"这里没有 rules 文件夹：{self.home}。请用 xmreport init 建一个工作区，或用 --home 指明。")
        stand: RulesStand = frozenset()
        with suppress(OSError):  # a file that goes away just now: whoever compares finds a difference
            stand = self.rules_stand()
        return stand, read_rulebook(folder, self.home / STATE / "cache")

    @property
    def rule_files(self) -> tuple[Path, ...]:
        folder = self.home / "rules"
        return *rule_files(folder), *rule_files(folder / "forms")

    def rules_stand(self) -> RulesStand:
        """The rule files as they lie there now: a change of any of them changes this."""
        found = ((path, path.stat()) for path in self.rule_files)
        return frozenset((path.as_posix(), status.st_mtime_ns, status.st_size) for path, status in found)

    @property
    def templates(self) -> Path:
        return self.home / "templates_xlsx"

    @property
    def inbox(self) -> Path:
        return self._place(self.rulebook.office.inbox, "inbox")

    @property
    def outbox(self) -> Path:
        return self._place(self.rulebook.office.outbox, "outbox")

    @property
    def state(self) -> Path:
        place = self._place(self.rulebook.office.state, STATE)
        if str(self.rulebook.office.state or place).startswith(("\\\\", "//")):
            raise Trouble(
                f"台账文件夹必须在本机硬盘上，不能在网络共享上：{place}。请改 rules/office.yaml 的“台账文件夹”。"
            )
        return place

    def _place(self, named: str | None, usual: str) -> Path:
        """A folder of the workspace. A broken office.yaml names none: the usual one could be the wrong one."""
        wrong = self.rulebook.faults.get("office")
        if wrong:
            raise Trouble(f"rules/office.yaml 有错，不知道文件夹在哪里，什么也没有做：{wrong[0]}")
        return (self.home / named) if named else self.home / usual

    def shown(self, path: Path) -> str:
        """A path relative to the workspace where it lies inside, with forward slashes."""
        for base, name in ((self.outbox, "outbox"), (self.inbox, "inbox")):
            if path.is_relative_to(base):
                return f"{name}/{path.relative_to(base).as_posix()}"
        return path.relative_to(self.home).as_posix() if path.is_relative_to(self.home) else path.as_posix()

    def strays(self) -> list[str]:
        """What lies in the inbox outside every county's folder, empty folders apart: nobody takes it in."""
        known = set(self.rulebook.keys)
        if not self.inbox.is_dir():
            return []
        strays = (path for path in sorted(self.inbox.iterdir()) if path.name not in known)
        return [path.name for path in strays if _is_theirs(path.name) and _holds_something(path)]

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep a second engine out of the workspace while this one writes."""
        self.state.mkdir(parents=True, exist_ok=True)
        with (self.state / "lock").open("a+b") as file:
            if not _lock(file.fileno()):
                file.seek(0)
                holder = file.read(LOCKED_AT).decode("utf-8", "replace")
                raise Trouble(f"另一个 xmreport 正在这个工作区里运行（{holder}），请等它结束或停止它后再试。")
            file.truncate(0)
            file.write(f"进程号 {os.getpid()}，{dt.datetime.now(CHINA):%Y-%m-%d %H:%M:%S} 开始".encode())
            file.flush()
            yield


def _is_theirs(name: str) -> bool:
    """Whether a name is no dropping of a system or of an editor."""
    return not name.startswith((".", "~$"))


def _holds_something(path: Path) -> bool:
    """Whether a file lies there, however deep; a folder that cannot be looked into may hold one."""
    if path.is_symlink() or not path.is_dir():
        return True
    closed: list[OSError] = []
    lying = any(_is_theirs(name) for _, _, names in os.walk(path, onerror=closed.append) for name in names)
    return lying or bool(closed)


def _lock(handle: int) -> bool:
    """An exclusive lock that the system drops with the process, however it ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(handle, LOCKED_AT, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def find_workspace(named: str | None) -> Workspace:
    """Explicit argument before environment before the current folder."""
    return Workspace(Path(named or os.environ.get("XMREPORT_HOME") or ".").resolve())


def create_workspace(folder: Path) -> Workspace:
    """A new workspace with the shipped rules and templates.

    Raises:
        Trouble: the folder is there and holds something.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Trouble(f"“{folder}”已经存在而且不是空的，没有改动它。请换一个文件夹名。")
    for name in ("rules", "templates_xlsx"):
        shutil.copytree(shipped(name), folder / name)
    (folder / "outbox").mkdir()
    workspace = Workspace(folder.resolve())
    for key, county in workspace.rulebook.counties.items():
        reporting = {unit for task in county.tasks.values() for unit in county.reporters(task, task.periods[-1].begins)}
        for unit in reporting:
            (folder / "inbox" / key / unit).mkdir(parents=True)
    return workspace


def shipped(name: str) -> Path:
    """The rules or templates that came with the program: inside the package, or beside it in a checkout."""
    package = Path(str(files("xmreport")))
    inside = package / "shipped" / name
    return inside if inside.is_dir() else package.parent / name
