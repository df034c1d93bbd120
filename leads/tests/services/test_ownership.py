"""R-OWN: protection, claims, transfers, and the hand-over of a leaver with its way back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from dealership.approvals.models import Approval
from dealership.approvals.services import decide
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError, NotAllowed
from dealership.notices.models import Notice
from dealership.org.choices import Role
from dealership.org.leaving import holdings_of
from dealership.org.services.people import person_deactivate
from dealership.tests.builders import make_person, make_team
from dealership.tests.clients import client_for
from leads.models import CareTask, CreditShare, Customer, FollowUpTask, HandOver, Prospect
from leads.selectors.leaver import split
from leads.services.lead_intake import LeadRow, lead_create
from leads.services.lead_transfer import lead_transfer_ask
from leads.services.leaver import hand_over_do, hand_over_undo
from leads.services.loss_decision import loss_decide
from leads.services.ownership import claim_ask, transfer_ask
from leads.services.prospect import prospect_delivered, prospect_ordered
from leads.services.second import second_assign
from leads.tests.builders import make_follow_up, make_prospect, new_phone
from leads.tests.lead_builders import make_lead
from leads.tests.loss_builders import lose, make_rest

pytestmark = pytest.mark.django_db
NOON = "2026-11-10 12:00+08:00"


@pytest.fixture
def taker(person: Any, store: Any) -> Any:
    return person(Role.SALES_CONSULTANT, store, team=make_team(store, "二组"), name="陈静")


def owner_of(card: Prospect) -> int:
    return Prospect.objects.get(pk=card.pk).owner_id


def answer(by: Any, approve: bool) -> None:
    decide(by=by, approval_id=Approval.objects.get(state="pending").pk, approve=approve, comment="按接待事实裁定")


def test_r_own_a_protected_customer_can_only_be_shared(
    store: Any, consultant: Any, colleague: Any, manager: Any, freeze: Any
) -> None:
    """H is protected until the limit of 失控 (4 days) after the last contact; afterwards taking over may be asked."""
    freeze(NOON)
    card = make_prospect(consultant, store, grade="H", phone="13912345678")
    ask = {"by": colleague, "store": store, "phone": "139 1234 5678", "reason": "客户到店找我接待"}
    with pytest.raises(DomainError, match="保护期内（至 11-14 周六），只能申请分成"):
        claim_ask(wish="take", **ask)
    claim_ask(wish="share", **ask)
    answer(manager, approve=True)
    assert owner_of(card) == consultant.pk
    shares = dict(CreditShare.objects.filter(prospect=card).values_list("user_id", "share"))
    assert shares == {consultant.pk: Decimal("0.50"), colleague.pk: Decimal("0.50")}
    page = client_for(consultant).get(f"/customers/prospects/{card.pk}/").content.decode()
    assert f"业绩分成：{consultant.name}、{colleague.name} 各 50%" in page
    freeze("2026-11-15 00:00+08:00")
    claim_ask(wish="take", **ask)
    answer(manager, approve=True)
    assert owner_of(card) == colleague.pk


def test_r_own_c_is_protected_for_ninety_days_unless_out_of_control(
    store: Any, consultant: Any, colleague: Any, manager: Any, freeze: Any
) -> None:
    freeze("2026-08-01 12:00+08:00")
    make_prospect(consultant, store, grade="C", phone="13912345678")
    freeze("2026-10-30 12:00+08:00")
    with pytest.raises(DomainError, match="至 10-30 周五"):
        claim_ask(by=colleague, store=store, phone="13912345678", wish="take", reason="客户找我")
    Prospect.objects.update(status="out_of_control")
    claim_ask(by=colleague, store=store, phone="13912345678", wish="take", reason="客户找我")
    assert Approval.objects.get().detail["protection"] == "已失控，不再保护"
    answer(manager, approve=True)
    card = Prospect.objects.get()
    assert (card.owner, card.status, card.next_follow_up_at) == (
        colleague, "active", periods.at(dt.date(2026, 10, 31), "18:00")
    )  # fmt: skip


def test_a_claim_says_nothing_the_claimant_does_not_know(
    store: Any, other_store: Any, consultant: Any, colleague: Any, manager: Any
) -> None:
    make_prospect(consultant, store, name="金丝雀", phone="13912345678")
    claim_ask(by=colleague, store=store, phone="13912345678", wish="share", reason="客户到店找我")
    row = Approval.objects.get()
    shown, followed = f"/approvals/{row.pk}/", f"/approvals/{row.pk}/subject/"
    assert client_for(manager).get(followed).url == f"/customers/prospects/{row.subject_id}/"
    assert followed not in client_for(colleague).get(shown).text
    assert client_for(colleague).get(followed).url == shown
    assert "金丝雀" not in f"{row.title}{row.detail}{row.reason}"
    answer(manager, approve=False)
    assert not CreditShare.objects.exists()
    stranger = make_person(Role.SALES_CONSULTANT, other_store)
    with pytest.raises(DomainError, match="没有跟进中的客户卡"):
        claim_ask(by=stranger, store=other_store, phone="13912345678", wish="share", reason="客户到店找我")
    with pytest.raises(NotAllowed):
        claim_ask(by=stranger, store=store, phone="13912345678", wish="share", reason="客户到店找我")


def test_only_the_owner_asks_for_a_transfer_and_nobody_decides_their_own(
    store: Any, consultant: Any, colleague: Any, manager: Any
) -> None:
    card = make_prospect(consultant, store)
    with pytest.raises(DomainError, match="只有归属顾问可以申请转移"):
        transfer_ask(by=manager, prospect_id=card.pk, new_owner=colleague, reason="客户搬家")
    transfer_ask(by=consultant, prospect_id=card.pk, new_owner=colleague, reason="客户搬家")
    with pytest.raises(Conflict, match="已有一份同样的申请在等审批"):
        transfer_ask(by=consultant, prospect_id=card.pk, new_owner=colleague, reason="再申请一次")
    answer(manager, approve=True)
    assert owner_of(card) == colleague.pk


def simulated(manager: Any, store: Any, person: Any, *takers: Any) -> dict[str, Any]:
    shown = split(user=manager, store=store, person=person, takers=takers)
    return {"card_moves": shown.card_moves, "lead_moves": shown.lead_moves, "file_moves": shown.file_moves}


def test_the_split_is_even_by_grade_and_fills_the_lighter_first(
    store: Any, consultant: Any, colleague: Any, taker: Any, manager: Any
) -> None:
    for grade in "HHAAACC":
        make_prospect(consultant, store, grade=grade)
    for _ in range(3):
        make_prospect(colleague, store)
    shown = split(user=manager, store=store, person=consultant, takers=[colleague, taker])
    rows = {row.person.pk: (row.gets, row.load) for row in shown.takers}
    assert rows == {colleague.pk: ({"H": 1, "A": 1, "C": 1}, 3), taker.pk: ({"H": 1, "A": 2, "C": 1}, 0)}
    again = split(user=manager, store=store, person=consultant, takers=[taker, colleague])
    assert again.card_moves == shown.card_moves


def test_a_leaver_hands_over_everything_and_can_then_be_switched_off(
    store: Any, consultant: Any, taker: Any, manager: Any, freeze: Any
) -> None:
    """Overdue contacts are dated anew from tomorrow on; one notice per colleague; the account holds nothing more."""
    freeze(NOON)
    cards = [make_prospect(consultant, store, grade="H") for _ in range(3)]
    lead_create(by=manager, store=store, row=LeadRow(name="线索", phone=new_phone()), owner=consultant)
    freeze("2026-11-13 12:00+08:00")
    admin = make_person(Role.SYS_ADMIN, None, group=store.group)
    with pytest.raises(DomainError, match="请先由展厅经理在“客户交接”中交给"):
        person_deactivate(by=admin, person_id=consultant.pk)
    told = Notice.objects.filter(kind="handover").count()
    colleague = make_person(Role.SALES_CONSULTANT, store, name="王芳")
    moves = simulated(manager, store, consultant, colleague, taker)
    row = hand_over_do(by=manager, store=store, person=consultant, reason="离职", **moves)
    assert holdings_of(consultant) == {}
    assert {owner_of(card) for card in cards} == {colleague.pk, taker.pk}
    due = {task.due_at for task in FollowUpTask.objects.open().filter(prospect__in=cards)}
    assert due == {periods.at(dt.date(2026, 11, 14), "18:00")}
    assert Notice.objects.filter(kind="handover").count() == told + 2
    assert row.items.count() == 4
    person_deactivate(by=admin, person_id=consultant.pk)
    with pytest.raises(DomainError, match="请先恢复账号"):
        hand_over_undo(by=manager, hand_over_id=row.pk)


def test_resting_cards_old_customers_and_lent_second_follow_ups_go_too(
    store: Any, consultant: Any, colleague: Any, taker: Any, manager: Any, *, freeze: Any
) -> None:
    """Nothing stays with who leaves: a dormant card, a buyer with the car and its care calls, another's second look."""
    freeze(NOON)
    resting = make_prospect(consultant, store, grade="C")
    loss_decide(by=manager, application_id=make_rest(consultant, resting).pk, decision="agree")
    sold = make_prospect(consultant, store, grade="H")
    prospect_ordered(by=manager, prospect_id=sold.pk, at=periods.now())
    car = prospect_delivered(
        by=manager, prospect_id=sold.pk, at=periods.now(), deal_id=1, vin="LSVAA49J132047371",
        series=store.brand.series.all()[0], description="豪华版",
    )  # fmt: skip
    other = make_prospect(colleague, store, grade="B")
    make_follow_up(colleague, other, outcome="refused")
    second_assign(by=manager, prospect_id=other.pk, person=consultant)
    assert holdings_of(consultant) == {"意向客户": 1, "客户档案": 1}
    moves = simulated(manager, store, consultant, taker)
    with pytest.raises(Conflict, match="请重新模拟分配"):
        hand_over_do(by=manager, store=store, person=consultant, reason="离职", **{**moves, "file_moves": {}})
    row = hand_over_do(by=manager, store=store, person=consultant, reason="离职", **moves)

    def held_by() -> set[int]:
        car.refresh_from_db()
        care = CareTask.objects.filter(vehicle=car).values_list("owner_id", flat=True)
        return {car.owner_id, car.customer.owner_id, Prospect.objects.get(pk=resting.pk).owner_id, *care}

    assert holdings_of(consultant) == {}
    assert held_by() == {taker.pk}
    assert FollowUpTask.objects.open().get(kind="second").owner == colleague
    assert Notice.objects.filter(recipient=colleague, text__contains="请您按期联系").exists()
    hand_over_undo(by=manager, hand_over_id=row.pk)
    assert held_by() == {consultant.pk}
    assert set(row.items.values_list("answer", flat=True)) == {""}


