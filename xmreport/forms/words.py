"""Cells that hold words of a known kind: choices, codes, units, year ranges, telephones."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rapidfuzz import fuzz, process

from xmreport.forms.cleaning import UNDECIDED, clean, half_width, shown
from xmreport.forms.reading import Reading, error, warning
from xmreport.model.grid import Scalar
from xmreport.rulebook.form import Column
from xmreport.rulebook.names import key_of
from xmreport.rulebook.roster import Roster

_DATE_IN_STATUS = re.compile(r"[（(\[]?\s*(\d{4}\s*[年./-]\s*\d{1,2}(?:\s*[月./-]\s*\d{1,2}\s*日?)?月?)\s*[）)\]]?")
_CODE = re.compile(r"\d{2}(\d{2})-(\d{6})-\d{2}-\d{2}-\d{5}[\dA-Z]")
_OLD_CODE = re.compile(r"[\dA-Z]+(?:-[\dA-Z]+)+|[\dA-Z]{8,}")
_YEARS = re.compile(r"(\d{4})(年?(?:[./-]?\d{1,2}月?)?)[-~—–/至到]+(\d{4})(年?(?:[./-]?\d{1,2}月?)?)年?")
_PHONE = re.compile(r"1\d{10}|(?:0\d{2,3}-?)?\d{7,8}(?:-\d{1,6})?|\d{5,6}")


def read_choice(value: Scalar, column: Column, meanings: Mapping[str, str]) -> Reading:
    """One of the allowed values, however it is written (M22); a date beside it is split off (M56).

    Args:
        value: what stands in the cell.
        column: says what to do with a value that is not allowed.
        meanings: every way of writing an allowed value, as compared → that value.
    """
    text = shown(value)
    meant = meanings.get(key_of(text).upper())
    if meant:
        return Reading(meant)
    dated = _DATE_IN_STATUS.search(half_width(text))
    if dated:
        rest = _DATE_IN_STATUS.sub("", half_width(text)).strip(" ,，、于:：;；")
        meant = meanings.get(key_of(rest).upper())
        if meant:
            found = warning(meant, "V16", 读作=f"{meant}，{dated.group(1)}")
            return Reading(meant, found.remarks, beside=dated.group(1))
    if not meanings or column.others == "允许":
        return Reading(text)
    allowed = "、".join(dict.fromkeys(meanings.values()))
    near = process.extractOne(text, list(meanings), scorer=fuzz.ratio, score_cutoff=40)
    suggestion = f"，最接近的是“{meanings[near[0]]}”" if near else ""
    if column.others == "提醒":
        return warning(text, "V12", 可选=allowed, 建议=suggestion)
    return error("V11", 可选=allowed, 建议=suggestion)


def read_code(value: Scalar, region: str) -> Reading:
    """A 项目代码: time-region-department-type-number, 24 characters (M32)."""
    if isinstance(value, float) and abs(value) >= 1e15:
        return error("V15", 原因="代码按数值录入，后几位已丢失，请把单元格设为文本后重新填写")
    text = re.sub(r"\s", "", half_width(shown(value))).upper()
    text = re.sub(r"[—–‐‑‒―−_]+", "-", text)
    if re.fullmatch(r"\d{19}[\dA-Z]", text):
        text = "-".join((text[:4], text[4:10], text[10:12], text[12:14], text[14:]))
    match = _CODE.fullmatch(text)
    if match:
        month, written = int(match.group(1)), match.group(2)
        if not 1 <= month <= 12:
            return error("V15", 原因=f"前四位是年月，“{text[:4]}”的月份不存在")
        return Reading(text) if _covers(written, region) else warning(text, "V18", 应为=region, 写的=written)
    if UNDECIDED.search(text) or re.search(r"待赋码|未赋码|办理中|正在办理|申请中|无代码", text):
        return warning(None, "V09")
    if _OLD_CODE.fullmatch(text):
        return warning(text, "V19")
    return error("V15", 原因="应为24位，如 2211-141025-89-01-123456")


def _covers(written: str, region: str) -> bool:
    """The county's own code, or that of the city or province above it."""
    return written in {region, region[:4] + "00", region[:2] + "0000"}


def read_unit(value: Scalar, roster: Roster) -> Reading:
    """A unit by the roster's names and aliases; of two in one cell the first leads (M30, M59)."""
    text = shown(value)
    whole = roster.resolve(text)
    if whole:
        return Reading(whole)
    named = [part for part in re.split(r"[、,，;；/\n]|\s{2,}", text) if part.strip()]
    if len(named) > 1:
        first = roster.resolve(named[0]) or named[0].strip()
        return warning(first, "V20", 牵头=first)
    return warning(clean(text), "V21")


def read_years(value: Scalar) -> Reading:
    """建设起止年限, kept as `2023-2025` (M16)."""
    text = re.sub(r"\s", "", half_width(shown(value)))
    match = _YEARS.fullmatch(text)
    if match:
        first, _, last, _ = match.groups()
        if first > last:
            return error("V13")
        return Reading(f"{first}-{last}" if len(text) <= len("2023年-2025年") else text)
    if re.fullmatch(r"\d{4}年?", text):
        return Reading(text.removesuffix("年"))
    return warning(clean(shown(value)), "V22")


def read_phone(value: Scalar) -> Reading:
    """One or several telephone numbers; a number that lost digits is an error (M19)."""
    if isinstance(value, float) and not value.is_integer():
        return error("V23")
    text = half_width(shown(value))
    if re.search(r"\d[eE]\+?\d", text) or (isinstance(value, float) and text.endswith("0000000")):
        return error("V23")
    numbers = [part for part in re.split(r"[、,;/\s]+", text) if part]
    if all(_PHONE.fullmatch(number) for number in numbers):
        return Reading("、".join(numbers))
    return warning(clean(text), "V24")
