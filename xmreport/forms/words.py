"""Cells that hold words of a known kind: choices, codes, units, year ranges, telephones."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec.structs import replace

from xmreport.forms.cleaning import UNDECIDED, clean, half_width, shown
from xmreport.forms.reading import Reading, error, warning
from xmreport.model.grid import Scalar
from xmreport.rulebook.form import Column
from xmreport.rulebook.names import key_of
from xmreport.rulebook.roster import Roster

_LEADING_CODE = re.compile(r"^\d{1,3}\s*[-—–、.．]\s*")
_STATUS_AND_DATE = re.compile(
    r"(?P<status>[^\d(\[]+?)[\s(\[,、:;于]*(?P<date>(?:预计|计划|拟)?(?:于|在)?\d[\d年月日号底前初中上下旬./\-\s]*)"
    r"[\s)\]。.]*"
)
_LONGEST_STATUS = 60
_ALIKE = 60
"""Likeness from which an allowed value is suggested: below it 办完了 would be taken for 交办."""
_DATE_AND_STATUS = re.compile(r"(?P<date>\d[\d年月日号./\-\s]*)[\s)\],、:;]*(?P<status>[^\d]+)")
_CODE = re.compile(r"\d{2}(\d{2})-(\d{6})-\d{2}-\d{2}-\d{5}[\dA-Z]")
_BARE_CODE = re.compile(r"\d{19}[\dA-Z]")
_FIGURES = str.maketrans("LIO", "110")
"""Letters typed for the figures they look like (M31)."""
_MONTHS = frozenset(f"{month:02d}" for month in range(1, 13))
_OLD_CODE = re.compile(r"[\dA-Z]+(?:-[\dA-Z]+)+|[\dA-Z]{8,}")
_SHAPED = re.compile(r"\d{4}-?\d{6}(?:-|\d{10})")
"""Begins like a code of today's shape: with too many or too few figures it is a wrong one, not an old one."""
_OLD_YEAR = re.compile(r"201[3-9]-")
"""Codes of those years begin with the year itself; no month has such a number."""
_YEARS = re.compile(r"(\d{4})(年?(?:[./-]?\d{1,2}月?)?)[-~—–/至到]+(\d{4})(年?(?:[./-]?\d{1,2}月?)?)年?")
_PHONE = re.compile(r"(?:\+?86-?)?1\d{10}|(?:\(0\d{2,3}\)|0\d{2,3}-?)?\d{7,8}(?:-\d{1,6})?|\d{5,6}")


def read_choice(value: Scalar, column: Column, meanings: Mapping[str, str]) -> Reading:
    """One of the allowed values, however it is written (M22); a date beside it is split off (M56).

    Args:
        value: what stands in the cell.
        column: says what to do with a value that is not allowed.
        meanings: every way of writing an allowed value, as compared → that value.
    """
    text = shown(value)
    meant = _meant(text, meanings)
    if meant:
        return Reading(meant)
    dated = _status_and_date(text, meanings)
    if dated:
        meant, date = dated
        return replace(warning(meant, "V16", 读作=f"{meant}，{date}"), beside=date)
    if not meanings or column.others == "允许":
        return Reading(text)
    allowed = "、".join(dict.fromkeys(meanings.values()))
    from rapidfuzz import fuzz, process  # only for what is not written as expected

    near = process.extractOne(text, list(meanings), scorer=fuzz.ratio, score_cutoff=_ALIKE)
    suggestion = f"，最接近的是“{meanings[near[0]]}”" if near else ""
    if column.others == "提醒":
        return warning(text, "V12", 可选=allowed, 建议=suggestion)
    return error("V11", 可选=allowed, 建议=suggestion)


def _meant(text: str, meanings: Mapping[str, str]) -> str | None:
    """The allowed value a text means, also behind a code (`01-新建`) or before a full stop (M18)."""
    for way in (text, _LEADING_CODE.sub("", half_width(text)), text.rstrip("。.；;，,")):
        meant = meanings.get(key_of(way).upper())
        if meant:
            return meant
    return None


