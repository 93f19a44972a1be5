"""Which of several tasks for documents a file is for, when more than one is open on the day it comes."""

import pytest
from conftest import RULES, Office

from xmreport.model.receipts import Outcome

MINUTES = """  联席会议纪要:
    文档: 会议纪要
    时限: 每月最后一个工作日 17:00
    起止: 2022-12-01 至 2023-03-31
    应报单位: [部门, 乡镇]
    报送至: 县发改局
    出处: 七
"""
DOCUMENT = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture
def place(tmp_path):
    """An office to which units owe minutes every month, and in February a summary of the campaign."""
    return Office(tmp_path / "place", RULES.replace("报表:\n  前期", MINUTES + "报表:\n  前期"))


@pytest.mark.parametrize(
    ("name", "moment", "task", "period"),
    [
        ("古阳镇活动总结.pdf", "2023-02-23 10:00", "活动总结", "2023-02-25"),
        ("古阳镇2月联席会议纪要.pdf", "2023-02-23 10:00", "联席会议纪要", "2023-02-28"),
        ("古阳镇材料.pdf", "2023-02-23 10:00", "联席会议纪要", "2023-02-28"),
        ("古阳镇活动总结（补报）.pdf", "2023-03-02 10:00", "活动总结", "2023-02-25"),
        ("古阳镇活动总结.pdf", "2023-01-10 10:00", "联席会议纪要", "2023-01-31"),
    ],
    ids=["summary", "minutes", "neither", "late", "too early"],
)
def test_a_document_goes_to_the_task_whose_word_stands_in_its_name(place, name, moment, task, period):
    receipt = place.send(f"古阳镇/{name}", DOCUMENT, moment)
    assert (receipt.outcome, receipt.task, receipt.period) == (Outcome.ACCEPTED, task, period)
