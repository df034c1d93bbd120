"""Reports: the owner writes, superiors of the store judge, everybody else in reach reads."""

from __future__ import annotations

from dealership.core import periods
from dealership.tests.matrix import CANARY, PAYLOAD, WRITE, Url, World, pages
from reviews.choices import ReviewKind
from reviews.models import Review
from reviews.services.opening import review_open
from reviews.services.writing import review_submit

ROW = {"row": "review", "resource": "review"}
# Whose report it is decides: readers in reach who are not its owner are refused.
OWNER_ONLY = frozenset({403})

URLS = {
    **pages("reviews:list", "reviews:mine", "reviews:evening", "api-review-list"),
    "reviews:team": Url(view="review.comment"),
    "reviews:remind": Url(WRITE, also=frozenset({403, 404})),
    "reviews:open": Url(WRITE),
    **pages("reviews:detail", "reviews:print", **ROW),
    **pages("reviews:refresh", "reviews:write", "reviews:submit", methods=WRITE, also=OWNER_ONLY, **ROW),
    "reviews:comment": Url(WRITE, also=OWNER_ONLY, data={"text": "请补充竞品价格"}, **ROW),
    "reviews:return": Url(WRITE, act="review.return", data={"text": "请补充竞品价格"}, **ROW),
    "reviews:mark_reviewed": Url(WRITE, act="review.comment", data={"text": "写得清楚"}, **ROW),
    "reviews:lock": Url(WRITE, act="review.lock", **ROW),
    "api-review-one": Url(("GET", "PATCH"), also=OWNER_ONLY, data={"version": 1}, **ROW),
    "api-review-submit": Url(WRITE, also=OWNER_ONLY, **ROW),
    "api-review-comment": Url(WRITE, also=OWNER_ONLY, data={"text": "请补充竞品价格"}, **ROW),
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
