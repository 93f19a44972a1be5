"""Commands that take workbooks in, or try them: a pass, the service, a unit's own check, a file handed over."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from xmreport.cli.asked import county_of, moment_of, say, sound, workspace_at
from xmreport.model.text import visible


def run(
    home: str | None, counties: list[str], now: str | None, as_json: bool, workers: int | None, executor: str | None
) -> int:
    """收一遍：把收件文件夹里的表全部收进来，有变化的正式表格重新生成。"""
    from xmreport.hands import Hands
    from xmreport.printing import Printer, print_done
    from xmreport.run import Engine, Moment

    workspace = workspace_at(home)
    hands = Hands(workers, executor)
    keys = sound(workspace, counties)
    broken = len(keys) < len(set(counties or workspace.rulebook.keys))
    moment = Moment(moment_of(now), replayed=now is not None)
    for stray in workspace.strays():
        say(f"收件文件夹里的“{visible(stray)}”不属于任何一个县，没有处理；请移到 inbox/<县>/ 里。")
    printer = Printer(as_json=as_json)
    with workspace.hold(), Engine(workspace, keys, printer, hands=hands) as engine:
        tally = engine.run_once(moment)
    if as_json:
        print_done(tally.files, tally.outcomes)
    elif keys and not tally.files:
        print("收件文件夹里没有新文件。")
    if tally.engine_faults:
        return 1
    return 2 if broken or tally.troubles else 0


def watch(home: str | None, counties: list[str], poll: bool, workers: int | None, executor: str | None) -> int:
    """一直守着：表一到就收，到时限就出表；按 Ctrl+C 停止。"""
    from xmreport.hands import Hands
    from xmreport.printing import Printer
    from xmreport.watch import Watcher

    workspace = workspace_at(home)
    keys = sound(workspace, counties)
    if not keys:
        return 2
    with workspace.hold():
        watcher = Watcher(workspace, keys, Printer(as_json=False), poll=poll, hands=Hands(workers, executor))
        _stop_when_told(watcher.stop)
        watcher.watch()
    return 0


def check(home: str | None, files: list[Path], county: str, unit: str | None, as_json: bool) -> int:
    """自查：报送前看看表里有没有错；不留记录。"""
    from xmreport.printing import Printer, print_done
    from xmreport.trial import try_files

    workspace = workspace_at(home)
    rules = county_of(workspace, county)
    events = try_files(workspace, rules, files, unit, moment_of(None))
    printer = Printer(as_json=as_json)
    for event in events:
        printer(event)
    if as_json:
        print_done(len(files), Counter(event.receipt.outcome for event in events))
    return int(any(finding.is_error for event in events for finding in event.receipt.findings))


def receive(
    home: str | None,
    file: Path,
    county: str,
    unit: str,
    task: str,
    period: str,
    at: str,
    reason: str,
    as_json: bool,
) -> int:
    """补登：不经收件文件夹、由其他途径交来的表；台账里注明理由。"""
    from xmreport.printing import Printer, print_done
    from xmreport.receive import HandedOver, receive_file

    workspace = workspace_at(home)
    rules = county_of(workspace, county)
    handed = HandedOver(file, unit, task, period, moment_of(at), reason)
    with workspace.hold():
        tally = receive_file(workspace, rules, handed, moment_of(None), Printer(as_json=as_json))
    if as_json:
        print_done(tally.files, tally.outcomes)
    if tally.engine_faults:
        return 1
    return 2 if tally.troubles else 0


def _stop_when_told(stop: Callable[[], None]) -> None:
    """Ctrl+C, and a service manager's word, end the service where nothing is half done; once more, at once."""

    def told(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        # In a thread: what the signal came in the middle of may hold the very lock that stopping needs.
        threading.Thread(target=stop).start()

    signal.signal(signal.SIGINT, told)
    signal.signal(signal.SIGTERM, told)
