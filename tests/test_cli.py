"""The command line, as a program of its own: what it prints, where, and how it ends."""

import inspect
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from conftest import FIRST, WEEKLY, Office, at, form_one, project, said, saved, surroundings

from xmreport.cli import COMMANDS, answer
from xmreport.cli.asked import moment_of
from xmreport.ledger import Ledger
from xmreport.messages import CATALOGUE

GOOD = form_one(project("甲"))
WRONG = form_one(project("甲", 总投资="3000-5000"))
FILE_KEYS = [
    "event",
    "file",
    "sha256",
    "county",
    "unit",
    "task",
    "period",
    "outcome",
    "arrived_at",
    "due_at",
    "timeliness",
    "late_by_s",
    "rows",
    "findings",
    "returned_copy",
]
FINDING_KEYS = ["code", "severity", "sheet", "cell", "field", "value", "message", "advice"]
STATE_KEYS = [
    "county",
    "task",
    "period",
    "due_at",
    "unit",
    "state",
    "arrived_at",
    "late_by_s",
    "late_total",
    "missing_total",
    "reason",
]
PROGRAM = [sys.executable, "-m", "xmreport"]


# run


def test_run_prints_one_object_a_file_one_a_workbook_and_a_last_line(small: Office):
    small.drop("古阳镇/好.xlsx", GOOD)
    small.drop("县水利局/错.xlsx", form_one(project("乙", 总投资="3000-5000"), unit="县水利局"))
    small.drop("县住建局/认不出.xlsx", b"\x00\x01strange")
    small.drop("古阳镇/~$好.xlsx", b"x")
    run = small.cli("run", "guxian", "--now", "2022-12-09T17:00:30", "--json")
    assert run.status == 0, run
    assert run.err == ""
    files = {str(line["file"]): line for line in run.of("file")}
    assert all(list(line) == FILE_KEYS for line in files.values())
    good = files["inbox/guxian/古阳镇/好.xlsx"]
    assert good == good | {
        "county": "guxian",
        "unit": "古阳镇",
        "task": WEEKLY,
        "period": FIRST,
        "outcome": "accepted",
        "arrived_at": "2022-12-09T17:00:30+08:00",
        "due_at": "2022-12-09T17:00:00+08:00",
        "timeliness": "late",
        "late_by_s": 30,
        "rows": 1,
        "findings": [],
        "returned_copy": None,
    }
    wrong = files["inbox/guxian/县水利局/错.xlsx"]
    [finding] = wrong["findings"]
    assert list(finding) == FINDING_KEYS
    assert finding == finding | {"code": "V04", "severity": "error", "sheet": "Sheet", "cell": "G6", "field": "总投资"}
    assert finding["value"] == "3000-5000"
    assert finding["message"]
    assert finding["advice"]
    assert (small.home / wrong["returned_copy"]).is_file()
    strange = files["inbox/guxian/县住建局/认不出.xlsx"]
    assert strange["outcome"] == "quarantined"
    assert [strange[key] for key in ("task", "period", "due_at", "timeliness", "late_by_s")] == [None] * 5
    assert files["inbox/guxian/古阳镇/~$好.xlsx"]["outcome"] == "ignored"
    for line in run.of("published"):
        assert list(line) == ["event", "path"]
        assert (small.home / str(line["path"])).is_file()
    counts = {"accepted": 1, "returned": 1, "duplicate": 0, "quarantined": 1, "ignored": 1}
    assert run.lines[-1] == {"event": "done", "files": 4, **counts}
    assert len(run.of("done")) == 1
    again = small.cli("run", "guxian", "--now", "2022-12-09T17:00:30", "--json")
    assert again.lines == [{"event": "done", "files": 0, **dict.fromkeys(counts, 0)}]


def test_a_workbook_of_two_units_gives_two_objects_told_apart_by_their_sheet(small: Office):
    book = openpyxl.load_workbook(io.BytesIO(GOOD))
    copy = book.copy_worksheet(book["Sheet"])
    copy.title = "水利"
    copy["A3"] = "填报单位：县水利局    填报时间：2022年12月8日    单位：万元"
    small.drop("两家.xlsx", saved(book))
    run = small.cli("run", "--now", "2022-12-08T10:00", "--json")
    assert [(line["unit"], line["sheet"]) for line in run.of("file")] == [("古阳镇", "Sheet"), ("县水利局", "水利")]
    assert run.lines[-1] == run.lines[-1] | {"files": 1, "accepted": 2}