def _status_and_date(text: str, meanings: Mapping[str, str]) -> tuple[str, str] | None:
    """`已办结（2022.11.3）` or `2022年11月3日已批`: the value, and the date as written."""
    plain = half_width(text) if len(text) <= _LONGEST_STATUS else ""
    for pattern in (_STATUS_AND_DATE, _DATE_AND_STATUS):
        match = pattern.fullmatch(plain)
        meant = _meant(match["status"].strip(), meanings) if match else None
        if match and meant and re.search(r"\d[年月./-]|\d{6}", match["date"]):
            return meant, match["date"].strip()
    return None


def read_code(value: Scalar, region: str) -> Reading:
    """A 项目代码: time-region-department-type-number, 24 characters (M32)."""
    if isinstance(value, float) and abs(value) >= 1e15:
        return error("V15", 原因="代码按数值录入，后几位已丢失，请把单元格设为文本后重新填写")
    if isinstance(value, str) and (whole := _CODE.fullmatch(value)) and whole[2] == region and whole[1] in _MONTHS:
        return Reading(value)
    plain = re.sub(r"\s", "", half_width(shown(value)))
    text = re.sub(r"[—–‐‑‒―−_]+", "-", plain.upper())
    bare = text.replace("-", "")
    if _BARE_CODE.fullmatch(bare):
        text = "-".join((bare[:4], bare[4:10], bare[10:12], bare[12:14], bare[14:]))
    match = _CODE.fullmatch(text)
    if match and not _OLD_YEAR.match(text):
        month, written = int(match.group(1)), match.group(2)
        if not 1 <= month <= 12:
            return error("V15", 原因=f"前四位是年月，“{text[:4]}”的月份不存在")
        return Reading(text) if _covers(written, region) else warning(text, "V18", 应为=region, 写的=written)
    letters = "、".join(dict.fromkeys(re.findall("[lLIiOo]", plain[:-1])))
    if letters and _BARE_CODE.fullmatch(bare[:-1].translate(_FIGURES) + bare[-1:]):
        return error("V15", 原因=f"里面的“{letters}”是字母，应为数字")
    if UNDECIDED.search(text) or re.search(r"待赋码|未赋码|办理中|正在办理|申请中|无代码", text):
        return warning(None, "V09")
    if _OLD_CODE.fullmatch(text) and (_OLD_YEAR.match(text) or not _SHAPED.match(text)):
        return warning(text, "V19")
    return error("V15", 原因="应为24位，如 2211-141025-89-01-123456")


def _covers(written: str, region: str) -> bool:
    """The county's own code, or that of the city or province above it; a city's, or one of its counties'."""
    below = region.endswith("00") and written.startswith(region[:4])
    return below or written in {region, region[:4] + "00", region[:2] + "0000"}


def read_unit(value: Scalar, roster: Roster) -> Reading:
    """A unit by the roster's names and aliases; of two in one cell the first leads (M30, M59)."""
    text = shown(value)
    whole = roster.resolve(text)
    if whole:
        return Reading(whole)
    listed = [part.strip() for part in re.split(r"[、,，;；/\n]|\s{2,}", text) if part.strip()]
    joined = [roster.resolve(part) for part in re.split(r"[\s和及与]", text)]
    first = roster.resolve(listed[0]) or listed[0] if len(listed) > 1 else joined[0]
    if len(listed) > 1 or (first and len(joined) > 1 and all(joined)):
        return warning(first, "V20", 牵头=str(first))
    return warning(clean(text), "V21")


def read_years(value: Scalar) -> Reading:
    """建设起止年限, kept as `2023-2025` (M16)."""
    text = re.sub(r"\s", "", half_width(shown(value)))
    match = _YEARS.fullmatch(text)
    if match:
        first, after_first, last, after_last = match.groups()
        months = [int(found.group()) if (found := re.search(r"\d+", part)) else 0 for part in (after_first, after_last)]
        if first > last or (first == last and all(months) and months[0] > months[1]):
            return error("V13")
        return Reading(text if any(months) else f"{first}-{last}")
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
    if _PHONE.fullmatch(whole := re.sub(r"\s", "", text)):
        return Reading(whole)
    numbers = [part for part in re.split(r"[、,;/\s]+", text) if part]
    if all(_PHONE.fullmatch(number) for number in numbers):
        return Reading("、".join(numbers))
    return warning(clean(text), "V24")
