"""What superiors do with a report: comment, return, finish, lock. Two at once: one wins, the other sees it (R04)."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils.translation import gettext as _

from dealership.audit.services import once, record
from dealership.core import periods
from dealership.core.errors import DomainError, NotAllowed, NotFound
from dealership.core.services import service
from dealership.core.text import clean_text, has_control_characters
from dealership.notices.services import notify
from dealership.org.models import Store
from dealership.org.reach import can
from reviews.choices import ReviewEvent, ReviewState
from reviews.models import Review, ReviewComment
from reviews.policies import allowed_for
from reviews.selectors.lines import line_keys
from reviews.services.opening import month_is_closed
from reviews.services.writing import move, take

TEXT_LIMIT = 500


@service
def review_comment(*, by: Any, review_id: int, text: str, line: str = "") -> ReviewComment:
    """Write beside the whole report or one of its lines; the owner may answer. Comments are only ever added."""
    review = take(by, review_id, ReviewEvent.COMMENT)
    return _add_comment(review, by, text, line)


@service
def review_comment_once(
    *, by: Any, review_id: int, text: str, line: str = "", key: uuid.UUID | None = None
) -> tuple[ReviewComment, bool]:
    """The same comment sent twice (double tap, retry) is written once; the second answer is the first row (R01)."""
    return once(
        by=by,
        action="review.comment",
        key=key,
        create=lambda: review_comment(by=by, review_id=review_id, text=text, line=line),
        find=lambda pk: ReviewComment.objects.visible_to(by).select_related("by").get(pk=pk),
    )


def _add_comment(review: Review, by: Any, text: str, line: str) -> ReviewComment:
    if line and line not in line_keys(review.kind):
        raise DomainError("line", _("没有这一行，请从报告里选择要点评的行。"), {"line": [_("没有这一行。")]})
    text = _checked(text, _("请写点评内容。"))
    is_reply = by.pk == review.owner_id
    comment = ReviewComment.objects.create(
        review=review, line=line, by=by, at=periods.now(), text=text, is_reply=is_reply
    )
    if not is_reply and review.first_commented_at is None and not month_is_closed(review.store_id, review.starts_on):
        review.first_commented_at = comment.at
        review.save(update_fields=["first_commented_at"])
    record(by=by, action="review.comment", target=review, changes={"line": line})
    if not is_reply:
        _tell_owner(review, f"comment:{comment.pk}", _("%(name)s 点评了您的%(report)s") % _names(review, by))
    return comment


def _checked(text: str, missing: str) -> str:
    if has_control_characters(text):
        refusal = _("内容里有不可见的控制字符，请删除后重新输入。")
        raise DomainError("text", refusal, {"text": [refusal]})
    text = clean_text(text)
    if not text:
        raise DomainError("text", missing, {"text": [missing]})
    if len(text) > TEXT_LIMIT:
        refusal = _("最多 %(limit)s 字，请精简。") % {"limit": TEXT_LIMIT}
        raise DomainError("text", refusal, {"text": [refusal]})
    return text


@service
def review_return(*, by: Any, review_id: int, text: str, version: int | None = None) -> Review:
    """Give the report back for completion, saying what is missing."""
    review = take(by, review_id, ReviewEvent.RETURN, version)
    comment = _add_comment(review, by, _checked(text, _("退回时请写明要补充什么。")), "")
    move(review, ReviewEvent.RETURN, by, reason=comment.text[:300])
    _tell_owner(review, f"return:{comment.pk}", _("%(name)s 退回了您的%(report)s，请补充") % _names(review, by))
    return review


@service
def review_mark_reviewed(*, by: Any, review_id: int, version: int | None = None, text: str = "") -> Review:
    """Finish the review of a submitted report; there must be a comment, the last one may come with it."""
    review = take(by, review_id, ReviewEvent.MARK_REVIEWED, version)
    if text.strip():
        _add_comment(review, by, text, "")
    if not ReviewComment.objects.filter(review=review, is_reply=False).exists():
        refusal = _("请先写一句点评，再完成点评。")
        raise DomainError("comment_missing", refusal, {"text": [refusal]})
    move(review, ReviewEvent.MARK_REVIEWED, by)
    return review


@service
def review_lock(*, by: Any, review_id: int, version: int | None = None) -> Review:
    """Close a report for good, ahead of the clock."""
    review = take(by, review_id, ReviewEvent.LOCK, version)
    review.locked_at = periods.now()
    move(review, ReviewEvent.LOCK, by)
    return review


@service
def review_remind(*, by: Any, store: Store) -> int:
    """Tell everybody of today's open reports in this store to hand in; one notice per person and day."""
    if not can(by, "review.return", store.pk):
        raise NotAllowed
    today = periods.today()
    waiting = Review.objects.visible_to(by).owed().filter(store=store, starts_on=today, state=ReviewState.OPEN)
    told = 0
    for review in waiting.select_related("owner"):
        if allowed_for(by, review, ReviewEvent.RETURN):
            _tell_owner(review, f"remind:{today}", _("请在今天截止前提交%(report)s") % {"report": _label(review)})
            told += 1
    if not told:
        raise NotFound(_("没有需要催交的报告。"))
    return told


def _label(review: Review) -> str:
    return str(review.get_kind_display())


def _names(review: Review, by: Any) -> dict[str, str]:
    return {"name": str(by), "report": _label(review)}


def _tell_owner(review: Review, event: str, text: str) -> None:
    notify(
        to=[review.owner],
        kind="review",
        key=f"review:{review.pk}:{event}",
        text=text,
        url=f"/reviews/{review.pk}/",
    )
