"""What the ledger notes of what was written into the outbox, and whether that still stands there."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

HALF_WRITTEN = "出表中"
"""The mark of what is being written: what a crash or a full disk leaves half done shows no facts at all."""
_BESIDE = "+beside"


class Note(Struct, frozen=True):
    """What the ledger keeps of workbooks that were written together."""

    mark: str
    """Of the facts that they show."""
    files: tuple[str, ...] = ()
    beside: bool = False
    """Whether one had to be written beside a workbook that somebody had open."""

    @classmethod
    def parse(cls, text: str | None) -> Note:
        mark, *files = (text or "").split("/")
        return cls(mark.removesuffix(_BESIDE), tuple(files), mark.endswith(_BESIDE))

    @property
    def text(self) -> str:
        return "/".join((self.mark + (_BESIDE if self.beside else ""), *self.files))

    def shows(self, mark: str, folder: Path) -> bool:
        """Whether a folder shows these facts. What stands beside an open workbook waits for that to be closed."""
        if self.mark != mark or not all(stands(folder / name) for name in self.files):
            return False
        return not self.beside or any(_is_open(path) for path in folder.glob("*.xlsx"))


def stands(path: Path) -> bool:
    """Whether a workbook is there; one without a byte is what a full disk or a cut copy leaves of it."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def _is_open(path: Path) -> bool:
    """Whether somebody's spreadsheet program keeps a workbook locked, as Windows lets it."""
    try:
        path.open("r+b").close()
    except OSError:
        return True
    return False
