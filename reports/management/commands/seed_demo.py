"""`manage.py seed_demo`: the demo group, or a bigger one."""

from __future__ import annotations

import os
import secrets
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from reports.demo import group


class Command(BaseCommand):
    """Refuses where demo data is not allowed; does nothing when all stores asked for exist."""

    help = "Load the demo group (stores A and B over three months), or --stores N over --months M."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--stores", type=int, default=group.DEFAULT_STORES)
        parser.add_argument("--months", type=int, default=group.DEFAULT_MONTHS)
        parser.add_argument("--seed", type=int, default=group.DEFAULT_SEED)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_ALLOWED:
            raise CommandError("Demo data is refused by these settings (DEMO_ALLOWED is off).")
        if options["stores"] < 1 or options["months"] < 1:
            raise CommandError("--stores and --months are at least 1.")
        given = os.environ.get("DEMO_PASSWORD", "")
        password = given or secrets.token_urlsafe(9)
        accounts = group.load(
            password=password,
            stores=options["stores"],
            months=options["months"],
            seed=options["seed"],
            say=self.stdout.write,
        )
        if not accounts:
            self.stdout.write("The demo group exists already; nothing was changed.")
            return
        for account in accounts[:60]:
            self.stdout.write(f"{account.username:16} {account.role:8} {account.store:6} {account.name}")
        if len(accounts) > 60:
            self.stdout.write(f"… and {len(accounts) - 60} more")
        self.stdout.write("password: " + ("that of DEMO_PASSWORD" if given else password))
