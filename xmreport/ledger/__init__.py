"""What arrived, when, what was decided and under which rules: every version, and the originals."""

from xmreport.ledger.chain import Link
from xmreport.ledger.ledger import Drop, Extent, FileRecord, Ledger
from xmreport.ledger.originals import OriginalDamaged, Originals
from xmreport.ledger.schema import LedgerDamaged, LedgerError, LedgerOfAnotherVersion

__all__ = [
    "Drop",
    "Extent",
    "FileRecord",
    "Ledger",
    "LedgerDamaged",
    "LedgerError",
    "LedgerOfAnotherVersion",
    "Link",
    "OriginalDamaged",
    "Originals",
]
