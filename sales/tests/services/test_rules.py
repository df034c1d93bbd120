"""The rules of domain.md §5 that deals, money and papers obey."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from dealership.approvals.models import Approval
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed
from dealership.org.models import ClosedMonth, Membership
from sales.choices import DealStatus, DepositKind, DocumentState, PaymentStatus, RefundStatus
from sales.models import Deal, DeliveryDocument, Payment, PriceEntry, Refund
from sales.selectors.catalogue import orders_hit_by_drop, price_list
from sales.selectors.money import outstanding
from sales.services import deal as deals
from sales.services import payment as payments
from sales.services.catalogue import price_on, price_set
from sales.tests import builders as build
from sales.tests.builders import AUTHORITY, COST, MSRP, Staff

GIFT = {"kind": "gift", "name": "脚垫", "cost": Decimal(600), "list_price": Decimal(900)}


def _submitted(staff: Staff, store: Any, concession: Any, **terms: Any) -> tuple[Deal, int | None]:
    """A deal with this cash discount, submitted; the level it asked for (None: no approval)."""
    deal = build.make_deal(staff, store, deal_price=MSRP - Decimal(concession), **terms)
    deal = deals.deal_submit(by=staff.consultant, deal_id=deal.pk, reason="客户对比竞品")
    row = Approval.objects.filter(kind="deal_price", subject_id=deal.pk).first()
    return deal, row.level if row else None


@pytest.mark.parametrize(
    ("concession", "level"),
    [("5000", None), ("5000.01", 1), ("7000", 1), ("7000.01", 2), ("10000", 2), ("10000.01", 3)],
)
def test_r_disc_level_follows_the_concession(store: Any, staff: Staff, concession: str, level: int | None) -> None:
    deal, asked = _submitted(staff, store, concession)
    assert asked == level
    assert deal.status == (DealStatus.PRICE_APPROVAL if level else DealStatus.PENDING_DEPOSIT)


def test_r_disc_gifts_count_at_cost(store: Any, staff: Staff) -> None:
    deal, level = _submitted(staff, store, "4500", lines=[GIFT])
    assert (deal.concession, level) == (Decimal("5100.00"), 1)
    assert deal.contract_amount == deal.deal_price


def test_r_disc_a_waived_fee_counts_as_concession(store: Any, staff: Staff) -> None:
    line = {"kind": "finance", "name": "金融服务", "price": Decimal(0), "list_price": Decimal(1500)}
    deal, level = _submitted(staff, store, "4000", lines=[line])
    assert (deal.concession, level) == (Decimal("5500.00"), 1)


@pytest.mark.parametrize(("price", "level"), [("900", 1), ("899", 2), ("850", 2), ("849", 3)])
def test_r_disc_accessories_have_a_share_per_level(store: Any, staff: Staff, price: str, level: int) -> None:
    """With the cash part exactly used up, what is below the level's share needs the next level."""
    cash = {"900": 7000, "899": 7000, "850": 10000, "849": 10000}[price]
    line = {"kind": "accessory", "name": "贴膜", "price": Decimal(price), "list_price": Decimal(1000)}
    _, asked = _submitted(staff, store, cash, lines=[line])
    assert asked == level


def test_r_disc_below_cost_needs_the_group_even_within_authority(store: Any, staff: Staff) -> None:
    build.make_vehicle(staff.admin, store, dealer_cost=MSRP - Decimal(2999), rebate=Decimal(0))
    _, level = _submitted(staff, store, "3000")
    assert level == 4
    deal = Deal.objects.get()
    with pytest.raises(NotAllowed):
        build.approve(staff.gm, "deal_price", deal.pk)
    build.approve(staff.group, "deal_price", deal.pk)
    deal.refresh_from_db()
    assert (deal.status, deal.approved_level) == (DealStatus.PENDING_DEPOSIT, 4)


