"""The 月评卡 of a prospect card."""

from __future__ import annotations

from django.urls import reverse

from leads.models import MonthReviewCard
from leads.tests.builders import make_prospect


def test_r06_two_people_who_review_a_month_see_each_other(client_for, store, consultant, manager, freeze):
    """The second save is refused with the first one's words; sent again it is based on them. Also for another month."""
    freeze("2026-11-20 10:00+08:00")
    card = make_prospect(consultant, store)
    url, first, second = reverse("leads:month_reviews", args=[card.pk]), client_for(consultant), client_for(manager)
    blank = second.get(url).context["form"].initial
    told = {"month": "2026-11", "seen_month": blank["seen_month"], "version": blank["version"]}
    words = {"why": "预算刚批下来", "next_month": "周六试驾后报价"}
    assert first.post(url, {**told, **words}).status_code == 302
    mine = {"why": "客户出差回来了", "next_month": "下周上门送资料"}
    refused = second.post(url, {**told, **mine})
    page = refused.content.decode()
    assert (refused.status_code, MonthReviewCard.objects.get().why) == (409, words["why"])
    assert all(text in page for text in ("别人刚刚改过", *words.values(), *mine.values()))
    again = {name: refused.context["form"][name].value() for name in ("month", "seen_month", "version")}
    assert second.post(url, {**again, **mine}).status_code == 302
    shown = first.get(url, {"month": "2026-11"}).context["form"].initial
    assert (shown["why"], shown["version"]) == (mine["why"], MonthReviewCard.objects.get().version)
    # A form opened for another month has not seen this one's review, whatever its version says.
    other = {**words, "month": "2026-11", "seen_month": "2026-10", "version": shown["version"]}
    assert first.post(url, other).status_code == 409
    assert first.get(url, {"month": "bad"}).context["form"].initial["month"] == "2026-11"
