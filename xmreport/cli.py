"""Arguments → calls, printed lines and exit status. How anything is done stands elsewhere."""

from __future__ import annotations

import datetime as dt
import gc
import json
import logging
import os
import signal
import sqlite3
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xmreport.messages import CATALOGUE
from xmreport.model.dates import CHINA
from xmreport.model.receipts import Outcome
from xmreport.model.text import visible
from xmreport.model.trouble import Trouble

if TYPE_CHECKING:
    from xmreport.model.events import Published
    from xmreport.rulebook.book import County
    from xmreport.workspace import Workspace

log = logging.getLogger("xmreport")
app = typer.Typer(
    name="xmreport",
    help="表格进、表格出：收各单位的报表，核对、退回、汇总，出正式表格。",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
rules_app = typer.Typer(help="规则文件。", rich_markup_mode=None)
app.add_typer(rules_app, name="rules")

SHARED = frozenset({"forms", "office", "节假日"})
"""Rule files that are no county's own."""
Counties = Annotated[list[str] | None, typer.Argument(help="县区，如 guxian；不写就是全部。", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="每件事打印一行 JSON。")]
AsOf = Annotated[str | None, typer.Option("--as-of", help="截至什么时候，如 2022-12-09T17:00。", show_default=False)]
Workers = Annotated[
    int | None,
    typer.Option("--workers", min=1, help="用几个读表进程；不写就按 office.yaml 的“并行”。", show_default=False),
]
Cluster = Annotated[
    str | None, typer.Option("--executor", help="用集群读表，如 dask://主机:8786。", show_default=False)
]
CountyName = Annotated[str, typer.Argument(help="县区（拼音，如 guxian）。")]


def main() -> None:
    """The console script. A clerk sees a sentence, never a traceback; the log keeps the rest."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8" if not stream.isatty() else None, errors="replace")
    gc.set_threshold(200_000, 20, 10)  # what a pass makes lives as long as the pass: looking for garbage in it is idle
    # Figures are added up, no more: the threads of numpy's linear algebra would cost more to start than all of it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # No plugin of pydantic is wanted: looking for one reads the metadata of every package that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    logging.raiseExceptions = False  # a log that cannot be written must not reach a clerk's screen as a traceback
    screen = logging.StreamHandler(sys.stderr)
    screen.setLevel(logging.WARNING)
    screen.setFormatter(_Sentence())
    log.addHandler(screen)
    try:
        status = app(sys.argv[1:] or ["--help"], prog_name="xmreport", standalone_mode=False)
        print(end="", flush=True)
        sys.exit(status)
    except BrokenPipeError:
        # Whoever reads along, such as `head`, has seen enough. Python flushes once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except typer.TyperException as error:
        command = " ".join(["xmreport", *sys.argv[1:]])
        _say(f"命令写得不对：{visible(command)}（{visible(error.format_message())}）。写法看 xmreport --help。")
        sys.exit(2)
    except Exception as error:
        # The last boundary: what nobody foresaw is said, and kept in the log.
        log.critical("程序自身出错，没有做完：%r。请把日志交给维护人员。", error, exc_info=True)
        sys.exit(1)
    finally:
        gc.freeze()  # the process ends: it need not look through all that for garbage once more


class _Sentence(logging.Formatter):
    """What the screen shows of the log: the sentence, never where in the program it arose."""

    def format(self, record: logging.LogRecord) -> str:
        return visible(record.getMessage())


@app.callback()
def _home(
    context: typer.Context,
    home: Annotated[
        str | None, typer.Option("--home", help="工作区；不写就用 XMREPORT_HOME 或当前文件夹。", show_default=False)
    ] = None,
) -> None:
    context.obj = home


@contextmanager
def _troubles_told() -> Iterator[None]:
    """What a clerk can put right is said in a sentence: exit status 2."""
    try:
        yield
    except Trouble as trouble:
        _say(str(trouble))
        raise typer.Exit(2) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        where = f"{error.filename or ''}（{error.strerror or error}）"
        log.exception("读写失败：%s。请检查磁盘空间、权限和网络后再运行一次。", where)
        raise typer.Exit(2) from None
    except sqlite3.OperationalError as error:
        why = str(error)
        log.exception("台账打不开或写不进去（%s）。请检查台账文件夹的权限和磁盘空间后再运行一次。", why)
        raise typer.Exit(2) from None


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _show(event: Published) -> None:
    """Where a workbook stands, and on the other stream what the office should know about it."""
    print(event.path)
    if event.note:
        _say(event.note)


def _workspace(context: typer.Context) -> Workspace:
    from xmreport.workspace import find_workspace

    return find_workspace(context.obj)


def _moment(text: str | None) -> dt.datetime:
    """A time given on the command line; without an offset it is China's. None is now."""
    if text is None:
        return dt.datetime.now(CHINA)
    try:
        moment = dt.datetime.fromisoformat(text)
        return moment.replace(tzinfo=CHINA) if moment.tzinfo is None else moment.astimezone(CHINA)
    except (ValueError, OverflowError):
        _say(f"看不懂的时间：{text}。请写成 2022-12-09T17:00。")
        raise typer.Exit(2) from None


def _county(workspace: Workspace, key: str) -> County:
    known = _known(workspace, [key])
    if not known:
        raise typer.Exit(2)
    return workspace.rulebook.counties[key]


def _known(workspace: Workspace, keys: list[str] | None) -> list[str]:
    """The counties asked for whose rules hold; what is wrong with the others is said."""
    book = workspace.rulebook
    usable = []
    for key in dict.fromkeys(keys or [*book.counties, *(key for key in book.faults if key not in SHARED)]):
        if key in book.counties:
            usable.append(key)
        elif key in book.faults:
            _say(f"{key} 的规则有错，这个县没有处理；运行 xmreport rules check 查看全部：")
            for fault in book.faults[key][:5]:
                _say(f"  {fault}")
        else:
            _say(f"没有“{key}”这个县的规则文件；现有：{'、'.join(book.counties)}。")
    for key in sorted(SHARED):
        for fault in book.faults.get(key, ()):
            _say(str(fault))
    return usable


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="演示工作区的文件夹。")] = Path("xmreport-demo"),
) -> None:
    """演示：造一周真实样子的报送，让引擎真跑一遍，告诉您打开哪些表。"""
    from xmreport.demo import run_demo

    with _troubles_told():
        run_demo(folder)


