"""What goes back to a unit: its own workbook with the faults marked, or a slip where that cannot be done."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Executor, Future
from itertools import chain, count
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from xmreport.decide import UNKNOWN_UNIT
from xmreport.examine import MENDABLE, mark
from xmreport.ledger import OriginalDamaged, Originals
from xmreport.model.findings import Finding
from xmreport.model.outbox import RETURNED
from xmreport.model.receipts import Outcome, Receipt
from xmreport.model.text import file_name
from xmreport.model.trouble import Trouble
from xmreport.notes import stands
from xmreport.past import Past
from xmreport.reading.guard import WorkerFailure
from xmreport.rulebook.book import County
from xmreport.tally import Tally
from xmreport.workbooks.copies.about import About
from xmreport.workbooks.delivery import deliver
from xmreport.workspace import Workspace

log = logging.getLogger("xmreport")
DISK = frozenset({errno.ENOSPC, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC)})
"""The disk is full or may not be written to: no fault of any file."""


class Sender(Struct, frozen=True):
    """Makes and delivers returned copies; `pool` gives the guarded workers that mark them."""

    workspace: Workspace
    counties: Mapping[str, County]
    originals: Originals
    pool: Callable[[], Executor]
    tally: Tally

    def addressed(self, receipts: tuple[Receipt, ...], county: County, past: Past) -> tuple[Receipt, ...]:
        """Where the returned copy of a file will lie: one for all its parts, in the folder of each unit they are of."""
        if not any(receipt.outcome is Outcome.RETURNED for receipt in receipts):
            return receipts
        from xmreport.workbooks.copies.returned import copy_name

        def target(receipt: Receipt) -> str:
            name = copy_name(receipt.file.rsplit("/", 1)[-1], receipt.arrived_at)
            place = f"outbox/{county.key}/{RETURNED}/{receipt.unit or UNKNOWN_UNIT}/{name}"
            numbered = (f"{place.removesuffix('.xlsx')}({number}).xlsx" for number in count(2))
            return next(each for each in chain([place], numbered) if not past.has_copy(each))

        return tuple(replace(r, returned_copy=target(r)) if r.outcome is Outcome.RETURNED else r for r in receipts)

    def begin(self, returned: Sequence[Receipt], data: bytes) -> Future[bytes] | None:
        """Have the copy of a returned file made meanwhile; None where nothing but a slip goes back.

        Raises:
            OSError, Trouble: no worker can be had.
        """
        findings, about = self._content(returned)
        return None if _is_slip(findings) else self.pool().submit(mark, data, findings, about)

    def send_back(
        self,
        returned: Sequence[Receipt],
        begun: Future[bytes] | None = None,
        places: Sequence[Path] | None = None,
    ) -> None:
        """Put the copy of a returned file, made or still to be made, where its receipts say, or at some of them."""
        copy = self._copy(returned[0], *self._content(returned), begun)
        for target in self._targets(returned) if places is None else places:
            delivered = deliver(copy, target)
            if delivered.note:
                log.warning("%s", delivered.note)

    def missing(self, returned: Sequence[Receipt]) -> list[Path]:
        """Where a returned file's copy should lie and does not."""
        return [target for target in self._targets(returned) if not stands(target)]

    def _targets(self, returned: Sequence[Receipt]) -> list[Path]:
        places = dict.fromkeys(receipt.returned_copy or "" for receipt in returned)
        return [self.workspace.outbox / place.removeprefix("outbox/") for place in places]

    def _content(self, returned: Sequence[Receipt]) -> tuple[tuple[Finding, ...], About]:
        """What a copy says, of all parts of the file."""
        first = returned[0]
        assert first.county
        findings = tuple(finding for receipt in returned for finding in receipt.findings)
        about = About(
            county=self.counties[first.county].name,
            unit="、".join(dict.fromkeys(receipt.unit for receipt in returned if receipt.unit)) or None,
            form=first.form,
            task=first.task,
            period=first.period,
            file=file_name(first.file),
            arrived=f"{first.arrived_at:%Y-%m-%d %H:%M}",
            judged_at=first.arrived_at,
        )
        return findings, about

    def _copy(
        self, receipt: Receipt, findings: tuple[Finding, ...], about: About, begun: Future[bytes] | None
    ) -> bytes:
        """The unit's own file, marked; a one-sheet 退回说明 where it cannot be opened or marked."""
        from xmreport.workbooks.copies.slip import slip

        assert receipt.sha256
        if _is_slip(findings):
            return slip(findings, about, opened=False)
        try:
            if begun is None:
                begun = self.pool().submit(mark, self.originals.read(receipt.sha256), findings, about)
            return begun.result()
        except WorkerFailure as failure:
            log.warning("%s 的标红副本没有做成（%s），改发退回说明。", receipt.file, failure.reason)
        except OriginalDamaged as damaged:
            log.warning("%s 的标红副本没有做成，改发退回说明：%s", receipt.file, damaged)
            self.tally.troubles += 1
        except (CancelledError, Trouble):  # the copy can be made once the cluster is back
            raise
        except OSError as error:
            if error.errno in DISK:  # the copy can be made once there is room again
                raise
            self.tally.fault(f"{receipt.file} 的标红副本没有做成，改发退回说明。", error)
        except Exception as error:  # noqa: BLE001 - it is on record: what goes back must not stop the others
            self.tally.fault(f"{receipt.file} 的标红副本没有做成，改发退回说明。", error)
        return slip(findings, about, opened=True)


def _is_slip(findings: Sequence[Finding]) -> bool:
    return any(finding.code in MENDABLE for finding in findings)
