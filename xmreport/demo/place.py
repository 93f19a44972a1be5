"""The folder of a demonstration: made new, or in place of an earlier one and of nothing else."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from xmreport.model.trouble import Trouble
from xmreport.workspace import STATE, Workspace, create_workspace

MARKER = "演示工作区.json"
"""The file by which a later run knows that a folder is a demonstration."""
_OWN = (STATE, "outbox", "inbox", "templates_xlsx", "rules")


def make_place(folder: Path) -> Workspace:
    """A workspace in an empty folder, or in that of an earlier demonstration.

    Raises:
        Trouble: the folder holds something else, or something of the clerk's own.
    """
    if (folder / MARKER).is_file():
        _clear(folder)
    workspace = create_workspace(folder)
    _mark(folder, finished=False)
    return workspace


def finish_place(folder: Path) -> None:
    """Every file of the demonstration has left the inbox: what lies there from now on is somebody's."""
    _mark(folder, finished=True)


def _mark(folder: Path, *, finished: bool) -> None:
    files = {name: _digest(folder / name) for name in _settings(folder)}
    told = "这是 xmreport demo 生成的演示工作区；再次运行时会重新生成。"
    content = {"说明": told, "完成": finished, "文件": files}
    (folder / MARKER).write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def _clear(folder: Path) -> None:
    """Take an earlier demonstration away, unless that would take anything of somebody's along."""
    strange = _strange(folder)
    if strange:
        raise Trouble(
            f"“{folder}”是以前的演示，里面有后来放入或改过的：{'、'.join(strange[:3])}"
            f"{'等' if len(strange) > 3 else ''}。没有动它；请移走它们，或换一个文件夹名再运行。"
        )
    if (folder / "rules").is_dir():
        with Workspace(folder.resolve()).hold():
            pass
    try:
        for name in _OWN:
            if (folder / name).is_dir():
                shutil.rmtree(folder / name)
    except OSError as error:
        raise Trouble(f"旧的演示删不掉：{error.filename}。请关闭正在打开的表格后再运行。") from error
    (folder / MARKER).unlink()


def _strange(folder: Path) -> list[str]:
    """What in an earlier demonstration is not the demonstration's own."""
    try:
        marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except ValueError as error:
        raise Trouble(f"“{folder / MARKER}”被改动过，认不出是不是演示。没有动它；请换一个文件夹名再运行。") from error
    found = sorted(path.name for path in folder.iterdir() if path.name not in {*_OWN, MARKER})
    found += [name for name in _settings(folder) if marker["文件"].get(name) != _digest(folder / name)]
    if marker["完成"]:
        waiting = (path for path in (folder / "inbox").rglob("*") if path.is_file() and not path.name.startswith("~$"))
        found += sorted(path.relative_to(folder).as_posix() for path in waiting)
    return found


def _settings(folder: Path) -> list[str]:
    """Rules and templates, which a clerk may have edited to see what comes of it."""
    files = (path for name in ("rules", "templates_xlsx") for path in (folder / name).rglob("*") if path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in files if not path.name.startswith("~$"))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
