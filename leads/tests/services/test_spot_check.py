"""抽查 of the three tables and two cards: fair, single samples; nobody checks their own; the grade is corrected."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from importlib import import_module
from typing import Any

import pytest
from django.db import IntegrityError, connection, migrations, transaction

from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotFound
from dealership.core.periods import Period
from dealership.org.choices import Role
from dealership.org.models import Membership
from dealership.tests.builders import make_person, make_team
from dealership.tests.clients import assert_same_query_count, client_for
from leads.models import CareTask, Customer, FollowUpTask, GradeChange, OwnedVehicle, Prospect, SpotCheck, Visit
from leads.policies import grade_horizons
from leads.selectors.quality import quality_of
from leads.selectors.spot_check import spot_check_list
from leads.services.prospect import prospect_ordered
from leads.services.spot_check import spot_check_record, spot_checks_sample
from leads.spot_choices import SPOT_NUMBERS, SpotSubject
from leads.tests.builders import make_follow_up, make_prospect, make_visit
from leads.tests.lead_builders import set_policy

pytestmark = pytest.mark.django_db
WEEK = dt.date(2026, 11, 9)
MONDAY = "2026-11-16 06:00+08:00"
SUNDAY = periods.at(dt.date(2026, 11, 15))
GOOD: dict[str, Any] = {"result": "true", "grade_found": "", "note": "客户确认周末到店"}


def make_car(owner: Any, card: Prospect, number: int, day: str = "2026-10-20") -> OwnedVehicle:
    """A car of the card's customer that was handed over before the week."""
    return OwnedVehicle.objects.create(
        store=card.store, team=card.team, owner=owner, customer=card.customer, series=card.store.brand.series.all()[0],
        description="远景X7", vin=f"LSVAU2180N21{number:05d}", delivered_on=day,
    )  # fmt: skip


def make_call(agent: Any, car: OwnedVehicle, kind: str, result: str = "satisfied") -> CareTask:
    """A care call of now."""
    return CareTask.objects.create(
        store=car.store, team=car.team, owner=car.owner, vehicle=car, kind=kind, due_on=periods.today(),
        done_at=periods.now(), done_by=agent, result=result,
    )  # fmt: skip


def drawn(**where: Any) -> dict[str, list[Any]]:
    """What the checks of each register are about, in order."""
    columns = {"visits": "visit", "grades": "follow_up", "owner_card": "vehicle"}
    return {
        subject: sorted(
            SpotCheck.objects.filter(subject=subject, **where).values_list(columns.get(subject, "prospect"), flat=True)
        )
        for subject in SpotSubject.values
    }


@pytest.fixture
def showroom(store: Any, other_store: Any, consultant: Any, colleague: Any, freeze: Any) -> dict[str, Any]:
    """A week with more rows of every register than are drawn, and rows beside them that may not be drawn."""
    agent = make_person(Role.CARE_AGENT, store, name="小陈")
    stranger = make_person(Role.SALES_CONSULTANT, other_store)
    freeze("2026-11-03 10:00+08:00")
    old = [make_prospect(consultant, store, grade="B") for _ in range(3)]
    cars = [make_car(consultant, card, number) for number, card in enumerate(old)]
    before, ordered = make_prospect(consultant, store), make_prospect(consultant, store, grade="H")
    prospect_ordered(by=consultant, prospect_id=before.pk, at=periods.now())
    freeze("2026-11-10 10:00+08:00")
    told = [make_follow_up(consultant, card) for card in old]
    make_follow_up(consultant, old[0], outcome="no_answer")
    new = [make_prospect(one, store, grade="H") for one in (consultant, consultant, colleague)]
    told.append(make_follow_up(colleague, new[2]))
    prospect_ordered(by=consultant, prospect_id=ordered.pk, at=periods.now())
    for car, result in zip(cars, ("satisfied", "declined", "no_answer"), strict=True):
        make_call(agent, car, "d7", result)
    make_visit(consultant, store, captured=False)
    refuses = make_prospect(consultant, store)
    make_follow_up(consultant, refuses)
    make_car(consultant, refuses, 90)
    Customer.objects.filter(pk=refuses.customer_id).update(no_contact=True)
    foreign = make_prospect(stranger, other_store)
    make_follow_up(stranger, foreign)
    make_car(stranger, foreign, 91)
    freeze("2026-11-16 05:00+08:00")
    late = make_prospect(consultant, store)
    make_follow_up(consultant, late)
    make_car(consultant, late, 92, "2026-11-16")
    freeze(MONDAY)
    return {"old": old, "cars": cars, "ordered": ordered, "told": told, "new": new, "agent": agent}


