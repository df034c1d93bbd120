"""The customers' pages: what they show, refuse and keep; the same number of statements with one row and with three."""

from __future__ import annotations

import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dealership.core import periods
from dealership.org.models import LeadSource, Series
from dealership.tests.clients import assert_same_query_count, count_queries
from dealership.tests.numbers import plain_numbers_in
from leads.models import FollowUp, OwnedVehicle, Prospect, Visit
from leads.services.prospect import prospect_delivered, prospect_ordered
from leads.tests.builders import make_follow_up, make_prospect, make_visit, new_phone
from leads.tests.loss_builders import make_loss


def text_of(response):
    return response.content.decode()


@pytest.fixture
def client(client_for, consultant):
    return client_for(consultant)


def make_owner(by, store, number):
    card = make_prospect(by, store)
    prospect_ordered(by=by, prospect_id=card.pk, at=periods.now())
    return prospect_delivered(
        by=by, prospect_id=card.pk, at=periods.now(), deal_id=number, vin=f"LSVAU2180N21832{number:02d}",
        series=Series.objects.first(), description="远景X7 豪华版",
    )  # fmt: skip


def visit_form(**told):
    form = {"captured": "yes", "channel": "walk_in", "phone": new_phone(), "name": "孙丽", "gender": "female"}
    return {**form, "party_size": "2", "purpose": "purchase", "idempotency_key": str(uuid.uuid4()), **told}


def test_register_by_phone_opens_the_card(client, store):
    answer = client.post(reverse("leads:visit_new"), visit_form(grade="H", phone="138 0013 8000"))
    card = Prospect.objects.get()
    assert (answer.status_code, answer.url) == (302, reverse("leads:prospect_detail", args=[card.pk]))
    assert (card.grade, card.customer.phones.get().number) == ("H", "+8613800138000")
    page = text_of(client.get(answer.url))
    assert "138****8000" in page
    assert plain_numbers_in(page) == []


def test_uncaptured_in_one_tap_and_twice_is_once(client, store):
    form = {"captured": "no", "party_size": "3", "channel": "walk_in", "idempotency_key": str(uuid.uuid4())}
    for _ in range(2):
        assert client.post(reverse("leads:visit_new"), form).status_code == 302
    visit = Visit.objects.get()
    assert (visit.visit_type, visit.party_size) == ("first_uncaptured", 3)


def test_r01_the_same_form_twice_gives_one_visit_and_the_same_page(client, store):
    form = visit_form()
    first, second = (client.post(reverse("leads:visit_new"), form) for _ in range(2))
    assert first.url == second.url
    assert Visit.objects.count() == 1


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"phone": "123"}, "电话号码不正确"),
        ({"phone": ""}, "请填写客户手机号"),
        ({"name": ""}, "请填写客户姓名"),
        ({"name": "张\x00伟"}, "控制字符"),
        ({"name": "长" * 41}, "40"),
        ({"party_size": "0"}, "同行人数请填 1 到 30"),
        ({"party_size": "x"}, "请填写整数"),
        ({"series": "999999"}, "意向车型的选项无效"),
        ({"source": "999999"}, "来源的选项无效"),
        ({"next_follow_up_at": "昨天"}, "日期不正确"),
        ({"visited_at": "2999-01-01T10:00"}, "不能晚于现在"),
        ({"channel": "fax"}, "选项无效"),
    ],
)
def test_refusal_is_422_in_chinese_with_the_form_as_typed(client, store, told, sentence):
    answer = client.post(reverse("leads:visit_new"), visit_form(note="看中红色顶配", **told))
    page = text_of(answer)
    assert answer.status_code == 422
    assert sentence in page
    assert "看中红色顶配" in page
    assert not Visit.objects.exists()


