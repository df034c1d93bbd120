"""What the people of a demo store have asked, signed and checked by now: leave, claims, register, cards, samples."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

from dealership.accounts.models import User
from dealership.core import periods
from dealership.core.periods import Period
from dealership.org.choices import Role
from dealership.org.duty import NOT_THERE, duties
from dealership.org.models import Store
from dealership.org.reach import people_in
from dealership.org.roles import SELLING_ROLES
from dealership.org.services.duty import duty_hand_over, leave_ask, leave_decide
from leads.choices import ClaimWish, Grade, ProspectStatus, VisitType
from leads.models import Prospect, SpotCheck, Visit
from leads.policies import gradable
from leads.services.ownership import claim_ask, protected_until, transfer_ask
from leads.services.register_day import register_day_confirm, register_day_sign
from leads.services.spot_check import hands_in, spot_check_record, spot_checks_sample
from leads.services.strategy import month_review_save, strategy_save
from leads.spot_choices import SpotResult, SpotSubject
from reports.demo import words
from sales.selectors.day_close import booked_by_method
from sales.services.day_close import day_close_confirm, day_close_submit

SHARED, STRATEGIES, REVIEWED, SIGNED, COUNTED = 2, 4, 6, 8, 9
WEATHER = ("晴", "多云", "阴", "小雨")
STRATEGY = {
    "needs": "家用为主，周末带老人孩子出行，看重后排空间和安全",
    "decision_makers": "本人看车，爱人拍板，父亲出一半首付",
    "competitor_view": "对比岚途 E5：强调质保、保值率和本店保养价格",
    "objection": "觉得落地价高三千，担心冬季续航",
    "next_tactic": "周末请一家人试驾，现场算置换和月供，争取当天下订",
}
# What customers said of the rows drawn from each register, in turn; None leaves the check for the visitor.
SPOTS: dict[str, tuple[tuple[SpotResult, str] | None, ...]] = {
    SpotSubject.VISITS: (
        None,
        (SpotResult.TRUE, "客户确认当天来店，是第一次来，电话正确。"),
        (SpotResult.FALSE, "客户说从没到过店，号码是朋友留的。"),
        (SpotResult.TRUE, "客户记得接待他的顾问，看的车型一致。"),
    ),
    SpotSubject.GRADES: (
        None,
        (SpotResult.TRUE, "客户说顾问昨天来过电话，讲了金融方案。"),
        (SpotResult.TRUE, "客户确认约了周末到店试驾。"),
        (SpotResult.PARTLY, "客户说接到过微信，没有通电话。"),
        (SpotResult.UNREACHED, "两次拨打均无人接听。"),
        (SpotResult.TRUE, "客户记得顾问姓名，对报价清楚。"),
    ),
    SpotSubject.PROGRESS: (
        None,
        (SpotResult.TRUE, "客户还在比较，与表上状态一致。"),
        (SpotResult.PARTLY, "客户说已在看二手车，没有告诉顾问。"),
    ),
    SpotSubject.PROSPECT_CARD: (
        None,
        (SpotResult.TRUE, "车型、预算和购车时间都与卡上一致。"),
        (SpotResult.PARTLY, "客户要的是另一款车型，预算一致。"),
        (SpotResult.TRUE, "决策人和关注重点核对无误。"),
    ),
    SpotSubject.OWNER_CARD: (
        (SpotResult.TRUE, "车主确认接到过回访，资料正确。"),
        None,
        (SpotResult.UNREACHED, "电话无人接听，改日再打。"),
        (SpotResult.TRUE, "车牌、保险到期日与卡上一致。"),
    ),
}
PASTED = "客户说两周没有接到过电话。"


class DeskWork:
    """Runs over one store after its figures are written, through the services."""

    def __init__(self, store: Store, rng: random.Random) -> None:
        self.store, self.rng = store, rng
        self.manager = self._one(Role.SHOWROOM_MANAGER)
        self.sellers = list(people_in([store.pk], [Role.SALES_CONSULTANT]).order_by("id"))

    def run(self) -> None:
        self._leave()
        self._claims()
        self._register()
        self._money_counted()
        self._cards_written()
        self._spot_checks()

    def _one(self, role: Role) -> User:
        person = people_in([self.store.pk], [role]).order_by("id").first()
        if person is None:
            raise LookupError(role)
        return person

    def _leave(self) -> None:
        """Somebody is ill today and a colleague stands in; somebody else asks for days of next week."""
        today = periods.today()
        rota = duties(self.store.pk, Period.day(today), roles=SELLING_ROLES)
        there = [one for one in self.sellers if not rota.get((one.pk, today), NOT_THERE).is_off]
        if len(there) < 3:
            return
        ill, helper = there[-3], there[0]
        row = leave_ask(
            by=ill, store=self.store, first_day=today, last_day=today + dt.timedelta(days=1),
            reason="急性肠胃炎，医生建议休息两天",
        )  # fmt: skip
        leave_decide(by=self.manager, leave_id=row.pk, approve=True)
        duty_hand_over(by=self.manager, store=self.store, user=ill, day=today, replacement=helper)
        monday = Period.containing("week", today).end
        leave_ask(by=there[1], store=self.store, first_day=monday, last_day=monday, reason="孩子家长会，请假一天")

    def _open_cards(self, *grades: Grade) -> list[Prospect]:
        rows = Prospect.objects.filter(store=self.store, status=ProspectStatus.ACTIVE, grade__in=grades)
        return list(rows.select_related("owner", "customer").order_by("id"))

    def _claims(self) -> None:
        """Two consultants with one customer: for half of the credit, for a card nobody looks after; one gives away."""
        fresh = self._open_cards(Grade.H, Grade.A)[::-1]
        for card in fresh[:SHARED]:
            self._claim(card, ClaimWish.SHARE, "客户第一次来店是我接待并试驾的，申请业绩分成。")
        cold = [card for card in self._open_cards(Grade.B, Grade.C) if protected_until(card) < periods.today()]
        for card in cold[:1]:
            self._claim(card, ClaimWish.TAKE, "客户说原顾问很久没有联系，今天到店由我接待，申请接手。")
        given = fresh[SHARED]
        heir = next(one for one in self.sellers if one.pk != given.owner_id)
        transfer_ask(by=given.owner, prospect_id=given.pk, new_owner=heir, reason="客户是同事的亲戚，希望由同事服务")

    def _claim(self, card: Prospect, wish: ClaimWish, reason: str) -> None:
        claimant = next(one for one in reversed(self.sellers) if one.pk != card.owner_id)
        phone = card.customer.phones.order_by("id").values_list("number", flat=True)[0]
        claim_ask(by=claimant, store=self.store, phone=phone.removeprefix("+86"), wish=wish, reason=reason)

    def _register(self) -> None:
        """The last complete days of the visit register: signed at the desk, all but the newest confirmed."""
        reception = self._one(Role.RECEPTIONIST)
        open_days = set(
            Visit.objects.filter(store=self.store, visit_type=VisitType.INCOMPLETE).values_list("visited_on", flat=True)
        )
        back = (periods.today() - dt.timedelta(days=ago) for ago in range(1, 15))
        month = periods.today().replace(day=1)
        days = [day for day in back if day not in open_days and day >= periods.add_months(month, -1)][:SIGNED]
        for place, day in enumerate(days):
            register_day_sign(by=reception, store=self.store, day=day, weather=self.rng.choice(WEATHER))
            if place:
                register_day_confirm(by=self.manager, store=self.store, day=day)

    def _money_counted(self) -> None:
        """日结 of the last days: confirmed but for yesterday's, one of them with a difference that is explained."""
        cashier, finance = self._one(Role.CASHIER), self._one(Role.FINANCE)
        month = periods.today().replace(day=1)
        days = (periods.today() - dt.timedelta(days=ago) for ago in range(1, COUNTED + 1))
        for place, day in enumerate(day for day in days if day >= periods.add_months(month, -1)):
            booked = booked_by_method(store_id=self.store.pk, day=day)
            short = next(iter(booked), "") if place == 1 else ""
            lines = [
                {"method": method, "counted": amount - 100, "reason": "刷卡机少录 100 元，次日补刷"}
                if method == short
                else {"method": method, "counted": amount}
                for method, amount in booked.items()
            ]
            close = day_close_submit(by=cashier, store=self.store, day=day, lines=lines)
            if place:
                day_close_confirm(by=finance, day_close_id=close.pk)

    def _cards_written(self) -> None:
        """策略卡 of hot customers, 月评卡 of cards that are older than the month."""
        for card in self._open_cards(Grade.H)[-STRATEGIES:]:
            details = {**STRATEGY, "offer_limit": Decimal("4500.00")}
            strategy_save(by=card.owner, prospect_id=card.pk, version=None, details=details)
        month = periods.today().replace(day=1)
        old = [card for card in self._open_cards(*"HAB") if card.card_created_at < periods.at(month)]
        for card in old[:REVIEWED]:
            why = f"客户一直关注{card.key_concern}，本月联系后意向没有明显变化。"
            month_review_save(
                by=card.owner, prospect_id=card.pk, month=periods.add_months(month, -1), version=None, why=why,
                next_month="月初约到店试驾，给出置换方案，争取升级。",
            )  # fmt: skip

    def _spot_checks(self) -> None:
        """The samples of the last two weeks, the older ones called first; what was pasted is not true."""
        last_week = Period.containing("week", periods.today()).previous()
        spot_checks_sample(store=self.store, week=last_week.previous().start)
        spot_checks_sample(store=self.store, week=last_week.start)
        rows = SpotCheck.objects.filter(store=self.store).select_related("visit", "vehicle", "prospect").order_by("id")
        for row in rows.filter(follow_up__content=words.COPY_PASTE)[:1]:
            self._checked(row, SpotResult.FALSE, PASTED, "C" if row.has_grade else "")
        waiting = [row for row in rows.filter(result="") if self.manager.pk not in hands_in(row)]
        for subject, told in SPOTS.items():
            drawn = [row for row in waiting if row.subject == subject]
            for row, said in zip(drawn, told, strict=False):
                if said:
                    self._checked(row, *said, row.grade_then if said[0] == SpotResult.TRUE else "")

    def _checked(self, row: SpotCheck, result: SpotResult, note: str, grade: str) -> None:
        grade = grade if grade in gradable() else ""
        spot_check_record(by=self.manager, check_id=row.pk, result=result, grade_found=grade, note=note)
