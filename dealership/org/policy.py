"""Dated policy values: store → group → shipped default (domain.md §5). No threshold lives anywhere else."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, CharField, F, Func, JSONField, Q, QuerySet, Value

from dealership.core import periods, request_cache
from dealership.core.prepared import rows_of
from dealership.org.models import CalendarDay, PolicySetting, Store

# key → default. Values are JSON: money as strings, times "HH:MM", shares as strings.
DEFAULTS: dict[str, Any] = {
    # R-GRADE: follow-up at least every / first contact within / out of control after / horizon, in days
    "grade.N": {"interval": 1, "first": 1, "out_of_control": 3, "horizon": "待判级"},
    "grade.H": {"interval": 2, "first": 1, "out_of_control": 4, "horizon": "7天内"},
    "grade.A": {"interval": 7, "first": 1, "out_of_control": 10, "horizon": "8–30天"},
    "grade.B": {"interval": 14, "first": 3, "out_of_control": 21, "horizon": "1–3个月"},
    "grade.C": {"interval": 30, "first": 3, "out_of_control": 45, "horizon": "3个月以上"},
    "grade.O": {"interval": 7, "first": 7, "out_of_control": 10, "horizon": "已订未交"},
    # R-FU-3, R-FU-6, R-REJ
    "follow_up.min_length": 10,
    "follow_up.repeat_window": 5,
    "follow_up.no_answer_resets": 2,
    "follow_up.second_days": {"H": 3, "A": 3, "B": 7, "C": 7, "N": 7},
    "follow_up.default_time": "18:00",
    # R-FU-4: after a party left
    "follow_up.thanks_hours": 2,
    "follow_up.first_call_hours": 24,
    "follow_up.regrade_reason_levels": 2,
    # R-GRADE auto-check: a grade that did not move for more days is asked about
    "follow_up.regrade_after_days": {"H": 14, "A": 45},
    # Losses and dormancy (§4.2): answered within hours; share of losses called back; attempts before "unreachable"
    "loss.decide_hours": 24,
    "loss.sample_share": "0.20",
    "loss.call_attempts": 2,
    "loss.unreachable": {"attempts": 3, "days": 2},
    # §4.2 ORDERED → LOSS_PENDING: so long a cancelled order stands for the refusal and its second follow-up
    "loss.after_cancel_days": 3,
    "dormancy.max_days": 180,
    "out_of_control.failed_contacts": 5,
    # R-OWN
    "owner.protect_days": {"C": 90, "lost": 30},
    # The evaluation model (§1.10 O1, O2): weight of each question, points of 100 a customer must reach
    "evaluation.weights": {"urgency": 30, "purchase_time": 25, "cycle": 10, "decision_maker": 20, "budget": 15},
    "evaluation.threshold": 60,
    # Orders this long after a campaign's last day count as its orders.
    "campaign.effect_days": 30,
    # A hand-over puts at most so many contacts a day on one colleague, and can be taken back for so many hours.
    "handover.per_day": 15,
    "handover.undo_hours": 24,
    # Test drives: bookable hours, slots, over-time alert, how far ahead, how far a drive may go
    "test_drive.opens_at": "08:30",
    "test_drive.closes_at": "18:30",
    "test_drive.slot_minutes": 30,
    "test_drive.max_minutes": 120,
    "test_drive.grace_minutes": 15,
    "test_drive.ahead_days": 30,
    "test_drive.max_km": 200,
    # leads (§4.1): minutes of business hours to the first call, twice that to the pool; who gets how many
    "showroom.hours": {"open": "08:30", "close": "20:30"},
    "lead.first_response_minutes": 30,
    "lead.recycle_factor": 2,
    "lead.default_weights": {"dcc_agent": 2, "sales_consultant": 1, "team_leader": 0},
    "lead.open_cap": 20,
    "lead.no_answer_attempts": 3,
    "lead.no_answer_days": 2,
    "lead.pick_daily": 10,
    "lead.cool_off_days": 3,
    # R-TIME
    "report.daily_due": "20:00",
    "report.evening_due": "20:30",
    "report.comment_due": "12:00",
    "report.missed_after_hours": 24,
    "report.late_shift_hours": 1,
    "report.opens_at": "08:30",
    # R-DISC: levels add to the consultant's authority of the price list
    "discount.level_1_extra": "2000.00",
    "discount.level_2_extra": "5000.00",
    "discount.level_1_accessory": "0.90",
    "discount.level_2_accessory": "0.85",
    "discount.approval_valid_days": 3,
    "approval.deadline": "20:00",
    "price.drop_flag": "3000.00",
    # R-PAY
    "deposit.default": "5000.00",
    "deposit.earnest_share": "0.20",
    "refund.sales_manager_limit": "5000.00",
    "lock.hours": 48,
    # §4.3: an allocated car without any payment goes back after this many days
    "allocation.unpaid_days": 4,
    # R-TGT day weights
    "target.day_weights": {
        "weekday": "1.0", "friday": "1.1", "saturday": "1.9", "sunday": "1.8", "makeup": "1.2",
        "golden": "1.7", "festival": "0.5", "closed": "0", "month_end_factor": "1.4", "month_end_days": 3,
    },
    # §3.6, R-STK
    "stock.age_bands": [30, 60, 90, 180],
    # R-CARE: days after delivery
    "care.schedule": [{"kind": "d7", "days": 7}, {"kind": "d30", "days": 30}, {"kind": "d90", "days": 90}],
    # retail basis, invoices and tax
    "kpi.retail_basis": "handover",
    # §3.2: fewer open customers per consultant are marked on the month page
    "kpi.min_prospects": 20,
    "tax.vat_rate": "0.13",
    # R-DOC: purchase tax on the price without VAT; new-energy cars get `nev_share` of it off, at most `nev_cap`
    "tax.purchase": {"rate": "0.10", "nev_share": "0.5", "nev_cap": "15000.00"},
    "tax.margin_surcharge": "0.12",
    "receivable.overdue_days": {"full": 0, "loan": 15},
    # result files of background work are kept this long
    # Suspicious follow-ups (product.md §5.11): when something counts, and what it costs of 100 points.
    "quality.limits": {
        "copies": 3, "shortest": 10, "burst": 5, "burst_minutes": 10, "burst_from": "17:00", "no_answers": 4,
        "stuck": 6,
    },
    "quality.weights": {"copied": 60, "short": 40, "burst": 40, "no_answer": 30, "stuck": 20},
    # §1.3 F1, D7: rows a week and person, of the grade table (its follow-ups) and of the other tables and cards
    "spot_check.per_person": 2,
    "spot_check.visits": 1,
    "spot_check.progress": 1,
    "spot_check.prospect_card": 1,
    "spot_check.owner_card": 1,
    # Names of the three tables and two cards differ from brand to brand (§2.3): labels of the store.
    "register.visits": "来店（电）客户登记表",
    "register.grades": "意向客户级别状况表",
    "register.progress": "意向客户进度管控表",
    "register.activity": "营业日报表",
    "register.prospect_card": "意向客户管理卡",
    "register.owner_card": "保有客户管理卡",
    # Letter of a source on the grade table by the source's code; "*" for any other (§5.2).
    "register.source_letters": {"referral": "R", "base": "B", "insider": "I", "staff": "E", "autoshow": "P", "*": "S"},
    "job.result_days": 7,
    # Imports: rows of one file, how long a finished one can be taken back, how long its plain rows are kept (R-PIPL)
    "import.max_rows": 20000,
    "import.undo_hours": 24,
    "import.keep_days": 7,
    "month.confirm_day": 2,
    "month.close_day": 3,
}  # fmt: skip


def policy(key: str, store: Store | int | None = None, on: dt.date | None = None, *, group: int | None = None) -> Any:
    """The value in force for a store on a day (default today); without a store, for the `group`.

    Unknown keys are a programming error.
    """
    default = DEFAULTS[key]
    day = on or periods.today()
    store_id = store.pk if isinstance(store, Store) else store
    rows = _rows(store_id, group)
    for rank in ("store", "group", "all"):
        dated = [row for row in rows if row["rank"] == rank and row["key"] == key and row["effective_from"] <= day]
        if dated:
            return max(dated, key=lambda row: row["effective_from"])["value"]
    return default


def policy_decimal(key: str, store: Store | int | None = None, on: dt.date | None = None) -> Decimal:
    """A policy that is an amount or a share."""
    return Decimal(policy(key, store, on))


def _rows(store_id: int | None, group_id: int | None) -> list[dict[str, Any]]:
    def load() -> list[dict[str, Any]]:
        kind, pk = ("store", store_id) if store_id is not None else ("group", group_id)
        rows = rows_of((_settings, kind, pk is None), lambda ids: _settings(kind, *ids), [] if pk is None else [pk])
        if store_id is not None:
            _remember_calendar(store_id, [row for row in rows if row[2] == _CALENDAR])
        return [_row(*row) for row in rows if row[2] != _CALENDAR]

    return request_cache.remember(("policy", store_id, group_id), load)


def _settings(kind: str, pk: int | None = None) -> QuerySet[Any, Any]:
    """Settings of everywhere and of this store or group; a store's with its calendar."""
    scope = Q(store=None, group=None)
    if kind == "group":
        scope |= Q(store=None, group_id=pk) if pk is not None else Q()
        return PolicySetting.objects.filter(scope).values_list(*_COLUMNS)
    scope |= Q(store_id=pk) | Q(store=None, group__stores=pk)
    return PolicySetting.objects.filter(scope).values_list(*_COLUMNS).union(_calendar_days(pk), all=True)


