"""What stands in the two calculated tables of a store's month, each by one hand-written statement."""

from __future__ import annotations

from typing import Any

from dealership.core.periods import Period
from leads.choices import OPEN_STATUSES

# 意向客户进度管控表: openings per grade, moves in and out, hand-overs, what was due, done and left over.
PROGRESS_SQL = """
    WITH opened AS (SELECT month, owner_id, grade, count(*) AS n FROM reports_openingprospect
            WHERE store_id = %(store)s AND month IN (%(first)s, %(next)s) GROUP BY 1, 2, 3),
        crossed AS (SELECT s.owner_id, s.from_status, s.to_status, p.previous_id IS NULL AS is_first, count(*) AS n
            FROM leads_statuschange s JOIN leads_prospect p ON p.id = s.prospect_id
            WHERE s.store_id = %(store)s AND s.at >= %(from)s AND s.at < %(until)s
                AND (s.from_status = ANY(%(open)s)) <> (s.to_status = ANY(%(open)s)) GROUP BY 1, 2, 3, 4),
        given AS (SELECT o.from_owner_id, o.owner_id, count(*) AS n FROM leads_ownerchange o
            WHERE o.store_id = %(store)s AND o.at >= %(from)s AND o.at < %(until)s AND o.owner_id <> o.from_owner_id
                AND (SELECT s.to_status FROM leads_statuschange s WHERE s.prospect_id = o.prospect_id
                    AND (s.at < o.at OR s.at = o.at AND s.owner_id = o.from_owner_id)
                    ORDER BY s.at DESC, s.id DESC LIMIT 1) = ANY(%(open)s) GROUP BY 1, 2),
        due AS (SELECT owner_id, count(*) AS n, count(done_at) AS done FROM leads_followuptask
            WHERE store_id = %(store)s AND cancelled_at IS NULL AND due_at >= %(from)s AND due_at < %(until)s
            GROUP BY 1),
        left_over AS (SELECT owner_id, count(*) AS n FROM leads_followuptask
            WHERE store_id = %(store)s AND due_at < %(until)s AND created_at < %(until)s
                AND (done_at IS NULL OR done_at >= %(until)s) AND (cancelled_at IS NULL OR cancelled_at >= %(until)s)
            GROUP BY 1)
    SELECT 'opened', month::text, owner_id, grade, n, 0 FROM opened
    UNION ALL SELECT 'crossed', from_status, owner_id, to_status, n, is_first::int FROM crossed
    UNION ALL SELECT 'given', from_owner_id::text, owner_id, '', n, 0 FROM given
    UNION ALL SELECT 'due', '', owner_id, '', n, done FROM due
    UNION ALL SELECT 'left', '', owner_id, '', n, 0 FROM left_over"""
# 意向客户级别状况表: a person's cards of the month with plans, contacts and the last changes of each.
GRADES_SQL = """
    WITH held AS MATERIALIZED (
            SELECT prospect_id AS id FROM reports_openingprospect
                WHERE store_id = %(store)s AND month = %(first)s AND owner_id = %(person)s
            UNION SELECT prospect_id FROM leads_statuschange WHERE store_id = %(store)s AND owner_id = %(person)s
                AND at >= %(from)s AND at < %(until)s AND to_status = ANY(%(open)s) AND from_status <> ALL(%(open)s)
            UNION SELECT prospect_id FROM leads_ownerchange
                WHERE store_id = %(store)s AND owner_id = %(person)s AND at >= %(from)s AND at < %(until)s)
    SELECT 'card', p.id, p.card_created_at, c.name, concat(c.gender, s.name, l.code) FROM held
        JOIN leads_prospect p ON p.id = held.id JOIN leads_customer c ON c.id = p.customer_id
        LEFT JOIN org_series s ON s.id = p.series_id LEFT JOIN org_leadsource l ON l.id = p.source_id
    UNION ALL SELECT 'plan', prospect_id, due_at, '', '' FROM leads_followuptask JOIN held ON held.id = prospect_id
        WHERE cancelled_at IS NULL AND due_at >= %(from)s AND due_at < %(until)s
    UNION ALL SELECT 'contact', prospect_id, done_at, outcome, grade_after FROM leads_followup
        JOIN held ON held.id = prospect_id WHERE done_at >= %(from)s AND done_at < %(until)s
    UNION ALL (SELECT DISTINCT ON (prospect_id) 'state', prospect_id, at, to_status, reason FROM leads_statuschange
        JOIN held ON held.id = prospect_id WHERE at < %(until)s ORDER BY prospect_id, at DESC)
    UNION ALL (SELECT DISTINCT ON (prospect_id) 'owner', prospect_id, at, u.name, '' FROM leads_ownerchange o
        JOIN held ON held.id = prospect_id JOIN accounts_user u ON u.id = o.owner_id
        WHERE at < %(until)s ORDER BY prospect_id, at DESC)
    UNION ALL (SELECT DISTINCT ON (prospect_id) 'grade', prospect_id, at, to_grade, '' FROM leads_gradechange
        JOIN held ON held.id = prospect_id WHERE at < %(until)s ORDER BY prospect_id, at DESC)"""


def table_values(store_id: int, person_id: int, month: Period) -> dict[str, Any]:
    """The values both ask with."""
    states = [str(status) for status in OPEN_STATUSES]
    span = {"first": month.start, "next": month.end, "from": month.start_at, "until": month.end_at}
    return {"store": store_id, "person": person_id, "open": states, **span}
