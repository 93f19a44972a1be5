"""A sequence that rests as one text: between processes and in the ledger it is that, and it is read when asked for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import TypeVar, overload

Item = TypeVar("Item")


class Dormant(Sequence[Item]):
    """What rests is `text`; what it says are `_items`."""

    @property
    @abstractmethod
    def text(self) -> str: ...

    @property
    @abstractmethod
    def _items(self) -> tuple[Item, ...]: ...

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    @overload
    def __getitem__(self, at: int) -> Item: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Item]: ...

    def __getitem__(self, at: int | slice) -> Item | Sequence[Item]:
        return self._items[at]

    def __eq__(self, other: object) -> bool:
        return self._items == tuple(other) if isinstance(other, Dormant | tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return repr(self._items)
