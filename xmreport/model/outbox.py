"""What the engine itself calls things in a county's outbox: no task and no workbook of a rule file may be called so."""

from __future__ import annotations

RETURNED, BLANKS, PROOFS = "退回", "空白表", "收件证明"
"""Folders beside those of the tasks."""
OVERVIEW = "总览"
"""The workbook beside them."""
REGISTER, COMPARISON, BULLETIN, TARGETS = "报送情况及迟报名单", "核对与变化", "通报", "目标完成情况表"
"""Workbooks of a period, besides the summary of its form."""


def summary_name(form: str) -> str:
    """The workbook of a form's summary."""
    return f"{form}汇总表"


def notices_name(docket: str) -> str:
    """The workbook of a docket's notices."""
    return f"{docket.removesuffix('台账')}通知书"