def test_a_manager_who_took_customers_over_can_hand_them_on(
    store: Any, consultant: Any, colleague: Any, manager: Any
) -> None:
    """Not only sellers hold something: whoever does is offered as the person who leaves."""
    lost = lose(make_prospect(consultant, store, grade="B"), consultant, None, manager)
    Customer.objects.filter(pk=lost.customer_id).update(owner=manager)
    boss = make_person(Role.SALES_MANAGER, store)
    form = {"person": manager.pk, "takers": [colleague.pk], "reason": "调岗", "step": "do"}
    shown = client_for(boss).post("/customers/handovers/new/", {**form, "step": "preview"}).content.decode()
    assert "另有 1 位没有跟进卡的老客户" in shown
    assert client_for(boss).post("/customers/handovers/new/", form).status_code == 302
    assert Customer.objects.get(pk=lost.customer_id).owner == colleague


def test_a_waiting_transfer_is_answered_before_a_hand_over(
    store: Any, consultant: Any, colleague: Any, manager: Any
) -> None:
    lead = make_lead(manager, store, owner=consultant)
    lead_transfer_ask(by=consultant, lead_id=lead.pk, new_owner=colleague, reason="客户住得近")
    moves = simulated(manager, store, consultant, colleague)
    with pytest.raises(DomainError, match="1 条线索正在申请转移，请先在“审批”里答复"):
        hand_over_do(by=manager, store=store, person=consultant, reason="离职", **moves)


