"""What superiors write beside a report, and every move of its state. Both are append-only."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from dealership.audit.models import APPEND_ONLY
from reviews.choices import ReviewState
from reviews.models.review import Review
from reviews.querysets import ReviewRowQuerySet


class ReviewComment(models.Model):
    """主管指示事项: on the whole report (`line` empty) or on one line (a figure's key or a word field)."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="comments")
    line = models.CharField("行", max_length=40, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.CharField("点评", max_length=500)
    is_reply = models.BooleanField("本人回复", default=False)

    objects = ReviewRowQuerySet.as_manager()

    class Meta:
        triggers = APPEND_ONLY
        indexes = [models.Index(fields=["review", "id"], name="reviews_reviewcomment_thread")]

    def __str__(self) -> str:
        return self.text[:20]


class ReviewStateChange(models.Model):
    """One move of the state machine; `by` empty is the clock."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="state_changes")
    from_state = models.CharField(max_length=10, blank=True)
    to_state = models.CharField(max_length=10, choices=ReviewState)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField("原因", max_length=300, blank=True)

    objects = ReviewRowQuerySet.as_manager()

    class Meta:
        triggers = APPEND_ONLY
        indexes = [models.Index(fields=["review", "id"], name="reviews_statechange_review")]

    def __str__(self) -> str:
        return f"{self.from_state or '—'}→{self.to_state}"
