"""Many rows at once: new ones by COPY as model instances, and many keys as one parameter.

Preparing so large a statement would take longer than doing it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from django.db import connection, models
from psycopg.types.json import Jsonb

from dealership.core import periods

M = TypeVar("M", bound=models.Model)
FEW = 50


def among(keys: Iterable[int]) -> models.Func:
    """Many keys as one parameter, for `…__in=`: as a list they are thousands of parameters, each prepared by itself."""
    array = models.Value(f"{{{','.join(map(str, keys))}}}", output_field=models.TextField())
    return models.Func(
        array, template="(SELECT unnest(%(expressions)s::bigint[]))", output_field=models.BigIntegerField()
    )


def copy_in(model: type[M], rows: Iterable[M]) -> list[M]:
    """Write new instances inside the caller's transaction and give them their keys.

    What `bulk_create` does for plain columns (texts, numbers, days, money, JSON; nothing encrypted), at a fifth of the
    price: triggers, constraints and errors (`IntegrityError`) are those of an insert. Relations may name rows that were
    saved after they were assigned. Few rows are inserted: COPY must ask for the keys first.
    """
    made = list(rows)
    if len(made) < FEW:
        return model._base_manager.bulk_create(made)  # noqa: SLF001  whatever a model's own manager hides
    fields = model._meta.concrete_fields
    keys = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
    with connection.cursor() as cursor:
        cursor.execute(keys, [model._meta.db_table, len(made)])
        _complete(made, [key for (key,) in cursor.fetchall()])
    _copy(model, fields, map(attrgetter(*(field.attname for field in fields)), made))
    for row in made:
        row._state.adding, row._state.db = False, connection.alias  # noqa: SLF001  as bulk_create leaves them
    return made


def copy_plain(model: type[models.Model], rows: Iterable[dict[str, Any]]) -> None:
    """`copy_in` for rows nobody needs as instances: to make an instance takes longer than to write it.

    Each row names the same columns by their attributes (`store_id`); the others take the field's default, and the key
    and what the database fills by itself are the database's.
    """
    told = list(rows)
    if len(told) < FEW:
        model._base_manager.bulk_create([model(**row) for row in told])  # noqa: SLF001
        return
    moment, names = periods.now(), tuple(told[0])
    others = {
        field: moment if _is_stamp(field) else field.get_default()
        for field in model._meta.concrete_fields
        if not field.primary_key and field.attname not in names and field.db_default is models.NOT_PROVIDED
    }
    fields = [*(model._meta.get_field(name) for name in names), *others]
    same = tuple(others.values())
    _copy(model, fields, ((*row.values(), *same) for row in told))


def _copy(model: type[models.Model], fields: Sequence[Any], lines: Iterable[tuple[Any, ...]]) -> None:
    """Send lines of values in the order of the fields."""
    table, columns = model._meta.db_table, ", ".join(f'"{field.column}"' for field in fields)
    documents = [at for at, field in enumerate(fields) if isinstance(field, models.JSONField)]
    statement = f'COPY "{table}" ({columns}) FROM STDIN'
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as target:
        for values in lines:
            line = list(values)
            for at in documents:
                line[at] = None if line[at] is None else Jsonb(line[at])
            target.write_row(line)


def _is_stamp(field: Any) -> bool:
    return bool(getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False))


def _complete(rows: list[M], keys: list[int]) -> None:
    """Key, stamps, and the keys of related rows that were not saved yet when they were assigned."""
    moment, fields = periods.now(), rows[0]._meta.concrete_fields
    stamps = [field.attname for field in fields if _is_stamp(field)]
    relations = [field for field in fields if isinstance(field, models.ForeignKey)]
    for row, key in zip(rows, keys, strict=True):
        row.pk = key
        for name in stamps:
            setattr(row, name, moment)
        for field in relations:
            if getattr(row, field.attname) is None and field.is_cached(row):
                related = field.get_cached_value(row)
                setattr(row, field.attname, related and related.pk)
