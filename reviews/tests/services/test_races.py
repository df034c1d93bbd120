"""R04, R05: two people at one report at once; each race has a control that shows it can fail."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from dealership.core import request_cache
from dealership.core.errors import Conflict
from reviews.choices import ReviewState
from reviews.models import Review, ReviewComment, ReviewStateChange
from reviews.services import writing
from reviews.services.judging import review_comment, review_lock, review_mark_reviewed, review_return
from reviews.services.opening import review_open
from reviews.services.writing import review_write
from reviews.tests.builders import DAY, make_floor, submitted

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _evening(freeze):
    freeze("2026-11-20 18:30+08:00")


@pytest.fixture
def floor(store):
    return make_floor(store)


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """Run the acts in threads that start together; `done` or the code of the refusal of each."""
    barrier = threading.Barrier(len(acts))
    got: list[str] = [""] * len(acts)

    def run(index: int, act: Callable[[], Any]) -> None:
        request_cache.end()
        barrier.wait()
        try:
            act()
            got[index] = "done"
        except Conflict as refusal:
            got[index] = refusal.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def return_and_finish(floor, review) -> list[str]:
    return at_once(
        lambda: review_return(by=floor.manager, review_id=review.pk, text="请补充竞品价格"),
        lambda: review_mark_reviewed(by=floor.sales_manager, review_id=review.pk, text="写得清楚"),
    )


def test_r04_return_and_finish_at_once_one_wins(floor):
    review = submitted(floor)
    assert sorted(return_and_finish(floor, review)) in (["done", "state"], ["done", "done"])
    moves = list(ReviewStateChange.objects.filter(review=review).order_by("id").values_list("from_state", "to_state"))
    # Each move starts where the one before ended: finished and then returned is a history, both from one state is not.
    assert all(earlier[1] == later[0] for earlier, later in itertools.pairwise(moves))
    assert Review.objects.get(pk=review.pk).state == moves[-1][1]


def test_r04_two_that_leave_the_same_state_one_wins(floor):
    review = submitted(floor)
    got = at_once(
        lambda: review_lock(by=floor.manager, review_id=review.pk),
        lambda: review_lock(by=floor.sales_manager, review_id=review.pk),
    )
    assert sorted(got) == ["done", "state"]
    assert ReviewStateChange.objects.filter(review=review, to_state=ReviewState.LOCKED).count() == 1


def test_r04_control_without_the_lock_both_win(floor, monkeypatch):
    review = submitted(floor)
    read = threading.Barrier(2)

    def no_lock(queryset, pk):
        row = queryset.get(pk=pk)
        read.wait()
        return row

    monkeypatch.setattr(writing, "lock", no_lock)
    got = at_once(
        lambda: review_lock(by=floor.manager, review_id=review.pk),
        lambda: review_lock(by=floor.sales_manager, review_id=review.pk),
    )
    assert got == ["done", "done"]
    assert ReviewStateChange.objects.filter(review=review, to_state=ReviewState.LOCKED).count() == 2


def test_r04_two_comments_at_once_are_both_kept(floor):
    review = submitted(floor)
    got = at_once(
        lambda: review_comment(by=floor.manager, review_id=review.pk, text="置换价我来谈"),
        lambda: review_comment(by=floor.sales_manager, review_id=review.pk, text="周六前给结果"),
    )
    assert got == ["done", "done"]
    assert {row.text for row in ReviewComment.objects.filter(review=review)} == {"置换价我来谈", "周六前给结果"}


def test_r05_two_windows_of_the_owner_the_second_sees_the_conflict(floor):
    review = submitted(floor)
    got = at_once(
        *[
            lambda text=text: review_write(
                by=floor.consultant, review_id=review.pk, version=review.version, words={"problems": text}
            )
            for text in ("一号窗口", "二号窗口")
        ]
    )
    assert sorted(got) == ["done", "stale"]


def write_and_lock(floor, review) -> list[str]:
    """The consultant saves what stands in an open form while the manager finishes the report."""
    return at_once(
        lambda: review_write(
            by=floor.consultant, review_id=review.pk, version=review.version, words={"problems": "现车颜色不全"}
        ),
        lambda: review_lock(by=floor.manager, review_id=review.pk),
    )


def test_r05_an_edit_after_the_manager_finished_is_refused_and_nothing_is_lost(floor):
    """Whoever is first: saved words are in the finished report, refused ones are not; finished stays finished."""
    review = submitted(floor)
    wrote, locked = write_and_lock(floor, review)
    now = Review.objects.get(pk=review.pk)
    assert (locked, now.state) == ("done", ReviewState.LOCKED)
    assert wrote in ("done", "stale")
    assert (now.problems == "现车颜色不全") == (wrote == "done")
    told = {"by": floor.consultant, "review_id": review.pk, "words": {"problems": "晚了一步"}}
    for version, code in ((review.version, "stale"), (now.version, "state")):
        with pytest.raises(Conflict) as refused:
            review_write(version=version, **told)
        assert refused.value.code == code
    assert Review.objects.get(pk=review.pk).problems == now.problems


def test_r05_control_without_the_lock_the_edit_undoes_the_finishing(floor, monkeypatch):
    review = submitted(floor)
    read, locked = threading.Barrier(2), threading.Event()

    def no_lock(queryset, pk):
        row = queryset.get(pk=pk)
        read.wait()
        return row

    monkeypatch.setattr(writing, "lock", no_lock)
    got = at_once(
        lambda: (review_lock(by=floor.manager, review_id=review.pk), locked.set()),
        lambda: _write_after(locked, floor, review, monkeypatch),
    )
    assert got == ["done", "done"]
    assert Review.objects.get(pk=review.pk).state != ReviewState.LOCKED


def _write_after(locked: threading.Event, floor, review, monkeypatch) -> None:
    """The writer read before the lock and saves after it."""
    before = writing.put_words

    def late(row, words):
        locked.wait(20)
        before(row, words)

    monkeypatch.setattr(writing, "put_words", late)
    review_write(by=floor.consultant, review_id=review.pk, version=review.version, words={"problems": "现车颜色不全"})


def test_f17_two_openings_at_once_open_each_report_once(floor):
    got = at_once(lambda: review_open(day=DAY, store=floor.store), lambda: review_open(day=DAY, store=floor.store))
    assert got == ["done", "done"]
    assert Review.objects.count() == 3