def test_lookup_while_typing_shows_whose_it_is(client, client_for, store, consultant, colleague):
    phone = new_phone()
    lookup = reverse("leads:visit_lookup")
    assert "新客户" in text_of(client.post(lookup, {"phone": phone}))
    make_prospect(consultant, store, phone=phone, name="欧阳小宝")
    assert "我的客户" in text_of(client.post(lookup, {"phone": phone}))
    theirs = text_of(client_for(colleague).post(lookup, {"phone": phone}))
    assert "已有档案，归属 李明" in theirs
    assert "通知归属顾问" in theirs
    assert "欧阳小宝" not in theirs
    assert plain_numbers_in(theirs) == []
    assert "已通知 李明" in text_of(client_for(colleague).post(reverse("leads:owner_notify"), {"phone": phone}))
    assert text_of(client.post(lookup, {"phone": "138"})).strip() == ""


def test_receiving_a_colleagues_customer_says_so(client_for, store, consultant, colleague):
    phone = new_phone()
    make_prospect(consultant, store, phone=phone)
    answer = client_for(colleague).post(
        reverse("leads:visit_new"), visit_form(phone=phone, channel="phone_in"), follow=True
    )
    assert "该客户归属 李明" in text_of(answer)


def test_reception_registers_an_arrival_and_the_consultant_completes_it(client_for, store, receptionist, consultant):
    desk = client_for(receptionist)
    assert "接待顾问" in text_of(desk.get(reverse("leads:visit_new")))
    form = visit_form(captured="later", phone="", name="", received_by=consultant.pk)
    assert desk.post(reverse("leads:visit_new"), form).status_code == 302
    visit = Visit.objects.get()
    assert visit.visit_type == "incomplete"
    mine = client_for(consultant)
    assert "待完善登记" in text_of(mine.get(reverse("leads:visit_list")))
    url = reverse("leads:visit_complete", args=[visit.pk])
    assert mine.get(url).status_code == 200
    refused = mine.post(url, visit_form(phone="12", version=visit.version))
    assert refused.status_code == 422
    assert mine.post(url, visit_form(version=visit.version)).status_code == 302
    visit.refresh_from_db()
    assert visit.visit_type == "first_captured"
    assert mine.post(url, visit_form(version=visit.version)).status_code == 422


def test_an_arrival_is_assigned_and_leaves(client_for, store, receptionist, consultant):
    desk = client_for(receptionist)
    visit = make_visit(receptionist, store, captured=None)
    url = reverse("leads:visit_assign", args=[visit.pk])
    assert desk.get(url).status_code == 200
    assert desk.post(url, {"received_by": "0"}).status_code == 422
    assert desk.post(url, {"received_by": consultant.pk}).status_code == 302
    back = f"{reverse('leads:visit_list')}?channel=walk_in"
    answer = desk.post(reverse("leads:visit_leave", args=[visit.pk]), {"next": back})
    assert answer.url == back
    visit.refresh_from_db()
    assert (visit.owner, visit.left_at is not None) == (consultant, True)


def test_next_never_leaves_this_host(client, store, consultant):
    visit = make_visit(consultant, store)
    for evil in ("//evil.example", "https://evil.example/", "\\\\evil.example"):
        answer = client.post(reverse("leads:visit_leave", args=[visit.pk]), {"next": evil})
        assert answer.url == reverse("leads:visit_list")


