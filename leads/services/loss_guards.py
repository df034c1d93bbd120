"""What must be true before a card may be given up (§4.2, R-FU-5). Used by the loss services only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count

from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.money import MAX_MONEY
from dealership.core.periods import day_bucket
from dealership.core.text import clean_text
from dealership.org.choices import Role
from dealership.org.models import Membership
from dealership.org.policy import policy
from leads.choices import FollowUpOutcome, ProspectStatus, TaskKind
from leads.loss_choices import BOUGHT_REASONS, LossReason, LossState
from leads.models import FollowUp, FollowUpTask, LossApplication, Prospect
from leads.policies import loss_level

MIN_EXPLANATION = 10
MANAGERS = (Role.SHOWROOM_MANAGER, Role.SALES_MANAGER)
COMPETITOR = {
    "competitor_brand": "请填写成交品牌。",
    "competitor_model": "请填写成交车型。",
    "competitor_price": "请填写成交价（客户说的落地价或裸车价）。",
    "competitor_dealer": "请填写成交商家。",
}
# Apps above name what still runs on a card (an order that is not void); an answer is the sentence of the refusal.
_blockers: list[Callable[[int], str]] = []


def register_blocker(blocker: Callable[[int], str]) -> None:
    """`blocker(prospect_id)` answers why the card cannot be given up now, or nothing. Called at start-up."""
    _blockers.append(blocker)


@dataclass(frozen=True)
class Claim:
    """Why the customer is given up, as told."""

    reason: str
    explanation: str
    brand: str = ""
    model: str = ""
    price: Decimal | None = None
    dealer: str = ""

    @classmethod
    def told(cls, **facts: Any) -> Claim:
        """Cleaned text; what was not bought elsewhere has no competitor."""
        words = {name: clean_text(facts.get(f"competitor_{name}") or "") for name in ("brand", "model", "dealer")}
        explanation = clean_text(facts["explanation"])
        return cls(reason=facts["reason"], explanation=explanation, price=facts.get("competitor_price"), **words)


def check_claim(claim: Claim) -> None:
    """Reason from the list, ten characters of explanation, the whole competitor when bought elsewhere."""
    wrong: dict[str, list[str]] = {}
    if claim.reason not in LossReason:
        wrong["reason"] = ["请选择原因。"]
    if len("".join(claim.explanation.split())) < MIN_EXPLANATION:
        wrong["explanation"] = [f"情况说明至少 {MIN_EXPLANATION} 个字，请写清客户怎么说、我们差在哪里。"]
    elif len(claim.explanation) > 500:
        wrong["explanation"] = ["情况说明最多 500 字。"]
    if claim.reason in BOUGHT_REASONS:
        given = {
            "competitor_brand": claim.brand, "competitor_model": claim.model,
            "competitor_price": claim.price, "competitor_dealer": claim.dealer,
        }  # fmt: skip
        wrong |= {name: [COMPETITOR[name]] for name, value in given.items() if not value}
    if claim.price is not None and not 0 <= claim.price <= MAX_MONEY:
        wrong["competitor_price"] = ["成交价不正确，请核对金额。"]
    if wrong:
        raise DomainError("loss_incomplete", next(iter(wrong.values()))[0], wrong)


def check_wake(wake_on: dt.date, store_id: int) -> None:
    """A dormant card wakes tomorrow at the earliest and after the policy's longest rest at the latest."""
    longest = int(policy("dormancy.max_days", store_id))
    last = periods.today() + dt.timedelta(days=longest)
    if not periods.today() < wake_on <= last:
        text = f"唤醒日期请选明天到 {last:%Y-%m-%d} 之间（最长 {longest} 天）。"
        raise DomainError("bad_wake", text, {"wake_on": [text]})


def check_free(card: Prospect) -> None:
    """Nothing else runs on the card, and what a rejected application asked for was done."""
    for blocker in _blockers:
        if text := blocker(card.pk):
            raise DomainError("card_busy", text)
    last = LossApplication.objects.filter(prospect=card).exclude(decided_at=None).order_by("-decided_at").first()
    if last is None or last.state not in (LossState.REJECTED, LossState.REASSIGNED):
        return
    if not FollowUp.objects.filter(prospect=card, done_at__gt=last.decided_at).exists():
        text = "上次申请被驳回后还没有跟进记录，请先按经理意见跟进一次，再重新申请。"
        raise DomainError("follow_up_missing", text)


def second_contact(card: Prospect, *, needed: bool) -> FollowUp | None:
    """The contact that fulfilled the second follow-up. An open one always blocks; `needed` also a missing one."""
    tasks = FollowUpTask.objects.filter(prospect=card, kind=TaskKind.SECOND)
    waiting = tasks.filter(done_at=None, cancelled_at=None).order_by("due_at").first()
    if waiting is not None:
        day = periods.day_label(periods.local_date(waiting.due_at))
        text = f"客户拒绝后还没有完成二次追踪（{day} 前），请先由本人或同事再联系一次，再申请。"
        raise DomainError("second_missing", text)
    done = tasks.exclude(follow_up=None).order_by("-done_at").select_related("follow_up").first()
    if done is None and needed:
        text = "请先登记客户的拒绝（拒绝、暂不买或已购他牌）并完成二次追踪，再申请战败。"
        raise DomainError("second_missing", text)
    return done.follow_up if done else None


def check_attempts(card: Prospect) -> None:
    """联系不上 is a fact, not an opinion: enough unanswered calls on enough days, unless the card is out of control."""
    if card.status == ProspectStatus.OUT_OF_CONTROL:
        return
    rule = policy("loss.unreachable", card.store_id)
    calls = FollowUp.objects.filter(prospect=card, outcome=FollowUpOutcome.NO_ANSWER)
    tried = calls.annotate(day=day_bucket("done_at")).aggregate(times=Count("pk"), days=Count("day", distinct=True))
    if tried["times"] < int(rule["attempts"]) or tried["days"] < int(rule["days"]):
        text = f"“联系不上”须有至少 {rule['attempts']} 次、分布在 {rule['days']} 天的未接通记录，请换时间再联系。"
        raise DomainError("attempts_missing", text, {"reason": [text]})


def check_manager_contact(card: Prospect, *, reachable: bool) -> None:
    """H and A are not given up before a showroom or sales manager spoke (or, unreachable, tried to speak) to them."""
    if loss_level(card.grade) == 1:
        return
    held = Membership.objects.filter(store_id=card.store_id, role__in=MANAGERS)
    calls = FollowUp.objects.filter(prospect=card, done_by__in=held.values("user_id"))
    if reachable:
        calls = calls.exclude(outcome=FollowUpOutcome.NO_ANSWER)
    if not calls.exists():
        text = f"{card.grade}级客户战败前须由展厅经理或销售经理亲自联系一次，并在此卡上登记跟进。"
        raise DomainError("manager_contact_missing", text)
