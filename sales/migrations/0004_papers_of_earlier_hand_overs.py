"""What the paper checklist says of deliveries made before its state at the hand-over was kept on the deal."""

from django.db import migrations

FILL = """
UPDATE sales_deal d SET
    handed_complete = d.delivery_exception_by_id IS NULL OR NOT EXISTS (
        SELECT FROM sales_deliverydocumentevent e
        WHERE e.deal_id = d.id AND e.state = 'missing' AND coalesce(e.changed_at <= d.delivered_at, true)
            AND NOT EXISTS (SELECT FROM sales_deliverydocumentevent later WHERE later.deal_id = d.id
                AND later.kind = e.kind AND later.pgh_id > e.pgh_id AND later.changed_at <= d.delivered_at)),
    corrected_at = (
        SELECT min(e.changed_at) FROM sales_deliverydocumentevent e
        WHERE e.deal_id = d.id AND e.changed_at > d.delivered_at)
WHERE d.delivered_at IS NOT NULL AND d.handed_complete IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("sales", "0003_papers_at_the_hand_over")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
