"""待首次响应: raw leads whose clock runs, the nearest deadline first (leads.md)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from dealership.core.masking import mask_phone
from leads.selectors.lead import waiting_for
from reports.today.parts import SHOWN, Line, Section, cut, page

ASKED = SHOWN + 1


def first_calls(user: Any) -> Section:
    """My leads that nobody called yet; late ones are red."""
    rows, more = cut(waiting_for(user=user, limit=ASKED))
    lines = [
        Line(
            lead.display_name,
            " · ".join(str(part) for part in (lead.source, lead.series, mask_phone(lead.phone)) if part),
            lead.clock.text,
            page("leads:lead_detail", lead.pk),
            is_late=lead.clock.is_late,
        )
        for lead in rows
    ]
    return Section(
        "leads",
        _("待首次响应"),
        lines,
        page("leads:lead_list", waiting="true"),
        more=more,
        count=len(lines),
        late=sum(line.is_late for line in lines),
    )
