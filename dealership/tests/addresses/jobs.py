"""Jobs: everybody their own; health for the administrator."""

from __future__ import annotations

from dealership.core import periods
from dealership.jobs.models import Job
from dealership.tests.matrix import WRITE, Url, World

MINE = {"row": "job", "resource": "job"}

URLS = {
    "jobs:list": Url(),
    "jobs:detail": Url(**MINE),
    "jobs:progress": Url(**MINE),
    "jobs:cancel": Url(WRITE, **MINE),
    # The jobs of this world have no file.
    "jobs:download": Url(also=frozenset({404, 410}), **MINE),
    "api-job-list": Url(),
    "api-job-one": Url(**MINE),
    "api-job-cancel": Url(WRITE, **MINE),
    "api-job-result": Url(also=frozenset({404, 410}), **MINE),
    "jobs:health": Url(view="job.manage"),
    "jobs:retry": Url(WRITE, row="job", act="job.manage"),
}


def rows(world: World) -> dict[str, dict[str, int]]:
    """One finished job per person."""
    owners = {"own": "consultant", "team": "colleague", "other": "stranger"}
    moment = periods.now()
    return {
        "job": {
            place: Job.objects.create(
                kind="heartbeat", key=f"matrix:{place}", requested_by=world.user(key), state="done", due_at=moment,
                title="月报", finished_at=moment,
            ).pk
            for place, key in owners.items()
        }
    }  # fmt: skip
