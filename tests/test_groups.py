"""Several files are recorded together: all of them or none, and what is remembered of the past is what is on record."""

import datetime as dt
import pickle
import sqlite3
from concurrent.futures import Executor, Future

import pytest
from conftest import WEEKLY, Here, Office, at, form_one, project

import xmreport.run
from xmreport.examine import open_desk
from xmreport.ledger import Ledger
from xmreport.model.dates import CHINA, PartialDate
from xmreport.model.receipts import Outcome, Receipt
from xmreport.model.submission import Part, Row, Unreadable
from xmreport.model.trouble import Trouble
from xmreport.reading import worker
from xmreport.reading.guard import GuardedPool
from xmreport.run import Engine, Moment

NOW = "12-08 10:00"


def _codes(receipt: Receipt) -> list[str]:
    return [finding.code for finding in receipt.findings]


def test_a_record_that_fails_takes_back_those_made_with_it_and_the_next_look_takes_all(small: Office, monkeypatch):
    for name in ("甲", "乙", "丙"):
        small.drop(f"古阳镇/{name}.xlsx", form_one(project(name)))
    workspace = small.workspace
    open_desk(dict(workspace.rulebook.counties))
    record, calls = Ledger.record, []

    def full(self, entries):
        calls.append(entries)
        if len(calls) == 3:
            raise sqlite3.OperationalError("database or disk is full")
        return record(self, entries)

    monkeypatch.setattr(Ledger, "record", full)
    with Engine(workspace, ["guxian"], lambda _: None, Here()) as engine:
        with pytest.raises(sqlite3.OperationalError):
            engine.take_settled(Moment(at(NOW), replayed=True))
        assert small.receipts() == ()
        assert len(small.waiting()) == 3
        engine.take_settled(Moment(at(NOW), replayed=True))
    assert [receipt.outcome for receipt in small.receipts()] == [Outcome.ACCEPTED] * 3
    assert small.waiting() == []


def test_an_engine_that_is_told_to_stop_leaves_what_is_not_begun(small: Office, monkeypatch):
    monkeypatch.setattr(xmreport.run, "TOGETHER", 2)
    for number in range(6):
        small.drop(f"古阳镇/{number}.xlsx", form_one(*[project(f"甲{each}") for each in range(number + 1)]))
    workspace = small.workspace
    open_desk(dict(workspace.rulebook.counties))
    told = []
    with Engine(workspace, ["guxian"], told.append, Here(), stopping=lambda: bool(told)) as engine:
        engine.take_settled(Moment(dt.datetime.now(CHINA)))
        assert engine.ledger.last_pass() is None
        assert engine.publish(at("12-08 11:00"))
    assert len(small.receipts()) == 2
    assert len(small.waiting()) == 4
    assert len(list((small.outbox / WEEKLY).rglob("*.xlsx"))) == 1
    small.take(NOW, publish=True)
    assert small.waiting() == []
    assert len(list((small.outbox / WEEKLY).rglob("*.xlsx"))) > 1


class Gone(Executor):
    """A cluster whose scheduler went away: what it was given is cancelled."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        future.cancel()
        future.set_running_or_notify_cancel()
        return future


def test_a_cluster_that_goes_away_says_nothing_of_the_files_which_stay(small: Office):
    small.drop("古阳镇/甲.xlsx", form_one(project("甲")))
    with Engine(small.workspace, ["guxian"], lambda _: None, Gone()) as engine:
        with pytest.raises(Trouble, match="集群断开了"):
            engine.take_settled(Moment(at(NOW), replayed=True))
        assert engine.tally.engine_faults == 0
    assert small.receipts() == ()
    assert len(small.waiting()) == 1
    assert [receipt.outcome for receipt in small.take(NOW)] == [Outcome.ACCEPTED]


def test_the_same_bytes_twice_in_one_group_are_a_duplicate(small: Office):
    data = form_one(project("甲"))  # once: a workbook tells the second in which it was saved
    for name in ("1", "2"):
        small.drop(f"古阳镇/{name}.xlsx", data)
    assert sorted(receipt.outcome for receipt in small.take(NOW)) == [Outcome.ACCEPTED, Outcome.DUPLICATE]


# One project with two units


def test_a_units_own_earlier_version_is_no_conflict(small: Office):
    small.send("古阳镇/1.xlsx", form_one(project("甲")), NOW)
    again = small.send("古阳镇/2.xlsx", form_one(project("甲", 总投资=4000)), "12-08 11:00")
    assert (again.outcome, "X01" in _codes(again)) == (Outcome.ACCEPTED, False)


def test_a_project_of_another_unit_is_told_also_where_both_came_together(small: Office):
    small.drop("古阳镇/1.xlsx", form_one(project("甲")))
    small.drop("县水利局/1.xlsx", form_one(project("甲"), unit="县水利局"))
    first, second = small.take(NOW)
    assert ("X01" in _codes(first), "X01" in _codes(second)) == (False, True)


def test_a_project_that_the_other_unit_no_longer_reports_is_no_conflict(small: Office):
    small.send("古阳镇/1.xlsx", form_one(project("甲")), NOW)
    with small.engine(lambda _: None) as engine:
        for place, data, moment in (
            ("县水利局/1.xlsx", form_one(project("乙"), unit="县水利局"), "12-08 10:30"),
            ("古阳镇/2.xlsx", form_one(project("丙")), "12-08 11:00"),
            ("县水利局/2.xlsx", form_one(project("甲"), unit="县水利局"), "12-08 12:00"),
        ):
            small.drop(place, data)
            engine.take_settled(Moment(at(moment), replayed=True))
    assert "X01" not in _codes(small.receipts()[-1])


# What goes between processes


def test_a_part_comes_back_as_it_was_sent():
    values = {"总投资": 1.5, "办结": PartialDate(2022, 3), "坏": Unreadable(), "空": None, "是否": True}
    rows = (Row("表", 6, values, {"总投资": "1.5万"}), Row("表", 7, {"总投资": 2.0}))
    part = Part("表", "报表", "单位", None, rows, False, {"表": {"总投资": 1}}, ())
    assert pickle.loads(pickle.dumps(part)) == part


def _own_process(_: object = None) -> int:
    import os

    return os.getpid()


def _wear_out() -> None:
    worker.WORN_MIB = 0


def test_a_worker_that_holds_too_much_is_replaced_after_its_job():
    with GuardedPool(1, _wear_out) as pool:
        first, second = (pool.submit(_own_process).result() for _ in range(2))
    assert first != second


def test_a_worker_that_holds_little_stays():
    with GuardedPool(1) as pool:
        first, second = (pool.submit(_own_process).result() for _ in range(2))
    assert first == second
