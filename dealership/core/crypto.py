"""Encryption at rest for identity numbers, and a keyed digest for exact look-up (R-PIPL)."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.db import models


@functools.cache
def _fernet(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"field:" + secret.encode()).digest()))


def _secret() -> str:
    return str(settings.FIELD_KEY or settings.SECRET_KEY)


def digest(value: str) -> str:
    """Keyed hash for equality look-ups and token storage; not reversible."""
    return hmac.new(_secret().encode(), value.encode(), hashlib.sha256).hexdigest()


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text stored as a Fernet token; readable only through the application."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return _fernet(_secret()).encrypt(value.encode()).decode() if value else value

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        return _fernet(_secret()).decrypt(value.encode()).decode() if value else value
