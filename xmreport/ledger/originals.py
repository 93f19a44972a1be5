"""The originals: every file's bytes under the name of their SHA-256, written once and never touched again."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from xmreport.ledger.schema import LedgerError

READ_ONLY = 0o444
OVERSIZE = "oversize"
"""The folder of files that were never read, and so have no SHA-256 for a name."""
_OTHER_DISK = 17
"""What Windows says of a move to another disk."""
_PIECE = 1 << 20
SHA256 = re.compile(r"[0-9a-f]{64}")


class OriginalDamaged(LedgerError):
    """The bytes under a name are not those the name stands for, or there are none any more."""

    def __init__(self, sha: str, what: str = "的内容与当初不同，已被改动或损坏") -> None:
        super().__init__(f"原件 {sha} {what}。请从备份恢复。")


class Originals:
    """A folder of originals, `ab/abcdef…`. A name appears only when all its bytes are on the disk."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._unsettled: set[Path] = set()
        """Folders with new names in them that a power cut may still take back."""

    def keep(self, data: bytes) -> str:
        """Keep the bytes, once, and return their SHA-256. They are durable; their name is with the next `settle`."""
        sha = hashlib.sha256(data).hexdigest()
        if not self._holds(sha):
            self._write(sha, data)
        self._unsettled.update((self._path(sha).parent, self._root))
        return sha

    def settle(self) -> None:
        """Make the names of all that was kept as durable as the bytes. Windows has no such call and needs none."""
        while self._unsettled:
            folder = self._unsettled.pop()
            try:
                _sync(folder)
            except OSError:
                self._unsettled.add(folder)
                raise

    def set_aside(self, path: Path, name: str) -> None:
        """Move a file too large to be read, as it is: a copy could fill the disk. Gone already is done already.

        From another disk it has to be copied: whoever asked removes the file, if it is still what was copied.
        """
        folder = self._root / OVERSIZE
        folder.mkdir(parents=True, exist_ok=True)
        try:
            path.replace(folder / name)
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno != errno.EXDEV and getattr(error, "winerror", 0) != _OTHER_DISK:
                raise
            _copy(path, folder / name)

    def read(self, sha: str) -> bytes:
        try:
            data = self._path(sha).read_bytes()
        except FileNotFoundError as error:
            raise OriginalDamaged(sha, "不见了") from error
        if hashlib.sha256(data).hexdigest() != sha:
            raise OriginalDamaged(sha)
        return data

    def has(self, sha: str) -> bool:
        return self._path(sha).is_file()

    def verify(self) -> Iterator[tuple[str, str]]:
        """Every original whose bytes are no longer those of its name, with what is wrong, in Chinese."""
        for path in sorted(self._root.glob("??/*")):
            if not SHA256.fullmatch(path.name):
                continue
            try:
                intact = _digest(path) == path.name
            except OSError as error:
                yield path.name, f"读不出来（{error.strerror}）"
            else:
                if not intact:
                    yield path.name, "内容与当初不同，已被改动或损坏"

    def count(self) -> int:
        """How many originals are kept."""
        return sum(bool(SHA256.fullmatch(path.name)) for path in self._root.glob("??/*"))

    def _path(self, sha: str) -> Path:
        return self._root / sha[:2] / sha

    def _holds(self, sha: str) -> bool:
        """Whether the bytes are there already. Others under that name are an alarm, never silently replaced."""
        if not self.has(sha):
            return False
        if _digest(self._path(sha)) != sha:
            raise OriginalDamaged(sha)
        return True

    def _write(self, sha: str, data: bytes) -> None:
        target = self._path(sha)
        draft = target.with_name(f".{sha}.{os.getpid()}.{threading.get_ident()}.tmp")
        try:
            with self._open(draft) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
        except BaseException as error:
            draft.unlink(missing_ok=True)
            # On Windows the same bytes, just put there by another process, are in the way.
            if isinstance(error, PermissionError) and self._holds(sha):
                return
            raise
        with contextlib.suppress(PermissionError):  # a courtesy that not every file system knows
            target.chmod(READ_ONLY)

    def _open(self, draft: Path) -> BinaryIO:
        try:
            return draft.open("wb")
        except FileNotFoundError:
            draft.parent.mkdir(parents=True, exist_ok=True)
            return draft.open("wb")


def _copy(path: Path, target: Path) -> None:
    """A copy under its name only when all of it is on the disk."""
    draft = target.with_name(f".{target.name}.tmp")
    try:
        with path.open("rb") as source, draft.open("wb") as copy:
            shutil.copyfileobj(source, copy, _PIECE)
            copy.flush()
            os.fsync(copy.fileno())
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _sync(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