def test_lists_are_filtered_searched_and_sorted(client, store, consultant):
    source = LeadSource.objects.get(code="dongchedi")
    zhang = make_prospect(consultant, store, grade="H", name="章子明", phone="13911110001", source=source)
    li = make_prospect(consultant, store, grade="B", name="李红", phone="13922220002")
    for query, found in (
        ("q=0001", {zhang}), ("q=zhangziming", {zhang}), ("q=zzm", {zhang}), ("q=李", {li}), ("q=001", set()),
        ("grade=H", {zhang}), ("grade=H&grade=B", {zhang, li}), ("overdue=true", set()),
        (f"source={source.pk}", {zhang}),
        ("status=ordered", set()),
        ("status=&grade=&owner=", {zhang, li}), ("status=&q=zzm", {zhang}),
        (f"owner={consultant.pk}", {zhang, li}), ("due_on=1999-01-01", set()),
        ("created_from=1999-01-01", {zhang, li}), ("created_to=1999-01-01", set()), ("sort=password", {zhang, li}),
    ):  # fmt: skip
        page = client.get(f"{reverse('leads:prospect_list')}?{query}").context["page"]
        assert set(page.rows) == found, query
    rows = client.get(f"{reverse('leads:prospect_list')}?sort=-card_created_at").context["page"].rows
    assert rows == [li, zhang]
    board = client.get(reverse("leads:prospect_board"))
    assert {column.grade: column.count for column in board.context["columns"]} == {
        "N": 0,
        "H": 1,
        "A": 0,
        "B": 1,
        "C": 0,
    }
    for name in ("visit_list", "prospect_list", "prospect_board"):
        assert plain_numbers_in(text_of(client.get(reverse(f"leads:{name}")))) == []


def test_a_search_answers_only_the_rows(client, store, consultant):
    make_prospect(consultant, store, name="章子明")
    headers = {"HX-Request": "true", "HX-Target": "rows"}
    page = text_of(client.get(f"{reverse('leads:prospect_list')}?q=zzm", headers=headers))
    assert "章子明" in page
    assert "<html" not in page


def test_a03_nobody_sees_a_colleagues_rows(client_for, store, consultant, colleague, stranger):
    card = make_prospect(consultant, store, name="金丝雀")
    vehicle = make_owner(consultant, store, 1)
    pages = [reverse(f"leads:{name}") for name in ("visit_list", "prospect_list", "prospect_board", "owner_list")]
    objects = [
        reverse("leads:prospect_detail", args=[card.pk]),
        reverse("leads:prospect_edit", args=[card.pk]),
        reverse("leads:follow_up_new", args=[card.pk]),
        reverse("leads:customer_detail", args=[card.customer_id]),
        reverse("leads:customer_edit", args=[card.customer_id]),
        reverse("leads:phone_add", args=[card.customer_id]),
        reverse("leads:owner_detail", args=[vehicle.pk]),
    ]
    mine = client_for(consultant)
    assert "金丝雀" in text_of(mine.get(pages[1]))
    assert [mine.get(url).status_code for url in objects] == [200] * len(objects)
    for somebody in (colleague, stranger):
        client = client_for(somebody)
        for url in pages:
            assert "金丝雀" not in text_of(client.get(url))
        assert [client.get(url).status_code for url in objects] == [404] * len(objects)


def test_follow_up_from_the_card_and_back_to_the_list(client, store, consultant):
    card = make_prospect(consultant, store, grade="A")
    url = reverse("leads:follow_up_new", args=[card.pk])
    back = f"{reverse('leads:prospect_list')}?grade=A"
    page = text_of(client.get(f"{url}?grade=H&next={back}"))
    assert re.search(r'value="H"[^>]*checked', page)
    form = {"outcome": "appointment", "channel": "phone", "content": "客户约定周六上午来店试驾", "grade": "H"}
    form |= {"version": card.version, "next": back, "idempotency_key": str(uuid.uuid4())}
    for _ in range(2):
        assert client.post(url, form).url == back
    assert (FollowUp.objects.get().grade_after, FollowUp.objects.get().minutes) == ("H", None)
    again = {"version": "", "minutes": "15", "idempotency_key": str(uuid.uuid4())}
    short = client.post(url, {**form, **again, "content": "已联系"})
    assert short.status_code == 422
    assert "至少 10 个字" in text_of(short)
    assert "已联系" in text_of(short)
    assert re.search(r'name="minutes" value="15"[^>]*checked', text_of(short))
    told = {**form, **again, "content": "客户问了置换补贴的办法", "version": card.version + 1}
    assert client.post(url, told).url == back
    assert FollowUp.objects.latest("id").minutes == 15
    assert "电话 · 约定到店 · 15分钟" in text_of(client.get(reverse("leads:prospect_detail", args=[card.pk])))


