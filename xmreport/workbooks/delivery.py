"""A finished workbook into the shared folder: whole or not at all, and never on top of one that somebody has open."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

from msgspec import Struct

_BEGUN = ".xmreport-"
_UNDONE = ".partial"
_ABANDONED = 60.0
"""Seconds after which an unfinished file is nobody's any more."""
_MOST = 100
"""Numbered names that are tried beside a locked workbook."""


class Delivered(Struct, frozen=True):
    """Where the workbook stands, and what the office should know about it ('' where nothing)."""

    path: Path
    note: str = ""


def deliver(data: bytes, target: Path) -> Delivered:
    """Writes `data` to `target` in one step; beside it, under a numbered name, while `target` is open elsewhere."""
    target.parent.mkdir(parents=True, exist_ok=True)
    written = _written(data, target.parent)
    try:
        _sweep(written)
        return _placed(written, target)
    finally:
        # Gone already once it has been moved into place.
        written.unlink(missing_ok=True)


def _placed(written: Path, target: Path) -> Delivered:
    for place in _names(target):
        try:
            os.replace(written, place)  # noqa: PTH105 - the one call that replaces in one step on Windows too
        except PermissionError:
            # Windows refuses to replace a file that Excel or WPS holds open.
            continue
        _settle(target.parent)
        if place == target:
            return Delivered(place)
        return Delivered(
            place,
            f"“{target.name}”正被 Excel 或 WPS 打开，新的内容已另存为“{place.name}”。",
        )
    raise PermissionError(f"“{target}”以及另存的名字都写不进去：请检查文件夹“{target.parent}”的权限")


def _names(target: Path) -> Iterator[Path]:
    yield target
    for number in count(2):
        if number > _MOST:
            return
        yield target.with_name(f"{target.stem}({number}){target.suffix}")


def _written(data: bytes, folder: Path) -> Path:
    path = folder / f"{_BEGUN}{uuid.uuid4().hex}{_UNDONE}"
    try:
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _sweep(written: Path) -> None:
    """Removes what an earlier delivery left behind when it was cut short, but not what another is just writing."""
    now = written.stat().st_mtime
    for left in written.parent.glob(f"{_BEGUN}*{_UNDONE}"):
        # Another may finish and take its file away meanwhile; a virus scanner may hold one until next time.
        with suppress(FileNotFoundError, PermissionError):
            if now - left.stat().st_mtime > _ABANDONED:
                left.unlink()


def _settle(folder: Path) -> None:
    """Makes the new name durable, where the system lets a folder be synchronised (Windows does not)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Some network shares cannot; the workbook itself is on the disk by now.
        with suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)
