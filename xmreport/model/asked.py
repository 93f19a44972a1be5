"""Columns that are made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

Made_co = TypeVar("Made_co", covariant=True)


class AsAsked(Mapping[str, Made_co], Generic[Made_co]):
    """Columns by name, each made once, when it is first asked for."""

    def __init__(self, makers: Mapping[str, Callable[[], Made_co]]) -> None:
        self._makers = makers
        self._made: dict[str, Made_co] = {}

    def __getitem__(self, name: str) -> Made_co:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)
