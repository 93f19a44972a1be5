"""The names that conditions hold units against: by the names the units have today."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from xmreport.rulebook.files.faults import nearest
from xmreport.rulebook.form import OFFICE, REPORTER, Form
from xmreport.rulebook.roster import Roster


class UnitNames(Struct, frozen=True):
    """A county's roster, as one form's conditions ask it."""

    roster: Roster
    form: Form
    shared: bool
    """Whether the conditions are the form's own: other counties, with other rosters, go by them too."""

    def today(self, field: str, name: str) -> str | None:
        """The unit's name of today, a name outside the roster as it stands; None where the field never holds that one.

        Whoever reports is of the roster, and whoever handles a procedure stands in the rules; any other column of units
        keeps what a unit writes there.
        """
        unit = self.roster.resolve(name)
        if unit or self.shared or name in self._known(field):
            return unit or name
        return None if field in {REPORTER, OFFICE} else name

    def near(self, field: str, name: str) -> str | None:
        """The name that may be meant."""
        return nearest(name, {*self.roster.names, *self._known(field)})

    def _known(self, field: str) -> Collection[str]:
        return self.form.offices.values() if field == OFFICE else ()
