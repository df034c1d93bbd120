"""What a store has going on today beside its cards: leads, drives, applications, a campaign.

Through the services, so that clocks, histories and refusals are the real ones.
"""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any

from dealership.accounts.models import User
from dealership.core import periods
from dealership.core.periods import Period
from dealership.org.choices import Role
from dealership.org.models import LeadSource, Store
from dealership.org.reach import people_in
from leads.campaign_choices import CampaignKind, InviteAnswer
from leads.choices import OPEN_GRADES, Grade, ProspectStatus, TaskKind
from leads.evaluation_choices import ITEMS, MOST_POINTS
from leads.loss_choices import CallBackResult, LossDecision, LossReason
from leads.models import CampaignInvite, DemoCar, FollowUpTask, LossApplication, Prospect
from leads.selectors.choices import series_of
from leads.services.campaign import campaign_create, campaign_invite, invite_mark
from leads.services.drive import drive_book
from leads.services.evaluation import evaluation_save
from leads.services.lead import lead_attempt_log
from leads.services.lead_intake import LeadRow, leads_take_in
from leads.services.loss import dormancy_apply, loss_apply
from leads.services.loss_call_back import loss_call_back
from leads.services.loss_decision import loss_decide
from reports.demo import words

LEADS, CALLED, DRIVES, MARKED, EVALUATED = 24, 6, 5, 20, 12
LOSSES = (
    (LossReason.PRICE, "客户说同配置别家再便宜八千，价格谈不拢，已明确不再考虑。"),
    (LossReason.COMPETITOR, "客户上周已在竞品店下订，定金不退，确认不再换车。"),
    (LossReason.NOT_BUYING, "客户家里临时要用钱，今年不再考虑买车，明年再联系。"),
    (LossReason.FUNDS, "客户按揭没有批下来，家人也不同意继续凑首付。"),
    (LossReason.SUPPLY, "客户要的颜色没有现车，等不了六周排产，已经放弃。"),
    (LossReason.PRODUCT, "客户一家试坐后觉得第三排太挤，换配置也不考虑。"),
)
DECIDED = {
    LossDecision.AGREE: "",
    LossDecision.REJECT: "还没有给客户算置换方案，明天上午再联系一次。",
    LossDecision.REASSIGN: "客户对原顾问有意见，换人再跟一次。",
}
BOUGHT: dict[str, Any] = {
    "competitor_brand": "岚途",
    "competitor_model": "S6",
    "competitor_price": Decimal("139800.00"),
    "competitor_dealer": "岚途洪城店",
}