def test_a_hand_over_is_taken_back_except_what_was_worked_on(
    store: Any, consultant: Any, colleague: Any, manager: Any, freeze: Any
) -> None:
    freeze(NOON)
    idle, worked = make_prospect(consultant, store, grade="H"), make_prospect(consultant, store, grade="A")
    due = idle.next_follow_up_at
    freeze("2026-11-13 12:00+08:00")
    moves = simulated(manager, store, consultant, colleague)
    row = hand_over_do(by=manager, store=store, person=consultant, reason="离职", **moves)
    make_follow_up(colleague, worked)
    freeze("2026-11-14 11:59+08:00")
    hand_over_undo(by=manager, hand_over_id=row.pk)
    assert (owner_of(idle), owner_of(worked)) == (consultant.pk, colleague.pk)
    assert Prospect.objects.get(pk=idle.pk).next_follow_up_at == due
    answers = dict(row.items.values_list("prospect_id", "answer"))
    assert answers == {idle.pk: "", worked.pk: "接手人已跟进或已再次转移"}
    with pytest.raises(Conflict, match="已经撤回过了"):
        hand_over_undo(by=manager, hand_over_id=row.pk)


def test_after_the_time_limit_nothing_is_taken_back(
    store: Any, consultant: Any, colleague: Any, manager: Any, freeze: Any
) -> None:
    freeze(NOON)
    card = make_prospect(consultant, store)
    moves = simulated(manager, store, consultant, colleague)
    row = hand_over_do(by=manager, store=store, person=consultant, reason="离职", **moves)
    freeze("2026-11-11 12:00:01+08:00")
    with pytest.raises(DomainError, match="已超过可撤回时间"):
        hand_over_undo(by=manager, hand_over_id=row.pk)
    assert owner_of(card) == colleague.pk


