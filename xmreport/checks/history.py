"""What shows only beside the unit's last return of the same form (M26, M27, M29, M47)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from xmreport.checks.returns import Examined
from xmreport.model.findings import Finding, Severity
from xmreport.model.rows import Rows
from xmreport.model.submission import Row
from xmreport.rulebook.columns import readable
from xmreport.rulebook.identity import Index, identities_of, name_key, name_of, near_name, renamed

TOLERANCE = 0.01
"""How far figures, in the form's unit of money, may differ and still be the same: each was rounded to two decimals."""


def procedure_regressed(examined: Examined) -> Iterator[Finding]:
    """P01: a procedure that was 已办结 last period and is not now (倒退)."""
    regress = examined.form.file.against.regress
    if regress is None:
        return
    form, last = examined.form, Rows.of(examined.last)
    names = {procedure: f"{procedure}.{regress.column}" for procedure in (*form.procedures, *form.further_procedures)}
    were = {procedure: name for procedure, name in names.items() if regress.value in last.column(name)}
    for row, before in examined.pairs if were else ():
        for procedure, name in were.items():
            was, now = before.values.get(name), readable(row.values.get(name))
            if was == regress.value and now is not None and now != was:
                words = {"手续": procedure, "上期": str(was), "本期": str(now), "期次": examined.last_period}
                yield examined.finding("P01", Severity.WARNING, row, name, now, **words)


def project_gone(examined: Examined) -> Iterator[Finding]:
    """P02: a project reported last period and gone now (消失)."""
    if not examined.form.file.against.gone:
        return
    index = Index.of(examined.form, examined.part.rows)
    sheet = examined.part.sheet
    for before, identity in zip(examined.last, identities_of(examined.form, examined.last), strict=True):
        if index.find(identity) is None:
            words = {"项目": name_of(examined.form, before), "期次": examined.last_period}
            name = examined.form.file.name_column
            yield Finding("P02", Severity.WARNING, sheet, None, name, words["项目"], words)


def money_jumped(examined: Examined) -> Iterator[Finding]:
    """P03: about ten thousand times more or less than last period: the unit of money is in doubt."""
    jump = examined.form.file.against.jump
    if jump is None:
        return
    money = [name for name, column in examined.form.columns.items() if column.type == "金额"]
    for row, before in examined.pairs:
        for name in money:
            was, now = _figure(before, name), _figure(row, name)
            if was and now and jump / 2 <= max(now / was, was / now) <= jump * 2:
                words = {"上期": _shown(was), "期次": examined.last_period}
                yield examined.finding("P03", Severity.WARNING, row, name, _shown(now), **words)


def cumulative_fell(examined: Examined) -> Iterator[Finding]:
    """P06: a cumulative figure lower than last period; a reason in 备注 makes it a warning."""
    kept = {"开工以来", "年内"} if examined.same_year else {"开工以来"}
    names = [name for name, column in examined.form.columns.items() if column.cumulative in kept]
    for row, before in examined.pairs:
        for name in names:
            was, now = _figure(before, name), _figure(row, name)
            if was is not None and now is not None and now < was - TOLERANCE:
                reason = readable(row.values.get("备注"))
                severity = Severity.WARNING if reason else Severity.ERROR
                words = {"上期": _shown(was), "期次": examined.last_period}
                yield examined.finding("P06", severity, row, name, _shown(now), **words)


def cumulative_adds_up(examined: Examined) -> Iterator[Finding]:
    """P07: this period's cumulative figure is last period's and this period's own together."""
    if not examined.follows:
        return
    for row, before in examined.pairs:
        for name, own in examined.form.file.against.adds_up.items():
            fresh = examined.form.columns[name].cumulative == "年内" and not examined.same_year
            was, month, now = 0.0 if fresh else _figure(before, name), _figure(row, own), _figure(row, name)
            if was is None or month is None or now is None:
                continue
            fell = now < was - TOLERANCE  # P06 says so already
            if not fell and abs(was + month - now) > TOLERANCE:
                words = {"上期": _shown(was), "本期列": own, "本期": _shown(month), "应为": _shown(was + month)}
                words["期次"] = examined.last_period
                yield examined.finding("P07", Severity.ERROR, row, name, _shown(now), **words)


def name_drifted(examined: Examined) -> Iterator[Finding]:
    """P05: the same code under another name, or a new name close to one that is gone; suggested, never merged."""
    named = examined.form.file.name_column
    now, then = Index.of(examined.form, examined.part.rows), Index.of(examined.form, examined.last)
    last = zip(examined.last, identities_of(examined.form, examined.last), strict=True)
    left = [name_of(examined.form, before) for before, identity in last if now.find(identity) is None]
    gone = {name_key(name): name for name in left}
    rows = examined.part.rows
    for row, identity in zip(rows, identities_of(examined.form, rows), strict=True):
        name = name_of(examined.form, row)
        before = then.find(identity)
        old = name_of(examined.form, before) if before else near_name(name, gone)
        if old and renamed(name, old):
            yield examined.finding("P05", Severity.WARNING, row, named, name, 上期=old, 期次=examined.last_period)


def nothing_changed(examined: Examined) -> Iterator[Finding]:
    """P04: last period's rows resent as they were."""
    rows, last = Rows.of(examined.part.rows), Rows.of(examined.last)
    if not rows or len(rows) != len(last):
        return
    names = sorted({name for block in (*rows.blocks, *last.blocks) for name in block.columns})
    ours, theirs = (Counter(zip(*map(each.column, names), strict=True)) for each in (rows, last))
    if ours == theirs:
        words = {"期次": examined.last_period}
        yield Finding("P04", Severity.WARNING, examined.part.sheet, None, None, None, words)


def _figure(row: Row, name: str) -> float | None:
    value = readable(row.values.get(name))
    return float(value) if isinstance(value, int | float) else None


def _shown(figure: float) -> str:
    return f"{figure:.10g}"
