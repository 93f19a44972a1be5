"""The words with which a clerk says that there is nothing: to report (M46), or to settle (M23)."""

from __future__ import annotations

import re

from xmreport.forms.cleaning import half_width, is_blank

_WHOSE = r"(?:[\u4e00-\u9fff]{1,12}?(?:镇|乡|街道|局|中心|办|委|会|院|校|公司))?"
_WHEN = (
    r"(?:(?:本|我|该)(?:期|周|月|季度|年度|次|单位|部门|局|镇|乡|街道|中心)|\d{4}年度?|\d{1,2}月份?|第?[一二三四1-4]季度)*"
    r"(?:截至)?(?:暂时?|目前)?"
)
_WHAT = (
    r"(?:\d{4}年度?|新建|新增问题|新增|新上|新签约|新开工|计划|谋划|招商|引资|签约|落地|竣工|复工|在建|拟新建|拟建|续建"
    r"|储备|未开工|已开工|开复工|开工|未入统|未按序时进度|房建|工程|双?包联|包保|堵点|以上|上述|特殊"
    r"|重大|重点|产业|省|市|县|级|政府|投资|建设|前期|手续|符合|条件|要求"
    r"|的|此类|该类|这类|相关|有关|任何|其他|具体|需要?|应|可|上报|报送|填报|申报|报|调度|协调|解决|办理|纳入|入库|入统|范围内?"
    r"|项目|情况|内容|任务|事项|议题|数据)*"
)
"""What a nil report may say there is none of: in other words 无 begins a matter, such as 无建设用地指标."""
_NIL = re.compile(
    rf"^[(【\[]?{_WHOSE}{_WHEN}(?:零报告|零申报|零上报"
    rf"|(?:无|没有)(?!变化|进展|更新|变动|调整|问题|异常|困难){_WHAT}(?=$|[)】\].。,;!]))"
)
_MAYBE_NIL = re.compile(
    r"(?:无(?![害线人障纺机])|没有)[^,。;]{0,16}(?:项目|新增|新建|内容|报送|上报|情况|问题|事项|任务)[。!]?$"
)
_EXCUSED = re.compile(r"请|如|若|应|须|的,|[写填][\"“「]?零报告|填写|写明|注明")
"""Words of an instruction: a note that tells how to report nothing reports nothing itself."""
_NO_MATTER = re.compile(
    r"(?:(?:暂时?|目前|现|均)?(?:(?:无|没有|不存在|未发现)(?:任何|其他|需要?)?|(?:无需|不需要?)(?=协调|解决))"
    r"(?:协调|解决)*的?(?:问题|事项|困难)?|否|N/?A|×)[。.!]?",
    re.IGNORECASE,
)
_LONGEST_NO_MATTER = 16
_OPENINGS = frozenset("一〇空暂目现均无無没沒不未否DdNnＮｎ×")
"""How a text that says nothing may begin where it begins with a letter."""


def says_nil(text: str) -> bool:
    """Whether a text of half-width characters says that there is nothing to report."""
    return bool(_NIL.match(text) or "零报告" in text) and not _EXCUSED.search(text)


def may_say_nil(text: str) -> bool:
    """Whether it may mean that, where nothing else is written."""
    return bool(_MAYBE_NIL.search(text)) and not _EXCUSED.search(text)


def says_nothing(text: str) -> bool:
    """Whether the text of a cell, as a whole, is blank, a mark for nothing, or says 暂无问题, 无需协调."""
    # A letter at the front nearly always tells at once.
    if text and (first := text[0]).isalnum() and first not in _OPENINGS:
        return False
    if is_blank(text):
        return True
    return len(text) <= _LONGEST_NO_MATTER and bool(_NO_MATTER.fullmatch(half_width(text).replace(" ", "")))
