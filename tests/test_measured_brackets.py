"""A line does not end with an opening bracket, nor begin with what closes one: rows have to be tall enough for that."""

from xmreport.workbooks.fitting.measure import lines, units


def test_a_bracket_goes_to_the_next_line_with_what_it_encloses():
    room = units("县自然资源局（")
    assert lines("县自然资源局（90.00%）", room) == 2
    assert lines("县工信局（80%）、县自然资源局", units("县工信局（80%）")) == 3


def test_a_file_name_stays_whole_with_the_character_before_it_and_the_word_behind_its_comma():
    text = "前期手续办理情况表.xlsx，Sheet1第7行"
    assert lines(text, units("表.xlsx，Sheet1")) == 3
    assert lines(text, units("前期手续办理情况表.xlsx，Sheet1")) == 2
