"""After the record: what goes back goes out, and the file leaves the inbox. What cannot be done now is done later."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from pathlib import Path

from xmreport.intake.scan import is_still, remove
from xmreport.lasting import Lasting
from xmreport.ledger import Drop, FileRecord, Ledger
from xmreport.model.outbox import RETURNED
from xmreport.model.receipts import Receipt
from xmreport.model.trouble import Trouble
from xmreport.past import Past
from xmreport.sending import DISK, Sender
from xmreport.tally import Tally
from xmreport.underway import UnderWay, is_oversized
from xmreport.workspace import Workspace

log = logging.getLogger("xmreport")
LOST = "审表的集群断开了"
_ABOUT = "收尾 "
_LOST_COPIES = "补做退回件"
_LOST = "丢失"
"""What is noted of copies that went with the outbox, until all stand again."""
Recorded = tuple[UnderWay, FileRecord, Sequence[Receipt]]
"""A file that is on record, with what was recorded of it."""


class Leaving:
    """The last steps of recorded files, and those that are held up: a folder or file is locked, nobody marks copies."""

    def __init__(self, workspace: Workspace, ledger: Ledger, sender: Sender, lasting: Lasting, tally: Tally) -> None:
        self._workspace = workspace
        self._ledger = ledger
        self._sender = sender
        self._lasting = lasting
        self._tally = tally
        self._stuck: dict[Drop, str] = {}
        self._away: Trouble | None = None
        """Why no copy goes back in this pass, such as a cluster that is away: each try would wait for an answer."""

    def is_stuck(self, drop: Drop) -> bool:
        """Whether a file is on record and yet could not leave."""
        return drop in self._stuck

    def clear_in_turn(
        self, files: Iterable[Recorded], most: int
    ) -> Iterator[tuple[FileRecord, Sequence[Receipt], bool]]:
        """Clear one file after the other; with each, whether it has left the inbox.

        Up to so many copies are begun ahead, so that every worker marks.
        """
        coming, begun = iter(files), deque[tuple[Recorded, Future[bytes] | None]]()
        copies = 0
        while True:
            while copies < most and (file := next(coming, None)):
                begun.append((file, self._begin(file)))
                copies += begun[-1][1] is not None
            if not begun:
                return
            (_, entry, receipts), copy = begun.popleft()
            copies -= copy is not None
            assert entry.drop
            yield entry, receipts, not entry.stays and self.clear(entry.drop, receipts, copy)

    def _begin(self, file: Recorded) -> Future[bytes] | None:
        """Have a copy made that is about to go back."""
        each, _, receipts = file
        returned = _returned(receipts)
        if not returned or each.data is None or self._away:
            return None
        try:
            return self._sender.begin(returned, each.data)
        except Trouble as trouble:
            self._away = trouble
        except Exception as error:  # noqa: BLE001 - whatever it is, `clear` meets it again, and tells it of this one file
            log.debug("no copy begun of %s: %r", receipts[0].file, error)
        return None

    def clear(self, drop: Drop, receipts: Sequence[Receipt], begun: Future[bytes] | None = None) -> bool:
        """Send back the copy, and take the file out of the inbox; False where the next pass has to try again."""
        return self._cleared(drop, receipts, lambda returned: self._send_back(returned, begun))

    def clear_again(self, drop: Drop, receipts: Sequence[Receipt]) -> bool:
        """The same for what an earlier pass began. A copy that stands is let be: its unit may be mending it."""

        def send_missing(returned: list[Receipt]) -> None:
            if missing := self._sender.missing(returned):
                self._send_back(returned, None, missing)

        return self._cleared(drop, receipts, send_missing)

    def _cleared(self, drop: Drop, receipts: Sequence[Receipt], send_back: Callable[[list[Receipt]], None]) -> bool:
        try:
            returned = _returned(receipts)
            if returned:
                send_back(returned)
            path = self._workspace.inbox / drop.file.removeprefix("inbox/")
            if is_oversized(receipts) and is_still(path, drop.identity):
                self._ledger.originals.set_aside(path, str(receipts[0].seq))
            remove(path, drop.identity)
        except (OSError, CancelledError, Trouble) as error:
            about, why = _hindrance(drop, error)
            self._away = error if isinstance(error, Trouble) else self._away
            self._tally.troubles += 1
            self._held_up(drop, about, why)
        except Exception as error:  # noqa: BLE001 - the boundary of one file: it is on record, and must not stop the others
            self._tally.engine_faults += 1
            self._held_up(drop, f"{_ABOUT}{drop.file}", "引擎自身出错", error)
        else:
            return True
        return False

    def _held_up(self, drop: Drop, about: str, why: str, error: Exception | None = None) -> None:
        self._stuck[drop] = about
        self._lasting.tell(about, f"{drop.file} 已记录，还没有办完，下次再办：{why}", error)

    def _send_back(
        self, returned: Sequence[Receipt], begun: Future[bytes] | None, places: Sequence[Path] | None = None
    ) -> None:
        if self._away and begun is None:
            raise self._away
        self._sender.send_back(returned, begun, places)

    def note_lost(self, past: Mapping[str, Past]) -> None:
        """Before anything is written there anew: a county's part of the outbox that is gone has taken its copies along.

        A share that is ill counts as one that is gone: intake does not wait for it.
        """
        for key, own in past.items():
            if own.count and not os.path.lexists(self._workspace.outbox / key):
                self._ledger.note(_copies(key), _LOST)

    def restore(self, past: Mapping[str, Past], stopping: Callable[[], bool]) -> None:
        """Make anew what went back and was lost with the outbox, unless it was mended since."""
        lost = [key for key in past if self._ledger.noted(_copies(key)) == _LOST]
        if lost and self._send_again([each for key in lost for each in past[key].still_returned()], stopping):
            for key in lost:
                self._ledger.note(_copies(key), "")

    def _send_again(
        self, files: Iterable[tuple[Sequence[Receipt], Sequence[Receipt]]], stopping: Callable[[], bool]
    ) -> bool:
        """Make the copies of these files that do not stand where they should; whether all do now.

        Args:
            files: all receipts of a file, which its copy speaks of, and those that are not mended yet.
            stopping: whether to leave the rest.
        """
        lost = [(returned, places) for returned, left in files if (places := self._sender.missing(left))]
        try:
            for returned, places in lost:
                if stopping():
                    return False
                self._sender.send_back(returned, places=places)
        except (OSError, CancelledError, Trouble) as error:
            self._tally.troubles += 1
            self._lasting.tell(_LOST_COPIES, f"丢失的退回件没有补全，下次再补：{error}")
            return False
        except Exception as error:  # noqa: BLE001 - what was lost must not keep what comes from being taken in
            self._tally.engine_faults += 1
            self._lasting.tell(_LOST_COPIES, "丢失的退回件没有补全，是引擎自身出错。", error)
            return False
        self._lasting.keep(_LOST_COPIES, ())
        if lost:
            log.warning("出表文件夹不见了，还没有改好的 %d 份退回件已按台账补做。", len(lost))
        return True

    def look_again(self) -> None:
        """A new pass: whoever was away may be back."""
        self._away = None

    def finish(self, gone: Sequence[Drop]) -> None:
        """The ledger knows that these have left the inbox."""
        if gone:
            self._ledger.finish(gone)
        for drop in gone:
            self._stuck.pop(drop, None)

    def keep_telling(self) -> None:
        """What still holds files up is not said again; what does so no more is forgotten."""
        self._lasting.keep(_ABOUT, self._stuck.values())


def _copies(county: str) -> str:
    """Under which name the ledger notes how a county's returned copies stand."""
    return f"outbox/{county}/{RETURNED}"


def _returned(receipts: Sequence[Receipt]) -> list[Receipt]:
    return [receipt for receipt in receipts if receipt.returned_copy]


def _hindrance(drop: Drop, error: OSError | CancelledError | Trouble) -> tuple[str, str]:
    """What keeps a recorded file in the inbox: what it is noted under, the same for all that it holds up, and why."""
    if isinstance(error, CancelledError):
        return f"{_ABOUT}集群", LOST
    if isinstance(error, Trouble):
        return f"{_ABOUT}{error}", str(error)
    about = f"{_ABOUT}{error.errno if error.errno in DISK else drop.file}"
    return about, f"{error.strerror or error}（{error.filename or ''}）"
