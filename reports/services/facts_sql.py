"""One statement that counts a store's month, compares it with its facts and writes only what differs.

The counting part is the KPI definitions' own querysets (`core.kpi.counted`); the rest is the same for every KPI.
The rows never leave the database, so the memory of a run does not grow with them.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Sequence
from itertools import chain
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import QuerySet

from dealership.core.kpi import counted
from dealership.core.prepared import sql_of
from reports.services.cells import Work, keys_of

_REPLACE = """
WITH counted (pass, store, team, person, day, part, sums) AS ({counted}),
feed (pass, place, kpi, sign, is_denominator, is_ratio, monthly) AS (VALUES {feeds}),
fresh (kpi, day, part, person, team, numerator, denominator) AS MATERIALIZED (
    SELECT * FROM (
        SELECT kpi, CASE WHEN monthly THEN NULL ELSE day END, part, person, team,
            round(coalesce(sum(sign * sums[place]) FILTER (WHERE NOT is_denominator), 0), 4) AS top,
            CASE WHEN is_ratio THEN round(coalesce(sum(sign * sums[place]) FILTER (WHERE is_denominator), 0), 4)
            END AS bottom
        FROM counted JOIN feed USING (pass) GROUP BY 1, 2, 3, 4, 5, is_ratio
    ) summed WHERE top <> 0 OR bottom <> 0
    {computed}
),
old AS MATERIALIZED (
    SELECT id, kpi, day, part, person_id, team_id, numerator, denominator FROM reports_fact
    WHERE store_id = %s AND month = %s AND NOT (kpi = ANY(%s) AND day <> ALL(%s::date[]))
),
differing AS MATERIALIZED (
    SELECT old.id, coalesce(fresh.kpi, old.kpi) AS kpi, coalesce(fresh.day, old.day) AS day, fresh.kpi IS NULL AS gone,
        fresh.part, fresh.person, fresh.team, fresh.numerator, fresh.denominator
    FROM fresh FULL JOIN old ON fresh.kpi = old.kpi AND fresh.part = old.part
        AND coalesce(fresh.day, '-infinity'::date) = coalesce(old.day, '-infinity'::date)
        AND coalesce(fresh.person, 0) = coalesce(old.person_id, 0)
        AND coalesce(fresh.team, 0) = coalesce(old.team_id, 0)
    WHERE (old.numerator, old.denominator) IS DISTINCT FROM (fresh.numerator, fresh.denominator)
),
removed AS (
    DELETE FROM reports_fact USING differing WHERE reports_fact.id = differing.id AND gone
),
changed AS (
    UPDATE reports_fact SET numerator = differing.numerator, denominator = differing.denominator
    FROM differing WHERE reports_fact.id = differing.id AND NOT gone
),
added AS (
    INSERT INTO reports_fact (store_id, month, kpi, day, part, person_id, team_id, numerator, denominator)
    SELECT %s, %s, kpi, day, part, person, team, numerator, denominator FROM differing WHERE id IS NULL
)
SELECT count(DISTINCT (day, kpi = ANY(%s))), count(*) FROM differing
"""
_FEED = "(%s, %s, %s, %s, %s, %s, %s)"
_COMPUTED = "(%s, %s::date, %s, %s::bigint, %s::bigint, %s::numeric, %s::numeric)"


def _counted(store_id: int, work: Work) -> tuple[str, tuple[Any, ...]]:
    """The reading of all passes: one statement for every store with the same days and policies."""
    shape = tuple(dataclasses.replace(one.with_terms(work.measures), store=0) for one in work.passes)

    def build(ids: Sequence[int]) -> QuerySet[Any, Any]:
        return counted(work.measures, [dataclasses.replace(one, store=ids[0]) for one in shape], daily=True)

    return sql_of((_counted, shape), build, [store_id])


class Written(NamedTuple):
    """Cells (days, day states, the month) that changed, and the facts written or removed for it."""

    cells: int
    facts: int


def replace(*, store_id: int, month: dt.date, work: Work, days: Collection[dt.date]) -> Written:
    """Make the month's facts equal to what `work` counts; as-of facts of other days than `days` stay as observed."""
    inner, values = _counted(store_id, work)
    lines = [(*cell, *both) for cell, both in work.computed.items()]
    made = f"UNION ALL VALUES {', '.join([_COMPUTED] * len(lines))}" if lines else ""
    statement = _REPLACE.format(counted=inner, feeds=", ".join([_FEED] * len(work.feeds)), computed=made)
    states = keys_of("now")
    told: list[Any] = [store_id, month, states, list(days), store_id, month, states]
    with connection.cursor() as cursor:
        given: list[Any] = [*values, *chain(*work.feeds), *chain(*lines), *told]
        cursor.execute(statement, given)
        return Written(*cursor.fetchone())