def test_every_register_is_drawn_from_its_rows_of_the_week_and_no_others(store: Any, showroom: Any) -> None:
    """With a number no register reaches the sample is exactly what may be drawn."""
    for key in SPOT_NUMBERS.values():
        set_policy(store, key, 50)
    assert spot_checks_sample(store=store, week=WEEK) == SpotCheck.objects.count()
    open_cards = sorted(card.pk for card in (*showroom["old"], *showroom["new"]))
    called = [car.pk for car in showroom["cars"][:2]]
    assert drawn() == {
        "visits": sorted(Visit.objects.filter(prospect__in=showroom["new"]).values_list("pk", flat=True)),
        "grades": sorted(row.pk for row in showroom["told"]),
        "progress": sorted([*open_cards, showroom["ordered"].pk]),
        "prospect_card": open_cards,
        "owner_card": sorted(car.pk for car in showroom["cars"]),
    }
    assert sorted(SpotCheck.objects.filter(owner=showroom["agent"]).values_list("vehicle", flat=True)) == called
    moved = SpotCheck.objects.get(subject="progress", prospect=showroom["ordered"])
    assert (moved.status_then, moved.grade_then, moved.about_at) == (
        "ordered",
        "O",
        periods.at(dt.date(2026, 11, 10), "10:00"),
    )
    standing = SpotCheck.objects.get(subject="prospect_card", prospect=showroom["old"][0])
    assert (standing.status_then, standing.grade_then, standing.about_at) == ("active", "B", SUNDAY)
    cards = [*showroom["old"], *showroom["new"], showroom["ordered"]]
    assert {row.customer_id for row in SpotCheck.objects.all()} == {card.customer_id for card in cards}


def test_the_sample_is_per_person_and_register_repeatable_and_drawn_once(
    store: Any, consultant: Any, colleague: Any, showroom: Any
) -> None:
    spot_checks_sample(store=store, week=WEEK)
    counted = Counter(SpotCheck.objects.values_list("owner", "subject"))
    ones = dict.fromkeys(SpotSubject.values, 1)
    agent = showroom["agent"].pk
    assert counted == (
        {(consultant.pk, subject): number for subject, number in (ones | {"grades": 2}).items()}
        | {(colleague.pk, subject): 1 for subject in ones if subject != "owner_card"}
        | {(agent, "owner_card"): 1}
    )
    assert spot_checks_sample(store=store, week=WEEK) == 0
    first = drawn()
    SpotCheck.objects.all().delete()
    set_policy(store, "spot_check.visits", 0)
    spot_checks_sample(store=store, week=WEEK)
    assert drawn() == first | {"visits": []}


@pytest.fixture
def sampled(store: Any, showroom: Any) -> dict[str, SpotCheck]:
    """One open check of each register, all but the owner's card of the first consultant."""
    spot_checks_sample(store=store, week=WEEK)
    first: dict[str, SpotCheck] = {}
    for row in SpotCheck.objects.order_by("owner_id", "id"):
        first.setdefault(row.subject, row)
    assert set(first) == set(SpotSubject.values)
    return first


