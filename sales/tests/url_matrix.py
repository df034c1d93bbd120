"""Deals, cars, money."""

from __future__ import annotations

from dealership.tests.matrix import Url, World

URLS = {
    "sales:deal_page": Url(row="deal", kwarg="deal_id", resource="deal"),
}


def rows(world: World) -> dict[str, dict[str, int]]:
    return {}
