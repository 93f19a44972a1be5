"""Commands that ask the record: who reported, a period's tables anew, proof, and what a finding means."""

from __future__ import annotations

from pathlib import Path

from xmreport.cli.asked import county_of, moment_of, say, sound, workspace_at
from xmreport.messages import CATALOGUE
from xmreport.model.trouble import Trouble


def status(home: str | None, counties: list[str], as_of: str | None, as_json: bool) -> int:
    """谁报了、什么时候报的、现在是什么状态。"""
    from xmreport.ledger import Ledger
    from xmreport.ledger.received import received
    from xmreport.ledger.states import unit_states
    from xmreport.printing import print_states

    workspace = workspace_at(home)
    moment = moment_of(as_of)
    keys = sound(workspace, counties)
    asked = [workspace.rulebook.counties[key] for key in keys]
    with Ledger.open(workspace.state) as ledger:
        states = [state for county in asked for state in unit_states(county, received(ledger, county, moment), moment)]
    print_states(states, workspace.rulebook, as_json=as_json)
    return 2 if counties and len(keys) < len(set(counties)) else 0


def report(home: str | None, county: str, task: str, period: str, as_of: str | None) -> int:
    """重出某一期的正式表格；加 --as-of 则另放一个“截至…”文件夹，不动现有的。"""
    from xmreport.ledger import Ledger
    from xmreport.named import period_named, task_named
    from xmreport.printing import print_written
    from xmreport.publish import report as rebuild

    workspace = workspace_at(home)
    rules = county_of(workspace, county)
    found = task_named(rules, task)
    wanted = period_named(found, period)
    moment = moment_of(as_of)
    folder = workspace.outbox / county / task / period
    if as_of:
        seconds = f"{moment:%S}" if moment.second else ""
        folder = folder / f"截至{moment:%Y-%m-%dT%H%M}{seconds}"
    with Ledger.open(workspace.state) as ledger:
        print_written(rebuild(workspace, rules, ledger, found, wanted, moment, folder))
    return 0


def verify(home: str | None) -> int:
    """核对台账和原件：证明没有缺失、没有被改动。"""
    from xmreport.ledger import Ledger, LedgerDamaged

    try:
        with Ledger.open(workspace_at(home).state) as ledger:
            problems, count = ledger.verify(), len(ledger.receipts())
    except LedgerDamaged as damaged:
        problems, count = [str(damaged)], 0
    for problem in problems:
        say(problem)
    if problems:
        return 1
    print(f"台账完好：{count} 条记录，原件齐全，没有被改动。")
    return 0


def prove(home: str | None, county: str, unit: str, period: str | None, to: Path | None) -> int:
    """出收件证明：某个单位的文件什么时候到的、内容是什么，附原件和核对办法。"""
    from xmreport.evidence import write_evidence
    from xmreport.model.outbox import PROOFS

    workspace = workspace_at(home)
    rules = county_of(workspace, county)
    target = to or workspace.outbox / county / PROOFS / f"{unit}{PROOFS}{period or ''}.zip"
    count, proof = write_evidence(workspace, rules, unit, period, moment_of(None), target)
    print(f"{count} 条记录：{workspace.shown(proof.path)}")
    if proof.note:
        say(proof.note)
    return 0


def explain(_home: str | None, code: str) -> int:
    """解释一个问题代码：是什么意思，错的和对的各举一例。"""
    from xmreport.printing import print_entry

    if not print_entry(code.upper()):
        raise Trouble(f"没有 {code} 这个代码；现有：{'、'.join(CATALOGUE)}。")
    return 0