def test_r_disc_finance_refuses_to_invoice_below_cost_without_the_group(store: Any, staff: Staff) -> None:
    deal = build.deal_in(DealStatus.PAID, staff, store)
    car = deal.vehicle
    assert car is not None
    type(car).objects.filter(pk=car.pk).update(dealer_cost=deal.deal_price + 1)
    with pytest.raises(DomainError, match="降价销售申请"):
        build.invoice(staff, deal)
    assert Deal.objects.get(pk=deal.pk).status == DealStatus.PAID
    deals.deal_ask_below_cost(by=staff.consultant, deal_id=deal.pk, reason="长库龄清库")
    build.approve(staff.group, "deal_price", deal.pk)
    build.invoice(staff, deal)
    assert Deal.objects.get(pk=deal.pk).status == DealStatus.INVOICED


def test_r_disc_approval_holds_three_days(store: Any, staff: Staff, freeze: Any) -> None:
    freeze("2026-11-17 10:00+08:00")
    deal, _ = _submitted(staff, store, "6000")
    assert Approval.objects.get(subject_id=deal.pk).due_at == periods.at(dt.date(2026, 11, 17), "20:00")
    build.approve(staff.manager, "deal_price", deal.pk)
    deal.refresh_from_db()
    assert deal.approved_until == dt.date(2026, 11, 20)
    freeze("2026-11-20 23:00+08:00")
    payments.payment_register(by=staff.consultant, deal_id=deal.pk, purpose="deposit", method="cash", amount=Decimal(1))
    freeze("2026-11-21 00:01+08:00")
    with pytest.raises(DomainError, match="有效期"):
        payments.payment_register(
            by=staff.consultant, deal_id=deal.pk, purpose="deposit", method="cash", amount=Decimal(1)
        )


def test_r_disc_an_approval_in_force_is_used_again_up_to_its_concession(store: Any, staff: Staff) -> None:
    deal, _ = _submitted(staff, store, "6000")
    build.approve(staff.manager, "deal_price", deal.pk)
    deals.deal_recall(by=staff.consultant, deal_id=deal.pk)
    assert deals.deal_submit(by=staff.consultant, deal_id=deal.pk).status == DealStatus.PENDING_DEPOSIT
    deals.deal_recall(by=staff.consultant, deal_id=deal.pk)
    deals.deal_change(
        by=staff.consultant, deal_id=deal.pk, version=None, changes={"deal_price": MSRP - Decimal("6000.01")}
    )
    assert deals.deal_submit(by=staff.consultant, deal_id=deal.pk).status == DealStatus.PRICE_APPROVAL


def test_r_disc_nobody_approves_their_own_price(store: Any, staff: Staff) -> None:
    deal = build.make_deal(staff, store, deal_price=MSRP - Decimal(6000))
    deals.deal_submit(by=staff.manager, deal_id=deal.pk)
    with pytest.raises(NotAllowed):
        build.approve(staff.manager, "deal_price", deal.pk)


def test_r_disc_no_charge_beyond_the_marked_price(store: Any, staff: Staff) -> None:
    with pytest.raises(DomainError, match="不能高于指导价"):
        build.make_deal(staff, store, deal_price=MSRP + Decimal("0.01"))
    line = {"kind": "accessory", "name": "贴膜", "price": Decimal(1001), "list_price": Decimal(1000)}
    with pytest.raises(DomainError, match="标价"):
        build.make_deal(staff, store, lines=[line])
    assert not Deal.objects.exists()


def test_r_disc_an_order_keeps_its_price_and_a_drop_is_flagged(store: Any, staff: Staff, freeze: Any) -> None:
    freeze("2026-11-10 10:00+08:00")
    deal = build.deal_in(DealStatus.ORDERED, staff, store)
    configuration = deal.configuration
    price_set(
        by=staff.sales_manager, configuration_id=configuration.pk, effective_from=dt.date(2026, 11, 12),
        msrp=MSRP - Decimal(10000), consultant_authority=AUTHORITY,
    )  # fmt: skip
    assert orders_hit_by_drop(user=staff.manager, entries=price_list(user=staff.manager)) == []
    freeze("2026-11-12 10:00+08:00")
    deal.refresh_from_db()
    assert (deal.msrp, price_on(configuration, periods.today()).msrp) == (MSRP, MSRP - Decimal(10000))
    hit = orders_hit_by_drop(user=staff.manager, entries=price_list(user=staff.manager))
    assert [(row.pk, row.drop) for row in hit] == [(deal.pk, Decimal(10000))]
    assert PriceEntry.objects.count() == 2


