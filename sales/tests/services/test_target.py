"""R-TGT: exact division, sums, acknowledgement; and the rounding of the source documents (K34)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dealership.core.errors import Conflict, DomainError, NotAllowed
from dealership.core.money import quantize, whole
from dealership.core.periods import Period
from dealership.org.models import ClosedMonth
from sales.choices import TargetKind
from sales.models import Target
from sales.services import target as targets
from sales.tests.builders import Staff

MONTH = dt.date(2026, 11, 1)
weights = st.integers(0, 50).map(lambda tenths: Decimal(tenths) / 10)
# A busy machine is no reason to fail a property.
calm = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def test_k34_rounding_is_half_up() -> None:
    assert (quantize(Decimal(10016) / 3), whole(Decimal(10016) / 3)) == (Decimal("3338.67"), Decimal(3339))


@calm
@given(total=st.integers(0, 5000), parts=st.lists(weights, min_size=1, max_size=40))
def test_r_tgt_parts_are_whole_and_sum_exactly(total: int, parts: list[Decimal]) -> None:
    shares = dict(enumerate(parts))
    if not any(parts) and total:
        with pytest.raises(ValueError, match="no weight"):
            targets.split(Decimal(total), shares)
        return
    found = targets.split(Decimal(total), shares)
    assert sum(found.values()) == total
    assert all(value >= 0 and value == value.to_integral_value() for value in found.values())
    assert all(found[key] == 0 for key, weight in shares.items() if weight == 0)
    one_up = sum(parts, Decimal(0)) or Decimal(1)
    assert all(abs(found[key] - total * weight / one_up) < 1 for key, weight in shares.items())


@calm
@given(cents=st.integers(0, 10**10), parts=st.lists(st.integers(1, 9), min_size=1, max_size=20))
def test_r_tgt_money_sums_to_the_cent(cents: int, parts: list[int]) -> None:
    total = Decimal(cents) / 100
    found = targets.split_people(total, {key: Decimal(value) for key, value in enumerate(parts)}, money=True)
    assert sum(found.values()) == total


@pytest.mark.django_db
@pytest.mark.parametrize("month", [(2026, 2), (2026, 5), (2026, 10), (2026, 11), (2027, 3)])
def test_r_tgt_days_sum_to_the_month(month: tuple[int, int]) -> None:
    span = Period.month(*month)
    for total in (0, 1, 17, 165, 1620):
        assert sum(targets.split_days(Decimal(total), span).values()) == total
    assert sum(targets.split_days(Decimal("2772000.01"), span, money=True).values()) == Decimal("2772000.01")


def test_r_tgt_nobody_with_a_share_still_sums() -> None:
    assert targets.split_people(Decimal(10), {1: Decimal(0), 2: Decimal(0), 3: Decimal(0)}) == {1: 4, 2: 3, 3: 3}


def test_a_target_is_set_changed_and_acknowledged(store: Any, staff: Staff) -> None:
    told: dict[str, Any] = {"store": store, "person": staff.consultant, "month": MONTH, "kind": TargetKind.ORDERS}
    row = targets.target_set(by=staff.manager, value=Decimal(15), **told)
    with pytest.raises(NotAllowed):
        targets.target_acknowledge(by=staff.manager, target_id=row.pk)
    row = targets.target_acknowledge(by=staff.consultant, target_id=row.pk)
    assert row.acknowledged_at is not None
    with pytest.raises(Conflict):
        targets.target_acknowledge(by=staff.consultant, target_id=row.pk)
    with pytest.raises(Conflict):
        targets.target_set(by=staff.manager, value=Decimal(9), version=1, **told)
    row = targets.target_set(by=staff.manager, value=Decimal(16), version=2, **told)
    assert (row.value, row.acknowledged_at, row.version) == (Decimal(16), None, 3)


def test_a_target_refuses_wrong_people_values_and_closed_months(
    store: Any, other_store: Any, staff: Staff, person: Any, stranger: Any
) -> None:
    told: dict[str, Any] = {"store": store, "month": MONTH, "kind": TargetKind.ORDERS}
    outsider = person("sales_consultant", other_store)
    for who in (outsider, staff.cashier):
        with pytest.raises(DomainError, match="销售岗位"):
            targets.target_set(by=staff.manager, person=who, value=Decimal(1), **told)
    for value in (Decimal("1.5"), Decimal(-1)):
        with pytest.raises(DomainError):
            targets.target_set(by=staff.manager, person=staff.consultant, value=value, **told)
    for by in (staff.consultant, staff.finance, stranger):
        with pytest.raises(NotAllowed):
            targets.target_set(by=by, person=staff.consultant, value=Decimal(1), **told)
    ClosedMonth.objects.create(store=store, month=MONTH)
    with pytest.raises(Conflict, match="已关账"):
        targets.target_set(by=staff.manager, person=staff.consultant, value=Decimal(1), **told)
    assert not Target.objects.exists()


def test_r_tgt_a_sheet_whose_sum_differs_writes_nothing(store: Any, staff: Staff, person: Any) -> None:
    second = person("sales_consultant", store)
    rows = [
        {"person": staff.consultant, "kind": "orders", "value": Decimal(10)},
        {"person": second, "kind": "orders", "value": Decimal(8)},
    ]
    with pytest.raises(DomainError, match=r"18.*19"):
        targets.targets_set(by=staff.manager, store=store, month=MONTH, rows=rows, totals={"orders": Decimal(19)})
    assert not Target.objects.exists()
    made = targets.targets_set(by=staff.manager, store=store, month=MONTH, rows=rows, totals={"orders": Decimal(18)})
    assert sum(row.value for row in made) == 18
