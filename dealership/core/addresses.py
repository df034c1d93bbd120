"""Addresses of rows, by the dozen on a page: each pattern is resolved once per process, then only filled in."""

from __future__ import annotations

import functools

from django.urls import reverse

# Ids of nobody, told apart from everything else in an address.
_FIRST_STAND_IN = 1 << 62


def address(name: str, *ids: int) -> str:
    """`reverse(name, args=ids)` for ids of rows."""
    return _pattern(name, len(ids)) % ids


@functools.cache
def _pattern(name: str, count: int) -> str:
    stand_ins = range(_FIRST_STAND_IN, _FIRST_STAND_IN + count)
    pattern = reverse(name, args=stand_ins).replace("%", "%%")
    for number in stand_ins:
        pattern = pattern.replace(str(number), "%d", 1)
    return pattern
