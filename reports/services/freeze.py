"""The figures of a closed month as one JSON value, its digest, and the difference between two versions."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from dealership.core.figure import Figure
from dealership.core.kpi import SYSTEM
from dealership.core.periods import Period
from reports.figures import Figures, grouped, totals
from reports.registry import KPIS
from reports.selectors.identity import identity_of


def month_figures(*, store_id: int, month: dt.date) -> dict[str, Any]:
    """Every KPI as `[numerator, denominator, value]` for the store, per person and per part, with the identity.

    The same facts give the same value byte for byte; nothing of the clock is in it.
    """
    period = Period.containing("month", month)
    asked: dict[str, Any] = {"reader": SYSTEM, "store_ids": [store_id], "period": period}
    broken_down = [kpi.key for kpi in KPIS if not kpi.is_median and any(measure.part for measure in kpi.numerator)]
    identity = identity_of(store_id=store_id, month=month)
    return {
        "month": period.code,
        "store": _plain(totals(**asked)),
        "people": {str(pk or ""): _plain(found) for pk, found in grouped(**asked, by="person").items()},
        "parts": {part: _plain(found) for part, found in grouped(**asked, by="part", keys=broken_down).items()},
        "identity": [asdict(row) for row in (*identity.people, identity.store)],
    }


def _plain(figures: Figures) -> dict[str, list[str | None]]:
    return {key: _triple(figure) for key, figure in sorted(figures.items())}


def _triple(figure: Figure) -> list[str | None]:
    return [_text(figure.numerator), _text(figure.denominator), _text(figure.value)]


def _text(value: Decimal | None) -> str | None:
    """One spelling per number: `12`, `0.824`, `168000`."""
    return None if value is None else f"{value.normalize():f}"


def digest_of(figures: dict[str, Any]) -> str:
    """SHA-256 of the figures in canonical JSON."""
    text = json.dumps(figures, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """What changed between two versions: `{who, kpi, before, after}` for the store and each person."""
    found = [
        {"who": "", "kpi": key, "before": old, "after": new}
        for key, old, new in _changed(before["store"], after["store"])
    ]
    for who in sorted(before["people"].keys() | after["people"].keys()):
        pairs = _changed(before["people"].get(who, {}), after["people"].get(who, {}))
        found += [{"who": who, "kpi": key, "before": old, "after": new} for key, old, new in pairs]
    return found


def _changed(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str | None, str | None]]:
    unknown = [None, None, None]
    pairs = [(key, before.get(key, unknown), after.get(key, unknown)) for key in sorted(before.keys() | after.keys())]
    return [(key, old[2], new[2]) for key, old, new in pairs if old != new]
