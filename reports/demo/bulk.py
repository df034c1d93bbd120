"""Rows gathered in memory and copied into PostgreSQL in one go: what makes big groups feasible."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models, transaction
from psycopg.types.json import Jsonb

from dealership.core.crypto import EncryptedTextField

Row = dict[str, Any]


class Bulk:
    """Hands out primary keys before the rows exist, so that rows may name each other in any order.

    Foreign keys are deferred, so `flush` needs no order either. One `flush` is one transaction.
    """

    def __init__(self, moment: dt.datetime) -> None:
        self._moment = moment
        self._rows: dict[type[models.Model], list[Row]] = defaultdict(list)
        self._next: dict[type[models.Model], int] = {}
        self._defaults: dict[type[models.Model], Row] = {}

    def add(self, model: type[models.Model], **values: Any) -> Row:
        """Keep a row (values by column attribute, `owner_id=…`) and return it; it may change until `flush`."""
        row = {**self._defaults_of(model), **values}
        row["id"] = self._next_id(model)
        self._rows[model].append(row)
        return row

    def link(self, through: type[models.Model], **values: int) -> None:
        """A row of a many-to-many table."""
        self.add(through, **values)

    def rows(self, model: type[models.Model]) -> list[Row]:
        """Rows of a model waiting to be written."""
        return self._rows[model]

    def flush(self) -> None:
        """Write everything, with the tables' own triggers (history, closed months) held off."""
        kept = [model for model, rows in self._rows.items() if rows]
        with transaction.atomic(), _without_triggers(kept):
            for model in kept:
                self._copy(model, self._rows[model])
                _restart_sequence(model, self._next[model])
        self._rows.clear()

    def _copy(self, model: type[models.Model], rows: list[Row]) -> None:
        fields = list(model._meta.concrete_fields)
        columns = ", ".join(f'"{field.column}"' for field in fields)
        names = [field.attname for field in fields]
        prepared = {field.attname: _writer(field) for field in fields if _writer(field)}
        with connection.cursor() as cursor, cursor.copy(f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN') as out:
            for row in rows:
                for name, prepare in prepared.items():
                    if row[name] is not None:
                        row[name] = prepare(row[name])
                out.write_row([row[name] for name in names])

    def _next_id(self, model: type[models.Model]) -> int:
        if model not in self._next:
            top = model._default_manager.aggregate(top=models.Max("pk"))["top"]
            self._next[model] = (top or 0) + 1
        value = self._next[model]
        self._next[model] += 1
        return value

    def _defaults_of(self, model: type[models.Model]) -> Row:
        if model not in self._defaults:
            self._defaults[model] = {
                field.attname: self._moment if _stamps(field) else field.get_default()
                for field in model._meta.concrete_fields
            }
        return self._defaults[model]


def _stamps(field: models.Field[Any, Any]) -> bool:
    return bool(getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False))


def _writer(field: models.Field[Any, Any]) -> Any:
    """How a value of this field is turned into what COPY takes; None when it is taken as it is."""
    if isinstance(field, models.JSONField):
        return Jsonb
    if isinstance(field, EncryptedTextField):
        return field.get_prep_value
    return None


def _restart_sequence(model: type[models.Model], value: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, false)", [model._meta.db_table, value])


@contextmanager
def _without_triggers(kept: list[type[models.Model]]) -> Iterator[None]:
    """Demo rows are history-free by intention; constraints and foreign keys stay in force."""
    tables = [connection.ops.quote_name(model._meta.db_table) for model in kept]
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