def test_r_disc_a_past_price_is_not_written(store: Any, staff: Staff) -> None:
    configuration = build.make_configuration(store)
    day = periods.today() - dt.timedelta(days=1)
    terms = {"configuration_id": configuration.pk, "msrp": MSRP, "consultant_authority": AUTHORITY}
    with pytest.raises(DomainError, match="不能早于今天"):
        price_set(by=staff.sales_manager, effective_from=day, **terms)
    with pytest.raises(NotAllowed):
        price_set(by=staff.consultant, effective_from=periods.today(), **terms)


def test_r_pay_earnest_is_at_most_a_fifth_of_the_price(store: Any, staff: Staff) -> None:
    price = Decimal("183000.00")
    build.make_deal(staff, store, deal_price=price, deposit_kind=DepositKind.EARNEST, deposit_amount=Decimal(36600))
    with pytest.raises(DomainError, match="20%") as refusal:
        build.make_deal(
            staff, store, deal_price=price, deposit_kind=DepositKind.EARNEST, deposit_amount=Decimal("36600.01")
        )
    assert "deposit_amount" in refusal.value.fields
    build.make_deal(staff, store, deal_price=price, deposit_amount=Decimal(50000))


def test_r_pay_only_the_deposit_before_the_order_and_never_more_than_owed(store: Any, staff: Staff) -> None:
    deal = build.deal_in(DealStatus.PENDING_DEPOSIT, staff, store)
    with pytest.raises(DomainError, match="请先收订金"):
        build.pay(staff, deal, 1000, "balance")
    with pytest.raises(DomainError, match="超出应收余额"):
        build.pay(staff, deal, deal.contract_amount + 1, "deposit")
    build.pay(staff, deal, 5000, "deposit")
    left = deal.contract_amount - 5000
    build.pay(staff, deal, left - 1, clear=False)
    with pytest.raises(DomainError, match=r"还应收 1\.00 元"):
        build.pay(staff, deal, 2)


def test_r_pay_a_third_party_payer_needs_a_note(store: Any, staff: Staff) -> None:
    deal = build.deal_in(DealStatus.ORDERED, staff, store)
    told: dict[str, Any] = {"by": staff.consultant, "deal_id": deal.pk, "purpose": "balance", "method": "transfer"}
    with pytest.raises(DomainError, match="代付授权"):
        payments.payment_register(**told, amount=Decimal(100), payer_name="王五")
    row = payments.payment_register(**told, amount=Decimal(100), payer_name="王五", third_party_note="配偶代付")
    assert row.payer_name == "王五"


def test_r_pay_pass_through_money_is_apart(store: Any, staff: Staff) -> None:
    line = {"kind": "tax", "name": "购置税", "price": Decimal("16194.69")}
    deal = build.deal_in(DealStatus.ORDERED, staff, store, lines=[line])
    assert (deal.contract_amount, deal.pass_through_amount) == (deal.deal_price, Decimal("16194.69"))
    assert build.pay(staff, deal, "16194.69", "tax").is_pass_through


def test_r_pay_cleared_money_is_reversed_never_edited(store: Any, staff: Staff) -> None:
    deal = build.deal_in(DealStatus.PAID, staff, store)
    row = Payment.objects.get(deal=deal, purpose="balance")
    before = Payment.objects.filter(pk=row.pk).values().get()
    mirror = payments.payment_reverse(by=staff.finance, payment_id=row.pk, reason="录错金额")
    assert (mirror.amount, mirror.status, mirror.reverses_id) == (-row.amount, PaymentStatus.CLEARED, row.pk)
    assert Payment.objects.filter(pk=row.pk).values().get() == before
    deal.refresh_from_db()
    assert (deal.status, outstanding(deal)) == (DealStatus.ALLOCATED, row.amount)
    with pytest.raises(Conflict):
        payments.payment_reverse(by=staff.finance, payment_id=row.pk, reason="再冲一次")
    with pytest.raises(DomainError):
        payments.payment_reverse(by=staff.finance, payment_id=mirror.pk, reason="冲销的冲销")
    with pytest.raises(NotAllowed):
        payments.payment_reverse(by=staff.cashier, payment_id=row.pk, reason="越权")


