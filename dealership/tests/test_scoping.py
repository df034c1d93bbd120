"""The two ways to ask whether a row is within reach give one answer: a condition, and a row read by hand."""

from __future__ import annotations

import pytest

from dealership.core.scoping import Reach
from dealership.org.choices import Role
from leads.models import Prospect
from leads.tests.builders import make_prospect

pytestmark = pytest.mark.django_db


def test_a_row_read_by_hand_is_held_by_whom_the_condition_finds_it_for(store, other_store, person):
    places = (store, store, other_store)
    people = [person(Role.SALES_CONSULTANT, place) for place in places]
    cards = [make_prospect(owner, place) for owner, place in zip(people, places, strict=True)]
    first, _second, third = people
    reaches = [
        Reach(),
        Reach(user_id=first.pk, own_store_ids=frozenset({store.pk})),
        Reach(user_id=third.pk, own_store_ids=frozenset({store.pk})),
        Reach(user_id=first.pk, team_ids=frozenset({9_999})),
        Reach(user_id=third.pk, store_ids=frozenset({store.pk})),
        Reach(user_id=third.pk, store_ids=frozenset({store.pk}), own_store_ids=frozenset({other_store.pk})),
        Reach(group_ids=frozenset({store.group_id})),
        *(Reach(team_ids=frozenset({card.team_id})) for card in cards if card.team_id),
    ]
    seen = 0
    for reach in reaches:
        for card in cards:
            ids = {"owner": card.owner_id, "team": card.team_id or 0, "store": card.store_id}
            found = Prospect.objects.within(reach).filter(pk=card.pk).exists()
            assert reach.holds(**ids, group=card.store.group_id) == found
            seen += found
    assert seen >= 6
