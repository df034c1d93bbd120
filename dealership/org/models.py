"""Group, brand, series, store, team, membership; dated policies; the working calendar; dictionaries."""

from __future__ import annotations

from typing import Self

import pghistory
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dealership.core.models import Versioned
from dealership.core.scoping import Reach, ScopedQuerySet
from dealership.org.choices import DayKind, DutyKind, LeaveState, Role
from dealership.org.closing import closed_month_guards


class StoreQuerySet(ScopedQuerySet):
    """Stores within reach: the store itself is the scope."""

    resource = "store"
    store_path = "pk"
    team_path = None
    owner_path = None

    def within(self, reach: Reach) -> Self:
        ids = reach.store_ids | reach.own_store_ids
        return self.filter(Q(group_id__in=reach.group_ids) | Q(pk__in=ids))


class TeamQuerySet(ScopedQuerySet):
    """Teams of the stores within reach."""

    resource = "team"
    team_path = "pk"
    owner_path = None

    def within(self, reach: Reach) -> Self:
        ids = reach.store_ids | reach.own_store_ids
        return self.filter(Q(store__group_id__in=reach.group_ids) | Q(store_id__in=ids) | Q(pk__in=reach.team_ids))


class DutyQuerySet(ScopedQuerySet):
    """The rota and its leave requests: one's own, or the store's for who plans it."""

    resource = "duty"
    team_path = None
    owner_path = "user"


class DealerGroup(models.Model):
    name = models.CharField(_("集团名称"), max_length=60, unique=True)

    def __str__(self) -> str:
        return self.name


class Brand(models.Model):
    group = models.ForeignKey(DealerGroup, on_delete=models.PROTECT, related_name="brands")
    name = models.CharField(_("品牌"), max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "name"], name="%(app_label)s_%(class)s_name")]

    def __str__(self) -> str:
        return self.name


class Series(models.Model):
    """A model line (车系): what customers ask for; configurations and prices are in `sales`."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="series")
    name = models.CharField(_("车系"), max_length=40)
    body = models.CharField(
        _("车型类别"), max_length=10, choices=[("sedan", _("轿车")), ("suv", "SUV"), ("mpv", "MPV")]
    )
    is_nev = models.BooleanField(_("新能源"), default=False)
    is_active = models.BooleanField(_("在售"), default=True)
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["brand", "name"], name="%(app_label)s_%(class)s_name")]
        ordering = ["brand_id", "name"]

    def __str__(self) -> str:
        return self.name


class Store(Versioned):
    group = models.ForeignKey(DealerGroup, on_delete=models.PROTECT, related_name="stores")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="stores")
    code = models.CharField(_("门店代码"), max_length=10, unique=True)
    name = models.CharField(_("门店"), max_length=60, unique=True)
    short_name = models.CharField(_("简称"), max_length=20)
    address = models.CharField(_("地址"), max_length=120, blank=True)
    is_active = models.BooleanField(_("营业中"), default=True)

    objects = StoreQuerySet.as_manager()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.short_name


class Team(models.Model):
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="teams")
    name = models.CharField(_("小组"), max_length=40)

    objects = TeamQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "name"], name="%(app_label)s_%(class)s_name")]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class Membership(models.Model):
    """A person's role in a store (or in the whole group: store empty) for a span of days."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    group = models.ForeignKey(DealerGroup, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, null=True, blank=True, on_delete=models.PROTECT, related_name="memberships")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(_("岗位"), max_length=24, choices=Role)
    valid = DateRangeField(_("任职期间"))
    rest_weekday = models.PositiveSmallIntegerField(_("轮休日"), null=True, blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="org_membership_no_overlap",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("store", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(store__isnull=False) | Q(role__in=[Role.GROUP_OFFICE, Role.SYS_ADMIN]),
                name="%(app_label)s_%(class)s_store_needed",
            ),
        ]
        indexes = [models.Index(fields=["store", "role"], name="org_membership_store_role")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"


@pghistory.track()
class PolicySetting(models.Model):
    """A dated value of a policy key for a store, a group, or (both empty) everyone; the newest in force wins."""

    group = models.ForeignKey(DealerGroup, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    store = models.ForeignKey(Store, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(_("策略"), max_length=60)
    value = models.JSONField(_("取值"))
    effective_from = models.DateField(_("生效日期"))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group", "store", "key", "effective_from"],
                name="%(app_label)s_%(class)s_dated",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} @ {self.effective_from}"


class CalendarDay(models.Model):
    """A day that differs from the national calendar: for a store (closed, make-up) or for all (store empty)."""

    store = models.ForeignKey(Store, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    day = models.DateField(_("日期"))
    kind = models.CharField(_("类型"), max_length=10, choices=DayKind)
    note = models.CharField(_("说明"), max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "day"], name="%(app_label)s_%(class)s_once", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.kind}"


@pghistory.track()
class DutyDay(models.Model):
    """A planned day of a person in a store (排班); without a row the calendar and the rest weekday decide.

    `replacement` takes over the duty of that day (替岗), and with it the follow-ups that are due (代跟进).
    """

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    day = models.DateField("日期")
    kind = models.CharField("班次", max_length=8, choices=DutyKind)
    replacement = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name="替岗"
    )
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    objects = DutyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "user", "day"], name="%(app_label)s_%(class)s_once"),
            models.CheckConstraint(
                condition=Q(replacement=None) | ~Q(replacement=models.F("user")),
                name="%(app_label)s_%(class)s_not_oneself",
            ),
        ]
        indexes = [
            models.Index(fields=["store", "day"], name="org_dutyday_store"),
            models.Index(
                fields=["replacement", "day"],
                condition=Q(replacement__isnull=False),
                name="org_dutyday_replacement",
            ),
        ]
        triggers = closed_month_guards("day", is_date=True, protects=("kind", "replacement_id"))

    def __str__(self) -> str:
        return f"{self.user_id} {self.day} {self.kind}"


