"""A line does not end with an opening bracket, nor begin with what closes one: rows have to be tall enough for that."""

from xmreport.workbooks.fitting.measure import lines, units


def test_a_bracket_goes_to_the_next_line_with_what_it_encloses():
    room = units("县自然资源局（")
    assert lines("县自然资源局（90.00%）", room) == 2
    assert lines("县工信局（80%）、县自然资源局", units("县工信局（80%）")) == 3
