"""Forms of the settings pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from dealership.accounts.models import User
from dealership.audit.words import NOUNS
from dealership.core import periods
from dealership.core.forms import CleanCharField, DomainForm
from dealership.core.periods import WEEKDAYS
from dealership.org import selectors
from dealership.org.choices import Role
from dealership.org.models import DealerGroup, Store, Team
from dealership.org.policy import DEFAULTS
from dealership.org.policy_labels import label_of
from dealership.org.services.people import USERNAME

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
CODE_RULE = RegexValidator(r"^[a-z0-9_]+$", _("代码由小写字母、数字和下划线组成。"))
STORE_CODE_RULE = RegexValidator(r"^[A-Z0-9]{1,10}$", _("门店代码由 1 至 10 个大写字母或数字组成。"))
STORE_CODE_HELP = _("印在单据编号里，建立后不能修改，例如 A 或 NC01")
NAME_RULE = RegexValidator(rf"^{USERNAME.pattern}$", _("用户名由 3 至 30 个字母、数字或 . - _ 组成。"))


class RoleForm(DomainForm):
    """A role in a store, or in the group."""

    role = forms.ChoiceField(label=_("岗位"), choices=Role)
    store = forms.ModelChoiceField(
        label=_("门店"), queryset=Store.objects.all(), required=False, empty_label=_("不属于某一门店（集团岗位）")
    )
    team = forms.ModelChoiceField(label=_("小组"), queryset=Team.objects.all(), required=False, empty_label=_("不分组"))
    since = forms.DateField(label=_("任职日期"), widget=DAY)
    rest_weekday = forms.TypedChoiceField(
        label=_("轮休日"), coerce=int, empty_value=None, required=False,
        choices=[("", _("不固定")), *enumerate(WEEKDAYS)],
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["since"].initial = periods.today
        self.fields["team"].label_from_instance = lambda team: f"{team.store} · {team.name}"  # type: ignore[attr-defined]
        self.fields["team"].queryset = self.fields["team"].queryset.select_related("store")  # type: ignore[attr-defined]

    def group(self) -> DealerGroup | None:
        """The administrator's own group: a role is never given in another one."""
        return selectors.groups(user=self.user).first()


class PersonNewForm(RoleForm):
    """A new account with its first role."""

    username = CleanCharField(
        label=_("用户名"), max_length=30, validators=[NAME_RULE], help_text=_("登录用，建立后不能修改")
    )
    name = CleanCharField(label=_("姓名"), max_length=40)
    employee_no = CleanCharField(label=_("工号"), max_length=20, required=False)
    email = forms.EmailField(label=_("邮箱"), required=False)
    field_order = ("name", "username", "employee_no", "email", "role", "store", "team", "since", "rest_weekday")


class PersonForm(DomainForm):
    name = CleanCharField(label=_("姓名"), max_length=40)
    employee_no = CleanCharField(label=_("工号"), max_length=20, required=False)
    email = forms.EmailField(label=_("邮箱"), required=False)


class EndForm(DomainForm):
    last_day = forms.DateField(label=_("最后任职日"), widget=DAY)


class StoreForm(DomainForm):
    name = CleanCharField(label=_("门店"), max_length=60)
    short_name = CleanCharField(label=_("简称"), max_length=20)
    address = CleanCharField(label=_("地址"), max_length=120, required=False)


class StoreNewForm(StoreForm):
    """The first facts of a store; its code never changes."""

    code = CleanCharField(label=_("门店代码"), max_length=10, validators=[STORE_CODE_RULE], help_text=STORE_CODE_HELP)
    brand = CleanCharField(label=_("品牌"), max_length=40)
    field_order = ("code", "name", "short_name", "brand", "address")


class TeamForm(DomainForm):
    name = CleanCharField(label=_("小组名称"), max_length=40)


class PolicyFilterForm(DomainForm):
    store = forms.ModelChoiceField(
        label=_("门店"), queryset=Store.objects.all(), required=False, empty_label=_("全集团")
    )


class CalendarForm(DomainForm):
    store = forms.ModelChoiceField(
        label=_("适用范围"), queryset=Store.objects.all(), required=False, empty_label=_("全部门店")
    )
    lines = CleanCharField(
        label=_("日期（每行一天）"), max_length=8000, widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("例如：2027-02-05 节假日 春节。也可从表格复制三列粘贴。类型：工作日、调休上班、节假日、门店休息"),
    )  # fmt: skip


class SourceForm(DomainForm):
    code = CleanCharField(label=_("代码"), max_length=20, validators=[CODE_RULE])
    name = CleanCharField(label=_("来源"), max_length=40)
    position = forms.IntegerField(label=_("顺序"), min_value=0, max_value=999, initial=0)
    is_active = forms.BooleanField(label=_("启用"), required=False, initial=True)


class AuditFilterForm(DomainForm):
    """Filters of the audit trail; all optional, all in the address."""

    person = forms.ModelChoiceField(
        label=_("操作人"), queryset=User.objects.none(), required=False, empty_label=_("全部")
    )
    action = forms.ChoiceField(label=_("内容"), required=False)
    object_type = forms.CharField(max_length=60, required=False, widget=forms.HiddenInput)
    object_id = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=1, max_value=2**62)
    day = forms.DateField(label=_("日期"), required=False, widget=DAY)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = selectors.people(user=self.user).order_by("name")  # type: ignore[attr-defined]
        self.fields["action"].choices = [("", _("全部")), *((f"{noun}.", words) for noun, words in NOUNS.items())]  # type: ignore[attr-defined]


def policy_keys() -> list[tuple[str, str]]:
    """Keys with their Chinese names, in the order of the defaults."""
    return [(key, label_of(key)) for key in DEFAULTS]


class LeaveForm(DomainForm):
    """Days off asked for."""

    first_day = forms.DateField(label=_("从"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    last_day = forms.DateField(label=_("至"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    reason = CleanCharField(label=_("原因"), max_length=100)
