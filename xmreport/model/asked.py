"""Columns that are made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Generic, TypeVar

Made_co = TypeVar("Made_co", covariant=True)


class AsAsked(Mapping[str, Made_co], Generic[Made_co]):
    """Columns by name, each made once, when it is first asked for.

    Args:
        names: the columns that `make` makes of their names.
        own: further ones, or others in the place of those, each with a maker of its own.
    """

    def __init__(
        self,
        names: Collection[str],
        make: Callable[[str], Made_co],
        own: Mapping[str, Callable[[], Made_co]] = MappingProxyType({}),
    ) -> None:
        self._names, self._make, self._own = names, make, own
        self._made: dict[str, Made_co] = {}

    def __getitem__(self, name: str) -> Made_co:
        if name not in self._made:
            if name in self._own:
                self._made[name] = self._own[name]()
            elif name in self._names:
                self._made[name] = self._make(name)
            else:
                raise KeyError(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._names
        yield from (name for name in self._own if name not in self._names)

    def __len__(self) -> int:
        return sum(1 for _ in self)
