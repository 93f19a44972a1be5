"""Who belongs to a county: units with their aliases, and which unit a name means, never by likeness."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from functools import cached_property

from msgspec import Struct
from pydantic import Field, model_validator

from xmreport.rulebook.files.words import Day, FileName, Rules, wrong
from xmreport.rulebook.names import key_of


class Unit(Rules):
    """One unit of the roster, with the days between which it exists."""

    name: FileName = Field(alias="名称", min_length=1)
    aliases: tuple[str, ...] = Field(alias="别名", default=())
    since: Day | None = Field(alias="自", default=None)
    until: Day | None = Field(alias="至", default=None)

    @model_validator(mode="before")
    @classmethod
    def _bare_name(cls, value: object) -> object:
        return {"名称": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _ordered(self) -> Unit:
        if self.since and self.until and self.since > self.until:
            raise wrong("“自”不晚于“至”的起止")
        return self

    def exists(self, day: dt.date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class Roster(Struct, frozen=True, dict=True):
    """All units of a county in the order of its rule file, by category."""

    county: str
    categories: dict[str, tuple[Unit, ...]]

    @property
    def units(self) -> Iterable[Unit]:
        return (unit for units in self.categories.values() for unit in units)

    @property
    def names(self) -> list[str]:
        return [unit.name for unit in self.units]

    @cached_property
    def order(self) -> dict[str, int]:
        return {unit.name: index for index, unit in enumerate(self.units)}

    def place(self, name: str) -> int:
        """Where a unit stands among them; what is no unit of theirs behind all."""
        return self.order.get(name, len(self.order))

    @cached_property
    def by_name(self) -> dict[str, Unit]:
        return {unit.name: unit for unit in self.units}

    @cached_property
    def category_of(self) -> dict[str, str]:
        return {unit.name: category for category, units in self.categories.items() for unit in units}

    @cached_property
    def _index(self) -> dict[str, str | None]:
        """Name as compared → unit; None where two units could be meant. Written names beat derived ones."""
        index: dict[str, str | None] = {}
        for written in (True, False):
            owners_of: dict[str, set[str]] = {}
            for unit in self.units:
                for name in (unit.name, *unit.aliases):
                    for made in {key_of(name)} if written else self._derived(key_of(name)):
                        owners_of.setdefault(made, set()).add(unit.name)
            for name, owners in owners_of.items():
                index.setdefault(name, owners.pop() if len(owners) == 1 else None)
        return index

    def _derived(self, name: str) -> set[str]:
        """The county's own name, or 县 or 市, dropped from the front of a unit's name or put there (M30).

        Dropped or put, never exchanged: 市住建局 in a county is the city's office, not the county's.
        """
        own = {self.county, self.county.removesuffix("市")}
        for front in (*sorted(own, key=len, reverse=True), "县", "市"):
            if name.startswith(front):
                bare = name.removeprefix(front)
                return {made for made in (bare, *(o + bare for o in own), *(o + name for o in own)) if len(bare) > 1}
        return {front + name for front in (*own, "县", "市")}

    def nearest(self, name: str) -> list[str]:
        """The three units that are called most like this: suggested, never taken."""
        from rapidfuzz import fuzz, process  # only for what is not written as expected

        return [found for found, _, _ in process.extract(name, list(self.order), scorer=fuzz.ratio, limit=3)]

    def resolve(self, text: str) -> str | None:
        """The unit a name means, or None where no unit or more than one could be meant."""
        name = key_of(re.sub(r"[（(](?:盖章|公章|章)[）)]", "", text))
        return self._index.get(name)

    def named_in(self, text: str) -> set[str]:
        """The units whose names stand in a longer text, such as a file name; the longest match wins its place."""
        rest, found = key_of(text), set()
        for length in self._lengths:
            parts = {rest[at : at + length] for at in range(len(rest) - length + 1)}
            for name in sorted(parts & self._index.keys(), key=self._places.__getitem__):
                unit = self._index[name]
                if unit and name in rest:
                    found.add(unit)
                    rest = rest.replace(name, "\n")
        return found

    @cached_property
    def _lengths(self) -> list[int]:
        """How long names are, the longest first; of one letter they are found in no text."""
        return sorted({len(name) for name in self._index} - {0, 1}, reverse=True)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self._index)}
