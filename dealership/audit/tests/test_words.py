"""The audit trail in words; what has none shows its code."""

from __future__ import annotations

from dealership.audit.words import action_words, change_words, object_words


def test_actions_and_objects_have_words_and_unknown_ones_keep_their_code():
    assert action_words("drive.overtime") == "试驾 · 超时提醒"
    assert action_words("prospect.loss.ask") == "意向客户 · 战败申请"
    assert action_words("deal_price.approved") == "特价 · 同意"
    assert action_words("drive.flown") == "drive.flown"
    assert object_words("leads.testdrive") == "试驾"
    assert object_words("leads.unheard") == "leads.unheard"


def test_changes_leave_out_what_is_empty_and_read_like_the_screen():
    told = {"attended": True, "answer": None, "grade": ["A", None], "since": "2026-11-18T09:45:08.720+00:00"}
    assert change_words(told) == [("到场", "是"), ("级别", "A → —"), ("自", "2026-11-18 17:45")]


def test_roles_and_policies_read_like_their_pages():
    told = {"role": "sales_manager", "key": "grade.H", "value": {"interval": 2, "first": 1}}
    assert change_words(told) == [
        ("岗位", "销售经理"), ("项目", "H 级跟进规则（天）"), ("取值", "跟进间隔（天） 2、首次跟进（几天内） 1"),
    ]  # fmt: skip
