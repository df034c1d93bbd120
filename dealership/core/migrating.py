"""Operations of migrations that are quicker than the library's."""

from __future__ import annotations

from django.db.migrations.state import ProjectState
from pgtrigger.migrations import AddTrigger as PgAddTrigger
from pgtrigger.migrations import RemoveTrigger as PgRemoveTrigger


class AddTrigger(PgAddTrigger):
    """Adds a trigger to a table without building the classes of all related models again.

    A trigger is no part of a model's class, and on a new database building classes is most of a migration's time.
    """

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        options = state.models[app_label, self.model_name_lower].options
        options["triggers"] = [*options.get("triggers", []), self.trigger]


class RemoveTrigger(PgRemoveTrigger):
    """Removes a trigger from a table, likewise."""

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        options = state.models[app_label, self.model_name_lower].options
        options["triggers"] = [one for one in options.get("triggers", []) if one.name != self.name]
