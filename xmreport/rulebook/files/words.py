"""How single words of a rule file become values: every scalar arrives as the text that was written."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.json_schema import WithJsonSchema
from pydantic_core import PydanticCustomError

_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(?:CON|PRN|AUX|NUL|COM[0-9¹²³]|LPT[0-9¹²³])(?:\..*)?", re.IGNORECASE)
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_DAY = re.compile(r"(\d{4})\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})\s*日?")


class Rules(BaseModel):
    """The base of every model of a rule file: Chinese keys, nothing unknown, nothing changed after loading."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        defer_build=True,
        validate_by_name=True,
        validate_by_alias=True,
        str_strip_whitespace=True,
    )


def wrong(expected: str) -> PydanticCustomError:
    """An error whose text says what should stand there."""
    return PydanticCustomError("rule", "{expected}", {"expected": expected})


def _yes_no(value: object) -> object:
    words = {"是": True, "否": False, True: True, False: False}
    if value in words:
        return words[value]
    raise wrong("“是”或“否”")


def read_day(text: str) -> dt.date | None:
    """A day as an office writes it in a rule: 2022-12-7, 2022年12月7日, 2022.12.7."""
    match = _DAY.fullmatch(text.strip())
    try:
        return dt.date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def _day(value: object) -> object:
    if isinstance(value, dt.date):
        return value
    day = read_day(value) if isinstance(value, str) else None
    if day is None:
        raise wrong("日期，如 2022-12-09")
    return day


def _whole(value: object) -> object:
    if isinstance(value, int):
        return value
    match = re.fullmatch(r"(\d+)\s*[个天期秒次]?", ungrouped(value)) if isinstance(value, str) else None
    if not match:
        raise wrong("整数，如 3")
    return int(match.group(1))


def _region(value: object) -> object:
    """Full-width digits are meant as digits; they would match no project's code."""
    code = unicodedata.normalize("NFKC", value).strip() if isinstance(value, str) else ""
    if not re.fullmatch("[0-9]{6}", code):
        raise wrong("六位数字，如 141025")
    return code


def _code(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch("[A-Z][0-9]{2}", value.strip()):
        raise wrong("一个大写字母加两位数字，如 R90")
    return value


def _file_name(text: str) -> str:
    if not text or text != text.strip(". ") or _UNSAFE.search(text) or _RESERVED.fullmatch(text):
        raise wrong('能作文件名的名称：不含 \\ / : * ? " < > |，前后没有点和空格，不是 Windows 自用的名称（如 CON）')
    return text


def ungrouped(text: str) -> str:
    """A number without the commas that group its digits."""
    return _GROUPED.sub("", text.strip())


YesNo = Annotated[bool, BeforeValidator(_yes_no), WithJsonSchema({"enum": ["是", "否"]})]
Day = Annotated[dt.date, BeforeValidator(_day), WithJsonSchema({"type": "string", "pattern": r"^\d{4}"})]
Whole = Annotated[int, BeforeValidator(_whole), WithJsonSchema({"type": ["string", "integer"]})]
Positive = Annotated[Whole, Field(ge=1)]
FileName = Annotated[str, AfterValidator(_file_name)]
Region = Annotated[str, BeforeValidator(_region), WithJsonSchema({"type": ["string", "integer"]})]
Code = Annotated[str, BeforeValidator(_code), WithJsonSchema({"type": "string", "pattern": "^[A-Z][0-9]{2}$"})]


class Amount(Rules):
    """A target's figure: `70%` is 0.7 of unit %, `260亿元` is 260 of unit 亿元, `40个` is 40 of unit 个."""

    figure: float
    unit: str

    @classmethod
    def read(cls, value: object) -> object:
        if isinstance(value, Amount):
            return value
        text = ungrouped(value) if isinstance(value, str) else ""
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(%|％|个|亿元|万元|项|家)", text)
        if not match:
            raise wrong("带单位的数，如 70%、40个、260亿元")
        figure, unit = float(match.group(1)), match.group(2).replace("％", "%")
        return cls(figure=figure / 100 if unit == "%" else figure, unit=unit)

    def __str__(self) -> str:
        figure = self.figure * 100 if self.unit == "%" else self.figure
        return f"{round(figure, 6):.12g}{self.unit}"


AmountText = Annotated[Amount, BeforeValidator(Amount.read), WithJsonSchema({"type": "string"})]


class Window(Rules):
    """From a first to a last day, both included: `2022-12-07 至 2023-02-20`."""

    first: dt.date
    last: dt.date

    @classmethod
    def read(cls, value: object) -> object:
        if isinstance(value, Window):
            return value
        days = [read_day(part) for part in re.split("至|到|~|—", value)] if isinstance(value, str) else []
        if len(days) != 2 or days[0] is None or days[1] is None or days[0] > days[1]:
            raise wrong("起止两个日期，先起后止，如 2022-12-07 至 2023-02-20")
        return cls(first=days[0], last=days[1])


WindowText = Annotated[Window, BeforeValidator(Window.read), WithJsonSchema({"type": "string"})]
