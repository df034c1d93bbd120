"""One test drive: its page, and the acts on the day — licence, signature, out, back, cancelled, not kept."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.scoping import reach_for
from dealership.core.views import done, refuse
from dealership.org.reach import can, require
from leads import policies
from leads.choices import DriveAspect, DriveStatus
from leads.forms.drive import CancelForm, FinishForm, LicenceForm, PlainForm, SignForm, StartForm
from leads.models import TestDrive
from leads.selectors.drive import drive_changes, drive_get, last_odometer
from leads.services.drive import drive_cancel, drive_no_show
from leads.services.drive_run import drive_check_licence, drive_finish, drive_ride_along, drive_sign, drive_start
from leads.signature import HEIGHT, WIDTH
from leads.views.base import Page
from leads.views.prospect import stale

DETAIL = "leads/drive_detail.html"
SIGN = "leads/drive_sign.html"
FORMS: dict[str, Any] = {
    "licence": LicenceForm, "start": StartForm, "finish": FinishForm, "cancel": CancelForm, "plain": PlainForm
}  # fmt: skip


def drive_context(request: HttpRequest, drive: TestDrive, **bound: Any) -> dict[str, Any]:
    """What the page of a drive shows; acts the reader may not do are not offered."""
    user = request.user
    start = {"version": drive.version, "odometer_out": last_odometer(car_id=drive.car_id)}
    finish = {"version": drive.version, "odometer_out": drive.odometer_out}
    initials = {"start": start, "finish": finish}
    forms = {
        name: made(user=user, initial=initials.get(name, {"version": drive.version})) for name, made in FORMS.items()
    }
    is_booked = drive.status == DriveStatus.BOOKED
    return {
        "drive": drive,
        "forms": {**forms, **bound},
        "opened": next(iter(bound), ""),
        "changes": drive_changes(user=user, drive=drive),
        "missing": policies.missing_to_start(drive) if is_booked else [],
        "stars": [(DriveAspect(name).label, count) for name, count in drive.stars.items()],
        "may": {
            "run": can(user, "drive.run", drive.store_id),
            "book": can(user, "drive.book", drive.store_id),
            "card": not reach_for(user, "prospect").is_empty,
        },
        "has_begun": periods.now() >= drive.starts_at,
        "box": (WIDTH, HEIGHT),
    }


class DriveDetail(Page):
    """Where a drive stands and what is next."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        drive = drive_get(user=request.user, drive_id=pk)
        return render(request, DETAIL, drive_context(request, drive))


class DriveAgreement(Page):
    """试乘试驾协议 on A4 paper, signed or to be signed."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        drive = drive_get(user=request.user, drive_id=pk)
        context = {"drive": drive, "printed_at": periods.now(), "box": (WIDTH, HEIGHT)}
        return render(request, "leads/drive_agreement.html", context)


class DriveAct(Page):
    """One form, one service; a refusal shows the page again with the form as typed."""

    name = "plain"
    act = "drive.run"
    service: Any = None
    said: Any = ""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        drive = drive_get(user=request.user, drive_id=pk)
        require(request.user, self.act, drive.store_id)
        form = FORMS[self.name](request.POST, user=request.user)
        if not form.is_valid():
            return refuse(request, DETAIL, drive_context(request, drive, **{self.name: form}), form)
        try:
            type(self).service(by=request.user, drive_id=pk, **form.told())
        except DomainError as error:
            return stale(request, DETAIL, drive_context(request, drive, **{self.name: form}), form, error)
        done(request, str(self.said))
        return redirect("leads:drive_detail", pk)


class DriveLicence(DriveAct):
    """核对驾驶证."""

    name, service, said = "licence", drive_check_licence, gettext_lazy("驾驶证已核对。")


class DriveRide(DriveAct):
    """改为试乘."""

    service, said = drive_ride_along, gettext_lazy("已改为试乘，不计入有效试驾。")


class DriveStart(DriveAct):
    """出发."""

    name, service, said = "start", drive_start, gettext_lazy("已出发，回店后请登记还车。")


class DriveFinish(DriveAct):
    """还车."""

    name, service, said = "finish", drive_finish, gettext_lazy("已还车，客户反馈已保存。")


class DriveCancel(DriveAct):
    """取消预约."""

    name, act, service, said = "cancel", "drive.book", drive_cancel, gettext_lazy("预约已取消，时段已放开。")


class DriveNoShow(DriveAct):
    """未赴约."""

    act, service, said = "drive.book", drive_no_show, gettext_lazy("已记为未赴约。")


class DriveSign(Page):
    """The clauses and the box to sign in; paper is the way without a pointer."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        drive = drive_get(user=request.user, drive_id=pk)
        require(request.user, "drive.run", drive.store_id)
        form = SignForm(user=request.user, initial={"version": drive.version})
        return render(request, SIGN, {"drive": drive, "form": form, "box": (WIDTH, HEIGHT)})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        drive = drive_get(user=request.user, drive_id=pk)
        require(request.user, "drive.run", drive.store_id)
        form, context = SignForm(request.POST, user=request.user), {"drive": drive, "box": (WIDTH, HEIGHT)}
        if not form.is_valid():
            return refuse(request, SIGN, context, form)
        try:
            drive_sign(by=request.user, drive_id=pk, **form.told())
        except DomainError as error:
            return stale(request, SIGN, context, form, error)
        done(request, _("协议已签署。"))
        return redirect("leads:drive_detail", pk)
