"""The Celery application and its static beat schedule.

Beat only ticks: every tick asks `jobs` to create what is due, with unique keys, so a second beat or a
beat that was down does no harm (reliability F17, F18).
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dealership.settings.production")

TICK_SECONDS = float(os.environ.get("BEAT_TICK_SECONDS", "30"))

app = Celery("dealership")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "tick": {
        "task": "dealership.jobs.tasks.tick",
        "schedule": TICK_SECONDS,
        "options": {"expires": max(1.0, TICK_SECONDS - 5)},
    },
}
