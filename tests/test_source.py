import re

import pytest
import yaml
from building import RULES
from hypothesis import given
from hypothesis import strategies as st

from xmreport.rulebook.files.source import DEEPEST, Position, RuleSource, load


@pytest.fixture
def read(tmp_path):
    folder = tmp_path / "rules"
    folder.mkdir()

    def reader(text: str, encoding: str = "utf-8") -> RuleSource:
        path = folder / "guxian.yaml"
        path.write_bytes(text.encode(encoding))
        return load(path)

    return reader


def only_fault(source: RuleSource):
    (fault,) = source.faults
    return fault


@pytest.mark.parametrize(
    "written",
    ["17:00", "2022-12-7", "0069", "是", "70%", "1_000", "0x1F", "1e3", "yes", "true", "3.10"],
)
def test_every_scalar_stays_the_text_that_was_written(read, written):
    source = read(f"a: {written}\nb: [{written}]\n")
    assert source.faults == ()
    assert source.data == {"a": written, "b": [written]}


def test_nothing_is_none_and_a_quoted_text_is_text(read):
    source = read("a:\nb: ~\nc: null\nd: ''\ne: \"null\"\nf: []\n1: x\n")
    assert source.data == {"a": None, "b": None, "c": None, "d": "", "e": "null", "f": [], "1": "x"}


@pytest.mark.parametrize("text", ["", "# 只有说明\n", "---\n"])
def test_an_empty_file_is_none_without_fault(read, text):
    source = read(text)
    assert (source.data, source.faults) == (None, ())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_file_may_be_saved_as_notepad_saves_it(read, encoding):
    source = read("县区: 古县\r\n依据: 古政办发〔2022〕69号\r\n", encoding)
    assert source.data == {"县区": "古县", "依据": "古政办发〔2022〕69号"}
    assert source.positions["依据",] == Position(2, 5)


def test_values_and_keys_have_their_places(read):
    source = read("任务:\n  前期:\n    时限: 每周五\n    单位: [甲, {名称: 乙}]\n")
    assert source.positions[()] == (1, 1)
    assert source.key_positions["任务", "前期", "时限"] == (3, 5)
    assert source.positions["任务", "前期", "时限"] == (3, 9)
    assert source.positions["任务", "前期", "单位", 0] == (4, 10)
    assert source.positions["任务", "前期", "单位", 1, "名称"] == (4, 18)
    assert source.at(("任务", "前期", "单位", 1, "名称")) == "乙"
    with pytest.raises(KeyError):
        source.at(("任务", "后期"))


def test_a_fault_at_a_place_names_file_line_column_and_path(read):
    source = read("任务:\n  前期:\n    时限: 周五\n    单位:\n      - 甲\n")
    assert str(source.fault(("任务", "前期", "时限"), "时限，如 每周五 17:00")) == (
        "rules/guxian.yaml 第3行第9列 任务 › 前期 › 时限：写的是“周五”；应为时限，如 每周五 17:00"
    )
    assert str(source.fault(("任务", "前期", "单位", 0), "名册里没有这个单位。", key=True)) == (
        "rules/guxian.yaml 第5行第9列 任务 › 前期 › 单位 › 第1项：写的是“甲”；名册里没有这个单位。"
    )
    assert source.fault(("任务", "前期"), "", key=True).found == "{时限: …, 单位: …}"
    assert source.fault(("任务", "后期"), "这里缺少一项。", "").line == 2


def test_a_repeated_key_names_both_lines(read):
    source = read("时限: 1\n单位:\n  甲: 1\n  乙: 2\n  甲: 3\n时限: 2\n")
    assert [(f.line, f.column, f.path) for f in source.faults] == [(5, 3, "单位 › 甲"), (6, 1, "时限")]
    assert "第5行的“甲”与第3行重复" in source.faults[0].expected
    assert "第6行的“时限”与第1行重复" in source.faults[1].expected
    assert source.data == {"时限": "1", "单位": {"甲": "1", "乙": "2"}}