def test_run_tells_a_clerk_in_sentences(small: Office):
    small.drop("古阳镇/错.xlsx", WRONG)
    run = small.cli("run", "--now", "2022-12-08T10:00")
    assert run.status == 0
    assert "退回" in run.out
    assert "V04" in run.out
    assert "Sheet!G6" in run.out
    assert "没有新文件" in small.cli("run", "--now", "2022-12-08T10:00").out


def test_what_lies_outside_every_county_s_folder_is_told_and_an_empty_folder_is_not(small: Office):
    inbox = small.inbox.parent
    for place in ("linxian/临泉镇", "huozhou/市水利局"):
        (inbox / place).mkdir(parents=True)
    (inbox / "huozhou" / "市水利局" / ".DS_Store").write_bytes(b"x")
    assert small.workspace.strays() == []
    (inbox / "linxian" / "临泉镇" / "周报.xlsx").write_bytes(b"x")
    (inbox / "散表.xlsx").write_bytes(b"x")
    assert small.workspace.strays() == ["linxian", "散表.xlsx"]


def test_a_time_with_an_offset_is_that_instant_and_one_without_is_chinas():
    assert moment_of("2022-12-09T09:00:00+00:00") == moment_of("2022-12-09T17:00") == at("12-09 17:00")


def test_a_county_with_broken_rules_or_none_ends_in_2_and_the_other_countys_files_are_taken(small: Office):
    shutil.copy(small.home / "rules" / "guxian.yaml", small.home / "rules" / "huozhou.yaml")
    with (small.home / "rules" / "guxian.yaml").open("a", encoding="utf-8") as file:
        file.write("不认识的项: 1\n")
    small.drop("古阳镇/a.xlsx", GOOD)
    other = small.home / "inbox" / "huozhou" / "古阳镇" / "a.xlsx"
    other.parent.mkdir(parents=True)
    other.write_bytes(GOOD)
    unknown = small.cli("run", "huozhou", "nowhere", "--now", "2022-12-08T10:00", "--json")
    assert (unknown.status, unknown.out) == (2, "")
    assert "没有“nowhere”这个县" in unknown.err
    assert "huozhou（古县）" in unknown.err
    run = small.cli("run", "guxian", "huozhou", "--now", "2022-12-08T10:00", "--json")
    assert run.status == 2
    assert [line["county"] for line in run.of("file")] == ["huozhou"]
    assert "rules/guxian.yaml" in run.err
    assert small.waiting() == ["古阳镇/a.xlsx"]
    assert small.cli("run", "huozhou", "--now", "2022-12-08T10:00").status == 0
    assert small.cli("rules", "check").status == 2


def test_a_fault_of_the_engine_ends_in_1_and_is_told_without_a_traceback(small: Office):
    small.drop("古阳镇/毒.xlsx", WRONG)
    small.drop("县水利局/b.xlsx", form_one(project("乙"), unit="县水利局"))
    script = (
        "import xmreport.run, xmreport.cli\n"
        "def broken(self, receipt, *rest): raise ZeroDivisionError('boom')\n"
        "decide = xmreport.run.Judge.decide\n"
        "xmreport.run.Judge.decide = lambda self, found, arrival:"
        " broken(self, arrival) if '毒' in arrival.file else decide(self, found, arrival)\n"
        "xmreport.cli.main()\n"
    )
    options = ["--home", str(small.home), "run", "--now", "2022-12-08T10:00", "--json"]
    run = said([sys.executable, "-c", script, *options])
    assert run.status == 1
    outcomes = {line["unit"]: (line["outcome"], [f["code"] for f in line["findings"]]) for line in run.of("file")}
    assert outcomes == {"古阳镇": ("quarantined", ["F11"]), "县水利局": ("accepted", [])}
    assert "毒.xlsx" in run.err
    assert "ZeroDivisionError: boom" in (small.workspace.state / "xmreport.log").read_text("utf-8")
    assert small.waiting() == []


# check


