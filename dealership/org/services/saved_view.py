"""保存的视图: a list's filters under a name."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from dealership.accounts.models import User
from dealership.audit.services import record
from dealership.core.errors import DomainError, NotFound
from dealership.core.services import service
from dealership.core.text import clean_text
from dealership.org.models import SavedView
from dealership.org.reach import home_store

# Lists whose address holds filters worth a name.
PAGES = frozenset(
    """leads:prospect_list leads:prospect_board leads:visit_list leads:owner_list leads:lead_list
    sales:deal_list sales:vehicle_list sales:payment_list""".split()
)
# Never kept: the page one was on, and what was searched for (personal data).
DROPPED = frozenset({"cursor", "q", "view"})
MOST = 20


def kept(query: str) -> str:
    """The filters of an address in a fixed order, without page and search words."""
    pairs = [(key, value) for key, value in parse_qsl(query) if value and key not in DROPPED]
    return urlencode(sorted(pairs))


@service
def saved_view_save(*, by: User, page: str, name: str, query: str, is_shared: bool) -> SavedView:
    """Keep a list's filters; the same name of the same list is written over.

    Refused: no name, a list that has no views, too many of them, and sharing without a store.
    """
    name = clean_text(name)
    if not 1 <= len(name) <= 20:
        raise DomainError("name", "请给视图起一个 20 字以内的名称。", {"name": ["请给视图起一个 20 字以内的名称。"]})
    if page not in PAGES:
        raise DomainError("page", "这个列表不支持保存视图。")
    filters = kept(query)
    if len(filters) > 500:
        raise DomainError("query", "筛选条件太多，请减少几项后再保存。")
    store = home_store(by)
    if is_shared and store is None:
        raise DomainError("no_store", "您不属于某一家门店，只能保存为自己的视图。")
    mine = SavedView.objects.select_for_update().filter(user=by, page=page)
    if mine.exclude(name=name).count() >= MOST:
        raise DomainError("too_many", f"每个列表最多保存 {MOST} 个视图，请先删除不用的。")
    view, _ = SavedView.objects.update_or_create(
        user=by, page=page, name=name, defaults={"query": filters, "is_shared": is_shared, "store": store}
    )
    record(by=by, action="saved_view.save", target=view, changes={"page": page, "is_shared": is_shared})
    return view


@service
def saved_view_remove(*, by: User, view_id: int) -> str:
    """Drop one's own view and answer its list; somebody else's is not found."""
    view = SavedView.objects.select_for_update().filter(user=by, pk=view_id).first()
    if view is None:
        raise NotFound
    record(by=by, action="saved_view.remove", target=view, changes={"page": view.page})
    view.delete()
    return view.page
