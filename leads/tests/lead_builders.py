"""Builders of raw leads for tests here and in the apps above: they call the real services."""

from __future__ import annotations

from typing import Any

from dealership.core import periods, request_cache
from dealership.org.models import PolicySetting, Store
from leads.models import Lead
from leads.services.lead_intake import LeadRow, lead_create
from leads.tests.builders import new_phone

NOBODY = {"dcc_agent": 0, "sales_consultant": 0, "team_leader": 0}


def set_policy(store: Store, key: str, value: Any) -> None:
    """A value in force for the store since long ago."""
    since = periods.today().replace(year=periods.today().year - 2, day=1)
    PolicySetting.objects.update_or_create(
        store=store, group=None, key=key, effective_from=since, defaults={"value": value}
    )
    request_cache.forget("policy")


def nobody_takes(store: Store) -> None:
    """No automatic assignment in this store: new leads stay in the pool."""
    set_policy(store, "lead.default_weights", NOBODY)


def make_lead(by: Any, store: Store, owner: Any = None, **told: Any) -> Lead:
    """A new lead: in the round (or in the pool when nobody takes), or of `owner`."""
    told.setdefault("phone", new_phone())
    told.setdefault("name", "陈静")
    taken = lead_create(by=by, store=store, row=LeadRow(**told), owner=owner)
    return Lead.objects.get(pk=taken.lead_id)