def test_r_pay_one_person_never_records_and_reconciles(store: Any, staff: Staff, person: Any) -> None:
    deal = build.deal_in(DealStatus.ORDERED, staff, store)
    row = Payment.objects.get(deal=deal)
    both = person("finance", store)
    Membership.objects.create(user=both, group=store.group, store=store, role="cashier", valid=(periods.today(), None))
    second = payments.payment_register(by=both, deal_id=deal.pk, purpose="balance", method="cash", amount=Decimal(10))
    payments.payment_clear(by=both, payment_id=second.pk)
    with pytest.raises(NotAllowed, match="两人"):
        payments.payment_reconcile(by=both, payment_id=second.pk)
    assert payments.payment_reconcile(by=staff.finance, payment_id=second.pk).reconciled_by == staff.finance
    assert payments.payment_reconcile(by=both, payment_id=row.pk).reconciled_at is not None
    with pytest.raises(Conflict):
        payments.payment_reconcile(by=staff.finance, payment_id=row.pk)


def _cancelled(staff: Staff, store: Any, kind: str, amount: int = 5000, *, seller: bool = False) -> Payment:
    deal = build.deal_in(DealStatus.ORDERED, staff, store, deposit_kind=kind, deposit_amount=Decimal(amount))
    deals.deal_cancel_request(by=staff.consultant, deal_id=deal.pk, reason="car_delayed", seller_caused=seller)
    build.approve(staff.sales_manager, "deal_cancel", deal.pk)
    return Payment.objects.get(deal=deal)


def test_r_pay_earnest_stays_unless_the_store_is_at_fault(store: Any, staff: Staff) -> None:
    kept = _cancelled(staff, store, DepositKind.EARNEST)
    with pytest.raises(DomainError, match="定金"):
        payments.refund_request(by=staff.consultant, payment_id=kept.pk, amount=Decimal(100), reason="客户要求")
    ours = _cancelled(staff, store, DepositKind.EARNEST, seller=True)
    payments.refund_request(by=staff.consultant, payment_id=ours.pk, amount=Decimal(5000), reason="车源延误")
    loose = _cancelled(staff, store, DepositKind.PREPAYMENT)
    payments.refund_request(by=staff.consultant, payment_id=loose.pk, amount=Decimal(5000), reason="退订")
    assert Refund.objects.count() == 2


@pytest.mark.parametrize(("amount", "level"), [(5000, 2), (5001, 3)])
def test_r_pay_refund_level_by_amount(store: Any, staff: Staff, amount: int, level: int) -> None:
    receipt = _cancelled(staff, store, DepositKind.PREPAYMENT, amount)
    row = payments.refund_request(by=staff.consultant, payment_id=receipt.pk, amount=Decimal(amount), reason="退订")
    assert Approval.objects.get(kind="refund", subject_id=row.pk).level == level


def test_r_pay_refund_goes_to_the_payer_within_the_balance(store: Any, staff: Staff) -> None:
    receipt = _cancelled(staff, store, DepositKind.PREPAYMENT)
    row = payments.refund_request(by=staff.consultant, payment_id=receipt.pk, amount=Decimal(3000), reason="退订")
    with pytest.raises(DomainError, match=r"2,000\.00"):
        payments.refund_request(by=staff.consultant, payment_id=receipt.pk, amount=Decimal(2001), reason="退订")
    with pytest.raises(Conflict):
        payments.refund_pay(by=staff.cashier, refund_id=row.pk)
    build.approve(staff.sales_manager, "refund", row.pk)
    with pytest.raises(NotAllowed):
        payments.refund_pay(by=staff.consultant, refund_id=row.pk)
    paid = payments.refund_pay(by=staff.cashier, refund_id=row.pk).paid_row
    assert paid is not None
    assert (paid.amount, paid.payer_name, paid.method) == (Decimal(-3000), receipt.payer_name, receipt.method)
    with pytest.raises(Conflict):
        payments.refund_pay(by=staff.cashier, refund_id=row.pk)
    assert Payment.objects.filter(purpose="refund").count() == 1
    assert Refund.objects.get().status == RefundStatus.PAID


