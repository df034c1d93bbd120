"""The database guard of closed months: a trigger that refuses dated writes, and the lock the close takes (R07, R09)."""

from __future__ import annotations

import datetime as dt

import pgtrigger
from django.db import connection


def closed_month_guard(column: str, *, is_date: bool = False, protects: tuple[str, ...] = ()) -> pgtrigger.Trigger:
    """A trigger for a table with `store_id` and the dated `column`.

    Refused when that date lies in a closed month of the store: an insert, a delete, and an update that changes
    the date, the store or one of the `protects` columns. A null date is not guarded yet.
    Every guarded write shares a lock with the close, so it is either inside the totals or refused.
    """
    day = "{row}.{col}" if is_date else "({row}.{col} AT TIME ZONE 'Asia/Shanghai')::date"
    watched = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in (column, "store_id", *protects))

    def check(row: str) -> str:
        value = day.format(row=row, col=column)
        return f"""
            IF {row}.{column} IS NOT NULL THEN
                month_start := date_trunc('month', {value})::date;
                PERFORM pg_advisory_xact_lock_shared(hashtext('close:' || {row}.store_id || ':' || month_start));
                IF EXISTS (SELECT 1 FROM org_closedmonth WHERE store_id = {row}.store_id AND month = month_start) THEN
                    RAISE EXCEPTION 'closed_month:%', to_char(month_start, 'YYYY-MM')
                        USING ERRCODE = 'integrity_constraint_violation';
                END IF;
            END IF;"""

    func = f"""
        IF TG_OP = 'INSERT' THEN {check("NEW")} RETURN NEW; END IF;
        IF TG_OP = 'DELETE' THEN {check("OLD")} RETURN OLD; END IF;
        IF {watched} THEN {check("OLD")} {check("NEW")} END IF;
        RETURN NEW;
    """
    return pgtrigger.Trigger(
        name=f"closed_month_{column}"[:40],
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        declare=[("month_start", "date")],
        func=func,
    )


def closed_month_statement_guards(column: str) -> list[pgtrigger.Trigger]:
    """The same guard once per statement, for tables written in bulk whose dated `column` is the first of a month.

    Each month touched by the statement is locked against the close and looked up once; every update counts.
    """
    operations = {
        "insert": (pgtrigger.Insert, {"new": "new_rows"}),
        "update": (pgtrigger.Update, {"old": "old_rows", "new": "new_rows"}),
        "delete": (pgtrigger.Delete, {"old": "old_rows"}),
    }
    return [
        pgtrigger.Trigger(
            name=f"closed_{column}_{event}",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=pgtrigger.Referencing(**rows),  # type: ignore[no-untyped-call]
            declare=[("touched", "record")],
            func=f"""
            FOR touched IN {" UNION ".join(f"SELECT store_id, {column} AS month FROM {name}" for name in rows.values())}
            LOOP
                PERFORM pg_advisory_xact_lock_shared(hashtext('close:' || touched.store_id || ':' || touched.month));
                IF EXISTS (
                    SELECT 1 FROM org_closedmonth WHERE store_id = touched.store_id AND month = touched.month
                ) THEN
                    RAISE EXCEPTION 'closed_month:%', to_char(touched.month, 'YYYY-MM')
                        USING ERRCODE = 'integrity_constraint_violation';
                END IF;
            END LOOP;
            RETURN NULL;
            """,
        )
        for event, (operation, rows) in operations.items()
    ]


def take_close_lock(store_id: int, month: dt.date) -> None:
    """Wait until every guarded write of that month has ended, and hold off new ones until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('close:' || %s || ':' || %s::date))", [store_id, month.isoformat()]
        )
