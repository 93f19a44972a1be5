"""Rules of dockets, lists, splits and bulletins: every slip is told with its line and what should stand there."""

import shutil

import pytest
from building import RULES

from xmreport.rulebook.loading.folder import load_rulebook

SOUND = """
台账:
  试点台账:
    报表: 联络人名单
    编号列: 职务
    编号前缀: GX
    入账:
      - {报表: 联络人名单}
      - 报表: 前期手续办理情况表
        条件: 需协调解决的问题 不为空
        取: {联络人: 项目名称, 备注: 需协调解决的问题}
    办结: 备注 = 销号
    出处: 六（三）
通报:
  活动总结: {进度: 前期手续办结率, 分组: [乡镇], 出处: 六（四）}
上报:
  - 名称: 试报
    任务: 活动总结
    填报单位: 古县
    报送: 临汾市
    表: [{报表: 联络人名单, 清单: 省市级手续清单, 取: {联络人: 项目名称}}]
    出处: 四（三）2
"""
CONDITION = "        条件: 需协调解决的问题 不为空\n"
SPLIT = "指标: 2023年谋划项目数量, 力争: 40个"
SLIPS = {
    "a docket's form": ("    报表: 联络人名单\n    编号列", "    报表: 联络人单\n    编号列", "联络人名单"),
    "a docket's number column": ("编号列: 职务", "编号列: 职位", "“联络人名单”里不由系统填写的文本列或代码列"),
    "a docket's source column": ("备注: 需协调解决的问题", "备注: 需协调的问题", "需协调解决的问题"),
    "a docket's own column": ("取: {联络人: 项目名称, 备注", "取: {联系: 项目名称, 备注", "联络人"),
    "a docket's condition": ("办结: 备注 = 销号", "办结: 状态 = 销号", "状态"),
    "a number without a prefix": ("    编号前缀: GX\n", "", "“编号列”和“编号前缀”要写就一起写"),
    "a docket's reporter": (
        CONDITION,
        "        条件: 填报单位 = 县水力局\n",
        "“填报单位”不会是“县水力局”，没有这个单位，是不是“县水利局”？（第8个字）",
    ),
    "a docket's office": (
        CONDITION,
        "        表: 手续\n        条件: 办理部门 属于 (县住建局、县审批大厅)\n",
        "“办理部门”不会是“县审批大厅”",
    ),
    "a bulletin's task": ("  活动总结: {进度", "  活动小结: {进度", "活动总结"),
    "a bulletin's indicator": ("进度: 前期手续办结率", "进度: 手续办结率", "前期手续办结率"),
    "a bulletin's category": ("分组: [乡镇]", "分组: [村镇]", "乡镇"),
    "what goes up: its list": ("清单: 省市级手续清单, 取", "清单: 省级手续清单, 取", "省市级手续清单"),
    "what goes up: its task": ("任务: 活动总结\n    填报", "任务: 总结\n    填报", "任务"),
    "a split that does not add up": (SPLIT, f"{SPLIT}, 分解: {{岳阳镇: 20个, 北平镇: 15个}}", "现在合计 35个"),
    "a split's unit": (SPLIT, f"{SPLIT}, 分解: {{岳阳: 20个, 北平镇: 20个}}", "岳阳镇"),
    "a split's measure": (SPLIT, f"{SPLIT}, 分解: {{岳阳镇: 20%, 北平镇: 20个}}", "单位为“个”的数"),
}

SECTIONS = {"a split": "目标 › ", "what goes up": "上报 › ", "a bulletin": "通报 › ", "a ": "台账 › 试点台账"}


def rules(tmp_path, *changes):
    """古县's rules in a folder of their own, with a docket, a bulletin and a workbook for the city."""
    folder = tmp_path / "rules"
    (folder / "forms").mkdir(parents=True)
    for path in (RULES / "forms").glob("*.yaml"):
        shutil.copy(path, folder / "forms")
    text = (RULES / "guxian.yaml").read_text("utf-8")
    kept = text.split("\n")
    for key in ("台账:", "通报:", "上报:"):
        if key in kept:
            first = kept.index(key)
            last = next(at for at in range(first + 1, len(kept)) if kept[at] and not kept[at].startswith((" ", "#")))
            del kept[first:last]
    text = "\n".join(kept) + SOUND
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / "guxian.yaml").write_text(text, "utf-8")
    return folder


def test_what_is_sound_has_no_fault_and_is_whole(tmp_path):
    book = load_rulebook(rules(tmp_path, (SPLIT, f"{SPLIT}, 分解: {{岳阳镇: 25个, 北平镇: 15个}}")))
    assert book.all_faults == ()
    docket = book.counties["guxian"].dockets["试点台账"]
    assert docket.task == "联络人报送"
    assert docket.sources == {"联络人名单", "前期手续办理情况表"}


@pytest.mark.parametrize("slip", sorted(SLIPS))
def test_a_slip_is_told_with_its_line_and_what_should_stand_there(tmp_path, slip):
    old, new, hint = SLIPS[slip]
    folder = rules(tmp_path, (old, new))
    faults = load_rulebook(folder).all_faults
    assert faults
    assert hint in str(faults[0])
    section = next(path for start, path in SECTIONS.items() if slip.startswith(start))
    assert faults[0].path.startswith(section)


def test_a_docket_whose_form_no_task_collects_could_never_be_read_back(tmp_path):
    folder = rules(tmp_path, ("报表: 联络人名单\n    编号列: 职务\n    编号前缀: GX", "报表: 前期手续办理情况表"))
    text = (
        (folder / "guxian.yaml").read_text("utf-8").replace("报表: 前期手续办理情况表\n    时限", "文档: 表\n    时限")
    )
    (folder / "guxian.yaml").write_text(text, "utf-8")
    assert any("要从收件文件夹收回来" in str(fault) for fault in load_rulebook(folder).all_faults)


def test_which_other_forms_a_task_s_workbooks_draw_on():
    county = load_rulebook(RULES).counties["guxian"]
    assert "省市重点项目目标任务表" in county.beside(county.tasks["前期手续办理周报"])
    assert county.beside(county.tasks["活动总结"]) == frozenset()
