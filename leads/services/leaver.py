"""离职交接: everything a person holds goes to colleagues at once, contacts are dated anew, and it can be taken back.

An account cannot be closed while it owns anything (dealership/org/leaving.py); this is the way out.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.db.models import F
from django.urls import reverse

from dealership.audit.services import record
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError
from dealership.core.services import lock, service
from dealership.core.text import clean_text
from dealership.notices.services import notify
from dealership.org.models import Store
from dealership.org.policy import policy
from dealership.org.reach import people_in, require, team_id_in
from dealership.org.roles import SELLING_ROLES
from leads.choices import LeadState, TaskKind
from leads.models import Customer, FollowUpTask, HandOver, HandOverItem, Lead, Prospect
from leads.selectors.leaver import cards_of, files_of, leads_of
from leads.services.handover import cars_follow, hand_over, locked_with_customer
from leads.services.lead_assign import lead_assign


@service
def hand_over_do(
    *,
    by: Any,
    store: Store,
    person: Any,
    card_moves: Mapping[int, int],
    lead_moves: Mapping[int, int],
    file_moves: Mapping[int, int] | None = None,
    reason: str,
) -> HandOver:
    """Give every card, open lead and customer without a card of `person` in the store to the takers; all or nothing.

    Refused: a taker who does not sell here, a split that leaves something out or names what is not the person's any
    more (it was made on an older state), a lead whose transfer waits for its answer, no reason.
    """
    require(by, "prospect.handover", store.pk)
    reason = clean_text(reason)[:200]
    if len(reason) < 2:
        raise DomainError("reason_missing", "请填写交接原因。", {"reason": ["请填写交接原因。"]})
    file_moves = file_moves or {}
    takers = _takers(store, person, {*card_moves.values(), *lead_moves.values(), *file_moves.values()})
    wanted = (set(card_moves), set(lead_moves), set(file_moves))
    cards, leads = _held({"user": by, "store": store, "person": person}, wanted)
    moment = periods.now()
    until = moment + dt.timedelta(hours=int(policy("handover.undo_hours", store)))
    row = HandOver.objects.create(
        store=store, person=person, reason=reason, made_by=by, made_at=moment, undo_until=until
    )  # fmt: skip
    days = _Days(int(policy("handover.per_day", store)), moment)
    items = [_give(row, card.pk, takers[card_moves[card.pk]], days, by=by) for card in cards]
    items += [_give_lead(row, lead, takers[lead_moves[lead.pk]], by=by) for lead in leads]
    items += _give_files(row, file_moves, takers)
    HandOverItem.objects.bulk_create(items)
    seconds_return(person)
    _tell(row, items)
    counts = {"cards": len(cards), "leads": len(leads), "files": len(file_moves)}
    record(by=by, action="handover.do", target=row, changes=counts)
    return row


def _held(whose: dict[str, Any], wanted: tuple[set[int], ...]) -> tuple[list[Prospect], list[Lead]]:
    """What the person holds now; refused when the split was made on something else."""
    held_cards, held_leads, held_files = cards_of(**whose), leads_of(**whose), files_of(**whose)
    if not held_cards and not held_leads and not held_files:
        raise DomainError("nothing_held", "该同事名下没有需要交接的客户和线索。")
    if waiting := sum(lead.state == LeadState.TRANSFER_PENDING for lead in held_leads):
        text = f"该同事有 {waiting} 条线索正在申请转移，请先在“审批”里答复，再办理交接。"
        raise DomainError("transfer_waits", text)
    if ({card.pk for card in held_cards}, {lead.pk for lead in held_leads}, set(held_files)) != wanted:
        raise Conflict("split_stale", "该同事名下的客户刚刚有变化，请重新模拟分配后再交接。")
    return held_cards, held_leads


@service
def hand_over_undo(*, by: Any, hand_over_id: int) -> HandOver:
    """Take a hand-over back: what nobody has touched since goes to the person again with its old due moments.

    What a colleague has worked on stays with them; each item says why. Refused after the time limit, twice, and
    while the person's account is closed.
    """
    row = lock(HandOver.objects.visible_to(by).select_related("person", "store"), hand_over_id)
    require(by, "prospect.handover", row.store_id)
    if row.undone_at is not None:
        raise Conflict("undone", "这次交接已经撤回过了。")
    if periods.now() > row.undo_until:
        raise DomainError("too_late", "已超过可撤回时间，请用“转移”逐个调整。")
    if not people_in([row.store_id], SELLING_ROLES).filter(pk=row.person_id).exists():
        raise DomainError("person_gone", "该同事已停用或不在本店任职，请先恢复账号和岗位再撤回。")
    items = list(HandOverItem.objects.filter(hand_over=row).select_related("taker").order_by("id"))
    for item in items:
        item.answer = _take_back(row, item, by=by)
    HandOverItem.objects.bulk_update(items, ["answer"])
    row.undone_by, row.undone_at = by, periods.now()
    row.touch()
    row.save()
    back = sum(not item.answer for item in items)
    record(by=by, action="handover.undo", target=row, changes={"back": back, "kept": len(items) - back})
    return row


def _takers(store: Store, person: Any, ids: set[int]) -> dict[int, Any]:
    found = {row.pk: row for row in people_in([store.pk], SELLING_ROLES).filter(pk__in=ids)}
    if person.pk in ids or set(found) != ids:
        text = "接手人须是本店在职的其他销售顾问，请重新选择。"
        raise DomainError("bad_taker", text, {"takers": [text]})
    return found


class _Days:
    """The next free day of each taker: overdue and today's contacts are spread so that nobody gets all at once."""

    def __init__(self, per_day: int, moment: dt.datetime) -> None:
        self.per_day, self.moment = max(per_day, 1), moment
        self.given: dict[int, int] = defaultdict(int)

    def next(self, taker_id: int) -> dt.date:
        ahead = 1 + self.given[taker_id] // self.per_day
        self.given[taker_id] += 1
        return periods.local_date(self.moment) + dt.timedelta(days=ahead)


