"""The inboxes of some counties: what lies there and is not on record as staying, and what could not be looked at."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping

from xmreport.intake.scan import Found, can_be_read, scan
from xmreport.lasting import Lasting
from xmreport.ledger import Drop, Ledger
from xmreport.rulebook.book import County
from xmreport.workspace import Workspace


class Inbox:
    """One look after another at the same folders."""

    def __init__(
        self, workspace: Workspace, counties: Mapping[str, County], ledger: Ledger, lasting: Lasting, met: set[str]
    ) -> None:
        """`met` are the counties whose folders are known to have been there."""
        self._workspace = workspace
        self._counties = counties
        self._ledger = ledger
        self._lasting = lasting
        self._met = met
        self._unseen: set[str] = set()

    def found(self) -> Iterator[tuple[County, Found]]:
        """Everything that lies there and is not on record as staying there."""
        self._unseen.clear()
        staying = self._ledger.staying()
        for key, county in self._counties.items():
            folder = self._workspace.inbox / key
            for found in scan(folder, f"inbox/{key}", self._overlook):
                if Drop(found.relative, found.identity) not in staying or _mended(found):
                    yield county, found
            if folder.is_dir():
                self._met.add(key)
            elif key in self._met or not self._workspace.inbox.is_dir():
                # A share that went away: what landed there meanwhile will be seen when it is back.
                self._overlook(f"inbox/{key}", FileNotFoundError(errno.ENOENT, "文件夹不见了"))
        self._lasting.keep("收件文件夹", (f"收件文件夹{place}" for place in self._unseen))

    def _overlook(self, place: str, error: OSError) -> None:
        self._unseen.add(place)
        text = f"打不开 {place}，里面的文件没有收，恢复后再收：{error.strerror or error}"
        self._lasting.tell(f"收件文件夹{place}", text)

    @property
    def saw_all(self) -> bool:
        """Whether the last look reached every folder: what it did not reach may hold files that came before it."""
        return not self._unseen


def _mended(found: Found) -> bool:
    """A file on record as one that could not be read, and that now can."""
    return found.regular and not found.dropping and can_be_read(found.path)
