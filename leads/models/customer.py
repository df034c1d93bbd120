"""A person or firm in one store, and their phone numbers."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from dealership.core.lookups import letters_of
from dealership.core.masking import mask_phone
from dealership.core.models import Versioned
from dealership.org.models import Store, Team
from leads.choices import CustomerKind, Gender
from leads.querysets import CustomerPhoneQuerySet, CustomerQuerySet


@pghistory.track()
class Customer(Versioned):
    """Owner and team are the present ones; events keep their own snapshot. Identity numbers live on the deal."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="customers")
    name = models.CharField("姓名", max_length=40)
    name_pinyin = models.CharField(max_length=240, editable=False)
    gender = models.CharField("称呼", max_length=6, choices=Gender, blank=True, default="")
    kind = models.CharField("客户类型", max_length=8, choices=CustomerKind, default=CustomerKind.PERSON)
    wechat = models.CharField("微信", max_length=40, blank=True)
    district = models.CharField("区域", max_length=40, blank=True)
    address = models.CharField("地址", max_length=120, blank=True)
    occupation = models.CharField("职业", max_length=40, blank=True)
    hobby = models.CharField("兴趣爱好", max_length=60, blank=True)
    family = models.CharField("家庭状况", max_length=60, blank=True)
    birthday = models.DateField("生日", null=True, blank=True)
    is_key_account = models.BooleanField("大客户", default=False)
    no_contact = models.BooleanField("不接受联系", default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects = CustomerQuerySet.as_manager()

    class Meta:
        indexes = [
            GinIndex(fields=["name"], opclasses=["gin_trgm_ops"], name="leads_customer_name_trgm"),
            GinIndex(letters_of("name"), name="leads_customer_name_letters"),
            GinIndex(fields=["name_pinyin"], opclasses=["gin_trgm_ops"], name="leads_customer_pinyin_trgm"),
            models.Index(fields=["store", "owner"], name="leads_customer_store_owner"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def display_name(self) -> str:
        """`张伟 先生`; a firm has no title."""
        return addressed(self.name, self.gender, self.kind)


_TITLES: dict[str, str] = dict(Gender.choices)


def addressed(name: str, gender: str, kind: str) -> str:
    """A customer as people speak to them, from values."""
    title = _TITLES[gender] if gender and kind == CustomerKind.PERSON else ""
    return f"{name} {title}".strip()


@pghistory.track()
class CustomerPhone(models.Model):
    """One normalised number; unique per store, so two people creating one phone meet here (R03)."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="phones")
    number = models.CharField(max_length=20)
    last4 = models.CharField(max_length=4)
    is_primary = models.BooleanField(default=True)
    is_invalid = models.BooleanField("空错号", default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CustomerPhoneQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "number"], name="%(app_label)s_%(class)s_one_owner"),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(is_primary=True), name="%(app_label)s_%(class)s_one_primary"
            ),
        ]
        indexes = [
            models.Index(fields=["store", "last4"], name="leads_customerphone_last4"),
            models.Index(fields=["number"], name="leads_customerphone_number"),
            GinIndex(fields=["number"], opclasses=["gin_trgm_ops"], name="leads_customerphone_trgm"),
        ]

    def __str__(self) -> str:
        return mask_phone(self.number)