@app.command()
def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help="新工作区的文件夹。")]) -> None:
    """建一个新的工作区，带上现成的规则和模板。"""
    from xmreport.workspace import create_workspace

    with _troubles_told():
        workspace = create_workspace(folder)
        print(f"已建好：{workspace.home}")
        print("下一步：把各单位的表放进 inbox/<县>/<单位>/，然后运行  xmreport run")


@app.command()
def blanks(
    context: typer.Context,
    county: CountyName,
    task: Annotated[str | None, typer.Option("--task", help="任务名称；不写就是全部。", show_default=False)] = None,
    now: Annotated[str | None, typer.Option("--now", help="以什么时候为准。", show_default=False)] = None,
) -> None:
    """给每个单位生成一份空白表：下拉选项、单位、期次都已填好。"""
    from xmreport.issue import issue_blanks

    with _troubles_told():
        workspace = _workspace(context)
        rules = _county(workspace, county)
        for event in issue_blanks(workspace, rules, task, _moment(now)):
            _show(event)


@app.command()
def run(
    context: typer.Context,
    counties: Counties = None,
    now: Annotated[str | None, typer.Option("--now", help="重放：当作这个时候收到。", show_default=False)] = None,
    as_json: AsJson = False,
    workers: Workers = None,
    executor: Cluster = None,
) -> None:
    """收一遍：把收件文件夹里的表全部收进来，有变化的正式表格重新生成。"""
    from xmreport.hands import Hands
    from xmreport.printing import Printer
    from xmreport.run import Engine, Moment

    with _troubles_told():
        workspace = _workspace(context)
        hands = Hands(workers, executor)
        asked = counties or [*workspace.rulebook.counties, *workspace.rulebook.faults]
        keys = _known(workspace, counties)
        broken = len(keys) < len(set(asked) - SHARED)
        moment = Moment(_moment(now), replayed=now is not None)
        for stray in workspace.strays():
            _say(f"收件文件夹里的“{visible(stray)}”不属于任何一个县，没有处理；请移到 inbox/<县>/ 里。")
        _log_to(workspace)
        printer = Printer(as_json=as_json)
        with workspace.hold(), Engine(workspace, keys, printer, hands=hands) as engine:
            tally = engine.run_once(moment)
        if as_json:
            _done(tally.files, tally.outcomes)
        else:
            _closing(tally.files)
        if tally.engine_faults:
            raise typer.Exit(1)
        if broken or tally.troubles:
            raise typer.Exit(2)


def _done(files: int, outcomes: Counter[Outcome]) -> None:
    """The last line of `--json`."""
    counts = {outcome.value: outcomes[outcome] for outcome in Outcome}
    print(json.dumps({"event": "done", "files": files, **counts}, ensure_ascii=False))


def _closing(files: int) -> None:
    if not files:
        print("收件文件夹里没有新文件。")