@pytest.mark.parametrize(
    ("text", "line", "column", "meant"),
    [
        ("县名：古县\n", 1, 3, {"县名": "古县"}),
        ("县名：古县\n区: 1\n", 1, 3, {"县名": "古县", "区": "1"}),
        ("区: 1\n县名：古县\n", 2, 3, {"区": "1", "县名": "古县"}),
        ("任务：\n  时限: 1\n", 1, 3, {"任务": {"时限": "1"}}),
        ("任务：\n  # 说明\n  时限: 1\n", 1, 3, {"任务": {"时限": "1"}}),
        ("任务:\n  时限：1\n", 2, 5, {"任务": {"时限": "1"}}),
        ("单位:\n  - 名称：甲\n    别名: [乙]\n", 2, 7, {"单位": [{"名称": "甲", "别名": ["乙"]}]}),
        ("核验: {规则: 甲 ≤ 乙, 级别：错误}\n", 1, 19, {"核验": {"规则": "甲 ≤ 乙", "级别": "错误"}}),
        ("目标: [甲：1, 乙]\n", 1, 7, {"目标": [{"甲": "1"}, "乙"]}),
        ("任务：{时限: 1}\n", 1, 3, {"任务": {"时限": "1"}}),
        ("县名： 古县\n区: 1\n", 1, 3, {"县名": "古县", "区": "1"}),
    ],
)
def test_a_full_width_colon_is_named_where_it_stands_and_read_as_it_was_meant(read, text, line, column, meant):
    source = read(text)
    fault = only_fault(source)
    assert (fault.line, fault.column) == (line, column)
    assert "冒号是全角的" in fault.expected
    assert source.data == meant


def test_a_colon_without_its_blank_is_named(read):
    source = read("县名:古县\n单位:\n  - 名称:甲\n")
    assert [(f.line, f.column) for f in source.faults] == [(1, 3), (3, 7)]
    assert all("空格" in f.expected for f in source.faults)


def test_places_after_a_mended_colon_stay_true(read):
    source = read("任务：{时限: 每周五}\n区: 1\n")
    assert source.positions["任务", "时限"] == Position(1, 9)
    assert source.key_positions["任务", "时限"] == Position(1, 5)


@pytest.mark.parametrize(
    "text",
    [
        "提示: 注意：不应大于，请核实\n",
        "提示: '县名：古县'\n",
        "- '注：以下空白'\n",
        "- 每周五17：00\n",
        "- 每周五17:00\n",
        "说明: |\n  注：甲\n  乙：丙\n",
        "网址: http://example.com/甲\n",
        "依据:\n  四（三）2\n",
    ],
)
def test_a_colon_inside_a_text_is_no_fault(read, text):
    assert read(text).faults == ()


def test_all_slips_are_found_at_once_beside_other_faults(read):
    source = read("县名：古县\n任务：\n  时限: 1\n  时限: 2\n单位: [甲，乙]\n目标: 'x\n")
    assert [f.line for f in source.faults] == [1, 2, 6]
    source = read("县名：古县\n任务：\n  时限: 1\n  时限: 2\n单位: [甲，乙]\n")
    assert [f.line for f in source.faults] == [1, 2, 4, 5]
    assert "半角逗号" in source.faults[3].expected


@pytest.mark.parametrize(
    ("text", "column", "lines"),
    [("a:\n\tb: 1\n\tc: 2\n", 1, "第2、3行"), ("a:\n  b: 1\n  \tc: 2\n", 3, "第3行")],
)
def test_tabs_in_the_indentation_are_named(read, text, column, lines):
    fault = only_fault(read(text))
    assert fault.column == column
    assert "制表符" in fault.expected
    assert lines in fault.expected


