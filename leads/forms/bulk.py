"""The form above a ticked list: what to do with the cards."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dealership.core.forms import CleanCharField, DomainForm, MoneyInput
from leads.forms import AREA, offer
from leads.forms.loss import REST_REASONS
from leads.loss_choices import BOUGHT_REASONS, LossReason
from leads.selectors.choices import sellers_seen_by

RESCHEDULE = "reschedule"
REASSIGN = "reassign"
LOSE, REST = "lose", "rest"
COMPETITOR = ("competitor_brand", "competitor_model", "competitor_price", "competitor_dealer")
# Which fields an act takes; the competitor only when something was bought elsewhere.
TAKES = {
    RESCHEDULE: ("day", "reason"),
    REASSIGN: ("new_owner", "reason"),
    LOSE: ("loss_reason", *COMPETITOR, "explanation"),
    REST: ("rest_reason", "wake_on", "explanation"),
}
# The name of an input where the act calls it otherwise.
CALLED = {"loss_reason": "reason", "rest_reason": "reason"}
MISSING = {
    "day": _("请选择改约日期。"),
    "new_owner": _("请选择新的归属顾问。"),
    "reason": _("请填写原因。"),
    "loss_reason": _("请选择战败原因。"),
    "rest_reason": _("请选择休眠原因。"),
    "wake_on": _("请选择唤醒日期。"),
    "explanation": _("请填写情况说明。"),
}


class BulkForm(DomainForm):
    """`act` with what it needs; a person is offered what they may do."""

    act = forms.ChoiceField(label=_("操作"), choices=[(RESCHEDULE, _("改约到某天"))], widget=forms.RadioSelect)
    day = forms.DateField(
        label=_("改约日期"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    new_owner: Any = forms.ModelChoiceField(label=_("新的归属顾问"), queryset=None, required=False)
    reason = CleanCharField(label=_("原因"), max_length=200, required=False)
    loss_reason = forms.ChoiceField(
        label=_("战败原因"), choices=[("", _("请选择")), *LossReason.choices], required=False
    )
    competitor_brand = CleanCharField(label=_("成交品牌"), required=False, max_length=40)
    competitor_model = CleanCharField(label=_("成交车型"), required=False, max_length=60)
    competitor_price = MoneyInput(label=_("成交价"), required=False)
    competitor_dealer = CleanCharField(label=_("成交商家"), required=False, max_length=60)
    rest_reason = forms.ChoiceField(label=_("休眠原因"), choices=[("", _("请选择")), *REST_REASONS], required=False)
    wake_on = forms.DateField(
        label=_("唤醒日期"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("只有跟进中的 B、C 级客户可以休眠，到期自动唤醒为 C 级。"),
    )  # fmt: skip
    explanation = CleanCharField(
        label=_("情况说明"), required=False, max_length=500, widget=forms.Textarea(attrs=AREA),
        help_text=_("勾选的客户共用；每位仍按规定检查二次追踪和经理联系，逐条由另一人审批。"),
    )  # fmt: skip

    def __init__(self, *args: Any, may_reassign: bool, may_lose: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "new_owner", sellers_seen_by(kwargs["user"]))
        act: Any = self.fields["act"]
        if may_reassign:
            act.choices = [*act.choices, (REASSIGN, _("转给其他顾问"))]
        else:
            del self.fields["new_owner"]
        if may_lose:
            act.choices = [*act.choices, (LOSE, _("申请战败")), (REST, _("申请休眠"))]
        else:
            for name in {*TAKES[LOSE], *TAKES[REST]}:
                del self.fields[name]
        self.initial.setdefault("act", RESCHEDULE)

    def parts(self) -> list[tuple[Any, str]]:
        """The inputs after the act, each with when it is needed (`shown-when.js`)."""
        bought = ",".join(reason.value for reason in BOUGHT_REASONS)
        found = []
        for name in self.fields:
            acts = ",".join(act for act, takes in TAKES.items() if name in takes)
            if acts:
                rule = f"act={acts} loss_reason={bought}" if name in COMPETITOR else f"act={acts}"
                found.append((self[name], rule))
        return found

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for name in TAKES.get(data.get("act", ""), ()):
            if name in MISSING and not data.get(name) and name not in self.errors:
                self.add_error(name, MISSING[name])
        return data

    def told(self) -> dict[str, Any]:
        """What the act takes, without what is not its own."""
        data = self.cleaned_data
        return {CALLED.get(name, name): data[name] for name in TAKES[data["act"]]}
