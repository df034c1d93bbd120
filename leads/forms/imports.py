"""Choosing a file: what is in it, and the file itself. What is inside it is looked at by the worker."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dealership.core.forms import DomainForm
from leads.choices import ImportKind

XLSX = ".xlsx,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ImportForm(DomainForm):
    """Kinds the person may not import are not offered."""

    kind = forms.ChoiceField(label=_("导入内容"), widget=forms.RadioSelect)
    file = forms.FileField(
        label=_("Excel 文件"), allow_empty_file=True, max_length=500,
        widget=forms.ClearableFileInput(attrs={"accept": XLSX}),
        help_text=_("*.xlsx，最大 10 MB；请按模板的表头填写。"),
    )  # fmt: skip

    def __init__(self, *args: Any, kinds: list[ImportKind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]  # type: ignore[attr-defined]
        self.fields["kind"].initial = kinds[0].value
        self.fields["file"].error_messages["required"] = _("请选择要导入的 Excel 文件。")
        self.fields["file"].error_messages["max_length"] = _("文件名太长，请改短后再上传。")
