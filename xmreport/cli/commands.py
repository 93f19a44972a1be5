"""All commands in one table, each with what can be written behind it."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from pathlib import Path

from xmreport import __version__
from xmreport.cli import intake, office, record
from xmreport.cli.arguments import Program, argument, command

MOST_WORKERS = 256


def _count(text: str) -> int:
    """How many workers."""
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= MOST_WORKERS:
        raise ArgumentTypeError(f"要写 1 到 {MOST_WORKERS} 的整数，不是 {text}")
    return int(text)


HOME = argument("--home", metavar="文件夹", help="工作区；不写就用 XMREPORT_HOME 或当前文件夹。")

# What is asked for
COUNTY = argument("county", metavar="县区", help="县区（拼音，如 guxian）。")
COUNTIES = argument("counties", metavar="县区", nargs="*", help="县区，如 guxian；不写就是全部。")
OF_COUNTY = argument("--county", metavar="县区", required=True, help="县区（拼音）。")
UNIT = argument("--unit", metavar="单位", required=True, help="单位名称。")
ANY_UNIT = argument("--unit", metavar="单位", help="单位名称；不写就由程序认。")
TASK = argument("--task", metavar="任务", required=True, help="任务名称。")
ANY_TASK = argument("--task", metavar="任务", help="任务名称；不写就是全部。")
PERIOD = argument("--period", metavar="期次", required=True, help="期次（应报日期，如 2022-12-09）。")
ANY_PERIOD = argument("--period", metavar="期次", help="只要这一期。")
CODE = argument("code", metavar="代码", help="问题代码，如 V02。")

# At what time
AT = argument("--at", metavar="时间", required=True, help="什么时候交来的，如 2022-12-09T16:40。")
AS_OF = argument("--as-of", metavar="时间", help="截至什么时候，如 2022-12-09T17:00。")
NOW = argument("--now", metavar="时间", help="以什么时候为准。")
REPLAY = argument("--now", metavar="时间", help="重放：当作这个时候收到。")

# Files and folders
DEMO = argument(
    "folder", metavar="文件夹", nargs="?", type=Path, default=Path("xmreport-demo"), help="演示工作区的文件夹。"
)
NEW = argument("folder", metavar="文件夹", type=Path, help="新工作区的文件夹。")
FILE = argument("file", metavar="文件", type=Path, help="交来的文件；留在原处不动。")
FILES = argument("files", metavar="文件", nargs="+", type=Path, help="要自查的表。")
ZIP = argument("--to", metavar="文件", type=Path, help="写到哪里（.zip）。")

# How
REASON = argument("--reason", metavar="理由", required=True, help="怎么交来的，为什么没有走收件文件夹。")
JSON = argument("--json", dest="as_json", action="store_true", help="每件事打印一行 JSON。")
POLL = argument("--poll", action="store_true", help="收件文件夹在网络共享上时用。")
WORKERS = argument("--workers", metavar="个数", type=_count, help="用几个读表进程；不写就按 office.yaml 的“并行”。")
CLUSTER = argument("--executor", metavar="地址", help="用集群读表，如 dask://主机:8786。")

COMMANDS = Program(
    "xmreport",
    __version__,
    "表格进、表格出：收各单位的报表，核对、退回、汇总，出正式表格。",
    HOME,
    [
        command("demo", office.demo, DEMO),
        command("init", office.init, NEW),
        command("blanks", office.blanks, COUNTY, ANY_TASK, NOW),
        command("run", intake.run, COUNTIES, REPLAY, JSON, WORKERS, CLUSTER),
        command("watch", intake.watch, COUNTIES, POLL, WORKERS, CLUSTER),
        command("check", intake.check, FILES, OF_COUNTY, ANY_UNIT, JSON),
        command("receive", intake.receive, FILE, OF_COUNTY, UNIT, TASK, PERIOD, AT, REASON, JSON),
        command("status", record.status, COUNTIES, AS_OF, JSON),
        command("report", record.report, COUNTY, TASK, PERIOD, AS_OF),
        command("rules check", office.rules_check),
        command("rules schema", office.rules_schema),
        command("rules diff", office.rules_diff, AS_OF),
        command("explain", record.explain, CODE),
        command("verify", record.verify),
        command("prove", record.prove, COUNTY, UNIT, ANY_PERIOD, ZIP),
    ],
)
