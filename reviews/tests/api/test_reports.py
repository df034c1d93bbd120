"""Reports over the API: contract of api.md, same refusals as the pages."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from dealership.notices.models import Notice
from dealership.org.choices import Role
from dealership.tests.builders import make_person
from dealership.tests.clients import assert_same_query_count
from reviews.models import ReviewComment
from reviews.tests.builders import DAY, PLAN, day_report, make_floor, open_day


@pytest.fixture(autouse=True)
def _evening(freeze):
    freeze("2026-11-20 18:00+08:00")


@pytest.fixture
def floor(store):
    return make_floor(store)


def test_the_whole_life_of_a_report(floor, api_for):
    review = day_report(floor)
    mine, manager = api_for(floor.consultant), api_for(floor.manager)
    url = f"/api/v1/reviews/{review.pk}/"

    one = mine.get(url).json()
    assert (one["type"], one["subject"], one["period"], one["state"]) == (
        "day", floor.consultant.pk, "2026-11-20", "open",
    )  # fmt: skip
    assert one["figures"]["day"]["new_cards"] == ["0"]

    changed = mine.patch(url, {"problems": "置换价低", "version": one["version"]}, format="json").json()
    assert (changed["problems"], changed["version"]) == ("置换价低", one["version"] + 1)
    early = mine.post(f"{url}submit/", {}, format="json")
    assert (early.status_code, early.json()["fields"]) == (422, {"tomorrow_plan": ["请先写明日计划，再提交。"]})
    sent = mine.post(f"{url}submit/", {"tomorrow_plan": PLAN}, format="json").json()
    assert (sent["state"], sent["is_late"], sent["problems"]) == ("submitted", False, "置换价低")

    assert manager.post(f"{url}comment/", {"text": "多约两位", "line": "new_cards"}, format="json").status_code == 201
    assert manager.post(f"{url}return/", {"text": ""}, format="json").status_code == 422
    assert manager.post(f"{url}return/", {"text": "补竞品价"}, format="json").json()["state"] == "returned"
    assert mine.post(f"{url}submit/", {}, format="json").json()["state"] == "submitted"
    assert manager.post(f"{url}mark-reviewed/", {}, format="json").json()["state"] == "reviewed"
    locked = manager.post(f"{url}lock/", {}, format="json").json()
    assert locked["state"] == "locked"
    assert [row["text"] for row in locked["comments"]] == ["多约两位", "补竞品价"]
    late = mine.patch(url, {"problems": "再改", "version": locked["version"]}, format="json")
    assert (late.status_code, late.json()["code"], late.json()["current"]["state"]) == (409, "state", "locked")


def test_figures_and_states_cannot_be_assigned(floor, api_for):
    review = day_report(floor)
    data = {"version": 1, "state": "locked", "figures": {}, "owner": floor.leader.pk, "is_late": True}
    assert api_for(floor.consultant).patch(f"/api/v1/reviews/{review.pk}/", data, format="json").status_code == 200
    before = review.figures
    review.refresh_from_db()
    assert (review.state, review.figures, review.owner_id, review.is_late) == (
        "open", before, floor.consultant.pk, False,
    )  # fmt: skip


def test_a_stale_change_answers_with_the_present_row(floor, api_for):
    review = day_report(floor)
    api = api_for(floor.consultant)
    api.patch(f"/api/v1/reviews/{review.pk}/", {"problems": "第一次", "version": 1}, format="json")
    stale = api.patch(f"/api/v1/reviews/{review.pk}/", {"problems": "第二次", "version": 1}, format="json")
    assert (stale.status_code, stale.json()["code"]) == (409, "stale")
    assert stale.json()["current"]["problems"] == "第一次"
    missing = api.patch(f"/api/v1/reviews/{review.pk}/", {"problems": "无版本"}, format="json")
    assert (missing.status_code, list(missing.json()["fields"])) == (400, ["version"])


def test_the_same_key_writes_one_comment(floor, api_for):
    review = day_report(floor)
    api_for(floor.consultant).post(f"/api/v1/reviews/{review.pk}/submit/", {"tomorrow_plan": PLAN}, format="json")
    api, key = api_for(floor.manager), str(uuid.uuid4())
    url = f"/api/v1/reviews/{review.pk}/comment/"
    first = api.post(url, {"text": "好"}, format="json", headers={"Idempotency-Key": key})
    again = api.post(url, {"text": "好"}, format="json", headers={"Idempotency-Key": key})
    assert (first.status_code, again.status_code, again["Idempotent-Replay"]) == (201, 200, "true")
    assert first.json() == again.json()
    assert ReviewComment.objects.count() == 1
    assert api.post(url, {"text": "好"}, format="json", headers={"Idempotency-Key": "x"}).status_code == 400


def test_reach_and_permission(floor, other_store, api_for):
    review = day_report(floor)
    url = f"/api/v1/reviews/{review.pk}/"
    for role, place in ((Role.SALES_CONSULTANT, floor.store), (Role.SHOWROOM_MANAGER, other_store)):
        api = api_for(make_person(role, place))
        assert api.get(url).status_code == 404
        assert api.post(f"{url}submit/", {}, format="json").status_code == 404
        assert api.get("/api/v1/reviews/").json()["results"] == []
    finance = api_for(make_person(Role.FINANCE, floor.store))
    assert finance.get(url).status_code == 200
    assert finance.post(f"{url}lock/", {}, format="json").status_code == 403
    assert api_for(None).get(url).status_code == 401


def test_filters_are_those_of_the_page(floor, api_for):
    open_day(floor)
    open_day(floor, DAY - dt.timedelta(days=1))
    api = api_for(floor.manager)

    def count(query: str) -> int:
        return len(api.get(f"/api/v1/reviews/?{query}").json()["results"])

    assert (count(""), count("type=evening"), count(f"subject={floor.leader.pk}")) == (6, 2, 2)
    assert (count("period=2026-11-19"), count("period=2026-11"), count("period=2026-10")) == (3, 6, 0)
    assert count("state=open&missed=false") == 6
    wrong = api.get("/api/v1/reviews/?period=soon")
    assert (wrong.status_code, wrong["Content-Type"]) == (400, "application/problem+json")


def test_the_list_needs_as_many_statements_for_three(floor, api_for):
    open_day(floor)
    api = api_for(floor.consultant)
    assert_same_query_count(
        lambda: api.get("/api/v1/reviews/"),
        lambda: [open_day(floor, DAY - dt.timedelta(days=back)) for back in (1, 2)],
        limit=3,
    )


def test_opening_refreshing_and_reminding_as_on_the_pages(floor, api_for):
    mine, manager = api_for(floor.consultant), api_for(floor.manager)
    opened = mine.post("/api/v1/reviews/open/").json()
    assert (opened["subject"], opened["period"], opened["state"]) == (floor.consultant.pk, "2026-11-20", "open")
    assert mine.post("/api/v1/reviews/open/").status_code == 422
    refreshed = mine.post(f"/api/v1/reviews/{opened['id']}/refresh/")
    assert (refreshed.status_code, refreshed.json()["version"]) == (200, opened["version"])
    assert manager.post(f"/api/v1/reviews/{opened['id']}/refresh/").status_code == 403
    assert manager.post("/api/v1/reviews/remind/", {"store": floor.store.pk}, format="json").json() == {"reminded": 1}
    told = Notice.objects.filter(kind="review").values_list("recipient_id", flat=True)
    assert list(told) == [floor.consultant.pk]
    assert mine.post("/api/v1/reviews/remind/", {}, format="json").status_code == 403