def _give(row: HandOver, card_id: int, taker: Any, days: _Days, *, by: Any) -> HandOverItem:
    card = locked_with_customer(Prospect.objects.all(), card_id)
    tasks = list(FollowUpTask.objects.open().filter(prospect=card).order_by("due_at", "id"))
    before = {str(task.pk): task.due_at.isoformat() for task in tasks}
    hand_over(card, taker, by=by, reason=row.reason)
    tonight = periods.end_of_day(periods.local_date(row.made_at))
    if any(task.due_at < tonight for task in tasks):
        due = periods.at(days.next(taker.pk), policy("follow_up.default_time", row.store))
        for task in tasks:
            task.due_at = due if task.due_at < tonight else task.due_at
        FollowUpTask.objects.bulk_update(tasks, ["due_at"])
        card.next_follow_up_at = min(task.due_at for task in tasks)
        card.touch()
        card.save(update_fields=["next_follow_up_at", "version", "updated_at"])
    return HandOverItem(
        hand_over=row, prospect=card, taker=taker, grade=card.grade, version_after=card.version, due_before=before
    )  # fmt: skip


def _give_lead(row: HandOver, lead: Lead, taker: Any, *, by: Any) -> HandOverItem:
    given = lead_assign(by=by, lead_id=lead.pk, new_owner=taker, reason=row.reason)
    return HandOverItem(hand_over=row, lead=given, taker=taker, version_after=given.version)


def _give_files(row: HandOver, moves: Mapping[int, int], takers: Mapping[int, Any]) -> list[HandOverItem]:
    """Customers without a card, many at once: owner, cars and care calls."""
    customers = list(Customer.objects.select_for_update(of=("self",)).filter(pk__in=moves).order_by("pk"))
    by_taker: dict[int, list[int]] = defaultdict(list)
    for customer in customers:
        by_taker[moves[customer.pk]].append(customer.pk)
    for taker_id, ids in by_taker.items():
        _own(ids, takers[taker_id], row.store_id, row.made_at)
    return [
        HandOverItem(
            hand_over=row, customer=customer, taker=takers[moves[customer.pk]], version_after=customer.version + 1
        )
        for customer in customers
    ]  # fmt: skip


def _own(customers: list[int], person: Any, store_id: int, moment: dt.datetime) -> None:
    team_id = team_id_in(person, store_id)
    cars_follow(customers, person, team_id)
    Customer.objects.filter(pk__in=customers).update(
        owner=person, team_id=team_id, version=F("version") + 1, updated_at=moment
    )


def seconds_return(person: Any) -> None:
    """Second follow-ups a manager gave to somebody who leaves go back to the owners of the cards (R-REJ)."""
    tasks = FollowUpTask.objects.open().filter(owner=person, kind=TaskKind.SECOND)
    for task in tasks.exclude(prospect__owner=person).select_related("prospect__owner").select_for_update(of=("self",)):
        card = task.prospect
        task.owner, task.team_id = card.owner, card.team_id
        task.save(update_fields=["owner", "team"])
        notify(
            to=[card.owner], kind="second_follow_up", key=f"second:{task.pk}:back",
            text="代做二次追踪的同事已离岗，请您按期联系这位客户。",
            url=reverse("leads:prospect_detail", args=[card.pk]),
        )  # fmt: skip


def _take_back(row: HandOver, item: HandOverItem, *, by: Any) -> str:
    """Empty when it went back, else why it stayed."""
    if item.lead_id is not None:
        lead = Lead.objects.get(pk=item.lead_id)
        if lead.version != item.version_after:
            return "接手人已处理"
        lead_assign(by=by, lead_id=lead.pk, new_owner=row.person, reason="撤回交接")
        return ""
    if item.customer_id is not None:
        customer = lock(Customer.objects.all(), item.customer_id)
        if customer.owner_id != item.taker_id or customer.version != item.version_after:
            return "接手人已处理"
        _own([customer.pk], row.person, row.store_id, periods.now())
        return ""
    card = locked_with_customer(Prospect.objects.all(), item.prospect_id or 0)
    if card.owner_id != item.taker_id or card.version != item.version_after:
        return "接手人已跟进或已再次转移"
    hand_over(card, row.person, by=by, reason="撤回交接")
    tasks = list(FollowUpTask.objects.open().filter(prospect=card, pk__in=[int(pk) for pk in item.due_before]))
    for task in tasks:
        task.due_at = dt.datetime.fromisoformat(item.due_before[str(task.pk)])
    FollowUpTask.objects.bulk_update(tasks, ["due_at"])
    if tasks:
        card.next_follow_up_at = min(task.due_at for task in tasks)
        card.touch()
        card.save(update_fields=["next_follow_up_at", "version", "updated_at"])
    return ""


def _tell(row: HandOver, items: list[HandOverItem]) -> None:
    """One notice per colleague, not one per card."""
    counted: dict[Any, int] = defaultdict(int)
    for item in items:
        counted[item.taker] += 1
    for taker, number in counted.items():
        text = f"{row.person.name} 名下 {number} 位客户和线索已交接给您，请按新的日期跟进。"
        notify(to=[taker], kind="handover", key=f"handover:{row.pk}:{taker.pk}", text=text, url="/customers/prospects/")
