"""A return's rows as columns: what they are told by, sent as and kept as is what they are."""

from __future__ import annotations

import pickle

from hypothesis import given, settings
from hypothesis import strategies as st

from xmreport.model.dates import PartialDate
from xmreport.model.rows import Block, Rows
from xmreport.model.submission import Identity, Row, Unreadable

DATES = st.builds(PartialDate, st.integers(1990, 2040), st.integers(1, 12), st.integers(0, 28))
KINDS = [
    st.sampled_from(["已办结", "未办理", None]),
    st.sampled_from(["", "0", "@", None, PartialDate(2022, 12)]),
    st.sampled_from([1, 1.0, True, 0, False, None]),
    st.text(max_size=3) | st.none(),
    DATES | st.none(),
    DATES | st.text(max_size=2) | st.builds(Unreadable),
    st.floats(allow_nan=False, allow_infinity=False) | st.none(),
]


@settings(max_examples=150)
@given(data=st.data(), height=st.integers(1, 130))
def test_a_column_of_any_kind_and_length_comes_back_cell_by_cell(data, height):
    """Also one with more distinct cells than there are letters to name them by."""
    columns = {
        f"列{number}": data.draw(st.lists(kind, min_size=height, max_size=height)) for number, kind in enumerate(KINDS)
    }
    rows = Rows([Block("表", range(6, 6 + height), columns, {0: {"列0": "已办"}})])
    back = Rows.parse(rows.text)
    assert [repr(back.column(name)) for name in columns] == [repr(cells) for cells in columns.values()]
    assert repr(tuple(back)) == repr(tuple(rows))


def test_rows_of_several_sheets_are_one_sequence_and_lack_what_their_sheet_lacks():
    rows = Rows.of(
        [Row("甲", 6, {"名称": "一", "投资": 1.0}), Row("乙", 9, {"名称": "二"}), Row("乙", 10, {"名称": "三"})]
    )
    assert [block.sheet for block in rows.blocks] == ["甲", "乙"]
    assert (list(rows.column("名称")), list(rows.column("投资"))) == (["一", "二", "三"], [1.0, None, None])
    assert [(row.sheet, row.row) for row in rows[1:]] == [("乙", 9), ("乙", 10)]
    assert "投资" not in rows[2].values
    assert rows[2].values.get("投资", "没有") == "没有"


def test_what_is_sent_to_another_process_keeps_its_length_its_keys_and_is_read_when_asked_for():
    rows = Rows.of([Row("甲", 6, {"名称": "一"}, {"名称": " 一"}), Row("甲", 7, {"名称": "二"})])
    rows.identities = [Identity("码", "一"), Identity(None, "二")]
    back = pickle.loads(pickle.dumps(rows))
    assert (len(back), back.identities) == (2, rows.identities)
    assert "blocks" not in vars(back)
    assert (back, back[0].originals) == (rows, {"名称": " 一"})


def test_no_rows_are_no_rows():
    rows = pickle.loads(pickle.dumps(Rows.of(())))
    assert (len(rows), rows.identities, rows.column("名称"), bool(rows)) == (0, (), [], False)
