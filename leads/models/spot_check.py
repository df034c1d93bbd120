"""抽查: a row of the three tables and two cards that a manager verifies with the customer (§1.3 F1, §1.10 D7)."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from dealership.core.models import Versioned
from dealership.core.periods import local_date
from dealership.org.closing import closed_month_guards
from dealership.org.models import Store, Team
from leads.choices import OPEN_GRADES, Grade, ProspectStatus
from leads.models.customer import Customer
from leads.models.follow_up import FollowUp
from leads.models.owner import CareTask, OwnedVehicle
from leads.models.prospect import Prospect
from leads.models.visit import Visit
from leads.querysets import ProspectRowQuerySet
from leads.spot_choices import SpotResult, SpotSubject

_CARDS = (SpotSubject.PROGRESS, SpotSubject.PROSPECT_CARD)
_NO_VISIT, _NO_CONTACT, _NO_CAR = Q(visit=None), Q(follow_up=None), Q(vehicle=None, care_task=None)
_RIGHT_ROW = (
    Q(_NO_CONTACT, _NO_CAR, subject=SpotSubject.VISITS, visit__isnull=False)
    | Q(_NO_VISIT, _NO_CAR, subject=SpotSubject.GRADES, follow_up__isnull=False, prospect__isnull=False)
    | Q(_NO_VISIT, _NO_CONTACT, _NO_CAR, subject__in=_CARDS, prospect__isnull=False)
    | Q(_NO_VISIT, _NO_CONTACT, subject=SpotSubject.OWNER_CARD, vehicle__isnull=False, prospect=None, grade_then="")
)


@pghistory.track()
class SpotCheck(Versioned):
    """`owner` answers for the row; the check is somebody else's. `result` empty means not checked yet.

    `about_at`: when what the row says happened; for a card that stands in a table, the week's last day.
    `grade_then` and `status_then` are what the register said, empty where it says nothing of the kind.
    """

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    subject = models.CharField("抽查表卡", max_length=14, choices=SpotSubject, default=SpotSubject.GRADES)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    prospect = models.ForeignKey(Prospect, null=True, on_delete=models.PROTECT, related_name="spot_checks")
    visit = models.OneToOneField(Visit, null=True, on_delete=models.PROTECT, related_name="spot_check")
    follow_up = models.OneToOneField(FollowUp, null=True, on_delete=models.PROTECT, related_name="spot_check")
    vehicle = models.ForeignKey(OwnedVehicle, null=True, on_delete=models.PROTECT, related_name="spot_checks")
    care_task = models.ForeignKey(CareTask, null=True, on_delete=models.PROTECT, related_name="+")
    week = models.DateField("抽查周（周一）")
    about_at = models.DateTimeField("登记时间")
    sampled_at = models.DateTimeField()
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    checked_at = models.DateTimeField("抽查时间", null=True)
    called_at = models.DateTimeField("回访电话时间", null=True)
    result = models.CharField("抽查结果", max_length=12, choices=SpotResult, blank=True)
    grade_then = models.CharField("登记级别", max_length=1, choices=Grade, blank=True)
    status_then = models.CharField("登记状态", max_length=16, choices=ProspectStatus, blank=True, db_default="")
    grade_found = models.CharField("核实级别", max_length=1, choices=Grade, blank=True)
    note = models.CharField("核实情况", max_length=300, blank=True)

    objects = ProspectRowQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(checked_by=None) | ~Q(checked_by=F("owner")), name="%(app_label)s_%(class)s_two_persons"
            ),
            models.CheckConstraint(
                condition=Q(result="", checked_at=None) | (~Q(result="") & Q(checked_at__isnull=False)),
                name="%(app_label)s_%(class)s_checked_complete",
            ),
            models.CheckConstraint(condition=_RIGHT_ROW, name="%(app_label)s_%(class)s_right_row"),
            models.CheckConstraint(
                condition=Q(grade_found="") | ~Q(grade_then=""), name="%(app_label)s_%(class)s_grade_to_judge"
            ),
            # A visit and a follow-up are drawn once for ever; what stands in a table may be drawn again another week.
            models.UniqueConstraint(
                fields=["prospect", "subject", "week"],
                condition=Q(subject__in=_CARDS),
                name="%(app_label)s_%(class)s_card_once_a_week",
            ),
            models.UniqueConstraint(fields=["vehicle", "week"], name="%(app_label)s_%(class)s_car_once_a_week"),
        ]
        indexes = [models.Index(fields=["store", "-week", "-id"], name="leads_spotcheck_week")]
        triggers = closed_month_guards("checked_at", protects=("result", "grade_found", "checked_by_id"))

    def __str__(self) -> str:
        return f"{self.get_subject_display()} {self.week} {self.owner_id}"

    @property
    def has_grade(self) -> bool:
        """Does the row carry a grade that a customer's words can confirm? O, D and T come from the deal."""
        return self.grade_then in OPEN_GRADES

    @property
    def is_grade_right(self) -> bool:
        """Did the customer's own words confirm the grade?"""
        return bool(self.grade_found) and self.grade_found == self.grade_then

    @property
    def told(self) -> str:
        """What the register says, in a line; the row it is about is loaded."""
        if self.visit:
            return f"{self.visit.get_channel_display()} · {self.visit.get_visit_type_display()}"
        if self.follow_up:
            return self.follow_up.content or str(self.follow_up.get_outcome_display())
        if self.vehicle:
            call = f" · {self.care_task.get_kind_display()}" if self.care_task else ""
            return f"{self.vehicle.description}{call}"
        series = str((self.prospect and self.prospect.series) or "")
        return " · ".join(filter(None, (self.get_status_then_display(), series)))

    @property
    def about_on(self) -> str:
        """The day of the register the row stands in, as addresses write it."""
        return f"{local_date(self.about_at):%Y-%m-%d}"