def _log_to(workspace: Workspace) -> None:
    """The log keeps what a clerk need not see."""
    workspace.state.mkdir(parents=True, exist_ok=True)
    log.setLevel(logging.INFO)
    path = workspace.state / "xmreport.log"
    kept = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace", delay=True)
    kept.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(kept)


@app.command()
def watch(
    context: typer.Context,
    counties: Counties = None,
    poll: Annotated[bool, typer.Option("--poll", help="收件文件夹在网络共享上时用。")] = False,
    workers: Workers = None,
    executor: Cluster = None,
) -> None:
    """一直守着：表一到就收，到时限就出表；按 Ctrl+C 停止。"""
    from xmreport.hands import Hands
    from xmreport.printing import Printer
    from xmreport.watch import Watcher

    with _troubles_told():
        workspace = _workspace(context)
        keys = _known(workspace, counties)
        if not keys:
            raise typer.Exit(2)
        _log_to(workspace)
        with workspace.hold():
            watcher = Watcher(workspace, keys, Printer(as_json=False), poll=poll, hands=Hands(workers, executor))
            _stop_when_told(watcher.stop)
            watcher.watch()


def _stop_when_told(stop: Callable[[], None]) -> None:
    """Ctrl+C, and a service manager's word, end the service where nothing is half done; once more, at once."""

    def told(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        # In a thread: what the signal came in the middle of may hold the very lock that stopping needs.
        threading.Thread(target=stop).start()

    signal.signal(signal.SIGINT, told)
    signal.signal(signal.SIGTERM, told)


@app.command()
def check(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="要自查的表。", show_default=False)],
    county: Annotated[str, typer.Option("--county", help="县区（拼音）。")],
    unit: Annotated[str | None, typer.Option("--unit", help="单位名称。", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """自查：报送前看看表里有没有错；不留记录。"""
    from xmreport.printing import Printer
    from xmreport.trial import try_files

    with _troubles_told():
        workspace = _workspace(context)
        rules = _county(workspace, county)
        events = try_files(workspace, rules, files, unit, _moment(None))
        printer = Printer(as_json=as_json)
        for event in events:
            printer(event)
        if as_json:
            _done(len(files), Counter(event.receipt.outcome for event in events))
        if any(finding.is_error for event in events for finding in event.receipt.findings):
            raise typer.Exit(1)


@app.command()
def receive(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="交来的文件；留在原处不动。", show_default=False)],
    county: Annotated[str, typer.Option("--county", help="县区（拼音）。")],
    unit: Annotated[str, typer.Option("--unit", help="单位名称。")],
    task: Annotated[str, typer.Option("--task", help="任务名称。")],
    period: Annotated[str, typer.Option("--period", help="期次（应报日期，如 2022-12-09）。")],
    at: Annotated[str, typer.Option("--at", help="什么时候交来的，如 2022-12-09T16:40。")],
    reason: Annotated[str, typer.Option("--reason", help="怎么交来的，为什么没有走收件文件夹。")],
    as_json: AsJson = False,
) -> None:
    """补登：不经收件文件夹、由其他途径交来的表；台账里注明理由。"""
    from xmreport.printing import Printer
    from xmreport.receive import HandedOver, receive_file

    with _troubles_told():
        workspace = _workspace(context)
        rules = _county(workspace, county)
        handed = HandedOver(file, unit, task, period, _moment(at), reason)
        _log_to(workspace)
        with workspace.hold():
            tally = receive_file(workspace, rules, handed, _moment(None), Printer(as_json=as_json))
        if as_json:
            _done(tally.files, tally.outcomes)
        if tally.engine_faults:
            raise typer.Exit(1)
        if tally.troubles:
            raise typer.Exit(2)


