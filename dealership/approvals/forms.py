"""A decision with its words, and who decides while one is away."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dealership.accounts.models import User
from dealership.core import periods
from dealership.core.forms import CleanCharField, DomainForm
from dealership.org.models import Membership, Store
from dealership.org.reach import has_role, memberships_of
from dealership.org.roles import APPROVER_ROLES

APPROVERS = tuple(role for roles in APPROVER_ROLES.values() for role in roles)


class DecideForm(DomainForm):
    """同意 or 拒绝; a rejection is refused without words by the service."""

    decision = forms.ChoiceField(
        label=_("决定"), choices=[("approve", _("同意")), ("reject", _("拒绝"))], widget=forms.RadioSelect
    )
    comment = CleanCharField(label=_("审批意见"), required=False, max_length=300)


class DelegationForm(DomainForm):
    """Choices are the stores one decides in and the people who work there."""

    store = forms.ModelChoiceField(label=_("门店"), queryset=Store.objects.none(), empty_label=None)
    delegate = forms.ModelChoiceField(label=_("代理人"), queryset=User.objects.none())
    from_day = forms.DateField(label=_("开始日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    until_day = forms.DateField(label=_("结束日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        stores = Store.objects.visible_to(user)
        if not any(row.store_id is None and has_role(user, APPROVERS) for row in memberships_of(user)):
            stores = stores.filter(pk__in=[row.store_id for row in memberships_of(user) if row.role in APPROVERS])
        self.fields["store"].queryset = stores  # type: ignore[attr-defined]
        colleagues = Membership.objects.filter(store__in=stores, valid__contains=periods.today())
        people = User.objects.filter(pk__in=colleagues.values("user_id"), is_active=True).exclude(pk=user.pk)
        self.fields["delegate"].queryset = people.order_by("name", "id")  # type: ignore[attr-defined]
