"""Pages of reports: what is shown to whom, refusals keep what was typed, budgets of statements."""

from __future__ import annotations

import datetime as dt

import pytest

from dealership.org.choices import Role
from dealership.tests.builders import make_person
from dealership.tests.clients import assert_same_query_count
from reviews.choices import ReviewState
from reviews.models import Review
from reviews.services.judging import review_comment
from reviews.services.opening import review_open
from reviews.services.writing import review_submit
from reviews.tests.builders import DAY, PLAN, day_report, make_floor, open_day, submitted


@pytest.fixture(autouse=True)
def _afternoon(freeze):
    freeze("2026-11-20 17:30+08:00")


@pytest.fixture
def floor(store):
    return make_floor(store)


def test_the_consultant_sees_the_report_and_hands_it_in(floor, client_for):
    review = day_report(floor)
    client = client_for(floor.consultant)

    page = client.get("/reviews/mine/")
    assert page.status_code == 200
    assert "20:00 截止" in page.text.replace("\n", " ")
    assert "提交日报" in page.text.replace(" ", "").replace("\n", "")

    answer = client.post(f"/reviews/{review.pk}/submit/", {"tomorrow_plan": PLAN, "version": review.version})
    assert (answer.status_code, answer.url) == (302, f"/reviews/{review.pk}/")
    review.refresh_from_db()
    assert (review.state, review.tomorrow_plan) == (ReviewState.SUBMITTED, PLAN)


def test_a_refused_report_keeps_what_was_typed(floor, client_for):
    review = day_report(floor)
    typed = {"problems": "置换价低于预期两位客户犹豫", "tomorrow_plan": "", "version": review.version}
    answer = client_for(floor.consultant).post(f"/reviews/{review.pk}/submit/", typed)
    assert answer.status_code == 422
    assert "请先写明日计划" in answer.text
    assert "置换价低于预期两位客户犹豫" in answer.text
    review.refresh_from_db()
    assert (review.state, review.problems) == (ReviewState.OPEN, "")


