"""The target sheet: person × kind with sums, attainment and time progress."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dealership.core import periods
from dealership.core.errors import DomainError
from dealership.core.forms import DomainForm, MoneyInput
from dealership.core.kpi import grouped_sums
from dealership.core.money import ZERO, whole
from dealership.core.periods import Period
from dealership.core.views import done, refuse
from dealership.org.models import Store
from dealership.org.reach import can
from leads.kpis import CARDS_CREATED
from sales.choices import TargetKind
from sales.filters import month_of
from sales.kpis import orders as kpis
from sales.selectors.choices import store_for, stores_seen_by
from sales.selectors.target import Sheet, target_get, target_people, target_sheet
from sales.services.target import target_acknowledge, targets_set
from sales.views.base import Page, back_to

SHEET = "sales/target_sheet.html"
MEASURES = (
    (TargetKind.ORDERS, kpis.ORDERS_GROSS.numerator),
    (TargetKind.DELIVERIES, kpis.RETAIL_UNITS.numerator),
    (TargetKind.SALES_AMOUNT, kpis.SALES_AMOUNT.numerator),
    (TargetKind.RECEIPTS, kpis.RECEIPTS_AMOUNT.numerator),
    (TargetKind.NEW_CARDS, (CARDS_CREATED,)),
)


def actuals_of(user: Any, store: Store, month: Period) -> dict[tuple[int | None, str], Decimal]:
    """What each person reached so far, from the KPIs and in one statement."""
    asked = [(kind, measure) for kind, measures in MEASURES for measure in measures]
    found: dict[tuple[int | None, str], Decimal] = {}
    for row in grouped_sums([measure for _kind, measure in asked], [store.pk], month, daily=False, reader=user):
        key = (row.person, str(asked[row.measure][0]))
        found[key] = found.get(key, ZERO) + row.total
    return found


class SheetForm(DomainForm):
    """One input per person and kind; empty leaves a cell without a target."""

    def __init__(self, *args: Any, people: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = people
        for person in people:
            for kind in TargetKind:
                name = f"t-{person.pk}-{kind.value}"
                self.fields[name] = MoneyInput(label=kind.label, required=False, max_length=20)

    def rows(self) -> list[dict[str, Any]]:
        """The filled cells, in the shape of `targets_set`."""
        return [
            {"person": person, "kind": kind.value, "value": value}
            for person in self.people
            for kind in TargetKind
            if (value := self.cleaned_data.get(f"t-{person.pk}-{kind.value}")) is not None
        ]


class TargetSheet(Page):
    """Read by everybody with targets; written by those who set them."""

    resource = "target"

    def get(self, request: HttpRequest) -> HttpResponse:
        store, month = self._where(request)
        return render(request, SHEET, self._context(request, store, month))

    def post(self, request: HttpRequest) -> HttpResponse:
        store, month = self._where(request, "target.set")
        people = target_people(user=request.user, store=store, month=month)
        form = SheetForm(request.POST, user=request.user, people=people)
        context = self._context(request, store, month, form)
        if not form.is_valid():
            return refuse(request, SHEET, context, form)
        try:
            targets_set(by=request.user, store=store, month=month.start, rows=form.rows())
        except DomainError as error:
            return refuse(request, SHEET, context, form, error)
        done(request, _("目标已下达，请各人确认。"))
        return redirect(f"{request.path}?month={month.code}&store={store.pk}")

    def _where(self, request: HttpRequest, act: str = "") -> tuple[Store, Period]:
        text = request.GET.get("store") or request.POST.get("store") or ""
        store = store_for(request.user, act, int(text) if text.isdecimal() else None)
        code = request.GET.get("month") or request.POST.get("month") or ""
        return store, month_of(code) if code else Period.containing("month", periods.today())

    def _context(
        self, request: HttpRequest, store: Store, month: Period, form: SheetForm | None = None
    ) -> dict[str, Any]:
        sheet = target_sheet(
            user=request.user, store=store, month=month, actuals=actuals_of(request.user, store, month)
        )
        may_set = can(request.user, "target.set", store.pk)
        context = {
            "store": store, "month": month, "sheet": sheet, "kinds": TargetKind, "may_set": may_set,
            "stores": stores_seen_by(request.user), "editing": may_set and (form is not None or "edit" in request.GET),
        }  # fmt: skip
        if context["editing"]:
            context["form"] = form or _sheet_form(request.user, sheet)
            for line in sheet.lines:
                for cell in line.cells:
                    cell.field = context["form"][f"t-{line.person.pk}-{cell.kind}"]  # type: ignore[index]
        return context


def _sheet_form(user: Any, sheet: Sheet) -> SheetForm:
    """The sheet as it stands, ready to be changed."""
    initial = {
        f"t-{line.person.pk}-{cell.kind}": cell.target.value if cell.is_money else whole(cell.target.value)
        for line in sheet.lines
        for cell in line.cells
        if cell.target
    }
    return SheetForm(user=user, people=[line.person for line in sheet.lines], initial=initial)


class TargetAcknowledge(Page):
    """The person confirms their own line."""

    resource = "target"

    def post(self, request: HttpRequest, target_id: int) -> HttpResponse:
        target_get(user=request.user, target_id=target_id)
        target_acknowledge(by=request.user, target_id=target_id)
        done(request, _("目标已确认。"))
        return redirect(back_to(request, "/sales/targets/"))
