"""`test-drives/` and `demo-cars/`: the contract, refusals, replay, reach, statements."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.urls import reverse

from dealership.core import periods
from dealership.tests.clients import assert_same_query_count
from leads.models import TestDrive
from leads.tests.builders import SIGNATURE, make_demo_car, make_drive, make_prospect


@pytest.fixture(autouse=True)
def _morning(freeze: Any) -> None:
    freeze("2026-11-18T10:05:00+08:00")


@pytest.fixture
def api(api_for: Any, consultant: Any) -> Any:
    return api_for(consultant)


def url(name: str, *args: Any) -> str:
    return reverse(f"api-{name}", args=args)


@pytest.fixture
def drive(store: Any, consultant: Any) -> TestDrive:
    return make_drive(consultant, make_prospect(consultant, store), starts_at=periods.now())


LICENCE = {"licence_class": "C1", "valid_until": "2027-05-01"}
PAPER = {"kind": "paper", "note": "前台试驾夹"}


def body(card: Any, car: Any, at: str = "2026-11-18T10:00:00+08:00") -> dict[str, Any]:
    return {"prospect": card.pk, "car": car.pk, "starts_at": at, "minutes": 30}


def test_book_start_and_finish_with_one_key(api, store, consultant):
    card, car, key = make_prospect(consultant, store), make_demo_car(store), str(uuid.uuid4())
    first = api.post(url("test-drives-list"), body(card, car), format="json", headers={"Idempotency-Key": key})
    again = api.post(url("test-drives-list"), body(card, car), format="json", headers={"Idempotency-Key": key})
    assert (first.status_code, again.status_code, again["Idempotent-Replay"]) == (201, 200, "true")
    row = first.json()
    assert (row["status"], row["starts_at"], row["ends_at"]) == (
        "booked", "2026-11-18T10:00:00+08:00", "2026-11-18T10:30:00+08:00",
    )  # fmt: skip
    assert re.fullmatch(r"139\*{4}\d{4}", row["customer"]["phone"])
    drawn = {"kind": "drawn", "signature": SIGNATURE}
    told = {"odometer_out": 100, "route": "环湖线", "licence": LICENCE, "agreement": drawn, "version": row["version"]}
    out = api.post(url("test-drives-start", row["id"]), told, format="json").json()
    assert (out["status"], out["agreement_kind"], out["accompanied_by"]) == ("out", "drawn", consultant.pk)
    told = {"odometer_back": 108, "stars": {"comfort": 5}, "feedback": "座椅舒服", "version": out["version"]}
    back = api.post(url("test-drives-finish", row["id"]), told, format="json").json()
    assert (back["status"], back["is_valid"], back["odometer_back"]) == ("finished", True, 108)
    assert "signature" not in back
    listed = api.get(url("test-drives-list"), {"valid": "true", "prospect": card.pk}).json()["results"]
    assert [found["id"] for found in listed] == [row["id"]]
    assert api.get(url("demo-cars-list")).json()["results"][0]["plate"] == car.plate


def test_licence_agreement_move_cancel_and_no_show_alone(api, store, consultant):
    drive = make_drive(consultant, make_prospect(consultant, store), starts_at=periods.now())
    assert api.post(url("test-drives-licence", drive.pk), LICENCE, format="json").json()["licence_class"] == "C1"
    assert api.post(url("test-drives-agreement", drive.pk), PAPER, format="json").json()["agreement_kind"] == "paper"
    move = {"car": drive.car_id, "starts_at": "2026-11-19T15:00:00+08:00"}
    moved = api.post(url("test-drives-move", drive.pk), move, format="json").json()
    assert moved["starts_at"] == "2026-11-19T15:00:00+08:00"
    early = api.post(url("test-drives-no-show", drive.pk), {}, format="json")
    assert (early.status_code, early.json()["code"]) == (422, "too_early")
    cancelled = api.post(url("test-drives-cancel", drive.pk), {"reason": "客户出差"}, format="json").json()
    assert cancelled["status"] == "cancelled"


@pytest.mark.parametrize(
    ("act", "told", "answers"),
    [
        ("start", {"odometer_out": 5}, (422, "not_ready")),
        ("start", {"odometer_out": "many"}, (400, "malformed")),
        ("start", {"odometer_out": 5, "accompanied_by": 987654}, (422, "bad_companion")),
        ("start", {"odometer_out": 5, "licence": {**LICENCE, "valid_until": "2020-01-01"}}, (422, "licence_over")),
        ("start", {"odometer_out": 5, "licence": LICENCE, "agreement": {"kind": "paper"}}, (422, "agreement_missing")),
        ("agreement", {"kind": "drawn", "signature": "<script>alert(1)</script>"}, (422, "bad_signature")),
        ("agreement", {"kind": "drawn"}, (422, "bad_signature")),
        ("agreement", {"kind": "fax"}, (400, "malformed")),
        ("licence", {"licence_class": "D", "valid_until": "2027-01-01"}, (400, "malformed")),
        ("finish", {"odometer_back": 9, "feedback": "不错"}, (422, "bad_transition")),
        ("finish", {"odometer_back": 9, "stars": {"price": 5}}, (400, "malformed")),
        ("finish", {"odometer_back": 9, "stars": {"power": 9}}, (400, "malformed")),
        ("cancel", {"reason": ""}, (400, "malformed")),
        ("cancel", {"reason": "客户没空", "version": 99}, (409, "stale")),
        ("move", {"car": 987654, "starts_at": "2026-11-19T15:00:00+08:00"}, (422, "bad_car")),
    ],
)
def test_refusals_are_problems_in_chinese_and_write_nothing(api, drive, act, told, answers):
    before = TestDrive.objects.values().get()
    answer = api.post(url(f"test-drives-{act}", drive.pk), told, format="json")
    assert (answer.status_code, answer.json()["code"]) == answers
    assert answer["Content-Type"] == "application/problem+json"
    assert re.search(r"[\u4e00-\u9fff]", answer.json()["detail"])
    assert TestDrive.objects.values().get() == before


def test_a_clash_is_409_and_foreign_ids_are_not_found(api, store, consultant, colleague):
    car = make_demo_car(store)
    theirs = make_drive(colleague, make_prospect(colleague, store), car, starts_at=periods.now())
    card = make_prospect(consultant, store)
    clash = api.post(url("test-drives-list"), body(card, car), format="json")
    assert (clash.status_code, clash.json()["code"]) == (409, "drive_clash")
    assert "最近的空闲时间" in clash.json()["detail"]
    assert api.post(url("test-drives-list"), body(theirs.prospect, car), format="json").status_code == 404
    assert api.get(url("test-drives-detail", theirs.pk)).status_code == 404
    assert api.get(url("test-drives-list")).json()["results"] == []
    assert TestDrive.objects.count() == 1


def test_another_store_sees_no_cars(api_for, store, stranger):
    make_demo_car(store)
    assert api_for(stranger).get(url("demo-cars-list")).json()["results"] == []


def test_a06_protected_fields_are_not_assigned(api, store, consultant, colleague):
    card, car = make_prospect(consultant, store), make_demo_car(store)
    extra = {"status": "finished", "owner": colleague.pk, "finished_at": "2026-11-18T09:00:00+08:00", "is_valid": True}
    api.post(url("test-drives-list"), {**body(card, car), **extra}, format="json")
    drive = TestDrive.objects.get()
    assert (drive.status, drive.owner, drive.finished_at) == ("booked", consultant, None)


def test_lists_need_as_many_statements_with_one_as_with_three(api, store, consultant):
    def add() -> None:
        for _ in range(2):
            make_drive(consultant, make_prospect(consultant, store))

    make_drive(consultant, make_prospect(consultant, store))
    lists = (url("test-drives-list"), url("demo-cars-list"))
    assert_same_query_count(lambda: [api.get(path) for path in lists], add, limit=12)
