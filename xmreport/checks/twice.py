"""The same project twice in one return."""

from __future__ import annotations

from collections.abc import Iterator

from xmreport.checks.returns import Return
from xmreport.model.findings import Finding, Severity
from xmreport.rulebook.identity import Index, name_of


def same_project_twice(examined: Return) -> Iterator[Finding]:
    """R09: the second row of a project is an error, at its name."""
    index = Index(examined.form)
    for row in examined.part.rows:
        first = index.find(row)
        if first is None:
            index.add(row)
            continue
        name = examined.form.file.name_column
        words = {"首行": str(first.row), "首表": first.sheet, "项目": name_of(examined.form, row)}
        yield examined.finding("R09", Severity.ERROR, row, name, row.values.get(name), **words)