def test_nobody_checks_what_they_have_a_hand_in(store: Any, sampled: Any, showroom: Any) -> None:
    """Whoever wrote, received or keeps the row is refused, though their role may check; somebody else may."""
    receiver = make_person(Role.SHOWROOM_MANAGER, store)
    Visit.objects.update(received_by=receiver)
    for person in {row.owner for row in SpotCheck.objects.all()}:
        Membership.objects.filter(user=person).update(role=Role.SHOWROOM_MANAGER)
        for row in SpotCheck.objects.filter(owner=person):
            with pytest.raises(DomainError, match="不能抽查自己的登记"):
                spot_check_record(by=person, check_id=row.pk, **GOOD)
            with pytest.raises(IntegrityError, match="two_persons"), transaction.atomic():
                SpotCheck.objects.filter(pk=row.pk).update(checked_by=person)
    with pytest.raises(DomainError, match="不能抽查自己的登记"):
        spot_check_record(by=receiver, check_id=sampled["visits"].pk, **GOOD)
    keeper = Prospect.objects.get(pk=sampled["prospect_card"].prospect_id)
    Prospect.objects.filter(pk=keeper.pk).update(owner=receiver)
    with pytest.raises(DomainError, match="不能抽查自己的登记"):
        spot_check_record(by=receiver, check_id=sampled["prospect_card"].pk, **GOOD)
    assert not SpotCheck.objects.exclude(result="").exists()
    assert spot_check_record(by=receiver, check_id=sampled["owner_card"].pk, **GOOD).result == "true"


@pytest.mark.parametrize("subject", ["visits", "grades", "progress", "prospect_card"])
def test_r_fu_6_a_check_sets_the_grade_with_its_note(store: Any, sampled: Any, manager: Any, subject: str) -> None:
    """The card's grade follows what the customer said, whichever register the row was drawn from."""
    check = sampled[subject]
    Prospect.objects.filter(pk=check.prospect_id).update(status="active")
    SpotCheck.objects.filter(pk=check.pk).update(grade_then="H")
    spot_check_record(by=manager, check_id=check.pk, result="partly", grade_found="C", note="客户说明年才考虑")
    change = GradeChange.objects.filter(prospect=check.prospect_id).latest("id")
    assert (Prospect.objects.get(pk=check.prospect_id).grade, change.to_grade) == ("C", "C")
    assert change.reason == "抽查核实：客户说明年才考虑"
    month = quality_of(user=manager, store=store, period=Period.month(2026, 11))
    row = next(row for row in month if row.person == check.owner)
    assert (row.checked, row.true, row.truth_rate) == (1, 0, 0)
    with pytest.raises(Conflict, match="已抽查过"):
        spot_check_record(by=manager, check_id=check.pk, **GOOD)


def test_r_fu_6_a_hotter_grade_is_contacted_within_its_interval(
    store: Any, consultant: Any, manager: Any, freeze: Any
) -> None:
    """A C that turns out to be an H is not left for thirty days: H is due within two; the plan written first stays."""
    freeze("2026-11-10 10:00+08:00")
    card = make_prospect(consultant, store, grade="C")
    make_follow_up(consultant, card)
    planned = Prospect.objects.get(pk=card.pk).next_follow_up_at
    freeze(MONDAY)
    spot_checks_sample(store=store, week=WEEK)
    check = SpotCheck.objects.get(owner=consultant, subject="grades")
    spot_check_record(by=manager, check_id=check.pk, result="partly", grade_found="H", note="客户说这周就定")
    card.refresh_from_db()
    task = FollowUpTask.objects.open().get(prospect=card)
    assert card.next_follow_up_at == task.due_at == periods.at(dt.date(2026, 11, 18), "18:00")
    assert task.original_due_at == planned


