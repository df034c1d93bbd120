"""保存的视图: what is kept, who sees it, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from dealership.core.errors import DomainError, NotFound
from dealership.org.choices import Role
from dealership.org.models import SavedView
from dealership.org.selectors import saved_views
from dealership.org.services.saved_view import MOST, saved_view_remove, saved_view_save
from dealership.tests.builders import make_person
from dealership.tests.clients import client_for

pytestmark = pytest.mark.django_db
PAGE = "leads:prospect_list"


def keep(by: Any, name: str = "H级逾期", query: str = "grade=H&overdue=true", **told: Any) -> SavedView:
    return saved_view_save(by=by, page=told.pop("page", PAGE), name=name, query=query, is_shared=False, **told)


def test_filters_are_kept_without_search_words_and_page(store: Any) -> None:
    """What was searched for is personal data and is not stored."""
    view = keep(make_person(Role.SALES_CONSULTANT, store), query="q=13912345678&grade=H&cursor=abc&source=&view=7")
    assert view.query == "grade=H"
    assert view.url == f"/customers/prospects/?grade=H&view={view.pk}"


def test_the_same_name_is_written_over(store: Any) -> None:
    user = make_person(Role.SALES_CONSULTANT, store)
    assert keep(user).pk == keep(user, query="grade=A").pk
    assert [view.query for view in saved_views(user=user, page=PAGE)] == ["grade=A"]


def test_shared_in_the_store_only(store: Any, other_store: Any) -> None:
    mine, colleague = make_person(Role.SALES_CONSULTANT, store), make_person(Role.SALES_CONSULTANT, store)
    stranger = make_person(Role.SALES_CONSULTANT, other_store)
    shared = saved_view_save(by=mine, page=PAGE, name="金丝雀", query="grade=A", is_shared=True)
    keep(mine, "自己的")
    assert saved_views(user=colleague, page=PAGE) == [shared]
    assert saved_views(user=stranger, page=PAGE) == []
    with pytest.raises(NotFound):
        saved_view_remove(by=colleague, view_id=shared.pk)
    assert SavedView.objects.filter(pk=shared.pk).exists()


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"name": " "}, "请给视图起一个 20 字以内的名称。"),
        ({"name": "长" * 21}, "请给视图起一个 20 字以内的名称。"),
        ({"page": "org:people"}, "这个列表不支持保存视图。"),
        ({"query": "&".join(f"owner={n:05d}" for n in range(80))}, "筛选条件太多，请减少几项后再保存。"),
    ],
)
def test_refused_with_a_sentence(store: Any, told: dict[str, str], sentence: str) -> None:
    with pytest.raises(DomainError, match=sentence):
        keep(make_person(Role.SALES_CONSULTANT, store), **told)
    assert not SavedView.objects.exists()


def test_no_more_than_the_limit(store: Any) -> None:
    user = make_person(Role.SALES_CONSULTANT, store)
    for number in range(MOST):
        keep(user, f"视图{number}")
    with pytest.raises(DomainError, match="最多保存"):
        keep(user, "再多一个")
    keep(user, "视图0", query="grade=B")


def test_saved_opened_and_removed_on_the_list(store: Any) -> None:
    client = client_for(make_person(Role.SALES_CONSULTANT, store))
    page = client.get("/customers/prospects/?grade=H").content.decode()
    assert "把当前筛选保存为视图" in page
    answer = client.post("/settings/views/", {"page": PAGE, "query": "grade=H", "name": "一周内"}, follow=True)
    text = answer.content.decode()
    view = SavedView.objects.get()
    assert answer.redirect_chain == [(view.url, 302)]
    assert ">一周内<" in text.replace("一周内</a>", "一周内<")
    assert "删除视图“一周内”" in text
    assert "删除视图" not in client.get("/customers/prospects/").content.decode()
    client.post(f"/settings/views/{view.pk}/remove/")
    assert not SavedView.objects.exists()
