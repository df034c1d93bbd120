"""Forms of the profile page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dealership.core.forms import CleanCharField, DomainForm


class TokenForm(DomainForm):
    """A name to recognise the token by."""

    name = CleanCharField(label=_("令牌名称"), max_length=60, help_text=_("写明用途，例如：月报脚本"))
