"""Chinese first; English by choice, complete on the pages named here; our compiler reads what gettext reads."""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from dealership.core import catalogue
from dealership.org.choices import Role
from dealership.org.menu import SECTIONS
from dealership.tests.builders import make_person
from dealership.tests.clients import client_for

SOURCE = Path(settings.BASE_DIR) / "dealership/locale/en/LC_MESSAGES/django.po"
# Frame, menu, sign-in, own account, settings, Today, customers. A page joins when it is translated.
PAGES = """base.html 400.html 403.html 404.html 429.html 500.html components/*.html account/**/*.html account/**/*.txt
accounts/*.html mfa/**/*.html usersessions/*.html org/*.html notices/*.html core/*.html reports/today.html
reports/_today*.html leads/customer_*.html leads/prospect_list.html leads/prospect_form.html leads/visit_list.html
leads/owner_list.html leads/import_*.html leads/_import_steps.html leads/lead_settings.html""".split()
TAG = re.compile(r"""{%\s*translate\s+(?:"([^"]*)"|'([^']*)')""")
FILTER = re.compile(r'_\("([^"]*)"\)')
BLOCK = re.compile(r"{%\s*blocktranslate[^%]*%}(.*?)(?:{%\s*plural\s*%}.*?)?{%\s*endblocktranslate\s*%}", re.DOTALL)


def translations() -> dict[str, str]:
    """Message → English; a message with plural forms under its first form."""
    return {key.split("\0")[0]: text for key, text in catalogue.read(SOURCE.read_text()).items()}


def messages(template: str) -> Iterator[str]:
    for first, second in TAG.findall(template):
        yield first or second
    yield from FILTER.findall(template)
    for body in BLOCK.findall(template):
        yield re.sub(r"{{\s*(\w+)\s*}}", r"%(\1)s", body.replace("%", "%%"))


def test_our_compiler_writes_what_gettext_reads() -> None:
    """Plain, plural, with a context, over several lines; empty and fuzzy ones are left out."""
    text = r"""
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

msgid "今日"
msgstr "Today"

msgctxt "menu"
msgid "今日"
msgstr "This day"

msgid "%(n)s 条"
msgid_plural "%(n)s 条"
msgstr[0] "one"
msgstr[1] "many"

msgid ""
"第一行\n"
"“第二行”"
msgstr ""
"first\n"
"\"second\""

#, fuzzy
msgid "旧"
msgstr "Old"

msgid "空"
msgstr ""
"""
    found = gettext.GNUTranslations(io.BytesIO(catalogue.compiled(catalogue.read(text))))
    assert found.gettext("今日") == "Today"
    assert found.pgettext("menu", "今日") == "This day"
    assert [found.ngettext("%(n)s 条", "%(n)s 条", n) for n in (1, 2)] == ["one", "many"]
    assert found.gettext("第一行\n“第二行”") == 'first\n"second"'
    assert [found.gettext(word) for word in ("旧", "空")] == ["旧", "空"]


def test_a_changed_source_is_compiled_again(tmp_path: Path) -> None:
    folder = tmp_path / "en/LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text(SOURCE.read_text())
    catalogue.compile_all(tmp_path)
    with (folder / "django.mo").open("rb") as made:
        assert gettext.GNUTranslations(made).gettext("意向客户") == "Prospects"
    assert [path.name for path in folder.iterdir() if path.suffix not in (".po", ".mo")] == []


def test_the_named_pages_are_completely_translated() -> None:
    root = Path(settings.BASE_DIR) / "templates"
    known = translations()
    files = {path for pattern in PAGES for path in root.glob(pattern)}
    asked = {(str(path.relative_to(root)), text) for path in files for text in messages(path.read_text())}
    assert len(asked) > 350
    assert sorted((page, text) for page, text in asked if text not in known) == []


def test_the_menu_is_completely_translated() -> None:
    known = translations()
    labels = {str(title) for title, _entries in SECTIONS} | {
        str(text) for _title, entries in SECTIONS for entry in entries for text in (entry.label, entry.short)
    }
    assert sorted(label for label in labels if label and label not in known) == []


def test_placeholders_survive_translation() -> None:
    holes = re.compile(r"%\(\w+\)[.0-9]*[sdf]|%s")
    wrong = [key for key, text in translations().items() if key and set(holes.findall(key)) != set(holes.findall(text))]
    assert wrong == []


@pytest.mark.django_db
def test_chinese_unless_chosen(store: Any) -> None:
    """The browser's Accept-Language does not decide; the person's choice does, for every page from then on."""
    assert "登录" in Client().get("/accounts/login/", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    client = client_for(make_person(Role.SHOWROOM_MANAGER, store))
    assert client.post("/me/language/", {"language": "en", "next": "/me/"}).status_code == 302
    page = client.get("/me/").content.decode()
    assert '<html lang="en">' in page
    for word in ("My account", "Today", "Prospects", "Visit register", "Rota", "Showroom manager"):
        assert word in page
    assert client.get("/today/").status_code == 200
    client.post("/me/language/", {"language": "zh-hans", "next": "/me/"})
    assert "我的账号" in client.get("/me/").content.decode()


@pytest.mark.django_db
def test_a_refusal_speaks_the_readers_language(store: Any) -> None:
    client = client_for(make_person(Role.SYS_ADMIN, None))
    client.post("/me/language/", {"language": "en"})
    answer = client.post("/settings/stores/new/", {"code": "a", "name": ""})
    assert answer.status_code == 422
    assert "The store code is 1 to 10 capital letters or digits." in answer.content.decode()
    assert "Please fill in: Brand." in answer.content.decode()
