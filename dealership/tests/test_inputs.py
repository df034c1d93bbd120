"""A04 ordering and filter oracles, A05 foreign keys out of reach, A06 mass assignment, API errors, start-up checks."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as project
from django.core.management import call_command
from rest_framework.test import APIClient

from dealership.accounts.models import User
from dealership.audit.models import AuditEntry
from dealership.core import checks
from dealership.core.errors import DomainError
from dealership.core.scoping import restrict_form_fields
from dealership.core.services import service, still_visible
from dealership.jobs.models import Job
from dealership.org.choices import Role
from dealership.org.forms import PersonNewForm, RoleForm
from dealership.org.models import Membership, Store
from dealership.tests.builders import make_person, make_team
from dealership.tests.clients import api_for, client_for, own_environment
from dealership.tests.matrix import APPS, resolver_names, urls_of
from leads.models import Prospect
from leads.tests.builders import make_prospect

ORACLES = ("ordering=owner__password", "ordering=-customer__id_number", "owner__password__startswith=md5")
ORACLES += ("password=x", "customer__phones__number=13900000001", "cursor=bm9wZQ==", "page_size=100000")


@pytest.mark.django_db
@pytest.mark.parametrize("oracle", ORACLES)
def test_a04_no_list_obeys_a_foreign_column(store: Store, oracle: str) -> None:
    """Unknown orderings and filters are ignored or refused (400/422), never an error, and never change the rows."""
    manager = make_person(Role.SHOWROOM_MANAGER, store)
    consultant = make_person(Role.SALES_CONSULTANT, store, team=make_team(store))
    for _ in range(2):
        make_prospect(consultant, store)
    api, wrong, patterns = api_for(manager), [], dict(resolver_names())
    for app in APPS:
        for name, url in urls_of(app).items():
            path = patterns[name]
            if not path.startswith("/api/") or "<" in path or "GET" not in url.methods or url.query:
                continue
            plain, tried = api.get(path), api.get(f"{path}?{oracle}")
            same = tried.status_code == plain.status_code and tried.content == plain.content
            if not same and tried.status_code not in (400, 404, 422):
                wrong.append(f"{path}?{oracle}: {tried.status_code}")
    assert wrong == []


@pytest.mark.django_db
def test_a05_foreign_choices_are_no_choices(store: Store, other_store: Store) -> None:
    """`restrict_form_fields`: a store or team out of reach is 'not a valid choice', and no row is written."""
    manager = make_person(Role.SHOWROOM_MANAGER, store)
    foreign_team = make_team(other_store)
    data = {"role": "sales_consultant", "store": other_store.pk, "team": foreign_team.pk, "since": "2026-11-01"}
    form = RoleForm(data, user=manager)
    assert not form.is_valid()
    assert {"store", "team"} <= set(form.errors)
    assert list(form.fields["store"].queryset) == [store]  # type: ignore[attr-defined]
    anonymous = PersonNewForm(user=manager)
    restrict_form_fields(anonymous, None)
    assert not anonymous.fields["store"].queryset.exists()  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_a05_a_transfer_to_a_foreign_person_writes_nothing(store: Store, other_store: Store) -> None:
    manager = make_person(Role.SHOWROOM_MANAGER, store)
    owner = make_person(Role.SALES_CONSULTANT, store, team=make_team(store))
    stranger = make_person(Role.SALES_CONSULTANT, other_store, team=make_team(other_store))
    card = make_prospect(owner, store)
    told = {"new_owner": stranger.pk, "owner": stranger.pk, "reason": "客户就近看车", "version": card.version}
    answer = api_for(manager).post(f"/api/v1/prospects/{card.pk}/transfer/", told, format="json")
    assert answer.status_code in (400, 404, 422), answer.content
    assert Prospect.objects.get(pk=card.pk).owner_id == owner.pk


@pytest.mark.django_db
def test_a06_protected_fields_are_not_assigned(store: Store, other_store: Store) -> None:
    """Posting owner, status, store, approvals or staff flags changes none of them."""
    consultant = make_person(Role.SALES_CONSULTANT, store, team=make_team(store))
    card = make_prospect(consultant, store)
    protected = {"owner": 1, "store": other_store.pk, "status": "won", "is_staff": True, "created_at": "2020-01-01"}
    before = Prospect.objects.filter(pk=card.pk).values("owner", "store", "status", "created_at").get()
    api = api_for(consultant)
    body = {**protected, "key_concern": "关注油耗", "version": Prospect.objects.get(pk=card.pk).version}
    assert api.patch(f"/api/v1/prospects/{card.pk}/", body, format="json").status_code in (200, 400)
    after = Prospect.objects.filter(pk=card.pk).values("owner", "store", "status", "created_at").get()
    assert after == before


@pytest.mark.django_db
def test_a06_a_new_account_is_never_staff(store: Store) -> None:
    admin = make_person(Role.SYS_ADMIN, None, group=store.group)
    form = {"username": "xin.ren", "name": "新人", "role": "sales_consultant", "store": store.pk, "since": "2026-11-01"}
    extra = {"is_staff": "1", "is_superuser": "1", "password": "chosen-by-me", "is_active": "0"}
    answer = client_for(admin).post("/settings/people/new/", {**form, **extra})
    assert answer.status_code == 201
    person = User.objects.get(username="xin.ren")
    assert (person.is_staff, person.is_superuser, person.is_active) == (False, False, True)
    assert person.must_change_password
    assert not person.check_password("chosen-by-me")
    assert AuditEntry.objects.filter(action="user.create", object_id=person.pk).exists()


@pytest.mark.django_db
def test_a_role_twice_at_a_time_is_refused_as_typed(store: Store) -> None:
    admin = make_person(Role.SYS_ADMIN, None, group=store.group)
    person = make_person(Role.SALES_CONSULTANT, store)
    form = {"role": "sales_consultant", "store": store.pk, "since": "2026-11-01"}
    answer = client_for(admin).post(f"/settings/people/{person.pk}/memberships/", form)
    assert answer.status_code == 409
    assert "任职期间不能重叠" in answer.content.decode()
    assert Membership.objects.filter(user=person).count() == 1


@pytest.mark.django_db
def test_still_visible_rolls_a_write_back(store: Store, other_store: Store) -> None:
    """After the write the row would be out of the actor's reach: refused, nothing is kept."""
    consultant = make_person(Role.SALES_CONSULTANT, store, team=make_team(store))
    other = make_person(Role.SALES_CONSULTANT, store, team=make_team(store, "二组"))
    card = make_prospect(consultant, store)

    @service
    def give_away() -> None:
        row = Prospect.objects.get(pk=card.pk)
        Prospect.objects.filter(pk=card.pk).update(owner=other)
        still_visible(row, consultant)

    with pytest.raises(DomainError) as refusal:
        give_away()
    assert refusal.value.code == "out_of_reach"
    assert Prospect.objects.get(pk=card.pk).owner_id == consultant.pk


