"""Field history (`@pghistory.track()`) written once per statement, whatever the number of rows.

The settings name `TRACKERS` as the default of every tracked model. One row costs what it costs with a trigger per row;
ten thousand rows cost one insert instead of ten thousand.
"""

from __future__ import annotations

from typing import Any

import pghistory
import pgtrigger
from django.db import models
from pghistory import trigger


class _UpdateTrigger(trigger.Event):
    """Pairs old with new rows by a full join: both sides have the same keys, so it finds what an inner join finds.

    PL/pgSQL keeps the plan of the first call. One made for a single row is a nested loop, which grows with the square
    of the rows when a bulk update follows on the same connection; a full join can only be hashed or merged.
    """

    def get_func_template_kwargs(self, model: models.Model) -> dict[str, Any]:
        told: dict[str, Any] = super().get_func_template_kwargs(model)
        pair, wide = "old_values JOIN new_values", "old_values FULL JOIN new_values"
        return {name: value.replace(pair, wide) if isinstance(value, str) else value for name, value in told.items()}


PER_STATEMENT: pgtrigger.Level = pgtrigger.Statement  # type: ignore[has-type]  # pgtrigger is not checked


class InsertEvent(pghistory.InsertEvent):
    """The row as it was made."""

    level = PER_STATEMENT

    def __deepcopy__(self, memo: dict[int, Any]) -> InsertEvent:
        """pghistory copies its defaults for every model, and a copy of an operation does not equal the operation."""
        return type(self)()


class UpdateEvent(pghistory.UpdateEvent):
    """The new row of every update that changes something."""

    level = PER_STATEMENT

    def __deepcopy__(self, memo: dict[int, Any]) -> UpdateEvent:
        return type(self)()

    def add_event_trigger(self, event_model: Any) -> None:
        """Register the trigger on the tracked model (called by pghistory)."""
        made = _UpdateTrigger(  # type: ignore[no-untyped-call]
            event_model=event_model, label=self.label, name=self.trigger_name, row=self.row, operation=self.operation,
            condition=self.condition, level=self.level,
        )  # fmt: skip
        pgtrigger.register(made)(event_model.pgh_tracked_model)


TRACKERS = (InsertEvent(), UpdateEvent())
