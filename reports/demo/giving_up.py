"""Applications behind the demo's lost and resting cards: who asked, who answered, who called the customer back.

Written over the rows of the showroom when its months are through, with dice of their own: the life of the cards, and so
every figure counted from it, stays what it was.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter, defaultdict
from typing import Any

from dealership.approvals.models import ApprovalState
from dealership.core import periods
from dealership.core.money import show_wan
from dealership.org.choices import Role
from dealership.org.policy import DEFAULTS
from leads.choices import ProspectStatus
from leads.loss_choices import BOUGHT_REASONS, CallBackResult, LossKind, LossReason, LossState
from leads.models import Customer, FollowUp, FollowUpTask, LossApplication, LossCallBack, Prospect, StatusChange
from leads.policies import loss_level
from reports.demo import words
from reports.demo.bulk import Row
from reports.demo.requests import Desk, Request
from reports.demo.shape import money
from reports.demo.site import Site
from sales.choices import DealStatus, DepositKind, PaymentMode
from sales.models import Deal

KINDS = {
    ProspectStatus.LOSS_PENDING: (LossKind.LOSS, "prospect.loss"),
    ProspectStatus.DORMANT_PENDING: (LossKind.DORMANCY, "prospect.dormancy"),
}
CLOCK = dt.timedelta(hours=DEFAULTS["loss.decide_hours"])
BLOCK = 5  # one loss of so many is called back (loss.sample_share)
ANSWERS = {ProspectStatus.ACTIVE: LossState.REJECTED}
QUOTED = 0.3  # of the customers who bought elsewhere had a quote of ours
HEARD = (
    (CallBackResult.CONFIRMED, 84, "客户说情况属实，暂时不需要再联系。"),
    (CallBackResult.DECLINED, 9, "客户在忙，不愿多谈。"),
    (CallBackResult.WRONG_NUMBER, 7, ""),
)


class GivingUp:
    """Files one application for every card that was given up, in the order of time."""

    def __init__(self, site: Site, rng: random.Random) -> None:
        self.site, self.bulk, self.rng = site, site.bulk, rng
        self.desk = Desk(site)
        self.cards = {row["id"]: row for row in self.bulk.rows(Prospect)}
        self.contacts = {(row["prospect_id"], row["done_at"]): row for row in self.bulk.rows(FollowUp)}
        self.tasks = {row["follow_up_id"]: row for row in self.bulk.rows(FollowUpTask)}
        self.names = {row["id"]: row for row in self.bulk.rows(Customer)}
        self._numbers: Counter[str] = Counter()
        self._drawn = 0

    def run(self) -> None:
        """Every move to a waiting card, with the move that answered it."""
        moves: dict[int, list[Row]] = defaultdict(list)
        for row in self.bulk.rows(StatusChange):
            moves[row["prospect_id"]].append(row)
        asked = [
            (row, next(iter(rows[place + 1 :]), None))
            for rows in moves.values()
            for place, row in enumerate(rows)
            if row["to_status"] in KINDS
        ]
        for move, answer in sorted(asked, key=lambda pair: (pair[0]["at"], pair[0]["id"])):
            self._file(move, answer)

    def _file(self, move: Row, answer: Row | None) -> None:
        kind, approval_kind = KINDS[move["to_status"]]
        card, at = self.cards[move["prospect_id"]], move["at"]
        second = self.contacts.get((card["id"], at))
        grade = second["grade_after"] if second else card["grade"]
        reason = _reason_of(move["reason"], kind, self.rng)
        facts = self._bought(card, at, reason) if reason in BOUGHT_REASONS else {}
        self._numbers[kind] += 1
        by_manager = second is None and kind == LossKind.LOSS
        row = self.bulk.add(
            LossApplication, store_id=move["store_id"], team_id=move["team_id"], owner_id=move["owner_id"],
            prospect_id=card["id"], customer_id=card["customer_id"], kind=kind, number=self._numbers[kind], grade=grade,
            applied_by_id=move["by_id"], applied_at=at, reason=reason, explanation=self._explain(card, reason),
            wake_on=self._wake(at) if kind == LossKind.DORMANCY else None,
            second_follow_up_id=second["id"] if second else None, due_at=at + CLOCK,
            is_sampled=kind == LossKind.LOSS and self._is_drawn(self._numbers[kind]), **facts,
        )  # fmt: skip
        move["reason"] = reason.label
        level = 2 if by_manager else loss_level(grade)
        if level == 2 and second is not None:
            self._manager_spoke(card, second)
        request = self._request(row, approval_kind, level)
        row["approval_id"] = request["id"]
        if answer is not None:
            self._answer(row, request, answer)
        self._call_back(row)

    def _is_drawn(self, number: int) -> bool:
        place = (number - 1) % BLOCK
        if place == 0:
            self._drawn = self.rng.randrange(BLOCK)
        return place == self._drawn

    def _wake(self, at: dt.datetime) -> dt.date:
        day = periods.local_date(at) + dt.timedelta(days=self.rng.randrange(80, 170))
        return max(day, periods.local_date(self.site.now) + dt.timedelta(days=self.rng.randrange(2, 60)))

    def _explain(self, card: Row, reason: LossReason) -> str:
        text = self.rng.choice(words.LOSS_TEXTS[reason])
        return text.format(k=card["key_concern"], d=card["decision_maker"], s=self._series(card))

    def _series(self, card: Row) -> str:
        return self.site.catalogue.series_names[card["series_id"]]

    def _bought(self, card: Row, at: dt.datetime, reason: LossReason) -> dict[str, Any]:
        """What was bought instead, a little below our list price; some had a quote of ours before."""
        car = self.site.catalogue.pick(self.rng, card["series_id"])
        entry, msrp = car.price_on(periods.local_date(at))
        asked = msrp - msrp * self.rng.randrange(40, 110) // 100_000 * 100
        if self.rng.random() < QUOTED:
            self._quote(card, at, (car.configuration_id, entry), money(msrp), money(asked))
        named = card["competitor"] or self.rng.choice(words.COMPETITORS)
        if reason == LossReason.SAME_BRAND:
            named = f"{words.BRAND[:2]} {self._series(card)}"
        brand, _, model = named.partition(" ")
        less = self.rng.choice((-2000, 1500, 3000, 4800, 8000, 12000))
        price, dealer = money((asked - less) // 100 * 100), f"{brand}{self.rng.choice(words.DEALERS)}"
        return {
            "competitor_brand": brand, "competitor_model": model, "competitor_price": price, "competitor_dealer": dealer
        }  # fmt: skip

    def _quote(self, card: Row, at: dt.datetime, car: tuple[int, int], msrp: Any, asked: Any) -> None:
        """The quote that came to nothing."""
        self.bulk.add(
            Deal, store_id=card["store_id"], team_id=card["team_id"], owner_id=card["owner_id"],
            created_by_id=card["owner_id"], created_at=max(card["card_created_at"], at - dt.timedelta(days=4)),
            prospect_id=card["id"], customer_id=card["customer_id"], configuration_id=car[0], price_entry_id=car[1],
            colour_id=self.site.catalogue.pick_colour(self.rng), msrp=msrp, deal_price=asked, contract_amount=asked,
            concession=msrp - asked, buyer_name=self.names[card["customer_id"]]["name"], payment_mode=PaymentMode.FULL,
            deposit_kind=DepositKind.EARNEST, deposit_amount=money(2000), grade_before=card["grade"],
            status=DealStatus.VOID,
        )  # fmt: skip

    def _manager_spoke(self, card: Row, second: Row) -> None:
        """H and A are not given up before a manager spoke to the customer: the second follow-up is the manager's."""
        person, manager = self.names[card["customer_id"]], self.site.people.one(Role.SHOWROOM_MANAGER)
        title = "女士" if person["gender"] == "female" else "先生"
        text = self.rng.choice(words.MANAGER_CALLS)
        second["content"] = text.format(n=person["name"][0] + title, k=card["key_concern"], s=self._series(card))
        second["done_by_id"] = self.tasks[second["id"]]["done_by_id"] = manager

    def _request(self, row: Row, kind: str, level: int) -> Row:
        name = self.names[row["customer_id"]]["name"]
        what = LossKind(row["kind"]).label
        detail = {
            "grade": row["grade"], "reason": LossReason(row["reason"]).label, "explanation": row["explanation"],
            "competitor": " ".join(filter(None, (row["competitor_brand"], row["competitor_model"]))),
            "price": show_wan(row["competitor_price"]) if row["competitor_price"] else "",
            "dealer": row["competitor_dealer"], "wake_on": str(row["wake_on"] or ""),
            "call_back": "须先完成战败确认回访" if row["is_sampled"] else "",
        }  # fmt: skip
        title = f"{what}申请：{name}（{row['grade']}级）"
        request = self.desk.ask(
            Request(kind, row["id"], title, level, row["explanation"], detail), row["applied_by_id"], row["applied_at"]
        )
        request["due_at"] = row["due_at"]
        return request

    def _answer(self, row: Row, request: Row, answer: Row) -> None:
        """Agreed or rejected by the person of the request's level."""
        at = answer["at"]
        by = self.desk.agree(request, at)
        state = ANSWERS.get(answer["to_status"], LossState.AGREED)
        comment = self.rng.choice(words.LOSS_REFUSALS) if state == LossState.REJECTED else ""
        answer["by_id"] = by
        answer["reason"] = f"{LossKind(row['kind']).label}申请未通过：{comment}" if comment else row["reason"].label
        request["comment"] = comment
        if comment:
            request["state"] = ApprovalState.REJECTED
        row.update(state=state, decided_by_id=by, decided_at=at, comment=comment)

    def _call_back(self, row: Row) -> None:
        """Care heard the customer before the answer; what waits today was tried once at the most."""
        if not row["is_sampled"]:
            return
        end = row.get("decided_at")
        at = row["applied_at"] + (end - row["applied_at"]) * 0.7 if end else row["applied_at"] + dt.timedelta(hours=3)
        if not end:
            if at < self.site.now and self.rng.random() < 0.4:
                self._called(row, at, CallBackResult.NO_ANSWER, "")
        elif row["state"] == LossState.REJECTED:
            self._called(row, at, CallBackResult.INTERESTED, "客户说价格再谈谈还是愿意来看看的。")
        else:
            result, _, note = self.rng.choices(HEARD, weights=[share for _, share, _ in HEARD])[0]
            self._called(row, at, result, note)

    def _called(self, row: Row, at: dt.datetime, result: CallBackResult, note: str) -> None:
        by = self.site.people.one(Role.CARE_AGENT)
        self.bulk.add(LossCallBack, application_id=row["id"], called_by_id=by, called_at=at, result=result, note=note)


def _reason_of(text: str, kind: LossKind, rng: random.Random) -> LossReason:
    if kind == LossKind.DORMANCY:
        return LossReason.NOT_BUYING
    found = words.LOSS_CODES.get(text, "unreachable")
    if found == "competitor" and rng.random() < 0.2:
        found = "product"
    return LossReason(found)
