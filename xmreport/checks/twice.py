"""The same project twice in one return."""

from __future__ import annotations

from collections.abc import Iterator

from xmreport.checks.returns import Examined
from xmreport.model.findings import Finding, Severity
from xmreport.model.submission import Row
from xmreport.rulebook.identity import Index, identities_of, name_of


def same_project_twice(examined: Examined) -> Iterator[Finding]:
    """R09: the second row of a project is an error, at its name."""
    identities = identities_of(examined.form, examined.part.rows)
    mains = [each.main for each in identities if each.main]
    spares = [each.spare for each in identities if each.spare]
    if len(set(mains)) == len(mains) and len(set(spares)) == len(spares):
        return
    index = Index[Row]()
    for row, identity in zip(examined.part.rows, identities, strict=True):
        first = index.find(identity)
        if first is None:
            index.add(identity, row)
            continue
        name = examined.form.file.name_column
        words = {"首行": str(first.row), "首表": first.sheet, "项目": name_of(examined.form, row)}
        yield examined.finding("R09", Severity.ERROR, row, name, row.values.get(name), **words)
