"""Accounts and memberships. Only the system administrator (`user.manage`), never for oneself."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from dealership.accounts.models import User
from dealership.accounts.services import sign_out_everywhere
from dealership.audit.services import record
from dealership.core import periods, request_cache
from dealership.core.errors import Conflict, DomainError, NotAllowed
from dealership.core.services import lock, service
from dealership.core.text import fold
from dealership.org import selectors
from dealership.org.choices import Role
from dealership.org.leaving import end_all, holdings_of
from dealership.org.models import DealerGroup, Membership, Store, Team
from dealership.org.reach import require

GROUP_ROLES = (Role.GROUP_OFFICE, Role.SYS_ADMIN)
# Without letters and digits that people confuse when they type a password from a slip of paper.
ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
USERNAME = re.compile(r"[\w.\-@]{3,30}")


@dataclass(frozen=True)
class Post:
    """What a membership says: where, as what, since when."""

    group: DealerGroup
    role: str
    store: Store | None
    team: Team | None
    since: dt.date
    rest_weekday: int | None


def initial_password() -> str:
    """Twelve random characters; shown once, and changed at the first sign-in."""
    return "".join(secrets.choice(ALPHABET) for _ in range(12))


@service
def person_create(
    *,
    by: User,
    username: str,
    name: str,
    group: DealerGroup,
    role: str,
    store: Store | None = None,
    team: Team | None = None,
    employee_no: str = "",
    email: str = "",
    joined_on: dt.date | None = None,
) -> tuple[User, str]:
    """A new account with its first membership; returns the initial password, which is stored nowhere."""
    require(by, "user.manage", store.pk if store else None)
    if User.objects.filter(username=fold(username)).exists():
        raise Conflict("username_taken", _("该用户名已被使用。"), {"username": [_("该用户名已被使用，请换一个。")]})
    password = initial_password()
    person = User.objects.create(
        username=username, name=name, employee_no=employee_no, email=email, joined_on=joined_on,
        password=make_password(password), must_change_password=True,
    )  # fmt: skip
    record(by=by, action="user.create", target=person)
    _join(by, person, Post(group, role, store, team, joined_on or periods.today(), None))
    return person, password


@service
def group_begin(*, group: str, username: str, name: str) -> tuple[User, str]:
    """The group and its first administrator, who makes everything else by the pages. Only in an empty product.

    Called by `manage.py first_admin`; the one write without an actor before it: the new person is recorded as theirs.
    """
    if DealerGroup.objects.exists():
        raise Conflict("begun", _("已有集团和管理员，请由系统管理员在「人员与岗位」中添加账号。"))
    if not (0 < len(group.strip()) <= 60 and 0 < len(name.strip()) <= 40 and USERNAME.fullmatch(fold(username))):
        raise DomainError("begin_words", _("请填写集团名称、姓名，以及由 3 至 30 个字母、数字或 . - _ 组成的用户名。"))
    password = initial_password()
    person = User.objects.create(
        username=username, name=name.strip(), password=make_password(password), must_change_password=True
    )
    record(by=person, action="user.create", target=person)
    made = DealerGroup.objects.create(name=group.strip())
    _join(person, person, Post(made, Role.SYS_ADMIN, None, None, periods.today(), None))
    return person, password


@service
def membership_add(
    *,
    by: User,
    person_id: int,
    group: DealerGroup,
    role: str,
    store: Store | None,
    team: Team | None,
    since: dt.date,
    rest_weekday: int | None = None,
) -> Membership:
    """Give a person a role. Refused for oneself: nobody widens their own reach."""
    require(by, "user.manage", store.pk if store else None)
    person = _other_person(by, person_id)
    return _join(by, person, Post(group, role, store, team, since, rest_weekday))


def _join(by: User, person: User, post: Post) -> Membership:
    store, team = post.store, post.team
    if store is None and post.role not in GROUP_ROLES:
        raise DomainError("store_missing", _("该岗位必须选择门店。"), {"store": [_("该岗位必须选择门店。")]})
    if store is not None and post.role in GROUP_ROLES:
        raise DomainError("store_not_wanted", _("集团岗位不属于任何门店。"), {"store": [_("集团岗位请不要选择门店。")]})
    if team is not None and (store is None or team.store_id != store.pk):
        raise DomainError("team_elsewhere", _("小组不属于所选门店。"), {"team": [_("请选择该门店的小组。")]})
    row = Membership.objects.create(
        user=person, group=store.group if store else post.group, store=store, team=team, role=post.role,
        valid=DateRange(post.since, None), rest_weekday=post.rest_weekday,
    )  # fmt: skip
    request_cache.forget("memberships")
    record(by=by, action="membership.add", target=row, changes={"user": person.pk, "role": post.role})
    return row


@service
def membership_end(*, by: User, person_id: int, membership_id: int, last_day: dt.date) -> Membership:
    """The role ends after `last_day`; the row stays, because reports credit people as they were then."""
    person = _other_person(by, person_id)
    row = lock(Membership.objects.filter(user=person), membership_id)
    require(by, "user.manage", row.store_id)
    if last_day < row.valid.lower:
        raise DomainError("ends_before_start", _("结束日期早于任职日期。"), {"last_day": [_("不能早于任职日期。")]})
    row.valid = DateRange(row.valid.lower, last_day + dt.timedelta(days=1))
    row.save(update_fields=["valid"])
    request_cache.forget("memberships")
    record(by=by, action="membership.end", target=row, changes={"user": person.pk, "last_day": last_day})
    return row


@service
def person_change(*, by: User, person_id: int, name: str, employee_no: str, email: str) -> User:
    """Name, number and mail of an account; the sign-in name never changes."""
    require(by, "user.manage")
    person = _person(by, person_id)
    person.name, person.employee_no, person.email = name, employee_no, email
    person.save(update_fields=["name", "employee_no", "email"])
    record(by=by, action="user.change", target=person)
    return person


@service
def person_deactivate(*, by: User, person_id: int) -> User:
    """Close an account: sessions, tokens and files being made for it end at once (B14, R12).

    Refused while the person still holds customers.
    """
    require(by, "user.manage")
    person = _other_person(by, person_id)
    if held := holdings_of(person):
        text = "、".join(_("%(number)s 个%(label)s") % {"number": n, "label": label} for label, n in held.items())
        raise DomainError(
            "still_holds",
            _("%(name)s 名下还有%(held)s，请先由展厅经理在“客户交接”中交给其他同事，再停用。")
            % {"name": person.name, "held": text},
        )
    person.is_active = False
    person.save(update_fields=["is_active"])
    sign_out_everywhere(by=by, user=person)
    end_all(person)
    record(by=by, action="user.deactivate", target=person)
    return person


@service
def person_activate(*, by: User, person_id: int) -> User:
    """Open a closed account again; a new initial password is set separately."""
    require(by, "user.manage")
    person = _other_person(by, person_id)
    person.is_active = True
    person.save(update_fields=["is_active"])
    record(by=by, action="user.activate", target=person)
    return person


@service
def person_reset_password(*, by: User, person_id: int) -> tuple[User, str]:
    """A new initial password, shown once; every session and token ends."""
    require(by, "user.manage")
    person = _other_person(by, person_id)
    password = initial_password()
    person.password, person.must_change_password = make_password(password), True
    person.save(update_fields=["password", "must_change_password"])
    sign_out_everywhere(by=by, user=person)
    record(by=by, action="user.reset_password", target=person)
    return person, password


@service
def person_reset_second_factor(*, by: User, person_id: int) -> User:
    """The phone was lost: drop the second factor and end every session; it is set up again at the next sign-in."""
    require(by, "user.manage")
    person = _other_person(by, person_id)
    Authenticator.objects.filter(user=person).delete()
    sign_out_everywhere(by=by, user=person)
    record(by=by, action="user.reset_second_factor", target=person)
    return person


def _person(by: User, person_id: int) -> User:
    return lock(selectors.people(user=by), person_id)


def _other_person(by: User, person_id: int) -> User:
    require(by, "user.manage")
    person = _person(by, person_id)
    if person.pk == by.pk:
        raise NotAllowed(_("不能修改自己的账号和岗位，请由另一位系统管理员办理。"), code="own_account")
    return person
