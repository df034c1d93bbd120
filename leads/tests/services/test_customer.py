"""Customers: look-up, change, numbers, reveal (R-OWN, R-DQ, R-PIPL)."""

from __future__ import annotations

import datetime as dt

import pytest

from dealership.audit.models import RevealLog
from dealership.core.errors import Conflict, DomainError, NotAllowed, NotFound
from dealership.notices.models import Notice
from leads.choices import LookupState
from leads.selectors.customer import customer_lookup
from leads.services.customer import customer_change, customer_reveal, owner_notify, phone_add
from leads.tests.builders import make_prospect, make_visit, new_phone


def test_r_own_lookup_says_whose_it_is(store, consultant, colleague, manager, stranger):
    phone = new_phone()
    assert customer_lookup(user=consultant, store=store, phone=phone).state == LookupState.NEW
    card = make_prospect(consultant, store, phone=phone)
    mine = customer_lookup(user=consultant, store=store, phone=f"+86 {phone}")
    assert (mine.state, mine.customer, mine.prospect) == (LookupState.MINE, card.customer, card)
    theirs = customer_lookup(user=colleague, store=store, phone=phone)
    assert (theirs.state, theirs.owner_name, theirs.customer, theirs.prospect) == (
        LookupState.OTHERS,
        "李明",
        None,
        None,
    )
    assert theirs.masked_phone == f"{phone[:3]}****{phone[-4:]}"
    assert theirs.last_contact_at == card.card_created_at
    assert customer_lookup(user=manager, store=store, phone=phone).prospect == card
    far = customer_lookup(user=stranger, store=stranger.memberships.get().store, phone=phone)
    assert (far.state, far.owner_name, far.last_contact_at, far.customer) == (LookupState.ELSEWHERE, "", None, None)


def test_lookup_refuses_what_cannot_be_a_number(store, consultant):
    with pytest.raises(DomainError) as refused:
        customer_lookup(user=consultant, store=store, phone="1380013")
    assert refused.value.code == "bad_phone"


def test_owner_is_told_once_a_day_without_personal_data(freeze, store, consultant, colleague):
    phone = new_phone()
    freeze("2026-11-22 10:00+08:00")
    make_prospect(consultant, store, phone=phone)
    for _ in range(2):
        assert owner_notify(by=colleague, store=store, phone=phone) == "李明"
    notice = Notice.objects.get(recipient=consultant)
    assert phone not in notice.text
    assert "张伟" not in notice.text
    freeze("2026-11-23 10:00+08:00")
    owner_notify(by=colleague, store=store, phone=phone)
    assert Notice.objects.filter(recipient=consultant).count() == 2
    for somebody, number in ((consultant, phone), (colleague, new_phone())):
        with pytest.raises(DomainError) as refused:
            owner_notify(by=somebody, store=store, phone=number)
        assert refused.value.code == "nobody_to_notify"


def test_r06_change_is_versioned_and_limited_to_profile_facts(store, consultant, colleague):
    customer = make_visit(consultant, store).customer
    details = {"name": "单大为", "birthday": dt.date(1988, 2, 29), "owner": colleague, "store": None}
    changed = customer_change(by=consultant, customer_id=customer.pk, version=customer.version, details=details)
    changed.refresh_from_db()
    assert (changed.name, changed.name_pinyin, changed.owner) == ("单大为", "shandawei sdw", consultant)
    with pytest.raises(Conflict) as stale:
        customer_change(by=consultant, customer_id=customer.pk, version=1, details={"name": "别名"})
    assert stale.value.current["name"] == "单大为"
    for bad, code in (({"name": " "}, "name_missing"), ({"birthday": dt.date(1850, 1, 1)}, "bad_birthday")):
        with pytest.raises(DomainError) as refused:
            customer_change(by=consultant, customer_id=customer.pk, version=None, details=bad)
        assert refused.value.code == code
    with pytest.raises(NotFound):
        customer_change(by=colleague, customer_id=customer.pk, version=None, details={"name": "别名"})


def test_further_numbers_and_a_taken_one(store, consultant, colleague):
    customer = make_visit(consultant, store).customer
    row = phone_add(by=consultant, customer_id=customer.pk, phone="0791-88886666")
    assert (row.number, row.is_primary, customer.phones.count()) == ("+8679188886666", False, 2)
    phone = new_phone()
    phone_add(by=consultant, customer_id=customer.pk, phone=phone, make_primary=True)
    assert customer.phones.get(is_primary=True).number == f"+86{phone}"
    make_visit(colleague, store, phone=(taken := new_phone()))
    with pytest.raises(Conflict, match="归属顾问：王芳"):
        phone_add(by=consultant, customer_id=customer.pk, phone=taken)


def test_p01_r_pipl_reveal_is_logged_needs_a_reason_and_the_31st_in_an_hour_is_refused(
    person, store, consultant, colleague
):
    phone = new_phone()
    customer = make_visit(consultant, store, phone=phone).customer
    told = {"customer_id": customer.pk, "field": "phone", "ip": "10.0.0.8"}
    assert customer_reveal(by=consultant, reason="约试驾", **told) == phone
    log = RevealLog.objects.get()
    assert (log.actor, log.object_id, log.field, log.reason, log.ip) == (
        consultant,
        customer.pk,
        "phone",
        "约试驾",
        "10.0.0.8",
    )
    with pytest.raises(DomainError):
        customer_reveal(by=consultant, reason=" ", **told)
    with pytest.raises(NotFound):
        customer_reveal(by=colleague, reason="约试驾", **told)
    with pytest.raises(NotAllowed):
        customer_reveal(by=person("marketing", store), reason="约试驾", **told)
    with pytest.raises(DomainError) as refused:
        customer_reveal(by=consultant, reason="约试驾", **{**told, "field": "owner"})
    assert refused.value.code == "bad_field"
    for _ in range(29):
        customer_reveal(by=consultant, reason="约试驾", **told)
    with pytest.raises(DomainError) as refused:
        customer_reveal(by=consultant, reason="约试驾", **told)
    assert refused.value.status == 429
