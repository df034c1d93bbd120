"""An account is not closed while it still owns live cards (S4's ownerless customers)."""

from __future__ import annotations

from typing import Any

import pytest

from dealership.core.errors import DomainError
from dealership.org.choices import Role
from dealership.org.models import Store
from dealership.org.services.people import person_deactivate
from leads.services.prospect import prospect_reassign
from leads.tests.builders import make_prospect


@pytest.mark.django_db
def test_a_leaver_hands_every_card_over_first(store: Store, person: Any) -> None:
    leaver, heir = person(Role.SALES_CONSULTANT, store), person(Role.SALES_CONSULTANT, store)
    manager, admin = person(Role.SHOWROOM_MANAGER, store), person(Role.SYS_ADMIN)
    card = make_prospect(leaver, store)
    with pytest.raises(DomainError, match="1 个意向客户"):
        person_deactivate(by=admin, person_id=leaver.pk)
    leaver.refresh_from_db()
    assert leaver.is_active
    prospect_reassign(by=manager, prospect_id=card.pk, new_owner=heir, reason="离职交接")
    person_deactivate(by=admin, person_id=leaver.pk)
    leaver.refresh_from_db()
    assert not leaver.is_active