class Alive:
    """Runs over one store after its figures are written."""

    def __init__(self, store: Store, rng: random.Random) -> None:
        self.store, self.rng = store, rng
        self.manager = self._one(Role.SHOWROOM_MANAGER)

    def run(self) -> None:
        self._leads()
        self._drives()
        self._losses()
        self._campaign()
        self._evaluations()

    def _one(self, role: Role) -> User:
        person = people_in([self.store.pk], [role]).order_by("id").first()
        if person is None:
            raise LookupError(role)
        return person

    def _leads(self) -> None:
        """Numbers left online this morning: some called already, the rest against the clock."""
        sources = list(LeadSource.objects.filter(group_id=self.store.group_id, code__in=words.ONLINE_SOURCES))
        series = list(series_of(self.store))
        rows = [
            LeadRow(
                phone=f"{words.PHONE_RANGES[1]}9{self.store.pk:03d}{number:04d}",
                name=f"{self.rng.choice('王李张刘陈杨黄周吴徐')}{self.rng.choice(('先生', '女士'))}",
                source=self.rng.choice(sources), series=self.rng.choice(series), note="想了解落地价和现车",
            )
            for number in range(LEADS)
        ]  # fmt: skip
        taken = leads_take_in(by=self.manager, store=self.store, rows=rows)
        held = [row.lead for row in taken if row.lead is not None and row.lead.owner is not None]
        for lead in held[:CALLED]:
            outcome = "no_answer" if lead.pk % 3 == 0 else "reached"
            lead_attempt_log(by=lead.owner, lead_id=lead.pk, channel="phone", outcome=outcome, note="客户约晚上再联系")

    def _evaluations(self) -> None:
        """Customers judged by the five questions: some worth the effort, some for marketing, one not known well."""
        for number, card in enumerate(self._cards(*OPEN_GRADES)[::5][:EVALUATED]):
            level = 4 if card.grade in (Grade.H, Grade.A) else 1 + number % 3
            answers: dict[str, int | None] = {
                name: min(MOST_POINTS, max(0, level + self.rng.choice((-1, 0, 0, 1)))) for name in ITEMS
            }
            if number % 6 == 5:
                answers["budget"] = None
            evaluation_save(by=card.owner, prospect_id=card.pk, answers=answers)

    def _cards(self, *grades: Grade, **only: Any) -> list[Prospect]:
        """Live cards of these grades that nothing mandatory waits on."""
        rows = Prospect.objects.filter(store=self.store, status=ProspectStatus.ACTIVE, grade__in=grades, **only)
        waiting = FollowUpTask.objects.open().filter(kind=TaskKind.SECOND)
        rows = rows.exclude(pk__in=waiting.values("prospect_id")).filter(owner__is_active=True)
        return list(rows.select_related("owner").order_by("id")[:60])

    def _refused(self) -> list[Prospect]:
        """Cards whose customer refused and was followed up a second time, and which nobody has given up yet."""
        done = FollowUpTask.objects.filter(kind=TaskKind.SECOND, follow_up__isnull=False)
        cards = self._cards(Grade.B, Grade.C, pk__in=done.values("prospect_id"), loss_applications=None)
        return [card for card in cards if card.pk % 3 or card.grade == Grade.B]

    def _drives(self) -> None:
        """Tomorrow's bookings."""
        tomorrow = periods.today() + dt.timedelta(days=1)
        cars = list(DemoCar.objects.filter(store=self.store).order_by("id")[2:4])
        for number, card in enumerate(self._cards(Grade.H, Grade.A)[:DRIVES]):
            starts = periods.at(tomorrow, dt.time(10 + number, 0))
            drive_book(by=card.owner, prospect_id=card.pk, car_id=cars[number % 2].pk, starts_at=starts)

    def _losses(self) -> None:
        """Applications of today: some wait for the manager, one of each answer, and one card that is to rest."""
        cards = self._cards(Grade.B, Grade.C)
        refused = self._refused()
        rows = []
        for (reason, text), card in zip(LOSSES, refused, strict=False):
            bought = BOUGHT if reason == LossReason.COMPETITOR else {}
            rows.append(loss_apply(by=card.owner, prospect_id=card.pk, reason=reason, explanation=text, **bought))
        for row, decision in zip(rows, LossDecision, strict=False):
            self._decide(row, decision)
        resting = next(card for card in cards if card not in refused)
        dormancy_apply(
            by=resting.owner, prospect_id=resting.pk, reason=LossReason.NOT_BUYING,
            explanation="客户要等孩子开学后再看车，约好开春再联系。",
            wake_on=periods.today() + dt.timedelta(days=90),
        )  # fmt: skip

    def _decide(self, row: LossApplication, decision: LossDecision) -> None:
        """Agree (after the call-back, where one is asked for), reject, give to somebody else."""
        if row.is_sampled:
            care = self._one(Role.CARE_AGENT)
            note = "客户说已经在别处定车，情况属实。"
            loss_call_back(by=care, application_id=row.pk, result=CallBackResult.CONFIRMED, note=note)
        heir = None
        if decision == LossDecision.REASSIGN:
            heir = people_in([self.store.pk], [Role.SALES_CONSULTANT]).exclude(pk=row.owner_id).order_by("id").first()
        loss_decide(
            by=self.manager, application_id=row.pk, decision=decision, comment=DECIDED[decision], new_owner=heir
        )

    def _campaign(self) -> None:
        """This week's event with its invitations."""
        week = Period.containing("week", periods.today())
        row = campaign_create(
            by=self.manager, store=self.store, kind=CampaignKind.EVENT, name="周末品鉴日", starts_on=periods.today(),
            ends_on=max(week.last_day, periods.today()), source=None, cost_budget=Decimal("12000.00"),
            cost_actual=None, note="到店有礼，试驾加赠",
        )  # fmt: skip
        campaign_invite(by=self.manager, campaign_id=row.pk, grades=["H"])
        invites = CampaignInvite.objects.filter(campaign=row).order_by("id")
        for place, invite in enumerate(invites[:MARKED]):
            answer = InviteAnswer.DECLINED if place % 4 == 3 else InviteAnswer.COMING
            came = True if place % 4 == 0 else None
            invite_mark(by=self.manager, campaign_id=row.pk, invite_id=invite.pk, answer=answer, attended=came)
