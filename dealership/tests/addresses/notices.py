"""Notices: everybody their own."""

from __future__ import annotations

from dealership.notices.models import Notice
from dealership.tests.matrix import CANARY, PAYLOAD, WRITE, Url, World

URLS = {
    "notices:list": Url(),
    "notices:read_all": Url(WRITE),
    "notices:open": Url(WRITE, row="notice", resource="job"),
}


def rows(world: World) -> dict[str, dict[str, int]]:
    """One notice per person; like jobs they are reached by their owner only."""
    owners = {"own": "consultant", "team": "colleague", "other": "stranger"}
    return {
        "notice": {
            place: Notice.objects.create(
                recipient=world.user(key), kind="x", key="matrix", text=CANARY if place == "other" else PAYLOAD
            ).pk
            for place, key in owners.items()
        }
    }
