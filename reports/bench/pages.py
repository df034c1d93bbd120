"""The measured pages: who asks for what, and the statement that reads the same rows by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.db import connection
from rest_framework.pagination import Cursor

from dealership.accounts.models import User
from dealership.core import periods
from dealership.core.api import CursorPages
from dealership.org.models import Store
from leads.choices import LIVE_STATUSES
from leads.models import CustomerPhone, Prospect
from leads.selectors.prospect import ORDERINGS, prospect_list
from reports.bench.driver import Answer, Client, Figure, is_wanted, measure, measure_together, timed
from reports.bench.table_sql import GRADES_SQL, PROGRESS_SQL, table_values
from sales.models import Deal

PROSPECTS = "/customers/prospects/"
SEARCH_BUDGET_MS = 60.0  # of database time (quality.md §1)
PAGE_OF_1000 = 30_000
LIST_SQL = """SELECT p.id, p.grade, p.status, p.next_follow_up_at, c.name, s.name, u.name, l.name, ph.number
    FROM leads_prospect p JOIN leads_customer c ON c.id = p.customer_id JOIN accounts_user u ON u.id = p.owner_id
    LEFT JOIN org_series s ON s.id = p.series_id LEFT JOIN org_leadsource l ON l.id = p.source_id
    LEFT JOIN leads_customerphone ph ON ph.customer_id = c.id AND ph.is_primary
    WHERE {whose} ORDER BY {due}, p.id LIMIT 31"""
LIVE = " AND p.status IN ('active', 'loss_pending', 'dormant_pending', 'out_of_control', 'ordered')"
DUE = "coalesce(p.next_follow_up_at, '9999-01-01'::timestamptz)"
NAMED = "p.owner_id = %s AND c.name LIKE %s"
OWN, STORE, GROUP = "p.owner_id = %s", "p.store_id = %s", "p.store_id IN (SELECT id FROM org_store WHERE group_id = %s)"
CARD_SQL = """SELECT done_at AS at, content FROM leads_followup WHERE prospect_id = %(card)s
    UNION ALL SELECT at, to_grade FROM leads_gradechange WHERE prospect_id = %(card)s
    UNION ALL SELECT at, to_status FROM leads_statuschange WHERE prospect_id = %(card)s
    UNION ALL SELECT visited_at, note FROM leads_visit WHERE prospect_id = %(card)s ORDER BY at DESC LIMIT 50"""
TODAY_SQL = """SELECT t.id, t.due_at, p.grade, c.name, ph.number FROM leads_followuptask t
    JOIN leads_prospect p ON p.id = t.prospect_id JOIN leads_customer c ON c.id = p.customer_id
    LEFT JOIN leads_customerphone ph ON ph.customer_id = c.id AND ph.is_primary
    WHERE t.owner_id = %s AND t.done_at IS NULL AND t.cancelled_at IS NULL AND t.due_at < %s ORDER BY t.due_at"""
BOARD_SQL = """SELECT b.id, b.grade, b.next_follow_up_at, b.total, c.name, c.gender, u.name, s.name, ph.number
    FROM (SELECT p.*, count(*) OVER (PARTITION BY grade) AS total,
            row_number() OVER (PARTITION BY grade ORDER BY next_follow_up_at, p.id) AS place
        FROM leads_prospect p
        WHERE p.store_id = %s AND status IN ('active', 'loss_pending', 'dormant_pending', 'out_of_control')) b
    JOIN leads_customer c ON c.id = b.customer_id JOIN accounts_user u ON u.id = b.owner_id
    LEFT JOIN org_series s ON s.id = b.series_id
    LEFT JOIN leads_customerphone ph ON ph.customer_id = c.id AND ph.is_primary
    WHERE b.place <= 20 ORDER BY b.next_follow_up_at, b.id"""
VISIT_SQL = """SELECT v.id, v.visited_at, v.left_at, v.channel, v.visit_type, v.party_size, c.name, c.gender, u.name,
        r.name, l.name, ph.number, ARRAY(SELECT s.name FROM leads_visit_series m JOIN org_series s ON s.id = m.series_id
            WHERE m.visit_id = v.id ORDER BY s.name)
    FROM leads_visit v LEFT JOIN leads_customer c ON c.id = v.customer_id LEFT JOIN accounts_user u ON u.id = v.owner_id
    LEFT JOIN accounts_user r ON r.id = v.received_by_id
    LEFT JOIN org_leadsource l ON l.id = v.source_id
    LEFT JOIN leads_customerphone ph ON ph.customer_id = c.id AND ph.is_primary
    WHERE v.store_id = %s {when} ORDER BY v.visited_at DESC, v.id DESC LIMIT {limit}"""
DEAL_SQL = """SELECT d.id, d.number, d.status, d.ordered_at, c.name, u.name, g.name, v.vin
    FROM sales_deal d JOIN leads_customer c ON c.id = d.customer_id JOIN accounts_user u ON u.id = d.owner_id
    JOIN sales_configuration g ON g.id = d.configuration_id LEFT JOIN sales_vehicle v ON v.id = d.vehicle_id
    WHERE d.store_id = %s ORDER BY d.id DESC LIMIT 31"""


@dataclass(frozen=True)
class Page:
    """An address as one person sees it; `sql` reads its rows by hand (empty: no one statement is the page's)."""

    name: str
    who: str
    address: str
    sql: str = ""
    values: Any = ()


def sql(statement: str, values: Any, times: int = 20) -> float:
    """Median time of a hand-written statement with its rows read."""

    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            cursor.fetchall()

    return timed(ask, times)


def page_figures(clients: Mapping[str, Client], *, times: int, only: Sequence[str] = ()) -> Iterator[Figure]:
    """Every page beside its own template over rows in memory, and beside its rows by hand."""
    for page in (page for page in pages() if is_wanted(page.name, only)):
        client, address = clients[page.who], page.address
        floor = f"/bench/floor/?of={quote(address, safe='')}"
        acts = {page.name: _get(client, address), f"{page.name}: floor": _get(client, floor)}
        figure, under = measure_together(acts, expected=200, times=times)
        figure.references = {"template_floor": under.p50, "template_floor_cpu": under.cpu_ms}
        figure.shell_sql_ms = under.sql_ms
        if page.sql:
            floor_ms = sql(page.sql, page.values)
            figure.references |= {"sql_floor": floor_ms, "sql_floor_own": floor_ms}
        yield figure


def _get(client: Client, address: str) -> Callable[[], Answer]:
    return lambda: client.get(address)


def pages() -> list[Page]:
    """The lists, cards, boards and registers of a consultant, the manager of the same store and the group office."""
    seller = User.objects.get(username="consultant1")
    store = Store.objects.order_by("pk")[0]
    card = Prospect.objects.filter(owner=seller, status="active").order_by("card_created_at", "pk")[0].pk
    tonight = periods.end_of_day(periods.today())
    month = periods.Period.containing("month", periods.today()).previous()
    registers, which = "/reports/registers/", f"?store={store.pk}&month={month.code}"
    inside, told = [store.pk, month.start, month.end], table_values(store.pk, seller.pk, month)
    due = "p.next_follow_up_at"
    by_name = LIST_SQL.format(whose=NAMED, due=due)
    own, stores, all_of = (LIST_SQL.format(whose=whose + LIVE, due=due) for whose in (OWN, STORE, GROUP))
    return [
        Page("prospect list", "consultant1", PROSPECTS, own, [seller.pk]),
        Page("prospect card", "consultant1", f"{PROSPECTS}{card}/", CARD_SQL, {"card": card}),
        Page("search by name", "consultant1", f"{PROSPECTS}?q={quote('王')}", by_name, [seller.pk, "%王%"]),
        Page("Today", "consultant1", "/today/", TODAY_SQL, [seller.pk, tonight]),
        Page("Today, manager", "manager", "/today/"),
        Page("prospects of a store", "manager", PROSPECTS, stores, [store.pk]),
        Page("prospects of a group", "group", PROSPECTS, all_of, [store.group_id]),
        _late_page(store),
        Page("grade board", "manager", "/customers/prospects/board/", BOARD_SQL, [store.pk]),
        Page("visits of a store", "manager", "/customers/visits/", VISIT_SQL.format(when="", limit=31), [store.pk]),
        Page("leads of a store", "manager", "/customers/leads/"),
        Page("deals of a store", "manager", "/sales/deals/", DEAL_SQL, [store.pk]),
        Page("live board", "manager", "/reports/board/"),
        Page("month page", "manager", f"/reports/month/?store={store.pk}"),
        Page(
            "register of visits", "manager", f"{registers}visits/{which}",
            VISIT_SQL.format(when="AND v.visited_on >= %s AND v.visited_on < %s", limit=10_000), inside,
        ),
        Page("grade table", "manager", f"{registers}grades/{which}&person={seller.pk}", GRADES_SQL, told),
        Page("progress table", "manager", f"{registers}progress/{which}", PROGRESS_SQL, told),
    ]  # fmt: skip


def _late_page(store: Store) -> Page:
    """The 1000th page of the group's cards, or the last tenth of a smaller list."""
    rows = prospect_list(user=User.objects.get(username="group")).filter(status__in=LIVE_STATUSES)
    place = min(PAGE_OF_1000, rows.count() * 9 // 10)
    due = rows.order_by(*ORDERINGS["next_follow_up_at"])[place].due  # type: ignore[attr-defined]
    paginator = CursorPages()
    paginator.base_url = PROSPECTS
    address = paginator.encode_cursor(Cursor(offset=0, reverse=False, position=str(due)))  # type: ignore[arg-type]
    statement = LIST_SQL.format(whose=f"{GROUP}{LIVE} AND {DUE} >= %s", due=DUE)
    return Page(f"the same, page {place // 30}", "group", address, statement, [store.group_id, due])


def search_figures(clients: Mapping[str, Client], *, times: int) -> Iterator[Figure]:
    """The search over the whole product, of a store and of a group; what counts is the database's time."""
    store = Store.objects.order_by("pk")[0]
    phone = CustomerPhone.objects.filter(store=store).select_related("customer").order_by("-pk")[0]
    vin = Deal.objects.filter(store=store, vehicle__isnull=False).order_by("-pk").values_list("vehicle__vin")[0][0]
    asked = {"part of a phone": phone.number[-6:-1], "a name": phone.customer.name[:2], "pinyin": "wangw"}
    for who in ("manager", "group"):
        for name, words in (asked | {"VIN": vin[-6:]}).items():
            figure = measure(f"search, {who}: {name}", _search(clients[who], words), expected=200, times=times)
            figure.references = {"sql_budget": SEARCH_BUDGET_MS}
            yield figure


def _search(client: Client, words: str) -> Callable[[], Answer]:
    client.get("/search/")
    return lambda: client.post("/search/", {"q": words})
