"""Every read of the settings pages and of the organisation's API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from dealership.accounts.models import User
from dealership.audit.models import AuditEntry, ExportLog, RevealLog
from dealership.core import periods
from dealership.core.scoping import reach_for
from dealership.org.calendar import day_kind
from dealership.org.calendar_lines import DayLine, read_days
from dealership.org.models import (
    CalendarDay,
    DealerGroup,
    LeadSource,
    Membership,
    PolicySetting,
    SavedView,
    Store,
    Team,
)
from dealership.org.policy import DEFAULTS, policy
from dealership.org.prepared import rows_for
from dealership.org.reach import memberships_of


def stores(*, user: User) -> QuerySet[Store]:
    """Stores within reach."""
    return Store.objects.visible_to(user).select_related("brand", "group")


def teams(*, user: User) -> QuerySet[Team]:
    """Teams within reach."""
    return Team.objects.visible_to(user).select_related("store")


def groups(*, user: User) -> QuerySet[DealerGroup]:
    """Groups the person belongs to in any role."""
    return DealerGroup.objects.filter(pk__in={row.group_id for row in memberships_of(user)})


def people(*, user: User) -> QuerySet[User]:
    """People with a membership, past or present, in a store within reach, or in the group for group roles."""
    reach = reach_for(user, "store")
    held = Membership.objects.filter(
        Q(store__in=Store.objects.visible_to(user)) | Q(group_id__in=reach.group_ids, store=None)
    )
    return User.objects.filter(pk__in=held.values("user_id"))


def people_list(*, user: User, text: str = "", state: str = "active") -> QuerySet[User]:
    """The settings list with the memberships in force, which the page shows as roles."""
    rows = people(user=user)
    if state in ("active", "inactive"):
        rows = rows.filter(is_active=state == "active")
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(username__icontains=text) | Q(employee_no__icontains=text))
    return rows.prefetch_related(_memberships(current=True))


def person_get(*, user: User, pk: int) -> User | None:
    """One person with every membership, or None when unknown or out of reach."""
    return people(user=user).filter(pk=pk).prefetch_related(_memberships(current=False)).first()


def _memberships(*, current: bool) -> Prefetch[Any]:
    rows = Membership.objects.select_related("store", "team").order_by("-valid", "id")
    if current:
        return Prefetch("memberships", rows.filter(valid__contains=periods.today()), to_attr="present")
    return Prefetch("memberships", rows, to_attr="all_memberships")


def policy_rows(*, user: User, key: str) -> QuerySet[PolicySetting]:
    """Dated rows of a key for the groups and stores within reach, newest first."""
    mine = {row.group_id for row in memberships_of(user)}
    rows = PolicySetting.objects.filter(key=key).select_related("store", "group")
    scope = Q(store=None, group=None) | Q(group_id__in=mine) | Q(store__in=Store.objects.visible_to(user))
    return rows.filter(scope).order_by("-effective_from", "-id")


def policy_now(*, user: User, key: str, store: Store | None = None) -> Any:
    """The value in force today for a store, or for the stores of the reader's group that have none of their own."""
    own = min((row.group_id for row in memberships_of(user)), default=None)
    return policy(key, store, group=None if store else own)


def policies_in_force(*, user: User, store: Store | None) -> list[tuple[str, Any, bool]]:
    """(key, value in force, is it changed from the shipped default) for a store, or for the reader's group."""
    found = [(key, policy_now(user=user, key=key, store=store)) for key in DEFAULTS]
    return [(key, value, value != DEFAULTS[key]) for key, value in found]


def calendar_preview(*, store: Store | None, lines: str) -> list[tuple[DayLine, str]]:
    """Each typed line with the kind its day has now; empty for a line that is no day."""
    store_id = store.pk if store else None
    return [(line, day_kind(line.day, store_id).value if line.day else "") for line in read_days(lines)]


def calendar_days(*, user: User, year: int) -> QuerySet[CalendarDay]:
    """Own rows of a year: for everyone and for the stores within reach."""
    rows = CalendarDay.objects.filter(day__year=year).select_related("store")
    return rows.filter(Q(store=None) | Q(store__in=Store.objects.visible_to(user))).order_by("day", "store_id")


def lead_sources(*, user: User) -> QuerySet[LeadSource]:
    """The source dictionary of one's group."""
    return LeadSource.objects.filter(group__in=groups(user=user))


def audit_entries(*, user: User, filters: dict[str, Any]) -> QuerySet[AuditEntry]:
    """The audit trail of the stores within reach; group roles also see entries without a store."""
    reach = reach_for(user, "audit")
    if reach.is_empty:
        return AuditEntry.objects.none()
    seen = Q(store_id__in=list(_audit_store_ids(user)))
    if reach.group_ids:
        seen |= Q(store_id=None)
    rows = AuditEntry.objects.filter(seen).select_related("actor")
    if filters.get("action"):
        rows = rows.filter(action__startswith=filters["action"])
    if filters.get("person"):
        rows = rows.filter(actor=filters["person"])
    if filters.get("object_type"):
        rows = rows.filter(object_type=filters["object_type"])
    if filters.get("object_id"):
        rows = rows.filter(object_id=filters["object_id"])
    if filters.get("day"):
        rows = rows.filter(**periods.Period.day(filters["day"]).filter("at"))
    return rows


def reveal_log(*, user: User) -> QuerySet[RevealLog]:
    """Who saw plain numbers, among the people of the stores within audit reach."""
    return RevealLog.objects.filter(actor__in=_audited_people(user)).select_related("actor")


def export_log(*, user: User) -> QuerySet[ExportLog]:
    """Who took files out, among the people of the stores within audit reach."""
    return ExportLog.objects.filter(actor__in=_audited_people(user)).select_related("actor")


def _audit_store_ids(user: User) -> QuerySet[Any]:
    reach = reach_for(user, "audit")
    return Store.objects.within(reach).values_list("pk", flat=True)


def _audited_people(user: User) -> QuerySet[Any]:
    reach = reach_for(user, "audit")
    held = Membership.objects.filter(
        Q(store_id__in=_audit_store_ids(user)) | Q(store=None, group_id__in=reach.group_ids)
    )
    return held.values("user_id")


def saved_views(*, user: User, page: str) -> list[SavedView]:
    """Views of a list: one's own first, then those shared in the stores one works in."""
    return sorted(rows_for(user, _saved_views, page), key=lambda view: view.user_id != user.pk)


def _saved_views(user: User, _ids: Sequence[int], page: str) -> QuerySet[SavedView]:
    stores_of = {row.store_id for row in memberships_of(user) if row.store_id}
    mine_or_shared = Q(user=user) | Q(is_shared=True, store_id__in=stores_of)
    return SavedView.objects.filter(mine_or_shared, page=page).select_related("user").order_by("name", "id")
