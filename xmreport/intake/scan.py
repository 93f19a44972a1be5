"""What lies in an inbox: every file with what is needed to tell it from another, nothing opened, no link followed."""

from __future__ import annotations

import datetime as dt
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from xmreport.model.dates import CHINA

_DROPPINGS = re.compile(
    r"^(?:~\$.*|\.~.*|\..*|thumbs\.db|desktop\.ini|ehthumbs\.db|.*\.(?:tmp|temp|part|partial|crdownload|download|swp|lnk))$",
    re.IGNORECASE,
)
"""Lock files and what systems, editors and browsers leave behind (M45)."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing in an inbox at one look."""

    path: Path
    relative: str
    """Relative to the workspace, with forward slashes."""
    folders: tuple[str, ...]
    """The folders between the county's and the file."""
    size: int
    identity: str
    """Changes whenever the file is another one, or has other content; that of a dropping may grow unnoticed."""
    regular: bool
    dropping: bool
    changed: dt.datetime
    """When the file system says it came to be here: never the modification time, which a sender can set."""

    @property
    def name(self) -> str:
        return self.path.name


Failed = Callable[[str, OSError], None]
"""Told of a place that could not be looked at: no permission, or a share that does not answer."""


def scan(folder: Path, prefix: str, failed: Failed) -> Iterator[Found]:
    """Everything below a county's inbox, in the order of names. What cannot be looked at does not hide the rest.

    Args:
        folder: the county's inbox.
        prefix: how that folder is called in paths shown, such as `inbox/guxian`.
        failed: told of every place that could not be looked at.
    """
    yield from _scan(folder, prefix, (), failed)


def _scan(folder: Path, prefix: str, folders: tuple[str, ...], failed: Failed) -> Iterator[Found]:
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        failed(prefix, error)
        return
    for entry in listed:
        name = f"{prefix}/{entry.name}"
        try:
            status = None if entry.is_dir(follow_symlinks=False) else os.lstat(entry.path)
        except FileNotFoundError:
            continue
        except OSError as error:
            failed(name, error)
            continue
        if status is None:
            if not entry.name.startswith("."):
                yield from _scan(Path(entry.path), name, (*folders, entry.name), failed)
            continue
        dropping = bool(_DROPPINGS.match(entry.name))
        yield Found(
            path=Path(entry.path),
            relative=name,
            folders=folders,
            size=status.st_size,
            identity=str(status.st_ino) if dropping else identity_of(status),
            regular=stat.S_ISREG(status.st_mode),
            dropping=dropping,
            changed=_came(status),
        )


def identity_of(status: os.stat_result) -> str:
    """A text that another file, or the same with other content, does not share."""
    return f"{status.st_ino}:{status.st_size}:{status.st_mtime_ns}"


def _came(status: os.stat_result) -> dt.datetime:
    """Creation time on Windows, change time elsewhere: neither can be set by who sends the file."""
    moment = getattr(status, "st_birthtime", status.st_ctime) if sys.platform == "win32" else status.st_ctime
    return dt.datetime.fromtimestamp(moment, CHINA)


class Changed(Exception):
    """The file is not what the scan saw: it will be looked at again."""


def read_bytes(found: Found) -> bytes:
    """The bytes of a regular file, provided that it is still, and stays, the one the scan saw.

    Raises:
        Changed: it went away, grew or was replaced meanwhile.
        PermissionError: it may not be read.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(found.path, flags)
    except OSError as error:
        if isinstance(error, PermissionError):
            raise
        raise Changed from error  # gone, or a link stands there now
    with os.fdopen(handle, "rb") as file:
        if identity_of(os.fstat(handle)) != found.identity:
            raise Changed
        data = file.read(found.size + 1)
        if len(data) != found.size or identity_of(os.fstat(handle)) != found.identity:
            raise Changed
    return data


def can_be_read(path: Path) -> bool:
    """Whether a file that once could not be read now can."""
    try:
        path.open("rb").close()
    except OSError:
        return False
    return True


def is_still(path: Path, identity: str) -> bool:
    """Whether what stands there is what the scan saw."""
    try:
        return identity_of(os.lstat(path)) == identity
    except FileNotFoundError:
        return False


def remove(path: Path, identity: str) -> bool:
    """Take a handled file out of the inbox, unless another one stands there now; False where it does.

    Raises:
        PermissionError: somebody has it open, as Windows lets them.
    """
    try:
        if identity_of(os.lstat(path)) != identity:
            return False
        path.unlink()
    except FileNotFoundError:
        return True
    return True
