"""What is wrong in a rule file, where, and what should stand there: one clear Chinese line each."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from msgspec import Struct
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from xmreport.rulebook.files.wording import EXPECTED

if TYPE_CHECKING:  # a source reports its own faults, so it imports this module
    from xmreport.rulebook.files.source import RuleSource

Model = TypeVar("Model", bound=BaseModel)
Tree = None | str | list["Tree"] | dict[str, "Tree"]
Place = tuple[str | int, ...]
"""Where a value stands: the keys and list indices that lead to it."""


class Position(NamedTuple):
    """1-based, as editors show it."""

    line: int
    column: int


class RuleFault(Struct, frozen=True):
    """One fault of a rule file.

    `expected` is what should stand there and is read after 应为; a whole sentence, ending in 。, stands for itself.
    """

    file: str
    line: int
    column: int
    path: str
    found: str
    expected: str

    def __str__(self) -> str:
        place = f"{self.file} 第{self.line}行第{self.column}列"
        says = f"写的是“{self.found}”；" if self.found else ""
        whole = self.expected.endswith("。") or self.expected.startswith("应")
        return f"{place}{' ' if self.path else ''}{self.path}：{says}{'' if whole else '应为'}{self.expected}"


class RulesBroken(Exception):
    """The rules of a county cannot be used; `faults` says all that is wrong."""

    def __init__(self, faults: Iterable[RuleFault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.faults)

    def __str__(self) -> str:
        return "\n".join(map(str, self.faults))


def spoken(place: Place) -> str:
    """A place as a clerk reads it: 任务 › 前期手续办理周报 › 第3项."""
    return " › ".join(f"第{step + 1}项" if isinstance(step, int) else step for step in place)


def show(value: Tree) -> str:
    """A value in a few words, for a fault."""
    if value is None:
        return "（空）"
    if isinstance(value, dict):
        text = "{" + ", ".join(f"{key}: …" for key in value) + "}"
    elif isinstance(value, list):
        text = "[" + ", ".join(item if isinstance(item, str) else "…" for item in value) + "]"
    else:
        text = " ".join(value.split()) or "''"
    return text if len(text) <= 40 else text[:39] + "…"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like this one, as a suggestion only."""
    from rapidfuzz import fuzz, process  # only for rules that hold a fault

    found = process.extractOne(word, sorted(known), scorer=fuzz.ratio, score_cutoff=50)
    return found[0] if found else None


def validate(model: type[Model], source: RuleSource, at: Place = ()) -> tuple[Model | None, list[RuleFault]]:
    """The source (or its part at `at`) as a model, or all that is wrong with it, in the order of the file."""
    if source.data is None and source.faults:  # it could not be read at all, and says so itself
        return None, []
    try:
        return model.model_validate(source.at(at)), []
    except ValidationError as error:
        wrongs = [_locate(model, source, at, details) for details in error.errors(include_url=False)]
    faults = [_fault(source, group) for group in _grouped(wrongs)]
    return None, sorted(faults, key=lambda fault: (fault.line, fault.column))


class _Wrong(Struct, frozen=True):
    """One pydantic error at its place in the file; `key` where the key and not the value is at fault."""

    place: Place
    key: bool
    found: str | None
    expected: str
    wrong_kind: bool


def _locate(model: type[BaseModel], source: RuleSource, at: Place, error: ErrorDetails) -> _Wrong:
    """Walk the data along the error's location, past what only names a branch of a union."""
    place, landed = at, True
    for step in error["loc"]:
        landed = step == "[key]" or (*place, step) in source.positions
        if landed and step != "[key]":
            place = (*place, step)
    kind, last = error["type"], error["loc"][-1:]
    if kind == "extra_forbidden":
        return _Wrong(place, landed, str(last[0]), _unknown(str(last[0]), _allowed(model, error["loc"][:-1])), False)
    if kind == "missing":
        return _Wrong(place, True, "", f"这里缺少“{last[0]}”这一项。", False)
    key = last == ("[key]",)
    return _Wrong(place, key, str(place[-1]) if key and place else None, _translate(error), kind.endswith("_type"))


