"""Words and the transition table of reports (domain.md §4.6)."""

from __future__ import annotations

from django.db.models import TextChoices


class ReviewKind(TextChoices):
    """What the report covers and who writes it."""

    DAY = "day", "日报"
    EVENING = "evening", "经理晚报"


class ReviewState(TextChoices):
    OPEN = "open", "填写中"
    SUBMITTED = "submitted", "已提交"
    RETURNED = "returned", "退回补充"
    REVIEWED = "reviewed", "已点评"
    LOCKED = "locked", "已锁定"


class ReviewEvent(TextChoices):
    """What people do with a report; `LOCK` is also done by the clock."""

    WRITE = "write", "填写"
    SUBMIT = "submit", "提交"
    COMMENT = "comment", "点评"
    RETURN = "return", "退回"
    MARK_REVIEWED = "mark_reviewed", "完成点评"
    LOCK = "lock", "锁定"


# event → the states in which it may happen. A report that is not listed refuses the event and stays as it is.
ALLOWED_IN: dict[str, tuple[str, ...]] = {
    ReviewEvent.WRITE: (ReviewState.OPEN, ReviewState.RETURNED, ReviewState.SUBMITTED),
    ReviewEvent.SUBMIT: (ReviewState.OPEN, ReviewState.RETURNED),
    ReviewEvent.COMMENT: (ReviewState.SUBMITTED, ReviewState.RETURNED, ReviewState.REVIEWED),
    ReviewEvent.RETURN: (ReviewState.SUBMITTED, ReviewState.REVIEWED),
    ReviewEvent.MARK_REVIEWED: (ReviewState.SUBMITTED,),
    ReviewEvent.LOCK: (ReviewState.SUBMITTED, ReviewState.REVIEWED),
}
# event → the state it leads to; writing and commenting leave the state alone.
LEADS_TO: dict[str, str] = {
    ReviewEvent.SUBMIT: ReviewState.SUBMITTED,
    ReviewEvent.RETURN: ReviewState.RETURNED,
    ReviewEvent.MARK_REVIEWED: ReviewState.REVIEWED,
    ReviewEvent.LOCK: ReviewState.LOCKED,
}
NOT_HANDED_IN = (ReviewState.OPEN, ReviewState.RETURNED)
STATE_TONE = {
    ReviewState.OPEN: "secondary",
    ReviewState.SUBMITTED: "azure",
    ReviewState.RETURNED: "orange",
    ReviewState.REVIEWED: "green",
    ReviewState.LOCKED: "dark",
}
WORDS = ("problems", "help_wanted", "tomorrow_plan")
WORD_LABELS = {"problems": "今日问题", "help_wanted": "需要支持", "tomorrow_plan": "明日计划"}