def test_check_tells_the_same_as_run_and_records_nothing(small: Office, tmp_path: Path):
    wrong, good = tmp_path / "错.xlsx", tmp_path / "好.xlsx"
    wrong.write_bytes(WRONG)
    good.write_bytes(GOOD)
    check = small.cli("check", str(wrong), str(good), "--county", "guxian", "--unit", "古阳镇", "--json")
    assert check.status == 1
    first, second = check.of("file")
    assert list(first) == list(second) == FILE_KEYS
    assert (first["outcome"], first["returned_copy"]) == ("returned", None)
    assert [finding["cell"] for finding in first["findings"] if finding["severity"] == "error"] == ["G6"]
    assert (second["outcome"], second["rows"], len(str(second["sha256"]))) == ("accepted", 1, 64)
    assert check.lines[-1] == check.lines[-1] | {"event": "done", "files": 2, "accepted": 1, "returned": 1}
    assert small.receipts() == ()
    assert wrong.read_bytes() == WRONG


def test_check_ends_in_0_with_warnings_alone_even_long_after_the_campaign(small: Office, tmp_path: Path):
    (tmp_path / "a.xlsx").write_bytes(form_one(project("甲", 总投资="约3000")))
    check = small.cli("check", str(tmp_path / "a.xlsx"), "--county", "guxian", "--json")
    assert check.status == 0, check
    assert [finding["code"] for finding in check.of("file")[0]["findings"]] == ["V03", "S09"]


def test_check_refuses_what_is_too_large_to_be_read(small: Office, tmp_path: Path):
    (small.home / "rules" / "office.yaml").write_text("单个文件上限MB: 1\n", "utf-8")
    (tmp_path / "大.xlsx").write_bytes(GOOD + bytes(1 << 20))
    ended = small.cli("check", str(tmp_path / "大.xlsx"), "--county", "guxian")
    assert (ended.status, ended.out) == (2, "")
    assert "文件太大" in ended.err


def test_check_for_a_unit_holds_the_sheet_against_it(small: Office, tmp_path: Path):
    (tmp_path / "a.xlsx").write_bytes(GOOD)
    check = small.cli("check", str(tmp_path / "a.xlsx"), "--county", "guxian", "--unit", "住房和城乡建设局", "--json")
    [line] = check.of("file")
    assert (check.status, line["unit"]) == (1, "县住建局")
    assert "S04" in [finding["code"] for finding in line["findings"]]