def test_r_pay_a_running_order_refunds_only_what_was_overpaid(store: Any, staff: Staff) -> None:
    deal = build.deal_in(DealStatus.ORDERED, staff, store)
    receipt = Payment.objects.get(deal=deal)
    with pytest.raises(DomainError, match="没有可退金额"):
        payments.refund_request(by=staff.consultant, payment_id=receipt.pk, amount=Decimal(1), reason="多收")


def test_r_doc_missing_papers_stop_the_hand_over(store: Any, staff: Staff) -> None:
    deal = build.deal_in(DealStatus.INVOICED, staff, store)
    build.complete_papers(staff, deal, leave_out=("certificate",))
    with pytest.raises(DomainError, match="合格证"):
        deals.deal_deliver(by=staff.delivery, deal_id=deal.pk)
    with pytest.raises(NotAllowed):
        deals.deal_deliver(by=staff.delivery, deal_id=deal.pk, exception="客户急用车")
    deals.deal_deliver(by=staff.gm, deal_id=deal.pk, exception="客户急用车，合格证周三赎回")
    deal.refresh_from_db()
    assert (deal.status, deal.delivery_exception_by) == (DealStatus.DELIVERED, staff.gm)
    states = dict(DeliveryDocument.objects.filter(deal=deal).values_list("kind", "state"))
    assert states["certificate"] == DocumentState.MISSING
    assert states["keys"] == DocumentState.HANDED
    with pytest.raises(DomainError, match="资料未齐"):
        deals.deal_close(by=staff.admin, deal_id=deal.pk)


def test_r_doc_a_delivery_remembers_whole_papers_and_the_first_correction(
    store: Any, staff: Staff, freeze: Any
) -> None:
    whole, lacking = (build.deal_in(DealStatus.PAID, staff, store) for _ in "12")
    for deal, leave_out, exception in ((whole, (), ""), (lacking, ("policy",), "保险单明天补")):
        build.invoice(staff, deal)
        build.complete_papers(staff, deal, leave_out=leave_out)
        by = staff.gm if exception else staff.delivery
        deals.deal_deliver(by=by, deal_id=deal.pk, exception=exception)
        deal.refresh_from_db()
    assert [(deal.handed_complete, deal.corrected_at) for deal in (whole, lacking)] == [(True, None), (False, None)]
    told = {"by": staff.admin, "deal_id": whole.pk, "kind": "manual"}
    deals.document_set(**told, state=DocumentState.HANDED)  # as it is: nothing is put right
    assert Deal.objects.get(pk=whole.pk).corrected_at is None
    for day, state in (("2026-10-21", DocumentState.MISSING), ("2026-10-22", DocumentState.HANDED)):
        freeze(f"{day} 10:00+08:00")
        deals.document_set(**told, state=state)
    fresh = Deal.objects.get(pk=whole.pk)
    assert periods.local_date(fresh.corrected_at) == dt.date(2026, 10, 21)
    assert fresh.handed_complete is True


def test_r_doc_a_pledged_certificate_is_not_in_the_store(store: Any, staff: Staff) -> None:
    deal = build.deal_in(DealStatus.ALLOCATED, staff, store)
    assert deal.vehicle is not None
    type(deal.vehicle).objects.filter(pk=deal.vehicle_id).update(certificate_status="pledged")
    with pytest.raises(DomainError, match="质押"):
        deals.document_set(by=staff.admin, deal_id=deal.pk, kind="certificate", state="in_store")


