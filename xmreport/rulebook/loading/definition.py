"""A form's definition held against itself: what it names is there, and no word of it has two meanings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from xmreport.rulebook.files.faults import Place, RuleFault
from xmreport.rulebook.files.source import RuleSource
from xmreport.rulebook.form import FIGURES, Column, FormFile, GroupSlot, Procedures
from xmreport.rulebook.loading.crosscheck import FaultList
from xmreport.rulebook.names import key_of

Named = tuple[Place, str, Sequence[tuple[Place, str]]]
"""A thing by its name and its aliases, each with its place."""


def definition_faults(file: FormFile, source: RuleSource) -> list[RuleFault]:
    """Everything that is wrong with a form by itself, in the order of the file."""
    faults = FaultList(source)
    plain = [(("列", index), column) for index, column in enumerate(file.columns) if isinstance(column, Column)]
    subs = [(("手续", "子列", index), column) for index, column in enumerate(_sub_columns(file))]
    _group_slot(file, faults)
    for columns in (plain, subs):
        _named_once([_column(place, column) for place, column in columns], "列", faults)
        for place, column in columns:
            _choices_known(place, column, file, faults)
    if file.procedures:
        _named_once(list(_procedures(file.procedures)), "手续", faults)
    for name, choices in file.options.items():
        for way, first, second in ways_twice(choices):
            faults.add(("选项", name, second), f"别的写法：“{way}”已经是“{first}”的写法", way)
    _columns_named(file, faults)
    return sorted(faults, key=lambda fault: (fault.line, fault.column))


def ways_twice(choices: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str, str]]:
    """Every way of writing that means two values: the way, and both."""
    meant: dict[str, str] = {}
    for value, others in choices.items():
        for way in (value, *others):
            first = meant.setdefault(key_of(way).upper(), value)
            if first != value:
                yield way, first, value


def _sub_columns(file: FormFile) -> Sequence[Column]:
    return file.procedures.columns if file.procedures else ()


def _column(place: Place, column: Column) -> Named:
    aliases = [((*place, "别名", index), alias) for index, alias in enumerate(column.aliases)]
    return (*place, "名称"), column.name, aliases


def _procedures(group: Procedures) -> Iterator[Named]:
    for key, names in (("必填", group.required), ("可选", group.optional)):
        for index, name in enumerate(names):
            aliases = [(("手续", "别名", name, at), alias) for at, alias in enumerate(group.aliases.get(name, ()))]
            yield ("手续", key, index), name, aliases


def _named_once(things: Sequence[Named], what: str, faults: FaultList) -> None:
    """No name is another's, no alias another's: a heading must mean one thing. A name goes before an alias."""
    names: dict[str, tuple[str, Place]] = {}
    owners: dict[str, tuple[str, Place]] = {}
    for place, name, _ in things:
        _owned(names, (name, place), place, name, what, faults)
    for place, name, aliases in things:
        for at, alias in aliases:
            if key_of(alias) not in names:
                _owned(owners, (name, place), at, alias, what, faults)


def _owned(
    owners: dict[str, tuple[str, Place]], own: tuple[str, Place], at: Place, word: str, what: str, faults: FaultList
) -> None:
    owner, first = owners.setdefault(key_of(word), own)
    if first != own[1]:
        line = faults.source.fault(first, "").line
        faults.add(at, f"别的{what}没有用过的名称：“{owner}”（第{line}行）已经用了它", word)


def _group_slot(file: FormFile, faults: FaultList) -> None:
    """The repeated group and the one place where it stands belong together."""
    slots = [index for index, column in enumerate(file.columns) if isinstance(column, GroupSlot)]
    if slots and file.procedures is None:
        faults.add(("列", slots[0], "组"), "写了“组: 手续”，还要写“手续”这一项：有哪几项手续、各有哪几列。")
    elif file.procedures and not slots:
        faults.add(("手续",), "写了“手续”，“列”里还要有一项“{组: 手续}”，说明它排在哪里。", "", key=True)
    for index in slots[1:]:
        faults.add(("列", index, "组"), "“组: 手续”只能写一处。")


def _choices_known(place: Place, column: Column, file: FormFile, faults: FaultList) -> None:
    """A choice has values to choose from. Where others are taken too, it may be left to the counties to name them."""
    if column.type == "选项" and column.options is None:
        faults.add((*place, "选项"), "这里缺少“选项”这一项：类型为“选项”的列，要写明用哪一组可选值。", "")
    elif column.options and column.options not in file.options and column.others == "错误":
        faults.unknown((*place, "选项"), column.options, file.options, "这个文件“选项”里写了的一组可选值")


def _columns_named(file: FormFile, faults: FaultList) -> None:
    """The columns that rows are known by, added up or compared by."""
    plain = [column for column in file.columns if isinstance(column, Column)]
    known = {column.name for column in plain if column.type != "序号"}
    figures = {column.name for column in plain if column.type in FIGURES}
    keys = [*_listed(("主键",), file.key), *_listed(("备用主键",), file.spare_key)]
    _all_known([(("名称列",), file.name_column), *keys], known, "这张报表里的列", faults)
    _all_known(_listed(("汇总", "求和"), file.totals.sums), figures, "这张报表里的金额列或数列", faults)
    for whole, own in file.against.adds_up.items():
        place: Place = ("比对上期", "累计相符", whole)
        _all_known([(place, whole), (place, own)], figures, "这张报表里的金额列或数列", faults)
    if file.against.regress:
        _regress(file, faults)


def _listed(place: Place, words: Sequence[str]) -> list[tuple[Place, str]]:
    """Each word with its place."""
    return [((*place, index), word) for index, word in enumerate(words)]


def _all_known(words: Iterable[tuple[Place, str]], known: set[str], what: str, faults: FaultList) -> None:
    for place, word in words:
        if word not in known:
            faults.unknown(place, word, known, what)


def _regress(file: FormFile, faults: FaultList) -> None:
    """A procedure's column, and one of its values."""
    assert file.against.regress
    place, rules = ("比对上期", "倒退"), file.against.regress
    columns = {column.name: column for column in _sub_columns(file)}
    if rules.column not in columns:
        faults.unknown((*place, "列"), rules.column, columns, "“手续”里的子列")
        return
    values = file.options.get(columns[rules.column].options or "", {})
    if values and rules.value not in values:
        faults.unknown((*place, "值"), rules.value, values, f"“{rules.column}”的可选值")