def test_check_judges_what_a_file_holds_not_whether_it_was_sent_before(small: Office, tmp_path: Path):
    small.send("古阳镇/错.xlsx", WRONG, "12-08 10:00")
    (tmp_path / "错.xlsx").write_bytes(WRONG)
    check = small.cli("check", str(tmp_path / "错.xlsx"), "--county", "guxian", "--json")
    assert (check.status, check.of("file")[0]["outcome"]) == (1, "returned")


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "nothing.xlsx", "--county", "guxian"],
        ["check", __file__, "--county", "nowhere"],
        ["check", __file__, "--county", "guxian", "--unit", "某某科"],
        ["check", __file__],
        ["run", "--now", "昨天"],
        ["run", "--now", "0001-01-01T00:00+14:00"],
        ["status", "nowhere"],
        ["status", "--as-of", "2022-13-01"],
        ["report", "nowhere", "--task", WEEKLY, "--period", FIRST],
        ["report", "guxian", "--task", "没有", "--period", FIRST],
        ["report", "guxian", "--task", WEEKLY, "--period", "2022-12-10"],
        ["report", "guxian", "--task", WEEKLY, "--period", FIRST, "--as-of", "x"],
        ["explain", "Z99"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_is_said_in_a_sentence_and_ends_in_2(small: Office, arguments: list[str], capsys):
    assert answer(["--home", str(small.home), *arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.strip()


@pytest.mark.parametrize(
    ("written", "why", "who"),
    [
        ("nonsense", "没有“nonsense”这个命令", ""),
        ("runn", "没有“runn”这个命令，是不是 run？", ""),
        ("run --nonsense", "不认识 --nonsense", " run"),
        ("run --work 2", "不认识 --work，是不是 --workers？", " run"),
        ("run --home . guxian", "--home 要写在命令前面：xmreport --home 文件夹 …", " run"),
        ("run --now --json", "--now 后面要写内容", " run"),
        ("check a.xlsx --conty guxian", "不认识 --conty，是不是 --county？", " check"),
        ("check -a.xlsx --county guxian", "不认识 -a.xlsx", " check"),
        ("run --workers", "--workers 后面要写内容", " run"),
        ("run --workers 0", "--workers 要写 1 到 256 的整数，不是 0", " run"),
        ("run --json=x", "--json 后面不写内容", " run"),
        ("--nonsense run", "不认识 --nonsense", ""),
        ("--home", "--home 后面要写内容", ""),
        ("--home -- status", "--home 后面要写内容", ""),
        ("--home x", "还要写一个命令", ""),
        ("check --county guxian", "还要写 文件", " check"),
        ("check", "还要写 文件、--county", " check"),
        ("init a b", "多写了 b", " init"),
        ("report guxian", "还要写 --task、--period", " report"),
        ("rules", "rules 后面要写 check、schema、diff", ""),
        ("rules nonsense", "rules 后面要写 check、schema、diff", ""),
        ("rules check guxian", "多写了 guxian", " rules check"),
    ],
)
def test_a_command_that_is_not_written_right_is_said_in_a_sentence(written: str, why: str, who: str, capsys):
    assert answer(written.split()) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"命令写得不对：xmreport {written}（{why}")
    assert told.err.endswith(f"）。写法看 xmreport{who} --help。\n")


@pytest.mark.parametrize("name", COMMANDS.commands)
def test_every_command_tells_in_chinese_how_it_is_written_and_gets_what_it_takes(name: str, capsys):
    command = COMMANDS.commands[name]
    assert answer([*name.split(), "--help"]) == 0
    told = capsys.readouterr().out
    for asked in ([*name.split(), "-h"], [*name.split(), "help"], ["help", *name.split()]):
        assert (answer(asked), capsys.readouterr().out) == (0, told)
    assert told.startswith(f"用法：xmreport {name} ")
    assert command.about in told
    assert all(f"  {argument.shown}  " in told for argument in command.arguments)
    named = [argument.how.get("dest", argument.name.strip("-").replace("-", "_")) for argument in command.arguments]
    assert list(inspect.signature(command.act).parameters)[1:] == named


def test_counties_and_files_stand_before_behind_and_between_options():
    for words in ("run a b --json --workers 2", "run --json a --workers 2 b", "run --workers=2 --json a b"):
        call = COMMANDS.read(words.split())
        assert call.keywords == {"counties": ["a", "b"], "now": None, "as_json": True, "workers": 2, "executor": None}
    call = COMMANDS.read(["--home", "h", "check", "a.xlsx", "--county", "guxian", "b.xlsx"])
    assert (call.args, call.keywords["files"]) == (("h",), [Path("a.xlsx"), Path("b.xlsx")])
    assert COMMANDS.read(["run"]).keywords["counties"] == []
    assert COMMANDS.read(["demo"]).keywords == {"folder": Path("xmreport-demo")}


def test_what_begins_with_a_dash_can_be_a_value_and_behind_two_dashes_anything():
    given = ["--unit", "-古阳镇", "--county=guxian", "--", "-表.xlsx", "--json"]
    assert COMMANDS.read(["check", *given]).keywords == {
        "files": [Path("-表.xlsx"), Path("--json")],
        "county": "guxian",
        "unit": "-古阳镇",
        "as_json": False,
    }
    assert COMMANDS.read(["--", "status", "--", "--json"]).keywords["counties"] == ["--json"]
    assert COMMANDS.read(["init", "--", "-x"]).keywords == {"folder": Path("-x")}


@pytest.mark.parametrize("words", [[], ["--help"], ["help"], ["/?"], ["--home", "x", "-h"]], ids=" ".join)
def test_who_asks_for_help_in_whatever_way_is_told_all_commands(words: list[str], capsys):
    assert answer(words) == 0
    told = capsys.readouterr().out
    assert all(command.about in told for command in COMMANDS.commands.values())
    assert answer(["rules", "--help"]) == 0
    assert [line.split("  ")[1] for line in capsys.readouterr().out.splitlines()[1:]] == [
        name for name in COMMANDS.commands if name.startswith("rules ")
    ]


def test_a_moment_with_a_blank_in_it_takes_nothing_in(small: Office):
    small.drop("古阳镇/a.xlsx", GOOD)
    run = small.cli("run", "guxian", "--now", "2022-12-09", "17:00")
    assert (run.status, run.out) == (2, "")
    assert "时间写成 2022-12-09T17:00，中间没有空格" in run.err
    assert small.waiting() == ["古阳镇/a.xlsx"]
    assert small.receipts() == ()


def test_what_nobody_foresaw_is_kept_in_the_log_whatever_the_command(small: Office):
    script = (
        "import xmreport.cli, xmreport.ledger.states\n"
        "def broken(*_): raise ZeroDivisionError('ours')\n"
        "xmreport.ledger.states.unit_states = broken\n"
        "xmreport.cli.main()\n"
    )
    ended = said([sys.executable, "-c", script, "--home", str(small.home), "status"])
    assert ended.status == 1
    assert "ZeroDivisionError: ours" in (small.workspace.state / "xmreport.log").read_text("utf-8")


def test_what_is_interrupted_says_so_and_ends_as_shells_have_it(small: Office):
    script = (
        "import signal, xmreport.run, xmreport.cli\n"
        "xmreport.run.Engine.run_once = lambda *_: signal.raise_signal(signal.SIGINT)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "xmreport.cli.main()\n"
    )
    ended = said([sys.executable, "-c", script, "--home", str(small.home), "run"])
    assert (ended.status, ended.out) == (130, "")
    assert ended.err == "已停下，没有做完的再运行一次就会接着做。\n"


def test_no_command_at_all_tells_which_there_are():
    ended = subprocess.run(PROGRAM, check=False, capture_output=True, encoding="utf-8")
    assert ended.returncode == 0
    assert "收一遍" in ended.stdout


# status


def test_status_is_one_array_of_every_period_that_has_begun(office: Office):
    office.send("古阳镇/a.xlsx", GOOD, "12-09 17:00:30")
    office.send("县水利局/错.xlsx", form_one(project("乙", 总投资="3000-5000"), unit="县水利局"), "12-09 12:00")
    told = office.cli("status", "--as-of", "2022-12-10T08:00", "--json")
    assert (told.status, told.err) == (0, "")
    [states] = told.lines
    assert all(list(state) == STATE_KEYS for state in states)
    week = {state["unit"]: state for state in states if (state["task"], state["period"]) == (WEEKLY, FIRST)}
    assert week["古阳镇"] == {
        "county": "guxian",
        "task": WEEKLY,
        "period": FIRST,
        "due_at": "2022-12-09T17:00:00+08:00",
        "unit": "古阳镇",
        "state": "late",
        "arrived_at": "2022-12-09T17:00:30+08:00",
        "late_by_s": 30,
        "late_total": 1,
        "missing_total": 0,
        "reason": None,
    }
    assert week["县水利局"]["state"] == "returned"
    assert (week["县住建局"]["state"], week["县住建局"]["arrived_at"]) == ("missing", None)
    assert {state["period"] for state in states if state["task"] == WEEKLY} == {FIRST, "2022-12-16"}
    assert {state["due_at"] for state in states if state["task"] == "重点项目台账"} == {None}


@pytest.mark.skipif(os.name == "nt", reason="pipes end otherwise there")
def test_a_reader_that_has_seen_enough_is_no_fault(office: Office):
    read, write = os.pipe()
    os.close(read)
    ended = subprocess.run(
        office.command("status"), stdout=write, stderr=subprocess.PIPE, env=surroundings(), check=False
    )
    os.close(write)
    assert (ended.returncode, ended.stderr) == (1, b"")


def test_status_tells_a_clerk_in_sentences(office: Office):
    office.send("古阳镇/a.xlsx", GOOD, "12-09 17:01:30")
    told = office.cli("status", "guxian", "--as-of", "2022-12-10T08:00")
    assert told.status == 0
    assert "古县  周报  2022-12-09" in told.out
    assert "迟报" in told.out


# report


def test_report_rebuilds_the_same_workbooks_from_the_ledger_alone(office: Office):
    office.drop("古阳镇/a.xlsx", GOOD)
    office.take("12-09 18:00", publish=True)
    folder = office.outbox / WEEKLY / FIRST
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    shutil.rmtree(office.outbox)
    told = office.cli("report", "guxian", "--task", WEEKLY, "--period", FIRST, "--as-of", "2022-12-09T18:00")
    assert told.status == 0, told
    aside = folder / "截至2022-12-09T1800"
    assert {path.name: path.read_bytes() for path in aside.iterdir()} == before


def test_two_moments_of_one_minute_have_a_folder_each(small: Office):
    small.send("古阳镇/a.xlsx", GOOD, "12-09 16:59:30")
    period = ["report", "guxian", "--task", WEEKLY, "--period", FIRST, "--as-of"]
    for moment in ("2022-12-09T16:59", "2022-12-09T16:59:40"):
        assert small.cli(*period, moment).status == 0
    folders = {path.name for path in (small.outbox / WEEKLY / FIRST).glob("截至*")}
    assert folders == {"截至2022-12-09T1659", "截至2022-12-09T165940"}


def test_report_as_of_a_moment_stands_aside_and_leaves_the_current_tables(small: Office):
    small.send("古阳镇/a.xlsx", GOOD, "12-08 10:00")
    small.drop("古阳镇/b.xlsx", form_one(project("甲"), project("乙")))
    small.take("12-08 12:00", publish=True)
    folder = small.outbox / WEEKLY / FIRST
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    told = small.cli("report", "guxian", "--task", WEEKLY, "--period", FIRST, "--as-of", "2022-12-08T11:00")
    paths = [small.home / line for line in told.out.splitlines()]
    assert len(paths) == len(before)
    assert {path.parent.name for path in paths} == {"截至2022-12-08T1100"}
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
    summary = "前期手续办理情况表汇总表.xlsx"
    assert (paths[0].parent / summary).read_bytes() != before[summary]


def test_a_report_of_a_period_that_has_not_begun_is_empty_and_no_fault(small: Office):
    told = small.cli("report", "guxian", "--task", WEEKLY, "--period", FIRST, "--as-of", "2022-12-01T08:00")
    assert told.status == 0, told


# rules, explain, verify, init


def test_rules_check_says_file_line_and_fault_and_ends_in_2(small: Office):
    assert small.cli("rules", "check").status == 0
    small.change_rules("    时限: 每周五 17:00\n", "    时限: 每周八 17:00\n")
    told = small.cli("rules", "check")
    assert told.status == 2
    assert "rules/guxian.yaml" in told.out
    assert "每周八" in told.out


def test_rules_that_are_no_yaml_are_told_in_a_line(small: Office):
    small.write_rules("县区: [古县\n  : :\n")
    for command in (["rules", "check"], ["run", "--now", "2022-12-08T10:00"], ["status", "guxian"]):
        assert small.cli(*command).status == 2


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_explain_tells_what_a_code_means(code: str, capsys):
    assert answer(["explain", code.lower()]) == 0
    told = capsys.readouterr().out
    assert CATALOGUE[code].title in told
    assert "{" not in told


def test_verify_ends_in_1_where_an_original_or_the_ledger_was_altered(small: Office):
    receipt = small.send("古阳镇/a.xlsx", GOOD, "12-08 10:00")
    assert small.cli("verify").status == 0
    kept = small.workspace.state / "originals" / receipt.sha256[:2] / receipt.sha256
    kept.chmod(0o600)
    kept.write_bytes(b"altered")
    altered = small.cli("verify")
    assert altered.status == 1
    assert receipt.sha256 in altered.err
    (small.workspace.state / "ledger.sqlite3").write_bytes(b"no database, and long enough to be looked at" * 99)
    for left in small.workspace.state.glob("ledger.sqlite3-*"):
        left.unlink()
    assert small.cli("verify").status == 1
    assert small.cli("run", "--now", "2022-12-08T10:00").status == 2


def test_init_makes_a_workspace_and_refuses_a_folder_that_holds_something(tmp_path: Path):
    home = tmp_path / "new"
    made = said([*PROGRAM, "init", str(home)])
    assert made.status == 0, made
    assert {"rules", "templates_xlsx", "inbox", "outbox"} <= {path.name for path in home.iterdir()}
    assert said([*PROGRAM, "--home", str(home), "rules", "check"]).status == 0
    (home / "mine.txt").write_text("x", "utf-8")
    refused = said([*PROGRAM, "init", str(home)])
    assert (refused.status, refused.out) == (2, "")
    assert (home / "mine.txt").is_file()


# Where the workspace is


def test_home_beats_the_environment_and_that_beats_the_current_folder(small: Office, tmp_path: Path):
    empty = tmp_path / "empty"
    empty.mkdir()
    check = [*PROGRAM, "rules", "check"]
    assert said(check, XMREPORT_HOME=str(small.home), PWD=str(empty)).status == 0
    assert said(check, PWD=str(small.home)).status == 0
    assert said(check, PWD=str(empty)).status == 2
    assert said([*PROGRAM, "--home", str(empty), "rules", "check"], XMREPORT_HOME=str(small.home)).status == 2


def test_the_console_script_is_the_module():
    script = Path(sys.executable).with_name("xmreport.exe" if os.name == "nt" else "xmreport")
    if not script.is_file():
        pytest.skip("xmreport is not installed beside this Python: only `python -m xmreport` is there")
    assert said([str(script), "--help"]).out == said([*PROGRAM, "--help"]).out


# What stands in the way is said in a sentence


def _no_rules(office: Office):
    shutil.rmtree(office.home / "rules")


def _outbox_in_the_way(office: Office):
    (office.home / "outbox").write_text("a file", "utf-8")


def _broken_template(office: Office):
    (office.home / "templates_xlsx" / "报送情况及迟报名单.xlsx").write_bytes(b"PK\x03\x04 garbage")


def _state_in_the_way(office: Office):
    (office.home / ".xmreport").write_text("a file", "utf-8")


def _ledger_is_a_folder(office: Office):
    (office.home / ".xmreport" / "ledger.sqlite3").mkdir(parents=True)


def _broken_office(office: Office):
    (office.home / "rules" / "office.yaml").write_text("收件文件夹: [\n", "utf-8")


@pytest.mark.parametrize(
    "trouble",
    [
        _no_rules,
        _outbox_in_the_way,
        _broken_template,
        _state_in_the_way,
        _ledger_is_a_folder,
        _broken_office,
    ],
    ids=lambda trouble: trouble.__name__.strip("_"),
)
def test_trouble_with_the_place_is_a_sentence_and_ends_in_2(small: Office, trouble):
    small.drop("古阳镇/a.xlsx", WRONG)
    trouble(small)
    run = small.cli("run", "--now", "2022-12-08T10:00", "--json")
    assert run.status == 2, run
    assert run.err.strip()
    assert all(line["event"] in {"file", "published", "done"} for line in run.lines)


def test_a_ledger_on_a_share_is_refused_on_whatever_system(small: Office):
    (small.home / "rules" / "office.yaml").write_text("台账文件夹: \\\\srv\\share\\state\n", "utf-8")
    ended = small.cli("run", "--now", "2022-12-08T10:00")
    assert ended.status == 2
    assert "台账文件夹必须在本机硬盘上" in ended.err


def test_a_broken_office_file_never_makes_a_second_ledger(small: Office):
    (small.home / "rules" / "office.yaml").write_text("台账文件夹: [\n", "utf-8")
    small.cli("run", "--now", "2022-12-08T10:00")
    assert not (small.home / ".xmreport").exists()


def test_report_with_a_broken_template_is_a_sentence(small: Office):
    _broken_template(small)
    told = small.cli("report", "guxian", "--task", WEEKLY, "--period", FIRST)
    assert told.status == 2
    assert "报送情况及迟报名单.xlsx" in told.err


def test_a_second_engine_says_who_is_running_and_since_when(office: Office):
    with office.workspace.hold():
        told = office.cli("run")
    assert told.status == 2
    assert f"进程号 {os.getpid()}" in told.err
    assert "开始" in told.err
    assert office.cli("run", "--now", "2022-12-01T10:00").status == 0


def test_looking_does_not_wait_for_a_running_engine(small: Office, tmp_path: Path):
    small.send("古阳镇/a.xlsx", GOOD, "12-08 10:00")
    (tmp_path / "a.xlsx").write_bytes(GOOD)
    with small.workspace.hold(), Ledger.open(small.workspace.state):
        assert small.cli("status", "--json").status == 0
        assert small.cli("check", str(tmp_path / "a.xlsx"), "--county", "guxian").status == 0
        assert small.cli("verify").status == 0