def test_no_answer_is_two_taps(client, store, consultant):
    card = make_prospect(consultant, store, grade="A")
    form = {"version": card.version, "idempotency_key": str(uuid.uuid4())}
    for _ in range(2):
        assert client.post(reverse("leads:follow_up_no_answer", args=[card.pk]), form).status_code == 302
    assert FollowUp.objects.get().outcome == "no_answer"


def test_r06_a_stale_edit_shows_both_values_and_can_then_be_saved(client, store, consultant):
    card = make_prospect(consultant, store)
    url = reverse("leads:prospect_edit", args=[card.pk])
    same = {"source": LeadSource.objects.create(group=store.group, name="车展").pk}
    first = {"competitor": "对手甲", "budget_max": "18万", "purchase_kind": "replace"}
    assert client.post(url, {**same, **first, "version": card.version}).status_code == 302
    mine = {"competitor": "对手乙", "budget_max": "20万", "purchase_kind": "first"}
    stale = client.post(url, {**same, **mine, "version": card.version})
    page = text_of(stale)
    assert stale.status_code == 409
    assert "对手甲" in page
    assert "对手乙" in page
    told = re.search(r'<dl class="app-facts">(.*?)</dl>', page, re.DOTALL)[1]
    shown = ["预算上限", "180000.00", "购车性质", "换购", "对比竞品", "对手甲"]
    assert re.findall(r"<d[td]>(.*?)</d[td]>", told) == shown
    card.refresh_from_db()
    assert (card.competitor, str(card.budget_max)) == ("对手甲", "180000.00")
    newest = re.search(r'name="version" value="(\d+)"', page)[1]
    assert int(newest) == card.version
    assert client.post(url, {"version": newest, "competitor": "对手乙", "budget_max": "20万"}).status_code == 302
    bad = client.post(url, {"version": newest, "budget_max": "很多"})
    assert (bad.status_code, "金额不正确" in text_of(bad), "很多" in text_of(bad)) == (422, True, True)


def test_a06_protected_fields_posted_to_an_edit_change_nothing(client, store, consultant, colleague):
    card = make_prospect(consultant, store)
    extra = {"owner": colleague.pk, "grade": "H", "status": "lost", "store": 99, "card_created_at": "2020-01-01"}
    assert client.post(reverse("leads:prospect_edit", args=[card.pk]), {"version": 1, **extra}).status_code == 302
    card.refresh_from_db()
    assert (card.owner, card.grade, card.status, card.store_id) == (consultant, "A", "active", store.pk)


def test_customer_profile_is_edited_and_numbers_are_added(client, store, consultant):
    customer = make_visit(consultant, store).customer
    url = reverse("leads:customer_edit", args=[customer.pk])
    form = {"version": customer.version, "name": "张大伟", "gender": "male", "kind": "person", "birthday": "1987-04-12"}
    assert client.post(url, form).status_code == 302
    assert client.post(url, form).status_code == 409
    assert client.post(url, {**form, "version": "", "name": ""}).status_code == 422
    add = reverse("leads:phone_add", args=[customer.pk])
    number = new_phone()
    assert client.post(add, {"phone": number}).status_code == 302
    assert client.post(add, {"phone": number}).status_code == 409
    page = text_of(client.get(reverse("leads:customer_detail", args=[customer.pk])))
    assert "1987-04-12" in page
    assert plain_numbers_in(page) == []


def test_r_pipl_the_plain_number_needs_a_reason(client, store, consultant):
    phone = new_phone()
    customer = make_visit(consultant, store, phone=phone).customer
    url = reverse("leads:customer_reveal", args=[customer.pk])
    refused = client.post(url, {"field": "phone", "reason": ""})
    assert (refused.status_code, phone in text_of(refused)) == (422, False)
    assert phone in text_of(client.post(url, {"field": "phone", "reason": "电话回访"}))