@pytest.mark.parametrize(
    ("subject", "told", "sentence"),
    [
        ("grades", {"result": "maybe"}, "请选择抽查结果"),
        ("grades", {"note": "好"}, "请写明核实到的情况"),
        ("grades", {"grade_found": "O"}, "核实级别只能选"),
        ("grades", {"grade_found": "H", "result": "unreached"}, "没有联系上客户，不能核实级别"),
        ("owner_card", {"grade_found": "H"}, "没有可核实的级别"),
        ("grades", {"called_at": dt.datetime(2026, 12, 1, tzinfo=dt.UTC)}, "不能晚于现在"),
        ("grades", {"called_at": dt.datetime(2026, 11, 10, 1, 59, tzinfo=dt.UTC)}, "不能早于这条跟进"),
        ("visits", {"called_at": dt.datetime(2026, 11, 10, 1, 59, tzinfo=dt.UTC)}, "不能早于这次来店"),
        ("progress", {"called_at": dt.datetime(2026, 11, 9, tzinfo=dt.UTC)}, "不能早于客户在这张表上"),
        ("prospect_card", {"called_at": SUNDAY - dt.timedelta(minutes=1)}, "不能早于抽查的这一周"),
        ("owner_card", {"called_at": dt.datetime(2026, 10, 1, tzinfo=dt.UTC)}, "不能早于交车或回访"),
    ],
)
def test_a_check_is_refused_with_a_sentence(sampled: Any, manager: Any, subject: str, told: Any, sentence: str) -> None:
    check = sampled[subject]
    with pytest.raises(DomainError, match=sentence):
        spot_check_record(by=manager, check_id=check.pk, **(GOOD | told))
    check.refresh_from_db()
    assert (check.result, check.checked_by_id) == ("", None)


def test_a_check_is_about_a_row_of_its_own_register(sampled: Any) -> None:
    """The database refuses a check whose row belongs to another register, and a grade where none is written."""
    assert SpotCheck().subject == "grades"
    cards = {"progress", "prospect_card"}  # of these two the row is the same: a card
    for row in SpotCheck.objects.all():
        for other in set(SpotSubject.values) - (cards if row.subject in cards else {row.subject}):
            with pytest.raises(IntegrityError, match="right_row"), transaction.atomic():
                SpotCheck.objects.filter(pk=row.pk).update(subject=other)
    with pytest.raises(IntegrityError, match="grade_to_judge"), transaction.atomic():
        SpotCheck.objects.filter(pk=sampled["owner_card"].pk).update(grade_found="H")


def test_older_checks_take_customer_and_moment_of_their_follow_up(sampled: Any) -> None:
    """The step of the migration that fills what every check says now, over checks of before."""
    SpotCheck.objects.exclude(subject="grades").delete()
    rows = SpotCheck.objects.order_by("pk").values_list("pk", "customer", "about_at")
    before, someone = list(rows), Customer.objects.latest("pk")
    SpotCheck.objects.update(customer=someone, about_at=SUNDAY)
    assert list(rows.all()) != before
    migration = import_module("leads.migrations.0010_spot_checks_of_tables_and_cards").Migration
    step = next(one for one in migration.operations if isinstance(one, migrations.RunSQL))
    with connection.cursor() as cursor:
        cursor.execute(step.sql)
    assert list(rows.all()) == before


def test_only_what_is_within_reach_is_seen_checked_and_counted(
    store: Any, other_store: Any, sampled: Any, consultant: Any, manager: Any
) -> None:
    spot_checks_sample(store=other_store, week=WEEK)
    theirs = SpotCheck.objects.filter(store=other_store)
    assert set(theirs.values_list("subject", flat=True)) == set(SpotSubject.values)
    leader = make_person(Role.TEAM_LEADER, store, team=make_team(store, "一组"))
    ours = SpotCheck.objects.filter(store=store)
    assert set(spot_check_list(user=manager)) == set(ours)
    assert set(spot_check_list(user=leader)) == set(ours.filter(team__name="一组"))
    assert set(spot_check_list(user=consultant)) == set(ours.filter(owner=consultant))
    with pytest.raises(NotFound):
        spot_check_record(by=manager, check_id=theirs[0].pk, **GOOD)
    page = client_for(manager).get("/customers/spot-checks/?state=all")
    assert sum(row.drawn for row in page.context["truths"]) == ours.count()


