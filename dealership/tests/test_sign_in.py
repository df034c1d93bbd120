"""Sign-in: fixation, limits, timeouts, second factor, deactivation, tokens (S01–S03, S05, S06, S09, R12, B14)."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter as mfa_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from dealership.accounts.models import ApiToken, User
from dealership.accounts.services import token_create
from dealership.core.errors import DomainError, NotAllowed
from dealership.jobs import runner
from dealership.jobs.models import Job, JobState
from dealership.jobs.services import request_job
from dealership.org.choices import Role
from dealership.org.leaving import register_holding
from dealership.org.models import Store
from dealership.org.services.people import person_deactivate, person_reset_password
from dealership.tests.builders import PASSWORD, make_person
from dealership.tests.clients import client_for
from dealership.tests.fault import free_port

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
WRONG = "用户名或密码不正确。"
LIMITED = "登录失败次数过多"
TOKEN = "/api/v1/auth/token/"


@pytest.fixture(autouse=True)
def _no_old_attempts() -> None:
    cache.clear()


@pytest.fixture
def li(store: Store) -> User:
    return make_person(Role.SALES_CONSULTANT, store, username="li.ming")


def attempt(client: Client, username: str, password: str = "wrong-password", **extra: Any) -> Any:  # noqa: S107
    return client.post(LOGIN, {"login": username, "password": password}, **extra)


def test_s01_the_session_changes_at_sign_in(li: User) -> None:
    client = Client()
    client.get(LOGIN)
    session = client.session
    session["planted"] = "x"
    session.save()
    client.cookies["sessionid"] = session.session_key
    assert attempt(client, "li.ming", PASSWORD).status_code == 302
    assert client.session.session_key != session.session_key
    stale = Client()
    stale.cookies["sessionid"] = session.session_key
    assert stale.get("/me/").status_code == 302


@pytest.mark.parametrize("username", ["li.ming", "nobody.here"])
def test_s02_same_answer_and_limit_for_unknown_names(li: User, username: str) -> None:
    client = Client()
    for _ in range(5):
        assert WRONG in attempt(client, username).content.decode()
    assert LIMITED in attempt(client, username).content.decode()


def test_s02_spelling_host_and_forwarded_address_give_no_new_attempts(li: User, settings: Any) -> None:
    """Full-width, upper case, a spoofed X-Forwarded-For or another host: one account, one limit."""
    settings.ALLOWED_HOSTS = ["*"]
    spellings = ["li.ming", "LI.MING", "ｌｉ.ｍｉｎｇ", " li.ming ", "Ｌi.Ｍing"]
    for number, spelling in enumerate(spellings):
        extra = {"HTTP_X_FORWARDED_FOR": f"10.0.0.{number}", "HTTP_HOST": f"host{number}.example"}
        assert WRONG in attempt(Client(), spelling, **extra).content.decode()
    answer = attempt(Client(), "li.ming", PASSWORD, HTTP_X_FORWARDED_FOR="10.9.9.9")
    assert LIMITED in answer.content.decode()
    refused = APIClient().post(TOKEN, {"username": "LI.MING", "password": PASSWORD}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")


def test_s02_many_names_from_one_address_are_limited(li: User) -> None:
    """The limit by address, which a spoofed X-Forwarded-For does not move (no trusted proxy)."""
    for number in range(30):
        attempt(Client(), f"guess{number}", HTTP_X_FORWARDED_FOR=f"10.0.1.{number}")
    assert LIMITED in attempt(Client(), "li.ming", PASSWORD, HTTP_X_FORWARDED_FOR="10.8.8.8").content.decode()
    assert attempt(Client(), "li.ming", PASSWORD, REMOTE_ADDR="192.0.2.7").status_code == 302


def test_s02_limits_hold_while_the_cache_is_away(li: User, settings: Any) -> None:
    """The cache refuses: people still sign in, and the sixth guess is still the last."""
    away = f"redis://127.0.0.1:{free_port()}/0"
    settings.CACHES = {**settings.CACHES, "default": {**settings.CACHES["default"], "LOCATION": away}}
    cache.set("anything", 1)
    assert cache.get("anything") is None  # it is really away, and fails open
    assert attempt(Client(), "li.ming", PASSWORD).status_code == 302
    for _ in range(5):
        assert WRONG in attempt(Client(), "li.ming").content.decode()
    assert LIMITED in attempt(Client(), "li.ming", PASSWORD).content.decode()
    refused = APIClient().post(TOKEN, {"username": "li.ming", "password": PASSWORD}, format="json")
    assert refused.status_code == 429


def test_folded_name_signs_in(li: User) -> None:
    assert attempt(Client(), "ＬＩ.Ming", PASSWORD).status_code == 302


def test_s06_idle_and_absolute_end(li: User, freeze: Any) -> None:
    freeze("2026-11-22 08:00+08:00")
    client = client_for(li)
    assert client.get("/me/").status_code == 200
    freeze("2026-11-22 10:59+08:00")
    assert client.get("/me/").status_code == 200
    freeze("2026-11-22 14:05+08:00")
    assert client.get("/me/").status_code == 302
    freeze("2026-11-23 08:00+08:00")
    client = client_for(li)
    for hour in range(8, 20):
        freeze(f"2026-11-23 {hour:02d}:30+08:00")
        assert client.get("/me/").status_code == 200
    freeze("2026-11-23 20:31+08:00")
    assert client.get("/me/").status_code == 302


def test_htmx_is_sent_to_the_sign_in_page_whole() -> None:
    page = "http://testserver/me/?a=1"
    answer = Client().get("/me/", HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL=page)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/accounts/login/?next=%2Fme%2F%3Fa%3D1")


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "\\\\evil.example", "/me/"])
def test_s09_next_stays_on_this_host(li: User, target: str) -> None:
    answer = Client().post(LOGIN, {"login": "li.ming", "password": PASSWORD, "next": target})
    assert answer.status_code == 302
    assert answer.headers["Location"] in ("/me/", "/today/", "/")
    assert (answer.headers["Location"] == "/me/") == (target == "/me/")


def test_profit_roles_must_set_up_totp(store: Store, settings: Any) -> None:
    settings.MFA_REQUIRED_FOR_PROFIT_ROLES = True
    manager, consultant = make_person(Role.SHOWROOM_MANAGER, store), make_person(Role.SALES_CONSULTANT, store)
    client = client_for(manager)
    assert client.get("/me/").headers["Location"] == "/accounts/2fa/totp/activate/"
    assert client.get("/api/v1/me/").json()["code"] == "account_duty"
    assert client_for(consultant).get("/me/").status_code == 200
    TOTP.activate(manager, "JBSWY3DPEHPK3PXP")
    assert client.get("/me/").status_code == 200


def code_now(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(secret, counter)))


def test_s05_totp_is_asked_and_a_code_works_once(li: User, freeze: Any) -> None:
    freeze("2026-11-22 09:00+08:00")
    TOTP.activate(li, "JBSWY3DPEHPK3PXP")
    code = code_now("JBSWY3DPEHPK3PXP")
    for fine in (True, False):
        client = Client()
        assert attempt(client, "li.ming", PASSWORD).headers["Location"].startswith("/accounts/2fa/authenticate/")
        assert client.get("/me/").status_code == 302
        answer = client.post("/accounts/2fa/authenticate/", {"code": code})
        assert (answer.status_code == 302) is fine
        assert (client.get("/me/").status_code == 200) is fine
    assert str(mfa_adapter().error_messages["incorrect_code"]) in answer.content.decode()


def test_r12_b14_deactivation_ends_sessions_tokens_and_exports(store: Store, li: User) -> None:
    """The next request is sent to the sign-in, the token answers 401, exports that wait are cancelled."""
    client, admin = Client(), make_person(Role.SYS_ADMIN, None)
    assert attempt(client, "li.ming", PASSWORD).status_code == 302
    _, plain = token_create(by=li, name="脚本")
    api = APIClient(HTTP_AUTHORIZATION=f"Bearer {plain}")
    assert (client.get("/me/").status_code, api.get("/api/v1/me/").status_code) == (200, 200)
    assert UserSession.objects.filter(user=li).exists()
    keys = list(UserSession.objects.filter(user=li).values_list("session_key", flat=True))
    ask = {"store_id": store.pk, "title": "10月销售月报", "payload": {"store": store.pk, "month": "2026-10"}}
    waiting, running = (request_job(kind="reports.workbook", key=f"r12:{n}", by=li, **ask) for n in "12")
    Job.objects.filter(pk=running.pk).update(state=JobState.RUNNING)
    others = [
        request_job(kind="reports.workbook", key="r12:3", by=admin, **ask),
        request_job(kind="heartbeat", key="h", by=li),
    ]
    person_deactivate(by=admin, person_id=li.pk)
    assert (client.get("/me/").status_code, api.get("/api/v1/me/").status_code) == (302, 401)
    assert not Session.objects.filter(session_key__in=keys).exists()
    assert not ApiToken.objects.filter(user=li, revoked_at=None).exists()
    runner.run(waiting.pk)
    found = {job.pk: (job.state, job.attempts, job.cancel_requested) for job in Job.objects.all()}
    assert (found[waiting.pk], found[running.pk]) == (("cancelled", 0, True), ("running", 0, True))
    assert [found[job.pk] for job in others] == [("queued", 0, False)] * 2
    assert WRONG in attempt(Client(), "li.ming", PASSWORD).content.decode() or Client().get("/me/").status_code == 302


def test_nobody_is_deactivated_while_holding_customers(li: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dealership.org.leaving._holdings", {})
    register_holding("意向客户", lambda user: 3)
    with pytest.raises(DomainError, match="3 个意向客户"):
        person_deactivate(by=make_person(Role.SYS_ADMIN, None), person_id=li.pk)
    li.refresh_from_db()
    assert li.is_active


def test_nobody_changes_the_own_account() -> None:
    admin = make_person(Role.SYS_ADMIN, None)
    with pytest.raises(NotAllowed):
        person_deactivate(by=admin, person_id=admin.pk)


def test_s03_tokens_expire_are_revoked_and_stored_hashed(li: User, freeze: Any) -> None:
    freeze("2026-11-22 09:00+08:00")
    token, plain = token_create(by=li, name="脚本")
    assert plain not in str(ApiToken.objects.values_list().get(pk=token.pk))
    api = APIClient(HTTP_AUTHORIZATION=f"Bearer {plain}")
    assert api.get("/api/v1/me/").status_code == 200
    freeze("2027-03-01 09:00+08:00")
    answer = api.get("/api/v1/me/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")
    freeze("2026-11-22 09:00+08:00")
    client_for(li).post(f"/me/tokens/{token.pk}/revoke/")
    assert api.get("/api/v1/me/").status_code == 401


def test_s03_no_token_or_session_outlives_a_rotation_or_a_sign_out(li: User) -> None:
    """A new initial password revokes every token; a session cookie kept from before the sign-out answers nobody."""
    client = Client()
    attempt(client, "li.ming", PASSWORD)
    _, plain = token_create(by=li, name="脚本")
    cookie = client.cookies["sessionid"].value
    client.post("/accounts/logout/")
    replayed = Client()
    replayed.cookies["sessionid"] = cookie
    assert replayed.get("/api/v1/me/").status_code == 401
    api = APIClient(HTTP_AUTHORIZATION=f"Bearer {plain}")
    assert api.get("/api/v1/me/").status_code == 200
    person_reset_password(by=make_person(Role.SYS_ADMIN, None), person_id=li.pk)
    assert api.get("/api/v1/me/").status_code == 401
    assert APIClient(HTTP_AUTHORIZATION=f"Bearer {plain[:-1]}x").get("/api/v1/me/").status_code == 401


def test_s03_a_token_that_signed_out_over_the_api_answers_nobody(li: User) -> None:
    (_, first), (kept, second) = (token_create(by=li, name=name) for name in ("脚本", "报表"))
    ending, other = (APIClient(HTTP_AUTHORIZATION=f"Bearer {plain}") for plain in (first, second))
    assert ending.delete(TOKEN).status_code == 204
    assert [ending.get("/api/v1/me/").status_code, ending.delete(TOKEN).status_code] == [401, 401]
    assert other.get("/api/v1/me/").status_code == 200  # only the token of the call
    assert client_for(li).delete(TOKEN).status_code == 401
    assert list(ApiToken.objects.filter(user=li, revoked_at=None)) == [kept]


def test_token_by_password_and_not_with_a_second_factor(li: User) -> None:
    asked = {"username": "li.ming", "password": PASSWORD}
    answer = APIClient().post(TOKEN, asked, format="json")
    assert answer.status_code == 201
    assert APIClient(HTTP_AUTHORIZATION=f"Bearer {answer.json()['token']}").get("/api/v1/me/").status_code == 200
    wrong = APIClient().post(TOKEN, {**asked, "password": "x"}, format="json")
    unknown = APIClient().post(TOKEN, {**asked, "username": "nobody"}, format="json")
    assert (wrong.status_code, wrong.content) == (401, unknown.content)
    TOTP.activate(li, "JBSWY3DPEHPK3PXP")
    refused = APIClient().post(TOKEN, asked, format="json")
    assert (refused.status_code, refused.json()["code"]) == (403, "mfa_required")
    assert Authenticator.objects.filter(user=li).exists()


def test_initial_password_must_be_changed(li: User) -> None:
    User.objects.filter(pk=li.pk).update(must_change_password=True)
    client = client_for(User.objects.get(pk=li.pk))
    assert client.get("/me/").headers["Location"] == "/accounts/password/change/"
    new = "Another-pass-2027"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post("/accounts/password/change/", form).headers["Location"] == "/me/"
    assert client.get("/me/").status_code == 200


def test_reset_by_mail_only_where_mail_is_configured(li: User, settings: Any, mailoutbox: Any) -> None:
    assert Client().get("/accounts/password/reset/").status_code == 404
    settings.PASSWORD_RESET_BY_MAIL = True
    User.objects.filter(pk=li.pk).update(email="li@example.com")
    answer = Client().post("/accounts/password/reset/", {"email": "li@example.com"})
    assert (answer.status_code, len(mailoutbox)) == (302, 1)
    assert "/accounts/password/reset/key/" in mailoutbox[0].body
    unknown = Client().post("/accounts/password/reset/", {"email": "no@example.com"})
    assert unknown.headers["Location"] == answer.headers["Location"]


def test_sign_up_is_closed(db: Any) -> None:
    form = {"username": "new.one", "password1": "Another-pass-2027", "password2": "Another-pass-2027"}
    Client().post("/accounts/signup/", form)
    assert not User.objects.filter(username="new.one").exists()
