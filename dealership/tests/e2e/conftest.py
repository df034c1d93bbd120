"""A browser, people who sign in by typing, and a Celery worker of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, sync_playwright

from dealership.core import request_cache
from dealership.jobs.models import Job, JobState
from dealership.jobs.tasks import tick
from dealership.tests.builders import PASSWORD
from dealership.tests.clients import client_for

PHONE = {"width": 375, "height": 812}
DESK = {"width": 1440, "height": 900}
# The event loop of the browser driver lives in this thread; the tests ask the database between its steps.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; without the sandbox only for root, who cannot have one."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.fail("Chromium is missing: apt-get install chromium")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=executable, args=arguments)
        yield chromium
        chromium.close()


@dataclass
class Person:
    """A signed-in window; complaints of the browser (CSP, script errors) are kept."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Open an address of the product; anything but 200 is an error."""
        answer = self.page.goto(self.base + path)
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"
        return self.page

    def act(self, path: str, name: str, **fields: str) -> None:
        """On a deal's page: open the act, fill it, press its button."""
        self.go(path)
        form = self.page.locator(f"form[action$='/do/{name}/']")
        details = self.page.locator("details.sales-act", has=form)
        if details.get_attribute("open") is None:
            details.locator("summary").click()
        for key, value in fields.items():
            box = form.locator(f"[name={key}]")
            if box.evaluate("node => node.tagName") == "SELECT":
                box.select_option(value)
            else:
                box.fill(value)
        form.locator("button[type=submit]").click()
        self.page.wait_for_load_state()
        problems = self.page.locator(".invalid-feedback:visible, .alert-danger:visible").all_inner_texts()
        assert not problems, (name, problems)


@pytest.fixture
def sign_in(browser: Browser, live_server: Any) -> Iterator[Callable[..., Person]]:
    """`sign_in(user)` opens a signed-in window on a phone's screen; `typed=True` types name and password first."""
    contexts: list[BrowserContext] = []

    def enter(user: Any, size: dict[str, int] = PHONE, *, typed: bool = False) -> Person:
        context = browser.new_context(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai")  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        contexts.append(context)
        person = Person(context.new_page(), live_server.url)

        def heard(message: ConsoleMessage) -> None:
            if message.type == "error":
                person.complaints.append(message.text)

        def asked(dialog: Dialog) -> None:
            person.complaints.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        person.page.on("console", heard)
        person.page.on("dialog", asked)
        person.page.on("pageerror", lambda error: person.complaints.append(str(error)))
        if not typed:
            cookie = client_for(user).cookies[settings.SESSION_COOKIE_NAME]
            context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
            return person
        person.go("/accounts/login/")
        person.page.fill("[name=login]", user.username)
        person.page.fill("[name=password]", PASSWORD)
        person.page.click("button[type=submit]")
        person.page.wait_for_url("**/today/")
        return person

    yield enter
    for context in contexts:
        context.close()


@pytest.fixture
def worker(transactional_db: None) -> Iterator[Callable[[], None]]:
    """A real Celery worker on the real broker, looking at this test's database; call it to let the clock tick.

    It returns when all due jobs are over.
    """
    url = settings.DATABASES["default"]
    address = (
        f"postgres://{url['USER']}:{url['PASSWORD']}@{url['HOST']}:{url['PORT']}/{connection.settings_dict['NAME']}"
    )
    environment = {**os.environ, "DATABASE_URL": address, "MEDIA_ROOT": str(settings.MEDIA_ROOT)}
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "dealership",
        "worker",
        "-P",
        "solo",
        "-l",
        "WARNING",
        "--without-mingle",
    ]
    process = subprocess.Popen(
        command, env=environment, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    def work(seconds: float = 60) -> None:
        request_cache.end()
        tick()
        until = time.monotonic() + seconds
        while Job.objects.filter(state__in=[JobState.QUEUED, JobState.RUNNING]).exists():
            assert process.poll() is None, "the worker ended"
            assert time.monotonic() < until, list(Job.objects.values("kind", "state", "message"))
            time.sleep(0.2)

    yield work
    process.terminate()
    process.wait(timeout=20)
