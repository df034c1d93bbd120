"""Chinese first; English by choice; the committed catalogue is the compiled one."""

from __future__ import annotations

import gettext
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from dealership.org.choices import Role
from dealership.tests.builders import make_person
from dealership.tests.clients import client_for

CATALOGUE = Path(settings.BASE_DIR) / "dealership/locale/en/LC_MESSAGES"


def test_the_compiled_catalogue_is_the_source() -> None:
    source = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', (CATALOGUE / "django.po").read_text(), re.MULTILINE)
    with (CATALOGUE / "django.mo").open("rb") as compiled:
        found = gettext.GNUTranslations(compiled)
    assert len(source) > 100
    assert [(text, found.gettext(text)) for text, _ in source] == source


@pytest.mark.django_db
def test_chinese_unless_chosen(store: Any) -> None:
    """The browser's Accept-Language does not decide; the person's choice does."""
    assert "登录" in Client().get("/accounts/login/", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    client = client_for(make_person(Role.SALES_CONSULTANT, store))
    assert client.post("/me/language/", {"language": "en", "next": "/me/"}).status_code == 302
    page = client.get("/me/").content.decode()
    assert "My account" in page
    assert '<html lang="en">' in page
