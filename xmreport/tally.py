"""What an engine did since it was started, and what it could not do."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct, field

from xmreport.model.receipts import Outcome, Receipt

log = logging.getLogger("xmreport")


class Tally(Struct):
    """What an engine did since it was started: one pass, or weeks of service."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    files: int = 0
    engine_faults: int = 0
    troubles: int = 0
    """What somebody has to put right before all is done: a broken template, a folder that cannot be written."""

    def take(self, receipts: Iterable[Receipt]) -> None:
        """One file, with what became of it or of its parts."""
        self.files += 1
        self.outcomes.update(receipt.outcome for receipt in receipts)

    def fault(self, text: str, error: Exception) -> None:
        """A fault of ours, told in a sentence; the log keeps where it happened."""
        log.error("%s", text, exc_info=error)
        self.engine_faults += 1
