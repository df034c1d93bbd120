"""Triggers of this app: what no code path, import or console may do."""

from __future__ import annotations

import pgtrigger


def two_person_guard() -> pgtrigger.Trigger:
    """A card becomes lost or dormant only on an application that another person agreed to (§4.2).

    An agreed dormancy that has ended (`woken_at`) does not count again.
    """
    return pgtrigger.Trigger(
        name="two_persons",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("status"),  # type: ignore[no-untyped-call]
        condition=pgtrigger.Condition("NEW.status IN ('lost', 'dormant')"),
        func="""
            IF TG_OP = 'INSERT' OR OLD.status IS DISTINCT FROM NEW.status THEN
                IF NOT EXISTS (
                    SELECT 1 FROM leads_lossapplication
                    WHERE prospect_id = NEW.id AND state = 'agreed' AND decided_by_id <> applied_by_id
                        AND woken_at IS NULL AND kind = CASE NEW.status WHEN 'lost' THEN 'loss' ELSE 'dormancy' END
                ) THEN
                    RAISE EXCEPTION 'two_persons: card % cannot become %', NEW.id, NEW.status
                        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'leads_prospect_two_persons';
                END IF;
            END IF;
            RETURN NEW;
        """,
    )


def answered_guard() -> pgtrigger.Trigger:
    """An answered application is history: only the end of an agreed dormancy may still be written on it."""
    return pgtrigger.Trigger(
        name="answered",
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func="""
            IF TG_OP = 'UPDATE' AND (OLD.state = 'pending' OR (
                to_jsonb(NEW) - '{woken_at,updated_at,version}'::text[]
                = to_jsonb(OLD) - '{woken_at,updated_at,version}'::text[]
            )) THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'application % is answered', OLD.id
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'leads_lossapplication_answered';
        """,
    )
