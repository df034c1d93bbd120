"""Run before web, worker and beat start: refuses a database or broker that would lose work."""

from __future__ import annotations

from typing import Any

from django.core.checks import run_checks
from django.core.management.base import BaseCommand, CommandError

from dealership.core.checks import broker_keeps_its_queue


class Command(BaseCommand):
    """`manage.py preflight`: all checks with the database, plus the broker; errors end the start."""

    help = "Refuse to start on a wrong database, broker or setting."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        found = [*run_checks(databases=["default"]), *broker_keeps_its_queue()]
        for message in found:
            self.stderr.write(str(message))
        if any(message.is_serious() for message in found):
            raise CommandError("启动检查未通过，请先处理以上问题。")
