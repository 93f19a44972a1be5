"""A watcher with its clock in our hand, for the tests of the service."""

import datetime as dt
import time
from collections.abc import Callable

from conftest import Office, at

from xmreport.model.events import Event, FileEvent
from xmreport.model.receipts import Receipt
from xmreport.watch import Watcher


class Shift:
    """A watcher that looks when told to. A `patient` one says a look's trouble and goes on, as the service does."""

    def __init__(self, office: Office, now: str | dt.datetime, *, poll: bool = False, patient: bool = False) -> None:
        self.now = at(now) if isinstance(now, str) else now
        self.patient = patient
        self.events: list[Event] = []
        self.engine = office.engine(self.events.append)
        self.watcher = Watcher(office.workspace, ["guxian"], self.events.append, poll=poll, clock=lambda: self.now)

    def look(self, after: dt.timedelta = dt.timedelta()) -> list[Receipt]:
        """What one look some time later takes in."""
        self.now += after
        before = len(self.events)
        (self.watcher._look_again if self.patient else self.watcher.look)(self.engine)
        return [event.receipt for event in self.events[before:] if isinstance(event, FileEvent)]


def until(true: Callable[[], bool], seconds: float = 40) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
