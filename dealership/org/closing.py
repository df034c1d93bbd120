"""The database guard of closed months: triggers that refuse dated writes, and the lock the close takes (R07, R09)."""

from __future__ import annotations

import datetime as dt

import pgtrigger
from django.db import connection


def closed_month_guards(
    column: str, *, is_date: bool = False, protects: tuple[str, ...] = ()
) -> list[pgtrigger.Trigger]:
    """The triggers of a table with `store_id` and the dated `column`.

    Refused when that date lies in a closed month of the store: an insert, a delete, and an update that changes
    the date, the store or one of the `protects` columns. A null date is not guarded yet.
    Every guarded write shares a lock with the close, so it is either inside the totals or refused.

    Inserts and deletes are looked at once per statement, each month once. An update that changes no watched column,
    as nearly all do, is told by the trigger's WHEN: its function is not called.
    """
    name = f"closed_month_{column}"
    watched = " OR ".join(f"OLD.{one} IS DISTINCT FROM NEW.{one}" for one in (column, "store_id", *protects))
    both = f"(VALUES (OLD.store_id, OLD.{column}), (NEW.store_id, NEW.{column})) AS both_rows (store_id, {column})"
    return [
        _per_statement(f"{name}_insert", pgtrigger.Insert, {"new": "new_rows"}, _months("new_rows", column, is_date)),
        pgtrigger.Trigger(
            name=f"{name}_update",
            when=pgtrigger.Before,
            operation=pgtrigger.Update,
            condition=pgtrigger.Condition(f"(({watched}) AND (OLD.{column} IS NOT NULL OR NEW.{column} IS NOT NULL))"),
            declare=[("touched", "record")],
            func=_refuse_each(_months(both, column, is_date)) + " RETURN NEW;",
        ),
        _per_statement(f"{name}_delete", pgtrigger.Delete, {"old": "old_rows"}, _months("old_rows", column, is_date)),
    ]


def closed_month_statement_guards(column: str) -> list[pgtrigger.Trigger]:
    """The guard of tables that are only written in bulk and whose `column` is the first of a month.

    Each month touched by the statement is locked against the close and looked up once; every update counts.
    """
    old, new = _months("old_rows", column, is_date=True), _months("new_rows", column, is_date=True)
    return [
        _per_statement(f"closed_{column}_insert", pgtrigger.Insert, {"new": "new_rows"}, new),
        _per_statement(
            f"closed_{column}_update", pgtrigger.Update, {"old": "old_rows", "new": "new_rows"}, f"{old} UNION {new}"
        ),
        _per_statement(f"closed_{column}_delete", pgtrigger.Delete, {"old": "old_rows"}, old),
    ]


def _months(rows: str, column: str, is_date: bool) -> str:
    """The (store, month) pairs of the dated rows."""
    day = column if is_date else f"({column} AT TIME ZONE 'Asia/Shanghai')::date"
    month = f"date_trunc('month', {day})::date"
    return f"SELECT DISTINCT store_id, {month} AS month FROM {rows} WHERE {column} IS NOT NULL"


def _per_statement(name: str, operation: pgtrigger.Operation, rows: dict[str, str], months: str) -> pgtrigger.Trigger:
    """Refuses the whole statement after its rows are known and before anything of it is kept."""
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(**rows),  # type: ignore[no-untyped-call]
        declare=[("touched", "record")],
        func=_refuse_each(months) + " RETURN NULL;",
    )


def _refuse_each(months: str) -> str:
    """Lock each pair against the close, in one order, then look whether it is closed."""
    return f"""
        FOR touched IN {months} ORDER BY 2, 1 LOOP
            PERFORM pg_advisory_xact_lock_shared(hashtext('close:' || touched.store_id || ':' || touched.month));
            IF EXISTS (SELECT 1 FROM org_closedmonth WHERE store_id = touched.store_id AND month = touched.month) THEN
                RAISE EXCEPTION 'closed_month:%', to_char(touched.month, 'YYYY-MM')
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
        END LOOP;"""


def take_close_lock(store_id: int, month: dt.date) -> None:
    """Wait until every guarded write of that month has ended, and hold off new ones until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('close:' || %s || ':' || %s::date))", [store_id, month.isoformat()]
        )