def test_a_full_width_blank_before_a_key_is_named(read):
    fault = only_fault(read("任务:\n\u3000\u3000时限: 1\n"))
    assert (fault.line, fault.column) == (2, 1)
    assert "全角空格" in fault.expected


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("a: b: c\n", 1, 5, "不能再有冒号"),
        ("a: 1\n b: 2\n", 2, 3, "缩进不齐"),
        ("a: 1\n甲乙\nb: 2\n", 2, 1, "缺少半角冒号"),
        ("a: - b\n", 1, 4, "另起一行"),
        ("a: ?\n: 3\n", 1, 4, "“?”"),
        ("a: | x\n  y\n", 1, 4, "后面要换行"),
        ("a: @x\n", 1, 4, "不能以这个符号开头"),
        ("a: `x`\n", 1, 4, "不能以这个符号开头"),
        ("b: 1\na: 'x\n", 2, 4, "引号没有配对"),
        ('a: "甲\\乙"\n', 1, 7, "单引号"),
        ("a: [1, 2\nb: 3\n", 2, 2, "第1行的括号没有配对"),
        ("b: 1\na: {x: 1\n\n", 2, 4, "第2行的括号没有配对"),
        ("a: {x: 1，y: 2}\n", 1, 11, "全角符号 ， "),
        ("- a\nb: 1\n", 2, 1, "缺少“- ”"),
        ("a:\n  - b\n c\n", 3, 2, "对不齐"),
        ("a: ]\n", 1, 4, "多了一个符号"),
        ("a: *x\n", 1, 4, "所引用的内容没有定义"),
        ("a: &\n", 1, 4, "表示引用"),
        ("a: !<x\n", 1, 4, "“!”"),
        ("a: !x 1\n", 1, 4, "“!”"),
        ("a: !!set {b}\n", 1, 4, "“!”"),
        ("a: 1\n---\nb: 2\n", 2, 1, "只能有一份内容"),
        ("%YAML 3.0\n---\na: 1\n", 1, 1, "“%”"),
        ("[" * 4000, 1, DEEPEST + 1, "套得太深"),
        ("a: 1\nb: \x07\n", 2, 4, "控制字符"),
        ("? [a]\n: 1\n", 1, 3, "键应为文字"),
        ("<<: {a: 1}\n", 1, 1, "不支持用“<<”合并"),
        ("a: &x 1\nb: &x 2\nc: *x\n", 2, 4, "已经用过"),
        ("a: &x [1, *x]\n", 1, 4, "引用了自己"),
        ("a: &x {b: {c: *x}}\n", 1, 4, "引用了自己"),
    ],
)
def test_what_yaml_complains_of_is_said_in_chinese_with_its_place(read, text, line, column, says):
    fault = only_fault(read(text))
    assert says in fault.expected
    assert (fault.line, fault.column) == (line, column)
    assert not re.search("[a-z]{4,}", fault.expected)


@pytest.mark.parametrize("path", sorted(RULES.rglob("*.yaml")), ids=lambda path: path.stem)
def test_the_quick_parser_reads_what_the_careful_one_reads(path, monkeypatch):
    quick = load(path)
    monkeypatch.setattr("xmreport.rulebook.files.source._QUICK", yaml.SafeLoader)
    assert quick == load(path)
    assert quick.positions


def test_aliases_repeat_what_they_name(read):
    source = read("a: &x [甲, 乙]\nb: *x\n")
    assert source.faults == ()
    assert source.data == {"a": ["甲", "乙"], "b": ["甲", "乙"]}
    assert source.positions["b", 1] == (1, 11)


def test_aliases_that_multiply_end_in_a_fault_not_in_memory(read):
    bomb = "x0: &x0 [a]\n" + "".join(f"x{i}: &x{i} [{', '.join([f'*x{i - 1}'] * 10)}]\n" for i in range(1, 30))
    assert "内容太多" in only_fault(read(bomb)).expected
    chain = "x0: &x0 [a]\n" + "".join(f"x{i}: &x{i} [*x{i - 1}]\n" for i in range(1, 2 * DEEPEST))
    assert "太深" in only_fault(read(chain)).expected


def test_a_file_in_no_known_encoding_names_its_line(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(b"a: 1\nb: \xff\xff\n")
    fault = only_fault(load(path))
    assert fault.line == 2
    assert "UTF-8" in fault.expected


def test_a_file_that_cannot_be_opened_is_a_fault(tmp_path):
    assert "打不开" in only_fault(load(tmp_path / "没有.yaml")).expected


PIECES = ["a", "县名", "：", ": ", ":", "- ", "\n", "\n  ", "\t", *"[]{},，'\"#|?%@`~\\\r", "&x ", "*x", "!t ", "> "]
PIECES += ["---\n", "...\n", "<<: ", "17:00", "\u3000", "\x85", "\x00"]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_any_text_gives_data_or_faults_with_places(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(text.encode())
    source = load(path)
    assert source.data is None or () in source.positions
    assert all(fault.line >= 1 and fault.column >= 1 and fault.expected for fault in source.faults)
