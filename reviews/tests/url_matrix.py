"""Reports: the owner writes, superiors of the store judge, everybody else in reach reads."""

from __future__ import annotations

from typing import Any

from dealership.core import periods
from dealership.tests.matrix import CANARY, HANDS_OFF, PAYLOAD, WRITE, Url, World, pages
from reviews.choices import ReviewKind
from reviews.models import Review
from reviews.services.opening import review_open
from reviews.services.writing import review_submit

ROW = {"row": "review", "resource": "review"}
# Readers within reach who are not the owner are refused, whatever they may write elsewhere.
OWN = {"act": "review.write", "hand": HANDS_OFF, **ROW}
COMMENT: dict[str, Any] = {"data": {"text": "请补充竞品价格"}, "act": "review.write", "hand": "review.comment", **ROW}

URLS = {
    **pages("reviews:list", "reviews:mine", "reviews:evening", "api-review-list"),
    "reviews:team": Url(view="review.comment"),
    # 404: nobody is late
    "reviews:remind": Url(WRITE, act="review.return", also=frozenset({404})),
    "reviews:open": Url(WRITE),
    "api-review-remind": Url(WRITE, act="review.return", also=frozenset({404})),
    "api-review-open": Url(WRITE),
    "api-review-refresh": Url(WRITE, **OWN),
    **pages("reviews:detail", "reviews:print", **ROW),
    **pages("reviews:refresh", "reviews:write", "reviews:submit", methods=WRITE, **OWN),
    "reviews:comment": Url(WRITE, **COMMENT),
    "reviews:return": Url(WRITE, act="review.return", data={"text": "请补充竞品价格"}, **ROW),
    "reviews:mark_reviewed": Url(WRITE, act="review.comment", data={"text": "写得清楚"}, **ROW),
    "reviews:lock": Url(WRITE, act="review.lock", **ROW),
    "api-review-one": Url(("GET", "PATCH"), data={"version": 1}, **OWN),
    "api-review-submit": Url(WRITE, **OWN),
    "api-review-comment": Url(WRITE, **COMMENT),
    "api-review-return": Url(WRITE, act="review.return", data={"text": "请补充竞品价格"}, **ROW),
    "api-review-mark-reviewed": Url(WRITE, act="review.comment", data={"text": "写得清楚"}, **ROW),
    "api-review-lock": Url(WRITE, act="review.lock", **ROW),
}


def rows(world: World) -> dict[str, dict[str, int]]:
    """Today's submitted report of one consultant per place."""
    today, reports = periods.today(), {}
    for store in (world.store, world.other_store):
        review_open(day=today, store=store)
    for place, key in (("own", "consultant"), ("team", "colleague"), ("other", "stranger")):
        row = Review.objects.get(owner=world.user(key), starts_on=today, kind=ReviewKind.DAY)
        words = {"tomorrow_plan": f"回访 {CANARY if place == 'other' else PAYLOAD}"}
        reports[place] = review_submit(by=world.user(key), review_id=row.pk, words=words).pk
    return {"review": reports}