@pytest.mark.django_db
def test_api_errors_are_problems_in_chinese(store: Store) -> None:
    api = api_for(make_person(Role.SALES_CONSULTANT, store))
    for method, path, status in (
        ("get", "/api/v1/nothing/", 404), ("get", "/api/v1/prospects/99999999/", 404), ("delete", "/api/v1/me/", 405),
    ):  # fmt: skip
        answer = getattr(api, method)(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
        body = answer.json()
        assert set(body) >= {"type", "title", "status", "code", "detail", "fields"}
        assert any("\u4e00" <= letter <= "\u9fff" for letter in body["detail"])


@pytest.mark.django_db
def test_a_defect_below_api_is_a_problem_too(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("dealership.org.selectors.stores", broken)
    api = APIClient(raise_request_exception=False)
    api.force_authenticate(make_person(Role.SALES_CONSULTANT, store))
    answer = api.get("/api/v1/stores/")
    assert (answer.status_code, answer.json()["code"]) == (500, "server_error")
    assert "ZeroDivision" not in answer.content.decode()


@pytest.mark.django_db
def test_healthz_is_public_and_terse(client: Any) -> None:
    Job.objects.all().delete()
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert set(answer.json()) == {"status", "database", "broker", "worker", "queue", "disk"}
    assert (answer.json()["database"], answer.json()["worker"]) == ("ok", "red")


def test_f09_an_evicting_broker_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("redis.Redis.config_get", lambda self, name: {name: "allkeys-lru"})
    assert [message.id for message in checks.broker_keeps_its_queue()] == ["dealership.E007"]


def test_a_dead_broker_is_only_a_warning(settings: Any) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    found = checks.broker_keeps_its_queue()
    assert [(message.id, message.is_serious()) for message in found] == [("dealership.W007", False)]


def test_visibility_timeout_below_the_task_limit_is_refused(settings: Any) -> None:
    assert checks.broker_timing(None) == []
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600}
    assert [message.id for message in checks.broker_timing(None)] == ["dealership.E004"]


def test_debug_secret_and_demo_are_refused_in_production(settings: Any) -> None:
    settings.DEBUG, settings.SECRET_KEY, settings.DEMO_ALLOWED = True, "short", True
    found = {message.id for message in checks.production_settings(None)}
    assert found == {"dealership.E001", "dealership.E002", "dealership.E003"}


@pytest.mark.django_db
def test_trigram_search_sees_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.trigram_sees_chinese(None, databases=["default"]) == []


def manage(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words], cwd=project.BASE_DIR, env={**own_environment(), **env},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_o05_check_deploy_is_clean_with_production_settings() -> None:
    production = {"DJANGO_SETTINGS_MODULE": "dealership.settings.production", "ALLOWED_HOSTS": "4s.example"}
    done = manage("check", "--deploy", "--fail-level", "WARNING", SECRET_KEY="k4Z" * 30 + "!q9_x", **production)
    assert done.returncode == 0, done.stderr
    refused = manage("check", "--deploy", "--fail-level", "WARNING", SECRET_KEY="", **production)
    assert refused.returncode != 0


@pytest.mark.django_db
def test_o05_migrations_say_what_the_models_say() -> None:
    out = io.StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=out)
    assert "No changes" in out.getvalue()
