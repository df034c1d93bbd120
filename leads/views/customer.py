"""客户资料: profile, numbers, the logged look at a plain number."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dealership.core.errors import DomainError
from dealership.core.views import done, refuse
from dealership.org.reach import can, require
from leads.forms import CustomerForm, PhoneForm, RevealForm
from leads.selectors.customer import customer_attended, customer_cards, customer_get
from leads.selectors.owner import vehicles_of
from leads.selectors.referrer import referrals_of
from leads.selectors.timeline import customer_timeline
from leads.services.customer import customer_change, customer_reveal, phone_add
from leads.views.base import Page
from leads.views.prospect import stale

EDIT = "leads/customer_form.html"


class CustomerDetail(Page):
    """The profile card with the customer's cards, cars and timeline."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = customer_get(user=request.user, customer_id=pk)
        context = {
            "customer": customer,
            "cards": customer_cards(user=request.user, customer=customer),
            "referrals": referrals_of(user=request.user, customer=customer),
            "vehicles": vehicles_of(user=request.user, customer_id=pk),
            "timeline": customer_timeline(user=request.user, customer_id=pk),
            "plain": None,
            "may_edit": can(request.user, "customer.change", customer.store_id),
            "may_reveal": can(request.user, "customer.reveal", customer.store_id),
        }
        return render(request, "leads/customer_detail.html", context)


class CustomerEdit(Page):
    """Change profile facts."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = customer_get(user=request.user, customer_id=pk)
        require(request.user, "customer.change", customer.store_id)
        form = CustomerForm(user=request.user, customer=customer, initial={"version": customer.version})
        return render(request, EDIT, {"form": form, "customer": customer})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = customer_get(user=request.user, customer_id=pk)
        require(request.user, "customer.change", customer.store_id)
        form = CustomerForm(request.POST, user=request.user, customer=customer)
        if not form.is_valid():
            return refuse(request, EDIT, {"customer": customer}, form)
        version = form.cleaned_data["version"]
        try:
            customer_change(by=request.user, customer_id=pk, version=version, details=form.details())
        except DomainError as error:
            return stale(request, EDIT, {"customer": customer}, form, error)
        done(request, _("客户资料已保存。"))
        return redirect("leads:customer_detail", pk)


class CustomerReveal(Page):
    """The plain number, after a reason, logged (R-PIPL). Shown in place of the masked one, never kept."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = customer_attended(user=request.user, customer_id=pk)
        require(request.user, "customer.reveal", customer.store_id)
        form = RevealForm(request.POST, user=request.user)
        context = {"customer": customer, "plain": None}
        if not form.is_valid():
            return render(request, "leads/_reveal.html", {**context, "error": _("请填写查看原因。")}, status=422)
        try:
            plain = customer_reveal(
                by=request.user, customer_id=pk, field=form.cleaned_data["field"],
                reason=form.cleaned_data["reason"], ip=request.META.get("REMOTE_ADDR"),
            )  # fmt: skip
        except DomainError as error:
            return render(request, "leads/_reveal.html", {**context, "error": error.message}, status=422)
        return render(request, "leads/_reveal.html", {**context, "plain": plain})


class PhoneAdd(Page):
    """A further number."""

    template = "leads/phone_form.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = customer_get(user=request.user, customer_id=pk)
        require(request.user, "customer.change", customer.store_id)
        return render(request, self.template, {"customer": customer, "form": PhoneForm(user=request.user)})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = customer_get(user=request.user, customer_id=pk)
        require(request.user, "customer.change", customer.store_id)
        form = PhoneForm(request.POST, user=request.user)
        if not form.is_valid():
            return refuse(request, self.template, {"customer": customer}, form)
        try:
            phone_add(by=request.user, customer_id=pk, phone=form.cleaned_data["phone"])
        except DomainError as error:
            return refuse(request, self.template, {"customer": customer}, form, error)
        done(request, _("号码已添加。"))
        return redirect("leads:customer_detail", pk)
