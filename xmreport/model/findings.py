"""A finding is data: what is wrong, where, and the words a message needs. The text is made at the edge."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Any, Self

from msgspec import Struct

from xmreport.model.dormant import Dormant
from xmreport.model.text import to_json


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Finding(Struct, frozen=True):
    """One fault in a unit's data. `code` is in the catalogue of `messages`; `words` fills its sentence."""

    code: str
    severity: Severity
    sheet: str | None = None
    cell: str | None = None
    field: str | None = None
    value: str | None = None
    words: Mapping[str, str] = {}

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR


class Findings(Dormant[Finding]):
    """The findings of a receipt. In the ledger they are one text, read when asked for and not kept: few ever ask."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self._given: tuple[Finding, ...] | None = tuple(findings)

    @classmethod
    def of(cls, findings: Sequence[Finding]) -> Findings:
        """Any findings in this way."""
        return findings if isinstance(findings, Findings) else cls(findings)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `text`."""
        findings = cls.__new__(cls)
        vars(findings).update(_given=None, text=text)
        return findings

    @cached_property
    def text(self) -> str:
        """JSON: a list of objects."""
        return to_json([_as_object(finding) for finding in self._items])

    @property
    def _items(self) -> tuple[Finding, ...]:
        return tuple(map(_read, json.loads(self.text))) if self._given is None else self._given


def _read(said: Mapping[str, Any]) -> Finding:
    return Finding(**{**said, "severity": Severity(said["severity"])})


def _as_object(finding: Finding) -> dict[str, Any]:
    said = {
        "code": finding.code,
        "severity": finding.severity.value,
        "sheet": finding.sheet,
        "cell": finding.cell,
        "field": finding.field,
        "value": finding.value,
        "words": dict(finding.words) or None,
    }
    return {key: value for key, value in said.items() if value is not None}