def test_autosave_answers_with_the_new_version(floor, client_for):
    review = day_report(floor)
    data = {"problems": "展车未充电", "help_wanted": "", "tomorrow_plan": "", "version": review.version}
    client = client_for(floor.consultant)
    answer = client.post(f"/reviews/{review.pk}/write/", data, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert f'value="{review.version + 1}" id="id_version" hx-swap-oob="true"' in answer.text

    stale = client.post(f"/reviews/{review.pk}/write/", data, headers={"HX-Request": "true"})
    assert stale.status_code == 409
    assert "刚刚被别人修改过" in stale.text


def test_without_scripts_the_button_saves_and_a_stale_save_shows_both(floor, client_for):
    review = day_report(floor)
    client = client_for(floor.consultant)
    saved = client.post(f"/reviews/{review.pk}/write/", {"problems": "一号窗口", "version": review.version})
    assert saved.status_code == 302
    stale = client.post(f"/reviews/{review.pk}/write/", {"problems": "二号窗口", "version": review.version})
    assert stale.status_code == 409
    assert "一号窗口" in stale.text
    assert "二号窗口" in stale.text


def test_the_figures_refresh_after_the_page_is_there(floor, client_for):
    review = day_report(floor)
    client = client_for(floor.consultant)
    assert f'hx-post="/reviews/{review.pk}/refresh/"' in client.get("/reviews/mine/").text
    part = client.post(f"/reviews/{review.pk}/refresh/", headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert 'id="figures"' in part.text
    assert "hx-trigger" not in part.text


def test_on_a_day_without_a_report_the_page_says_why(store, client_for):
    resting = make_person(Role.SALES_CONSULTANT, store, rest_weekday=DAY.weekday())
    client = client_for(resting)
    page = client.get("/reviews/mine/")
    assert page.status_code == 200
    assert "轮休日" in page.text
    assert client.post("/reviews/open/").status_code == 422

    working = make_person(Role.SALES_CONSULTANT, store)
    answer = client_for(working).post("/reviews/open/")
    assert answer.url == f"/reviews/{Review.objects.get(owner=working).pk}/"


def test_the_manager_sees_who_is_missing_and_answers_in_place(floor, client_for):
    review = submitted(floor)
    client = client_for(floor.manager)
    page = client.get("/reviews/team/")
    assert page.status_code == 200
    assert "还没有提交（1人）" in page.text  # the team leader; the manager's own evening report is not listed
    assert PLAN in page.text

    back = "/reviews/team/?day=2026-11-20"
    answer = client.post(
        f"/reviews/{review.pk}/comment/", {"text": "陈先生的置换价我来谈", "line": "problems", "next": back}
    )
    assert answer.url == f"{back}#r{review.pk}"
    assert "陈先生的置换价我来谈" in client.get("/reviews/team/").text

    elsewhere = client.post(f"/reviews/{review.pk}/comment/", {"text": "再看一眼", "next": "https://evil.example/"})
    assert elsewhere.url == f"/reviews/{review.pk}/"


def test_a_refused_return_keeps_the_report_and_says_what_is_missing(floor, client_for):
    review = submitted(floor)
    answer = client_for(floor.manager).post(f"/reviews/{review.pk}/return/", {"text": "", "version": review.version})
    assert answer.status_code == 422
    assert "退回时请写明要补充什么" in answer.text


def test_reminding_tells_each_person_once(floor, client_for):
    open_day(floor)
    client = client_for(floor.manager)
    for _ in range(2):
        assert client.post("/reviews/team/remind/", {"store": floor.store.pk}).status_code == 302
    from dealership.notices.models import Notice

    told = Notice.objects.filter(kind="review").values_list("recipient_id", flat=True)
    assert sorted(told) == sorted([floor.consultant.pk, floor.leader.pk])


def test_others_reports_are_out_of_reach(floor, other_store, client_for):
    review = submitted(floor)
    stranger = make_person(Role.SALES_CONSULTANT, floor.store)
    abroad = make_person(Role.SHOWROOM_MANAGER, other_store)
    for user in (stranger, abroad):
        client = client_for(user)
        for path in ("", "print/"):
            assert client.get(f"/reviews/{review.pk}/{path}").status_code == 404
        assert client.post(f"/reviews/{review.pk}/comment/", {"text": "看看"}).status_code == 404
        assert PLAN not in client.get("/reviews/").text
    assert client_for(abroad).get(f"/reviews/team/?store={floor.store.pk}").status_code == 404
    assert client_for(stranger).get("/reviews/team/").status_code == 403


def test_the_evening_report_is_filled_from_the_teams(floor, client_for):
    submitted(floor)
    page = client_for(floor.manager).get("/reviews/evening/")
    assert page.status_code == 200
    assert PLAN in page.text
    assert "明日承诺交车" in page.text


def test_the_printed_sheet_carries_store_name_words_and_instructions(floor, client_for):
    review = submitted(floor)
    review_comment(by=floor.manager, review_id=review.pk, text="把两位H级客户约到周六", line="new_cards")
    page = client_for(floor.consultant).get(f"/reviews/{review.pk}/print/")
    assert page.status_code == 200
    for text in (floor.store.name, "营业日报表", PLAN, "把两位H级客户约到周六", "主管指示事项"):
        assert text in page.text
    evening = open_day(floor)["manager"]
    assert "经理晚报" in client_for(floor.sales_manager).get(f"/reviews/{evening.pk}/print/").text


def test_the_history_filters_by_the_address(floor, client_for):
    submitted(floor)
    open_day(floor, DAY - dt.timedelta(days=1))
    client = client_for(floor.manager)
    assert client.get("/reviews/").text.count("app-row-title") == 6
    assert client.get("/reviews/?state=submitted").text.count("app-row-title") == 1
    assert client.get("/reviews/?type=evening&period=2026-11-20").text.count("app-row-title") == 1
    wrong = client.get("/reviews/?period=yesterday")
    assert wrong.status_code == 200
    assert "期间请写成" in wrong.text


def test_the_team_page_needs_as_many_statements_for_three_reports(floor, client_for):
    def hand_in(person):
        review_open(day=DAY, store=floor.store)
        row = Review.objects.get(owner=person, starts_on=DAY)
        review_submit(by=person, review_id=row.pk, words={"tomorrow_plan": PLAN})
        review_comment(by=floor.manager, review_id=row.pk, text="周六前跟进完", line="new_cards")

    hand_in(floor.consultant)
    client = client_for(floor.manager)

    def add() -> None:
        for _ in range(2):
            hand_in(make_person(Role.SALES_CONSULTANT, floor.store, team=floor.team))

    assert_same_query_count(lambda: client.get("/reviews/team/"), add, limit=13)


def test_the_list_needs_as_many_statements_for_three_reports(floor, client_for):
    open_day(floor)
    client = client_for(floor.consultant)
    assert_same_query_count(
        lambda: client.get("/reviews/"),
        lambda: [open_day(floor, DAY - dt.timedelta(days=back)) for back in (1, 2)],
        limit=8,
    )
