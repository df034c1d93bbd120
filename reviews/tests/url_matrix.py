"""Daily reports."""

from __future__ import annotations

from dealership.core import periods
from dealership.tests.matrix import WRITE, Url, World, pages
from reviews.models import Review
from reviews.services.opening import review_open

ROW = {"row": "review", "resource": "review"}
# Who may write or judge a report depends on whose it is and on its state.
BY_STATE = frozenset({403})

URLS = {
    **pages("reviews:list", "reviews:mine", "reviews:evening", "reviews:team", also=frozenset({403, 404})),
    "reviews:remind": Url(WRITE, act="review.comment", also=BY_STATE),
    "reviews:open": Url(WRITE, act="review.write", also=BY_STATE),
    **pages("reviews:detail", "reviews:print", **ROW),
    **pages(
        "reviews:refresh", "reviews:write", "reviews:submit", methods=WRITE, act="review.write", also=BY_STATE, **ROW
    ),
    **pages("reviews:comment", methods=WRITE, act="review.comment", also=BY_STATE, **ROW),
    "reviews:return": Url(WRITE, act="review.return", also=BY_STATE, **ROW),
    "reviews:mark_reviewed": Url(WRITE, act="review.comment", also=BY_STATE, **ROW),
    "reviews:lock": Url(WRITE, act="review.lock", also=BY_STATE, **ROW),
    "api-review-list": Url(also=frozenset({403})),
    "api-review-one": Url(("GET", "PATCH"), also=BY_STATE, **ROW),
    "api-review-submit": Url(WRITE, also=BY_STATE, **ROW),
    "api-review-comment": Url(WRITE, also=BY_STATE, data={"text": "已阅，请继续"}, early=frozenset({400}), **ROW),
    "api-review-return": Url(WRITE, also=BY_STATE, data={"reason": "请补充明日计划"}, early=frozenset({400}), **ROW),
    **pages("api-review-mark-reviewed", "api-review-lock", methods=WRITE, also=BY_STATE, **ROW),
}


def rows(world: World) -> dict[str, dict[str, int]]:
    """Today's report of the consultant, the colleague and store B's consultant."""
    for store in (world.store, world.other_store):
        review_open(day=periods.today(), store=store)
    owners = {"own": "consultant", "team": "colleague", "other": "stranger"}
    return {"review": {place: Review.objects.filter(owner=world.user(key)).get().pk for place, key in owners.items()}}
