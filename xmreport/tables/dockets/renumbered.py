"""What an edit of the rules does to a docket: matters with another number, matters gone, matters that stand twice."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from xmreport.rulebook.book import Docket
from xmreport.rulebook.form import Form
from xmreport.rulebook.identity import name_key
from xmreport.tables.dockets.entry import Entry
from xmreport.tables.dockets.matters import telling_columns


class Numbered(Struct, frozen=True):
    """A matter under one set of rules, with what it is found again by under another."""

    number: str | None
    name: str
    words: tuple[str, ...]
    """What it is about, as compared."""
    opened: tuple[object, ...]
    """The line that opened it: its return, place and words."""

    def __str__(self) -> str:
        return f"{self.number}（{self.name}）" if self.number else self.name


class Renumbered(Struct, frozen=True):
    """A docket under the rules before an edit and after it."""

    moved: tuple[tuple[Numbered, Numbered], ...]
    """Matters whose number is another one."""
    gone: tuple[Numbered, ...]
    double: tuple[Numbered, ...]
    """Entries made of matters that have one already."""


def numbered(docket: Docket, form: Form, entries: Sequence[Entry]) -> list[Numbered]:
    """A docket's entries, ready to be compared."""
    columns = telling_columns(docket, form)
    found = []
    for entry in entries:
        said = entry.opened
        first = tuple(_word(said.keys.values.get(name)) for name in columns)
        words = tuple(_word(entry.values.get(name)) for name in columns)
        name = str(entry.values.get(form.file.name_column) or said.unit)
        found.append(Numbered(entry.number, name, words, (said.receipt.seq, said.row.sheet, said.row.row, first)))
    return found


def compare(before: Sequence[Numbered], after: Sequence[Numbered]) -> Renumbered:
    """Matters are the same where the same line opened them, else where they are about the same."""
    pairs, old, new = _paired(before, after, [each.opened for each in before], [each.opened for each in after])
    more, gone, new = _paired(old, new, [each.words for each in old], [each.words for each in new])
    places = {id(each): at for at, each in enumerate(before)}
    found = sorted([*pairs, *more], key=lambda pair: places[id(pair[0])])
    numbers = {each.number for each in before if each.number}
    words = {each.words for each in before if all(each.words)}
    return Renumbered(
        moved=tuple((was, now) for was, now in found if was.number != now.number),
        gone=tuple(gone),
        double=tuple(each for each in new if each.number in numbers or each.words in words),
    )


def _paired(
    old: Sequence[Numbered], new: Sequence[Numbered], old_keys: Sequence[object], new_keys: Sequence[object]
) -> tuple[list[tuple[Numbered, Numbered]], list[Numbered], list[Numbered]]:
    """Those of equal keys, each once, and what is left on both sides."""
    waiting: dict[object, list[Numbered]] = {}
    for key, each in zip(new_keys, new, strict=True):
        waiting.setdefault(key, []).append(each)
    pairs, left = [], []
    for key, each in zip(old_keys, old, strict=True):
        if waiting.get(key):
            pairs.append((each, waiting[key].pop(0)))
        else:
            left.append(each)
    return pairs, left, [each for own in waiting.values() for each in own]


def _word(value: object) -> str:
    return name_key(str(value or ""))
