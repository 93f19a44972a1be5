"""What lies in an inbox: every file with what is needed to tell it from another, nothing opened, no link followed."""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain, count
from pathlib import Path

from msgspec import Struct

from xmreport.intake.came import came

_DROPPINGS = re.compile(
    r"^(?:~\$.*|\.~.*|\..*|thumbs\.db|desktop\.ini|ehthumbs\.db|.*\.(?:tmp|temp|part|partial|crdownload|download|swp|lnk))$",
    re.IGNORECASE,
)
"""Lock files and what systems, editors and browsers leave behind (M45)."""
_LONGEST_PATH = 248
"""From here on Windows may refuse a path."""
_HANDLED = ".收讫"
"""What ends the name of a handled file while it is looked at for the last time."""


class Found(Struct, frozen=True):
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
    """Everything below a county's inbox: a folder's files by name, then its folders. No failure hides the rest.

    Args:
        folder: the county's inbox.
        prefix: how that folder is called in paths shown, such as `inbox/guxian`.
        failed: told of every place that could not be looked at.
    """
    waiting: list[tuple[str, str, tuple[str, ...]]] = [(str(folder), prefix, ())]
    while waiting:
        path, shown, folders = waiting.pop()
        deeper: list[tuple[str, str, tuple[str, ...]]] = []
        for entry in _entries(path, shown, failed):
            if entry.name.endswith(_HANDLED):
                continue
            name = f"{shown}/{entry.name}"
            try:
                status = None if entry.is_dir(follow_symlinks=False) else os.lstat(entry.path)
            except OSError as error:
                if not _is_gone(error, entry.path):
                    failed(name, error)
                continue
            if status is not None:
                yield _found(entry, name, folders, status)
            elif not entry.name.startswith("."):
                deeper.append((entry.path, name, (*folders, entry.name)))
        waiting += reversed(deeper)


def _entries(folder: str, shown: str, failed: Failed) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        failed(shown, error)
        return []


def _is_gone(error: OSError, path: str) -> bool:
    """Whether something went away since it was listed. Of a path that is too long Windows says the same."""
    return isinstance(error, FileNotFoundError) and not (sys.platform == "win32" and len(path) >= _LONGEST_PATH)


def _found(entry: os.DirEntry[str], name: str, folders: tuple[str, ...], status: os.stat_result) -> Found:
    dropping = bool(_DROPPINGS.match(entry.name))
    return Found(
        path=Path(entry.path),
        relative=name,
        folders=folders,
        size=status.st_size,
        identity=str(status.st_ino) if dropping else identity_of(status),
        regular=stat.S_ISREG(status.st_mode),
        dropping=dropping,
        changed=came(entry.path, status),
    )


def identity_of(status: os.stat_result) -> str:
    """A text that another file, or the same with other content, does not share."""
    return f"{status.st_ino}:{status.st_size}:{status.st_mtime_ns}"


class Changed(Exception):
    """The file is not what the scan saw: it will be looked at again."""


def read_bytes(found: Found) -> bytes:
    """The bytes of a regular file, provided that it is still, and stays, the one the scan saw.

    Raises:
        Changed: it went away, grew or was replaced meanwhile.
        OSError: it may not be read, or cannot be read now.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(found.path, flags)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ELOOP}:
            raise Changed from error  # gone, or a link stands there now
        raise
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


def remove(path: Path, identity: str) -> None:
    """Take a handled file out of the inbox, unless another one stands there now.

    It gets a name of its own first, to which nobody writes: what is saved under the old one meanwhile is not lost.

    Raises:
        PermissionError: somebody has it open, as Windows lets them.
    """
    name = hashlib.sha256(path.name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    own = path.with_name(f".{name}{_HANDLED}")
    with suppress(FileNotFoundError):
        if is_still(path, identity):
            path.replace(own)
        if is_still(own, identity):
            if sys.platform == "win32":
                own.chmod(stat.S_IWRITE)  # what was saved as read-only could not be removed there
            own.unlink()
        elif own.exists():
            own.replace(_free(path))


def _free(path: Path) -> Path:
    """The path, or one beside it where something stands there."""
    beside = (path.with_stem(f"{path.stem}({number})") for number in count(2))
    return next(each for each in chain((path,), beside) if not each.exists())
