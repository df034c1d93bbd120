"""Reports as pages and API read them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from dealership.core import periods
from dealership.core.errors import NotFound
from dealership.org.models import Store
from dealership.org.reach import home_store
from leads.choices import OPEN_STATUSES, ProspectStatus
from reviews.choices import STATE_TONE, WORD_LABELS, WORDS, ReviewEvent, ReviewKind, ReviewState
from reviews.models import Review, ReviewComment
from reviews.policies import possible
from reviews.selectors.figures import Tile, tiles
from reviews.selectors.lines import line_labels

LIST_ORDER = ("-starts_on", "-id")


def review_list(*, user: Any) -> QuerySet[Review]:
    """Reports within reach with what a list shows; filters and pages are the caller's."""
    return Review.objects.visible_to(user).select_related("owner", "store", "team")  # type: ignore[no-any-return]


def review_get(*, user: Any, pk: int) -> Review:
    """One report within reach, else 404."""
    review: Review | None = review_list(user=user).filter(pk=pk).first()
    if review is None:
        raise NotFound
    return review


def review_mine(*, user: Any, kind: ReviewKind) -> Review | None:
    """My report of today, in the store I work in first."""
    rows = review_list(user=user).filter(owner=user, kind=kind, starts_on=periods.today())
    found: Review | None = rows.order_by("id").first()
    return found


def last_word(*, user: Any) -> Review | None:
    """My newest earlier report that waits for me: returned, or never handed in."""
    rows = review_list(user=user).filter(
        owner=user, starts_on__lt=periods.today(), state__in=(ReviewState.OPEN, ReviewState.RETURNED)
    )
    found: Review | None = rows.owed_or_submitted().order_by("-starts_on", "-id").first()
    return found


@dataclass(frozen=True)
class Line:
    """One word field or figure with what was written beside it."""

    key: str
    label: str
    text: str = ""
    tile: Tile | None = None
    comments: list[ReviewComment] = field(default_factory=list)


@dataclass(frozen=True)
class Card:
    """A report ready to show, with what its reader may do."""

    review: Review
    tone: str
    figures: list[Line]
    words: list[Line]
    others: list[ReviewComment]
    lines: dict[str, str]
    can: dict[str, bool]
    is_mine: bool
    key: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def new_by_grade(self) -> list[tuple[str, int, str]]:
        """Letter, count and the cards made that day which have the grade now."""
        day = self.review.starts_on.isoformat()
        made = {"created_from": day, "created_to": day, "status": ProspectStatus.values}
        return _by_grade(self.review, self.review.figures.get("new_by_grade", {}), made)

    @property
    def grades(self) -> list[tuple[str, int, str]]:
        """Letter, count and the open cards that have the grade now."""
        return _by_grade(self.review, self.review.figures.get("grades", {}), {"status": OPEN_STATUSES})

    @property
    def changed(self) -> list[Tile]:
        """Figures that moved since the report was handed in."""
        return [line.tile for line in self.figures if line.tile and line.tile.changed]


def _by_grade(review: Review, counts: dict[str, int], filters: dict[str, Any]) -> list[tuple[str, int, str]]:
    whose = {} if review.kind == ReviewKind.EVENING else {"owner": review.owner_id}
    base = {"store": review.store_id, **whose, **filters}

    def url(letter: str) -> str:
        return f"{reverse('leads:prospect_list')}?{urlencode({**base, 'grade': letter}, doseq=True)}"

    return [(letter, counts[letter], url(letter)) for letter in "HABCN" if counts.get(letter)]


def cards(*, user: Any, reviews: list[Review]) -> list[Card]:
    """Cards of several reports; comments are read for all of them at once."""
    comments: dict[int, list[ReviewComment]] = defaultdict(list)
    rows = ReviewComment.objects.visible_to(user).filter(review__in=[review.pk for review in reviews])
    for comment in rows.select_related("by").order_by("id"):
        comments[comment.review_id].append(comment)
    return [_card(user, review, comments[review.pk]) for review in reviews]


def _card(user: Any, review: Review, comments: list[ReviewComment]) -> Card:
    by_line: dict[str, list[ReviewComment]] = defaultdict(list)
    for comment in comments:
        by_line[comment.line].append(comment)
    labels = line_labels(review.kind)
    figures = [Line(tile.key, tile.label, tile=tile, comments=by_line.pop(tile.key, [])) for tile in tiles(review)]
    words = [Line(name, WORD_LABELS[name], getattr(review, name), None, by_line.pop(name, [])) for name in WORDS]
    can = {str(event): possible(user, review, event) for event in ReviewEvent}
    is_mine = review.owner_id == user.pk
    if is_mine and not any(not row.is_reply for row in comments):
        can[ReviewEvent.COMMENT] = False  # nothing to reply to yet
    return Card(
        review=review,
        tone=STATE_TONE[ReviewState(review.state)],
        figures=figures,
        words=words,
        others=sorted((row for rows in by_line.values() for row in rows), key=lambda row: row.pk),
        lines=labels,
        can=can,
        is_mine=is_mine,
    )


@dataclass(frozen=True)
class TeamDay:
    """The manager's page of one store and day."""

    store: Store
    day: dt.date
    missing: list[Review]
    waiting: list[Card]
    finished: list[Card]

    @property
    def due(self) -> int:
        return len(self.missing) + len(self.waiting) + len(self.finished)

    @property
    def handed_in(self) -> int:
        return len(self.waiting) + len(self.finished)


def team_day(*, user: Any, day: dt.date, store_id: int | None) -> TeamDay:
    """Who has not handed in, whose report waits for a comment, and what is done; own reports are left out.

    404 for a store out of reach.
    """
    store = store_of(user, store_id)
    of_day = review_list(user=user).filter(store=store, starts_on=day).exclude(owner=user)
    rows = list(of_day.owed_or_submitted().order_by("kind", "team_id", "owner_id"))  # type: ignore[attr-defined]
    shown = cards(user=user, reviews=[row for row in rows if row.submitted_at])
    return TeamDay(
        store=store,
        day=day,
        missing=[row for row in rows if row.submitted_at is None],
        waiting=[card for card in shown if card.review.state == ReviewState.SUBMITTED],
        finished=[card for card in shown if card.review.state != ReviewState.SUBMITTED],
    )


def stores_seen(user: Any) -> QuerySet[Store]:
    """Stores whose reports the reader may open."""
    return Store.objects.visible_to(user)  # type: ignore[no-any-return]


def store_of(user: Any, store_id: int | None) -> Store:
    """The asked store within reach, else the one the reader works in."""
    stores = stores_seen(user)
    found: Store | None = stores.filter(pk=store_id).first() if store_id else home_store(user) or stores.first()
    if found is None:
        raise NotFound
    return found