def test_r_doc_invoice_equals_the_contract(store: Any, staff: Staff) -> None:
    deal = build.deal_in(DealStatus.PAID, staff, store)
    wrong = [
        {"buyer_name": "张伟伟"}, {"vin": build.new_vin()}, {"amount": deal.deal_price - 1},
        {"amount": deal.contract_amount + 1}, {"issued_on": periods.today() + dt.timedelta(days=1)},
        {"number": "12"},
    ]  # fmt: skip
    for told in wrong:
        with pytest.raises(DomainError) as refusal:
            build.invoice(staff, deal, **told)
        assert set(refusal.value.fields) == set(told)
    build.invoice(staff, deal, number="25318000000012345678")


def test_r_pay_delivery_needs_the_money_or_loan_letter_and_signature(store: Any, staff: Staff) -> None:
    deal = build.deal_in(DealStatus.ALLOCATED, staff, store, payment_mode="loan", loan_amount=Decimal(100000))
    build.pay(staff, deal, deal.contract_amount - 105000, "down_payment")
    assert Deal.objects.get(pk=deal.pk).status == DealStatus.ALLOCATED
    deals.deal_loan_approve(by=staff.finance, deal_id=deal.pk)
    assert Deal.objects.get(pk=deal.pk).status == DealStatus.PAID
    build.invoice(staff, deal)
    build.complete_papers(staff, deal)
    with pytest.raises(DomainError, match="总经理"):
        deals.deal_deliver(by=staff.delivery, deal_id=deal.pk)
    deals.delivery_exception(by=staff.gm, deal_id=deal.pk, reason="放款函已到，同意先交车")
    deals.deal_deliver(by=staff.delivery, deal_id=deal.pk)
    build.pay(staff, deal, 100000, "loan")
    assert outstanding(Deal.objects.get(pk=deal.pk)) == 0


def test_cash_missing_is_never_excepted(store: Any, staff: Staff) -> None:
    deal = build.deal_in(DealStatus.READY, staff, store)
    row = Payment.objects.get(deal=deal, purpose="balance")
    payments.payment_reverse(by=staff.finance, payment_id=row.pk, reason="退票")
    with pytest.raises(DomainError, match="未到账"):
        deals.deal_deliver(by=staff.gm, deal_id=deal.pk, exception="客户是熟人，先交车")


@pytest.mark.parametrize("days", [0, 1])
def test_a_closed_month_takes_no_receipt_and_no_delivery(store: Any, staff: Staff, freeze: Any, days: int) -> None:
    """R09 in services: the arrival time of money and the hand-over lie in a closed month."""
    freeze("2026-10-31 15:00+08:00")
    waiting = build.deal_in(DealStatus.PENDING_DEPOSIT, staff, store)
    receipt = build.pay(staff, waiting, 5000, "deposit", clear=False)
    ready = build.deal_in(DealStatus.READY, staff, store)
    freeze(f"2026-11-0{days + 1} 10:00+08:00")
    october = periods.at(dt.date(2026, 10, 31), "23:59")
    ClosedMonth.objects.create(store=store, month=dt.date(2026, 10, 1))
    with pytest.raises(Conflict, match="2026年10月已关账"):
        payments.payment_clear(by=staff.cashier, payment_id=receipt.pk, at=october)
    with pytest.raises(Conflict, match="2026年10月已关账"):
        deals.deal_deliver(by=staff.delivery, deal_id=ready.pk, at=october)
    receipt.refresh_from_db()
    ready.refresh_from_db()
    assert (receipt.status, receipt.receipt_no, ready.status) == (PaymentStatus.PENDING, None, DealStatus.READY)
    payments.payment_clear(by=staff.cashier, payment_id=receipt.pk)
    deals.deal_deliver(by=staff.delivery, deal_id=ready.pk)
    assert Payment.objects.get(pk=receipt.pk).receipt_no == f"A-SJ2026110{days + 1}-0001"


def test_cost_after_rebate_is_the_floor(store: Any, staff: Staff) -> None:
    build.make_vehicle(staff.admin, store, dealer_cost=MSRP, rebate=MSRP - COST)
    _, level = _submitted(staff, store, "3000")
    assert level is None