def test_an_old_simulation_is_refused_and_nothing_moves(
    store: Any, consultant: Any, colleague: Any, manager: Any
) -> None:
    card = make_prospect(consultant, store)
    moves = simulated(manager, store, consultant, colleague)
    make_prospect(consultant, store)
    with pytest.raises(Conflict, match="请重新模拟分配"):
        hand_over_do(by=manager, store=store, person=consultant, reason="离职", **moves)
    with pytest.raises(DomainError, match="接手人须是本店在职"):
        hand_over_do(
            by=manager, store=store, person=consultant, reason="离职", card_moves={card.pk: manager.pk}, lead_moves={}
        )
    with pytest.raises(NotAllowed):
        hand_over_do(by=consultant, store=store, person=consultant, reason="离职", **moves)
    assert owner_of(card) == consultant.pk
    assert not HandOver.objects.exists()


def test_the_screen_simulates_and_does(store: Any, consultant: Any, colleague: Any, taker: Any, manager: Any) -> None:
    card = make_prospect(consultant, store, grade="H", name="陶然")
    client = client_for(manager)
    form = {"person": consultant.pk, "takers": [colleague.pk, taker.pk], "reason": "离职", "step": "preview"}
    shown = client.post("/customers/handovers/new/", form).content.decode()
    assert "陶然" in shown
    assert f'name="card-{card.pk}"' in shown
    chosen = {**form, "step": "do", f"card-{card.pk}": taker.pk}
    refused = client.post("/customers/handovers/new/", {**chosen, "reason": ""})
    assert refused.status_code == 422
    assert f'<option value="{taker.pk}" selected>' in refused.content.decode()
    answer_ = client.post("/customers/handovers/new/", chosen, follow=True)
    assert "撤回交接" in answer_.content.decode()
    assert owner_of(card) == taker.pk
    assert client_for(consultant).get("/customers/handovers/").status_code == 403
