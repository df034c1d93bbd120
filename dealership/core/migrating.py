"""Trigger operations for migrations that are quicker than the library's.

A trigger is no part of a model's class, but the library has all related classes built anew after each of its
operations, and on a new database building classes is most of a migration's time. After `makemigrations` take these.
"""

from __future__ import annotations

from django.db.migrations.state import ProjectState
from pgtrigger.migrations import AddTrigger as PgAddTrigger
from pgtrigger.migrations import RemoveTrigger as PgRemoveTrigger


class AddTrigger(PgAddTrigger):
    """Adds a trigger to a table without building classes."""

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        options = state.models[app_label, self.model_name_lower].options
        options["triggers"] = [*options.get("triggers", []), self.trigger]


class RemoveTrigger(PgRemoveTrigger):
    """Removes a trigger from a table without building classes."""

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        options = state.models[app_label, self.model_name_lower].options
        options["triggers"] = [trigger for trigger in options.get("triggers", []) if trigger.name != self.name]
