"""The month's figures by one hand-written statement: what a careful person would write without the KPI definitions.

It answers every stored KPI of a finished month that is made of rows (time progress comes from the calendar alone):
per person and day, per month, and the state at the month's end, for a store that counts retail by hand-over.
`reports/tests/test_rollup.py` proves that its answer is the stored facts.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from dealership.core.periods import Period
from dealership.org.policy import policy_decimal

MONTH_SQL = """
WITH drives AS (
    SELECT customer_id, prospect_id, series_id, owner_id, team_id, finished_at, id,
        (finished_at AT TIME ZONE 'Asia/Shanghai')::date AS day
    FROM leads_testdrive WHERE status = 'finished' AND kind = 'drive' AND licence_checked_at IS NOT NULL
        AND agreement_signed_at IS NOT NULL AND store_id = %(store)s
), lines (kpi, day, part, person, team, top, bottom) AS (
    SELECT kpi, CASE WHEN NOT monthly THEN day END, '', person, team, top, bottom FROM (
        SELECT (visited_at AT TIME ZONE 'Asia/Shanghai')::date AS day, v.owner_id AS person, v.team_id AS team,
            count(*) FILTER (WHERE v.channel = 'walk_in') AS traffic,
            count(*) FILTER (WHERE v.channel = 'walk_in'
                AND visit_type IN ('first_captured', 'first_carded', 'first_uncaptured')) AS first,
            count(*) FILTER (WHERE v.channel = 'walk_in' AND visit_type = 'repeat') AS repeated,
            count(*) FILTER (WHERE v.channel = 'phone_in') AS phone,
            count(*) FILTER (WHERE v.channel = 'walk_in' AND visit_type = 'incomplete') AS incomplete,
            count(*) FILTER (WHERE v.channel = 'walk_in' AND held) AS held,
            count(*) FILTER (WHERE v.channel = 'walk_in'
                AND visit_type IN ('first_captured', 'first_uncaptured')) AS holdable,
            count(*) FILTER (WHERE v.channel = 'phone_in' AND held) AS called,
            count(*) FILTER (WHERE v.channel = 'phone_in'
                AND visit_type IN ('first_captured', 'first_uncaptured')) AS callable,
            count(*) FILTER (WHERE v.channel = 'walk_in' AND visit_type IN ('first_captured', 'first_carded')) AS known,
            count(*) FILTER (WHERE invited) AS invited,
            count(*) FILTER (WHERE v.channel = 'walk_in'
                AND visit_type IN ('first_captured', 'first_carded', 'repeat')) AS drivable,
            count(*) FILTER (WHERE v.channel = 'walk_in' AND visit_type IN ('first_captured', 'first_carded', 'repeat')
                AND EXISTS (SELECT FROM drives d
                    WHERE d.customer_id = v.customer_id AND d.day = v.visited_on)) AS driven,
            count(*) FILTER (WHERE invited AND visited_on > card_day AND NOT EXISTS (SELECT FROM leads_visit w
                    WHERE w.prospect_id = v.prospect_id AND w.channel = 'walk_in'
                    AND w.visit_type IN ('first_carded', 'repeat') AND w.visited_on > card_day
                    AND w.visited_on < v.visited_on)
                AND NOT EXISTS (SELECT FROM sales_deal d, LATERAL (SELECT
                        (d.ordered_at AT TIME ZONE 'Asia/Shanghai')::date AS day) o
                    WHERE d.prospect_id = v.prospect_id AND o.day > card_day AND o.day < v.visited_on)) AS again,
            count(*) FILTER (WHERE v.channel = 'walk_in' AND left_at IS NOT NULL) AS stayed,
            sum(floor(extract(epoch FROM left_at - visited_at) / 60)) FILTER (WHERE v.channel = 'walk_in') AS minutes,
            count(*) FILTER (WHERE v.channel = 'walk_in' AND visit_type = 'first_captured') AS fresh,
            count(*) FILTER (WHERE v.channel = 'walk_in' AND visit_type = 'first_captured' AND ordered) AS fresh_sold,
            count(*) FILTER (WHERE v.channel = 'walk_in' AND visit_type = 'repeat' AND ordered) AS again_sold
        FROM leads_visit v LEFT JOIN leads_customer c ON c.id = v.customer_id
            LEFT JOIN leads_prospect a ON a.id = v.prospect_id,
            LATERAL (SELECT (a.card_created_at AT TIME ZONE 'Asia/Shanghai')::date AS card_day,
                v.channel = 'walk_in' AND visit_type IN ('first_carded', 'repeat') AS invited,
                EXISTS (SELECT FROM sales_deal d WHERE d.customer_id = v.customer_id
                    AND (d.ordered_at AT TIME ZONE 'Asia/Shanghai')::date = v.visited_on) AS ordered,
                visit_type = 'first_captured' AND (c.wechat <> '' OR EXISTS (SELECT FROM leads_customerphone p
                    WHERE p.customer_id = c.id AND NOT p.is_invalid)) AS held) s
        WHERE v.store_id = %(store)s AND visited_at >= %(start)s AND visited_at < %(end)s GROUP BY 1, 2, 3
    ) v, LATERAL (VALUES ('traffic_total', false, traffic, NULL), ('first_visits', false, first, NULL),
        ('repeat_visits', false, repeated, NULL), ('phone_ins', false, phone, NULL),
        ('incomplete_visits', false, incomplete, NULL), ('lead_capture_rate', false, held, holdable),
        ('phone_capture_rate', false, called, callable), ('closing_rate', false, 0, known),
        ('invited_visits', false, invited, NULL), ('invite_show_rate', true, invited, 0),
        ('test_drive_rate', false, driven, drivable), ('second_visit_rate', false, again, 0),
        ('showroom_minutes', false, minutes, stayed), ('first_visit_close_rate', false, fresh_sold, fresh),
        ('repeat_visit_close_rate', false, again_sold, repeated)
    ) k (kpi, monthly, top, bottom)
    UNION ALL
    SELECT kpi, day, '', person, team, top, bottom FROM (
        SELECT (visited_at AT TIME ZONE 'Asia/Shanghai')::date AS day, received_by_id AS person, team_id AS team,
            count(*) AS n, count(left_at) AS timed, sum(floor(extract(epoch FROM left_at - visited_at) / 60)) AS minutes
        FROM leads_visit WHERE store_id = %(store)s AND channel = 'walk_in' AND received_by_id IS NOT NULL
            AND visited_at >= %(start)s AND visited_at < %(end)s GROUP BY 1, 2, 3
    ) r, LATERAL (VALUES ('avg_daily_contacts', n, 0), ('orders_per_100_contacts', 0, n),
        ('avg_contact_minutes', minutes, timed)) k (kpi, top, bottom)
    UNION ALL
    SELECT kpi, CASE WHEN NOT monthly THEN day END, '', person, team, top, bottom FROM (
        SELECT (at AT TIME ZONE 'Asia/Shanghai')::date AS day, s.owner_id AS person, s.team_id AS team,
            count(*) FILTER (WHERE from_status = '') AS made,
            count(*) FILTER (WHERE from_status = '' AND p.source_id IS NOT NULL) AS sourced,
            count(*) FILTER (WHERE from_status = '' AND p.previous_id IS NULL) AS first_made,
            count(*) FILTER (WHERE from_status <> '' OR p.previous_id IS NOT NULL) AS back
        FROM leads_statuschange s JOIN leads_prospect p ON p.id = s.prospect_id
        WHERE (from_status = '' OR from_status = 'dormant' AND to_status = 'active')
            AND s.store_id = %(store)s AND at >= %(start)s AND at < %(end)s
        GROUP BY 1, 2, 3
    ) c, LATERAL (VALUES ('new_cards', false, made, NULL), ('new_customers', false, first_made, NULL),
        ('cards_attainment', true, made, 0),
        ('prospect_conversion', true, 0, made), ('loss_rate', true, 0, made), ('invite_show_rate', true, 0, made),
        ('grade_upgrade_rate', true, 0, made), ('second_visit_rate', false, 0, made),
        ('new_card_sign_rate', false, 0, made), ('source_conversion', false, 0, sourced),
        ('winback_rate', false, 0, back)) k (kpi, monthly, top, bottom)
    UNION ALL
    SELECT kpi, day, '', person, team, top, bottom FROM (
        SELECT (done_at AT TIME ZONE 'Asia/Shanghai')::date AS day, done_by_id AS person, team_id AS team,
            count(*) FILTER (WHERE outcome <> 'no_answer') AS reached,
            count(*) FILTER (WHERE outcome = 'no_answer') AS missed,
            sum(minutes) AS minutes, count(minutes) AS timed
        FROM leads_followup WHERE store_id = %(store)s AND done_at >= %(start)s AND done_at < %(end)s GROUP BY 1, 2, 3
    ) f, LATERAL (VALUES ('follow_up_count', reached, NULL), ('follow_up_no_answer', missed, NULL),
        ('avg_daily_contacts', reached, 0), ('orders_per_100_contacts', 0, reached),
        ('avg_contact_minutes', minutes, timed)) k (kpi, top, bottom)
    UNION ALL
    SELECT 'follow_up_on_time_rate', (due_at AT TIME ZONE 'Asia/Shanghai')::date, '', owner_id, team_id,
        count(*) FILTER (WHERE (done_at AT TIME ZONE 'Asia/Shanghai')::date
            <= (due_at AT TIME ZONE 'Asia/Shanghai')::date), count(*)
    FROM leads_followuptask
    WHERE store_id = %(store)s AND due_at >= %(start)s AND due_at < %(end)s AND (cancelled_at IS NULL
        OR (cancelled_at AT TIME ZONE 'Asia/Shanghai')::date > (due_at AT TIME ZONE 'Asia/Shanghai')::date)
    GROUP BY 2, 4, 5
    UNION ALL
    SELECT kpi, CASE WHEN NOT monthly THEN day END, '', person, team, top, bottom FROM (
        SELECT day, d.owner_id AS person, d.team_id AS team, count(*) AS n, sum(day - card_day) AS days,
            count(*) FILTER (WHERE date_trunc('month', day) = date_trunc('month', card_day)) AS fresh,
            count(*) FILTER (WHERE p.source_id IS NOT NULL) AS sourced,
            count(*) FILTER (WHERE p.previous_id IS NOT NULL OR EXISTS (SELECT FROM leads_statuschange s
                WHERE s.prospect_id = p.id AND from_status = 'dormant' AND to_status = 'active'
                AND s.at <= d.ordered_at)) AS won_back,
            count(*) FILTER (WHERE EXISTS (SELECT FROM drives t
                WHERE t.prospect_id = p.id AND t.finished_at < d.ordered_at)) AS driven,
            count(*) FILTER (WHERE EXISTS (SELECT FROM reports_openingprospect o WHERE o.prospect_id = p.id
                AND o.month = %(first)s AND o.grade IN ('H', 'A', 'B', 'C'))) AS carried,
            count(*) FILTER (WHERE card_day >= %(first)s::date - 90 AND EXISTS (SELECT FROM reports_openingprospect o
                WHERE o.prospect_id = p.id AND o.month = %(first)s AND o.grade IN ('H', 'A', 'B', 'C'))) AS carried_90,
            count(*) FILTER (WHERE EXISTS (SELECT FROM leads_campaign c WHERE c.store_id = %(store)s
                AND c.source_id = p.source_id AND c.cost_actual IS NOT NULL
                AND c.ends_on >= %(first)s AND c.ends_on < %(following)s)) AS paid_for,
            count(*) FILTER (WHERE day > card_day AND NOT EXISTS (SELECT FROM leads_visit v WHERE v.prospect_id = p.id
                    AND v.channel = 'walk_in' AND v.visit_type IN ('first_carded', 'repeat')
                    AND v.visited_on > card_day AND v.visited_on <= day)
                AND NOT EXISTS (SELECT FROM sales_deal e WHERE e.prospect_id = p.id AND e.ordered_at < d.ordered_at
                    AND (e.ordered_at AT TIME ZONE 'Asia/Shanghai')::date > card_day)) AS again
        FROM sales_deal d JOIN leads_prospect p ON p.id = d.prospect_id,
            LATERAL (SELECT (ordered_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
                (p.card_created_at AT TIME ZONE 'Asia/Shanghai')::date AS card_day) s
        WHERE d.store_id = %(store)s AND ordered_at >= %(start)s AND ordered_at < %(end)s GROUP BY 1, 2, 3
    ) o, LATERAL (VALUES ('orders_gross', false, n, NULL), ('orders_net', false, n, NULL),
        ('closing_rate', false, n, 0), ('orders_attainment', true, n, 0), ('prospect_conversion', true, n, 0),
        ('order_delivery_rate', true, 0, n), ('order_cancel_rate', true, 0, n), ('avg_lead_days', false, days, n),
        ('new_card_sign_rate', false, fresh, 0),
        ('source_conversion', false, sourced, 0), ('winback_rate', false, won_back, 0),
        ('test_drive_sign_rate', false, driven, 0), ('carryover_sign_rate', true, carried, 0),
        ('carryover_sign_rate_90', true, carried_90, 0),
        ('cost_per_order', false, 0, paid_for), ('second_visit_rate', false, again, 0),
        ('orders_per_100_contacts', false, n, 0)) k (kpi, monthly, top, bottom)
    UNION ALL
    SELECT 'median_lead_days', NULL, ((ordered_at AT TIME ZONE 'Asia/Shanghai')::date
        - (p.card_created_at AT TIME ZONE 'Asia/Shanghai')::date)::text, d.owner_id, d.team_id, count(*), NULL
    FROM sales_deal d JOIN leads_prospect p ON p.id = d.prospect_id
    WHERE d.store_id = %(store)s AND ordered_at >= %(start)s AND ordered_at < %(end)s GROUP BY 3, 4, 5
    UNION ALL
    SELECT kpi, CASE WHEN NOT monthly THEN day END, '', person, team, top, bottom FROM (
        SELECT (cancelled_at AT TIME ZONE 'Asia/Shanghai')::date AS day, owner_id AS person, team_id AS team,
            count(*) AS n
        FROM sales_deal WHERE store_id = %(store)s AND ordered_at IS NOT NULL
            AND cancelled_at >= %(start)s AND cancelled_at < %(end)s GROUP BY 1, 2, 3
    ) c, LATERAL (VALUES ('orders_net', false, -n, NULL), ('order_cancel_rate', true, n, 0))
        k (kpi, monthly, top, bottom)
    UNION ALL
    SELECT kpi, CASE WHEN NOT monthly THEN day END, '', person, team, top, bottom FROM (
        SELECT day, owner_id AS person, team_id AS team, count(*) AS n,
            count(*) FILTER (WHERE day <= first_promised_on) AS kept
        FROM sales_deal, LATERAL (SELECT (delivered_at AT TIME ZONE 'Asia/Shanghai')::date AS day) s
        WHERE store_id = %(store)s AND delivered_at >= %(start)s AND delivered_at < %(end)s GROUP BY 1, 2, 3
    ) d, LATERAL (VALUES ('retail_units', false, n, NULL), ('delivery_units', false, n, NULL),
        ('target_attainment', true, n, 0), ('order_delivery_rate', true, n, 0), ('sales_per_consultant', true, n, 0),
        ('delivery_timeliness', false, kept, n)) k (kpi, monthly, top, bottom)
    UNION ALL
    SELECT 'delivery_accuracy', judged, '', owner_id, team_id, count(*) FILTER (WHERE handed_complete
        AND NOT coalesce((corrected_at AT TIME ZONE 'Asia/Shanghai')::date <= judged, false)), count(*)
    FROM sales_deal, LATERAL (SELECT (delivered_at AT TIME ZONE 'Asia/Shanghai')::date + 7 AS judged) j
    WHERE store_id = %(store)s AND judged >= %(first)s AND judged < %(following)s
        AND judged < (%(now)s AT TIME ZONE 'Asia/Shanghai')::date GROUP BY 2, 4, 5
    UNION ALL
    SELECT 'sales_per_consultant', NULL, '', user_id, team_id, 0, sum(round((upper(held) - lower(held))::numeric
        / (upper(span) - lower(span)), 4))
    FROM org_membership, LATERAL (SELECT daterange(%(first)s, least(%(following)s,
            (%(now)s AT TIME ZONE 'Asia/Shanghai')::date + 1)) AS span) d, LATERAL (SELECT valid * span AS held) h
    WHERE store_id = %(store)s AND role = 'sales_consultant' AND valid && span GROUP BY 4, 5
    UNION ALL
    SELECT kpi, CASE WHEN NOT monthly THEN day END, '', person, team, top, bottom FROM (
        SELECT issued_on AS day, i.owner_id AS person, i.team_id AS team, sum(amount) AS amount,
            sum(sign) AS units, sum(sign) FILTER (WHERE costed) AS costed,
            sum(sign * (margin - greatest(round(margin / (1 + %(vat)s) * %(vat)s * (1 + %(surcharge)s), 2), 0)))
                FILTER (WHERE costed) AS profit
        FROM sales_invoice i JOIN sales_deal d ON d.id = i.deal_id LEFT JOIN sales_vehicle v ON v.id = d.vehicle_id,
            LATERAL (SELECT CASE WHEN is_red THEN -1 ELSE 1 END AS sign,
                d.invoiced_cost IS NOT NULL OR d.vehicle_id IS NOT NULL AS costed) s,
            LATERAL (SELECT sign * amount + coalesce(d.invoiced_rebate, v.rebate, 0)
                - coalesce(d.invoiced_cost, v.dealer_cost) AS margin) m
        WHERE i.store_id = %(store)s AND issued_on >= %(first)s AND issued_on < %(following)s GROUP BY 1, 2, 3
    ) i, LATERAL (VALUES ('invoiced_units', false, units, NULL), ('sales_amount', false, amount, NULL),
        ('gp_per_unit', false, profit, costed), ('avg_revenue_per_visit_day', false, amount, 0),
        ('sales_attainment', true, amount, 0)) k (kpi, monthly, top, bottom)
    UNION ALL
    SELECT kpi, CASE WHEN NOT monthly THEN day END, '', person, team, top, bottom FROM (
        SELECT (cleared_at AT TIME ZONE 'Asia/Shanghai')::date AS day, owner_id AS person, team_id AS team,
            sum(amount) FILTER (WHERE NOT is_pass_through) AS own, sum(amount) FILTER (WHERE is_pass_through) AS passed
        FROM sales_payment WHERE store_id = %(store)s AND status = 'cleared'
            AND cleared_at >= %(start)s AND cleared_at < %(end)s GROUP BY 1, 2, 3
    ) p, LATERAL (VALUES ('receipts_amount', false, own, NULL), ('pass_through_receipts', false, passed, NULL),
        ('receipts_attainment', true, own, 0)) k (kpi, monthly, top, bottom)
    UNION ALL
    SELECT CASE kind WHEN 'orders' THEN 'orders_attainment' WHEN 'deliveries' THEN 'target_attainment'
        WHEN 'sales_amount' THEN 'sales_attainment' WHEN 'receipts' THEN 'receipts_attainment'
        ELSE 'cards_attainment' END, NULL, '', person_id, team_id, 0, sum(value)
    FROM sales_target WHERE store_id = %(store)s AND month = %(first)s GROUP BY kind, 4, 5
    UNION ALL
    SELECT kpi, day, '', person, team, top, bottom FROM (
        SELECT starts_on AS day, owner_id AS person, team_id AS team,
            count(*) FILTER (WHERE owed AND due_at <= %(now)s) AS due,
            count(*) FILTER (WHERE owed AND due_at <= %(now)s AND submitted_at IS NOT NULL AND NOT is_late) AS in_time,
            count(*) FILTER (WHERE owed) AS worked,
            count(*) FILTER (WHERE answerable) AS answerable,
            count(*) FILTER (WHERE answerable AND first_commented_at < comment_due_at) AS answered
        FROM reviews_review r, LATERAL (SELECT NOT EXISTS (SELECT FROM org_dutyday o WHERE o.store_id = r.store_id
            AND o.user_id = r.owner_id AND o.day = r.starts_on AND o.kind IN ('rest', 'leave')) AS owed,
            submitted_at IS NOT NULL AND (comment_due_at <= %(now)s OR first_commented_at IS NOT NULL) AS answerable) a
        WHERE kind = 'day' AND store_id = %(store)s AND starts_on >= %(first)s AND starts_on < %(following)s
        GROUP BY 1, 2, 3
    ) r, LATERAL (VALUES ('daily_report_rate', in_time, due), ('avg_daily_contacts', 0, worked),
        ('avg_revenue_per_visit_day', 0, worked), ('comment_rate', answered, answerable)) k (kpi, top, bottom)
    UNION ALL
    SELECT kpi, day, '', person, team, top, bottom FROM (
        SELECT (at AT TIME ZONE 'Asia/Shanghai')::date AS day, owner_id AS person, team_id AS team,
            count(*) FILTER (WHERE from_state = 'new' AND to_state = 'assigned'
                OR from_state = '' AND to_state = 'merged') AS taken,
            count(*) FILTER (WHERE to_state = 'carded') AS carded,
            count(*) FILTER (WHERE to_state IN ('carded', 'invalid', 'merged')) AS ended
        FROM leads_leadchange WHERE store_id = %(store)s AND at >= %(start)s AND at < %(end)s GROUP BY 1, 2, 3
    ) l, LATERAL (VALUES ('leads_total', taken, NULL), ('lead_card_rate', carded, ended)) k (kpi, top, bottom)
    UNION ALL
    SELECT 'lead_first_response_rate', (assigned_at AT TIME ZONE 'Asia/Shanghai')::date, '', owner_id, team_id,
        count(*) FILTER (WHERE first_contact_at <= sla_due_at), count(*)
    FROM leads_leadassignment WHERE store_id = %(store)s AND assigned_at >= %(start)s AND assigned_at < %(end)s
        AND sla_due_at <= %(now)s AND (first_contact_at IS NOT NULL OR ended_at IS NULL OR ended_at >= sla_due_at)
    GROUP BY 2, 4, 5
    UNION ALL
    SELECT 'out_of_control', (at AT TIME ZONE 'Asia/Shanghai')::date, '', owner_id, team_id, count(*), NULL
    FROM leads_statuschange WHERE store_id = %(store)s AND to_status = 'out_of_control'
        AND at >= %(start)s AND at < %(end)s
    GROUP BY 2, 4, 5
    UNION ALL
    SELECT kpi, day, '', person, team, top, bottom FROM (
        SELECT (applied_at AT TIME ZONE 'Asia/Shanghai')::date AS day, owner_id AS person, team_id AS team,
            count(*) AS made, count(*) FILTER (WHERE state = 'rejected') AS rejected,
            count(*) FILTER (WHERE state = 'agreed' AND reason NOT IN ('not_buying', 'unreachable')
                AND (NOT is_sampled OR EXISTS (SELECT FROM leads_losscallback c WHERE c.application_id = a.id
                    AND c.result = 'confirmed'))
                AND NOT EXISTS (SELECT FROM leads_losscallback c WHERE c.application_id = a.id
                    AND c.result IN ('different', 'interested'))) AS clear
        FROM leads_lossapplication a WHERE kind = 'loss' AND state <> 'withdrawn' AND store_id = %(store)s
            AND applied_at >= %(start)s AND applied_at < %(end)s GROUP BY 1, 2, 3
    ) a, LATERAL (VALUES ('loss_applications', made, NULL), ('loss_reject_rate', rejected, made),
        ('loss_clear_rate', clear, made)) k (kpi, top, bottom)
    UNION ALL
    SELECT kpi, CASE WHEN NOT monthly THEN day END, '', person, team, top, bottom FROM (
        SELECT (decided_at AT TIME ZONE 'Asia/Shanghai')::date AS day, owner_id AS person, team_id AS team,
            count(*) AS lost, count(*) FILTER (WHERE reason IN ('not_buying', 'unreachable')
                AND second_follow_up_id IS NULL) AS unproven,
            count(*) FILTER (WHERE reason IN ('competitor', 'same_brand')
                AND EXISTS (SELECT FROM leads_ownedvehicle o WHERE o.customer_id = a.customer_id
                    AND o.delivered_on <= (a.decided_at AT TIME ZONE 'Asia/Shanghai')::date)
                AND NOT EXISTS (SELECT FROM leads_lossapplication b WHERE b.customer_id = a.customer_id
                    AND b.kind = 'loss' AND b.state = 'agreed' AND b.reason IN ('competitor', 'same_brand')
                    AND (b.decided_at, b.id) < (a.decided_at, a.id))) AS gone
        FROM leads_lossapplication a WHERE kind = 'loss' AND state = 'agreed' AND store_id = %(store)s
            AND decided_at >= %(start)s AND decided_at < %(end)s GROUP BY 1, 2, 3
    ) a, LATERAL (VALUES ('losses_agreed', false, lost, NULL), ('subjective_loss_share', false, unproven, lost),
        ('lost_old_customers', false, gone, NULL), ('loss_rate', true, lost, 0)) k (kpi, monthly, top, bottom)
    UNION ALL
    SELECT kpi, day, '', person, team, top, bottom FROM (
        SELECT day, owner_id AS person, team_id AS team, count(*) AS n FROM drives d
        WHERE finished_at >= %(start)s AND finished_at < %(end)s AND NOT EXISTS (SELECT FROM drives e
            WHERE e.customer_id = d.customer_id AND e.series_id = d.series_id AND e.day = d.day
            AND (e.finished_at, e.id) < (d.finished_at, d.id))
        GROUP BY 1, 2, 3
    ) d, LATERAL (VALUES ('test_drives', n, NULL), ('test_drive_sign_rate', 0, n)) k (kpi, top, bottom)
    UNION ALL
    SELECT 'spot_check_truth_rate', (checked_at AT TIME ZONE 'Asia/Shanghai')::date, '', owner_id, team_id,
        count(*) FILTER (WHERE result = 'true'), count(*)
    FROM leads_spotcheck WHERE store_id = %(store)s AND result NOT IN ('', 'unreached')
        AND checked_at >= %(start)s AND checked_at < %(end)s GROUP BY 2, 4, 5
    UNION ALL
    SELECT 'grade_upgrade_rate', NULL, '', owner_id, team_id, count(*), 0 FROM (
        SELECT DISTINCT ON (prospect_id) owner_id, team_id FROM leads_gradechange
        WHERE store_id = %(store)s AND at >= %(start)s AND at < %(end)s AND (from_grade, to_grade) IN
            (('C', 'B'), ('C', 'A'), ('C', 'H'), ('B', 'A'), ('B', 'H'), ('A', 'H')) ORDER BY prospect_id, at, id
    ) g GROUP BY 4, 5
    UNION ALL
    SELECT 'grade_accuracy', judged_on, '', owner_id, team_id, count(*) FILTER (WHERE EXISTS (SELECT FROM sales_deal d
        WHERE d.prospect_id = h.prospect_id AND (d.ordered_at AT TIME ZONE 'Asia/Shanghai')::date
            BETWEEN week AND judged_on)), count(*)
    FROM reports_hotprospect h WHERE store_id = %(store)s AND judged_on >= %(first)s AND judged_on < %(following)s
        AND judged_on < (%(now)s AT TIME ZONE 'Asia/Shanghai')::date GROUP BY 2, 4, 5
    UNION ALL
    SELECT 'event_invite_show_rate', c.starts_on, '', i.owner_id, i.team_id, count(attended_at), count(*)
    FROM leads_campaigninvite i JOIN leads_campaign c ON c.id = i.campaign_id
    WHERE i.store_id = %(store)s AND c.starts_on >= %(first)s AND c.starts_on < %(following)s GROUP BY 2, 4, 5
    UNION ALL
    SELECT 'cost_per_order', ends_on, '', NULL, NULL, sum(cost_actual), 0 FROM leads_campaign
    WHERE store_id = %(store)s AND source_id IS NOT NULL AND cost_actual IS NOT NULL
        AND ends_on >= %(first)s AND ends_on < %(following)s GROUP BY 2
    UNION ALL
    SELECT kpi, NULL, '', owner_id, team_id, top, bottom FROM (
        SELECT o.owner_id, o.team_id, count(*) AS n, count(*) FILTER (WHERE
            (p.card_created_at AT TIME ZONE 'Asia/Shanghai')::date >= o.month - 90) AS young
        FROM reports_openingprospect o JOIN leads_prospect p ON p.id = o.prospect_id
        WHERE o.store_id = %(store)s AND month = %(first)s AND o.grade IN ('H', 'A', 'B', 'C') GROUP BY 1, 2
    ) o, LATERAL (VALUES ('month_open_prospects', n, NULL), ('prospect_conversion', 0, n), ('loss_rate', 0, n),
        ('invite_show_rate', 0, n), ('grade_upgrade_rate', 0, n), ('carryover_sign_rate', 0, n),
        ('carryover_sign_rate_90', 0, young)) k (kpi, top, bottom)
    UNION ALL
    SELECT kpi, NULL, '', owner_id, team_id, top, bottom FROM (
        SELECT owner_id, team_id, count(*) AS n FROM reports_openingorder
        WHERE store_id = %(store)s AND month = %(first)s GROUP BY 1, 2
    ) o, LATERAL (VALUES ('month_open_orders', n, NULL), ('order_delivery_rate', 0, n),
        ('order_cancel_rate', 0, n)) k (kpi, top, bottom)
    UNION ALL
    SELECT kpi, %(last)s, part, person, team, n, bottom FROM (
    SELECT coalesce(g.to_grade, 'N') AS part, coalesce(o.owner_id, m.owner_id) AS person,
        CASE WHEN o.owner_id IS NULL THEN m.team_id ELSE coalesce(o.team_id, m.team_id) END AS team, count(*) AS n
    FROM leads_prospect p
        JOIN LATERAL (SELECT to_status FROM leads_statuschange WHERE prospect_id = p.id AND at < %(end)s
            ORDER BY at DESC, id DESC LIMIT 1) s ON s.to_status IN ('active', 'loss_pending', 'dormant_pending',
            'out_of_control')
        LEFT JOIN LATERAL (SELECT to_grade FROM leads_gradechange WHERE prospect_id = p.id AND at < %(end)s
            ORDER BY at DESC, id DESC LIMIT 1) g ON true
        LEFT JOIN LATERAL (SELECT owner_id, team_id FROM leads_ownerchange WHERE prospect_id = p.id AND at < %(end)s
            ORDER BY at DESC, id DESC LIMIT 1) o ON true
        LEFT JOIN LATERAL (SELECT owner_id, team_id FROM leads_statuschange WHERE prospect_id = p.id AND at < %(end)s
            ORDER BY at, id LIMIT 1) m ON true
    WHERE p.store_id = %(store)s AND p.card_created_at < %(end)s
        AND (p.status IN ('active', 'loss_pending', 'dormant_pending', 'out_of_control')
            OR EXISTS (SELECT FROM leads_statuschange WHERE prospect_id = p.id AND at >= %(end)s))
    GROUP BY 1, 2, 3
    ) p, LATERAL (VALUES ('prospects_by_grade', NULL), ('active_prospects_per_consultant', 0)) k (kpi, bottom)
    UNION ALL
    SELECT 'active_prospects_per_consultant', %(last)s, '', user_id, team_id, 0, count(*) FROM org_membership
    WHERE store_id = %(store)s AND role = 'sales_consultant' AND valid @> %(last)s::date GROUP BY 4, 5
    UNION ALL
    SELECT 'overdue_follow_ups', %(last)s, '', owner_id, team_id, count(*), NULL FROM leads_followuptask
    WHERE store_id = %(store)s AND created_at < %(end)s AND due_at < %(end)s
        AND (done_at IS NULL OR done_at >= %(end)s) AND (cancelled_at IS NULL OR cancelled_at >= %(end)s) GROUP BY 4, 5
    UNION ALL
    SELECT 'order_bank_rate', %(last)s, '', owner_id, team_id, count(*), 0 FROM sales_deal
    WHERE store_id = %(store)s AND ordered_at < %(end)s AND (delivered_at IS NULL OR delivered_at >= %(end)s)
        AND (cancelled_at IS NULL OR cancelled_at >= %(end)s) GROUP BY 4, 5
    UNION ALL
    SELECT 'order_bank_rate', %(last)s, '', person_id, team_id, 0, sum(value) FROM sales_target
    WHERE store_id = %(store)s AND month = %(following)s AND kind = 'deliveries' GROUP BY 4, 5
    UNION ALL
    SELECT 'receivable_balance', %(last)s, '', d.owner_id, d.team_id, sum(contract_amount - coalesce(received, 0)), NULL
    FROM sales_deal d LEFT JOIN LATERAL (SELECT sum(amount) AS received FROM sales_payment
        WHERE deal_id = d.id AND status = 'cleared' AND NOT is_pass_through AND cleared_at < %(end)s) p ON true
    WHERE store_id = %(store)s AND ordered_at < %(end)s AND (cancelled_at IS NULL OR cancelled_at >= %(end)s)
    GROUP BY 4, 5
    UNION ALL
    SELECT kpi, %(last)s, '', NULL, NULL, top, bottom FROM (
        SELECT count(*) AS cars, sum(%(last)s - arrived_on) AS days FROM sales_vehicle
        WHERE store_id = %(store)s AND arrived_on < %(following)s
            AND (stocked_out_on IS NULL OR stocked_out_on >= %(following)s)
    ) s, LATERAL (VALUES ('stock_units', cars, NULL), ('stock_days', days, cars)) k (kpi, top, bottom)
)
SELECT kpi, day, part, person, team, sum(top), sum(bottom) FROM lines
GROUP BY 1, 2, 3, 4, 5 HAVING sum(top) <> 0 OR sum(bottom) <> 0
"""
# A table like that of the facts, with its constraints, that takes the answer: what storing costs by itself.
EMPTY_TABLE_SQL = """
CREATE TABLE bench_fact (LIKE reports_fact INCLUDING ALL, FOREIGN KEY (store_id) REFERENCES org_store (id),
    FOREIGN KEY (team_id) REFERENCES org_team (id), FOREIGN KEY (person_id) REFERENCES accounts_user (id));
ALTER TABLE bench_fact ALTER store_id SET DEFAULT %(store)s, ALTER month SET DEFAULT %(first)s"""
INTO_TABLE_SQL = "INSERT INTO bench_fact (kpi, day, part, person_id, team_id, numerator, denominator)"


def month_values(store_id: int, month: Period, now: dt.datetime) -> dict[str, Any]:
    """The parameters of the statement."""
    return {
        "store": store_id,
        "start": month.start_at,
        "end": month.end_at,
        "first": month.start,
        "following": month.end,
        "last": month.last_day,
        "now": now,
        "vat": policy_decimal("tax.vat_rate", store_id, month.start),
        "surcharge": policy_decimal("tax.margin_surcharge", store_id, month.start),
    }
