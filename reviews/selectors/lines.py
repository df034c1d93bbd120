"""The lines of a report a comment may stand beside: its figures and its words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from reviews.choices import WORD_LABELS, ReviewKind
from reviews.selectors.figures import figure_kpis


def line_labels(kind: str) -> dict[str, str]:
    """Line key → what the screen calls it, in the order of the page."""
    labels = {kpi.key: str(kpi.label) for kpi in figure_kpis()}
    labels["visit_list"] = _("今日客流")
    labels["follow_up_list"] = _("今日跟进")
    labels["due_list"] = _("明日应跟进")
    if kind == ReviewKind.EVENING:
        labels["team"] = _("团队日报")
    return labels | WORD_LABELS


def line_keys(kind: str) -> frozenset[str]:
    """What `review_comment` accepts as a line."""
    return frozenset(line_labels(kind))
