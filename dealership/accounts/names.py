"""A person's name as a statement shows it."""

from __future__ import annotations

from django.db.models import Value
from django.db.models.functions import Coalesce, NullIf


def shown_name(path: str = "") -> Coalesce:
    """What `str(user)` is, of the user at the end of `path` (`"owner__"`), read with the row itself."""
    return Coalesce(NullIf(f"{path}name", Value("")), f"{path}username")