def test_reassign_page(client_for, store, consultant, colleague, manager):
    card = make_prospect(consultant, store)
    url = reverse("leads:prospect_reassign", args=[card.pk])
    assert client_for(consultant).get(url).status_code == 403
    boss = client_for(manager)
    assert boss.get(url).status_code == 200
    assert boss.post(url, {"new_owner": colleague.pk, "reason": ""}).status_code == 422
    assert boss.post(url, {"new_owner": manager.pk, "reason": "换人"}).status_code == 422
    assert boss.post(url, {"new_owner": colleague.pk, "reason": "顾问休假"}).status_code == 302
    assert client_for(colleague).get(reverse("leads:prospect_detail", args=[card.pk])).status_code == 200
    assert "转给 王芳" in text_of(boss.get(reverse("leads:prospect_detail", args=[card.pk])))


def test_roles_without_the_rows_are_refused(client_for, person, store):
    cashier = client_for(person("cashier", store))
    for name in ("visit_list", "visit_new", "prospect_list", "prospect_board", "owner_list"):
        assert cashier.get(reverse(f"leads:{name}")).status_code == 403
    assert client_for(person("care_agent", store)).get(reverse("leads:owner_list")).status_code == 200


def test_anonymous_people_sign_in_first(db):
    from django.test import Client

    for name in ("visit_list", "visit_new", "prospect_list"):
        assert Client().get(reverse(f"leads:{name}")).status_code == 302


@pytest.fixture
def _probed(settings):
    """As in production a process asks for the worker's heartbeat now and then, not with each page."""
    settings.HEALTH_PROBE_SECONDS = 3600


@pytest.fixture
def client_as(client_for, person, store, consultant):
    return lambda role: client_for(consultant if role == "sales_consultant" else person(role, store))


@pytest.mark.usefixtures("_probed")
@pytest.mark.parametrize("role", ["sales_consultant", "showroom_manager"])
@pytest.mark.parametrize("name", ["visit_list", "prospect_list", "prospect_board", "owner_list", "visit_new"])
def test_h_list_pages_need_the_same_statements_with_one_row_and_three(client_as, store, consultant, name, role):
    client = client_as(role)

    def add():
        make_owner(consultant, store, OwnedVehicle.objects.count() + 1)
        make_visit(consultant, store, captured=False)
        make_prospect(consultant, store, series_ids=[Series.objects.first().pk], source=LeadSource.objects.first())

    add()
    assert_same_query_count(lambda: client.get(reverse(f"leads:{name}")), lambda: (add(), add()), limit=8)


@pytest.mark.usefixtures("_probed")
def test_h_the_card_needs_the_same_statements_with_a_long_history(client, store, consultant):
    card = make_prospect(consultant, store)
    make_follow_up(consultant, card)
    url = reverse("leads:prospect_detail", args=[card.pk])
    assert_same_query_count(
        lambda: client.get(url),
        lambda: [make_follow_up(consultant, card, grade=grade) for grade in "HAB"],
        limit=9,
    )
    make_loss(consultant, card)
    assert count_queries(lambda: client.get(url)) <= 10


def test_h_a_visit_and_a_follow_up_take_at_most_eighteen_statements(client, store, consultant):
    def statements(address, told):
        with CaptureQueriesContext(connection) as asked:
            assert client.post(address, {"idempotency_key": str(uuid.uuid4()), **told}).status_code == 302
        # The tests' own transaction makes a savepoint of what is BEGIN and COMMIT else.
        return len(asked) - 2

    client.get(reverse("leads:visit_new"))
    visit = statements(reverse("leads:visit_new"), visit_form(grade="B"))
    card = Prospect.objects.get()
    told = {
        "outcome": "reached",
        "channel": "phone",
        "content": "客户周末带家人来看车，想试驾",
        "grade": "B",
        "minutes": "10",
    }
    contact = statements(reverse("leads:follow_up_new", args=[card.pk]), told)
    assert visit <= 18
    assert contact <= 16
