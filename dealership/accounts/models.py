"""People who sign in, and the tokens of their scripts. What they may do is in `dealership.org.roles`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from dealership.core.text import fold


class PeopleManager(UserManager["User"]):
    """Sign-in names are folded, so full-width or upper-case variants are the same account (S02)."""

    def get_by_natural_key(self, username: str | None) -> User:
        return super().get_by_natural_key(fold(username or ""))


class User(AbstractUser):
    """A person with a name as the showroom calls them; first and last name are not used."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("姓名"), max_length=40)
    employee_no = models.CharField(_("工号"), max_length=20, blank=True)
    must_change_password = models.BooleanField(_("首次登录须改密码"), default=False, db_default=False)
    joined_on = models.DateField(_("入职日期"), null=True, blank=True)

    objects: ClassVar[PeopleManager] = PeopleManager()
    REQUIRED_FIELDS = ["name"]

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        self.username = fold(self.username)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.username = fold(self.username)
        super().save(*args, **kwargs)


class ApiToken(models.Model):
    """A bearer token: only its keyed digest is stored; the first characters identify it in logs (B19)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("名称"), max_length=60)
    prefix = models.CharField(max_length=8)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-created_at"], name="accounts_apitoken_user")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class SignInCount(models.Model):
    """Table of the `sign_in` cache (Django's database backend): attempts and used codes with their end."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires"], name="accounts_signincount_expires")]

    def __str__(self) -> str:
        return self.cache_key
