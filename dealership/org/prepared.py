"""Prepared statements within a reader's reach: one for all people who hold the same posts (core/prepared.py)."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from django.db.models import QuerySet

from dealership.accounts.models import User
from dealership.core import request_cache
from dealership.core.prepared import Question
from dealership.org.models import Membership
from dealership.org.reach import memberships_of


def rows_for(
    reader: Any, build: Callable[..., QuerySet[Any, Any]], *shape: Hashable, ids: Sequence[int] = ()
) -> list[Any]:
    """The rows of `build(reader, ids, *shape)`. `build` is a function of a module, so that it names the statement.

    It may ask the reader's reach and nothing else about them, because a stand-in with the same posts, but with ids of
    nobody, takes the reader's place while the statement is prepared. `shape` is what else it is made of.
    """
    return question_for(reader, build, *shape, ids=ids).rows()


def question_for(
    reader: Any, build: Callable[..., QuerySet[Any, Any]], *shape: Hashable, ids: Sequence[int] = ()
) -> Question:
    """What `rows_for` asks, to be asked ahead with others."""
    posts = memberships_of(reader)
    places, held = request_cache.remember(("places", reader.pk), lambda: _places(reader, posts))
    own = [pk for _kind, pk in places]

    def built(values: Sequence[Any]) -> QuerySet[Any, Any]:
        faces, chosen = values[: len(own)], values[len(own) :]
        if list(faces) == own:
            return build(reader, chosen, *shape)
        posed = [_posed(post, {named: faces[place] for named, place in places.items()}) for post in posts]
        return _with_posts(User(pk=faces[0], is_active=reader.is_active), posed, lambda u: build(u, chosen, *shape))

    return Question((build, shape, len(ids), reader.is_active, held), built, (*own, *ids))


def _places(reader: Any, posts: Iterable[Membership]) -> tuple[dict[tuple[str, int], int], Hashable]:
    """The place of each id among the values, and what posts they are held in."""
    places: dict[tuple[str, int], int] = {("user", reader.pk): 0}
    for post in posts:
        for named in _ids(post):
            places.setdefault(named, len(places))
    return places, tuple((post.role, *(places[named] for named in _ids(post))) for post in posts)


def _ids(post: Membership) -> Iterable[tuple[str, int]]:
    """Every id of a post, with its kind; `covered` is annotated by `memberships_of`."""
    named = [("group", post.group_id), ("store", post.store_id), ("team", post.team_id)]
    named += [("user", pk) for pk in post.covered]  # type: ignore[attr-defined]
    return [(kind, pk) for kind, pk in named if pk is not None]


def _posed(post: Membership, faces: dict[tuple[str, int], int]) -> Membership:
    """The same post with the stand-in's ids."""
    store, team = (
        None if pk is None else faces[kind, pk] for kind, pk in (("store", post.store_id), ("team", post.team_id))
    )
    made = Membership(role=post.role, group_id=faces["group", post.group_id], store_id=store, team_id=team)
    made.covered = [faces["user", pk] for pk in post.covered]  # type: ignore[attr-defined]
    return made


def _with_posts(user: User, posts: list[Membership], act: Callable[[User], QuerySet[Any, Any]]) -> QuerySet[Any, Any]:
    """Do it with a request memory of its own, in which the user holds these posts."""

    def run() -> QuerySet[Any, Any]:
        request_cache.begin()
        request_cache.put(("memberships", user.pk), posts)
        return act(user)

    return contextvars.copy_context().run(run)
