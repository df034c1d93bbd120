"""Who may see a row. One method, `visible_to`, is used by pages, API, form choices, search and exports.

The reach itself comes from the role table in `dealership.org.roles`, which registers its provider here
when the apps are ready, so that this module needs no import from above. Without a provider, for an
anonymous user or an unknown resource nothing is visible: it fails closed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q


@dataclass(frozen=True)
class Reach:
    """The rows of one resource a person may see: whole group(s), stores, teams, or their own rows in stores."""

    user_id: int | None = None
    group_ids: frozenset[int] = frozenset()
    store_ids: frozenset[int] = frozenset()
    team_ids: frozenset[int] = frozenset()
    own_store_ids: frozenset[int] = frozenset()

    @property
    def is_empty(self) -> bool:
        return not (self.group_ids or self.store_ids or self.team_ids or self.own_store_ids)

    def holds(self, *, owner: int, team: int, store: int, group: int) -> bool:
        """Would `ScopedQuerySet.within` find a row with these ids (0: none)? For rows read by hand."""
        whole = group in self.group_ids or store in self.store_ids or team in self.team_ids
        own = store in self.own_store_ids if self.own_store_ids else bool(self.team_ids)
        return whole or (own and owner == self.user_id)


NOTHING = Reach()
ReachProvider = Callable[[Any, str, str], Reach]
_provider: ReachProvider | None = None


def register_reach_provider(provider: ReachProvider) -> None:
    """Called once by `dealership.org` at start-up."""
    global _provider  # noqa: PLW0603  one provider per process, set at start-up
    _provider = provider


def reach_for(user: Any, resource: str, action: str = "view") -> Reach:
    """The reach of a user over a resource (`prospect`, `deal`, `payment` …) for an action."""
    if _provider is None or user is None or not getattr(user, "is_authenticated", False) or not user.is_active:
        return NOTHING
    return _provider(user, resource, action)


class ScopedQuerySet(models.QuerySet[Any]):
    """Base of every business queryset. Subclasses name their resource and the columns of the scope.

    A path of None means the model has no such column and that kind of reach shows nothing
    (for `owner_path`) or falls back to the store (for `team_path`).
    """

    resource: ClassVar[str] = ""
    store_path: ClassVar[str] = "store"
    team_path: ClassVar[str | None] = "team"
    owner_path: ClassVar[str | None] = "owner"

    def visible_to(self, user: Any, action: str = "view") -> Self:
        """Rows within the user's reach for this action; an empty queryset when there is none."""
        return self.within(reach_for(user, self.resource, action))

    def within(self, reach: Reach) -> Self:
        if reach.is_empty:
            return self.none()
        seen = Q()
        if reach.group_ids:
            seen |= Q(**{f"{self.store_path}__group_id__in": sorted(reach.group_ids)})
        if reach.store_ids:
            seen |= Q(**{f"{self._id(self.store_path)}__in": sorted(reach.store_ids)})
        if reach.team_ids and self.team_path:
            seen |= Q(**{f"{self._id(self.team_path)}__in": sorted(reach.team_ids)})
        if (reach.own_store_ids or reach.team_ids) and self.owner_path:
            own = Q(**{self._id(self.owner_path): reach.user_id})
            if reach.own_store_ids:
                own &= Q(**{f"{self._id(self.store_path)}__in": sorted(reach.own_store_ids)})
            seen |= own
        return self.filter(seen) if seen else self.none()

    @staticmethod
    def _id(path: str) -> str:
        return path if path.endswith("_id") or path in {"pk", "id"} else f"{path}_id"


def restrict_form_fields(form: Any, user: Any) -> None:
    """Narrow every model choice of a form to rows the user may see (A05): a foreign id is 'not a valid choice'."""
    for field in form.fields.values():
        queryset = getattr(field, "queryset", None)
        if queryset is not None and hasattr(queryset, "visible_to"):
            field.queryset = queryset.visible_to(user)
