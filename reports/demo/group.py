"""Loading the demo group: what exists stays, what is missing is added."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, transaction

from dealership.core import periods, request_cache
from dealership.org.models import Store
from reports.demo import words
from reports.demo.aftermath import Aftermath
from reports.demo.agenda import Agenda
from reports.demo.alive import Alive
from reports.demo.bulk import Bulk
from reports.demo.campaigns import Campaigns
from reports.demo.cards import PhoneBook
from reports.demo.catalogue import Catalogue, build_catalogue, read_catalogue
from reports.demo.defects import write_at_day_end
from reports.demo.desk import DeskWork
from reports.demo.drives import Drives
from reports.demo.files import take_in_files
from reports.demo.giving_up import GivingUp
from reports.demo.people import Account, Hiring
from reports.demo.plan import set_targets
from reports.demo.raw_leads import RawLeads
from reports.demo.shape import StoreShape, shape_of
from reports.demo.showroom import Showroom
from reports.demo.site import Site

DEFAULT_STORES, DEFAULT_MONTHS, DEFAULT_SEED = 2, 3, 20


@dataclass(frozen=True)
class Plan:
    """What was asked for."""

    password: str
    seed: int
    span: list[dt.date]
    now: dt.datetime

    def dice(self, name: str) -> random.Random:
        """A generator of its own for each part, so that one part's change leaves the others alone."""
        return random.Random(f"{self.seed}:{name}")  # noqa: S311  invented figures, not secrets


def load(
    *,
    password: str,
    stores: int = DEFAULT_STORES,
    months: int = DEFAULT_MONTHS,
    seed: int = DEFAULT_SEED,
    say: Callable[[str], None] = print,
) -> list[Account]:
    """Add the stores that are missing, each with `months` months that end today; returns the new accounts.

    The same seed and day give the same group. Each store is one transaction.
    """
    now = periods.now()
    first = periods.add_months(periods.today().replace(day=1), 1 - months)
    plan = Plan(password, seed, [periods.add_months(first, number) for number in range(months)], now)
    there = set(Store.objects.values_list("code", flat=True))
    accounts: list[Account] = []
    group_id, catalogue = _ground(plan, accounts)
    for number in range(1, stores + 1):
        if shape_of(number).code not in there:
            accounts += _load_store(shape_of(number), plan, group_id, catalogue)
            _afterwards(shape_of(number), plan)
            say(shape_of(number).name)
    if accounts:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return accounts


def _ground(plan: Plan, accounts: list[Account]) -> tuple[int, Catalogue]:
    """Group, catalogue and the people of the group office, made once."""
    found = read_catalogue(words.GROUP)
    if found is not None:
        return found
    bulk = Bulk(plan.now)
    group_id, catalogue = build_catalogue(bulk, plan.span[0])
    hiring = Hiring(bulk, group_id, plan.password, plan.span[0], plan.dice("people"))
    hiring.staff_group()
    bulk.flush()
    accounts += hiring.accounts
    return group_id, catalogue


def _load_store(shape: StoreShape, plan: Plan, group_id: int, catalogue: Catalogue) -> list[Account]:
    bulk = Bulk(plan.now)
    hiring = Hiring(bulk, group_id, plan.password, plan.span[0], plan.dice(f"people {shape.code}"))
    people = hiring.staff(shape, catalogue.brand_id)
    agenda = Agenda(periods.at(plan.span[0]))
    site = Site(bulk, shape, people, catalogue, plan.dice(shape.code), agenda, plan.span, plan.now)
    phones = PhoneBook(shape.number)
    Showroom(site, phones).run()
    GivingUp(site, plan.dice(f"losses {shape.code}")).run()
    write_at_day_end(bulk, people, plan.now)
    if shape.number <= DEFAULT_STORES:
        RawLeads(site, plan.dice(f"leads {shape.code}"), phones.next_number).run()
        Drives(site, plan.dice(f"drives {shape.code}")).run()
        Campaigns(site, plan.dice(f"campaigns {shape.code}")).run()
    set_targets(site)
    bulk.flush()
    return hiring.accounts


def _afterwards(shape: StoreShape, plan: Plan) -> None:
    """Figures and reports of a new store; big groups have reports of the last days only."""
    store = Store.objects.get(code=shape.code)
    today = periods.local_date(plan.now)
    last_month = periods.add_months(today.replace(day=1), -1)
    since = max(plan.span[0], last_month) if shape.number <= DEFAULT_STORES else today
    request_cache.begin()
    try:
        Aftermath(store.pk, plan.span, plan.dice(f"reports {shape.code}")).run(reports_from=since)
        if shape.number <= DEFAULT_STORES:
            with transaction.atomic():
                DeskWork(store, plan.dice(f"desk {shape.code}")).run()
                Alive(store, plan.dice(f"alive {shape.code}")).run()
                # The next store's bulk rows come with triggers switched off: nothing may wait for the commit then.
                connection.check_constraints()
    finally:
        request_cache.end()
    if shape.number <= DEFAULT_STORES:
        take_in_files(store)
        connection.check_constraints()