@pghistory.track()
class LeaveRequest(Versioned):
    """Days off a person asks for; another one who plans the rota decides, then the days stand in it as leave."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    first_day = models.DateField("从")
    last_day = models.DateField("至")
    reason = models.CharField("原因", max_length=100)
    state = models.CharField("状态", max_length=10, choices=LeaveState, default=LeaveState.ASKED)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name="审批人"
    )
    decided_at = models.DateTimeField(null=True)

    objects = DutyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=models.F("first_day")), name="%(app_label)s_%(class)s_day_order"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=models.F("user")),
                name="%(app_label)s_%(class)s_not_own_decision",
            ),
        ]
        indexes = [models.Index(fields=["store", "state", "first_day"], name="org_leaverequest_store")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.first_day}–{self.last_day} {self.state}"


class LeadSource(models.Model):
    """A source of customers (来源): dictionary of the group."""

    group = models.ForeignKey(DealerGroup, on_delete=models.PROTECT, related_name="lead_sources")
    code = models.CharField(_("代码"), max_length=20)
    name = models.CharField(_("来源"), max_length=40)
    is_active = models.BooleanField(_("启用"), default=True)
    position = models.PositiveSmallIntegerField(_("顺序"), default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "code"], name="%(app_label)s_%(class)s_code")]
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class ClosedMonth(models.Model):
    """A month that finance closed for a store: triggers on dated rows refuse it (R09). Written by `reports` only."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    month = models.DateField(_("月份首日"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "month"], name="%(app_label)s_%(class)s_once")]

    def __str__(self) -> str:
        return f"{self.store_id} {self.month:%Y-%m}"


class SavedView(models.Model):
    """A list with its filters under a name (product.md §7): one's own, or shared with the store.

    Holds filters only. What somebody searched for (a number, a name) is personal data and is not kept; whoever opens
    a shared view sees the rows of their own reach.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    store = models.ForeignKey(Store, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    page = models.CharField("列表", max_length=60)
    name = models.CharField("名称", max_length=20)
    query = models.CharField("筛选条件", max_length=500, blank=True)
    is_shared = models.BooleanField("全店可用", default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "page", "name"], name="%(app_label)s_%(class)s_name")]
        indexes = [models.Index(fields=["store", "page"], name="org_savedview_store")]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        """The list with the view's filters; `view` marks its chip."""
        return f"{reverse(self.page)}?{self.query}{'&' if self.query else ''}view={self.pk}"
