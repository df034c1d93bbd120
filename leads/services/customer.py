"""Writes about customers: found or made by phone, changed, numbers added, plain data shown, owner told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse

from dealership.audit.services import record, record_reveal
from dealership.core import periods
from dealership.core.errors import Conflict, DomainError
from dealership.core.phones import mobile_number, normalise_phone
from dealership.core.services import check_version, lock, service
from dealership.core.text import clean_text, pinyin_of
from dealership.notices.services import notify
from dealership.org.models import Store
from dealership.org.reach import require, team_id_in
from leads.choices import CustomerKind, Gender, LookupState
from leads.models import Customer, CustomerPhone
from leads.selectors.customer import customer_lookup

CHANGEABLE = frozenset(
    "name gender kind wechat district address occupation hobby family birthday is_key_account no_contact".split()
)
REVEALABLE = ("phone", "wechat", "address")


def captured_number(phone: str) -> str:
    """E.164 of a number that may count as captured: a mobile (R-DQ); refuses with how to mend it."""
    try:
        return mobile_number(phone)
    except DomainError as error:
        raise DomainError(error.code, error.message, {"phone": [error.message]}) from None


def find_or_create(*, by: Any, store: Store, phone: str, name: str, gender: str, owner: Any) -> tuple[Customer, bool]:
    """The customer of this number in the store, locked, and whether it is new.

    Two people entering one number at once meet on the unique index: the second gets the first one's customer (R03).
    Inside a caller's transaction. Refuses a number marked as fake (R-DQ).
    """
    number = captured_number(phone)
    found = _by_number(store, number)
    if found is None:
        try:
            with transaction.atomic():
                return _create(by=by, store=store, number=number, name=name, gender=gender, owner=owner), True
        except IntegrityError:
            found = _by_number(store, number)
            if found is None:
                raise
    if found.is_invalid:
        text = "该号码已被标记为空错号，请与客户当面核对后再登记。"
        raise DomainError("fake_phone", text, {"phone": [text]})
    return lock(Customer.objects.all(), found.customer_id), False


def _by_number(store: Store, number: str) -> CustomerPhone | None:
    return CustomerPhone.objects.filter(store=store, number=number).first()


def _create(*, by: Any, store: Store, number: str, name: str, gender: str, owner: Any) -> Customer:
    name = clean_text(name)
    if not name:
        raise DomainError("name_missing", "请填写客户姓名或称呼。", {"name": ["请填写客户姓名或称呼。"]})
    if owner is None:
        text = "请选择接待的销售顾问，新客户归属该顾问。"
        raise DomainError("owner_missing", text, {"received_by": [text]})
    customer = Customer.objects.create(
        store=store, team_id=team_id_in(owner, store.pk), owner=owner, name=name, name_pinyin=pinyin_of(name),
        gender=gender, created_by=by,
    )  # fmt: skip
    CustomerPhone.objects.create(store=store, customer=customer, number=number, last4=number[-4:])
    record(by=by, action="customer.create", target=customer)
    return customer


def own_if_ownerless(customer: Customer, owner: Any) -> None:
    """First valid capture owns (R-OWN); an owner is never replaced here."""
    if customer.owner_id is None and owner is not None:
        customer.owner, customer.team_id = owner, team_id_in(owner, customer.store_id)
        customer.touch()
        customer.save(update_fields=["owner", "team", "version", "updated_at"])


@service
def customer_change(*, by: Any, customer_id: int, version: int | None, details: Mapping[str, Any]) -> Customer:
    """Change profile facts; owner, store and phones have their own services. Refuses a stale version (R06)."""
    customer = lock(Customer.objects.visible_to(by), customer_id)
    require(by, "customer.change", customer.store_id)
    changed = {name: value for name, value in details.items() if name in CHANGEABLE}
    check_version(customer, version, **{name: getattr(customer, name) for name in changed})
    if "name" in changed:
        changed["name"] = clean_text(changed["name"])
        if not changed["name"]:
            raise DomainError("name_missing", "请填写客户姓名或称呼。", {"name": ["请填写客户姓名或称呼。"]})
        customer.name_pinyin = pinyin_of(changed["name"])
    _check_profile(changed)
    for name, value in changed.items():
        setattr(customer, name, value)
    customer.touch()
    customer.save()
    record(by=by, action="customer.change", target=customer, changes={"fields": sorted(changed)})
    return customer


def _check_profile(changed: Mapping[str, Any]) -> None:
    if changed.get("gender", "") not in Gender.values or changed.get("kind", CustomerKind.PERSON) not in CustomerKind:
        raise DomainError("bad_choice", "称呼或客户类型的选项无效，请重新选择。")
    birthday = changed.get("birthday")
    if birthday is not None and not 1900 < birthday.year <= periods.today().year:
        raise DomainError("bad_birthday", "生日不正确，请核对年份。", {"birthday": ["生日不正确，请核对年份。"]})


@service
def phone_add(*, by: Any, customer_id: int, phone: str, make_primary: bool = False) -> CustomerPhone:
    """A further number of a customer. Refuses one that another customer of the store already has."""
    customer = lock(Customer.objects.visible_to(by), customer_id)
    require(by, "customer.change", customer.store_id)
    number = normalise_phone(phone)
    taken = _by_number(customer.store, number)
    if taken is not None:
        owner = taken.customer.owner.name if taken.customer.owner else ""
        mine = taken.customer_id == customer.pk
        text = (
            "该客户已有这个号码。" if mine else f"该号码在本店已有档案（归属顾问：{owner or '未分配'}），不能重复添加。"
        )
        raise Conflict("phone_taken", text)
    numbers = CustomerPhone.objects.filter(customer=customer)
    first = not numbers.exists()
    if make_primary:
        numbers.filter(is_primary=True).update(is_primary=False)
    row = CustomerPhone.objects.create(
        store_id=customer.store_id, customer=customer, number=number, last4=number[-4:],
        is_primary=make_primary or first,
    )  # fmt: skip
    customer.touch()
    customer.save(update_fields=["version", "updated_at"])
    record(by=by, action="customer.phone_add", target=customer, changes={"phone": row.pk})
    return row


@service
def phone_mark(*, by: Any, phone_id: int, is_invalid: bool) -> CustomerPhone:
    """Mark a number as fake (空错号) after a check, or take the mark back; fake ones cannot be captured (R-DQ)."""
    row = lock(CustomerPhone.objects.visible_to(by), phone_id)
    require(by, "customer.change", row.store_id)
    row.is_invalid = is_invalid
    row.save(update_fields=["is_invalid"])
    record(by=by, action="customer.phone_mark", target=row, changes={"is_invalid": is_invalid})
    return row


@service
def customer_reveal(*, by: Any, customer_id: int, field: str, reason: str, ip: str | None) -> str:
    """The plain value of a masked field, logged with who, why and from where (R-PIPL, P01); a stand-in calls too."""
    customer = lock(Customer.objects.attended_by(by), customer_id)
    require(by, "customer.reveal", customer.store_id)
    if field not in REVEALABLE:
        raise DomainError("bad_field", "该项不能查看完整内容。", {"field": ["该项不能查看完整内容。"]})
    reason = clean_text(reason)[:200]
    record_reveal(by=by, target=customer, field=field, reason=reason, ip=ip)
    if field != "phone":
        return str(getattr(customer, field))
    numbers = customer.phones.order_by("-is_primary", "id").values_list("number", flat=True)
    return "、".join(number.removeprefix("+86") for number in numbers)


@service
def owner_notify(*, by: Any, store: Store, phone: str) -> str:
    """Tell the owner that a colleague met their customer: once per customer and day, no personal data in it (R-OWN).

    Answers the owner's name. Refused for a new number and for one's own customer.
    """
    require(by, "visit.register", store.pk)
    found = customer_lookup(user=by, store=store, phone=phone)
    row = _by_number(store, normalise_phone(phone))
    owner = row.customer.owner if row is not None else None
    if found.state != LookupState.OTHERS or row is None or owner is None:
        raise DomainError("nobody_to_notify", "该号码不属于其他同事，无需通知。")
    customer = row.customer
    notify(
        to=[owner],
        kind="customer.owner_notify",
        key=f"customer:{customer.pk}:met:{periods.today()}",
        text=f"{by.name} 正在接待您名下的客户，请尽快联系或到展厅接待。",
        url=reverse("leads:customer_detail", args=[customer.pk]),
    )
    record(by=by, action="customer.owner_notify", target=customer)
    return str(found.owner_name)