def test_the_truth_rate_of_each_register_leads_to_its_rows(store: Any, sampled: Any, manager: Any) -> None:
    """Reached and confirmed by register; a call that reached nobody is in no rate; other weeks are left out."""
    results = {"visits": "true", "grades": "partly", "progress": "true", "owner_card": "unreached"}
    for subject, result in results.items():
        spot_check_record(by=manager, check_id=sampled[subject].pk, **(GOOD | {"result": result}))
    client = client_for(manager)
    address = f"/customers/spot-checks/?week={WEEK}"
    rates = {row.subject: row for row in client.get(address).context["truths"]}
    assert {subject: row.rate for subject, row in rates.items()} == {
        "visits": 1, "grades": 0, "progress": 1, "prospect_card": None, "owner_card": None,
    }  # fmt: skip
    for subject, row in rates.items():
        for state, number in (("all", row.drawn), ("open", row.waiting), ("reached", row.reached), ("true", row.true)):
            assert len(client.get(f"{address}&subject={subject}&state={state}").context["page"].rows) == number
    earlier = client.get("/customers/spot-checks/?week=2026-11-02&state=all")
    assert (earlier.context["page"].rows, {row.drawn for row in earlier.context["truths"]}) == ([], {0})
    someone = sampled["visits"].owner_id
    month = client.get(f"/customers/spot-checks/?owner={someone}&month=2026-11&state=reached").context["page"].rows
    assert {row.subject for row in month} == {"visits", "grades", "progress"}


def test_the_list_asks_as_often_for_all_registers_as_for_one(store: Any, sampled: Any, manager: Any) -> None:
    SpotCheck.objects.exclude(pk=sampled["visits"].pk).update(week=dt.date(2026, 1, 5))
    client = client_for(manager)

    def ask() -> Any:
        assert client.get("/customers/spot-checks/").status_code == 200

    ask()
    assert_same_query_count(ask, lambda: SpotCheck.objects.update(week=WEEK), limit=16)


def test_the_pages_show_and_take_a_check(store: Any, sampled: Any, manager: Any, consultant: Any) -> None:
    """Each check leads to the very table or card of its row, phones masked; a row without a grade asks for none."""
    client = client_for(manager)
    client.get("/customers/spot-checks/")
    person = f"?store={store.pk}&amp;person="
    day, month, written = "&amp;day=2026-11-10", "&amp;month=2026-11", sampled["grades"].follow_up.content
    horizon = grade_horizons(store.pk)[sampled["prospect_card"].grade_then]
    expected = {
        "visits": [f"/registers/visits?store={store.pk}{day}", "到店类型"],
        "grades": [f"/activity{person}", day, f"/grades{person}", month, written],
        "progress": [f"/progress?store={store.pk}{month}", "表上状态"],
        "prospect_card": [f"/registers/prospects/{sampled['prospect_card'].prospect_id}", horizon],
        "owner_card": [f"/registers/owners/{sampled['owner_card'].vehicle_id}", "回访登记"],
    }
    for subject, words in expected.items():
        shown = client.get(f"/customers/spot-checks/{sampled[subject].pk}/").content.decode().replace("/?", "?")
        assert [word for word in words if word not in shown] == []
        number = sampled[subject].customer.phones.first().number
        assert number.removeprefix("+86") not in shown
        assert ('name="grade_found"' in shown) == sampled[subject].has_grade
    address = f"/customers/spot-checks/{sampled['owner_card'].pk}/"
    assert client.post(address, {"result": "true", "note": ""}).status_code == 422
    assert client.post(address, {"result": "true", "note": "客户确认接到过回访"}).status_code == 302
    assert "客户确认接到过回访" in client.get(address).content.decode()
    mine, own = client_for(consultant), f"/customers/spot-checks/{sampled['grades'].pk}/"
    assert "保存抽查结果" not in mine.get(own).content.decode()
    assert mine.post(own, {"result": "true", "note": "我说是真的"}).status_code == 403