_COLUMNS = ("store_id", "group_id", "key", "value", "effective_from")
_CALENDAR = "calendar.day"


def _calendar_days(store_id: int | None) -> QuerySet[CalendarDay, Any]:
    """This year's days that differ: whoever asks for a policy nearly always asks for the calendar too."""
    days = CalendarDay.objects.filter(Q(store=None) | Q(store_id=store_id), day__year=periods.today().year)
    kind = Func(
        F("kind"), function="to_jsonb", template="%(function)s(%(expressions)s::text)", output_field=JSONField()
    )
    nobody = Value(None, output_field=BigIntegerField())
    key = Value(_CALENDAR, output_field=CharField())
    return days.annotate(g=nobody, k=key, v=kind).values_list("store_id", "g", "k", "v", "day")


def _remember_calendar(store_id: int, rows: list[tuple[Any, ...]]) -> None:
    """For `calendar._overrides`: the store's own day wins over the common one."""
    ordered = sorted(rows, key=lambda row: row[0] is not None)
    days = {day: kind for _store, _group, _key, kind, day in ordered}
    request_cache.put(("calendar", store_id, periods.today().year), days)


def _row(store_id: int | None, group_id: int | None, key: str, value: Any, effective_from: dt.date) -> dict[str, Any]:
    rank = "store" if store_id else "group" if group_id else "all"
    return {
        "store_id": store_id, "group_id": group_id, "key": key, "value": value, "effective_from": effective_from,
        "rank": rank,
    }  # fmt: skip
