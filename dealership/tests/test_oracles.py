"""A07: no answer changes because rows out of reach exist. A10: only masks leave the house."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.urls import reverse
from openpyxl import load_workbook
from structlog.stdlib import ProcessorFormatter

from dealership.core import request_cache
from dealership.org.choices import Role
from dealership.org.models import Store
from dealership.tests.builders import make_person, make_team
from dealership.tests.clients import api_for, client_for
from dealership.tests.matrix import APPS, SAFE, urls_of
from dealership.tests.numbers import known_numbers
from leads.models import CustomerPhone, OwnedVehicle, Prospect
from leads.tests.builders import make_drive, make_follow_up, make_prospect, make_visit
from leads.tests.lead_builders import make_lead, nobody_takes
from leads.tests.loss_builders import make_loss
from sales.choices import DealStatus
from sales.tests.builders import Staff, deal_in, make_staff

pytestmark = pytest.mark.django_db
NOON = "2026-11-18 12:00+08:00"
# Tokens and keys differ from one answer to the next.
RANDOM = re.compile(r"\b[A-Za-z0-9]{64}\b|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MASK = re.compile(r"1\d{2}\*{4}\d{4}")
IDENTITY = "11010519491231002X"
CARDS = ("leads:prospect_list", "api-prospects-list")
# Lists that are asked again with a filter that would match the hidden rows.
FILTERED = {
    **dict.fromkeys(CARDS, ("q=金丝雀", "grade=H", "owner={stranger}", "status=active", "overdue=1")),
    "leads:visit_list": ("q=金丝雀", "owner={stranger}"),
    "sales:deal_list": ("q=金丝雀", "status=ordered"),
    "reports:board": ("store={other}",),
    "reports:losses": ("store={other}", "person={stranger}"),
    "reports:sources": ("store={other}",),
    "api-deal-list": ("owner={stranger}", "status=ordered"),
    "api-visits-list": ("owner={stranger}",),
    "api-leads-list": ("state=assigned",),
}
CONTROL = ("leads:prospect_list", "leads:prospect_board", "leads:visit_list", "sales:deal_list", "reports:board")
SLOW_OR_OPEN = ("schema", "api-docs", "healthz")


def hidden(staff: Staff, store: Store) -> None:
    """Rows of every kind that a count could show."""
    nobody_takes(store)
    for grade in "HA":
        card = make_prospect(staff.consultant, store, grade=grade, name="金丝雀")
        make_follow_up(staff.consultant, card)
    make_loss(staff.consultant, make_prospect(staff.consultant, store, grade="B", name="金丝雀"))
    make_visit(staff.consultant, store, captured=None)
    make_lead(staff.consultant, store, owner=staff.consultant, name="金丝雀")
    make_drive(staff.consultant, make_prospect(staff.consultant, store, name="金丝雀"))
    for status in (DealStatus.ORDERED, DealStatus.DELIVERED):
        deal_in(status, staff, store, prospect=make_prospect(staff.consultant, store, name="金丝雀"))


def questions(words: dict[str, int]) -> Iterator[str]:
    """Every readable address without a row, and lists once more with filters."""
    for app in APPS:
        for name, url in urls_of(app).items():
            if url.row or url.public or not set(url.methods) & set(SAFE) or name in SLOW_OR_OPEN:
                continue
            path = reverse(name, kwargs=url.kwargs or None)
            yield path + url.query
            for query in FILTERED.get(name, ()):
                yield f"{path}?{query.format(**words)}"


def answers(user: Any, paths: Iterable[str]) -> dict[str, str]:
    page, api, found = client_for(user), api_for(user), {}
    for path in paths:
        request_cache.end()
        answer = (api if path.startswith("/api/") else page).get(path)
        body = "" if answer.streaming else answer.content.decode(errors="replace")
        found[path] = f"{answer.status_code} {RANDOM.sub('…', body)}"
    return found


def test_a07_counts_and_lists_do_not_know_rows_out_of_reach(
    store: Store, other_store: Store, freeze: Callable[[str], None]
) -> None:
    """All pages and lists answer byte for byte the same before and after another store got more rows of every kind."""
    freeze(NOON)
    staff, theirs = make_staff(store), make_staff(other_store)
    make_prospect(staff.consultant, store, grade="H")
    words = {"stranger": theirs.consultant.pk, "other": other_store.pk}
    hidden(theirs, other_store)  # what both stores share, the models on sale, is there now
    paths = list(questions(words))
    lists = [path for path in paths if path.partition("?")[0] in {reverse(name) for name in CONTROL}]
    before, theirs_before = answers(staff.manager, paths), answers(theirs.manager, lists)
    hidden(theirs, other_store)
    after, theirs_after = answers(staff.manager, paths), answers(theirs.manager, lists)
    assert len(paths) > 80
    assert sorted(path for path in paths if before[path] != after[path]) == []
    # Control: to the manager of that store each of these lists does answer differently.
    assert [name for name in map(reverse, CONTROL) if theirs_before[name] == theirs_after[name]] == []


def test_a07_a_sellers_lists_and_figures_do_not_know_a_colleagues_rows(
    store: Store, freeze: Callable[[str], None]
) -> None:
    """The same between two sellers of one store: lists with filters, board, analyses, calendar, search, figures."""
    freeze(NOON)
    staff = make_staff(store)
    colleague = make_person(Role.SALES_CONSULTANT, store, team=make_team(store, "二组"), name="王芳")
    theirs = replace(staff, consultant=colleague)
    make_prospect(staff.consultant, store, grade="H")
    hidden(theirs, store)  # models on sale and cars of the yard are everybody's
    words = {"stranger": colleague.pk, "other": store.pk}
    names = {*FILTERED, *CONTROL, "today", "leads:calendar", "leads:focus", "leads:owner_list", "reports:month"}
    paths = [path for path in questions(words) if path.partition("?")[0] in {reverse(name) for name in names}]
    paths += [reverse("reports:kpi_rows", args=[key]) for key in ("new_cards", "losses_agreed", "test_drives")]
    before = answers(staff.consultant, paths)
    hidden(theirs, store)
    after = answers(staff.consultant, paths)
    assert len(paths) > 25
    assert sorted(path for path in paths if before[path] != after[path]) == []
    assert [path for path, body in after.items() if "金丝雀" in body.replace('value="金丝雀"', "")] == []
    found = [client_for(who).post(reverse("search"), {"q": "金丝雀"}).text for who in (staff.consultant, colleague)]
    assert ["金丝雀（" in text for text in found] == [False, True]


@pytest.fixture
def house(store: Store, freeze: Callable[[str], None]) -> Staff:
    """Customers with phones, an order with an identity number, contacts, a lead, a claim."""
    freeze(NOON)
    staff = make_staff(store)
    deal = deal_in(DealStatus.DELIVERED, staff, store, buyer_id_number=IDENTITY, buyer_name="陶然")
    make_follow_up(staff.consultant, make_prospect(staff.consultant, store, grade="A", name="孙丽"))
    make_loss(staff.consultant, make_prospect(staff.consultant, store, grade="B", name="陶二"))
    assert deal.buyer_id_number
    return staff


def test_a10_files_hold_masks_only(house: Staff, store: Store) -> None:
    """Every register and card as Excel: masks are there, plain numbers are not."""
    client, masked, numbers = client_for(house.manager), 0, known_numbers(IDENTITY)
    kinds = ("visits", "grades", "progress", "activity")
    paths = [reverse("reports:register", args=[kind]) for kind in kinds]
    paths += [reverse("reports:prospect_sheet", args=[pk]) for pk in Prospect.objects.values_list("pk", flat=True)]
    paths += [reverse("reports:owner_sheet", args=[OwnedVehicle.objects.get().pk])]
    for path in paths:
        book = load_workbook(io.BytesIO(b"".join(client.get(f"{path}?as=xlsx").streaming_content)))
        cells = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value]
        assert cells, path
        assert [text for text in cells if numbers.shown_in(text)] == [], path
        masked += sum(bool(MASK.search(text)) for text in cells)
    assert masked >= 5


def test_a10_refusals_history_and_logs_hold_masks_only(house: Staff, store: Store) -> None:
    """Sentences of refusals, the audit page and the log of requests that carry numbers: none of them in plain."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    handler.setFormatter(structured())
    logging.getLogger().addHandler(handler)
    try:
        plain = CustomerPhone.objects.values_list("number", flat=True)[0].removeprefix("+86")
        seller, other = client_for(house.consultant), make_person(Role.SALES_CONSULTANT, store, team=make_team(store))
        mine = make_visit(other, store).customer
        refusals = [
            client_for(other).post(reverse("leads:phone_add", args=[mine.pk]), {"phone": plain}),
            client_for(other).post(reverse("leads:visit_lookup"), {"phone": plain}),
            api_for(other).post(reverse("api-prospects-list"), {"phone": plain, "name": "陶然"}, format="json"),
        ]
        echoes = [seller.get(f"/customers/prospects/?q={plain}"), seller.get(f"/nothing/{plain}/")]
        logging.getLogger("dealership.test").error("refused %s for %s", IDENTITY, plain)
    finally:
        logging.getLogger().removeHandler(handler)
    assert [answer.status_code for answer in echoes] == [200, 404]
    shown = [answer.content.decode().replace(f'value="{plain}"', "") for answer in refusals]
    admin = client_for(make_person(Role.SYS_ADMIN, None, group=store.group))
    shown += [admin.get(reverse(name)).content.decode() for name in ("org:audit", "org:reveals", "org:exports")]
    shown += [client_for(house.manager).get(reverse("org:audit")).content.decode()]
    numbers = known_numbers(IDENTITY)
    assert [found for text in shown for found in numbers.shown_in(text)] == []
    assert "refused" in said.getvalue()
    assert numbers.shown_in(said.getvalue()) == []


def structured() -> logging.Formatter:
    """The formatter of the product's own log."""
    for one in logging.getLogger().handlers:
        if isinstance(one.formatter, ProcessorFormatter):
            return one.formatter
    raise AssertionError("the product's log is not configured")
