"""Commands that set an office up: the demo, a workspace, blank forms, its rules."""

from __future__ import annotations

from pathlib import Path

from xmreport.cli.asked import county_of, moment_of, say, sound, workspace_at
from xmreport.model.text import visible


def demo(_home: str | None, folder: Path) -> int:
    """演示：造一周真实样子的报送，让引擎真跑一遍，告诉您打开哪些表。"""
    from xmreport.demo import run_demo

    run_demo(folder)
    return 0


def init(_home: str | None, folder: Path) -> int:
    """建一个新的工作区，带上现成的规则和模板。"""
    from xmreport.workspace import create_workspace

    workspace = create_workspace(folder)
    print(f"已建好：{workspace.home}")
    print("下一步：把各单位的表放进 inbox/<县>/<单位>/，然后运行  xmreport run")
    return 0


def blanks(home: str | None, county: str, task: str | None, now: str | None) -> int:
    """给每个单位生成一份空白表：下拉选项、单位、期次都已填好。"""
    from xmreport.issue import issue_blanks
    from xmreport.printing import print_written

    workspace = workspace_at(home)
    rules = county_of(workspace, county)
    print_written(issue_blanks(workspace, rules, task, moment_of(now)))
    return 0


def rules_check(home: str | None) -> int:
    """核对规则文件：哪个文件、哪一行、错在哪里、应该怎么写。"""
    book = workspace_at(home).rulebook
    for fault in book.all_faults:
        print(fault)
    if book.all_faults:
        say(f"共 {len(book.all_faults)} 处，请改正后再运行一次。")
        return 2
    print(f"规则没有错：{'、'.join(county.name for county in book.counties.values())}。")
    return 0


def rules_schema(home: str | None) -> int:
    """写出规则文件的 JSON Schema，供编辑器提示用。"""
    from xmreport.rulebook.loading.schema import write_schemas

    for path in write_schemas(workspace_at(home).home / "rules" / "schema"):
        print(path)
    return 0


def rules_diff(home: str | None, as_of: str | None) -> int:
    """改规则前看影响：现在的规则与上次出表时的规则相比，已出的表会变什么。"""
    from xmreport.differ import changes
    from xmreport.ledger import Ledger

    workspace = workspace_at(home)
    moment = moment_of(as_of)
    with Ledger.open(workspace.state) as ledger:
        for key in sound(workspace, []):
            county = workspace.rulebook.counties[key]
            found = changes(workspace, county, ledger, moment)
            print(county.name)
            if found is None:
                print("  还没有按规则出过表，没有可比的；先运行 xmreport run。")
            elif not found:
                print("  没有变化。")
            for change in found or ():
                print(f"  {change.about}  {visible(change.text)}")
    return 2 if workspace.rulebook.faults else 0
