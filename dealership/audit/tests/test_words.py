"""The audit trail in words; what has none shows its code."""

from __future__ import annotations

from dealership.audit.words import action_words, change_words, object_words


def test_actions_and_objects_have_words_and_unknown_ones_keep_their_code():
    assert action_words("drive.overtime") == "试驾 · 超时提醒"
    assert action_words("drive.flown") == "drive.flown"
    assert object_words("leads.testdrive") == "试驾"
    assert object_words("leads.unheard") == "leads.unheard"


def test_changes_leave_out_what_is_empty_and_read_like_the_screen():
    told = {"attended": True, "answer": None, "grade": ["A", None], "since": "2026-11-18T09:45:08.720+00:00"}
    assert change_words(told) == [("到场", "是"), ("级别", "A → —"), ("自", "2026-11-18 17:45")]
