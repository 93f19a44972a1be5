"""The one way in which reading fails."""

from __future__ import annotations


class ReadFailure(Exception):
    """A workbook that cannot be read: a short Chinese clause for the finding, and the finding's code."""

    def __init__(self, reason: str, code: str = "F03") -> None:
        super().__init__(reason, code)
        self.reason = reason
        self.code = code

    def __str__(self) -> str:
        return self.reason
