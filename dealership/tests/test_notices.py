"""The bell's page: mine only, read once, never off this host."""

from __future__ import annotations

from dealership.notices.models import Notice
from dealership.notices.services import notify
from dealership.org.choices import Role
from dealership.tests.builders import make_person
from dealership.tests.clients import assert_same_query_count


def test_a_repeated_event_is_one_notice(store):
    user = make_person(Role.SALES_CONSULTANT, store)
    for _ in range(2):
        notify(to=[user], kind="review", key="review:1:return", text="报告退回")
    assert Notice.objects.filter(recipient=user).count() == 1


def test_opening_marks_read_and_goes_there_but_never_elsewhere(store, client_for):
    user = make_person(Role.SALES_CONSULTANT, store)
    notify(to=[user], kind="approval", key="a", text="已同意：特价", url="/approvals/")
    notify(to=[user], kind="approval", key="b", text="外部地址", url="https://evil.example/")
    client = client_for(user)
    here, there = Notice.objects.order_by("id")
    assert client.post(f"/notices/{here.pk}/open/").url == "/approvals/"
    assert client.post(f"/notices/{there.pk}/open/").url == "/notices/"
    assert not Notice.objects.filter(read_at=None).exists()


def test_others_notices_do_not_exist_for_me(store, client_for):
    user, other = make_person(Role.SALES_CONSULTANT, store), make_person(Role.SHOWROOM_MANAGER, store)
    notify(to=[other], kind="approval", key="a", text="别人的待审批")
    client = client_for(user)
    row = Notice.objects.get()
    assert client.post(f"/notices/{row.pk}/open/").status_code == 404
    assert "别人的待审批" not in client.get("/notices/").text
    client.post("/notices/read/")
    row.refresh_from_db()
    assert row.read_at is None


def test_the_list_filters_unread_and_marks_all(store, client_for):
    user = make_person(Role.SALES_CONSULTANT, store)
    notify(to=[user], kind="x", key="a", text="第一条通知")
    client = client_for(user)
    assert "第一条通知" in client.get("/notices/?unread=1").text
    assert client.post("/notices/read/").status_code == 302
    assert "第一条通知" not in client.get("/notices/?unread=1").text
    assert "第一条通知" in client.get("/notices/").text


def test_the_list_needs_as_many_statements_for_three(store, client_for):
    user = make_person(Role.SALES_CONSULTANT, store)
    keys = iter(range(100))

    def add() -> None:
        notify(to=[user], kind="x", key=str(next(keys)), text="通知")

    add()
    client = client_for(user)
    assert_same_query_count(lambda: client.get("/notices/"), lambda: [add(), add()], limit=6)
