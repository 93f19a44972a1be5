"""docs/通知落实表.md: one row for each duty of each notice, none empty, and all that it names is there."""

import re
from pathlib import Path

import pytest
from building import RULES

from xmreport.rulebook.loading.folder import load_rulebook

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "通知落实表.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("|") and not line.startswith(("|---", "| 条款"))
]
BOOK = load_rulebook(RULES)
SECTIONS = {
    "任务": lambda county: county.tasks,
    "报表": lambda county: county.forms,
    "指标": lambda county: county.indicators,
    "清单": lambda county: {each.rules.name for each in county.lists},
    "台账": lambda county: county.dockets,
    "通报": lambda county: county.file.bulletins,
    "上报": lambda county: {each.name for each in county.file.upward},
}


def test_no_row_is_empty():
    assert len(ROWS) > 80
    assert [row for row in ROWS if len(row) != 5 or not all(row)] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[2].strip('`')}-{row[0]}")
def test_the_rule_and_the_test_that_a_row_names_are_there(row):
    key, section, name = row[2].strip("`").split(" ")
    assert name in SECTIONS[section](BOOK.counties[key])
    assert (ROOT / "tests" / row[4].strip("`")).is_file()


@pytest.mark.parametrize("key", ["guxian", "huozhou", "linxian", "qinshui", "zhangzi"])
def test_every_task_target_list_and_docket_cites_a_clause_of_its_notice_or_says_it_is_the_office_s(key):
    file = BOOK.counties[key].file
    cited = [*file.tasks.values(), *file.targets, *file.lists, *file.dockets.values(), *file.bulletins.values()]
    sources = [each.source for each in cited] + [form.source for form in file.forms.values()]
    assert [text for text in sources if not re.search("[一二三四五六].*、?|本办设定", text)] == []


@pytest.mark.parametrize("key", ["guxian", "huozhou", "linxian", "qinshui", "zhangzi"])
def test_every_task_list_and_docket_of_a_county_stands_in_the_table_or_beside_one_that_does(key):
    county = BOOK.counties[key]
    told = {tuple(row[2].strip("`").split(" ")) for row in ROWS}
    books = {each.rules.workbook for each in county.lists}
    named = {each.rules.workbook for each in county.lists if (key, "清单", each.rules.name) in told}
    assert books - named <= {each.rules.workbook for each in county.lists if each.rules.workbook in PAGE}
    assert [name for name in county.dockets if (key, "台账", name) not in told] == []
