import datetime as dt

import django.contrib.postgres.indexes
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0004_guards_and_history_per_statement"),
        ("org", "0002_guards_and_history_per_statement"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="customer",
            index=django.contrib.postgres.indexes.GinIndex(
                models.Func(models.F("name"), models.Value(None), function="string_to_array"),
                name="leads_customer_name_letters",
            ),
        ),
        migrations.AddIndex(
            model_name="prospect",
            index=models.Index(
                django.db.models.functions.comparison.Coalesce(
                    "next_follow_up_at", models.Value(dt.datetime(9999, 1, 1, tzinfo=dt.UTC))
                ),
                models.F("id"),
                condition=models.Q(
                    ("status__in", ("active", "loss_pending", "dormant_pending", "out_of_control", "ordered"))
                ),
                name="leads_prospect_live_due",
            ),
        ),
    ]
