"""Troubles that last: said when they begin, not at every look, and again when they are over."""

from __future__ import annotations

import logging
from collections.abc import Iterable

log = logging.getLogger("xmreport")


class Lasting:
    """What is wrong at the moment: said when it begins, not at every look, and again when it is over."""

    def __init__(self) -> None:
        self._about: set[str] = set()

    def tell(self, about: str, text: str, error: BaseException | None = None) -> None:
        if about not in self._about:
            log.error("%s", text, exc_info=error)
            self._about.add(about)

    def keep(self, kind: str, about: Iterable[str]) -> None:
        """Of this kind only these are still so. That it is over is said once none of the kind is left."""
        told = {each for each in self._about if each.startswith(kind)}
        left = told.intersection(about)
        self._about -= told - left
        if told and not left:
            log.warning("%s已恢复正常。", kind.strip())
