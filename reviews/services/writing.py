"""What the owner does with a report: refresh the figures, write the words, hand it in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed
from dealership.core.services import check_version, lock, service
from dealership.core.text import clean_text, has_control_characters
from dealership.notices.services import notify
from dealership.org.duty import late_shift
from dealership.org.reach import people_in
from reviews.choices import LEADS_TO, WORD_LABELS, WORDS, ReviewEvent, ReviewKind
from reviews.models import Review, ReviewStateChange
from reviews.policies import ABOVE_MANAGER, allowed_for, fits_state
from reviews.selectors.figures import figures_now
from reviews.services.opening import reset_clocks

WORD_LIMIT = 1000


def take(by: Any, review_id: int, event: str, version: int | None = None) -> Review:
    """The report locked for this event, or the refusal: 404 out of reach, 403 not yours to do, 409 too late (R04)."""
    review = lock(Review.objects.visible_to(by).select_related("store", "owner"), review_id)
    if not allowed_for(by, review, event):
        raise NotAllowed
    check_version(review, version, **{name: getattr(review, name) for name in ("state", *WORDS)})
    if not fits_state(review, event):
        raise Conflict(
            "state",
            _("该报告%(state)s，不能再%(event)s。请刷新后查看最新内容。")
            % {"state": review.get_state_display(), "event": ReviewEvent(event).label},
            current={"state": review.state, "version": review.version},
        )
    return review


def move(review: Review, event: str, by: Any, reason: str = "") -> None:
    """Write the new state and its history row; the caller saves nothing else afterwards."""
    before, review.state = review.state, LEADS_TO[event]
    review.touch()
    review.save()
    ReviewStateChange.objects.create(
        review=review, from_state=before, to_state=review.state, at=periods.now(), by=by, reason=reason
    )
    record(by=by, action=f"review.{event}", target=review, changes={"from": before, "to": review.state})


@service
def review_refresh(*, by: Any, review_id: int) -> Review:
    """Recompute the figures of my report; after midnight they stand still and nothing happens."""
    review = lock(Review.objects.visible_to(by).select_related("store"), review_id)
    if by.pk != review.owner_id:
        raise NotAllowed
    if not review.is_frozen:
        refresh_figures(review)
        review.save(update_fields=["figures", "refreshed_at"])
    return review


def refresh_figures(review: Review) -> None:
    """Put the present figures on the (locked) row; the caller saves. No version: words are what people edit."""
    review.figures = figures_now(review)
    review.refreshed_at = periods.now()


@service
def review_write(*, by: Any, review_id: int, version: int | None, words: Mapping[str, str]) -> Review:
    """Save words (autosave, PATCH). Names in `words` replace their field, the others stay; no change writes nothing."""
    review = take(by, review_id, ReviewEvent.WRITE, version)
    before = {name: getattr(review, name) for name in WORDS}
    put_words(review, words)
    if before == {name: getattr(review, name) for name in WORDS}:
        return review
    review.touch()
    review.save()
    record(by=by, action="review.write", target=review, changes={"fields": sorted(words)})
    return review


def put_words(review: Review, words: Mapping[str, str]) -> None:
    """Check and set the words; a refusal names the field."""
    errors: dict[str, list[str]] = {}
    for name, text in words.items():
        if name not in WORDS:
            errors[name] = [_("没有这一栏。")]
        elif has_control_characters(text):
            errors[name] = [_("内容里有不可见的控制字符，请删除后重新输入。")]
        elif len(clean_text(text)) > WORD_LIMIT:
            errors[name] = [
                _("%(label)s最多 %(limit)s 字，现在 %(count)s 字，请精简。")
                % {"label": WORD_LABELS[name], "limit": WORD_LIMIT, "count": len(clean_text(text))}
            ]
        else:
            setattr(review, name, clean_text(text))
    if errors:
        raise DomainError("words", next(iter(errors.values()))[0], errors)


@service
def review_submit(
    *, by: Any, review_id: int, version: int | None = None, words: Mapping[str, str] | None = None
) -> Review:
    """Hand the report in with the figures of this moment. Late after `due_at`, missed after `missed_at` (R-TIME).

    A report that was returned keeps its first hand-in. Refused without a plan for tomorrow: it is what the evening
    round talks about and no figure can tell it.
    """
    review = take(by, review_id, ReviewEvent.SUBMIT, version)
    put_words(review, words or {})
    if not review.tomorrow_plan:
        text = _("请先写明日计划，再提交。")
        raise DomainError("plan_missing", text, {"tomorrow_plan": [text]})
    moment = periods.now()
    if not review.is_frozen:
        refresh_figures(review)
    review.submitted_figures = review.figures
    if review.submitted_at is None:
        reset_clocks(review, is_late_shift=late_shift(review.owner, review.starts_on, review.store_id))
        review.submitted_at = moment
        review.is_late = moment >= review.due_at
        review.is_missed = review.is_missed or moment >= review.missed_at
    move(review, ReviewEvent.SUBMIT, by)
    if review.kind == ReviewKind.EVENING:
        _tell_above(review)
    return review


def _tell_above(review: Review) -> None:
    """The evening report goes to the sales manager (R-TIME 20:30)."""
    people = [person for person in people_in([review.store_id], ABOVE_MANAGER) if person.pk != review.owner_id]
    notify(
        to=people,
        kind="review",
        key=f"review:{review.pk}:evening",
        text=_("%(name)s 提交了经理晚报") % {"name": review.owner},
        url=f"/reviews/{review.pk}/",
    )