@app.command()
def status(context: typer.Context, counties: Counties = None, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """谁报了、什么时候报的、现在是什么状态。"""
    from xmreport.ledger import Ledger
    from xmreport.ledger.received import received
    from xmreport.ledger.states import unit_states
    from xmreport.printing import print_states

    with _troubles_told():
        workspace = _workspace(context)
        moment = _moment(as_of)
        keys = _known(workspace, counties)
        asked = [workspace.rulebook.counties[key] for key in keys]
        with Ledger.open(workspace.state) as ledger:
            states = [
                state for county in asked for state in unit_states(county, received(ledger, county, moment), moment)
            ]
        print_states(states, workspace.rulebook, as_json=as_json)
        if counties and len(keys) < len(set(counties)):
            raise typer.Exit(2)


@app.command()
def report(
    context: typer.Context,
    county: CountyName,
    task: Annotated[str, typer.Option("--task", help="任务名称。")],
    period: Annotated[str, typer.Option("--period", help="期次（应报日期，如 2022-12-09）。")],
    as_of: AsOf = None,
) -> None:
    """重出某一期的正式表格；加 --as-of 则另放一个“截至…”文件夹，不动现有的。"""
    from xmreport.ledger import Ledger
    from xmreport.named import period_named, task_named
    from xmreport.publish import report as rebuild

    with _troubles_told():
        workspace = _workspace(context)
        rules = _county(workspace, county)
        found = task_named(rules, task)
        wanted = period_named(found, period)
        moment = _moment(as_of)
        folder = workspace.outbox / county / task / period
        if as_of:
            folder = folder / f"截至{moment:%Y-%m-%dT%H%M}"
        with Ledger.open(workspace.state) as ledger:
            for event in rebuild(workspace, rules, ledger, found, wanted, moment, folder):
                _show(event)


@rules_app.command("check")
def rules_check(context: typer.Context) -> None:
    """核对规则文件：哪个文件、哪一行、错在哪里、应该怎么写。"""
    with _troubles_told():
        book = _workspace(context).rulebook
        for fault in book.all_faults:
            print(fault)
        if book.all_faults:
            _say(f"共 {len(book.all_faults)} 处，请改正后再运行一次。")
            raise typer.Exit(2)
        print(f"规则没有错：{'、'.join(county.name for county in book.counties.values())}。")


@rules_app.command("schema")
def rules_schema(context: typer.Context) -> None:
    """写出规则文件的 JSON Schema，供编辑器提示用。"""
    from xmreport.rulebook.loading.schema import write_schemas

    with _troubles_told():
        for path in write_schemas(_workspace(context).home / "rules" / "schema"):
            print(path)


@rules_app.command("diff")
def rules_diff(context: typer.Context, as_of: AsOf = None) -> None:
    """改规则前看影响：现在的规则与上次出表时的规则相比，已出的表会变什么。"""
    from xmreport.differ import changes
    from xmreport.ledger import Ledger

    with _troubles_told():
        workspace = _workspace(context)
        moment = _moment(as_of)
        with Ledger.open(workspace.state) as ledger:
            for key in _known(workspace, None):
                county = workspace.rulebook.counties[key]
                found = changes(workspace, county, ledger, moment)
                print(county.name)
                if found is None:
                    print("  还没有按规则出过表，没有可比的；先运行 xmreport run。")
                elif not found:
                    print("  没有变化。")
                for change in found or ():
                    print(f"  {change.about}  {visible(change.text)}")
        if workspace.rulebook.faults:
            raise typer.Exit(2)


@app.command()
def explain(code: Annotated[str, typer.Argument(help="问题代码，如 V02。")]) -> None:
    """解释一个问题代码：是什么意思，错的和对的各举一例。"""
    from xmreport.printing import print_entry

    if not print_entry(code.upper()):
        _say(f"没有 {code} 这个代码；现有：{'、'.join(CATALOGUE)}。")
        raise typer.Exit(2)


@app.command()
def verify(context: typer.Context) -> None:
    """核对台账和原件：证明没有缺失、没有被改动。"""
    from xmreport.ledger import Ledger, LedgerDamaged

    with _troubles_told():
        try:
            with Ledger.open(_workspace(context).state) as ledger:
                problems, count = ledger.verify(), len(ledger.receipts())
        except LedgerDamaged as damaged:
            problems, count = [str(damaged)], 0
        for problem in problems:
            _say(problem)
        if problems:
            raise typer.Exit(1)
        print(f"台账完好：{count} 条记录，原件齐全，没有被改动。")


@app.command()
def prove(
    context: typer.Context,
    county: CountyName,
    unit: Annotated[str, typer.Option("--unit", help="单位名称。")],
    period: Annotated[str | None, typer.Option("--period", help="只要这一期。", show_default=False)] = None,
    to: Annotated[Path | None, typer.Option("--to", help="写到哪里（.zip）。", show_default=False)] = None,
) -> None:
    """出收件证明：某个单位的文件什么时候到的、内容是什么，附原件和核对办法。"""
    from xmreport.evidence import write_evidence
    from xmreport.model.outbox import PROOFS

    with _troubles_told():
        workspace = _workspace(context)
        rules = _county(workspace, county)
        target = to or workspace.outbox / county / PROOFS / f"{unit}{PROOFS}{period or ''}.zip"
        count, proof = write_evidence(workspace, rules, unit, period, _moment(None), target)
        print(f"{count} 条记录：{workspace.shown(proof.path)}")
        if proof.note:
            _say(proof.note)