def _grouped(wrongs: Sequence[_Wrong]) -> list[list[_Wrong]]:
    """One group a place: the branches of a union each complain about the same value.

    Where one branch went deeper into the value, the others' complaint that it is another kind of thing says nothing.
    """
    groups: dict[tuple[Place, bool, str | None], list[_Wrong]] = {}
    for wrong in wrongs:
        deeper = any(len(w.place) > len(wrong.place) and w.place[: len(wrong.place)] == wrong.place for w in wrongs)
        missing = any(w.place == wrong.place and w.found == "" for w in wrongs)
        if not (wrong.wrong_kind and (deeper or missing)):
            about = wrong.expected if wrong.found == "" else wrong.found
            groups.setdefault((wrong.place, wrong.key, about), []).append(wrong)
    return list(groups.values())


def _fault(source: RuleSource, group: Sequence[_Wrong]) -> RuleFault:
    first = group[0]
    phrases = [wrong.expected.removesuffix("。") for wrong in group]
    expected = "；或".join(dict.fromkeys(phrases))
    whole = "。" if first.expected.endswith("。") else ""
    return source.fault(first.place, expected + whole, first.found, key=first.key)


def _unknown(key: str, allowed: Sequence[str]) -> str:
    close = nearest(key, allowed)
    hint = f"是不是“{close}”？" if close else ""
    return f"没有这一项；{hint}这里可写：{'、'.join(allowed)}。" if allowed else "这里没有这一项。"


def _allowed(model: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    """The keys that may stand at an error's location, by the models' own aliases."""
    kinds: list[Any] = [model]
    for step in loc:
        inner = [kind for outer in _unwrapped(kinds) for kind in _inside(outer, step)]
        kinds = inner or kinds
    models = [kind for kind in _unwrapped(kinds) if _is_model(kind)]
    return list(dict.fromkeys(info.alias or name for kind in models for name, info in kind.model_fields.items()))


def _unwrapped(kinds: Iterable[Any]) -> list[Any]:
    """The same types without Annotated, Optional and unions around them."""
    plain: list[Any] = []
    for kind in kinds:
        if typing.get_origin(kind) is typing.Annotated:
            plain += _unwrapped(typing.get_args(kind)[:1])
        elif typing.get_origin(kind) in (typing.Union, types.UnionType):
            plain += _unwrapped(typing.get_args(kind))
        else:
            plain.append(kind)
    return plain


def _inside(kind: Any, step: int | str) -> list[Any]:
    """What a type holds at one step of a location: nothing where the step names a branch of a union."""
    if _is_model(kind):
        return [field.annotation for name, field in kind.model_fields.items() if step in (name, field.alias)]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return list(arguments[1:])
    return [a for a in arguments if a is not Ellipsis] if isinstance(step, int) else []


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _translate(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    if error["type"] in ("value_error", "assertion_error"):
        return f"{str(context.get('error') or '写法不对').removesuffix('。')}。"
    template = EXPECTED.get(error["type"])
    if template is None:  # a validator's own error, in its own words
        return error["msg"]
    words = {name: _choices(str(value)) for name, value in context.items()}
    if "discriminator" in words:  # 'kind' | '类': the clerk's own word is the last
        words["discriminator"] = f"“{words['discriminator'][1:-1].split('”、“')[-1]}”"
    close = nearest(str(error["input"]), words["expected"][1:-1].split("”、“")) if "expected" in words else None
    return template.format(**words) + (f"（是不是“{close}”？）" if close else "")


def _choices(text: str) -> str:
    """The list of choices, 'a', 'b' or 'c', in Chinese: “a”、“b”、“c”. Other text stays as it is."""
    quoted = re.findall(r"'((?:[^'\\]|\\.)*)'", text)
    return "、".join(f"“{choice}”" for choice in quoted) if quoted else text
