"""The form of a policy: typed fields after the shape of its default; a list is a table with rows to add and remove."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.forms.formsets import BaseFormSet
from django.utils.translation import gettext_lazy as _

from dealership.core.forms import CleanCharField, DomainForm, chinese_errors
from dealership.org.models import Store
from dealership.org.policy import DEFAULTS
from dealership.org.policy_labels import CHOICES, LARGEST, MOST_ROWS, SHARE_HELP, SHARES, label_of, part_label
from dealership.org.services.rules import CLOCK, NUMBER

PART = "part_"
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def typed_field(key: str, name: str, default: Any) -> forms.Field:
    """The input for one number, amount, time, word or choice."""
    label = part_label(name, key) if name else label_of(key)
    if choices := CHOICES.get(f"{key}.{name}" if name else key):
        return forms.ChoiceField(label=label, choices=choices)
    if isinstance(default, int):
        return forms.IntegerField(label=label, min_value=0, max_value=LARGEST)
    if NUMBER.fullmatch(default):
        number = forms.NumberInput(attrs={"inputmode": "decimal", "step": "any", "min": "0"})
        hint = SHARE_HELP if (f"{key}.{name}" if name else key) in SHARES else ""
        return forms.DecimalField(
            label=label, min_value=0, max_digits=12, decimal_places=4, widget=number, help_text=hint
        )
    if CLOCK.fullmatch(default):
        box = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
        return forms.TimeField(
            label=label, widget=box, error_messages={"invalid": _("请填写 24 小时制时间，例如 20:00。")}
        )
    return CleanCharField(label=label, max_length=40)


def plain(value: Any) -> Any:
    """A cleaned value as it is stored: whole numbers and text; times and amounts as text."""
    if hasattr(value, "strftime"):
        return value.strftime("%H:%M")
    return value if isinstance(value, int) else str(value)


class RowForm(forms.Form):
    """One row of a list."""

    def __init__(self, *args: Any, key: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = DEFAULTS[key][0]
        for name, default in kind.items() if isinstance(kind, dict) else [("value", kind)]:
            self.fields[name] = typed_field(key, name, default)
            chinese_errors(self.fields[name])

    def value(self, key: str) -> Any:
        """The row as the policy stores it."""
        names = DEFAULTS[key][0] if isinstance(DEFAULTS[key][0], dict) else ["value"]
        found = {name: plain(self.cleaned_data[name]) for name in names}
        return found if isinstance(DEFAULTS[key][0], dict) else found["value"]


class Rows(BaseFormSet):  # type: ignore[type-arg]
    """Rows of a list; empty and removed ones do not count."""

    def kept(self) -> list[RowForm]:
        """Rows that are to be saved."""
        return [row for row in self.forms if row.has_changed() or row.initial if row not in self.deleted_forms]

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["DELETE"].label = _("删除")


TableOfRows = forms.formset_factory(
    RowForm, formset=Rows, extra=1, can_delete=True, max_num=MOST_ROWS, absolute_max=MOST_ROWS
)


class PolicyForm(DomainForm):
    """A dated value for a store, or for the whole group; `parts` are the inputs, `rows` the table of a list."""

    store = forms.ModelChoiceField(
        label=_("适用范围"), queryset=Store.objects.all(), required=False, empty_label=_("全集团")
    )
    effective_from = forms.DateField(label=_("生效日期"), widget=DAY)

    def __init__(self, data: Any = None, *, key: str, current: Any, **kwargs: Any) -> None:
        self.key, default = key, DEFAULTS[key]
        inputs = default if isinstance(default, dict) else {} if isinstance(default, list) else {"": default}
        initial = kwargs.pop("initial", {})
        initial |= {PART + name: current[name] if name else current for name in inputs}
        made = {PART + name: typed_field(key, name, part) for name, part in inputs.items()}
        self.base_fields = {**type(self).base_fields, **made}  # type: ignore[misc]
        super().__init__(data, initial=initial, **kwargs)
        self.rows = self._rows(data, current) if isinstance(default, list) else None

    def _rows(self, data: Any, current: Any) -> Any:
        initial = [row if isinstance(row, dict) else {"value": row} for row in current]
        return TableOfRows(data, prefix="rows", initial=initial, form_kwargs={"key": self.key})

    def parts(self) -> list[Any]:
        """The inputs of the value, in the order of the default."""
        return [self[name] for name in self.fields if name.startswith(PART)]

    def is_valid(self) -> bool:
        """Also every row that is kept."""
        own = super().is_valid()
        if self.rows is None:
            return own
        if not self.rows.is_valid():
            self.add_error(None, _("表格里有填写不正确的行，请修改标出的内容。"))
            return False
        if not self.rows.kept():
            self.add_error(None, _("请至少保留一行。"))
            return False
        return own

    def value(self) -> Any:
        """The value as the policy stores it."""
        if self.rows is not None:
            return [row.value(self.key) for row in self.rows.kept()]
        found = {name: plain(self.cleaned_data[name]) for name in self.fields if re.match(PART, name)}
        found = {name.removeprefix(PART): value for name, value in found.items()}
        return found if isinstance(DEFAULTS[self.key], dict) else found[""]
